//! Backups, tried: made under load, everything destroyed, put in place, and the judge asked.

use std::fs;
use std::path::Path;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::{Value, json};
use walkon::store::address::Address;

use crate::support::databases::{Brand, Server, execute};
use crate::support::eventually;
use crate::support::fleet::{Home, TestFleet};
use crate::support::processes::naming;

fn comment(account: &str, number: u32) -> Value {
    let with = json!({"text": format!("{account} says {number}.")});
    json!({"account": account, "kind": "comment", "target": "post:7", "with": with})
}

fn like(account: &str, post: u32) -> Value {
    json!({"account": account, "kind": "like", "target": format!("post:{post}")})
}

/// As when the host is lost: every process at once, then the disk.
async fn lose_everything(fleet: &TestFleet) {
    kill(Pid::from_raw(fleet.pid()), Signal::SIGKILL).unwrap();
    let data = fleet.home.data();
    eventually("all are gone", async || {
        let left = naming(&data);
        if left.is_empty() { Ok(()) } else { Err(left) }
    })
    .await;
    fs::remove_dir_all(&data).unwrap();
}

fn path(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// What an account was asked for, and what it did: target and text, in order.
type Deeds = Vec<(String, String)>;

fn asked_of(id: &str) -> Deeds {
    let one = |number: u32| match number % 2 {
        0 => ("post:7".to_owned(), format!("{id} says {number}.")),
        _ => (format!("post:{number}"), String::new()),
    };
    let mut all: Vec<_> = (1..=6).map(one).collect();
    all.sort();
    all
}

async fn done_by(fleet: &TestFleet, id: &str) -> Deeds {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let all = fleet.ledger().await;
    let theirs = all.iter().filter(|one| one["account"] == id);
    let mut all: Vec<_> = theirs.map(|one| (text(&one["target"]), text(&one["text"]))).collect();
    all.sort();
    all
}

/// Four accounts with six things to do each, two of them with a cap of four a day.
async fn under_load() -> TestFleet {
    let home = Home::new().await.settings("[plans.capped]\ndaily = 4\n");
    let home = home.account("ada", "plan = \"capped\"\n").account("ben", "plan = \"capped\"\n");
    let fleet = home.account("cleo", "").account("dan", "").start().await;
    for number in 1..=6 {
        for id in ["ada", "ben", "cleo", "dan"] {
            let kind = if number % 2 == 0 { comment(id, number) } else { like(id, number) };
            fleet.enqueue(&kind).await;
        }
    }
    fleet.fault(&json!({"fault": "delay", "ms": 40})).await;
    eventually("some of it is done", async || {
        let done = fleet.ledger().await.len();
        if done >= 8 { Ok(()) } else { Err(done) }
    })
    .await;
    fleet
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_under_load_brings_back_a_fleet_that_doubles_nothing_and_exceeds_no_cap() {
    let mut fleet = under_load().await;
    let backup = fleet.home.path("backup");
    let said = fleet.home.run(&["backup", path(&backup), "--json"]).await;
    assert_eq!(said.code, 0, "{said:?}");
    let made = said.json()["backup"].clone();
    assert_eq!((&made["queue"], &made["database"]), (&json!(true), &json!("walkon.db")), "{made}");
    let (then, cleo) = (fleet.ledger().await.len(), done_by(&fleet, "cleo").await.len());
    // What waits in the backup is done after it, and of that nothing will be known.
    eventually("more is done", async || {
        let (all, hers) = (fleet.ledger().await.len(), done_by(&fleet, "cleo").await.len());
        if all >= then + 4 && hers > cleo { Ok(()) } else { Err((then, all, cleo, hers)) }
    })
    .await;
    let key = fs::read(fleet.home.data().join("master.key")).unwrap();
    lose_everything(&fleet).await;

    let said = fleet.home.run(&["restore", path(&backup)]).await;
    assert_eq!(said.code, 5, "without the key nobody opens it: {said:?}");
    assert!(said.err.contains("master.key cannot be read"), "{said:?}");
    fs::write(fleet.home.data().join("master.key"), key).unwrap();
    let said = fleet.home.run(&["restore", path(&backup), "--json"]).await;
    assert_eq!((said.code, &said.json()["resting"]), (0, &json!(2)), "{said:?}");
    fleet.restart().await;
    let restored = fleet.event("it is mended", |event| event["type"] == "restored").await;
    assert_eq!(restored["code"], "backup", "{restored}");
    // Who has no caps goes on: each thing is there once, whoever did it and when.
    eventually("all that was asked is done", async || {
        let all = fleet.get("/api/actions?most=1000").await["actions"].clone();
        let is_open = |one: &&Value| {
            ["cleo", "dan"].contains(&one["account"].as_str().unwrap()) && one["state"] != "done"
        };
        let open: Vec<_> = all.as_array().unwrap().iter().filter(is_open).cloned().collect();
        if open.is_empty() { Ok(()) } else { Err(open) }
    })
    .await;
    for id in ["cleo", "dan"] {
        assert_eq!(done_by(&fleet, id).await, asked_of(id), "nothing is lost or there twice");
    }
    // Who has caps rests until its day is over.
    for id in ["ada", "ben"] {
        assert!(done_by(&fleet, id).await.len() <= 4, "{id}: {:?}", done_by(&fleet, id).await);
    }
    rests_and_is_written_down(&fleet).await;
    assert_eq!(fleet.stop().await, 0);
}

async fn rests_and_is_written_down(fleet: &TestFleet) {
    let ada = fleet.get("/api/accounts/ada").await;
    assert_eq!((&ada["state"], &ada["holds"][0]["kind"]), (&json!("paused"), &json!("quota")));
    assert!(ada["holds"][0]["reason"].as_str().unwrap().contains("a backup of"), "{ada}");
    let audit = fleet.home.run(&["audit", "verify"]).await;
    assert_eq!(audit.code, 0, "{audit:?}");
    let log = fleet.home.run(&["audit", "list"]).await;
    assert!(log.out.contains("what was done since is unknown"), "{log:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_fleet_that_moves_goes_on_where_it_was_and_a_bad_backup_changes_nothing() {
    let home = Home::new().await.settings("[plans.shy]\ndaily = 3\n");
    let mut fleet = home.account("ada", "plan = \"shy\"\n").start().await;
    for post in 1..=2 {
        let id = fleet.enqueue(&like("ada", post)).await;
        fleet.reaches(&id, "done").await;
    }
    let key = json!({"account": "ada", "kind": "like", "target": "post:2", "key": "second",
        "not_before": "2026-12-24T00:00:00Z"});
    let waits = fleet.enqueue(&key).await;
    let backup = fleet.home.path("backup");
    let said = fleet.home.run(&["restore", path(&backup)]).await;
    assert!(said.code == 5 && said.err.contains("stop what listens there"), "it runs: {said:?}");
    assert_eq!(fleet.stop().await, 0);
    let said = fleet.home.run(&["backup", path(&backup)]).await;
    assert_eq!(said.code, 0, "{said:?}");
    assert!(said.out.contains("keep the master key"), "{said:?}");
    let said = fleet.home.run(&["backup", path(&backup)]).await;
    assert!(said.code == 3 && said.err.contains("is there already"), "{said:?}");
    let said = fleet.home.run(&["backup"]).await;
    assert!(said.code == 3 && said.err.contains("set `backup.folder`"), "{said:?}");
    // What is there is not replaced by a slip.
    let said = fleet.home.run(&["restore", path(&backup), "--nothing-since"]).await;
    assert!(said.code == 3 && said.err.contains("add --yes"), "{said:?}");
    let file = backup.join("walkon.db");
    let whole = fs::read(&file).unwrap();
    let mut bad = whole.clone();
    bad[5_000] ^= 1;
    for (bytes, what) in [(bad, "is not as it was written"), (Vec::new(), "not as it was")] {
        fs::write(&file, bytes).unwrap();
        let said = fleet.home.run(&["restore", path(&backup), "--nothing-since", "--yes"]).await;
        assert_eq!(said.code, 3, "{said:?}");
        assert!(said.err.contains("`walkon.db`") && said.err.contains(what), "{said:?}");
    }
    fs::write(&file, whole).unwrap();
    let said = fleet.home.run(&["restore", path(fleet.home.folder.path()), "--yes"]).await;
    assert!(said.code == 3 && said.err.contains("is no backup: its `manifest.json`"), "{said:?}");
    let said = fleet.home.run(&["restore", path(&backup), "--nothing-since", "--yes"]).await;
    assert_eq!(said.code, 0, "{said:?}");
    assert!(said.out.contains("what was there before is in"), "{said:?}");
    fleet.restart().await;
    let ada = fleet.get("/api/accounts/ada").await;
    assert_eq!((&ada["state"], &ada["holds"]), (&json!("active"), &json!([])), "{ada}");
    let (status, _, same) = fleet.post("/api/actions", key.to_string()).await;
    assert_eq!((status, &same["id"]), (200, &json!(waits)), "its key is known: {same}");
    let third = fleet.enqueue(&like("ada", 3)).await;
    fleet.reaches(&third, "done").await;
    let fourth = fleet.enqueue(&like("ada", 4)).await;
    let why = fleet.get(&format!("/api/actions/{fourth}/why")).await;
    assert_eq!(why["reasons"][0]["code"], "daily_cap", "two were used before: {why}");
    let session = fleet.get("/api/sessions").await["sessions"].clone();
    assert!(session.as_array().unwrap().len() >= 2, "recordings are there: {session}");
    assert_eq!(fleet.stop().await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_server_is_backed_up_by_its_own_tools_and_put_in_place() {
    for brand in [Brand::Postgres, Brand::MariaDb] {
        let Some(server) = Server::start(brand) else { continue };
        let url = server.database("fleet").await;
        let home = Home::new().await.settings(&format!("[store]\nurl = \"{url}\"\n"));
        let mut fleet = home.account("ada", "").start().await;
        let id = fleet.enqueue(&like("ada", 7)).await;
        fleet.reaches(&id, "done").await;
        fleet.account("ada", |account| account["receipts"][0]["action"] == id.as_str()).await;
        let backup = fleet.home.path("backup");
        let said = fleet.home.run(&["backup", path(&backup)]).await;
        assert_eq!(said.code, 0, "{brand:?}: {said:?}");
        assert_eq!(fleet.stop().await, 0);
        let said = fleet.home.run(&["restore", path(&backup), "--nothing-since"]).await;
        assert!(said.code == 3 && said.err.contains("would be replaced"), "{brand:?}: {said:?}");
        let address = Address::read(&url, None, Path::new("/x")).unwrap();
        for table in ["receipt", "account"] {
            execute(&address, &format!("DROP TABLE {table}")).await;
        }
        fs::remove_dir_all(fleet.home.data().join("redis")).unwrap();
        let words = ["restore", path(&backup), "--nothing-since", "--yes"];
        let said = fleet.home.run(&words).await;
        assert_eq!(said.code, 0, "{brand:?}: {said:?}");
        fleet.restart().await;
        let ada = fleet.get("/api/accounts/ada").await;
        assert_eq!(ada["receipts"][0]["action"], id.as_str(), "{brand:?}: {ada}");
        let again = fleet.enqueue(&like("ada", 8)).await;
        fleet.reaches(&again, "done").await;
        assert_eq!(fleet.stop().await, 0);
    }
}
