//! Renewing leases, and giving them up before they end.
//!
//! One task a worker renews all its leases each third of their time. A lease that could not be
//! renewed is taken as lost [`FENCE_MARGIN`] before it ends: whoever gets it next must never meet
//! us still acting. Time is counted from before the call that renewed it was sent.
//!
//! Another task asks whether a person has paused what is held: that must take hold within 2 s,
//! which is sooner than the next renewal.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use walkon_core::id::WorkerId;
use walkon_core::lease::{Lease, Token};

use crate::desk::Desk;

/// How long before its end a lease is given up; at most a third of it.
pub const FENCE_MARGIN: Duration = Duration::from_secs(2);

/// How often it is asked whether work is to stop at its next step.
const HEED_EVERY: Duration = Duration::from_millis(750);
/// How long that answer may take; without one the work goes on.
const HEED_MAX: Duration = Duration::from_secs(2);

#[derive(Debug)]
struct Held {
    lease: Lease,
    ends: Instant,
    lost: CancellationToken,
    paused: CancellationToken,
}

impl Held {
    fn fence(&self) -> Instant {
        self.ends - FENCE_MARGIN.min(self.lease.ttl / 3)
    }
}

/// The leases a worker holds at this moment.
#[derive(Debug, Clone, Default)]
pub struct Leases {
    held: Arc<Mutex<HashMap<Token, Held>>>,
    changed: Arc<tokio::sync::Notify>,
}

/// A lease that is being renewed, until this is dropped.
#[derive(Debug)]
pub struct Renewed {
    leases: Leases,
    token: Token,
    lost: CancellationToken,
    paused: CancellationToken,
}

impl Renewed {
    /// Cancelled when the lease is lost or about to end.
    pub fn lost(&self) -> &CancellationToken {
        &self.lost
    }

    /// Cancelled when a person has paused the account, its site or the fleet: what has not begun
    /// is to be handed back, what has begun to be finished.
    pub fn paused(&self) -> &CancellationToken {
        &self.paused
    }
}

impl Drop for Renewed {
    fn drop(&mut self) {
        self.leases.with(|held| held.remove(&self.token));
    }
}

impl Leases {
    fn with<T>(&self, work: impl FnOnce(&mut HashMap<Token, Held>) -> T) -> T {
        // Every change is one insert, remove or assignment: a panic leaves nothing half done.
        work(&mut self.held.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Renews a lease from now on; `asked` is when the call that gave it was sent.
    pub fn keep(&self, lease: &Lease, asked: Instant) -> Renewed {
        let (lost, paused) = (CancellationToken::new(), CancellationToken::new());
        let (lease_kept, ends) = (lease.clone(), asked + lease.ttl);
        let held = Held { lease: lease_kept, ends, lost: lost.clone(), paused: paused.clone() };
        self.with(|all| all.insert(lease.token.clone(), held));
        self.changed.notify_one();
        Renewed { leases: self.clone(), token: lease.token.clone(), lost, paused }
    }

    /// Gives up every lease whose margin has come, and says when to look again.
    fn fence(&self, now: Instant) -> (Instant, Duration) {
        self.with(|all| {
            for held in all.values().filter(|held| held.fence() <= now) {
                held.lost.cancel();
            }
            let live = || all.values().filter(|held| !held.lost.is_cancelled());
            let beat = live().map(|held| held.lease.ttl / 3).min();
            let beat = beat.unwrap_or(Duration::from_mins(1));
            (live().map(Held::fence).min().unwrap_or(now + beat), beat)
        })
    }

    fn live(&self) -> Vec<Lease> {
        self.with(|all| {
            let live = all.values().filter(|held| !held.lost.is_cancelled());
            live.map(|held| held.lease.clone()).collect()
        })
    }

    fn renewed(&self, sent: Instant, asked: &[Lease], lost: &[Token]) {
        self.with(|all| {
            for lease in asked {
                let Some(held) = all.get_mut(&lease.token) else { continue };
                if lost.contains(&lease.token) {
                    held.lost.cancel();
                } else {
                    held.ends = sent + lease.ttl;
                }
            }
        });
    }

    /// Asks whether a person has paused what is held, until it is dropped.
    pub async fn heed(&self, desk: &dyn Desk) -> ! {
        loop {
            tokio::time::sleep(HEED_EVERY).await;
            let leases = self.live();
            if leases.is_empty() {
                continue;
            }
            match tokio::time::timeout(HEED_MAX, desk.heed(&leases)).await {
                Ok(Ok(told)) => self.with(|all| {
                    for held in told.iter().filter_map(|token| all.get(token)) {
                        held.paused.cancel();
                    }
                }),
                Ok(Err(error)) => tracing::debug!(%error, "nobody says whether to go on"),
                Err(_) => tracing::debug!("nobody says in time whether to go on"),
            }
        }
    }

    /// Renews what is held, until it is dropped.
    pub async fn beat(&self, desk: &dyn Desk, worker: &WorkerId) -> ! {
        let mut next_beat = Instant::now();
        loop {
            let (fence, beat) = self.fence(Instant::now());
            next_beat = next_beat.min(Instant::now() + beat);
            tokio::select! {
                () = self.changed.notified() => continue,
                () = tokio::time::sleep_until(fence) => continue,
                () = tokio::time::sleep_until(next_beat) => {}
            }
            let sent = Instant::now();
            next_beat = sent + beat;
            let leases = self.live();
            if leases.is_empty() {
                continue;
            }
            let limit = tokio::time::timeout(beat, desk.extend(worker, &leases));
            match limit.await {
                Ok(Ok(lost)) => self.renewed(sent, &leases, &lost),
                Ok(Err(error)) => tracing::warn!(%error, "leases were not renewed"),
                Err(_) => tracing::warn!("leases were not renewed in time"),
            }
        }
    }
}
