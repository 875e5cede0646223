//! Days, hours and active hours where the account lives.

use std::time::Duration;

use crate::support::redis::{Bench, done, setting};

const HOUR: Duration = Duration::from_hours(1);

#[tokio::test]
async fn the_day_the_clocks_go_forward_has_23_hours() {
    let bench = Bench::at("2026-03-28T23:30:00Z").await;
    bench.account_in("ada", "daily = 1", "Europe/Berlin").await;
    bench.likes("ada", 3).await;
    assert_eq!(bench.drain("w1").await, 1, "00:30 in Berlin");
    assert_eq!(bench.idle("w1").await, Some(22 * HOUR + HOUR / 2));
    bench.go_to("2026-03-29T21:59:59Z").await;
    assert_eq!(bench.drain("w1").await, 0);
    bench.go_to("2026-03-29T22:00:00Z").await;
    assert_eq!(bench.drain("w1").await, 1);
    assert_eq!(bench.idle("w1").await, Some(24 * HOUR));
}

#[tokio::test]
async fn the_day_the_clocks_go_back_has_25_hours() {
    let bench = Bench::at("2026-10-24T22:30:00Z").await;
    bench.account_in("ada", "daily = 1", "Europe/Berlin").await;
    bench.likes("ada", 2).await;
    assert_eq!(bench.drain("w1").await, 1, "00:30 in Berlin");
    assert_eq!(bench.idle("w1").await, Some(24 * HOUR + HOUR / 2));
}

#[tokio::test]
async fn hours_turn_where_the_accounts_clock_turns_them() {
    let bench = Bench::at("2026-06-01T10:00:00Z").await;
    // Kathmandu is 5:45 ahead: it is 15:45 there.
    bench.account_in("ada", "hourly = 1", "Asia/Kathmandu").await;
    bench.likes("ada", 2).await;
    assert_eq!(bench.drain("w1").await, 1);
    assert_eq!(bench.idle("w1").await, Some(HOUR / 4));
}

#[tokio::test]
async fn nothing_is_claimed_outside_the_active_hours() {
    let bench = Bench::at("2026-06-01T05:00:00Z").await;
    bench.account_in("ada", "hours = [\"08:30-12:00\", \"14:00-22:00\"]", "Europe/Berlin").await;
    bench.likes("ada", 3).await;
    assert_eq!(bench.idle("w1").await, Some(HOUR + HOUR / 2), "it is 7:00 there");
    bench.go_to("2026-06-01T06:30:00Z").await;
    bench.claim_done("w1").await;
    bench.go_to("2026-06-01T10:00:00Z").await;
    assert_eq!(bench.idle("w1").await, Some(2 * HOUR), "noon: closed for lunch");
    bench.go_to("2026-06-01T20:00:00Z").await;
    assert_eq!(bench.idle("w1").await, Some(10 * HOUR + HOUR / 2), "until tomorrow");
}

#[tokio::test]
async fn active_hours_may_run_over_midnight() {
    let bench = Bench::at("2026-06-01T12:00:00Z").await;
    bench.account("ada", "hours = [\"22:00-02:00\"]").await;
    bench.likes("ada", 3).await;
    assert_eq!(bench.idle("w1").await, Some(10 * HOUR));
    bench.pass(10 * HOUR).await;
    bench.claim_done("w1").await;
    bench.pass(3 * HOUR).await;
    bench.claim_done("w1").await;
    bench.pass(HOUR).await;
    assert_eq!(bench.idle("w1").await, Some(20 * HOUR));
}

#[tokio::test]
async fn active_hours_follow_the_wall_on_the_days_the_clocks_change() {
    let bench = Bench::at("2026-03-29T00:30:00Z").await;
    bench.account_in("ada", "hours = [\"09:00-10:00\"]", "Europe/Berlin").await;
    bench.likes("ada", 2).await;
    // 01:30 at +1; 09:00 comes at +2, which is 07:00Z.
    assert_eq!(bench.idle("w1").await, Some(6 * HOUR + HOUR / 2));
    bench.go_to("2026-10-24T23:30:00Z").await;
    // 01:30 at +2; 09:00 comes at +1, which is 08:00Z.
    assert_eq!(bench.idle("w1").await, Some(8 * HOUR + HOUR / 2));
    bench.go_to("2026-10-25T08:00:00Z").await;
    assert_eq!(bench.drain("w1").await, 2);
}

#[tokio::test]
async fn moving_to_another_zone_gives_no_second_day() {
    let bench = Bench::at("2026-06-01T12:00:00Z").await;
    bench.account_in("ada", "daily = 2", "Europe/Berlin").await;
    bench.likes("ada", 5).await;
    assert_eq!(bench.drain("w1").await, 2);
    // In Tokyo the day ends at 15:00Z, before Berlin's at 22:00Z: the next Tokyo day is used too.
    bench.queue.put_account(&setting("ada", "ada", "Asia/Tokyo")).await.unwrap();
    bench.go_to("2026-06-01T22:30:00Z").await;
    assert_eq!(bench.drain("w1").await, 0);
    bench.go_to("2026-06-02T15:00:00Z").await;
    assert_eq!(bench.drain("w1").await, 2);
}

#[tokio::test]
async fn without_a_table_for_its_day_an_account_does_nothing_and_says_why() {
    let bench = Bench::at("2026-06-01T12:00:00Z").await;
    bench.account("ada", "").await;
    bench.ask::<()>(&["DEL", "P:tz:UTC"]).await;
    let like = bench.add("ada", "like", "").await;
    assert_eq!(bench.idle("w1").await, None);
    assert_eq!(bench.why(&like).await, ["zone"]);
    let error = bench.queue.put_account(&setting("ada", "ada", "Mars/Olympus")).await.unwrap_err();
    assert!(error.remedy().unwrap().contains("IANA"), "{error}");
}

#[tokio::test]
async fn a_table_that_runs_out_is_written_anew_in_time() {
    let bench = Bench::at("2026-06-01T12:00:00Z").await;
    bench.account("ada", "").await;
    bench.go_to("2027-08-01T12:00:00Z").await;
    let like = bench.add("ada", "like", "").await;
    assert_eq!(bench.why(&like).await, ["zone"]);
    assert_eq!(bench.idle("w1").await, None, "it fails closed");
    let rule = walkon::queue::rule("zone").unwrap();
    assert!(rule.remedy.contains("writes the zone's table anew"), "{}", rule.remedy);
    bench.queue.refresh_zones().await.unwrap();
    let claimed = bench.claim("w1").await;
    bench.settle(&claimed, &done()).await;
}
