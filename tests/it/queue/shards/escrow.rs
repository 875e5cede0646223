//! The fleet's own caps over four shards, with several coordinators, lost calls and answers, claims
//! that are dropped at any await, a first shard that restarts or forgets its ledger, and windows
//! that end: used ≤ credited ≤ granted ≤ cap at every step, by what Redis holds and by what was
//! begun. In a quiet fleet the whole caps are used in the end.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::Poll;
use std::time::Duration;

use rand::RngExt as _;
use walkon::queue::{ActionFilter, Begun, FleetCaps, Options, Queue};
use walkon_core::event::ActionState;
use walkon_core::lease::{Claim, Claimed};
use walkon_core::rng::{Rng, Seed};

use super::{crew, four, one_each};
use crate::queue::seeds::Seeds;
use crate::support::redis::{Bench, done, fast_folder, notrun, person, shared_url};
use crate::support::wire::{Exchange, Fault, Wire};

const SEEDS: u64 = 3;
const STEPS: u64 = 200;
const LANES: usize = 2;
/// One in so many steps meets a fault on the wire, one in so many claims is dropped.
const FAULT: u32 = 24;
const DROPPED: u32 = 4;
const HOUR: i64 = 3_600_000;
const DAY: i64 = 24 * HOUR;

/// How the four shards and the ledger stand in one window.
#[derive(Debug, Default)]
struct Sight {
    used: [i64; 4],
    credited: [i64; 4],
    /// `None`: there is no ledger, or it knows that it may have forgotten.
    granted: Option<i64>,
}

struct Scene {
    bench: Bench,
    wire: Wire,
    /// The handles of several coordinators.
    queues: Vec<Queue>,
    caps: (i64, i64),
    hands: Vec<Claimed>,
    /// What was begun, by the ends of hour and day.
    begun: BTreeMap<(char, i64), i64>,
    rng: Rng,
    nonce: u64,
    runs: u64,
}

/// The future's end, unless it is dropped after so many polls.
async fn dropped_after<F: Future>(polls: u32, future: F) -> Option<F::Output> {
    let (mut future, mut left) = (pin!(future), polls);
    std::future::poll_fn(|context| match future.as_mut().poll(context) {
        Poll::Ready(end) => Poll::Ready(Some(end)),
        Poll::Pending if left == 0 => Poll::Ready(None),
        Poll::Pending => {
            left -= 1;
            Poll::Pending
        }
    })
    .await
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
        scene.check().await;
    }
    scene.use_all().await;
    scene.wire.has_exchanged()
}

impl Scene {
    async fn new(seed: u64, exchange: Option<Exchange>) -> Self {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let n = COUNT.fetch_add(1, Ordering::Relaxed);
        let folder = fast_folder("escrow");
        std::fs::create_dir_all(&folder).expect("a folder");
        let wire = Wire::lay(shared_url(), &folder.join(format!("wire{n}.sock")), exchange);
        let options: Options = four(&format!("e{n}"));
        // Half an hour before a day ends.
        let start = "2026-03-02T23:30:00Z";
        let bench = Bench::through(shared_url(), &wire.url(), start, options).await;
        let mut queues = vec![bench.queue.clone()];
        for _ in 0..2 {
            queues.push(Queue::connect(bench.queue.options()).await.expect("a queue"));
        }
        let mut rng = Seed(seed).child("escrow").rng();
        let hourly = rng.random_range(8..=32);
        let caps = (hourly, rng.random_range(hourly..=3 * hourly));
        for name in crew() {
            bench.account(&name, "").await;
        }
        let fleet = FleetCaps { hourly: Some(caps.0 as u32), daily: Some(caps.1 as u32) };
        bench.queue.set_fleet_caps(&fleet).await.expect("an answer");
        let (hands, begun) = (Vec::new(), BTreeMap::new());
        Self { bench, wire, queues, caps, hands, begun, rng, nonce: 1 << 40, runs: 0 }
    }

    fn one_in(&mut self, n: u32) -> bool {
        self.rng.random_ratio(1, n)
    }

    async fn step(&mut self) {
        self.bench.pass(Duration::from_millis(7)).await;
        if self.one_in(FAULT) {
            let fault = if self.one_in(2) { Fault::Unsent } else { Fault::Unanswered };
            self.wire.arm(fault);
        }
        match self.rng.random_range(0..100) {
            0..=9 => self.send().await,
            10..=54 => self.claim().await,
            55..=64 => self.claim_twice().await,
            65..=86 => self.act().await,
            87..=93 => {
                let longest = if self.one_in(3) { 3600 } else { 60 };
                let seconds = self.rng.random_range(1..=longest);
                self.bench.pass(Duration::from_secs(seconds)).await;
            }
            94 => self.let_an_hour_end().await,
            95..=97 => {
                // What faults the wire has left are the reaper's to meet.
                drop(self.bench.queue.reap(100).await);
            }
            98 => self.restart(false).await,
            _ => self.restart(true).await,
        }
    }

    /// Work for a few, so that some shards have none.
    async fn send(&mut self) {
        let all = crew();
        for _ in 0..self.rng.random_range(1..12) {
            let whose = all[self.rng.random_range(0..all.len())].clone();
            self.bench.likes(&whose, 1).await;
        }
    }

    fn ask(&mut self) -> (Queue, walkon_core::lease::Ask) {
        self.nonce += 1;
        let worker = format!("w{}", self.rng.random_range(0..4));
        let ask = walkon_core::lease::Ask { nonce: self.nonce, ..self.bench.asking(&worker) };
        (self.queues[self.rng.random_range(0..self.queues.len())].clone(), ask)
    }

    async fn claim(&mut self) {
        let (queue, ask) = self.ask();
        let polls = if self.one_in(DROPPED) { self.rng.random_range(0..24) } else { u32::MAX };
        if let Some(Ok(Claim::Work(work))) = dropped_after(polls, queue.claim(&ask)).await {
            self.hands.push(*work);
        }
    }

    /// Two coordinators at the same time.
    async fn claim_twice(&mut self) {
        let ((one, first), (other, second)) = (self.ask(), self.ask());
        let (first, second) = tokio::join!(one.claim(&first), other.claim(&second));
        for claim in [first, second] {
            if let Ok(Claim::Work(work)) = claim {
                self.hands.push(*work);
            }
        }
    }

    /// Acts, or finds that it cannot.
    async fn act(&mut self) {
        if self.hands.is_empty() {
            return;
        }
        let at = self.rng.random_range(0..self.hands.len());
        let work = self.hands.swap_remove(at);
        let (queue, now) = (self.queues[0].clone(), self.bench.now().as_millisecond());
        let goes = !self.one_in(4);
        let begun = if goes { queue.begin(&work.lease, &work.id).await } else { Ok(Begun::Full) };
        let ending = match begun {
            Ok(Begun::Go) => {
                for (name, length) in [('h', HOUR), ('d', DAY)] {
                    *self.begun.entry((name, (now / length + 1) * length)).or_default() += 1;
                }
                done()
            }
            _ => notrun(),
        };
        drop(queue.finish(&work.lease, &work.id, &ending, false).await);
    }

    /// What was claimed before acts after, when others have taken what the next hour has.
    async fn let_an_hour_end(&mut self) {
        let (_, end) = self.windows()[0];
        self.bench.set(end - 2_000).await;
        for _ in 0..4 {
            self.send().await;
            self.claim().await;
        }
        let mut before = std::mem::take(&mut self.hands);
        self.bench.set(end + 1_000).await;
        for _ in 0..self.caps.0 {
            self.claim().await;
        }
        std::mem::swap(&mut self.hands, &mut before);
        for _ in 0..self.hands.len() {
            self.act().await;
        }
        self.hands = before;
    }

    /// The first shard's Redis is another run, which may have lost its ledger.
    async fn restart(&mut self, forgets: bool) {
        self.runs += 1;
        if forgets {
            for (name, end) in self.windows() {
                self.bench.ask::<i64>(&["DEL", &format!("P:cap:{name}:{end}")]).await;
            }
        }
        let run = format!("run{}", self.runs);
        self.bench.ask::<i64>(&["HSET", "P:meta", "run_id", &run]).await;
        while self.bench.queue.boot().await.is_err() {}
        self.bench.pass(Duration::from_secs(40)).await;
    }

    /// Hour and day that are open now, by their ends.
    fn windows(&self) -> [(char, i64); 2] {
        let now = self.bench.now().as_millisecond();
        [('h', (now / HOUR + 1) * HOUR), ('d', (now / DAY + 1) * DAY)]
    }

    async fn sight(&self, name: char, end: i64) -> Sight {
        let mut sight = Sight::default();
        for (at, mut fields) in self.bench.peek_each("g").await.into_iter().enumerate() {
            let mut list = |field: &str| -> Vec<i64> {
                let words = fields.remove(field).unwrap_or_default();
                words.split(' ').filter_map(|word| word.parse().ok()).collect()
            };
            let (credit, count) = (list("e"), list("c"));
            let (e, c) = if name == 'd' { (0, 0) } else { (4, 3) };
            let here = |list: &[i64], at: usize| {
                if list.get(at) == Some(&end) { list[at + 1] } else { 0 }
            };
            (sight.credited[at], sight.used[at]) = (here(&credit, e), here(&count, c));
        }
        let key = format!("P:cap:{name}:{end}");
        let ledger: (Option<i64>, Option<String>) =
            self.bench.ask(&["HMGET", &key, "granted", "epoch"]).await;
        let epoch: Option<String> = self.bench.ask(&["HGET", "P:meta", "epoch"]).await;
        sight.granted = ledger.0.filter(|_| ledger.1 == epoch);
        sight
    }

    async fn check(&self) {
        for (name, end) in self.windows() {
            let most = if name == 'h' { self.caps.0 } else { self.caps.1 };
            let sight = self.sight(name, end).await;
            let fits = sight.used.iter().zip(sight.credited).all(|(used, had)| *used <= had);
            assert!(fits, "[4] used ≤ credited in {name} {end}: {sight:?}");
            let credited: i64 = sight.credited.iter().sum();
            let granted = sight.granted.unwrap_or(most);
            assert!(credited <= granted, "[4] credited ≤ granted in {name} {end}: {sight:?}");
            assert!(granted <= most, "[4] granted ≤ {most} in {name} {end}: {sight:?}");
            let begun = self.begun.get(&(name, end)).copied().unwrap_or_default();
            assert!(begun <= most, "[4] {begun} were begun of {most} in {name} {end}");
        }
    }

    /// Nothing fails any more, and one account has work for days, all others a little: of a day
    /// that begins all is used, to the last, and each hour as much as it may.
    async fn use_all(&mut self) {
        self.hands.clear();
        let (_, midnight) = self.windows()[1];
        // With all leases ended that the days before have left.
        self.bench.set(midnight + 60_000).await;
        self.cancel_all().await;
        for name in one_each() {
            self.bench.likes(&name, 1).await;
        }
        let busy = crew()[self.rng.random_range(0..crew().len())].clone();
        self.bench.likes(&busy, self.caps.1 as usize).await;
        let (mut day, mut hour) = (0, 0);
        for _ in 0..24 {
            let began = hour;
            while let Some(work) = self.claim_quietly().await {
                let went = self.queues[0].begin(&work.lease, &work.id).await;
                assert_eq!(went.expect("an answer"), Begun::Go, "[18] a claim may act");
                self.bench.settle(&work, &done()).await;
                day += 1;
            }
            self.check().await;
            hour = day;
            let due = self.caps.0.min(self.caps.1 - began);
            assert_eq!(hour - began, due, "[18] the hour's cap is used to the last");
            if day == self.caps.1 {
                return;
            }
            self.bench.pass(Duration::from_hours(1)).await;
        }
        panic!("[18] {day} of {} were used in a day", self.caps.1);
    }

    /// What is left of the days before goes: shards that were given a slice have no use for it.
    async fn cancel_all(&mut self) {
        while self.bench.queue.reap(100).await.map_or(1, |reaped| reaped.leases) > 0 {}
        let filter = ActionFilter { state: Some(ActionState::Waiting), ..ActionFilter::default() };
        loop {
            let page = self.bench.queue.actions(&filter, 0, 200).await.expect("an answer");
            if page.actions.is_empty() {
                return;
            }
            for one in page.actions {
                self.bench.queue.cancel(&one.id, &person("")).await.expect("an answer");
            }
        }
    }

    async fn claim_quietly(&mut self) -> Option<Claimed> {
        let (queue, ask) = self.ask();
        loop {
            match queue.claim(&ask).await {
                Ok(Claim::Work(work)) => return Some(*work),
                Ok(Claim::Shut { next, .. }) => self.bench.pass(next).await,
                Ok(Claim::Nothing { .. }) => return None,
                // A fault that was armed before: its connection is made anew.
                Err(error) => assert!(error.is_passing(), "[0] {error}"),
            }
        }
    }
}

#[test]
fn whatever_is_lost_between_grant_and_credit_the_fleets_caps_hold_and_can_be_used_up() {
    let runs = Seeds { name: "escrow", count: SEEDS, steps: STEPS, lanes: LANES };
    runs.play(async |seed, steps, at| play(seed, steps, None, at).await);
}
