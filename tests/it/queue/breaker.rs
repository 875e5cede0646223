//! An account that fails again and again rests, then tries one action at a time.

use std::time::Duration;

use walkon_core::lease::Claim;
use walkon_core::outcome::Settlement;

use crate::support::redis::{Bench, done, held, notrun, retry, setting};

const NOON: &str = "2026-06-01T12:00:00Z";
const PLAN: &str = "breaker = { failures = 3, rest = \"10m\", longest = \"15m\", successes = 2 }\n";

impl Bench {
    /// Claims, settles so, and lets the wait before the next attempt pass.
    async fn ends(&self, settlement: &Settlement) {
        let claimed = self.claim("w1").await;
        self.settle(&claimed, settlement).await;
        self.pass(Duration::from_secs(20)).await;
    }

    async fn trips(&self) {
        self.account("ada", PLAN).await;
        self.likes("ada", 9).await;
        for _ in 0..3 {
            self.ends(&retry()).await;
        }
    }

    async fn breaker_events(&self) -> Vec<String> {
        let events = self.events().await.into_iter();
        let breaker = events.filter(|event| event.kind_of_change == "breaker");
        breaker.filter_map(|event| event.code).collect()
    }
}

/// When it may be claimed next, in minutes; `None`: something may be now.
fn minutes(claim: &Claim) -> Option<u64> {
    match claim {
        Claim::Nothing { next: Some(next) } => Some(next.as_secs() / 60),
        Claim::Nothing { next: None } => Some(u64::MAX),
        _ => None,
    }
}

#[tokio::test]
async fn failures_in_a_row_let_it_rest() {
    let bench = Bench::at(NOON).await;
    bench.trips().await;
    let rest = minutes(&bench.try_claim("w1").await).expect("nothing may be claimed");
    assert!((8..=10).contains(&rest), "it rests {rest} more minutes of about ten");
    assert_eq!(bench.breaker_events().await, ["open"]);
    bench.check().await;
}

#[tokio::test]
async fn a_success_between_them_starts_the_count_anew() {
    let bench = Bench::at(NOON).await;
    bench.account("ada", PLAN).await;
    bench.likes("ada", 9).await;
    for settlement in [retry(), retry(), done(), retry(), retry()] {
        bench.ends(&settlement).await;
    }
    bench.claim("w1").await;
}

#[tokio::test]
async fn what_is_our_own_fault_does_not_count() {
    let bench = Bench::at(NOON).await;
    bench.account("ada", PLAN).await;
    bench.likes("ada", 9).await;
    for _ in 0..4 {
        bench.ends(&notrun()).await;
    }
    bench.claim("w1").await;
}

#[tokio::test]
async fn after_its_rest_it_tries_one_at_a_time_by_whatever_means() {
    let bench = Bench::at(NOON).await;
    bench.trips().await;
    let api = format!(r#"{{"account":"ada","kind":"{}","target":"post:7","route":"api"}}"#, "like");
    bench.send(&api).await;
    bench.pass(Duration::from_mins(12)).await;
    let probe = bench.claim("w1").await;
    assert_eq!(minutes(&bench.try_claim("w2").await), Some(u64::MAX), "one is trying");
    bench.settle(&probe, &done()).await;
    let second = bench.claim("w2").await;
    assert_eq!(minutes(&bench.try_claim("w1").await), Some(u64::MAX), "one is still trying");
    bench.settle(&second, &done()).await;
    bench.claim("w1").await;
    assert_eq!(bench.breaker_events().await, ["open", "closed"]);
}

#[tokio::test]
async fn a_failed_try_doubles_the_rest_up_to_the_longest() {
    let bench = Bench::at(NOON).await;
    bench.trips().await;
    for _ in 0..2 {
        bench.pass(Duration::from_mins(17)).await;
        bench.ends(&retry()).await;
        let rest = minutes(&bench.try_claim("w1").await).expect("it rests again");
        assert!((12..=16).contains(&rest), "it rests {rest} more minutes of about fifteen");
    }
}

#[tokio::test]
async fn a_person_who_lets_it_go_on_closes_it() {
    let bench = Bench::at(NOON).await;
    bench.trips().await;
    let mut ada = setting("ada", "ada", "UTC");
    ada.held = Some(held("paused"));
    bench.queue.put_account(&ada).await.unwrap();
    ada.held = None;
    bench.queue.put_account(&ada).await.unwrap();
    bench.claim("w1").await;
}

#[tokio::test]
async fn why_says_that_it_rests_and_until_when() {
    let bench = Bench::at(NOON).await;
    bench.trips().await;
    let id = bench.add("ada", "like", "").await;
    let why = bench.queue.why(&id).await.unwrap().expect("it waits");
    let reason = why.reasons.iter().find(|reason| reason.code == "breaker").expect("the breaker");
    assert!(reason.until.is_some_and(|until| until > bench.now()));
}
