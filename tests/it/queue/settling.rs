//! How attempts end: retries, failures, doubt and reading, dead letters, and the event of each.

use std::time::Duration;

use walkon::queue::{Enqueued, Letters, Resolution, Settled};
use walkon_core::event::ActionState;
use walkon_core::lease::{Claimed, Duty};
use walkon_core::outcome::{Finding, Outcome, Settlement};

use crate::support::redis::{Bench, done, fatal, not_there, notrun, person, retry, unknown};

const NOON: &str = "2026-06-01T12:00:00Z";

async fn in_doubt(bench: &Bench) -> Claimed {
    bench.account("ada", "").await;
    bench.add("ada", "comment", "").await;
    let claimed = bench.claim("w1").await;
    bench.queue.begin(&claimed.lease, &claimed.id).await.expect("an answer");
    claimed
}

#[tokio::test]
async fn an_action_stays_whole_whatever_its_key_and_the_reasons_hold() {
    let bench = Bench::at(NOON).await;
    bench.account("ada", "").await;
    let key = r#","key":"one\u0000two""#;
    let keyed = bench.add("ada", "like", key).await;
    let claimed = bench.claim("w1").await;
    assert_eq!(claimed.id, keyed);
    bench.settle(&claimed, &done()).await;
    assert_eq!(bench.state(&keyed).await, ActionState::Done);
    let again = format!(r#"{{"account":"ada","kind":"like","target":"post:7"{key}}}"#);
    assert_eq!(bench.send(&again).await, Enqueued::Same(keyed));
    let long = bench.add("ada", "save", "").await;
    let claimed = bench.claim("w1").await;
    let why = "x".repeat(70_000);
    let ending = Outcome::Fatal { code: "gone".to_owned(), why: why.clone() };
    bench.settle(&claimed, &ending.into()).await;
    let failed = bench.queue.action(&long).await.unwrap().unwrap();
    assert_eq!((failed.state, failed.why), (ActionState::Failed, Some(why)));
}

#[tokio::test]
async fn each_further_attempt_waits_longer_and_the_last_one_fails() {
    let bench = Bench::at(NOON).await;
    bench.account("ada", "").await;
    let like = bench.add("ada", "like", "").await;
    let mut waits = Vec::new();
    for attempt in 1..=5 {
        let claimed = bench.claim("w1").await;
        assert_eq!(claimed.attempt, attempt);
        bench.settle(&claimed, &retry()).await;
        if attempt < 5 {
            assert_eq!(bench.why(&like).await, ["backoff"]);
            let wait = bench.idle("w1").await.expect("it comes back");
            waits.push(wait.as_secs_f64());
            bench.pass(wait).await;
        }
    }
    for (n, wait) in waits.iter().enumerate() {
        let plain = 10.0 * 2_f64.powi(n as i32);
        assert!((plain * 0.79..plain * 1.21).contains(wait), "wait {n} was {wait} s");
    }
    assert_eq!(bench.state(&like).await, ActionState::Failed);
    let dead = bench.queue.dead_letters(Letters::Failed, 0, 10).await.unwrap();
    assert_eq!((dead.len(), dead[0].code.as_deref()), (1, Some("slow")));
    bench.check().await;
}

#[tokio::test]
async fn a_site_that_names_its_wait_is_not_asked_before() {
    let bench = Bench::at(NOON).await;
    bench.account("ada", "").await;
    bench.add("ada", "like", "").await;
    let claimed = bench.claim("w1").await;
    let after = Some(Duration::from_mins(15));
    let limited = Outcome::Retry { code: "rate_limited".into(), why: "429".into(), after };
    bench.settle(&claimed, &limited.into()).await;
    assert_eq!(bench.idle("w1").await, after);
}

#[tokio::test]
async fn a_fatal_ending_fails_at_once_and_can_be_sent_again_by_a_person() {
    let bench = Bench::at(NOON).await;
    bench.account("ada", "").await;
    let like = bench.add("ada", "like", "").await;
    let claimed = bench.claim("w1").await;
    bench.settle(&claimed, &fatal()).await;
    assert_eq!(bench.state(&like).await, ActionState::Failed);
    let none = bench.queue.resolve(&like, Resolution::Done, &person("because")).await.unwrap();
    assert_eq!(none, None, "what failed was not done");
    let state = bench.queue.resolve(&like, Resolution::Retry, &person("because")).await.unwrap();
    assert_eq!(state, Some(ActionState::Waiting));
    assert!(bench.queue.dead_letters(Letters::Failed, 0, 10).await.unwrap().is_empty());
    assert_eq!(bench.claim_done("w1").await.attempt, 1);
    bench.check().await;
}

#[tokio::test]
async fn what_was_made_once_is_read_before_anything_else() {
    let bench = Bench::at(NOON).await;
    let claimed = in_doubt(&bench).await;
    bench.settle(&claimed, &unknown()).await;
    assert_eq!(bench.state(&claimed.id).await, ActionState::Unknown);
    bench.pass(Duration::from_secs(20)).await;
    let reading = bench.claim("w2").await;
    assert_eq!((reading.id.clone(), reading.duty), (claimed.id.clone(), Duty::Verify));
    assert_eq!(reading.begun_at, Some(NOON.parse().unwrap()));
    assert_eq!(bench.state(&claimed.id).await, ActionState::Unknown, "while it is being read");
    bench.settle(&reading, &done()).await;
    assert_eq!(bench.state(&claimed.id).await, ActionState::Done);
    bench.check().await;
}

#[tokio::test]
async fn what_was_looked_for_and_is_not_there_is_done_again() {
    let bench = Bench::at(NOON).await;
    let claimed = in_doubt(&bench).await;
    bench.settle(&claimed, &unknown()).await;
    bench.pass(Duration::from_secs(20)).await;
    let reading = bench.claim("w2").await;
    bench.settle(&reading, &not_there()).await;
    bench.pass(Duration::from_mins(1)).await;
    let again = bench.claim("w3").await;
    assert_eq!((again.duty, again.attempt, again.begun_at), (Duty::Perform, 2, None));
}

#[tokio::test]
async fn a_reading_that_did_not_run_says_nothing_and_is_made_again() {
    let bench = Bench::at(NOON).await;
    let claimed = in_doubt(&bench).await;
    bench.settle(&claimed, &unknown()).await;
    for ending in [notrun(), retry(), unknown(), notrun()] {
        bench.pass(Duration::from_mins(10)).await;
        let reading = bench.claim("w2").await;
        assert_eq!(reading.duty, Duty::Verify);
        bench.settle(&reading, &ending).await;
    }
    bench.pass(Duration::from_mins(10)).await;
    let last = bench.claim("w2").await;
    bench.settle(&last, &retry()).await;
    let parked = bench.queue.dead_letters(Letters::Parked, 0, 10).await.unwrap();
    assert_eq!((parked.len(), parked[0].state), (1, ActionState::Unknown));
    assert_eq!(bench.why(&claimed.id).await, ["parked"]);
    let state =
        bench.queue.resolve(&claimed.id, Resolution::Done, &person("because")).await.unwrap();
    assert_eq!(state, Some(ActionState::Done));
    bench.check().await;
}

#[tokio::test]
async fn reading_takes_nothing_from_the_limits_and_waits_for_none() {
    let bench = Bench::at(NOON).await;
    bench.account("ada", "daily = 1\n[kinds.comment]\ncooldown = \"6h\"").await;
    bench.add("ada", "comment", "").await;
    let claimed = bench.claim("w1").await;
    bench.queue.begin(&claimed.lease, &claimed.id).await.unwrap();
    bench.settle(&claimed, &unknown()).await;
    bench.pass(Duration::from_secs(20)).await;
    let reading = bench.claim("w2").await;
    assert_eq!(reading.duty, Duty::Verify);
    let today = bench.queue.account(&reading.lease.account).await.unwrap().unwrap().today;
    assert_eq!(today, 1);
}

#[tokio::test]
async fn findings_are_told_beside_the_ending() {
    let bench = Bench::at(NOON).await;
    bench.account("ada", "").await;
    bench.add("ada", "like", "").await;
    let claimed = bench.claim("w1").await;
    let findings = vec![Finding::SignedOut, Finding::Limited];
    bench.settle(&claimed, &Settlement { findings, ..retry() }).await;
    let events = bench.events().await;
    let found: Vec<_> = events.iter().filter(|event| event.kind_of_change == "finding").collect();
    let codes: Vec<_> = found.iter().filter_map(|event| event.code.as_deref()).collect();
    assert_eq!(codes, ["signed_out", "limited"]);
}

#[tokio::test]
async fn a_result_is_told_and_kept_and_one_too_large_is_dropped() {
    let bench = Bench::at(NOON).await;
    bench.account("ada", "").await;
    for (size, kept) in [(100, true), (3000, false)] {
        let like = bench.add("ada", "like", "").await;
        let claimed = bench.claim("w1").await;
        let result = Some("x".repeat(size));
        let settled = bench.settle(&claimed, &Settlement { result, ..done() }).await;
        assert_eq!(settled, Settled::As { state: ActionState::Done, kept: false });
        assert_eq!(bench.queue.action(&like).await.unwrap().unwrap().result.is_some(), kept);
        let last = bench.events().await.pop().unwrap();
        assert_eq!(last.result.is_some(), kept);
    }
}

#[tokio::test]
async fn events_come_again_until_acknowledged_and_only_then_leave_the_stream() {
    let bench = Bench::at(NOON).await;
    bench.account("ada", "").await;
    bench.likes("ada", 3).await;
    let mut first = bench.queue.events("copy", "a").await.unwrap();
    let two = first.read(2, Duration::from_millis(1)).await.unwrap();
    assert_eq!(two.len(), 2);
    first.ack(std::slice::from_ref(&two[0].id)).await.unwrap();
    let mut second = bench.queue.events("copy", "b").await.unwrap();
    let again = second.reclaim(10, Duration::ZERO).await.unwrap();
    assert_eq!(again, two[1..], "what the first did not acknowledge");
    assert_eq!(bench.queue.trim_events().await.unwrap(), 1);
    let rest = first.read(10, Duration::from_millis(1)).await.unwrap();
    let ids: Vec<_> = again.iter().chain(&rest).map(|one| one.id.clone()).collect();
    second.ack(&ids).await.unwrap();
    assert_eq!(bench.queue.trim_events().await.unwrap(), 2);
    assert_eq!(bench.queue.stats().await.unwrap().events, 0);
}
