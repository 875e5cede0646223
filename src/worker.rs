//! A worker: claims, carries an attempt, settles. It knows only its [`Desk`].
//!
//! Each of its slots does one thing at a time; a slot that has a browser open keeps it only under
//! the lease of its account. One that waits for its account's next action is parked (`parking`),
//! and another slot takes its place. [`heartbeat`] renews the leases, [`visit`] is one account's
//! turn in a browser, [`perform`] walks a behavior's steps, [`effect`] reads what they left behind,
//! and [`by_api`] is the other way. [`fitness`] knows whether this host can open browsers at all.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use tokio::sync::{OwnedSemaphorePermit, mpsc};
use tokio::task::JoinHandle;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use walkon_core::clock::Clock;
use walkon_core::id::{AccountId, ActionId, WorkerId};
use walkon_core::lease::{Ask, Claim, Claimed, Class, HandBack, HostFault, Lease};
use walkon_core::outcome::Settlement;
use walkon_core::rng::Seed;

use crate::desk::{Desk, Error};
use crate::driver::Driver;
use crate::shutdown::Shutdown;

mod admission;
mod arriving;
pub mod attempt;
mod by_api;
mod choose;
mod effect;
mod exit;
mod fitness;
pub mod gate;
pub mod heartbeat;
mod host;
mod looking;
pub mod meter;
mod parking;
mod perform;
mod pointing;
mod press;
mod ready;
mod scene;
mod signs;
mod stepping;
mod strikes;
pub mod sweep;
mod telling;
mod visit;
mod words;

use admission::Admission;
use fitness::Fitness;
use heartbeat::Leases;
use parking::Berths;
pub use parking::Park;
use strikes::Strikes;

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
    /// Which browsers may stay open between two actions of their account.
    pub park: Park,
    /// Bytes of memory that must be left beside a browser.
    pub spare: u64,
    /// Who says from which address a request comes, where somebody does.
    pub echo: Option<String>,
    /// Whether sessions are recorded.
    pub record: bool,
    /// Whether accounts of one site share browsers, as far as they may (`Slot::pack`).
    pub packed: bool,
}

impl Options {
    /// Two slots for both classes.
    pub fn new(folder: PathBuf) -> Self {
        let classes = Class::ALL.to_vec();
        let (attempt_max, park, spare) = (Duration::from_mins(3), Park::default(), 128 << 20);
        let (echo, record, packed) = (None, true, false);
        Self { slots: 2, classes, folder, attempt_max, park, spare, echo, record, packed }
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
    berths: Berths,
    admission: Admission,
    strikes: Strikes,
    /// How many slots act.
    busy: AtomicUsize,
    /// Browsers found without their worker, and ended.
    orphans: AtomicU64,
    /// How many slots there have been: each has a name of its own.
    named: AtomicUsize,
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
        let admission = Admission::new(options.folder.clone(), driver.takes(), options.spare);
        Self {
            id,
            leases: Leases::default(),
            fitness: Fitness::default(),
            berths: Berths::new(options.park.most),
            admission,
            strikes: Strikes::default(),
            busy: AtomicUsize::new(0),
            orphans: AtomicU64::new(0),
            named: AtomicUsize::new(0),
            desk,
            driver,
            clock,
            options,
            seed,
            shutdown,
        }
    }

    /// Who it is.
    pub fn id(&self) -> &WorkerId {
        &self.id
    }

    /// Works until asked to stop; what it holds is then settled or handed back.
    pub async fn run(self) {
        let worker = Arc::new(self);
        tracing::info!(worker = %worker.id, slots = worker.options.slots, "worker is ready");
        let (relief, mut reliefs) = mpsc::unbounded_channel();
        let mut slots: FuturesUnordered<_> =
            (0..worker.options.slots).map(|_| worker.slot(&relief)).collect();
        let beat = worker.leases.beat(worker.desk.as_ref(), &worker.id);
        let heed = worker.leases.heed(worker.desk.as_ref());
        let (tell, swept) = (worker.tell(), worker.keep_swept());
        tokio::pin!(beat, heed, tell, swept);
        loop {
            tokio::select! {
                ended = slots.next() => match ended {
                    None => break,
                    Some(Ok(())) => {}
                    Some(Err(panicked)) => tracing::error!(%panicked, "a slot ended by a bug"),
                },
                Some(()) = reliefs.recv() => slots.push(worker.slot(&relief)),
                never = &mut beat => match never {},
                never = &mut heed => match never {},
                never = &mut tell => match never {},
                never = &mut swept => match never {},
            }
        }
        tracing::info!(worker = %worker.id, "worker has ended");
    }

    /// Asks for no browser work for a while where another browser would not fit.
    fn check_room(&self, now: Instant) {
        if self.options.classes.contains(&Class::Browser)
            && let Err((_, fault)) = self.admission.admit(None)
        {
            self.withdraw(&fault, now);
        }
    }

    /// This host can open no browser: others may.
    fn withdraw(&self, fault: &HostFault, now: Instant) {
        if let Some(wait) = self.fitness.failed(fault, now) {
            let HostFault { code, why } = fault;
            tracing::warn!(code, why, ?wait, "no browser here: its work goes to others");
        }
    }

    /// The account's browser died. One that others share died of any of them.
    fn struck(&self, account: &AccountId, is_packed: bool) {
        if !is_packed {
            self.strikes.died(account);
        }
    }

    /// Starts a slot; `relief` is how it asks for another one in its place.
    fn slot(self: &Arc<Self>, relief: &mpsc::UnboundedSender<()>) -> JoinHandle<()> {
        let name = format!("{}-{}", self.id, self.named.fetch_add(1, Ordering::Relaxed));
        let (worker, relief) = (self.clone(), relief.clone());
        let slot = Slot { worker, name, claims: 0, relief, berth: None };
        self.shutdown.spawn(async move { slot.work().await })
    }
}

/// What the desk answered to a claim.
enum Answer {
    /// Work, and from when its lease runs.
    Work(Box<Claimed>, Instant),
    /// Nothing now; when something may be due.
    Nothing(Option<Duration>),
    /// It was no longer waited for, or nobody answers.
    Stopped,
}

/// One of the things a worker does at a time.
pub(crate) struct Slot {
    worker: Arc<Worker>,
    name: String,
    claims: u64,
    relief: mpsc::UnboundedSender<()>,
    /// Held once it has parked: another slot has taken its place, and it ends with its visit.
    berth: Option<OwnedSemaphorePermit>,
}

impl Slot {
    async fn work(mut self) {
        while !self.worker.shutdown.soft().is_cancelled() && self.berth.is_none() {
            if let Some((claimed, asked)) = self.claim().await {
                self.carry(claimed, asked).await;
            }
        }
    }

    /// Asks for work, and says from when its lease runs; `None` when there is none or nobody
    /// answers.
    async fn claim(&mut self) -> Option<(Claimed, Instant)> {
        let now = Instant::now();
        self.worker.check_room(now);
        let (classes, fit_at) = self.worker.fitness.classes(&self.worker.options.classes, now);
        let patience = fit_at.map_or(PATIENCE, |at| PATIENCE.min(at - now));
        if classes.is_empty() {
            self.rest(patience).await;
            return None;
        }
        match self.ask(classes, Vec::new(), patience, std::future::pending()).await {
            Answer::Work(claimed, from) => Some((*claimed, from)),
            Answer::Nothing(_) | Answer::Stopped => None,
        }
    }

    /// Puts one question to the desk until it is answered, a soft stop comes, or it is `enough`.
    async fn ask(
        &mut self,
        classes: Vec<Class>,
        holds: Vec<AccountId>,
        patience: Duration,
        enough: impl Future<Output = ()>,
    ) -> Answer {
        self.claims += 1;
        let id: WorkerId = self.name.parse().expect("a worker's id with a number is a name");
        let ask = Ask { worker: id, nonce: self.claims, classes, holds };
        tokio::pin!(enough);
        for _ in 0..DESK_TRIES {
            let asked = Instant::now();
            let answer = tokio::select! {
                answer = self.worker.desk.claim(&ask, patience) => answer,
                () = self.worker.shutdown.soft().cancelled() => {
                    self.disclaim(&ask).await;
                    return Answer::Stopped;
                }
                () = &mut enough => {
                    self.disclaim(&ask).await;
                    return Answer::Stopped;
                }
            };
            match answer {
                Ok(Claim::Work(claimed)) => {
                    let from = asked + claimed.waited;
                    return Answer::Work(claimed, from);
                }
                Ok(Claim::Nothing { next }) => return Answer::Nothing(next),
                Ok(Claim::Shut { why, next }) => {
                    tracing::info!(why, "claims are shut");
                    self.rest(next.min(PATIENCE)).await;
                    return Answer::Stopped;
                }
                Err(error) => {
                    tracing::debug!(%error, "no answer to a claim");
                    self.rest(DESK_AWAY).await;
                }
            }
        }
        Answer::Stopped
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
        let worker = self.worker.clone();
        worker.busy.fetch_add(1, Ordering::Relaxed);
        match claimed.lease.class {
            Class::Api => self.carry_by_api(claimed, asked).await,
            Class::Browser => self.carry_by_browser(claimed, asked).await,
        }
        // One that has parked has given its place away already.
        if self.berth.is_none() {
            worker.busy.fetch_sub(1, Ordering::Relaxed);
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
