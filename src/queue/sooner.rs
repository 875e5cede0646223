//! Waking whoever waits for the next end of a lease, an action's time or a hold.
//!
//! Only this process is heard: what it does to the queue that may be due before the last round of
//! [`Queue::reap`] said.

use std::sync::atomic::{AtomicI64, Ordering};

use tokio::sync::Notify;

use super::Shard;

/// The next is not known: every end may be sooner.
const UNKNOWN: i64 = i64::MAX;

/// Why a sleeper was woken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Woken {
    /// Work may end sooner.
    Work,
    /// An account was written: a hold may end sooner.
    Account,
}

/// What is rung.
#[derive(Debug)]
pub(super) struct Bells {
    work: Notify,
    account: Notify,
    /// Up to when nothing is due, as of the last round, in the server's milliseconds.
    next: AtomicI64,
}

impl Default for Bells {
    fn default() -> Self {
        Self { work: Notify::new(), account: Notify::new(), next: AtomicI64::new(UNKNOWN) }
    }
}

impl Bells {
    /// A round begins: what comes from now on may be missed by it.
    pub(super) fn round_begins(&self) {
        self.next.store(UNKNOWN, Ordering::SeqCst);
    }

    /// It has ended; nothing is due until then.
    pub(super) fn round_ended(&self, next: Option<i64>) {
        self.next.store(next.unwrap_or(UNKNOWN), Ordering::SeqCst);
    }

    /// Work with this end has come.
    pub(super) fn ends(&self, at: i64) {
        if at < self.next.load(Ordering::SeqCst) {
            self.work.notify_one();
        }
    }

    /// Work waits again whose time may have passed meanwhile.
    pub(super) fn work_is_back(&self) {
        self.work.notify_one();
    }

    pub(super) fn account_written(&self) {
        self.account.notify_one();
    }
}

impl Shard {
    /// Waits until something may be due sooner than the last [`Queue::reap`] said. One waiter hears
    /// of it; what came while nobody waited is heard by the next.
    ///
    /// # Cancel safety
    ///
    /// Dropped, nothing is missed.
    pub async fn sooner(&self) -> Woken {
        let bells = &self.inner.bells;
        tokio::select! {
            biased;
            () = bells.account.notified() => Woken::Account,
            () = bells.work.notified() => Woken::Work,
        }
    }
}
