//! A worker: claims, carries an attempt, settles. It knows only its [`Desk`].
//!
//! Each of its slots does one thing at a time; a slot that has a browser open keeps it only under
//! the lease of its account. [`heartbeat`] renews the leases, [`visit`] is one account's turn in a
//! browser, [`perform`] walks a behavior's steps, [`effect`] reads what they left behind, and
//! [`by_api`] is the other way. [`fitness`] knows whether this host can open browsers at all.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use walkon_core::clock::Clock;
use walkon_core::id::{AccountId, ActionId, WorkerId};
use walkon_core::lease::{Ask, Claim, Claimed, Class, HandBack, Lease};
use walkon_core::outcome::Settlement;
use walkon_core::rng::Seed;

use crate::desk::{Desk, Error};
use crate::driver::Driver;
use crate::shutdown::Shutdown;

pub mod attempt;
mod by_api;
mod effect;
mod fitness;
pub mod gate;
pub mod heartbeat;
mod perform;
mod pointing;
mod scene;
mod visit;
mod words;

use fitness::Fitness;
use heartbeat::Leases;

/// How long a claim waits at the desk for work to come due.
const PATIENCE: Duration = Duration::from_secs(20);
/// How long to wait after the desk could not be reached.
const DESK_AWAY: Duration = Duration::from_millis(300);
/// How often an answer is sought for one question put to the desk.
const DESK_TRIES: u32 = 20;

/// What a worker is started with.
#[derive(Debug, Clone)]
pub struct Options {
    /// How many things it does at once.
    pub slots: usize,
    /// What it can do.
    pub classes: Vec<Class>,
    /// Where its browsers' folders are; emptied of leftovers at start.
    pub folder: PathBuf,
    /// The longest one attempt may take.
    pub attempt_max: Duration,
}

impl Options {
    /// Two slots for both classes.
    pub fn new(folder: PathBuf) -> Self {
        let classes = Class::ALL.to_vec();
        Self { slots: 2, classes, folder, attempt_max: Duration::from_mins(3) }
    }
}

/// A worker process's one worker.
pub struct Worker {
    id: WorkerId,
    desk: Arc<dyn Desk>,
    driver: Arc<dyn Driver>,
    clock: Arc<dyn Clock>,
    options: Options,
    seed: Seed,
    shutdown: Shutdown,
    leases: Leases,
    fitness: Fitness,
}

impl Worker {
    /// A worker with an id of its own.
    pub fn new(
        desk: Arc<dyn Desk>,
        driver: Arc<dyn Driver>,
        clock: Arc<dyn Clock>,
        options: Options,
        seed: Seed,
        shutdown: Shutdown,
    ) -> Self {
        let id = WorkerId::new(&mut seed.child("worker").rng());
        let (leases, fitness) = (Leases::default(), Fitness::default());
        Self { id, desk, driver, clock, options, seed, shutdown, leases, fitness }
    }

    /// Who it is.
    pub fn id(&self) -> &WorkerId {
        &self.id
    }

    /// Works until asked to stop; what it holds is then settled or handed back.
    pub async fn run(self) {
        let worker = Arc::new(self);
        tracing::info!(worker = %worker.id, slots = worker.options.slots, "worker is ready");
        let slots = (0..worker.options.slots).map(|slot| {
            let worker = worker.clone();
            let name = format!("{}-{slot}", worker.id);
            let shutdown = worker.shutdown.clone();
            shutdown.spawn(async move { Slot { worker, name, claims: 0 }.work().await })
        });
        let slots = futures_util::future::join_all(slots);
        tokio::select! {
            ended = slots => {
                for panicked in ended.into_iter().filter_map(Result::err) {
                    tracing::error!(%panicked, "a slot ended by a bug");
                }
            }
            never = worker.leases.beat(worker.desk.as_ref(), &worker.id) => match never {},
            never = worker.leases.heed(worker.desk.as_ref()) => match never {},
        }
        tracing::info!(worker = %worker.id, "worker has ended");
    }
}

/// One of the things a worker does at a time.
pub(crate) struct Slot {
    worker: Arc<Worker>,
    name: String,
    claims: u64,
}

impl Slot {
    async fn work(mut self) {
        while !self.worker.shutdown.soft().is_cancelled() {
            if let Some((claimed, asked)) = self.claim(&[], PATIENCE).await {
                self.carry(claimed, asked).await;
            }
        }
    }

    /// Asks for work, and says from when its lease runs; `None` when there is none or nobody
    /// answers.
    async fn claim(
        &mut self,
        holds: &[AccountId],
        patience: Duration,
    ) -> Option<(Claimed, Instant)> {
        let now = Instant::now();
        let (classes, fit_at) = self.worker.fitness.classes(&self.worker.options.classes, now);
        let patience = fit_at.map_or(patience, |at| patience.min(at - now));
        if classes.is_empty() && holds.is_empty() {
            self.rest(patience).await;
            return None;
        }
        self.claims += 1;
        let id: WorkerId = self.name.parse().expect("a worker's id with a number is a name");
        let ask = Ask { worker: id, nonce: self.claims, classes, holds: holds.to_vec() };
        for _ in 0..DESK_TRIES {
            let asked = Instant::now();
            let answer = tokio::select! {
                answer = self.worker.desk.claim(&ask, patience) => answer,
                () = self.worker.shutdown.soft().cancelled() => {
                    self.disclaim(&ask).await;
                    return None;
                }
            };
            match answer {
                Ok(Claim::Work(claimed)) => {
                    let from = asked + claimed.waited;
                    return Some((*claimed, from));
                }
                Ok(Claim::Nothing { .. }) => return None,
                Ok(Claim::Shut { why, next }) => {
                    tracing::info!(why, "claims are shut");
                    self.rest(next.min(PATIENCE)).await;
                    return None;
                }
                Err(error) => {
                    tracing::debug!(%error, "no answer to a claim");
                    self.rest(DESK_AWAY).await;
                }
            }
        }
        None
    }

    /// Takes back a claim that was under way when a soft stop came: the same nonce gets the same
    /// answer, so work that was already handed out goes back at once and unspent.
    async fn disclaim(&self, ask: &Ask) {
        if let Ok(Claim::Work(claimed)) = self.worker.desk.claim(ask, Duration::ZERO).await {
            self.hand_back(&claimed.lease, Some(HandBack::stopping(&claimed.id))).await;
        }
    }

    async fn rest(&self, time: Duration) {
        tokio::select! {
            () = tokio::time::sleep(time) => {}
            () = self.worker.shutdown.soft().cancelled() => {}
        }
    }

    async fn carry(&mut self, claimed: Claimed, asked: Instant) {
        match claimed.lease.class {
            Class::Api => self.carry_by_api(claimed, asked).await,
            Class::Browser => self.carry_by_browser(claimed, asked).await,
        }
    }

    /// Settles, as often as it takes; a lost lease makes it pointless, and is no error.
    async fn settle(
        &self,
        lease: &Lease,
        action: &ActionId,
        settlement: &Settlement,
        keep: bool,
        lost: &CancellationToken,
    ) -> bool {
        for _ in 0..DESK_TRIES {
            match self.worker.desk.finish(lease, action, settlement, keep).await {
                Ok(()) => return true,
                Err(Error::Fenced) => return false,
                Err(error) => {
                    tracing::debug!(%error, %action, "could not settle yet");
                    tokio::select! {
                        () = tokio::time::sleep(DESK_AWAY) => {}
                        () = lost.cancelled() => return false,
                    }
                }
            }
        }
        false
    }

    async fn hand_back(&self, lease: &Lease, action: Option<HandBack>) {
        if let Err(error) = self.worker.desk.release(lease, action.as_ref()).await {
            tracing::debug!(%error, account = %lease.account, "a lease was left to end by itself");
        }
    }
}
