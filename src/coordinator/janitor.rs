//! The janitor: what is of no more use leaves Redis and the books, and what runs out is renewed.
//!
//! Several may do it at once; each finds less to do.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::{Coordinator, Error};
use crate::shutdown::Shutdown;

/// How often it comes.
const EACH: Duration = Duration::from_mins(1);
/// How often it looks through everything.
const THOROUGH: SignedDuration = SignedDuration::from_mins(10);
/// How often the tables of time zones are written anew: they reach 400 days ahead.
const ZONES: SignedDuration = SignedDuration::from_hours(24);

/// When it last did what it does more seldom, by the queue's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct Rounds {
    thorough: Timestamp,
    zones: Timestamp,
}

impl Coordinator {
    /// Comes again and again until a stop.
    pub async fn keep_tidy(self, shutdown: Shutdown) {
        let mut rounds = Rounds::default();
        loop {
            tokio::select! {
                () = tokio::time::sleep(EACH) => {}
                () = shutdown.soft().cancelled() => return,
            }
            if let Err(error) = self.tidy(&mut rounds).await {
                tracing::warn!(error = &error as &dyn std::error::Error, "the janitor waits");
            }
        }
    }

    /// One round.
    pub async fn tidy(&self, rounds: &mut Rounds) -> Result<(), Error> {
        let now = self.queue.now().await?;
        self.store.catch_up().await?;
        self.queue.trim_events().await?;
        if now.duration_since(rounds.thorough) >= THOROUGH {
            let actions = self.queue.sweep().await?;
            let charges = self.store.forget_charges(now).await?;
            let (usage, audit) = self.prune(now).await?;
            tracing::debug!(actions, charges, usage, audit, "swept");
            rounds.thorough = now;
        }
        if now.duration_since(rounds.zones) >= ZONES {
            self.queue.refresh_zones().await?;
            rounds.zones = now;
        }
        Ok(())
    }

    /// Lets go of what the settings say is old: of usage and of the audit log.
    pub async fn prune(&self, now: Timestamp) -> Result<(u64, u64), Error> {
        let before = |days: u32| {
            let age = SignedDuration::from_hours(24 * i64::from(days));
            (days > 0).then(|| now.checked_sub(age).ok()).flatten()
        };
        let usage = match before(self.options.usage_days) {
            Some(before) => self.store.forget_usage(before).await?,
            None => 0,
        };
        let audit = match before(self.options.audit_days) {
            Some(before) => self.store.forget_audit(before).await?,
            None => 0,
        };
        Ok((usage, audit))
    }
}
