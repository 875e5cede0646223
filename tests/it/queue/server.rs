//! The server itself: our own, somebody else's, and one that is killed.

use std::process::{Command, Stdio};
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use walkon::queue::{Embedded, Error, Options, Queue};
use walkon_core::lease::Claim;

use crate::support::redis::{Bench, done, options, own_folder, worker};

const NOON: &str = "2026-06-01T12:00:00Z";

fn kill_server(server: &mut Embedded) {
    kill(Pid::from_raw(server.pid() as i32), Signal::SIGKILL).expect("it runs");
    while !server.has_ended() {}
}

#[tokio::test]
async fn a_killed_server_has_kept_all_it_acknowledged_and_claims_wait_for_old_leases() {
    let folder = own_folder("killed");
    let mut server = crate::support::redis::start(&folder).await.unwrap();
    let bench = Bench::on(&server.url(), NOON, options()).await;
    for n in 0..4 {
        let id = format!("a{n}");
        bench.account(&id, "daily = 1").await;
        bench.likes(&id, 10).await;
    }
    let claimed = bench.claim("w1").await;
    bench.claim_done("w2").await;
    let before = bench.queue.stats().await.unwrap();
    kill_server(&mut server);
    drop(server);

    let server = crate::support::redis::start(&folder).await.unwrap();
    let bench = Bench::on(&server.url(), NOON, options()).await;
    assert_eq!(bench.queue.stats().await.unwrap(), before, "nothing acknowledged is lost");
    match bench.try_claim("w3").await {
        Claim::Shut { why, next } => {
            assert!(why.contains("restarted"), "{why}");
            assert_eq!(next, Duration::from_secs(30));
        }
        other => panic!("claims did not wait: {other:?}"),
    }
    bench.settle(&claimed, &done()).await;
    bench.pass(Duration::from_secs(30)).await;
    let next = bench.claim("w3").await;
    assert!(next.lease.token > claimed.lease.token);
    bench.settle(&next, &done()).await;
    assert_eq!(bench.drain("w3").await, 1, "caps hold through the crash: 4 accounts, one each");
    drop(bench);
    server.stop().await.unwrap();
}

#[tokio::test]
async fn after_a_clean_stop_claims_wait_for_nothing() {
    let folder = own_folder("clean");
    let server = crate::support::redis::start(&folder).await.unwrap();
    let bench = Bench::on(&server.url(), NOON, options()).await;
    bench.account("ada", "").await;
    bench.account("ben", "").await;
    bench.likes("ada", 1).await;
    bench.likes("ben", 1).await;
    bench.claim("w1").await;
    bench.queue.close().await.unwrap();
    server.stop().await.unwrap();
    let server = crate::support::redis::start(&folder).await.unwrap();
    let bench = Bench::on(&server.url(), NOON, options()).await;
    bench.claim("w2").await;
    server.stop().await.unwrap();
}

#[tokio::test]
async fn a_data_folder_serves_one_process_at_a_time() {
    let folder = own_folder("twice");
    let server = crate::support::redis::start(&folder).await.unwrap();
    let error = crate::support::redis::start(&folder).await.unwrap_err();
    assert!(matches!(error, Error::Locked(_)), "{error}");
    assert!(error.remedy().is_some());
    server.stop().await.unwrap();
    crate::support::redis::start(&folder).await.unwrap().stop().await.unwrap();
}

#[tokio::test]
async fn a_path_too_long_for_a_socket_is_refused_before_anything_is_started() {
    let folder = own_folder(&"long".repeat(30));
    let error = crate::support::redis::start(&folder).await.unwrap_err();
    assert!(matches!(error, Error::LongPath(_)), "{error}");
}

/// A server as somebody may have it, stopped at the end.
struct Foreign(std::process::Child, String);

impl Foreign {
    async fn start(name: &str, more: &[&str]) -> Self {
        let folder = own_folder(name);
        std::fs::create_dir_all(&folder).expect("a folder");
        let socket = folder.join("r.sock");
        let mut command = Command::new("redis-server");
        command.args(["--port", "0", "--save", ""]).args(more).arg("--unixsocket").arg(&socket);
        command.arg("--dir").arg(&folder).stdout(Stdio::null());
        let child = command.spawn().expect("redis-server is installed");
        for _ in 0..500 {
            if std::os::unix::net::UnixStream::connect(&socket).is_ok() {
                break;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        Self(child, format!("unix://{}", socket.display()))
    }

    fn options(&self) -> Options {
        Options { url: Some(self.1.clone()), ..options() }
    }
}

impl Drop for Foreign {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

#[tokio::test]
async fn a_redis_that_may_forget_is_refused_with_the_remedy_unless_told_to_accept_it() {
    let foreign = Foreign::start("weak", &[]).await;
    let error = Queue::connect(&foreign.options()).await.unwrap_err();
    let remedy = error.remedy().expect("a remedy").into_owned();
    assert!(error.to_string().contains("`appendonly` is `no`"), "{error}");
    assert!(remedy.contains("appendonly yes") && remedy.contains("accept_weak"), "{remedy}");
    let accepting = Options { accept_weak_durability: true, ..foreign.options() };
    assert!(!Queue::connect(&accepting).await.unwrap().facts().is_durable);
}

#[tokio::test]
async fn a_redis_that_syncs_each_second_or_evicts_is_refused_too() {
    let cases: [(&str, &[&str], &str); 2] = [
        ("everysec", &["--appendonly", "yes"], "appendfsync"),
        (
            "evicts",
            &[
                "--appendonly",
                "yes",
                "--appendfsync",
                "always",
                "--maxmemory-policy",
                "allkeys-lru",
            ],
            "maxmemory-policy",
        ),
    ];
    for (name, more, what) in cases {
        let foreign = Foreign::start(name, more).await;
        let error = Queue::connect(&foreign.options()).await.unwrap_err();
        assert!(error.to_string().contains(what), "{name}: {error}");
    }
}

#[tokio::test]
async fn a_full_redis_takes_no_new_work_but_settles_what_runs() {
    let more = ["--appendonly", "yes", "--appendfsync", "always"];
    let foreign = Foreign::start("full", &more).await;
    let bench = Bench::on(&foreign.1, NOON, options()).await;
    bench.account("ada", "").await;
    bench.likes("ada", 2).await;
    let claimed = bench.claim("w1").await;
    bench.ask::<()>(&["CONFIG", "SET", "maxmemory", "1"]).await;
    let json = br#"{"account":"ada","kind":"like","target":"post:7"}"#;
    let action = walkon_core::action::Action::parse(json, bench.now()).unwrap();
    let id = "one".parse().unwrap();
    let error = bench.queue.enqueue(&id, &action, None).await.unwrap_err();
    assert!(matches!(error, Error::Full(_)), "{error}");
    assert!(error.remedy().expect("a remedy").contains("maxmemory"));
    assert!(bench.queue.extend(std::slice::from_ref(&claimed.lease)).await.unwrap().is_empty());
    bench.queue.begin(&claimed.lease, &claimed.id).await.unwrap();
    bench.settle(&claimed, &done()).await;
    bench.ask::<()>(&["CONFIG", "SET", "maxmemory", "0"]).await;
    bench.claim("w1").await;
}

#[tokio::test]
async fn a_replica_is_refused_and_nobody_at_the_address_is_said_plainly() {
    let more = ["--appendonly", "yes", "--appendfsync", "always", "--replicaof", "127.0.0.1 1"];
    let foreign = Foreign::start("replica", &more).await;
    let error = Queue::connect(&foreign.options()).await.unwrap_err();
    assert!(error.to_string().contains("replica"), "{error}");
    let nobody = Options { url: Some("unix:///tmp/nobody-is-here.sock".into()), ..options() };
    let error = Queue::connect(&nobody).await.unwrap_err();
    assert!(matches!(error, Error::Unreachable(_)), "{error:?}");
}

#[tokio::test]
async fn a_primary_that_becomes_a_replica_takes_nothing_and_says_so() {
    let folder = own_folder("demoted");
    let server = crate::support::redis::start(&folder).await.unwrap();
    let bench = Bench::on(&server.url(), NOON, options()).await;
    bench.account("ada", "").await;
    bench.likes("ada", 1).await;
    bench.ask::<()>(&["REPLICAOF", "127.0.0.1", "1"]).await;
    let json = br#"{"account":"ada","kind":"like","target":"post:7"}"#;
    let action = walkon_core::action::Action::parse(json, bench.now()).unwrap();
    let error = bench.queue.enqueue(&"one".parse().unwrap(), &action, None).await.unwrap_err();
    assert!(matches!(error, Error::ReadOnly(_)), "{error:?}");
    assert!(error.remedy().expect("a remedy").contains("primary"));
    let error = bench.queue.claim(&bench.asking("w1")).await.unwrap_err();
    assert!(matches!(error, Error::ReadOnly(_)), "{error:?}");
    bench.ask::<()>(&["REPLICAOF", "NO", "ONE"]).await;
    bench.claim_done("w1").await;
    server.stop().await.unwrap();
}

#[tokio::test]
async fn coordinators_of_two_forms_do_not_share_a_queue() {
    let bench = Bench::at(NOON).await;
    bench.account("ada", "").await;
    bench.likes("ada", 1).await;
    // Another version has made the queue anew.
    bench.ask::<()>(&["HSET", "P:meta", "ver", "999"]).await;
    let running = bench.queue.claim(&bench.asking("w1")).await.unwrap_err();
    let options =
        Options { url: bench.queue.options().url.clone(), ..bench.queue.options().clone() };
    let starting = Queue::connect(&options).await.unwrap_err();
    for error in [running, starting] {
        assert!(error.to_string().contains("form"), "{error}");
        assert!(error.remedy().expect("a remedy").contains("the version that made it"), "{error}");
    }
}

#[tokio::test]
async fn scripts_are_loaded_again_when_the_server_has_forgotten_them() {
    let bench = Bench::at(NOON).await;
    bench.account("ada", "").await;
    bench.likes("ada", 1).await;
    bench.ask::<()>(&["SCRIPT", "FLUSH"]).await;
    bench.claim_done("w1").await;
}

#[tokio::test]
async fn a_clock_that_leaps_forward_takes_no_lease_from_a_worker() {
    let bench = Bench::at(NOON).await;
    bench.account("ada", "").await;
    bench.account("ben", "").await;
    bench.likes("ada", 1).await;
    bench.likes("ben", 1).await;
    bench.ask::<()>(&["HSET", "P:meta", "allow_fake", "2"]).await;
    bench.queue.reap(10).await.unwrap();
    let claimed = bench.claim("w1").await;
    bench.pass(Duration::from_hours(1)).await;
    assert_eq!(bench.queue.reap(10).await.unwrap().leases, 0);
    assert!(matches!(bench.try_claim("w2").await, Claim::Shut { .. }), "claims wait");
    let begun = bench.queue.begin(&claimed.lease, &claimed.id).await.unwrap();
    assert_eq!(begun, walkon::queue::Begun::Go);
    bench.settle(&claimed, &done()).await;
}

#[tokio::test]
async fn a_clock_that_goes_back_shuts_claims_until_it_has_caught_up() {
    let bench = Bench::at(NOON).await;
    bench.account("ada", "[kinds.like]\ncooldown = \"1h\"").await;
    bench.likes("ada", 1).await;
    bench.go_to("2026-06-01T11:00:00Z").await;
    match bench.try_claim("w1").await {
        Claim::Shut { why, next } => {
            assert!(why.contains("clock"), "{why}");
            assert_eq!(next, Duration::from_hours(1));
        }
        other => panic!("{other:?}"),
    }
    bench.go_to(NOON).await;
    bench.claim("w1").await;
    let none = bench.queue.wait(&worker("w8"), &[], Duration::from_millis(10)).await.unwrap();
    assert!(!none);
}
