//! Which member a strategy chooses, what it falls back to, and how many of a mission at once.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use walkon::queue::PostView;

use super::{
    CREW, MINUTE, WELCOME, claim_all, fleet, in_order, like, member, next, pools, settle_all,
};
use crate::support::redis::{Bench, done, notrun, unknown};

const SECOND: Duration = Duration::from_secs(1);

async fn by(strategy: &str) -> Bench {
    fleet(&format!("[pools.crew]\nsite = \"plaza\"\nstrategy = \"{strategy}\"\n")).await
}

async fn trio(bench: &Bench, limits: &str) {
    for id in ["ada", "ben", "cy"] {
        member(bench, id, limits, &["crew"]).await;
    }
}

/// Who does the next so many, a second apart.
async fn turns(bench: &Bench, count: usize) -> Vec<String> {
    let mut who = Vec::new();
    for _ in 0..count {
        like(bench, CREW).await;
        bench.pass(SECOND).await;
        who.push(next(bench).await);
    }
    who
}

#[tokio::test]
async fn lru_takes_whoever_has_rested_longest_from_whatever() {
    let bench = by("lru").await;
    trio(&bench, "").await;
    assert_eq!(turns(&bench, 4).await, ["ada", "ben", "cy", "ada"]);
    // Ben does something of his own: it is cy's turn before his.
    bench.likes("ben", 1).await;
    bench.pass(SECOND).await;
    assert_eq!(next(&bench).await, "ben");
    assert_eq!(turns(&bench, 3).await, ["cy", "ada", "ben"]);
}

#[tokio::test]
async fn round_robin_counts_the_turns_at_this_pools_work_alone() {
    let bench = by("round_robin").await;
    trio(&bench, "").await;
    assert_eq!(turns(&bench, 4).await, ["ada", "ben", "cy", "ada"]);
    bench.likes("ben", 1).await;
    bench.pass(SECOND).await;
    assert_eq!(next(&bench).await, "ben");
    assert_eq!(turns(&bench, 3).await, ["ben", "cy", "ada"]);
}

#[tokio::test]
async fn least_loaded_takes_whoever_has_used_the_least_part_of_the_day() {
    let bench = by("least_loaded").await;
    member(&bench, "large", "daily = 40", &["crew"]).await;
    member(&bench, "small", "daily = 10", &["crew"]).await;
    let who = turns(&bench, 25).await;
    let mut counts = BTreeMap::new();
    for name in &who {
        *counts.entry(name.as_str()).or_insert(0) += 1;
    }
    assert_eq!(counts, [("large", 20), ("small", 5)].into());
    // On the next day both begin anew.
    bench.go_to("2026-06-02T12:00:00Z").await;
    bench.queue.refresh_zones().await.unwrap();
    let who: BTreeSet<_> = turns(&bench, 2).await.into_iter().collect();
    assert_eq!(who, ["large".to_owned(), "small".to_owned()].into());
}

#[tokio::test]
async fn random_takes_everybody_about_as_often_as_the_others() {
    let bench = by("random").await;
    trio(&bench, "").await;
    let mut counts: BTreeMap<String, i32> = BTreeMap::new();
    let who = turns(&bench, 150).await;
    for name in &who {
        *counts.entry(name.clone()).or_default() += 1;
    }
    // 50 each, give or take five times the standard deviation of 5.8.
    assert_eq!(counts.len(), 3);
    assert!(counts.values().all(|n| (21..=79).contains(n)), "{counts:?}");
    let repeats = who.windows(2).filter(|pair| pair[0] == pair[1]).count();
    assert!(repeats > 20, "chance repeats itself: {repeats}");
}

#[tokio::test]
async fn another_strategy_is_followed_from_the_next_choice_on() {
    let bench = by("lru").await;
    trio(&bench, "").await;
    assert_eq!(turns(&bench, 3).await, ["ada", "ben", "cy"]);
    let other = pools("[pools.crew]\nsite = \"plaza\"\nstrategy = \"round_robin\"\n");
    bench.queue.set_pools(&other).await.unwrap();
    bench.likes("ada", 1).await;
    bench.pass(SECOND).await;
    next(&bench).await;
    assert_eq!(turns(&bench, 2).await, ["ada", "ben"]);
}

#[tokio::test]
async fn a_fallback_is_asked_while_no_member_may_and_in_its_order() {
    let bench = fleet(
        "[pools.crew]\naccounts = [\"ada\"]\nfallback = [\"near\", \"far\"]\n\
         [pools.near]\naccounts = [\"ben\"]\n[pools.far]\naccounts = [\"cy\"]\n",
    )
    .await;
    let cool = "[kinds.like]\ncooldown = \"1m\"";
    for (id, pool) in [("ada", "crew"), ("ben", "near"), ("cy", "far")] {
        member(&bench, id, cool, &[pool]).await;
    }
    for _ in 0..6 {
        like(&bench, CREW).await;
    }
    let mut who = Vec::new();
    for _ in 0..3 {
        who.push(next(&bench).await);
    }
    assert_eq!(who, ["ada", "ben", "cy"]);
    assert_eq!(bench.idle("w1").await, Some(MINUTE));
    bench.pass(MINUTE).await;
    assert_eq!(next(&bench).await, "ada");
    // Whoever is fallen back to need not serve the others.
    like(&bench, r#""pool":"far""#).await;
    assert_eq!(next(&bench).await, "ben");
    assert_eq!(next(&bench).await, "cy");
    assert_eq!(bench.idle("w1").await, Some(MINUTE));
}

#[tokio::test]
async fn a_fallback_that_becomes_free_first_is_found_without_asking() {
    let bench = fleet(
        "[pools.crew]\naccounts = [\"ada\"]\nfallback = [\"near\"]\n\
         [pools.near]\naccounts = [\"ben\"]\n",
    )
    .await;
    member(&bench, "ada", "[kinds.like]\ncooldown = \"1h\"", &["crew"]).await;
    member(&bench, "ben", "[kinds.like]\ncooldown = \"10m\"", &["near"]).await;
    for _ in 0..3 {
        like(&bench, CREW).await;
    }
    next(&bench).await;
    let second = bench.claim("w1").await;
    assert_eq!(bench.idle("w2").await, Some(60 * MINUTE));
    bench.settle(&second, &done()).await;
    assert_eq!(bench.idle("w2").await, Some(10 * MINUTE));
    bench.pass(10 * MINUTE).await;
    assert_eq!(next(&bench).await, "ben");
}

const MISSION: &str =
    "[pools.crew]\nsite = \"plaza\"\n[missions.welcome]\npool = \"crew\"\nat_most = 2\n";

async fn welcome(bench: &Bench) -> PostView {
    let work = bench.queue.pool_work().await.unwrap();
    work.into_iter().find(|post| post.mission.is_some()).unwrap()
}

#[tokio::test]
async fn of_a_mission_only_so_many_are_under_way_at_once() {
    let bench = fleet(MISSION).await;
    trio(&bench, "").await;
    let last = in_order(&bench, WELCOME, 5).await.pop().unwrap();
    let two = claim_all(&bench).await;
    assert_eq!(two.len(), 2);
    assert_eq!(bench.why(&last).await, ["queue", "mission"]);
    let view = welcome(&bench).await;
    assert_eq!((view.waiting, view.under_way, view.at_most), (3, 2, Some(2)));
    // It keeps nothing else of the pool.
    like(&bench, CREW).await;
    assert_eq!(next(&bench).await, "cy");
    bench.settle(&two[0], &done()).await;
    assert_eq!(claim_all(&bench).await.len(), 1);
    assert_eq!(bench.idle("w9").await, None);
}

#[tokio::test]
async fn what_waits_for_a_reading_is_under_way_and_what_went_back_is_not() {
    let bench = fleet(MISSION).await;
    trio(&bench, "").await;
    let mut sent = in_order(&bench, WELCOME, 3).await;
    sent.pop();
    let two = claim_all(&bench).await;
    assert_eq!(two.iter().map(|one| &one.id).collect::<BTreeSet<_>>(), sent.iter().collect());
    // Liked or not: it will be tried again by the same account.
    bench.queue.begin(&two[0].lease, &two[0].id).await.unwrap();
    bench.settle(&two[0], &unknown()).await;
    assert_eq!(welcome(&bench).await.under_way, 2);
    bench.settle(&two[1], &notrun()).await;
    assert_eq!(welcome(&bench).await.under_way, 1);
    let third = claim_all(&bench).await;
    assert_eq!(third.len(), 1);
    settle_all(&bench, &third).await;
    bench.pass(MINUTE).await;
    let rest = claim_all(&bench).await;
    let back = rest.iter().find(|one| one.id == two[0].id).unwrap();
    assert_eq!(back.lease.account, two[0].lease.account);
    settle_all(&bench, &rest).await;
    assert_eq!(welcome(&bench).await.under_way, 0);
    assert_eq!(bench.idle("w9").await, None);
}

#[tokio::test]
async fn another_number_at_most_holds_from_the_next_on() {
    let bench = fleet(MISSION).await;
    trio(&bench, "").await;
    for _ in 0..4 {
        like(&bench, WELCOME).await;
    }
    assert_eq!(claim_all(&bench).await.len(), 2);
    bench.queue.set_pools(&pools(&MISSION.replace("= 2", "= 3"))).await.unwrap();
    assert_eq!(claim_all(&bench).await.len(), 1);
    bench.queue.set_pools(&pools(&MISSION.replace("= 2", "= 1"))).await.unwrap();
    assert_eq!(bench.idle("w9").await, None);
}
