//! The queue and its model, driven side by side by the same operations.
//!
//! An [`Op`] is plain data with small numbers that are taken modulo what there is, so that it can
//! be drawn from a seed, shrunk by proptest, and carried out in any state.

mod draw;
mod plans;
mod scenes;
mod verbs;

use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use walkon::queue::{Embedded, Error, FleetCaps, Queue};
use walkon_core::action::Action;
use walkon_core::id::ActionId;
use walkon_core::lease::{Ask, Claim, Claimed};
use walkon_core::rng::{Rng, Seed};

use super::model::calendar::{HOUR, SECOND};
use super::model::{GRACE, LEASE, Model, Watch};
use crate::support::redis::{Bench, done, fast_folder, options, setting, shared_url};
use crate::support::wire::{Exchange, Fault, Wire};
use plans::{PLANS, STARTS, ZONES, plans};

const FLEET_HOURLY: u32 = 8;
/// More than this an account has not open: a claim looks at so many at once.
const OPEN_MAX: usize = 12;
/// How often a call is made whose answer is lost, before it is an error.
const TRIES: usize = 60;

/// How many worlds there have been: each has keys and a wire of its own.
static COUNT: AtomicU64 = AtomicU64::new(0);

/// One thing that happens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Op {
    Enqueue {
        account: u8,
        kind: u8,
        priority: u8,
        later: u32,
        expires: u32,
        key: u8,
        api: bool,
    },
    Claim {
        worker: u8,
        classes: u8,
        repeat: bool,
    },
    Begin {
        hand: u8,
    },
    Finish {
        hand: u8,
        ending: u8,
        keep: bool,
        repeat: bool,
    },
    /// A worker settles what it has and asks for the next, in one call.
    Next {
        hand: u8,
        ending: u8,
        keep: bool,
        classes: u8,
    },
    /// A worker hands work back since it stops, or since its host cannot do it.
    Release {
        hand: u8,
        fault: bool,
    },
    Extend,
    /// A worker dies with what it had in hand.
    Vanish {
        hand: u8,
    },
    /// Somebody uses a token that is no longer good.
    Old {
        hand: u8,
    },
    Reap,
    Cancel {
        nth: u8,
    },
    Resolve {
        nth: u8,
        verb: u8,
    },
    Account {
        account: u8,
        held: u8,
        fence: bool,
        zone: u8,
        api: bool,
    },
    /// An account leaves; it may come back.
    Remove {
        account: u8,
    },
    /// Time goes on, in tenths of a second.
    Pass {
        tenths: u32,
    },
    /// Time goes on to shortly before an hour ends.
    Edge,
    /// The server's clock goes back.
    Back {
        tenths: u32,
    },
    /// Redis forgets which run it is, as after a restart; a coordinator connects.
    Restart,
    /// Claims are shut or opened by hand.
    Pause {
        on: bool,
    },
    /// The next call meets a fault.
    Meet {
        fault: Fault,
    },
}

/// A claim in somebody's hand.
#[derive(Debug, Clone)]
struct Hand {
    worker: String,
    claimed: Claimed,
    /// The lease is kept, its action is settled.
    is_kept: bool,
}

pub(crate) struct World {
    pub(crate) model: Model,
    bench: Bench,
    wire: Wire,
    /// A server of one's own can be killed.
    server: Option<(Embedded, PathBuf)>,
    hands: Vec<Hand>,
    old: Vec<Hand>,
    sent: Vec<(Action, ActionId)>,
    rng: Rng,
    watch: Watch,
    nonce: u64,
    /// A fault has struck the call that was made last.
    struck: bool,
    /// Redis was killed during this step.
    killed: bool,
    pub(crate) kills: u64,
    /// When the latest lease ends that Redis must have known when it was killed.
    known: i64,
}

impl World {
    /// A world of its own; with `own` it has a Redis of its own, which can be killed.
    pub(crate) async fn new(seed: u64, own: bool, exchange: Option<Exchange>) -> Self {
        let name = format!("w{}", Seed(seed).child("folder").0 ^ u64::from(own));
        let folder = fast_folder(&name);
        std::fs::create_dir_all(&folder).expect("a folder");
        let server = if own { Some(start(folder.clone()).await) } else { None };
        let url = server.as_ref().map_or_else(|| shared_url().to_owned(), |(it, _)| it.url());
        let n = COUNT.fetch_add(1, Ordering::Relaxed);
        let wire = Wire::lay(&url, &folder.join(format!("wire{n}.sock")), exchange);
        if let Some((server, _)) = &server {
            wire.aim(server.pid());
        }
        let begin = STARTS[(seed % 3) as usize];
        let options = walkon::queue::Options { prefix: format!("wk:{{w{n}}}:"), ..options() };
        let bench = Bench::through(&url, &wire.url(), begin, options).await;
        let mut model = Model::default();
        let now = bench.now().as_millisecond();
        (model.clock.server, model.clock.seen) = (now, now);
        let plans = plans(seed);
        for (id, limits, zone) in &plans {
            bench.account_in(id, limits, zone).await;
        }
        let caps = FleetCaps { hourly: Some(FLEET_HOURLY), daily: None };
        bench.queue.set_fleet_caps(&caps).await.expect("an answer");
        model.fleet.caps = caps;
        model.begin_with(&plans);
        Self {
            model,
            bench,
            wire,
            server,
            hands: Vec::new(),
            old: Vec::new(),
            sent: Vec::new(),
            rng: Seed(seed).child("ids").rng(),
            watch: Watch::default(),
            nonce: 1,
            struck: false,
            killed: false,
            kills: 0,
            known: 0,
        }
    }

    pub(crate) fn faults(&self) -> u64 {
        self.wire.struck()
    }

    /// Whether a script that was to be exchanged was run.
    pub(crate) fn has_exchanged(&self) -> bool {
        self.wire.has_exchanged()
    }

    /// Makes a call until it is answered, as every client of the queue does.
    async fn call<T>(&mut self, make: impl AsyncFn(&Queue) -> Result<T, Error>) -> T {
        let before = self.wire.struck();
        self.model.touch();
        self.struck = false;
        for _ in 0..TRIES {
            let answer = make(&self.bench.queue).await;
            self.struck = self.wire.struck() > before;
            self.heal().await;
            match answer {
                Ok(answer) => return answer,
                Err(error) if error.is_passing() => {}
                Err(error) => panic!("[0] {error}: {error:?}"),
            }
        }
        panic!("[0] no answer in {TRIES} tries");
    }

    /// Starts Redis again where it was killed.
    async fn heal(&mut self) {
        if self.wire.kills() == self.kills {
            return;
        }
        let (mut server, folder) = self.server.take().expect("only our own is killed");
        while !server.has_ended() {
            tokio::task::yield_now().await;
        }
        drop(server);
        let fresh = start(folder).await;
        self.wire.aim(fresh.0.pid());
        self.bench.reconnect(&fresh.0.url()).await;
        self.server = Some(fresh);
        (self.killed, self.kills) = (true, self.kills + 1);
        while let Err(error) = self.bench.queue.boot().await {
            assert!(error.is_passing(), "[19] {error}");
        }
        self.model.restarted();
        self.known = self.model.resume;
    }

    /// A call during which Redis was killed may have been carried out before or after: the leases
    /// that Redis knew of when it came back say for how long claims are shut.
    async fn settle_restart(&mut self) {
        if !self.killed {
            return;
        }
        let resume: f64 = self.bench.ask(&["HGET", "P:meta", "resume"]).await;
        let now = self.model.now();
        let least = self.model.latest_lease().unwrap_or_default();
        let most = (now + LEASE).max(least).max(self.model.resume);
        let resume = resume as i64;
        assert!(resume <= most, "[19] shut until {resume}, at most {most} is due");
        let least = least.min(self.known);
        assert!(resume >= least, "[19] shut until {resume}, at least {least} is due");
        // What is claimed after that it did not know of.
        (self.model.resume, self.known) = (resume, least);
    }

    pub(crate) async fn step(&mut self, op: &Op) {
        match *op {
            Op::Enqueue { .. } => self.enqueue(op).await,
            Op::Claim { worker, classes, repeat } => self.claim(worker, classes, repeat).await,
            Op::Begin { hand } => self.begin(hand).await,
            Op::Finish { hand, ending, keep, repeat } => {
                self.finish(hand, ending, keep, repeat).await;
            }
            Op::Next { hand, ending, keep, classes } => {
                self.next(hand, ending, keep, classes).await;
            }
            Op::Release { hand, fault } => self.release(hand, fault).await,
            Op::Extend => self.extend().await,
            Op::Vanish { hand } => self.vanish(hand),
            Op::Old { hand } => self.use_old(hand).await,
            Op::Reap => self.reap().await,
            Op::Cancel { nth } => self.cancel(nth).await,
            Op::Resolve { nth, verb } => self.resolve(nth, verb).await,
            Op::Account { .. } => self.account(op).await,
            Op::Remove { account } => self.remove(account).await,
            Op::Pass { tenths } => self.pass(i64::from(tenths) * 100).await,
            Op::Edge => self.edge().await,
            Op::Back { tenths } => {
                self.set(self.model.clock.server - i64::from(tenths) * 100).await;
            }
            Op::Restart => self.restart().await,
            Op::Pause { on } => self.pause(on).await,
            Op::Meet { fault } => {
                let can = fault != Fault::Killed || self.server.is_some();
                if can {
                    self.wire.arm(fault);
                }
            }
        }
        self.settle_restart().await;
        self.put_back().await;
        self.killed = false;
    }

    /// A site's breaker has opened or closed: its accounts are put back, as a coordinator does.
    async fn put_back(&mut self) {
        if std::mem::take(&mut self.model.guard.has_turned) {
            self.call(async |queue| queue.mend_resumed().await).await;
        }
    }

    /// Looks at everything there is.
    pub(crate) async fn check(&mut self) {
        let prefix = self.bench.prefix.clone();
        self.model.check_whole(&mut self.bench.raw(), &prefix, &mut self.watch).await;
    }

    /// Looks at one account's counts, before time covers what is wrong with them.
    async fn check_account(&mut self, id: &str) {
        let fields = self.bench.peek(&[format!("a:{id}")]).await;
        self.model.check_account(id, &fields[0]);
    }

    async fn set(&mut self, ms: i64) {
        self.model.clock.server = ms;
        self.bench.set(ms).await;
    }

    async fn pass(&mut self, ms: i64) {
        self.set(self.model.clock.server + ms).await;
    }

    /// Windows end on the hour: what spans one is where counting goes wrong.
    async fn edge(&mut self) {
        let now = self.model.clock.server;
        let edge = (now / HOUR + 1) * HOUR - 5 * SECOND;
        self.set(edge.max(now + 6 * SECOND)).await;
    }

    fn asking(&mut self, worker: &str, classes: u8) -> Ask {
        let mut ask = self.bench.asking(worker);
        self.nonce += 1;
        ask.nonce = self.nonce;
        match classes % 6 {
            0 => ask.classes.truncate(1),
            1 => drop(ask.classes.remove(0)),
            _ => {}
        }
        let kept = self.hands.iter().filter(|hand| hand.is_kept && hand.worker == worker);
        ask.holds = kept.map(|hand| hand.claimed.lease.account.clone()).collect();
        ask
    }

    /// Lets everybody act and time pass until nothing is left: all work ends by itself.
    pub(crate) async fn run_dry(&mut self) {
        self.old.append(&mut self.hands);
        self.pause(false).await;
        self.set(self.model.now()).await;
        for (id, _, zone) in PLANS {
            let zone = self.model.accounts.get(id).map_or(zone.to_owned(), |a| a.zone_name.clone());
            let account = setting(id, id, &zone);
            let plan = self.model.accounts[id].plan.clone();
            self.call(async |queue| queue.put_account(&account).await).await;
            self.model.put_account(&account, &plan, false);
        }
        for _ in 0..5_000 {
            self.reap().await;
            let ask = self.asking("w9", 5);
            match self.call(async |queue| queue.claim(&ask).await).await {
                Claim::Work(claimed) => {
                    self.model.claimed(&ask, &claimed);
                    let (lease, id) = (&claimed.lease, &claimed.id);
                    let begun = self.call(async |queue| queue.begin(lease, id).await).await;
                    let want = self.model.begin(lease, id);
                    assert_eq!(begun, want, "[{}] at begin", verbs::number(want));
                    self.bench.settle(&claimed, &done()).await;
                    self.model.touch();
                    self.model.finish(lease, id, &done().outcome, false, None);
                    self.put_back().await;
                }
                Claim::Nothing { next } => {
                    let next = next.map(|next| next.as_millis() as i64);
                    self.model.idle(&ask, next);
                    let reap = self.call(async |queue| queue.reap(1000).await).await;
                    self.model.reaped();
                    let reap = reap.next.map(|next| next.as_millis() as i64);
                    let Some(next) = next.into_iter().chain(reap).min() else { break };
                    self.pass(next).await;
                }
                Claim::Shut { next, .. } => self.pass(next.as_millis() as i64).await,
            }
        }
        let open = self.model.open.values().filter(|job| job.place != super::model::PARKED);
        let open: Vec<_> = open.collect();
        assert!(open.is_empty(), "[18] it never ran dry: {open:?}");
    }

    /// The end: all work ends, all counts agree, no limit was exceeded, nothing is left behind.
    pub(crate) async fn finish_all(&mut self) {
        self.check().await;
        self.run_dry().await;
        self.check().await;
        self.model.check_record();
        self.check_memory().await;
    }

    /// Keys of ended actions leave by themselves, others do not; every key bears the tag.
    async fn check_memory(&mut self) {
        let prefix = &self.bench.prefix;
        let mut pipe = redis::pipe();
        let jobs = self.model.open.iter().chain(&self.model.ended);
        let jobs: Vec<_> = jobs.map(|(id, job)| (id, job.ends.len(), job.state())).collect();
        for (id, ..) in &jobs {
            pipe.cmd("PTTL").arg(format!("{prefix}j:{id}"));
        }
        // A sequence that was made as short as it can be may have sent nothing.
        let left: Vec<i64> = if jobs.is_empty() {
            Vec::new()
        } else {
            pipe.query_async(&mut self.bench.raw()).await.expect("answers")
        };
        for ((id, _, state), left) in jobs.iter().zip(left) {
            let is_right = if state.is_final() { left > 0 } else { left == -1 };
            assert!(is_right, "[23] {id} {state:?} {left}");
        }
        if self.server.is_some() {
            let all: Vec<String> = self.bench.ask(&["KEYS", "*"]).await;
            let other: Vec<_> = all.iter().filter(|key| !key.starts_with(prefix)).collect();
            assert!(other.is_empty(), "[23] keys without the tag: {other:?}");
        }
        assert!(
            GRACE > 0 && Duration::from_millis(LEASE as u64) == self.bench.queue.options().lease
        );
    }
}

impl Drop for World {
    fn drop(&mut self) {
        if let Some((server, folder)) = self.server.take() {
            drop(server);
            // Its log is of no use to anybody; what is left is swept away by the next run.
            drop(std::fs::remove_dir_all(folder));
        }
    }
}

async fn start(folder: PathBuf) -> (Embedded, PathBuf) {
    (crate::support::redis::start(&folder).await.expect("a server"), folder)
}
