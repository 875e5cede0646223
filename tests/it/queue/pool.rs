//! How the accounts stand as one pool.

use std::time::Duration;

use walkon::queue::{HeldFor, PoolFilter, PoolStatus, Scope};
use walkon_core::plan::Plan;

use crate::support::redis::{Bench, held, person, setting};

const NOON: &str = "2026-06-01T12:00:00Z";

async fn pool(bench: &Bench) -> PoolStatus {
    bench.queue.pool(&PoolFilter::default()).await.unwrap()
}

async fn hold(bench: &Bench, id: &str, held: HeldFor) {
    bench.account(id, "").await;
    let mut setting = setting(id, id, "UTC");
    setting.held = Some(held);
    bench.queue.put_account(&setting).await.unwrap();
}

#[tokio::test]
async fn each_account_stands_in_one_place_and_its_rule_is_named() {
    let bench = Bench::at(NOON).await;
    bench.account("idle", "").await;
    bench.account("free", "").await;
    bench.likes("free", 1).await;
    bench.account("cool", "[kinds.like]\ncooldown = \"5m\"").await;
    bench.account("full", "[kinds.like]\ndaily = 1").await;
    bench.account("busy", "").await;
    for id in ["cool", "full", "busy"] {
        bench.likes(id, 1).await;
    }
    // All four that have work act once, and all but one end.
    for _ in 0..4 {
        let claimed = bench.claim("w1").await;
        if claimed.lease.account.as_str() != "busy" {
            bench.settle(&claimed, &crate::support::redis::done()).await;
        }
    }
    for id in ["free", "cool", "full"] {
        bench.likes(id, 1).await;
    }
    hold(&bench, "shut", held("block")).await;
    hold(&bench, "rest", held("operator")).await;
    let until = Some("2026-06-01T12:01:00Z".parse().unwrap());
    hold(&bench, "slow", HeldFor { until, ..held("quota") }).await;
    bench.account("late", "").await;
    bench.add("late", "like", r#","not_before":"2026-06-01T18:00:00Z""#).await;
    bench.account("night", "hours = [\"20:00-22:00\"]").await;
    bench.likes("night", 1).await;
    let s = pool(&bench).await;
    assert_eq!((s.total, s.available, s.leased), (10, 2, 1), "{s:?}");
    assert_eq!((s.cooling, s.capped, s.quarantined), (3, 1, 1), "{s:?}");
    assert_eq!((s.paused, s.waiting), (1, 1), "{s:?}");
    let idle = ["idle", "busy", "shut", "rest", "slow"];
    assert_eq!(s.without_work, idle.len() as u64, "{s:?}");
    let reasons: Vec<_> = s.reasons.iter().map(|(code, n)| format!("{code} {n}")).collect();
    let wanted = [
        "block 1",
        "cooldown 1",
        "hours 1",
        "kind_daily_cap 1",
        "lease 1",
        "not_before 1",
        "operator 1",
        "quota 1",
    ];
    assert_eq!(reasons, wanted);
    assert_eq!(s.next_free_at, until, "the one that was asked to go slower comes first");
    bench.queue.pause(&Scope::Site("plaza".into()), &person("a deploy")).await.unwrap();
    let s = pool(&bench).await;
    assert_eq!((s.total, s.paused, s.next_free_at), (10, 10, None), "{s:?}");
}

#[tokio::test]
async fn a_pool_can_be_one_site_or_one_plan() {
    let bench = Bench::at(NOON).await;
    bench.account("ada", "").await;
    bench.account("ben", "").await;
    let mut other = setting("cid", "free", "UTC");
    "elsewhere".clone_into(&mut other.site);
    bench.queue.put_account(&other).await.unwrap();
    let count = async |site: Option<&str>, plan: Option<&str>| {
        let filter =
            PoolFilter { site: site.map(str::to_owned), plan: plan.map(str::to_owned), pool: None };
        bench.queue.pool(&filter).await.unwrap().total
    };
    assert_eq!(count(None, None).await, 3);
    assert_eq!(count(Some("elsewhere"), None).await, 1);
    assert_eq!(count(Some("plaza"), None).await, 2);
    assert_eq!(count(Some("plaza"), Some("ben")).await, 1);
    assert_eq!(count(Some("elsewhere"), Some("ben")).await, 0);
}

#[tokio::test]
async fn an_account_without_work_is_capped_by_what_limits_all_kinds() {
    let bench = Bench::at(NOON).await;
    bench.account("ada", "hourly = 1").await;
    bench.likes("ada", 1).await;
    bench.drain("w1").await;
    let s = pool(&bench).await;
    assert_eq!((s.capped, s.without_work), (1, 1), "{s:?}");
    assert_eq!(s.next_free_at, Some("2026-06-01T13:00:00Z".parse().unwrap()));
    bench.pass(Duration::from_hours(1)).await;
    assert_eq!(pool(&bench).await.available, 1);
}

#[tokio::test]
async fn more_accounts_than_one_script_looks_at_are_all_counted() {
    let bench = Bench::at(NOON).await;
    bench.queue.set_plan("free", &Plan::default()).await.unwrap();
    for n in 0..450 {
        bench.queue.put_account(&setting(&format!("a{n}"), "free", "UTC")).await.unwrap();
    }
    let s = pool(&bench).await;
    assert_eq!((s.total, s.available, s.without_work), (450, 450, 450));
}
