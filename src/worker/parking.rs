//! Parking: a browser that waits on an empty page for its account's next action.
//!
//! It stays under its account's lease, which the worker keeps and renews, so that nobody else acts
//! as that account meanwhile; the desk tells it alone of what comes due. Its slot is relieved by
//! another one, so a parked browser holds up no other account's work. It is closed when nothing
//! comes due in time, a person pauses the account, the host runs short, or the worker stops; the
//! lease is let go after that, and at once if it is lost.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;
use walkon_core::lease::{Claimed, Lease};

use super::heartbeat::Renewed;
use super::scene::Scene;
use super::{Answer, Slot};

/// How long one question for the account's work waits at the desk.
const PATIENCE: Duration = Duration::from_secs(5);

/// Which browsers may stay open between two actions of their account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Park {
    /// How soon the next action must be due; zero: no browser is parked.
    pub within: Duration,
    /// How many at most, beside those that act.
    pub most: usize,
}

impl Default for Park {
    fn default() -> Self {
        Self { within: Duration::from_mins(1), most: 2 }
    }
}

/// The places where browsers may be parked.
#[derive(Debug, Clone)]
pub(super) struct Berths {
    free: Arc<Semaphore>,
    most: usize,
}

impl Berths {
    pub(super) fn new(most: usize) -> Self {
        Self { free: Arc::new(Semaphore::new(most)), most }
    }

    /// How many are taken.
    pub(super) fn taken(&self) -> usize {
        self.most - self.free.available_permits()
    }

    fn take(&self) -> Option<OwnedSemaphorePermit> {
        self.free.clone().try_acquire_owned().ok()
    }
}

/// The account is paused; or its lease is lost, and the browser is gone with it.
async fn called_off(scene: &Scene, renewed: &Renewed) {
    tokio::select! {
        () = renewed.lost().cancelled() => scene.session.kill(),
        () = renewed.paused().cancelled() => {}
    }
}

impl Slot {
    /// The account's next action, if one is due, or is due so soon that its browser may wait for
    /// it. `None`: the browser is to be closed.
    pub(super) async fn next(
        &mut self,
        scene: &Scene,
        lease: &Lease,
        renewed: &Renewed,
    ) -> Option<(Claimed, Instant)> {
        let within = self.worker.options.park.within;
        let until = Instant::now() + within;
        let mut patience = Duration::ZERO;
        loop {
            let enough = called_off(scene, renewed);
            let holds = vec![lease.account.clone()];
            let due = match self.ask(Vec::new(), holds, patience, enough).await {
                Answer::Work(claimed, from) => return Some((*claimed, from)),
                Answer::Nothing(due) => due?,
                Answer::Stopped => return None,
            };
            let now = Instant::now();
            // What waits makes room for what could act.
            let short = !patience.is_zero() && self.worker.admission.admit(None).is_err();
            if now + due > until || short || scene.session.is_dead() {
                return None;
            }
            if patience.is_zero() && !self.park(scene).await {
                return None;
            }
            patience = (until - now).min(PATIENCE);
        }
    }

    /// Parks the browser, and has another slot take this one's place; `false`: it may not stay.
    async fn park(&mut self, scene: &Scene) -> bool {
        if self.berth.is_none() {
            let Some(berth) = self.worker.berths.take() else { return false };
            self.berth = Some(berth);
            self.worker.busy.fetch_sub(1, Ordering::Relaxed);
            // Nobody hears of it only where the worker has ended.
            let _ = self.relief.send(());
        }
        match scene.session.park().await {
            Ok(()) => true,
            Err(error) => {
                tracing::debug!(%error, "a browser was not parked");
                false
            }
        }
    }
}
