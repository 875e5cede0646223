//! A crowd: workers that run at the same time, each a task with a connection of its own, while
//! answers are lost, the clock leaps, tasks are dropped and Redis is killed.
//!
//! Nobody can foretell what each is answered, so no model follows: what was performed is judged by
//! the calendar, and who held which lease by the tokens. A seed repeats the draws
//! (`WALKON_SEED=<seed> cargo test --test it crowd`), the order in which tasks run it does not;
//! `simulation.rs` repeats to the letter.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::time::Duration;

use rand::RngExt as _;
use tokio::sync::RwLock;
use tokio::task::JoinSet;
use walkon::queue::{Begun, Embedded, Error, FleetCaps, Options, Queue, Settled};
use walkon_core::event::ActionState;
use walkon_core::lease::{Ask, Claim, Claimed, Class, Duty, Token};
use walkon_core::rng::{Rng, Seed};

use super::model::calendar::HOUR;
use super::model::{GRACE, LEASE, Performed, Record};
use super::seeds::asked;
use crate::support::redis::{
    Bench, done, fast_folder, notrun, options, plan, retry, unknown, worker,
};
use crate::support::wire::{Fault, Wire};

const START: &str = "2026-03-28T20:00:00Z";
const PLANS: [(&str, &str); 6] = [
    ("a0", "daily = 40\nhourly = 6\n[kinds.like]\ncooldown = \"20s\""),
    ("a1", "hourly = 5\n[kinds.comment]\ncooldown = \"60s\"\nhourly = 3"),
    ("a2", "burst = { size = 3, interval = \"40s\" }"),
    ("a3", "daily = 25\n[kinds.comment]\ndaily = 9"),
    ("a4", "[kinds.like]\ncooldown = \"5s\""),
    ("a5", "hourly = 4"),
];
const ZONE: &str = "Europe/Berlin";
const WORKERS: usize = 8;
/// Rounds of sending, waiting and moving the clock; Redis is killed in the middle of some.
const ROUNDS: u32 = 160;
const KILL_EACH: u32 = 60;
const FLEET_HOURLY: u32 = 14;

/// Who has a lease, as far as its worker knows.
struct Held {
    token: Token,
    until: i64,
    /// It has asked to be rid of it.
    is_going: bool,
}

#[derive(Default)]
struct Seen {
    record: Record,
    seats: BTreeMap<(String, Class), Held>,
    fenced: u32,
}

struct Crowd {
    /// What it is; nobody moves it while a call is being made.
    clock: RwLock<()>,
    now: AtomicI64,
    seen: Mutex<Seen>,
    is_over: AtomicBool,
}

async fn insist<T>(make: impl AsyncFn() -> Result<T, Error>) -> T {
    for _ in 0..400 {
        match make().await {
            Ok(answer) => return answer,
            Err(error) => assert!(error.is_passing(), "{error}"),
        }
    }
    panic!("no answer");
}

impl Crowd {
    fn now(&self) -> i64 {
        self.now.load(Ordering::Relaxed)
    }

    fn seen(&self) -> std::sync::MutexGuard<'_, Seen> {
        self.seen.lock().expect("nothing panics while it is held")
    }

    /// One lease at a time, and later ones have greater tokens.
    fn took(&self, claimed: &Claimed) {
        let (now, lease) = (self.now(), &claimed.lease);
        let seat = (lease.account.to_string(), lease.class);
        let mut seen = self.seen();
        if let Some(last) = seen.seats.get(&seat) {
            let is_over = last.is_going || now >= last.until + GRACE;
            assert!(
                is_over || last.token == lease.token,
                "[5] {seat:?} is held until {}",
                last.until
            );
            assert!(lease.token >= last.token, "[6] {:?} after {:?}", lease.token, last.token);
        }
        let held = Held { token: lease.token.clone(), until: now + LEASE, is_going: false };
        if claimed.duty == Duty::Perform {
            let claims = seen.record.claims.entry(seat.0.clone()).or_default();
            claims.insert(lease.token.clone(), now);
        }
        seen.seats.insert(seat, held);
    }

    fn performed(&self, claimed: &Claimed) {
        let now = self.now();
        self.seen().record.performed.push(Performed {
            token: claimed.lease.token.clone(),
            account: claimed.lease.account.to_string(),
            kind: claimed.action.kind.clone(),
            zone: ZONE.to_owned(),
            from: now,
            to: now,
        });
    }

    fn leaves(&self, claimed: &Claimed) {
        let seat = (claimed.lease.account.to_string(), claimed.lease.class);
        let mut seen = self.seen();
        let held = seen.seats.get_mut(&seat).filter(|held| held.token == claimed.lease.token);
        if let Some(held) = held {
            held.is_going = true;
        }
    }

    /// One attempt; false where its worker dies of it.
    async fn attempt(&self, queue: &Queue, claimed: &Claimed, rng: &mut Rng) -> bool {
        let (lease, id) = (&claimed.lease, &claimed.id);
        tokio::task::yield_now().await;
        let begun = {
            let _still = self.clock.read().await;
            let begun = insist(async || queue.begin(lease, id).await).await;
            if begun == Begun::Go && claimed.duty == Duty::Perform {
                self.performed(claimed);
            }
            begun
        };
        if rng.random_ratio(1, 12) {
            return false;
        }
        tokio::task::yield_now().await;
        let endings = [done(), done(), done(), done(), retry(), unknown()];
        let ending = match begun {
            Begun::Go => endings[rng.random_range(0..endings.len())].clone(),
            Begun::Full | Begun::Shut(_) => notrun(),
            Begun::Fenced => return true,
        };
        let _still = self.clock.read().await;
        self.leaves(claimed);
        if matches!(begun, Begun::Full | Begun::Shut(_)) {
            let mut seen = self.seen();
            let claims = seen.record.claims.get_mut(lease.account.as_str());
            claims.expect("it was claimed").remove(&lease.token);
        }
        let settled = insist(async || queue.finish(lease, id, &ending, false).await).await;
        let (now, mut seen) = (self.now(), self.seen());
        seen.fenced += u32::from(settled == Settled::Fenced);
        let mine = seen.record.performed.iter_mut().rev().find(|one| one.token == lease.token);
        if let Some(mine) = mine.filter(|_| settled != Settled::Fenced) {
            mine.to = now;
        }
        true
    }

    async fn work(self: Arc<Self>, queue: Queue, n: usize, mut rng: Rng) {
        let mut life = 0;
        let mut nonce = 0;
        while !self.is_over.load(Ordering::Relaxed) {
            let name = worker(&format!("w{n}-{life}"));
            nonce += 1;
            let ask = Ask { worker: name, nonce, classes: Class::ALL.to_vec(), holds: Vec::new() };
            let claim = {
                let _still = self.clock.read().await;
                let claim = insist(async || queue.claim(&ask).await).await;
                if let Claim::Work(claimed) = &claim {
                    self.took(claimed);
                }
                claim
            };
            match claim {
                Claim::Work(claimed) if self.attempt(&queue, &claimed, &mut rng).await => {}
                Claim::Work(_) => life += 1,
                // What comes next comes by the clock, which others move.
                _ => tokio::time::sleep(Duration::from_millis(2)).await,
            }
        }
    }
}

struct Host {
    bench: Bench,
    wire: Wire,
    server: Option<Embedded>,
    crowd: Arc<Crowd>,
    rng: Rng,
    sent: u64,
    kills: u64,
}

impl Host {
    async fn send_some(&mut self) {
        for _ in 0..self.rng.random_range(0..4) {
            let account = PLANS[self.rng.random_range(0..PLANS.len())].0;
            let comment = self.rng.random_ratio(1, 2);
            let text = if comment { r#","with":{"text":"hi"}"# } else { "" };
            let kind = if comment { "comment" } else { "like" };
            let json =
                format!(r#"{{"account":"{account}","kind":"{kind}","target":"post:7"{text}}}"#);
            let now = self.bench.now();
            let action = walkon_core::action::Action::parse(json.as_bytes(), now).expect("good");
            let id = walkon_core::id::ActionId::new(now, &mut self.rng);
            insist(async || self.bench.queue.enqueue(&id, &action, None).await).await;
            self.sent += 1;
        }
    }

    async fn pass(&mut self, ms: i64) {
        let crowd = self.crowd.clone();
        let _nobody_calls = crowd.clock.write().await;
        let now = crowd.now() + ms;
        crowd.now.store(now, Ordering::Relaxed);
        self.bench.set(now).await;
    }

    /// The server dies between two calls or in the middle of some, and comes up on its log.
    async fn kill(&mut self, folder: &std::path::Path) {
        let mut server = self.server.take().expect("it runs");
        let pid = nix::unistd::Pid::from_raw(server.pid() as i32);
        nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGKILL).expect("it runs");
        while !server.has_ended() {
            tokio::task::yield_now().await;
        }
        drop(server);
        let server = crate::support::redis::start(folder).await.expect("a server");
        self.bench.reconnect(&server.url()).await;
        self.server = Some(server);
        self.kills += 1;
        insist(async || self.bench.queue.boot().await).await;
    }

    async fn round(&mut self, n: u32, folder: &std::path::Path) {
        self.send_some().await;
        if self.rng.random_ratio(1, 6) {
            let fault = [Fault::Unsent, Fault::Unanswered][self.rng.random_range(0..2)];
            self.wire.arm(fault);
        }
        tokio::time::sleep(Duration::from_millis(6)).await;
        let edge = HOUR - self.crowd.now() % HOUR;
        let ms = match self.rng.random_range(0..12) {
            0 => edge,
            1 => self.rng.random_range(0..HOUR),
            2..=5 => self.rng.random_range(0..60_000),
            _ => self.rng.random_range(0..5_000),
        };
        self.pass(ms).await;
        insist(async || self.bench.queue.reap(1000).await).await;
        if n % KILL_EACH == KILL_EACH - 1 {
            self.kill(folder).await;
        }
    }

    /// What is left is done by one, until nothing is.
    async fn run_dry(&mut self) {
        for _ in 0..6_000 {
            let reap = insist(async || self.bench.queue.reap(1000).await).await;
            match self.bench.try_claim("last").await {
                Claim::Work(claimed) => {
                    self.crowd.took(&claimed);
                    assert!(
                        self.crowd.attempt(&self.bench.queue, &claimed, &mut Seed(3).rng()).await
                    );
                }
                Claim::Nothing { next } => {
                    let Some(next) = next.into_iter().chain(reap.next).min() else { return };
                    self.pass(next.as_millis() as i64).await;
                }
                Claim::Shut { next, .. } => self.pass(next.as_millis() as i64).await,
            }
        }
        panic!("[18] it never ran dry");
    }
}

fn seed() -> u64 {
    asked("WALKON_SEED").unwrap_or_else(|| u64::from(std::process::id()))
}

#[tokio::test]
async fn crowd_of_workers_exceeds_nothing_and_loses_nothing() {
    tokio::task::LocalSet::new().run_until(run(seed())).await;
}

async fn run(seed: u64) {
    eprintln!("repeat the draws: WALKON_SEED={seed} cargo test --test it crowd");
    let folder = fast_folder("crowd");
    let server = crate::support::redis::start(&folder).await.expect("a server");
    let wire = Wire::lay(&server.url(), &folder.join("wire.sock"), None);
    let bench = Bench::through(&server.url(), &wire.url(), START, options()).await;
    for (id, limits) in PLANS {
        bench.account_in(id, limits, ZONE).await;
    }
    let caps = FleetCaps { hourly: Some(FLEET_HOURLY), daily: None };
    bench.queue.set_fleet_caps(&caps).await.expect("an answer");
    let crowd = Arc::new(Crowd {
        clock: RwLock::default(),
        now: AtomicI64::new(bench.now().as_millisecond()),
        seen: Mutex::default(),
        is_over: AtomicBool::new(false),
    });
    let mut tasks = JoinSet::new();
    for n in 0..WORKERS {
        let o = Options { url: Some(wire.url()), prefix: bench.prefix.clone(), ..options() };
        let queue = Queue::connect(&o).await.expect("a queue");
        let rng = Seed(seed).child(&format!("worker {n}")).rng();
        tasks.spawn_local(crowd.clone().work(queue, n, rng));
    }
    let rng = Seed(seed).rng();
    let mut host = Host { bench, wire, server: Some(server), crowd, rng, sent: 0, kills: 0 };
    for n in 0..ROUNDS {
        host.round(n, &folder).await;
    }
    host.crowd.is_over.store(true, Ordering::Relaxed);
    while let Some(ended) = tasks.join_next().await {
        ended.expect("no worker may fail");
    }
    host.run_dry().await;
    let stats = host.bench.queue.stats().await.expect("an answer");
    let (crowd, sent) = (&host.crowd, host.sent);
    let all = crowd.seen();
    let plans = PLANS.iter().map(|(id, limits)| ((*id).to_owned(), plan(limits))).collect();
    all.record.check(&plans, &caps);
    assert_eq!(stats.planned(), sent, "[8] {stats:?}");
    let open: u64 =
        [ActionState::Waiting, ActionState::Running].map(|one| stats.count(one)).iter().sum();
    assert_eq!(open + stats.count(ActionState::Unknown), stats.parked, "[18] {stats:?}");
    let (count, faults) = (all.record.performed.len(), host.wire.struck());
    eprintln!(
        "{count} of {sent} performed, {} fenced, {faults} faults, {} kills",
        all.fenced, host.kills
    );
    assert!(count as u64 > sent / 2, "hardly anything was done");
}
