//! Chance against the queue: random work, workers that vanish, clocks that jump; a model keeps
//! count beside it. Repeat a failure with `WALKON_SEED=<seed> cargo test --test it simulation`.

mod model;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

use rand::{Rng as _, RngExt as _};
use walkon::queue::{Begun, Cancelled, Enqueued, FleetCaps, Settled};
use walkon_core::action::Action;
use walkon_core::id::ActionId;
use walkon_core::lease::{Claim, Claimed, Class, Duty, HandBack, Lease};
use walkon_core::outcome::Settlement;
use walkon_core::rng::{Rng, Seed};

use crate::support::redis::{
    Bench, done, fatal, held, not_there, notrun, options, person, retry, setting, unknown,
};
use model::{Model, PLANS};

const START: &str = "2026-03-27T20:00:00Z";
const KINDS: [&str; 4] = ["like", "comment", "scroll_feed", "sign_in"];

/// Says how to repeat a run that failed.
struct Says(u64);

impl Drop for Says {
    #[expect(clippy::print_stdout, reason = "the one who repeats it must know the seed")]
    fn drop(&mut self) {
        if std::thread::panicking() {
            println!("repeat it: WALKON_SEED={} cargo test --test it simulation", self.0);
        }
    }
}

struct Run {
    bench: Bench,
    model: Model,
    rng: Rng,
    /// Claims whose worker is alive.
    hands: Vec<Claimed>,
    /// Leases that are over: their tokens must open nothing.
    stale: Vec<Claimed>,
    sent: Vec<(Action, ActionId)>,
}

impl Run {
    fn chance(&mut self, one_in: u32) -> bool {
        self.rng.random_ratio(1, one_in)
    }

    fn pick(&mut self, count: usize) -> usize {
        self.rng.random_range(0..count)
    }

    async fn enqueue(&mut self) {
        let account = PLANS[self.pick(PLANS.len())].0;
        let kind = KINDS[self.pick(KINDS.len())];
        let target = if ["like", "comment"].contains(&kind) { r#","target":"post:7""# } else { "" };
        let with = if kind == "comment" { r#","with":{"text":"hi"}"# } else { "" };
        let mut more = String::new();
        let now = self.bench.now();
        let after = |seconds: i64| now + jiff::SignedDuration::from_secs(seconds);
        if self.chance(5) {
            let seconds = self.rng.random_range(1..7200);
            write!(more, r#","not_before":"{}""#, after(seconds)).expect("a string takes all");
        }
        if self.chance(5) {
            let seconds = self.rng.random_range(7200..40_000);
            write!(more, r#","expires_at":"{}""#, after(seconds)).expect("a string takes all");
        }
        if kind == "comment" && self.chance(3) {
            more += r#","route":"api""#;
        }
        if self.chance(3) {
            write!(more, r#","key":"k{}""#, self.pick(40)).expect("a string takes all");
        }
        let json = format!(r#"{{"account":"{account}","kind":"{kind}"{target}{with}{more}}}"#);
        let action = Action::parse(json.as_bytes(), now).expect("a good action");
        let id = ActionId::new(now, &mut self.rng);
        let before = self.sent.iter().find(|(one, _)| one.key.is_some() && one.key == action.key);
        let got = self.bench.queue.enqueue(&id, &action, None).await.expect("an answer");
        match (before, got) {
            (Some((one, first)), Enqueued::Same(id)) => {
                assert_eq!((one, first), (&action, &id), "same key, another action");
            }
            (Some((one, first)), Enqueued::Conflict(id)) => {
                assert_ne!(one, &action, "the same action is no conflict");
                assert_eq!(first, &id);
            }
            (None, Enqueued::New(id)) => self.sent.push((action, id)),
            // The key is free again some time after its action has ended.
            (Some(_), Enqueued::New(id)) => {
                self.sent.retain(|(one, _)| one.key != action.key);
                self.sent.push((action, id));
            }
            (_, other) => panic!("{json}: {other:?}"),
        }
    }

    async fn claim(&mut self) {
        let name = format!("w{}", self.pick(3));
        let mut ask = self.bench.asking(&name);
        if self.chance(3) {
            ask.classes = vec![Class::ALL[self.pick(2)]];
        }
        let claim = self.bench.queue.claim(&ask).await.expect("an answer");
        if let Claim::Work(claimed) = &claim {
            if self.chance(4) {
                let again = self.bench.queue.claim(&ask).await.expect("an answer");
                assert_eq!(again, claim, "the same nonce gets the same answer");
            }
            assert!(ask.classes.contains(&claimed.lease.class));
            self.model.claimed(claimed, self.bench.now());
            self.hands.push((**claimed).clone());
        }
    }

    async fn begin(&mut self) {
        let Some(n) = self.some_hand() else { return };
        let claimed = self.hands[n].clone();
        let now = self.bench.now();
        let begun = self.bench.queue.begin(&claimed.lease, &claimed.id).await.expect("an answer");
        match begun {
            Begun::Go if claimed.duty == Duty::Perform => self.model.begun(&claimed, now),
            Begun::Go => assert!(self.model.is_live(&claimed.lease, now)),
            Begun::Fenced => assert!(!self.model.is_live(&claimed.lease, now), "fenced in error"),
            Begun::Full => self.model.full(&claimed, now),
        }
    }

    fn some_hand(&mut self) -> Option<usize> {
        if self.hands.is_empty() { None } else { Some(self.pick(self.hands.len())) }
    }

    fn ending(&mut self) -> Settlement {
        let endings = [done(), done(), done(), retry(), notrun(), fatal(), unknown(), not_there()];
        endings[self.pick(endings.len())].clone()
    }

    async fn finish(&mut self) {
        let Some(n) = self.some_hand() else { return };
        let claimed = self.hands.swap_remove(n);
        let now = self.bench.now();
        let mut ending = self.ending();
        if self.model.has_begun(&claimed) && ending == notrun() {
            ending = unknown();
        }
        let settled = self.bench.settle(&claimed, &ending).await;
        match settled {
            Settled::As { .. } => {
                self.model.settled(&claimed, ending == notrun(), now);
                if self.chance(3) {
                    assert_eq!(self.bench.settle(&claimed, &ending).await, settled, "repeated");
                }
            }
            Settled::Fenced => assert!(!self.model.holds(&claimed.lease), "fenced in error"),
        }
        self.stale.push(claimed);
    }

    async fn release(&mut self) {
        let Some(n) = self.some_hand() else { return };
        if self.model.has_begun(&self.hands[n]) {
            return;
        }
        let claimed = self.hands.swap_remove(n);
        let (lease, id) = (&claimed.lease, &claimed.id);
        if self.bench.queue.release(lease, Some(&HandBack::stopping(id))).await.expect("an answer")
        {
            self.model.settled(&claimed, true, self.bench.now());
        } else {
            assert!(!self.model.holds(lease), "refused in error");
        }
        self.stale.push(claimed);
    }

    async fn extend(&mut self) {
        let leases: Vec<Lease> = self.hands.iter().map(|one| one.lease.clone()).collect();
        if leases.is_empty() {
            return;
        }
        let lost = self.bench.queue.extend(&leases).await.expect("an answer");
        for lease in &leases {
            assert_eq!(lost.contains(lease), !self.model.holds(lease), "{lease:?}");
            if !lost.contains(lease) {
                self.model.extended(lease, self.bench.now());
            }
        }
        let over: Vec<_> = self.hands.extract_if(.., |one| lost.contains(&one.lease)).collect();
        self.stale.extend(over);
    }

    /// A worker dies with what it had in hand.
    fn vanish(&mut self) {
        if let Some(n) = self.some_hand() {
            let claimed = self.hands.swap_remove(n);
            self.stale.push(claimed);
        }
    }

    async fn use_stale_token(&mut self) {
        if self.stale.is_empty() {
            return;
        }
        let n = self.pick(self.stale.len());
        let claimed = self.stale[n].clone();
        if self.model.holds(&claimed.lease) {
            return;
        }
        let before = self.snapshot(&claimed).await;
        let begun = self.bench.queue.begin(&claimed.lease, &claimed.id).await.expect("an answer");
        assert_eq!(begun, Begun::Fenced);
        let lease = std::slice::from_ref(&claimed.lease);
        assert_eq!(self.bench.queue.extend(lease).await.expect("an answer"), lease);
        self.bench.settle(&claimed, &fatal()).await;
        assert_eq!(self.snapshot(&claimed).await, before, "a stale token changed something");
    }

    async fn snapshot(&self, claimed: &Claimed) -> [BTreeMap<String, String>; 2] {
        let job = self.bench.ask(&["HGETALL", &format!("P:j:{}", claimed.id)]).await;
        let account = format!("P:a:{}", claimed.lease.account);
        [job, self.bench.ask(&["HGETALL", &account]).await]
    }

    async fn pass(&mut self) {
        if self.chance(5) {
            // Windows end on the hour: what spans one is where counting goes wrong.
            let ms = self.bench.now().as_millisecond();
            let edge = (ms / 3_600_000 + 1) * 3_600_000 - 5_000;
            return self.bench.set(edge.max(ms + 6_000)).await;
        }
        let most = [2, 40, 40, 200, 4000, 40_000][self.pick(6)];
        let ms = self.rng.next_u64() % (most * 1000);
        self.bench.pass(Duration::from_millis(ms)).await;
    }

    async fn reap(&mut self) {
        let due = self.model.due(self.bench.now());
        let reaped = self.bench.queue.reap(1000).await.expect("an answer");
        assert_eq!(
            reaped.leases as usize,
            due.len(),
            "taken back: what ended a grace ago, no more"
        );
        self.model.reaped(&due);
    }

    async fn hold(&mut self) {
        let n = self.pick(PLANS.len());
        let (id, _, zone) = PLANS[n];
        let mut account = setting(id, id, zone);
        account.held = if self.chance(2) { Some(held("operator")) } else { None };
        if self.chance(4) {
            account.routes.insert("comment".into(), Some(Class::Api));
        }
        self.model.held(id, account.held.is_some());
        if self.chance(4) {
            self.bench.queue.fence_account(&account).await.expect("an answer");
            self.model.fenced(id, self.bench.now());
        } else {
            self.bench.queue.put_account(&account).await.expect("an answer");
        }
    }

    async fn cancel(&mut self) {
        if self.sent.is_empty() {
            return;
        }
        let n = self.pick(self.sent.len());
        let id = self.sent[n].1.clone();
        let said = self.bench.queue.cancel(&id, &person("chance")).await.expect("an answer");
        assert!(!matches!(said, Cancelled::NoAction) || self.sent.len() > 1);
    }

    async fn step(&mut self) {
        match self.pick(40) {
            0..=7 => self.enqueue().await,
            8..=16 => self.claim().await,
            17..=21 => self.begin().await,
            22..=26 => self.finish().await,
            27 => self.release().await,
            28..=29 => self.extend().await,
            30 => self.vanish(),
            31 => self.use_stale_token().await,
            32..=35 => self.pass().await,
            36..=37 => self.reap().await,
            38 => self.hold().await,
            _ => self.cancel().await,
        }
    }

    /// Lets everybody act and time pass until nothing is left: all work ends by itself.
    async fn run_dry(&mut self) {
        self.hands.clear();
        for (id, _, zone) in PLANS {
            self.model.held(id, false);
            self.bench.queue.put_account(&setting(id, id, zone)).await.expect("an answer");
        }
        for _ in 0..20_000 {
            self.reap().await;
            match self.bench.try_claim("w9").await {
                Claim::Work(claimed) => {
                    let now = self.bench.now();
                    self.model.claimed(&claimed, now);
                    self.bench.queue.begin(&claimed.lease, &claimed.id).await.expect("an answer");
                    if claimed.duty == Duty::Perform {
                        self.model.begun(&claimed, now);
                    }
                    self.bench.settle(&claimed, &done()).await;
                    self.model.settled(&claimed, false, now);
                }
                Claim::Nothing { next } => {
                    let reap = self.bench.queue.reap(1000).await.expect("an answer").next;
                    let Some(next) = next.into_iter().chain(reap).min() else { return };
                    self.bench.pass(next).await;
                }
                Claim::Shut { why, .. } => panic!("shut: {why}"),
            }
        }
        panic!("it never ran dry");
    }
}

async fn simulate(seed: u64, steps: u32) {
    let _says = Says(seed);
    let bench = Bench::with(START, options()).await;
    for (id, limits, zone) in PLANS {
        bench.account_in(id, limits, zone).await;
    }
    let caps = FleetCaps { hourly: Some(model::FLEET_HOURLY), daily: None };
    bench.queue.set_fleet_caps(&caps).await.expect("an answer");
    let rng = Seed(seed).rng();
    let (hands, stale, sent) = (Vec::new(), Vec::new(), Vec::new());
    let mut run = Run { bench, model: Model::default(), rng, hands, stale, sent };
    for n in 0..steps {
        run.step().await;
        if n % 25 == 0 {
            run.model.check_indexes(&run.bench).await;
        }
    }
    run.run_dry().await;
    run.model.check_indexes(&run.bench).await;
    run.model.check_performed();
    model::check_events(&run.bench).await;
    run.bench.check().await;
}

#[expect(clippy::disallowed_methods, reason = "a failed run is repeated by its seed")]
fn asked(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

#[tokio::test]
async fn whatever_happens_no_limit_is_exceeded_and_no_work_is_lost() {
    let steps = asked("WALKON_STEPS").map_or(1500, |steps| steps as u32);
    match asked("WALKON_SEED") {
        Some(seed) => simulate(seed, steps).await,
        None => {
            for seed in 1..=3 {
                simulate(seed, steps).await;
            }
        }
    }
}
