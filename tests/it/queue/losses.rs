//! Workers that vanish: what is taken back when, and what becomes of their work.

use std::time::Duration;

use walkon::queue::{Cancelled, Letters, Reaped};
use walkon_core::event::ActionState;
use walkon_core::lease::{Claim, Duty};

use crate::support::redis::{Bench, done, not_there, person};

const NOON: &str = "2026-06-01T12:00:00Z";

impl Bench {
    /// Lets every lease end, and takes them back.
    async fn lose_all(&self) -> Reaped {
        self.pass(Duration::from_secs(33)).await;
        self.queue.reap(100).await.expect("an answer")
    }
}

#[tokio::test]
async fn a_lease_is_taken_back_a_grace_after_its_end_and_not_before() {
    let bench = Bench::at(NOON).await;
    bench.account("ada", "").await;
    bench.likes("ada", 1).await;
    let claimed = bench.claim("w1").await;
    let next = bench.queue.reap(10).await.unwrap().next;
    assert_eq!(next, Some(Duration::from_secs(33)));
    bench.pass(Duration::from_millis(32_999)).await;
    assert_eq!(bench.queue.reap(10).await.unwrap().leases, 0);
    let late = bench.queue.begin(&claimed.lease, &claimed.id).await.unwrap();
    assert_eq!(late, walkon::queue::Begun::Fenced, "nobody begins on an ended lease");
    bench.pass(Duration::from_millis(1)).await;
    assert_eq!(bench.queue.reap(10).await.unwrap().leases, 1);
}

#[tokio::test]
async fn what_was_not_begun_is_done_again() {
    let bench = Bench::at(NOON).await;
    bench.account("ada", "").await;
    bench.add("ada", "comment", "").await;
    bench.claim("w1").await;
    bench.lose_all().await;
    let again = bench.claim("w2").await;
    assert_eq!((again.duty, again.attempt), (Duty::Perform, 2), "at once: nobody was at fault");
}

#[tokio::test]
async fn what_takes_its_workers_with_it_waits_before_it_gets_another() {
    let bench = Bench::at(NOON).await;
    bench.account("ada", "").await;
    bench.likes("ada", 1).await;
    for worker in ["w1", "w2"] {
        bench.claim(worker).await;
        bench.lose_all().await;
    }
    assert!(matches!(bench.try_claim("w3").await, Claim::Nothing { next: Some(_) }));
    bench.pass(Duration::from_secs(12)).await;
    assert_eq!(bench.claim("w3").await.attempt, 3);
}

#[tokio::test]
async fn what_was_begun_and_can_be_repeated_is_done_again() {
    let bench = Bench::at(NOON).await;
    bench.account("ada", "").await;
    bench.add("ada", "like", "").await;
    let claimed = bench.claim("w1").await;
    bench.queue.begin(&claimed.lease, &claimed.id).await.unwrap();
    bench.lose_all().await;
    let again = bench.claim("w2").await;
    assert_eq!(again.duty, Duty::Perform);
    assert_eq!(again.begun_at, Some(NOON.parse().unwrap()), "what it finds may be the first one's");
}

#[tokio::test]
async fn what_could_be_repeated_but_has_no_room_under_its_cap_is_read_instead() {
    let bench = Bench::at(NOON).await;
    bench.account("ada", "[kinds.like]\ndaily = 1").await;
    let like = bench.add("ada", "like", "").await;
    let claimed = bench.claim("w1").await;
    bench.queue.begin(&claimed.lease, &claimed.id).await.unwrap();
    bench.lose_all().await;
    let reading = bench.claim("w2").await;
    assert_eq!((reading.duty, reading.begun_at), (Duty::Verify, Some(NOON.parse().unwrap())));
    bench.settle(&reading, &done()).await;
    assert_eq!(bench.state(&like).await, ActionState::Done, "not tomorrow: it is there today");
    bench.check().await;
}

#[tokio::test]
async fn what_may_have_been_made_does_not_expire_unread() {
    let bench = Bench::at(NOON).await;
    bench.account("ada", "").await;
    let like = bench.add("ada", "like", r#","expires_at":"2026-06-01T12:01:00Z""#).await;
    let claimed = bench.claim("w1").await;
    bench.queue.begin(&claimed.lease, &claimed.id).await.unwrap();
    bench.lose_all().await;
    bench.pass(Duration::from_mins(1)).await;
    bench.queue.reap(10).await.unwrap();
    let reading = bench.claim("w2").await;
    assert_eq!(reading.duty, Duty::Verify);
    // It was not made after all: now it may be said.
    bench.settle(&reading, &not_there()).await;
    bench.queue.reap(10).await.unwrap();
    assert_eq!(bench.state(&like).await, ActionState::Expired);
    bench.check().await;
}

#[tokio::test]
async fn what_was_begun_and_is_made_once_is_read_first() {
    let bench = Bench::at(NOON).await;
    bench.account("ada", "").await;
    bench.add("ada", "comment", "").await;
    let claimed = bench.claim("w1").await;
    bench.queue.begin(&claimed.lease, &claimed.id).await.unwrap();
    bench.lose_all().await;
    let reading = bench.claim("w2").await;
    assert_eq!(reading.duty, Duty::Verify);
    // The reader is lost as well: it is read again.
    bench.lose_all().await;
    bench.pass(Duration::from_secs(20)).await;
    assert_eq!(bench.claim("w3").await.duty, Duty::Verify);
}

#[tokio::test]
async fn what_can_neither_be_repeated_nor_read_waits_for_a_person() {
    let bench = Bench::at(NOON).await;
    bench.account("ada", "").await;
    let id = bench.add("ada", "comment", "").await;
    bench.change(&format!("j:{id}"), "ol", "park").await;
    let claimed = bench.claim("w1").await;
    bench.queue.begin(&claimed.lease, &claimed.id).await.unwrap();
    bench.lose_all().await;
    assert_eq!(bench.idle("w2").await, None);
    let parked = bench.queue.dead_letters(Letters::Parked, 0, 10).await.unwrap();
    assert_eq!((parked.len(), parked[0].state), (1, ActionState::Unknown));
    bench.check().await;
}

#[tokio::test]
async fn what_kills_its_workers_is_given_up() {
    let bench = Bench::at(NOON).await;
    bench.account("ada", "").await;
    let like = bench.add("ada", "like", "").await;
    for _ in 0..3 {
        bench.pass(Duration::from_mins(2)).await;
        bench.claim("w1").await;
        bench.lose_all().await;
    }
    assert_eq!(bench.state(&like).await, ActionState::Failed);
    let ends = bench.events().await.into_iter().filter(|event| {
        ["done", "failed", "expired", "cancelled"].contains(&event.kind_of_change.as_str())
    });
    assert_eq!(ends.count(), 1);
    bench.check().await;
}

#[tokio::test]
async fn a_lost_worker_frees_its_account_for_the_next() {
    let bench = Bench::at(NOON).await;
    bench.account("ada", "").await;
    bench.likes("ada", 2).await;
    bench.claim("w1").await;
    assert_eq!(bench.idle("w2").await, None);
    bench.lose_all().await;
    let next = bench.claim("w2").await;
    bench.settle(&next, &done()).await;
}

#[tokio::test]
async fn what_may_have_been_made_is_read_before_it_is_taken_back() {
    for (reading, state) in [(done(), ActionState::Done), (not_there(), ActionState::Cancelled)] {
        let bench = Bench::at(NOON).await;
        bench.account("ada", "").await;
        let id = bench.add("ada", "like", "").await;
        let claimed = bench.claim("w1").await;
        bench.queue.begin(&claimed.lease, &claimed.id).await.unwrap();
        bench.lose_all().await;
        let taken_back = bench.queue.cancel(&id, &person("a slip")).await.unwrap();
        assert_eq!(taken_back, Cancelled::IfNotDone);
        let look = bench.claim("w2").await;
        assert_eq!(look.duty, Duty::Verify);
        bench.settle(&look, &reading).await;
        assert_eq!(bench.state(&id).await, state);
    }
}
