//! How full a cap is, told once a window.

use std::time::Duration;

use walkon::queue::FleetCaps;

use crate::support::redis::{Bench, done, notrun};

const NOON: &str = "2026-06-01T12:00:00Z";

impl Bench {
    /// What was told of caps: which, and how full.
    async fn alarms(&self) -> Vec<String> {
        let events = self.events().await.into_iter();
        let quota = events.filter(|event| event.kind_of_change == "quota");
        quota.map(|event| format!("{} {}", event.code.unwrap(), event.why.unwrap())).collect()
    }
}

#[tokio::test]
async fn a_cap_tells_that_it_is_nearly_and_wholly_used_once_a_day() {
    let bench = Bench::at(NOON).await;
    bench.account("ada", "daily = 20").await;
    bench.likes("ada", 40).await;
    for _ in 0..20 {
        bench.claim_done("w1").await;
    }
    let told = [
        "daily_cap 16 of 20 used: 80 %",
        "daily_cap 19 of 20 used: 95 %",
        "daily_cap 20 of 20 used: 100 %",
    ];
    assert_eq!(bench.alarms().await, told);
    bench.go_to("2026-06-02T00:00:00Z").await;
    for _ in 0..16 {
        bench.claim_done("w1").await;
    }
    assert_eq!(bench.alarms().await, ["daily_cap 16 of 20 used: 80 %"], "a new day, a new count");
}

#[tokio::test]
async fn what_was_given_back_and_taken_again_is_not_told_twice() {
    let bench = Bench::at(NOON).await;
    bench.account("ada", "[kinds.like]\nhourly = 5").await;
    bench.likes("ada", 9).await;
    for _ in 0..3 {
        bench.claim_done("w1").await;
    }
    for settlement in [notrun(), done()] {
        let claimed = bench.claim("w1").await;
        bench.queue.finish(&claimed.lease, &claimed.id, &settlement, false).await.unwrap();
        bench.pass(Duration::from_secs(20)).await;
    }
    assert_eq!(bench.alarms().await, ["kind_hourly_cap 4 of 5 used: 80 %"]);
}

#[tokio::test]
async fn an_act_that_fills_the_hour_after_its_claim_tells_of_that_hour() {
    let bench = Bench::at("2026-06-01T12:59:55Z").await;
    bench.account("ada", "hourly = 1").await;
    bench.likes("ada", 1).await;
    let claimed = bench.claim("w1").await;
    let told = ["hourly_cap 1 of 1 used: 100 %"];
    assert_eq!(bench.alarms().await, told);
    bench.pass(Duration::from_secs(10)).await;
    bench.queue.begin(&claimed.lease, &claimed.id).await.unwrap();
    assert_eq!(bench.alarms().await, told, "another hour, another count");
}

#[tokio::test]
async fn the_fleets_own_cap_tells_too() {
    let bench = Bench::at(NOON).await;
    let caps = FleetCaps { hourly: Some(5), daily: None };
    bench.queue.set_fleet_caps(&caps).await.unwrap();
    for account in ["ada", "ben"] {
        bench.account(account, "").await;
        bench.likes(account, 2).await;
    }
    for _ in 0..4 {
        bench.claim_done("w1").await;
    }
    assert_eq!(bench.alarms().await, ["global_hourly_cap 4 of 5 used: 80 %"]);
}
