//! The clerk: reads the queue's events, which are the truth, and keeps the books by them.
//!
//! A terminal event becomes a receipt, a finding becomes a hold, and every event is copied to the
//! public stream `walkon:events`. An event is acknowledged when all that is done; read again after
//! a crash, it changes nothing.

use std::time::Duration;

use jiff::SignedDuration;
use walkon_core::event::{ActionState, Event};
use walkon_core::hold::{Hold, HoldKind};
use walkon_core::id::AccountId;
use walkon_core::receipt::Receipt;
use walkon_core::usage::Usage;

use super::{Coordinator, Error};
use crate::queue::Delivered;
use crate::shutdown::Shutdown;

/// The consumer group of all clerks.
const GROUP: &str = "clerk";
/// How many events are read at once.
const AT_ONCE: usize = 200;
/// How long a read waits.
const WAIT: Duration = Duration::from_secs(2);
/// After how long a read that was never acknowledged is somebody else's.
const STALE: Duration = Duration::from_secs(10);
/// How long an account rests after the site asked it to go slower.
const LIMITED_REST: SignedDuration = SignedDuration::from_secs(60);

impl Coordinator {
    /// Keeps the books until a stop; what is there is written before it ends.
    pub async fn keep_books(self, shutdown: Shutdown) {
        while !shutdown.soft().is_cancelled() {
            if let Err(error) = self.keep_books_until(&shutdown).await {
                tracing::warn!(error = &error as &dyn std::error::Error, "the clerk waits");
                tokio::time::sleep(Duration::from_millis(500)).await;
            }
        }
    }

    async fn keep_books_until(&self, shutdown: &Shutdown) -> Result<(), Error> {
        let name = format!("{:x}", self.now().as_millisecond());
        let mut events = self.queue.events(GROUP, &name).await?;
        let mut last_look = tokio::time::Instant::now();
        // What its predecessor left comes first, and all of it: the books are kept in order.
        let mut idle = Duration::ZERO;
        loop {
            let mut batch = Vec::new();
            if idle.is_zero() || last_look.elapsed() >= STALE {
                batch = events.reclaim(AT_ONCE, idle).await?;
                last_look = tokio::time::Instant::now();
                if batch.is_empty() {
                    idle = STALE;
                }
            }
            if batch.is_empty() {
                batch = tokio::select! {
                    batch = events.read(AT_ONCE, WAIT) => batch?,
                    () = shutdown.soft().cancelled() => return Ok(()),
                };
            }
            let news: Vec<_> = batch.iter().map(|delivered| delivered.event.clone()).collect();
            self.store.follow(&news).await?;
            for delivered in &batch {
                self.enter(delivered).await?;
            }
            let ids: Vec<_> = batch.into_iter().map(|delivered| delivered.id).collect();
            events.ack(&ids).await?;
        }
    }

    async fn enter(&self, delivered: &Delivered) -> Result<(), Error> {
        let event = &delivered.event;
        if let Some(receipt) = receipt(event, &delivered.id) {
            self.store.put_receipt(&receipt).await?;
        }
        if let Some(usage) = Usage::of(event, &delivered.id) {
            self.store.log_usage(&usage).await?;
        }
        if event.kind_of_change == "finding" {
            self.found(event, &delivered.id).await?;
        }
        if event.kind_of_change == "quota" {
            self.alert_of_quota(event).await?;
        }
        if event.kind_of_change == "act" {
            self.audit(event, &delivered.id).await?;
        }
        self.queue.publish(&delivered.id, event).await?;
        Ok(())
    }

    /// What an attempt learned about its account.
    async fn found(&self, event: &Event, told_by: &str) -> Result<(), Error> {
        let Some(id) = event.account.as_ref().and_then(|id| id.parse::<AccountId>().ok()) else {
            return Ok(());
        };
        let (kind, reason, until) = match event.code.as_deref() {
            Some("challenged") => {
                (HoldKind::Challenge, "the site asks it to prove something", None)
            }
            Some("blocked") => (HoldKind::Block, "the site has suspended it", None),
            Some("signed_out") => (HoldKind::Health, "it is signed out and cannot sign in", None),
            Some("limited") => {
                let until = event.at.saturating_add(LIMITED_REST).unwrap_or(event.at);
                if until <= self.now() {
                    return Ok(());
                }
                (HoldKind::Quota, "the site asked it to go slower", Some(until))
            }
            _ => return Ok(()),
        };
        let actor = event.worker.clone().unwrap_or_else(|| "walkon".to_owned());
        let reason = reason.to_owned();
        let hold = Hold { kind, reason, actor, since: event.at, until, passes: false };
        tracing::warn!(account = %id, hold = kind.name(), "an account is held");
        self.audit_hold(&id, "hold", &hold, &hold.actor, hold.since, told_by).await?;
        if kind == HoldKind::Quota {
            self.store.prolong_hold(&id, &hold).await?;
            return self.fence_now(&id).await;
        }
        self.hold(&id, &hold).await?;
        self.alert_of_hold(&id, &hold).await
    }
}

/// The receipt of an action's state, if the event tells of one that matters.
fn receipt(event: &Event, id: &str) -> Option<Receipt> {
    let state = ActionState::named(&event.kind_of_change)?;
    if !state.is_final() && state != ActionState::Unknown {
        return None;
    }
    Some(Receipt {
        action: event.action.clone().or_else(|| event.intake.clone())?,
        account: event.account.clone().unwrap_or_default(),
        kind: event.kind.clone().unwrap_or_default(),
        target: event.target.clone(),
        text_hash: event.text_hash.clone(),
        class: event.class.clone(),
        state: state.name().to_owned(),
        effect: event.outcome.clone(),
        code: event.code.clone(),
        why: event.why.clone(),
        attempts: event.attempt.unwrap_or_default(),
        at: event.at,
        event: id.to_owned(),
    })
}
