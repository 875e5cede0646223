//! Chance against ceilings: many workers that act late, hang, vanish and are fenced, calls that are
//! lost, time that leaps. Every request, commit and browser is written down as the site would see
//! it, as late as a worker may be; in no minute, at no instant and on no day is there one too many.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use rand::RngExt as _;
use walkon::queue::{Begun, Queue};
use walkon_core::event::ActionState;
use walkon_core::grant::{Ceilings, Metered, Slice};
use walkon_core::id::AccountId;
use walkon_core::lease::{Ask, Claim, Claimed, Duty};
use walkon_core::rng::{Rng, Seed};

use super::{SHOP, at_the_shop};
use crate::queue::seeds::Seeds;
use crate::support::redis::{Bench, done, fast_folder, notrun, options, plan, shared_url};
use crate::support::wire::{Exchange, Fault, Wire};

const SEEDS: u64 = 6;
const STEPS: u64 = 600;
const LANES: usize = 2;
const CREW: usize = 8;
const LEASE: i64 = 30_000;
/// How late what was charged may be done, in milliseconds.
const LATEST: i64 = Slice::LASTS.as_millis() as i64;
const MINUTE: i64 = 60_000;
const DAY: i64 = 86_400_000;

struct Hand {
    claimed: Claimed,
    begun: bool,
    /// Until when its lease lasts, as its worker knows.
    ends: i64,
}

/// What a site saw of us.
#[derive(Default)]
struct Seen {
    /// When each request, navigation and commit was made.
    made: [Vec<i64>; 3],
    /// Browsers that are there, and until when they may be.
    there: BTreeMap<AccountId, i64>,
    /// When each account was let act.
    who: Vec<(i64, AccountId)>,
}

struct Scene {
    bench: Bench,
    wire: Wire,
    queue: Queue,
    ceilings: Ceilings,
    hands: Vec<Hand>,
    seen: Seen,
    rng: Rng,
    nonce: u64,
}

/// Plays so many steps; whether a text that was to be exchanged was run.
pub(crate) async fn play(
    seed: u64,
    steps: u64,
    exchange: Option<Exchange>,
    mut at: impl FnMut(u64),
) -> bool {
    let mut scene = Scene::new(seed, exchange).await;
    for step in 0..steps {
        at(step);
        scene.step().await;
        scene.check_now();
    }
    scene.check_minutes();
    scene.goes_on().await;
    scene.wire.has_exchanged()
}

fn crew() -> impl Iterator<Item = String> {
    (0..CREW).map(|n| format!("acc{n}"))
}

impl Scene {
    async fn new(seed: u64, exchange: Option<Exchange>) -> Self {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let n = COUNT.fetch_add(1, Ordering::Relaxed);
        let folder = fast_folder("ceilings");
        std::fs::create_dir_all(&folder).expect("a folder");
        let wire = Wire::lay(shared_url(), &folder.join(format!("wire{n}.sock")), exchange);
        let prefix = format!("wk:{{c{n}}}:");
        let options = walkon::queue::Options { prefix, ..options() };
        let start = "2026-03-02T12:00:00Z";
        let bench = Bench::through(shared_url(), &wire.url(), start, options).await;
        let mut rng = Seed(seed).child("ceilings").rng();
        let mut some =
            |from: u32, to: u32| rng.random_bool(0.8).then(|| rng.random_range(from..=to));
        let ceilings = Ceilings {
            requests: some(5, 60),
            navigations: some(1, 12),
            submits: some(1, 6),
            sessions: some(1, 4),
            accounts: some(2, 6),
            hours: BTreeMap::new(),
        };
        bench.queue.set_ceilings(SHOP, &ceilings).await.expect("an answer");
        for id in crew() {
            bench.queue.set_plan(&id, &plan("")).await.expect("an answer");
            bench.queue.put_account(&at_the_shop(&id)).await.expect("an answer");
        }
        let (queue, noted) = (bench.queue.clone(), Seen::default());
        Self { bench, wire, queue, ceilings, hands: Vec::new(), seen: noted, rng, nonce: 1 << 40 }
    }

    fn now(&self) -> i64 {
        self.bench.now().as_millisecond()
    }

    fn late(&mut self) -> i64 {
        self.now() + self.rng.random_range(0..=LATEST)
    }

    async fn step(&mut self) {
        self.bench.pass(Duration::from_millis(11)).await;
        if self.rng.random_ratio(1, 24) {
            let lost = self.rng.random_bool(0.5);
            self.wire.arm(if lost { Fault::Unsent } else { Fault::Unanswered });
        }
        match self.rng.random_range(0..100) {
            0..=11 => self.send().await,
            12..=39 => self.claim().await,
            40..=54 => self.begin().await,
            55..=66 => self.ask_for_some().await,
            67..=80 => self.end().await,
            81..=83 => self.vanish(),
            84..=86 => self.fence().await,
            87..=89 => drop(self.queue.reap(100).await),
            90..=91 => self.renew().await,
            92..=93 => self.minute().await,
            94..=98 => {
                let longest = if self.rng.random_ratio(1, 4) { 70_000 } else { 6_000 };
                let ms = self.rng.random_range(1..=longest);
                self.bench.pass(Duration::from_millis(ms)).await;
            }
            _ => self.bench.pass(Duration::from_hours(7)).await,
        }
    }

    async fn send(&mut self) {
        let whose = format!("acc{}", self.rng.random_range(0..CREW));
        let kind = if self.rng.random_ratio(1, 4) { "scroll_feed" } else { "like" };
        self.bench.add(&whose, kind, "").await;
    }

    fn ask(&mut self) -> Ask {
        self.nonce += 1;
        let worker = format!("w{}", self.nonce);
        Ask { nonce: self.nonce, ..self.bench.asking(&worker) }
    }

    async fn claim(&mut self) {
        let ask = self.ask();
        for _ in 0..3 {
            let asked = self.now();
            match self.queue.claim(&ask).await {
                Ok(Claim::Work(work)) => return self.take(*work, asked),
                Ok(_) => return,
                Err(error) => assert!(error.is_passing(), "[0] {error}"),
            }
        }
    }

    fn take(&mut self, claimed: Claimed, asked: i64) {
        let whose = claimed.lease.account.clone();
        self.seen.there.insert(whose.clone(), asked + LEASE);
        self.seen.who.push((asked, whose));
        self.hands.push(Hand { claimed, begun: false, ends: asked + LEASE });
    }

    fn one(&mut self) -> Option<usize> {
        let now = self.now();
        self.hands.retain(|hand| hand.ends > now);
        (!self.hands.is_empty()).then(|| self.rng.random_range(0..self.hands.len()))
    }

    async fn begin(&mut self) {
        let (one, late) = (self.one(), self.late());
        if let Some(at) = one {
            self.begin_one(at, late).await;
        }
    }

    /// All that a minute has is used, as late as may be; about a minute later all again, at once,
    /// and whoever has claimed before begins now.
    async fn minute(&mut self) {
        self.use_up(LATEST).await;
        for seconds in [25, 25, self.rng.random_range(5..=18)] {
            self.bench.pass(Duration::from_secs(seconds)).await;
            self.renew().await;
        }
        self.use_up(0).await;
        for at in (0..self.hands.len()).rev() {
            let now = self.now();
            self.begin_one(at, now).await;
        }
    }

    async fn use_up(&mut self, late: i64) {
        let Some(at) = self.one() else { return };
        let lease = self.hands[at].claimed.lease.clone();
        for what in Metered::ALL.into_iter().filter(|what| self.ceilings.metered(*what).is_some()) {
            for _ in 0..100 {
                let Ok(Some(slice)) = self.queue.slice(&lease, what, 20).await else { break };
                if slice.granted == 0 {
                    break;
                }
                let when = self.now() + late;
                let made = std::iter::repeat_n(when, slice.granted as usize);
                self.seen.made[what as usize].extend(made);
            }
        }
    }

    async fn begin_one(&mut self, at: usize, when: i64) {
        let (lease, id) = (self.hands[at].claimed.lease.clone(), self.hands[at].claimed.id.clone());
        if self.hands[at].begun {
            return;
        }
        match self.queue.begin(&lease, &id).await {
            Ok(Begun::Go) => {
                self.hands[at].begun = true;
                // A reading begins, too, and commits nothing.
                let Claimed { action, duty, .. } = &self.hands[at].claimed;
                if action.kind == "like" && *duty == Duty::Perform {
                    self.seen.made[Metered::Submits as usize].push(when);
                }
            }
            // Without an answer nobody acts: what was charged is lost.
            Ok(Begun::Full) | Err(_) => {
                let hand = self.hands.swap_remove(at);
                self.settle(&hand, false).await;
            }
            _ => {}
        }
    }

    async fn ask_for_some(&mut self) {
        let Some(at) = self.one() else { return };
        let lease = self.hands[at].claimed.lease.clone();
        let what = Metered::ALL[self.rng.random_range(0..3)];
        let many = self.rng.random_range(1..=20);
        if let Ok(Some(slice)) = self.queue.slice(&lease, what, many).await
            && self.ceilings.metered(what).is_some()
        {
            for _ in 0..slice.granted {
                let when = self.late();
                self.seen.made[what as usize].push(when);
            }
        }
    }

    async fn settle(&mut self, hand: &Hand, well: bool) {
        let ending = if well { done() } else { notrun() };
        let Claimed { lease, id, .. } = &hand.claimed;
        // The browser is closed before the lease is let go, whatever comes of that.
        self.seen.there.remove(&lease.account);
        for _ in 0..3 {
            if self.queue.finish(lease, id, &ending, false).await.is_ok() {
                return;
            }
        }
    }

    async fn end(&mut self) {
        let Some(at) = self.one() else { return };
        let hand = self.hands.swap_remove(at);
        self.settle(&hand, hand.begun).await;
    }

    /// Its browser is there until its lease would have ended.
    fn vanish(&mut self) {
        if let Some(at) = self.one() {
            self.hands.swap_remove(at);
        }
    }

    async fn fence(&mut self) {
        let Some(at) = self.one() else { return };
        let hand = self.hands.swap_remove(at);
        let setting = at_the_shop(hand.claimed.lease.account.as_str());
        drop(self.queue.fence_account(&setting).await);
    }

    async fn renew(&mut self) {
        let now = self.now();
        self.hands.retain(|hand| hand.ends > now);
        let leases: Vec<_> = self.hands.iter().map(|hand| hand.claimed.lease.clone()).collect();
        if let Ok(lost) = self.queue.extend(&leases).await {
            for hand in &mut self.hands {
                if !lost.iter().any(|lease| lease.token == hand.claimed.lease.token) {
                    hand.ends = now + LEASE;
                    self.seen.there.insert(hand.claimed.lease.account.clone(), hand.ends);
                }
            }
        }
    }

    fn check_now(&mut self) {
        let now = self.now();
        self.seen.there.retain(|_, until| *until > now);
        let there = self.seen.there.len();
        let most = self.ceilings.sessions.unwrap_or(u32::MAX) as usize;
        assert!(there <= most, "[40] {there} browsers at once of {most}");
        let since = self.seen.who.iter().filter(|(at, _)| *at > now - DAY);
        let who: BTreeSet<_> = since.map(|(_, who)| who).collect();
        let most = self.ceilings.accounts.unwrap_or(u32::MAX) as usize;
        assert!(who.len() <= most, "[41] {} accounts in a day of {most}", who.len());
    }

    fn check_minutes(&mut self) {
        for what in Metered::ALL {
            let made = &mut self.seen.made[what as usize];
            made.sort_unstable();
            let Some(most) = self.ceilings.metered(what) else { continue };
            for (at, first) in made.iter().enumerate() {
                let many = made[at..].partition_point(|when| *when < first + MINUTE);
                assert!(many <= most as usize, "[42] {many} {} of {most}", what.words());
            }
        }
    }

    /// Nothing fails any more: whatever waits is done, for no ceiling is taken up for good.
    async fn goes_on(&mut self) {
        self.hands.clear();
        self.bench.pass(Duration::from_secs(90)).await;
        let mut left = 40_000;
        loop {
            drop(self.queue.reap(100).await);
            let ask = self.ask();
            match self.queue.claim(&ask).await {
                Ok(Claim::Work(work)) => {
                    let begun = self.queue.begin(&work.lease, &work.id).await;
                    assert!(matches!(begun, Ok(Begun::Go) | Err(_)), "[18] {begun:?}");
                    drop(self.queue.finish(&work.lease, &work.id, &done(), false).await);
                }
                Ok(Claim::Nothing { next: Some(next) }) => {
                    self.bench.pass(next.max(Duration::from_millis(1))).await;
                }
                Ok(Claim::Nothing { next: None }) => break,
                Ok(Claim::Shut { next, .. }) => self.bench.pass(next).await,
                Err(error) => assert!(error.is_passing(), "[0] {error}"),
            }
            left -= 1;
            assert!(left > 0, "[18] it never runs dry");
        }
        let stats = self.queue.stats().await.expect("an answer");
        let of = |state| stats.states.get(&state).copied().unwrap_or_default();
        let open = of(ActionState::Waiting) + of(ActionState::Running);
        assert_eq!(open, 0, "[18] it ran dry: {stats:?}");
    }
}

#[test]
fn whoever_dies_and_whatever_is_lost_no_ceiling_is_exceeded() {
    let runs = Seeds { name: "ceilings", count: SEEDS, steps: STEPS, lanes: LANES };
    runs.play(async |seed, steps, at| play(seed, steps, None, at).await);
}
