//! Cooldowns, caps, burst and the fleet's caps.

use std::time::Duration;

use walkon::queue::{Begun, FleetCaps, Scope, Shut};
use walkon_core::action::RouteWish;
use walkon_core::lease::{Claim, HandBack};

use crate::support::redis::{Bench, done, held, notrun, person, retry, setting, worker};

const MINUTE: Duration = Duration::from_mins(1);

#[tokio::test]
async fn two_of_a_kind_are_a_cooldown_apart_counted_from_the_end_of_the_first() {
    let bench = Bench::at("2026-06-01T10:00:00Z").await;
    bench.account("ada", "[kinds.like]\ncooldown = \"90s\"").await;
    bench.likes("ada", 2).await;
    let first = bench.claim("w1").await;
    bench.pass(Duration::from_secs(20)).await;
    bench.settle(&first, &done()).await;
    assert_eq!(bench.idle("w1").await, Some(Duration::from_secs(90)));
    bench.pass(Duration::from_millis(89_999)).await;
    assert_eq!(bench.idle("w1").await, Some(Duration::from_millis(1)));
    bench.pass(Duration::from_millis(1)).await;
    bench.claim("w1").await;
    bench.check().await;
}

#[tokio::test]
async fn a_cooling_kind_does_not_hold_up_another() {
    let bench = Bench::at("2026-06-01T10:00:00Z").await;
    bench.account("ada", "[kinds.like]\ncooldown = \"90s\"").await;
    bench.likes("ada", 2).await;
    bench.add("ada", "follow", "").await;
    let kinds = [bench.claim_done("w1").await, bench.claim_done("w1").await];
    assert_eq!(kinds[0].action.kind, "like");
    assert_eq!(kinds[1].action.kind, "follow");
}

#[tokio::test]
async fn an_hourly_cap_delays_until_the_hour_is_over() {
    let bench = Bench::at("2026-06-01T10:40:00Z").await;
    bench.account("ada", "hourly = 3").await;
    bench.likes("ada", 5).await;
    assert_eq!(bench.drain("w1").await, 3);
    assert_eq!(bench.idle("w1").await, Some(20 * MINUTE));
    bench.pass(20 * MINUTE).await;
    assert_eq!(bench.drain("w1").await, 2);
}

#[tokio::test]
async fn a_daily_cap_delays_until_midnight_where_the_account_lives() {
    let bench = Bench::at("2026-06-01T10:00:00Z").await;
    bench.account_in("ada", "daily = 2", "Asia/Tokyo").await;
    bench.likes("ada", 3).await;
    assert_eq!(bench.drain("w1").await, 2);
    assert_eq!(bench.idle("w1").await, Some(5 * 60 * MINUTE));
    bench.go_to("2026-06-01T15:00:00Z").await;
    assert_eq!(bench.drain("w1").await, 1);
}

#[tokio::test]
async fn a_kind_has_caps_of_its_own() {
    let bench = Bench::at("2026-06-01T10:00:00Z").await;
    bench.account("ada", "[kinds.like]\ndaily = 3\nhourly = 2").await;
    bench.likes("ada", 4).await;
    bench.add("ada", "follow", "").await;
    assert_eq!(bench.drain("w1").await, 3, "two likes and a follow");
    assert_eq!(bench.idle("w1").await, Some(60 * MINUTE));
    bench.pass(60 * MINUTE).await;
    assert_eq!(bench.drain("w1").await, 1);
    assert_eq!(bench.idle("w1").await, Some(13 * 60 * MINUTE), "until midnight");
}

#[tokio::test]
async fn a_cap_of_nothing_means_never() {
    let bench = Bench::at("2026-06-01T10:00:00Z").await;
    bench.account("ada", "[kinds.like]\ndaily = 0").await;
    let like = bench.add("ada", "like", "").await;
    assert_eq!(bench.idle("w1").await, None);
    let why = bench.queue.why(&like).await.unwrap().unwrap();
    assert_eq!((why.earliest, why.reasons[0].code.as_str()), (None, "kind_daily_cap"));
    assert!(why.reasons[0].to_string().contains("never"), "{}", why.reasons[0]);
}

#[tokio::test]
async fn a_burst_lets_a_few_follow_at_once_and_the_rest_at_its_pace() {
    let bench = Bench::at("2026-06-01T10:00:00Z").await;
    bench.account("ada", "burst = { size = 3, interval = \"20s\" }").await;
    bench.likes("ada", 6).await;
    assert_eq!(bench.drain("w1").await, 3);
    assert_eq!(bench.idle("w1").await, Some(Duration::from_secs(20)));
    bench.pass(Duration::from_secs(20)).await;
    assert_eq!(bench.drain("w1").await, 1);
    bench.pass(Duration::from_mins(10)).await;
    assert_eq!(bench.drain("w1").await, 2, "a rest fills the bucket, and no more than that");
}

#[tokio::test]
async fn the_fleets_cap_holds_for_all_accounts_together() {
    let bench = Bench::at("2026-06-01T10:30:00Z").await;
    let caps = FleetCaps { hourly: Some(3), daily: Some(5) };
    bench.queue.set_fleet_caps(&caps).await.unwrap();
    for id in ["ada", "ben", "cyd"] {
        bench.account(id, "").await;
        bench.likes(id, 3).await;
    }
    assert_eq!(bench.drain("w1").await, 3);
    assert_eq!(bench.idle("w1").await, Some(30 * MINUTE));
    bench.pass(30 * MINUTE).await;
    assert_eq!(bench.drain("w1").await, 2);
    bench.pass(12 * 60 * MINUTE).await;
    assert_eq!(bench.drain("w1").await, 0);
    bench.go_to("2026-06-02T00:00:00Z").await;
    assert_eq!(bench.drain("w1").await, 3);
}

#[tokio::test]
async fn signing_in_is_limited_by_nothing_in_the_plan() {
    let bench = Bench::at("2026-06-01T23:00:00Z").await;
    bench.account("ada", "daily = 0\nhours = [\"08:00-09:00\"]").await;
    bench.likes("ada", 1).await;
    bench.add("ada", "sign_in", "").await;
    assert_eq!(bench.claim_done("w1").await.action.kind, "sign_in");
    assert_eq!(bench.idle("w1").await, None);
}

#[tokio::test]
async fn a_refund_undoes_its_own_charge_and_only_in_its_own_window() {
    let bench = Bench::at("2026-06-01T10:59:00Z").await;
    bench.account("ada", "hourly = 1").await;
    bench.likes("ada", 3).await;
    let early = bench.claim("w1").await;
    bench.settle(&early, &notrun()).await;
    let again = bench.claim("w1").await;
    assert_ne!(again.id, early.id, "the first rests after its failure");
    // The hour turns while it runs: what it took is of the old hour.
    bench.pass(2 * MINUTE).await;
    let reap = bench.queue.reap(10).await.unwrap();
    assert_eq!(reap.leases, 1);
    let third = bench.claim("w1").await;
    bench.settle(&third, &notrun()).await;
    assert_eq!(bench.drain("w1").await, 1, "one in this hour, given back and taken again");
}

#[tokio::test]
async fn what_may_have_been_done_is_never_given_back() {
    let bench = Bench::at("2026-06-01T10:00:00Z").await;
    bench.account("ada", "daily = 2").await;
    bench.likes("ada", 3).await;
    let lost = bench.claim("w1").await;
    bench.queue.begin(&lost.lease, &lost.id).await.unwrap();
    bench.pass(MINUTE).await;
    bench.queue.reap(10).await.unwrap();
    let failed = bench.claim("w1").await;
    bench.settle(&failed, &retry()).await;
    bench.pass(60 * MINUTE).await;
    assert_eq!(bench.drain("w1").await, 0, "both of today's are spent");
}

#[tokio::test]
async fn an_act_that_falls_into_the_next_hour_is_charged_to_it() {
    let bench = Bench::at("2026-06-01T10:59:50Z").await;
    bench.account("ada", "hourly = 1").await;
    bench.likes("ada", 2).await;
    let late = bench.claim("w1").await;
    bench.pass(Duration::from_secs(20)).await;
    let begun = bench.queue.begin(&late.lease, &late.id).await.unwrap();
    assert_eq!(begun, walkon::queue::Begun::Go);
    bench.settle(&late, &done()).await;
    assert_eq!(bench.drain("w1").await, 0, "this hour's one is done");
}

#[tokio::test]
async fn an_act_that_would_exceed_the_next_hours_cap_is_not_begun() {
    let bench = Bench::at("2026-06-01T10:59:50Z").await;
    bench.account("ada", "hourly = 1").await;
    // An API action may be claimed beside the browser's: both count.
    let mut ada = crate::support::redis::setting("ada", "ada", "UTC");
    ada.routes.insert("comment".into(), Some(walkon_core::lease::Class::Api));
    bench.queue.put_account(&ada).await.unwrap();
    bench.likes("ada", 1).await;
    let late = bench.claim("w1").await;
    bench.pass(Duration::from_secs(20)).await;
    bench.add("ada", "comment", "").await;
    let other = bench.claim("w2").await;
    assert_eq!(other.action.kind, "comment");
    let begun = bench.queue.begin(&late.lease, &late.id).await.unwrap();
    assert_eq!(begun, walkon::queue::Begun::Full);
    bench.settle(&late, &notrun()).await;
    assert_eq!(bench.queue.account(&late.lease.account).await.unwrap().unwrap().this_hour, 1);
}

/// What is said at `begin`, after the action was claimed and something has come since.
async fn begun_after(bench: &Bench, what: impl AsyncFn(&Bench)) -> Begun {
    bench.account("ada", "hours = [\"08:00-11:00\"]\ndaily = 1").await;
    bench.likes("ada", 1).await;
    let claimed = bench.claim("w1").await;
    what(bench).await;
    let begun = bench.queue.begin(&claimed.lease, &claimed.id).await.unwrap();
    bench.settle(&claimed, &notrun()).await;
    // It was not spent.
    assert_eq!(bench.queue.account(&claimed.lease.account).await.unwrap().unwrap().today, 0);
    begun
}

#[tokio::test]
async fn what_has_come_since_the_claim_keeps_the_act_and_it_goes_back_unspent() {
    let at = async || Bench::at("2026-06-01T10:59:50Z").await;
    let site = Scope::Site("plaza".to_owned());
    let pause = async |bench: &Bench| bench.queue.pause(&site, &person("look")).await.unwrap();
    assert_eq!(begun_after(&at().await, pause).await, Begun::Shut(Shut::Paused));
    let all = async |bench: &Bench| {
        bench.queue.pause(&Scope::Fleet, &person("look")).await.unwrap();
    };
    assert_eq!(begun_after(&at().await, all).await, Begun::Shut(Shut::Paused));
    let hold = async |bench: &Bench| {
        let mut ada = setting("ada", "ada", "UTC");
        ada.held = Some(held("quota"));
        bench.queue.put_account(&ada).await.unwrap();
    };
    assert_eq!(begun_after(&at().await, hold).await, Begun::Shut(Shut::Held));
    let late = async |bench: &Bench| bench.pass(Duration::from_secs(15)).await;
    assert_eq!(begun_after(&at().await, late).await, Begun::Shut(Shut::Hours));
    assert_eq!(begun_after(&at().await, async |_| {}).await, Begun::Go);
}

#[tokio::test]
async fn raising_a_cap_lets_waiting_work_go_at_once() {
    let bench = Bench::at("2026-06-01T10:00:00Z").await;
    bench.account("ada", "daily = 1").await;
    bench.likes("ada", 2).await;
    assert_eq!(bench.drain("w1").await, 1);
    bench.queue.set_plan("ada", &crate::support::redis::plan("daily = 2")).await.unwrap();
    assert_eq!(bench.drain("w1").await, 1);
}

#[tokio::test]
async fn the_earliest_moment_of_a_new_action_is_known_before_it_is_sent() {
    let bench = Bench::at("2026-06-01T10:00:00Z").await;
    bench.account("ada", "daily = 1\nhours = [\"09:00-18:00\"]").await;
    let ada = "ada".parse().unwrap();
    let free = bench.queue.earliest(&ada, "like", RouteWish::Auto, None).await.unwrap().unwrap();
    assert_eq!(free.earliest, Some(bench.now()));
    bench.likes("ada", 1).await;
    bench.drain("w1").await;
    let full = bench.queue.earliest(&ada, "like", RouteWish::Auto, None).await.unwrap().unwrap();
    assert_eq!(full.earliest, Some("2026-06-02T09:00:00Z".parse().unwrap()));
    assert_eq!(full.reasons[0].code, "daily_cap");
    let api = bench.queue.earliest(&ada, "dance", RouteWish::Auto, None).await.unwrap().unwrap();
    assert_eq!((api.earliest, api.reasons[0].code.as_str()), (None, "route"));
    let nobody = "nobody".parse().unwrap();
    assert_eq!(bench.queue.earliest(&nobody, "like", RouteWish::Auto, None).await.unwrap(), None);
}

#[tokio::test]
async fn a_claim_that_finds_everybody_capped_says_when_the_first_is_free() {
    let bench = Bench::at("2026-06-01T10:30:00Z").await;
    for n in 0..40 {
        let id = format!("a{n}");
        bench.account(&id, "hourly = 1").await;
        bench.likes(&id, 2).await;
    }
    assert_eq!(bench.drain("w1").await, 40);
    match bench.queue.claim(&bench.asking("w1")).await.unwrap() {
        Claim::Nothing { next } => assert_eq!(next, Some(30 * MINUTE)),
        other => panic!("{other:?}"),
    }
    assert!(!bench.queue.wait(&worker("w9"), &[], Duration::from_millis(20)).await.unwrap());
}

#[tokio::test]
async fn what_was_begun_and_handed_back_cools_down_from_then() {
    let bench = Bench::at("2026-06-01T10:00:00Z").await;
    bench.account("ada", "[kinds.like]\ncooldown = \"10m\"").await;
    bench.likes("ada", 1).await;
    let claimed = bench.claim("w1").await;
    for _ in 0..29 {
        bench.pass(Duration::from_secs(20)).await;
        bench.queue.extend(std::slice::from_ref(&claimed.lease)).await.unwrap();
    }
    // It may have acted: here, 9 minutes and 40 seconds after its claim.
    bench.queue.begin(&claimed.lease, &claimed.id).await.unwrap();
    let back = HandBack::stopping(&claimed.id);
    bench.queue.release(&claimed.lease, Some(&back)).await.unwrap();
    assert_eq!(bench.idle("w1").await, Some(Duration::from_mins(10)));
}
