//! The reaper: takes back leases that ended without a word, ends work whose time has passed, and
//! lifts holds whose end has come.
//!
//! It sleeps until the next of these is due, and is woken by what this process does that may be due
//! sooner. A lease is no such thing: none that is taken while it sleeps ends before the longest it
//! sleeps, which is a lease and its grace. Each coordinator reaps what it brought in itself, so it
//! need not hear of the others.

use std::time::Duration;

use jiff::Timestamp;

use super::{Coordinator, Error};
use crate::queue::Woken;
use crate::shutdown::Shutdown;

/// How many of each are taken back at once.
const AT_ONCE: u32 = 100;
/// How long to wait after Redis or the database failed.
const AWAY: Duration = Duration::from_millis(500);
/// Between two rounds there is at least this: what is due in the same instant is one round.
const LEAST: Duration = Duration::from_millis(5);

/// What is known from one round to the next.
struct Known {
    /// Redis was away: it may be another run of it.
    was_away: bool,
    /// When the first hold ends; `None`: none does by itself.
    hold_ends: Option<Timestamp>,
}

impl Coordinator {
    /// Takes back until a stop.
    pub async fn reap(self, shutdown: Shutdown) {
        let mut known = Known { was_away: false, hold_ends: Some(Timestamp::MIN) };
        loop {
            let sleep = match self.round(&mut known).await {
                Ok(sleep) => sleep,
                Err(error) => {
                    tracing::warn!(error = &error as &dyn std::error::Error, "the reaper waits");
                    known.was_away = true;
                    AWAY
                }
            };
            tokio::select! {
                () = tokio::time::sleep(sleep.max(LEAST)) => {}
                woken = self.queue.sooner() => {
                    if woken == Woken::Account {
                        known.hold_ends = Some(Timestamp::MIN);
                    }
                }
                () = shutdown.soft().cancelled() => return,
            }
        }
    }

    /// One round; for how long there is nothing to do after it.
    async fn round(&self, known: &mut Known) -> Result<Duration, Error> {
        if known.was_away {
            // Redis may have been started anew: it must note that before anything else.
            self.queue.boot().await?;
            known.was_away = false;
        }
        let until_open = self.restore().await?;
        let reaped = self.queue.reap(AT_ONCE).await?;
        if reaped.leases > 0 {
            tracing::info!(leases = reaped.leases, "took back what was lost");
        }
        self.queue.mend_resumed().await?;
        if known.hold_ends.is_some_and(|end| end <= self.now()) {
            known.hold_ends = self.lift_ended().await?;
        }
        let until_hold = known.hold_ends.map(|end| {
            // One that has ended meanwhile is lifted in the next round, at once.
            Duration::try_from(end.duration_since(self.now())).unwrap_or_default()
        });
        let options = self.queue.options();
        let most = options.lease + options.grace;
        Ok([reaped.next, until_hold, until_open].into_iter().flatten().fold(most, Duration::min))
    }
}
