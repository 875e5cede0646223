//! What docs/clients.md shows is what works: its snippets are run as they stand.

use std::fs;
use std::path::Path;

use tokio::process::Command;

use crate::support::fleet::{Home, TestFleet, project};
use crate::support::{PATIENCE, skip};

/// The first snippet of that language.
fn snippet(language: &str) -> String {
    let text = fs::read_to_string(project("docs/clients.md")).unwrap();
    let (_, rest) = text.split_once(&format!("```{language}\n")).expect("a snippet");
    rest.split_once("```").expect("its end").0.to_owned()
}

async fn has(program: &str) -> bool {
    Command::new(program).arg("--version").output().await.is_ok()
}

/// Runs a snippet against the fleet; what it printed.
async fn run(fleet: &TestFleet, command: &mut Command) -> String {
    let socket = fleet.home.data().join("redis/redis.sock");
    command.env("SOCKET", socket).kill_on_drop(true);
    let ended = tokio::time::timeout(PATIENCE, command.output()).await;
    let output = ended.unwrap_or_else(|_| panic!("{command:?} does not end")).unwrap();
    let err = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {err}");
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

async fn fleet() -> TestFleet {
    Home::new().await.account("ada", "").account("ben", "").start().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_redis_cli_sends_as_documented_is_done_once_even_when_sent_twice() {
    if !has("redis-cli").await {
        return skip("redis-cli is not installed");
    }
    let mut fleet = fleet().await;
    for _ in 0..2 {
        let intake = run(&fleet, Command::new("sh").arg("-c").arg(snippet("sh"))).await;
        let told = |event: &serde_json::Value| event["intake"] == intake.as_str();
        assert!(intake.contains('-'), "XADD answers with the entry's id: {intake}");
        if fleet.ledger().await.is_empty() {
            fleet.event("its event is told", told).await;
        }
        fleet.event("it is done", |event| event["type"] == "done").await;
    }
    assert_eq!(fleet.done("ada", "like").await.len(), 1, "one key, one like");
    assert_eq!(fleet.stop().await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_python_sends_as_documented_is_done_and_python_hears_of_it() {
    let packages = project("target/clients/python");
    let mut probe = Command::new("python3");
    probe.args(["-c", "import redis"]).env("PYTHONPATH", &packages);
    if !probe.output().await.is_ok_and(|output| output.status.success()) {
        return skip("python3 has no redis-py: run scripts/clients");
    }
    let mut fleet = fleet().await;
    let mut python = Command::new("python3");
    python.arg("-c").arg(snippet("python")).env("PYTHONPATH", &packages);
    assert_eq!(run(&fleet, &mut python).await, "done made");
    assert_eq!(fleet.done("ada", "save").await.len(), 1);
    assert_eq!(fleet.stop().await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_node_sends_as_documented_is_done_and_node_hears_of_it() {
    let packages = project("target/clients/node");
    if !has("node").await || !Path::new(&packages).join("node_modules/redis").exists() {
        return skip("node has no node-redis: run scripts/clients");
    }
    let mut fleet = fleet().await;
    // Node looks for packages beside the file, so it is run from where they are.
    let mut node = Command::new("node");
    node.args(["--input-type=module", "--eval", &snippet("js")]).current_dir(&packages);
    assert_eq!(run(&fleet, &mut node).await, "done made");
    assert_eq!(fleet.done("ada", "follow").await.len(), 1);
    assert_eq!(fleet.stop().await, 0);
}
