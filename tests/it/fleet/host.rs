//! What may be wrong with the host: a clear error with its remedy, and nothing half-written.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::json;

use crate::support::fleet::{Home, redis_at};
use crate::support::{eventually, skip};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_browser_an_action_waits_unspent_and_says_what_is_missing() {
    let settings = "[browser]\npath = \"/nowhere/chrome\"\n\n[plans.one.kinds.like]\ndaily = 1\n";
    let home = Home::new().await.chromium().settings(settings);
    let mut fleet = home.account("ada", "plan = \"one\"\n").start().await;
    let id = fleet.enqueue(&json!({"account": "ada", "kind": "like", "target": "post:7"})).await;
    let event = fleet.event("it is told", |event| event["code"] == "browser_missing").await;
    assert_eq!(event["type"], "retrying", "{event}");
    let waiting = |action: &serde_json::Value| {
        action["state"] == "waiting" && action["code"] == "browser_missing"
    };
    fleet.action(&id, waiting).await;
    let said = fleet.home.run(&["action", "show", &id]).await;
    assert!(said.out.contains("/nowhere/chrome"), "{said:?}");
    assert!(said.out.contains("set `browser.path`"), "the remedy: {said:?}");
    let why = fleet.home.run(&["action", "why", &id]).await;
    assert!(!why.out.contains("cap"), "no cap was charged: {why:?}");
    assert!(why.out.contains("handed back") && why.out.contains("/nowhere/chrome"), "{why:?}");
    assert_eq!(fleet.action(&id, waiting).await["attempts"], 0, "no attempt was counted");
    assert_eq!(fleet.ledger().await.len(), 0);
    assert_eq!(fleet.stop().await, 0);
}

/// A process of a test's own; killed at the end.
struct Own(std::process::Child);

impl Own {
    fn start(mut command: Command) -> Self {
        Self(command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap())
    }
}

impl Drop for Own {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_host_without_a_browser_hands_back_is_done_by_another_within_its_cap() {
    let settings = "[browser]\npath = \"/nowhere/chrome\"\n\n[plans.one.kinds.like]\ndaily = 1\n";
    let home = Home::new().await.chromium().settings(settings);
    let mut fleet = home.account("ada", "plan = \"one\"\n").start().await;
    let id = fleet.enqueue(&json!({"account": "ada", "kind": "like", "target": "post:7"})).await;
    fleet.event("it comes back", |event| event["code"] == "browser_missing").await;
    let args = ["worker", "--driver", "fake", "--die-with-parent"];
    let good = Own::start(fleet.home.command(&args));
    let done = fleet.reaches(&id, "done").await;
    assert_eq!(done["attempts"], 1, "what came before counts as nothing: {done}");
    assert_eq!(fleet.done("ada", "like").await.len(), 1);
    let claims = fleet.events(|event| event["type"] == "claimed").await.len();
    let warnings = fleet.log().matches("no browser here").count();
    assert!(warnings >= 1, "{}", fleet.log());
    // Each of its two slots may find out once before both hold back.
    assert!(claims <= 2 * warnings + 1, "{claims} claims, {warnings} withdrawals: it spins");
    drop(good);
    assert_eq!(fleet.stop().await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_port_in_use_is_said_before_anything_is_started() {
    let home = Home::new().await;
    let _taken = tokio::net::TcpListener::bind(home.listen).await.unwrap();
    let said = home.fails_to_start().await;
    assert_eq!(said.code, 5, "{said:?}");
    assert!(said.err.contains(&format!("could not listen on {}", home.listen)), "{}", said.err);
    assert!(said.err.contains("another `web.listen`"), "{}", said.err);
    assert!(!home.data().join("redis/redis.log").exists(), "no Redis was started");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_data_folder_of_a_newer_version_is_left_as_it_is() {
    let home = Home::new().await;
    fs::create_dir(home.data()).unwrap();
    fs::write(home.data().join("VERSION"), "9\n").unwrap();
    let said = home.fails_to_start().await;
    assert_eq!(said.code, 5, "{said:?}");
    assert!(said.err.contains("is of version 9, this Walkon knows 1"), "{}", said.err);
    assert!(said.err.contains("use the Walkon that made it"), "{}", said.err);
    assert_eq!(fs::read_dir(home.data()).unwrap().count(), 1, "nothing was added");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_host_without_redis_is_told_what_to_install() {
    let home = Home::new().await.env("PATH", "/nowhere");
    let said = home.fails_to_start().await;
    assert_eq!(said.code, 5, "{said:?}");
    assert!(said.err.contains("`redis-server` is not installed"), "{}", said.err);
    assert!(said.err.contains("apt install redis-server"), "{}", said.err);
}

/// A Redis as somebody may have it.
async fn foreign_redis(folder: &Path) -> Own {
    let socket = folder.join("r.sock");
    let mut command = Command::new("redis-server");
    command.args(["--port", "0", "--save", ""]).arg("--unixsocket").arg(&socket);
    command.current_dir(folder);
    let foreign = Own::start(command);
    eventually("the server listens", async || {
        std::os::unix::net::UnixStream::connect(&socket).ok()
    })
    .await;
    foreign
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_redis_that_may_forget_keeps_the_fleet_from_starting() {
    let home = Home::new().await;
    let elsewhere = crate::support::fleet::own_folder();
    let _foreign = foreign_redis(elsewhere.path()).await;
    let url = format!("unix://{}", elsewhere.path().join("r.sock").display());
    let home = home.settings("").env("WALKON__QUEUE__URL", &url);
    let said = home.fails_to_start().await;
    assert_eq!(said.code, 5, "{said:?}");
    assert!(said.err.contains("`appendonly` is `no`, it must be `yes`"), "{}", said.err);
    assert!(said.err.contains("set `appendonly yes` in redis.conf"), "{}", said.err);
    let mut redis = redis_at(&elsewhere.path().join("r.sock")).await;
    let keys: u64 = redis::cmd("DBSIZE").query_async(&mut redis).await.unwrap();
    assert_eq!(keys, 0, "nothing was written into it");
    let home = home.env("WALKON__QUEUE__URL", "redis://127.0.0.1:1");
    let said = home.fails_to_start().await;
    assert_eq!(said.code, 5, "{said:?}");
    assert!(said.err.contains("start redis, or correct `queue.url`"), "{}", said.err);
}

/// A small disk of its own, or nothing where this user may not have one.
struct Disk<'a>(&'a Path);

impl<'a> Disk<'a> {
    fn mount(at: &'a Path, size: &str) -> Option<Self> {
        fs::create_dir_all(at).unwrap();
        let option = format!("size={size},mode=0711");
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", &option, "none"]).arg(at).stderr(Stdio::null());
        if mount.status().is_ok_and(|status| status.success()) {
            return Some(Self(at));
        }
        skip("no disk of its own to fill: this user may not mount one");
        None
    }

    /// Takes all the room there is.
    fn fill(&self) {
        let mut filler = fs::File::create(self.0.join("filler")).unwrap();
        while std::io::Write::write_all(&mut filler, &[b'x'; 4096]).is_ok() {}
    }

    fn make_room(&self) {
        fs::remove_file(self.0.join("filler")).unwrap();
    }
}

impl Drop for Disk<'_> {
    fn drop(&mut self) {
        drop(Command::new("umount").arg("-l").arg(self.0).status());
        // The home is gone before its disk, which kept its folder from being removed.
        drop(self.0.parent().map(fs::remove_dir_all));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_at_start_leaves_nothing_half_written() {
    let home = Home::new().await.account("ada", "");
    let data = home.data();
    let Some(disk) = Disk::mount(&data, "8m") else { return };
    disk.fill();
    let said = home.fails_to_start().await;
    assert_eq!(said.code, 5, "{said:?}");
    assert!(said.err.contains("could not use the data folder"), "{}", said.err);
    assert!(said.err.contains("No space left") && said.err.contains("its disk"), "{}", said.err);
    disk.make_room();
    for entry in fs::read_dir(&data).unwrap().flatten() {
        assert!(entry.file_type().unwrap().is_dir(), "half-written: {:?}", entry.path());
    }
    let mut fleet = home.start().await;
    assert_eq!(fleet.stop().await, 0, "with room it starts as if nothing had been");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_disk_that_fills_up_loses_nothing_that_was_accepted() {
    let home = Home::new().await.account("ada", "");
    let data = home.data();
    let Some(disk) = Disk::mount(&data, "24m") else { return };
    let mut fleet = home.start().await;
    let like =
        |post: u32| json!({"account": "ada", "kind": "like", "target": format!("post:{post}")});
    let first = fleet.enqueue(&like(1)).await;
    fleet.reaches(&first, "done").await;
    disk.fill();
    let mut accepted = vec![first];
    let refused = eventually("an action meets the full disk", async || {
        let post = accepted.len() as u32 + 1;
        let (status, sort, body) = fleet.post("/api/actions", like(post).to_string()).await;
        if status == 202 {
            accepted.push(body["id"].as_str().unwrap().to_owned());
            return Err(body);
        }
        Ok((status, sort, body))
    })
    .await;
    assert_eq!((refused.0, refused.1.as_str()), (503, "application/problem+json"), "{refused:?}");
    assert!(refused.2["fix"].as_str().is_some_and(|fix| !fix.is_empty()), "{refused:?}");
    disk.make_room();
    let last = eventually("there is room again", async || {
        let (status, _, body) = fleet.post("/api/actions", like(9).to_string()).await;
        if status == 202 { Ok(body) } else { Err(body) }
    })
    .await;
    accepted.push(last["id"].as_str().unwrap().to_owned());
    for id in &accepted {
        fleet.reaches(id, "done").await;
    }
    let likes = fleet.done("ada", "like").await;
    let mut targets: Vec<_> = likes.iter().map(|entry| entry["target"].to_string()).collect();
    targets.sort();
    targets.dedup();
    assert_eq!(targets.len(), likes.len(), "none twice: {likes:?}");
    fleet.stop().await;
}
