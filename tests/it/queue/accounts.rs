//! Holds, routes, removal: what the coordinator says of an account reaches its waiting work.

use std::time::Duration;

use walkon::queue::{HeldFor, Letters, Scope, Settled};
use walkon_core::event::ActionState;
use walkon_core::lease::{Ask, Claim, Class, Duty};

use crate::support::redis::{Bench, done, held, person, setting};

const NOON: &str = "2026-06-01T12:00:00Z";

#[tokio::test]
async fn a_held_account_is_never_claimed_and_goes_on_when_it_is_released() {
    let bench = Bench::at(NOON).await;
    bench.account("ada", "").await;
    let like = bench.add("ada", "like", "").await;
    let mut ada = setting("ada", "ada", "UTC");
    ada.held = Some(held("challenge"));
    bench.queue.put_account(&ada).await.unwrap();
    assert_eq!(bench.idle("w1").await, None);
    bench.pass(Duration::from_hours(365 * 24)).await;
    assert_eq!(bench.idle("w1").await, None, "time lifts no hold");
    assert!(bench.why(&like).await.contains(&"held".to_owned()));
    bench.queue.put_account(&setting("ada", "ada", "UTC")).await.unwrap();
    bench.claim("w1").await;
    let events: Vec<_> = bench.events().await.into_iter().map(|e| e.kind_of_change).collect();
    assert_eq!(events, ["queued", "held", "released", "claimed"]);
}

#[tokio::test]
async fn a_hold_with_an_end_ends_then() {
    let bench = Bench::at(NOON).await;
    bench.account("ada", "").await;
    bench.likes("ada", 1).await;
    let mut ada = setting("ada", "ada", "UTC");
    let until = Some("2026-06-01T13:00:00Z".parse().unwrap());
    ada.held = Some(HeldFor { code: "quota".into(), why: "429".into(), until });
    bench.queue.put_account(&ada).await.unwrap();
    assert_eq!(bench.idle("w1").await, Some(Duration::from_hours(1)));
    bench.pass(Duration::from_hours(1)).await;
    bench.claim("w1").await;
}

#[tokio::test]
async fn a_fence_revokes_the_lease_and_nobody_starts_before_it_would_have_ended() {
    let bench = Bench::at(NOON).await;
    bench.account("ada", "").await;
    bench.likes("ada", 1).await;
    let claimed = bench.claim("w1").await;
    bench.queue.fence_account(&setting("ada", "ada", "UTC")).await.unwrap();
    let lost = bench.queue.extend(std::slice::from_ref(&claimed.lease)).await.unwrap();
    assert_eq!(lost.len(), 1);
    assert_eq!(bench.settle(&claimed, &done()).await, Settled::Fenced);
    assert_eq!(bench.idle("w2").await, Some(Duration::from_secs(33)));
    bench.pass(Duration::from_secs(33)).await;
    bench.claim("w2").await;
    bench.check().await;
}

#[tokio::test]
async fn waiting_work_moves_when_its_route_does() {
    let bench = Bench::at(NOON).await;
    bench.account("ada", "").await;
    let comment = bench.add("ada", "comment", "").await;
    let api = Ask { classes: vec![Class::Api], ..bench.asking("w1") };
    assert_eq!(bench.queue.claim(&api).await.unwrap(), Claim::Nothing { next: None });
    let mut ada = setting("ada", "ada", "UTC");
    ada.routes.insert("comment".into(), None);
    bench.queue.put_account(&ada).await.unwrap();
    assert_eq!(bench.idle("w1").await, None);
    assert_eq!(bench.why(&comment).await, ["route"]);
    ada.routes.insert("comment".into(), Some(Class::Api));
    bench.queue.put_account(&ada).await.unwrap();
    let api = Ask { classes: vec![Class::Api], ..bench.asking("w1") };
    assert!(matches!(bench.queue.claim(&api).await.unwrap(), Claim::Work(_)));
}

#[tokio::test]
async fn a_forced_route_is_kept_whatever_the_rules_prefer() {
    let bench = Bench::at(NOON).await;
    bench.account("ada", "").await;
    bench.add("ada", "comment", r#","route":"api""#).await;
    assert_eq!(bench.claim("w1").await.lease.class, Class::Api);
    let mut ada = setting("ada", "ada", "UTC");
    ada.routes.insert("like@api".into(), None);
    bench.queue.put_account(&ada).await.unwrap();
    bench.add("ada", "like", r#","route":"api""#).await;
    assert_eq!(bench.idle("w2").await, None, "the rules refuse that one");
}

#[tokio::test]
async fn removing_an_account_cancels_what_waits_and_parks_what_may_have_been_done() {
    let bench = Bench::at(NOON).await;
    bench.account("ada", "").await;
    let comment = bench.add("ada", "comment", "").await;
    let claimed = bench.claim("w1").await;
    bench.queue.begin(&claimed.lease, &claimed.id).await.unwrap();
    let like = bench.add("ada", "like", "").await;
    let later = bench.add("ada", "like", r#","not_before":"2026-06-02T12:00:00Z""#).await;
    let ada = "ada".parse().unwrap();
    assert!(bench.queue.remove_account(&ada).await.unwrap());
    for id in [&like, &later] {
        assert_eq!(bench.state(id).await, ActionState::Cancelled);
    }
    assert_eq!(bench.state(&comment).await, ActionState::Unknown);
    let parked = bench.queue.dead_letters(Letters::Parked, 0, 10).await.unwrap();
    assert_eq!(parked.len(), 1);
    assert_eq!(bench.queue.account(&ada).await.unwrap(), None);
    assert_eq!(bench.settle(&claimed, &done()).await, Settled::Fenced);
    bench.check().await;
}

#[tokio::test]
async fn an_account_that_comes_back_has_no_second_quota_that_day() {
    let bench = Bench::at(NOON).await;
    bench.account("ada", "daily = 1").await;
    bench.likes("ada", 1).await;
    assert_eq!(bench.drain("w1").await, 1);
    bench.queue.remove_account(&"ada".parse().unwrap()).await.unwrap();
    bench.account("ada", "daily = 1").await;
    bench.likes("ada", 1).await;
    assert_eq!(bench.drain("w1").await, 0);
}

#[tokio::test]
async fn an_account_that_comes_back_at_once_is_not_claimed_while_the_last_lease_may_be_used() {
    let bench = Bench::at(NOON).await;
    bench.account("ada", "").await;
    bench.likes("ada", 1).await;
    let claimed = bench.claim("w1").await;
    bench.queue.begin(&claimed.lease, &claimed.id).await.unwrap();
    bench.queue.remove_account(&"ada".parse().unwrap()).await.unwrap();
    bench.account("ada", "").await;
    bench.likes("ada", 1).await;
    assert_eq!(bench.idle("w2").await, Some(Duration::from_secs(33)));
    bench.pass(Duration::from_secs(33)).await;
    bench.claim("w2").await;
    bench.check().await;
}

#[tokio::test]
async fn removing_an_account_with_much_work_ends_all_of_it() {
    let bench = Bench::at(NOON).await;
    bench.account("ada", "").await;
    bench.likes("ada", 450).await;
    bench.queue.remove_account(&"ada".parse().unwrap()).await.unwrap();
    let stats = bench.queue.stats().await.unwrap();
    assert_eq!(stats.count(ActionState::Cancelled), 450);
    assert_eq!(stats.planned(), 450);
}

#[tokio::test]
async fn a_held_account_is_not_read_either() {
    let bench = Bench::at(NOON).await;
    bench.account("ada", "").await;
    bench.add("ada", "comment", "").await;
    let claimed = bench.claim("w1").await;
    bench.queue.begin(&claimed.lease, &claimed.id).await.unwrap();
    bench.settle(&claimed, &crate::support::redis::unknown()).await;
    let mut ada = setting("ada", "ada", "UTC");
    ada.held = Some(held("block"));
    bench.queue.put_account(&ada).await.unwrap();
    bench.pass(Duration::from_mins(10)).await;
    assert_eq!(bench.idle("w1").await, None);
    bench.queue.put_account(&setting("ada", "ada", "UTC")).await.unwrap();
    assert_eq!(bench.claim("w1").await.duty, Duty::Verify);
}

#[tokio::test]
async fn nothing_is_claimed_while_the_fleet_is_paused() {
    let bench = Bench::at(NOON).await;
    bench.account("ada", "").await;
    bench.likes("ada", 1).await;
    bench.queue.pause(&Scope::Fleet, &person("fire drill")).await.unwrap();
    match bench.try_claim("w1").await {
        Claim::Shut { why, .. } => assert!(why.contains("fire drill"), "{why}"),
        other => panic!("{other:?}"),
    }
    bench.queue.resume(&Scope::Fleet, &person("over")).await.unwrap();
    bench.claim("w1").await;
}

#[tokio::test]
async fn many_accounts_that_are_written_at_once_are_each_as_if_written_alone() {
    let bench = Bench::at(NOON).await;
    bench.queue.set_plan("free", &crate::support::redis::plan("")).await.unwrap();
    let mut all: Vec<_> = (0..230)
        .map(|n| {
            let zone = if n % 2 == 0 { "UTC" } else { "Europe/Berlin" };
            setting(&format!("member-{n}"), "free", zone)
        })
        .collect();
    all[7].held = Some(held("challenge"));
    bench.queue.put_accounts(all.clone()).await.unwrap();
    // Written again, they are as they were.
    bench.queue.put_accounts(all).await.unwrap();
    let held = bench.add("member-7", "like", "").await;
    for n in [0, 1, 99, 100, 229] {
        bench.add(&format!("member-{n}"), "like", "").await;
    }
    assert_eq!(bench.drain("w1").await, 5);
    assert!(bench.why(&held).await.contains(&"held".to_owned()));
    // One that has no zone is named, whoever stands beside it.
    let lost = vec![setting("ada", "free", "UTC"), setting("ben", "free", "Europe/Atlantis")];
    let error = bench.queue.put_accounts(lost).await.unwrap_err();
    assert!(error.to_string().contains("Europe/Atlantis"), "{error}");
    bench.check().await;
}
