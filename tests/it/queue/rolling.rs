//! Caps on every hour and every day, wherever it begins.

use std::collections::VecDeque;
use std::time::Duration;

use rand::RngExt as _;
use walkon::queue::Begun;
use walkon_core::lease::Claim;
use walkon_core::rng::Seed;

use crate::support::redis::{Bench, done, notrun, retry};

const MINUTE: Duration = Duration::from_mins(1);
const HOUR: i64 = 3_600_000;

#[tokio::test]
async fn no_hour_holds_more_than_its_cap_also_where_the_clock_strikes_in_it() {
    let bench = Bench::at("2026-06-01T10:50:00Z").await;
    bench.account("ada", "hourly_rolling = 3").await;
    bench.likes("ada", 6).await;
    assert_eq!(bench.drain("w1").await, 3);
    bench.pass(20 * MINUTE).await;
    assert_eq!(bench.drain("w1").await, 0, "a calendar's hour would begin anew");
    // The bucket of five minutes that holds them is counted until the hour has left it.
    assert_eq!(bench.idle("w1").await, Some(45 * MINUTE));
    bench.pass(45 * MINUTE).await;
    assert_eq!(bench.drain("w1").await, 3);
}

#[tokio::test]
async fn a_day_of_a_kind_is_counted_by_itself_and_what_it_waits_for_is_said() {
    let bench = Bench::at("2026-06-01T18:30:00Z").await;
    bench.account("ada", "daily_rolling = 5\n[kinds.like]\ndaily_rolling = 2").await;
    bench.likes("ada", 3).await;
    assert_eq!(bench.drain("w1").await, 2);
    let like = bench.add("ada", "like", "").await;
    let said = bench.queue.why(&like).await.unwrap().unwrap();
    let row = said.reasons.iter().find(|row| row.code == "kind_daily_rolling_cap").unwrap();
    assert_eq!((row.used, row.most), (Some(2), Some(2)));
    assert_eq!(row.until, Some("2026-06-02T19:00:00Z".parse().unwrap()));
    assert!(row.remedy().contains("daily_rolling"));
    for _ in 0..4 {
        bench.add("ada", "scroll_feed", "").await;
    }
    assert_eq!(bench.drain("w1").await, 3, "five of all kinds");
    bench.go_to("2026-06-02T18:59:59Z").await;
    assert_eq!(bench.drain("w1").await, 0);
    bench.go_to("2026-06-02T19:00:00Z").await;
    assert_eq!(bench.drain("w1").await, 3);
}

#[tokio::test]
async fn what_was_provably_not_done_is_given_back_and_what_failed_is_not() {
    let bench = Bench::at("2026-06-01T10:00:00Z").await;
    bench.account("ada", "hourly_rolling = 1").await;
    bench.likes("ada", 1).await;
    let first = bench.claim("w1").await;
    bench.settle(&first, &notrun()).await;
    bench.pass(MINUTE).await;
    let second = bench.claim("w1").await;
    bench.settle(&second, &retry()).await;
    bench.pass(10 * MINUTE).await;
    assert_eq!(bench.drain("w1").await, 0);
    bench.pass(60 * MINUTE).await;
    assert_eq!(bench.drain("w1").await, 1);
}

#[tokio::test]
async fn an_act_counts_from_when_it_begins() {
    let bench = Bench::at("2026-06-01T10:00:00Z").await;
    bench.account("ada", "hourly_rolling = 1").await;
    bench.likes("ada", 2).await;
    let mut claimed = bench.claim("w1").await;
    for _ in 0..30 {
        bench.pass(Duration::from_secs(20)).await;
        assert!(bench.queue.extend(&[claimed.lease.clone()]).await.unwrap().is_empty());
    }
    // Ten minutes later.
    let begun = bench.queue.begin(&claimed.lease, &claimed.id).await.unwrap();
    assert_eq!(begun, Begun::Go);
    bench.settle(&claimed, &done()).await;
    bench.pass(55 * MINUTE).await;
    assert_eq!(bench.idle("w1").await, Some(10 * MINUTE));
    bench.pass(10 * MINUTE).await;
    claimed = bench.claim("w1").await;
    bench.settle(&claimed, &done()).await;
}

#[tokio::test]
async fn a_cap_of_none_in_an_hour_is_never() {
    let bench = Bench::at("2026-06-01T10:00:00Z").await;
    bench.account("ada", "[kinds.like]\nhourly_rolling = 0").await;
    let like = bench.add("ada", "like", "").await;
    assert_eq!(bench.idle("w1").await, None);
    let said = bench.queue.why(&like).await.unwrap().unwrap();
    assert_eq!((said.earliest, said.reasons[0].needs_person()), (None, true));
}

/// Chance: whatever is claimed and begun when, no stretch of an hour or a day holds more.
#[tokio::test]
async fn whatever_the_times_no_stretch_holds_more_than_its_cap() {
    for seed in 1..=3 {
        let mut rng = Seed(seed).child("rolling").rng();
        let bench = Bench::at("2026-06-01T10:00:00Z").await;
        bench.account("ada", "hourly_rolling = 4\ndaily_rolling = 11").await;
        let (mut acts, mut most) = (VecDeque::new(), (0, 0));
        for step in 0..400 {
            bench.likes("ada", 1).await;
            let seconds = [5, 120, 900, 7000][rng.random_range(0..4_usize)];
            bench.pass(Duration::from_secs(rng.random_range(1..=seconds))).await;
            let Claim::Work(claimed) = bench.try_claim("w1").await else { continue };
            bench.pass(Duration::from_secs(rng.random_range(0..25))).await;
            let begun = bench.queue.begin(&claimed.lease, &claimed.id).await.unwrap();
            if begun != Begun::Go || rng.random_ratio(1, 5) {
                bench.settle(&claimed, &if begun == Begun::Go { retry() } else { notrun() }).await;
            } else {
                bench.settle(&claimed, &done()).await;
            }
            if begun == Begun::Go {
                acts.push_back(bench.now().as_millisecond());
            }
            let now = bench.now().as_millisecond();
            let within = |ms: i64| acts.iter().filter(|at| **at > now - ms).count();
            let (hour, day) = (within(HOUR), within(24 * HOUR));
            assert!(hour <= 4 && day <= 11, "seed {seed} step {step}: {hour} and {day}");
            most = (most.0.max(hour), most.1.max(day));
        }
        assert_eq!(most, (4, 11), "seed {seed}: both caps were reached");
    }
}
