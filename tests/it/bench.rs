//! `walkon bench`: that it measures, not how fast; and that it touches nobody's data.

use std::process::{Command, Output};

use serde_json::Value;
use walkon::queue::Embedded;

use crate::support::redis::own_folder;
use crate::support::skip;

/// Small, and yet enough for the memory of an account to stand out from what clients hold.
const SMALL: [&str; 8] =
    ["bench", "queue", "--accounts", "400", "--actions", "1000", "--workers", "8"];

fn walkon(args: &[&str]) -> Output {
    let folder = std::env::temp_dir();
    let mut command = Command::new(env!("CARGO_BIN_EXE_walkon"));
    command.args(args).current_dir(folder).output().unwrap()
}

fn err(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn has_redis() -> bool {
    Command::new("redis-server").arg("--version").output().is_ok()
}

#[test]
fn a_bench_without_a_url_measures_a_redis_of_its_own_and_leaves_no_trace() {
    if !has_redis() {
        return skip("redis-server is not installed");
    }
    let output = walkon(&[&SMALL[..], &["--json"]].concat());
    assert!(output.status.success(), "{}", err(&output));
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    for field in [
        "cycles_per_s",
        "enqueue_per_s",
        "server_us_per_cycle",
        "script_us_per_cycle",
        "scripts_per_cycle",
        "server_us_per_enqueue",
        "bytes_per_account",
        "bytes_per_further_action",
        "idle_claim_us",
        "idle_claim_server_us",
        "idle_claim_together_us",
        "write_p50_ms",
        "write_p99_ms",
        "enqueue_to_begin_p50_ms",
        "enqueue_to_begin_p99_ms",
        "takeover_ms",
    ] {
        assert!(report[field].as_f64().is_some_and(|value| value > 0.0), "{field}: {report}");
    }
    let (p50, p99) = (&report["delayed_p50_ms"], &report["delayed_p99_ms"]);
    assert!(p50.as_f64().unwrap() <= p99.as_f64().unwrap(), "{report}");
    assert_eq!(report.as_object().unwrap().len(), 26, "{report}");
    let size = [&report["accounts"], &report["actions"], &report["workers"]];
    assert_eq!(size, [400, 1000, 8], "{report}");
    assert!(report["redis_version"].as_str().unwrap().contains('.'), "{report}");
    assert!(report["cores"].as_u64() >= Some(1), "{report}");
    // Nobody is done before the lease and the grace of the dead worker are over.
    let patience = report["takeover_lease_ms"].as_f64().unwrap()
        + report["takeover_grace_ms"].as_f64().unwrap();
    assert!(report["takeover_ms"].as_f64().unwrap() >= patience, "{report}");
}

#[tokio::test]
async fn a_redis_that_holds_anything_is_refused_and_left_as_it_is() {
    if !has_redis() {
        return skip("redis-server is not installed");
    }
    let folder = own_folder("bench");
    let server = Embedded::start(&folder).await.unwrap();
    let client = redis::Client::open(server.url()).unwrap();
    let mut redis = client.get_multiplexed_async_connection().await.unwrap();
    // In another database, too.
    for command in [&["SET", "theirs", "1"][..], &["SELECT", "3"], &["SET", "more", "1"]] {
        let mut cmd = redis::cmd(command[0]);
        cmd.arg(&command[1..]).query_async::<()>(&mut redis).await.unwrap();
    }
    let url = server.url();
    let output = walkon(&[&SMALL[..], &["--url", &url]].concat());
    assert_eq!(output.status.code(), Some(3), "{}", err(&output));
    assert!(err(&output).contains("holds 2 keys already"), "{}", err(&output));
    assert!(err(&output).contains("remedy: name an empty Redis"), "{}", err(&output));
    let spaces: String = redis::cmd("INFO").arg("keyspace").query_async(&mut redis).await.unwrap();
    assert!(spaces.contains("db0:keys=1,") && spaces.contains("db3:keys=1,"), "{spaces}");
    redis::cmd("FLUSHALL").query_async::<()>(&mut redis).await.unwrap();
    let output = walkon(&[&SMALL[..], &["--url", &url]].concat());
    assert!(output.status.success(), "{}", err(&output));
    let table = String::from_utf8_lossy(&output.stdout);
    assert!(table.contains("cycles_per_s") && !table.contains("null"), "{table}");
    assert_eq!(table.lines().count(), 26, "the table shows all that the JSON has: {table}");
    let spaces: String = redis::cmd("INFO").arg("keyspace").query_async(&mut redis).await.unwrap();
    assert!(!spaces.contains("db0"), "it removed what it wrote: {spaces}");
    server.stop().await.unwrap();
}

#[test]
fn fewer_actions_than_accounts_are_refused_with_the_reason() {
    let output = walkon(&["bench", "queue", "--accounts", "9", "--actions", "9"]);
    assert_eq!(output.status.code(), Some(3));
    assert!(err(&output).contains("9 actions are too few for 9 accounts"), "{}", err(&output));
}
