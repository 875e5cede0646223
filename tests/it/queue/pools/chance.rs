//! Chance against pools: members come and go, are held and fenced, workers are lost, answers too.
//!
//! Repeat a failure with `WALKON_SEED=<seed> cargo test --test it pools::chance`.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use rand::RngExt as _;
use walkon::queue::{Enqueued, Error, Queue, Scope, Settled};
use walkon_core::action::Action;
use walkon_core::clock::from_ms;
use walkon_core::event::ActionState;
use walkon_core::id::ActionId;
use walkon_core::lease::{Ask, Claim, Claimed, Class, HandBack};
use walkon_core::rng::{Rng, Seed};

use super::crew::{ASKED, Crew, MEMBERS, POOLS, Place, SECOND, Task};
use super::pools;
use crate::queue::seeds::Seeds;
use crate::support::redis::{
    Bench, done, fast_folder, fatal, held, notrun, options, person, plan, retry, setting,
    shared_url, unknown, worker,
};
use crate::support::wire::{Exchange, Fault, Wire};

const SEEDS: u64 = 3;
const STEPS: u64 = 800;
const LANES: usize = 2;
const START: &str = "2026-06-01T20:00:00Z";
/// Of how many steps one call loses its way.
const FAULT: u32 = 60;
const OPEN_MAX: usize = 40;

/// The queue with its pools, and what is known of them.
struct Scene {
    crew: Crew,
    bench: Bench,
    wire: Wire,
    hands: Vec<(Claimed, i64)>,
    rng: Rng,
    nonce: u64,
}

/// One seed's run; whether a script with the mutant's text was run.
pub(crate) async fn play(
    seed: u64,
    steps: u64,
    exchange: Option<Exchange>,
    at: impl Fn(u64),
) -> bool {
    let mut scene = Scene::new(seed, exchange).await;
    for n in 1..=steps {
        at(n);
        scene.step().await;
        if n % 10 == 0 {
            scene.check().await;
        }
    }
    scene.run_dry().await;
    assert!(scene.crew.done as u64 > steps / 40, "[18] {} were done", scene.crew.done);
    scene.wire.has_exchanged()
}

impl Scene {
    async fn new(seed: u64, exchange: Option<Exchange>) -> Self {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let n = COUNT.fetch_add(1, Ordering::Relaxed);
        let folder = fast_folder("pools");
        std::fs::create_dir_all(&folder).expect("a folder");
        let wire = Wire::lay(shared_url(), &folder.join(format!("wire{n}.sock")), exchange);
        let options = walkon::queue::Options { prefix: format!("wk:{{p{n}}}:"), ..options() };
        let bench = Bench::through(shared_url(), &wire.url(), START, options).await;
        bench.queue.set_pools(&pools(POOLS)).await.expect("an answer");
        let rng = Seed(seed).child("pools").rng();
        let scene = Self { crew: Crew::new(), bench, wire, hands: Vec::new(), rng, nonce: 1 << 40 };
        for (id, cooldown, cap, _) in MEMBERS {
            let breaker = "breaker = { failures = 0 }";
            let like = format!("[kinds.like]\ncooldown = \"{cooldown}s\"");
            let limits = format!("daily = {cap}\n{breaker}\n{like}");
            scene.bench.queue.set_plan(id, &plan(&limits)).await.expect("an answer");
            scene.put(id, false).await;
        }
        scene
    }

    fn now(&self) -> i64 {
        self.bench.now().as_millisecond()
    }

    /// Makes a call until it is answered.
    async fn call<T>(&self, make: impl AsyncFn(&Queue) -> Result<T, Error>) -> T {
        loop {
            match make(&self.bench.queue).await {
                Ok(answer) => return answer,
                Err(error) if error.is_passing() => {}
                Err(error) => panic!("[0] {error}: {error:?}"),
            }
        }
    }

    async fn put(&self, id: &str, fence: bool) {
        let member = &self.crew.members[id];
        let mut setting = setting(id, id, "UTC");
        setting.held = member.is_held.then(|| held("challenge"));
        setting.pools = member.pools.iter().map(|pool| pool.parse().unwrap()).collect();
        self.call(async |queue| {
            if fence {
                queue.fence_account(&setting).await
            } else {
                queue.put_account(&setting).await
            }
        })
        .await;
    }

    fn one_in(&mut self, n: u32) -> bool {
        self.rng.random_ratio(1, n)
    }

    async fn step(&mut self) {
        // What comes within one instant has no order of its own.
        self.bench.pass(Duration::from_millis(1)).await;
        if self.one_in(FAULT) {
            let fault = if self.one_in(2) { Fault::Unsent } else { Fault::Unanswered };
            self.wire.arm(fault);
        }
        match self.rng.random_range(0..100_u32) {
            0..=21 => self.send().await,
            22..=54 => self.claim().await,
            55..=59 => self.begin().await,
            60..=77 => self.finish().await,
            78..=79 => self.release().await,
            80..=81 => self.vanish(),
            82..=85 => self.reap().await,
            86..=89 => self.member().await,
            90 => self.site().await,
            91 => self.cancel().await,
            92 => self.leave().await,
            93..=97 => {
                let most = [2, 20, 60, 400][self.rng.random_range(0..4_usize)];
                let seconds = self.rng_up_to(most);
                self.pass(seconds).await;
            }
            _ => self.pass(3600).await,
        }
    }

    fn rng_up_to(&mut self, most: i64) -> i64 {
        self.rng.random_range(1..=most)
    }

    async fn pass(&mut self, seconds: i64) {
        self.bench.pass(Duration::from_secs(seconds as u64)).await;
    }

    async fn send(&mut self) {
        let open = self.crew.tasks.values().filter(|task| task.place != Place::Ended).count();
        if open >= OPEN_MAX {
            return;
        }
        let of = self.rng.random_range(0..ASKED.len());
        let (pool, mission, _) = ASKED[of];
        let now = self.now();
        let later = if self.one_in(5) { self.rng_up_to(600) * SECOND } else { 0 };
        let expires = if self.one_in(4) { now + later + self.rng_up_to(3000) * SECOND } else { 0 };
        let priority = if self.one_in(3) { self.rng.random_range(0..10) } else { 5 };
        let mut json = serde_json::json!({"pool": pool, "kind": "like", "target": "post:7",
            "mission": mission, "priority": priority});
        if later > 0 {
            json["not_before"] = serde_json::json!(from_ms(now + later));
        }
        if expires > 0 {
            json["expires_at"] = serde_json::json!(from_ms(expires));
        }
        let action: Action = serde_json::from_value(json).expect("an action");
        let id = ActionId::new(self.bench.now(), &mut self.rng);
        let taken = self.call(async |queue| queue.enqueue(&id, &action, None).await).await;
        assert_eq!(taken, Enqueued::New(id.clone()), "[11] one of its own");
        let due = now + later;
        let rank = now + i64::from(priority) * 600 * SECOND;
        let place = Place::Post(due, due);
        let task = Task { of, rank, expires, place, has_begun: false, account: None };
        self.crew.tasks.insert(id, task);
    }

    async fn claim(&mut self) {
        self.nonce += 1;
        let (classes, holds) = (vec![Class::Api, Class::Browser], Vec::new());
        let name = format!("w{}", self.rng.random_range(0..8_u32));
        let ask = Ask { worker: worker(&name), nonce: self.nonce, classes, holds };
        let claim = self.call(async |queue| queue.claim(&ask).await).await;
        let again = self.call(async |queue| queue.claim(&ask).await).await;
        let now = self.now();
        match claim {
            Claim::Work(claimed) => {
                assert_eq!(again, Claim::Work(claimed.clone()), "[12] the same nonce");
                self.crew.given(&claimed, now);
                self.hands.push((*claimed, now + 30 * SECOND));
            }
            Claim::Nothing { next } => {
                let soonest = self.crew.soonest(now).map(|at| at - now);
                let next = next.map(|next| next.as_millis() as i64);
                let late = soonest.is_some_and(|at| next.is_none_or(|next| next > at));
                assert!(!late, "[18] asks again in {next:?} ms, work is due in {soonest:?} ms");
            }
            Claim::Shut { why, .. } => panic!("[18] shut: {why}"),
        }
    }

    fn hand(&mut self) -> Option<(Claimed, i64)> {
        let count = self.hands.len();
        (count > 0).then(|| self.hands.swap_remove(self.rng.random_range(0..count)))
    }

    /// Whether the lease is still this hand's, as far as is known.
    fn holds(&self, claimed: &Claimed) -> bool {
        let member = &self.crew.members[claimed.lease.account.as_str()];
        member.doing.as_ref().is_some_and(|doing| doing.token == claimed.lease.token)
    }

    async fn begin(&mut self) {
        let Some((claimed, until)) = self.hand() else { return };
        let (lease, id) = (&claimed.lease, &claimed.id);
        let begun = self.call(async |queue| queue.begin(lease, id).await).await;
        if begun == walkon::queue::Begun::Go {
            self.crew.tasks.get_mut(id).expect("it is there").has_begun = true;
        }
        self.hands.push((claimed, until));
    }

    async fn finish(&mut self) {
        let Some((claimed, _)) = self.hand() else { return };
        let begun = self.crew.tasks[&claimed.id].has_begun;
        let ending = match self.rng.random_range(0..10_u32) {
            0 if begun => unknown(),
            1 => retry(),
            2 if !begun => notrun(),
            3 if self.one_in(3) => fatal(),
            _ => done(),
        };
        let is_notrun = matches!(ending.outcome, walkon_core::outcome::Outcome::NotRun { .. });
        let holds = self.holds(&claimed);
        let (lease, id) = (&claimed.lease, &claimed.id);
        let finish = async |queue: &Queue| queue.finish(lease, id, &ending, false).await;
        let settled = self.call(finish).await;
        assert_eq!(self.call(finish).await, settled, "[13] settled once more");
        if !holds {
            return assert_eq!(settled, Settled::Fenced, "[7] a lease that was lost");
        }
        assert_ne!(settled, Settled::Fenced, "[7] a lease that is held");
        self.crew.stopped(lease.account.as_str(), is_notrun, self.now());
        self.follow(id).await;
    }

    async fn release(&mut self) {
        let Some((claimed, _)) = self.hand() else { return };
        let (lease, id) = (&claimed.lease, &claimed.id);
        let back = HandBack { id: id.clone(), fault: None };
        let held = self.holds(&claimed);
        let was = self.call(async |queue| queue.release(lease, Some(&back)).await).await;
        assert_eq!(was, held, "[7] given back");
        if held {
            let begun = self.crew.tasks[id].has_begun;
            self.crew.stopped(lease.account.as_str(), !begun, self.now());
            self.follow(id).await;
        }
    }

    /// A worker dies.
    fn vanish(&mut self) {
        drop(self.hand());
    }

    async fn reap(&mut self) {
        self.call(async |queue| queue.reap(1000).await).await;
        let now = self.now();
        let doing = self
            .crew
            .members
            .iter()
            .filter_map(|(name, member)| Some((*name, member.doing.clone()?.id)));
        for (name, id) in doing.collect::<Vec<_>>() {
            let lease: Option<String> =
                self.bench.ask(&["ZSCORE", "P:lease", &format!("{name}|browser")]).await;
            if lease.is_none() {
                let begun = self.crew.tasks[&id].has_begun;
                self.crew.lost(name, begun, now);
            }
        }
        for id in self.crew.tasks.keys().cloned().collect::<Vec<_>>() {
            self.follow(&id).await;
        }
    }

    /// What the queue says has become of an action.
    async fn follow(&mut self, id: &ActionId) {
        let task = &self.crew.tasks[id];
        if task.place == Place::Ended {
            return;
        }
        let view = self.bench.queue.action(id).await.expect("an answer").expect("[8] it is kept");
        let row = self.bench.peek(&[format!("j:{id}")]).await.remove(0);
        let place = match view.state {
            ActionState::Running => Place::Doing,
            ActionState::Waiting if view.account.is_some() => {
                assert!(row.contains_key("bp"), "[25] {id} is bound and waits");
                Place::Kept
            }
            ActionState::Waiting => {
                let post = format!("P:z:@{}:like", post(task.of));
                let due: Option<f64> = self.bench.ask(&["ZSCORE", &post, id.as_str()]).await;
                let due = due.map_or(0, |due| due as i64);
                Place::Post(due, due)
            }
            ActionState::Unknown => {
                let parked: Option<f64> =
                    self.bench.ask(&["ZSCORE", "P:parked", id.as_str()]).await;
                let mut doing = self.crew.members.values().filter_map(|one| one.doing.as_ref());
                match parked {
                    Some(_) => Place::Parked,
                    None if doing.any(|doing| doing.id == *id) => Place::Doing,
                    None => Place::Unread,
                }
            }
            ended => {
                self.crew.done += usize::from(ended == ActionState::Done);
                Place::Ended
            }
        };
        let task = self.crew.tasks.get_mut(id).expect("it is there");
        task.place = place;
    }

    /// A member is held or let go, or joins and leaves pools.
    async fn member(&mut self) {
        let (id, ..) = MEMBERS[self.rng.random_range(0..MEMBERS.len())];
        let (flip, fence) = (self.one_in(2), self.one_in(3));
        let pool = ["crew", "near", "solo", "load"][self.rng.random_range(0..4_usize)];
        let member = self.crew.members.get_mut(id).expect("it is there");
        if flip || member.is_held {
            member.is_held = !member.is_held;
        } else if !member.pools.remove(pool) {
            member.pools.insert(pool);
        }
        member.is_gone = false;
        let before = member.doing.clone();
        self.put(id, fence).await;
        if let (Some(doing), true) = (before, fence) {
            self.revoked(id, &doing.id).await;
        }
    }

    async fn revoked(&mut self, id: &str, action: &ActionId) {
        let now = self.now();
        let begun = self.crew.tasks[action].has_begun;
        self.crew.lost(id, begun, now);
        let fields = self.bench.peek(&[format!("a:{id}")]).await.remove(0);
        let until: Option<f64> = fields.get("f:browser").map(|ms| ms.parse().unwrap());
        let member = self.crew.members.get_mut(id).expect("it is there");
        member.fenced = until.map_or(0, |until| until as i64);
        self.follow(action).await;
    }

    /// An account is removed.
    async fn leave(&mut self) {
        let (id, ..) = MEMBERS[self.rng.random_range(0..MEMBERS.len())];
        let account = id.parse().unwrap();
        self.call(async |queue| queue.remove_account(&account).await).await;
        let member = self.crew.members.get_mut(id).expect("it is there");
        (member.is_gone, member.is_held) = (true, false);
        if let Some(doing) = member.doing.clone() {
            self.crew.lost(id, self.crew.tasks[&doing.id].has_begun, self.now());
        }
        for id in self.crew.tasks.keys().cloned().collect::<Vec<_>>() {
            self.follow(&id).await;
        }
    }

    async fn site(&mut self) {
        let site = Scope::Site("plaza".to_owned());
        let eve = person("chance");
        if self.crew.is_paused {
            self.call(async |queue| queue.resume(&site, &eve).await).await;
        } else {
            self.call(async |queue| queue.pause(&site, &eve).await).await;
        }
        self.crew.is_paused = !self.crew.is_paused;
    }

    async fn cancel(&mut self) {
        let ids: Vec<_> = self.crew.tasks.keys().cloned().collect();
        if ids.is_empty() {
            return;
        }
        let id = ids[self.rng.random_range(0..ids.len())].clone();
        let eve = person("a mistake");
        self.call(async |queue| queue.cancel(&id, &eve).await).await;
        self.follow(&id).await;
    }

    /// Each action is in one place, and of a mission exactly what is bound is counted.
    async fn check(&mut self) {
        let now = self.now();
        let overdue = |(id, task): (&ActionId, &Task)| {
            (task.expires > 0 && task.expires <= now).then(|| id.clone())
        };
        // A claim that comes upon one has ended it.
        for id in self.crew.tasks.iter().filter_map(overdue).collect::<Vec<_>>() {
            self.follow(&id).await;
        }
        let mut lanes: BTreeMap<String, Vec<String>> = BTreeMap::new();
        let owners = (0..ASKED.len()).map(|of| format!("@{}", post(of)));
        let owners = owners.chain(MEMBERS.iter().map(|(id, ..)| (*id).to_owned()));
        for owner in owners.collect::<BTreeSet<_>>() {
            for lane in ["q", "z"] {
                let key = format!("P:{lane}:{owner}:like");
                for key in [key.clone(), key + "!"] {
                    for id in self.bench.ask::<Vec<String>>(&["ZRANGE", &key, "0", "-1"]).await {
                        lanes.entry(id).or_default().push(owner.clone());
                    }
                }
            }
        }
        for (id, task) in &self.crew.tasks {
            let found = lanes.remove(id.as_str()).unwrap_or_default();
            let want = match task.place {
                Place::Post(..) => vec![format!("@{}", post(task.of))],
                Place::Kept | Place::Unread => vec![task.account.expect("it has one").to_owned()],
                _ => Vec::new(),
            };
            assert_eq!(found, want, "[26] where {id} is: {task:?}");
        }
        assert!(lanes.is_empty(), "[26] in lanes, and nobody sent them: {lanes:?}");
        for of in (0..ASKED.len()).filter(|of| ASKED[*of].1.is_some()) {
            let key = format!("P:un:@{}", post(of));
            let counted: BTreeSet<String> = self.bench.ask(&["SMEMBERS", &key]).await;
            let bound = self.crew.tasks.iter();
            let bound = bound.filter(|(_, task)| task.of == of && task.is_bound());
            let bound: BTreeSet<_> = bound.map(|(id, _)| id.to_string()).collect();
            assert_eq!(counted, bound, "[24] what of {:?} is under way", ASKED[of]);
        }
    }

    /// Everybody may act again: all work ends.
    async fn run_dry(&mut self) {
        if self.crew.is_paused {
            self.site().await;
        }
        for (id, _, _, first) in MEMBERS {
            let member = self.crew.members.get_mut(id).expect("it is there");
            member.pools.extend(first);
            (member.is_held, member.is_gone) = (false, false);
            self.put(id, false).await;
        }
        for _ in 0..400 {
            self.pass(3 * 3600).await;
            self.reap().await;
            while !self.hands.is_empty() {
                self.finish().await;
            }
            for _ in 0..MEMBERS.len() {
                self.claim().await;
            }
            let open = |task: &Task| !matches!(task.place, Place::Ended | Place::Parked);
            if !self.crew.tasks.values().any(open) {
                return self.check().await;
            }
        }
        let left: Vec<_> =
            self.crew.tasks.iter().filter(|(_, t)| t.place != Place::Ended).collect();
        panic!("[18] never done: {left:?}");
    }
}

/// The name of a post, without its mark.
fn post(of: usize) -> String {
    let (pool, mission, _) = ASKED[of];
    mission.map_or_else(|| pool.to_owned(), |mission| format!("{pool}/{mission}"))
}

#[test]
fn whatever_happens_a_pools_work_is_done_once_by_who_may_and_so_many_at_once() {
    let runs = Seeds { name: "pools::", count: SEEDS, steps: STEPS, lanes: LANES };
    runs.play(async |seed, steps, at| play(seed, steps, None, at).await);
}
