//! The relaxed profile: the log is on disk once a second, and before anybody acts.

use std::path::PathBuf;
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use walkon::queue::{Begun, Durability, Embedded, Launch, Options};
use walkon_core::event::ActionState;

use crate::support::redis::{Bench, done, options, own_folder, valkey};

const NOON: &str = "2026-06-01T12:00:00Z";
/// Longer than what a call takes, shorter than a second.
const SOON: Duration = Duration::from_millis(300);

fn relaxed() -> Options {
    Options { durability: Durability::Relaxed, ..options() }
}

fn launch(program: PathBuf) -> Launch {
    Launch { program, durability: Durability::Relaxed }
}

async fn calls(bench: &Bench, command: &str) -> u64 {
    let stats: String = bench.ask(&["INFO", "commandstats"]).await;
    let prefix = format!("cmdstat_{command}:calls=");
    let line = stats.lines().find_map(|line| line.strip_prefix(&prefix)).unwrap_or("0,");
    line.split(',').next().unwrap().parse().unwrap()
}

#[tokio::test]
async fn an_older_redis_is_refused_with_the_remedy() {
    let folder = own_folder("relaxed-old");
    let program = PathBuf::from("redis-server");
    let server = Embedded::launch(&folder, &launch(program)).await.unwrap();
    let strict = Options { url: Some(server.url()), ..options() };
    let facts = match walkon::queue::Queue::connect(&strict).await {
        Ok(queue) => queue.facts().version.clone(),
        Err(error) => {
            assert!(error.to_string().contains("`appendfsync` is `everysec`"), "{error}");
            let accepts = Options { accept_weak_durability: true, ..strict.clone() };
            walkon::queue::Queue::connect(&accepts).await.unwrap().facts().version.clone()
        }
    };
    if !facts.starts_with("7.0") {
        return crate::support::skip(&format!("redis-server is {facts}, not an older one"));
    }
    let asks = Options { url: Some(server.url()), ..relaxed() };
    let error = walkon::queue::Queue::connect(&asks).await.unwrap_err();
    assert!(error.to_string().contains("7.0") && error.to_string().contains("WAITAOF"), "{error}");
    let remedy = error.remedy().unwrap().into_owned();
    assert!(remedy.contains("Redis 7.2") && remedy.contains("Valkey"), "{remedy}");
    server.stop().await.unwrap();
}

#[tokio::test]
async fn whoever_acts_waits_for_the_disk_and_nobody_else_does() {
    let Some(program) = valkey() else { return };
    let folder = own_folder("relaxed-waits");
    let server = Embedded::launch(&folder, &launch(program)).await.unwrap();
    let bench = Bench::on(&server.url(), NOON, relaxed()).await;
    assert_eq!(bench.queue.facts().name, "valkey");
    bench.account("ada", "").await;
    bench.likes("ada", 2).await;
    assert_eq!(calls(&bench, "waitaof").await, 0, "to enqueue waits for nothing");
    let claimed = bench.claim("w1").await;
    assert_eq!(calls(&bench, "waitaof").await, 1);
    // A disk that takes its time.
    bench.ask::<()>(&["CONFIG", "SET", "appendfsync", "no"]).await;
    let (queue, lease, id) = (bench.queue.clone(), claimed.lease.clone(), claimed.id.clone());
    let begin = queue.begin(&lease, &id);
    tokio::pin!(begin);
    let early = tokio::time::timeout(SOON, &mut begin).await;
    assert!(early.is_err(), "it acts before the disk has it: {early:?}");
    bench.likes("ada", 1).await;
    assert_eq!(bench.state(&id).await, ActionState::Running, "others are not held up");
    bench.ask::<()>(&["CONFIG", "SET", "appendfsync", "everysec"]).await;
    bench.likes("ada", 1).await;
    assert_eq!(begin.await.unwrap(), Begun::Go);
    bench.settle(&claimed, &done()).await;
    assert_eq!(calls(&bench, "waitaof").await, 2, "to settle waits for nothing");
    server.stop().await.unwrap();
}

#[tokio::test]
async fn what_has_begun_is_known_after_a_kill_and_claims_wait_for_a_lease() {
    let Some(program) = valkey() else { return };
    for round in 0..3 {
        let folder = own_folder(&format!("relaxed-kill{round}"));
        drop(std::fs::remove_dir_all(&folder));
        let launch = launch(program.clone());
        let mut server = Embedded::launch(&folder, &launch).await.unwrap();
        let bench = Bench::on(&server.url(), NOON, relaxed()).await;
        bench.account("ada", "daily = 2").await;
        bench.likes("ada", 3).await;
        let claimed = bench.claim("w1").await;
        assert_eq!(bench.queue.begin(&claimed.lease, &claimed.id).await.unwrap(), Begun::Go);
        kill(Pid::from_raw(server.pid() as i32), Signal::SIGKILL).unwrap();
        while !server.has_ended() {}
        drop(server);
        let server = Embedded::launch(&folder, &launch).await.unwrap();
        let bench = Bench::on(&server.url(), NOON, relaxed()).await;
        let view = bench.queue.action(&claimed.id).await.unwrap().unwrap();
        assert_eq!(view.state, ActionState::Running);
        let begun = bench.peek(&[format!("j:{}", view.id)]).await[0].get("bg").cloned();
        assert!(begun.is_some(), "that it has begun is known");
        let shut = bench.try_claim("w2").await;
        assert!(matches!(shut, walkon_core::lease::Claim::Shut { .. }), "{shut:?}");
        bench.pass(Duration::from_secs(34)).await;
        bench.queue.reap(10).await.unwrap();
        assert_eq!(bench.drain("w2").await, 1, "two a day, one of them begun before");
        server.stop().await.unwrap();
    }
}
