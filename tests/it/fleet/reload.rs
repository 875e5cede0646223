//! The accounts' file is read again while the fleet runs: who comes, who changes, who leaves.

use std::fs;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::{Value, json};

use crate::support::eventually;
use crate::support::fleet::{Home, TestFleet};
use crate::support::processes::{below, command_line};

fn like(account: &str, post: u32) -> Value {
    json!({"account": account, "kind": "like", "target": format!("post:{post}")})
}

fn write(fleet: &TestFleet, entries: &[(&str, &str)]) {
    let text: String = entries.iter().map(|(id, more)| fleet.home.entry(id, more)).collect();
    fs::write(fleet.home.path("accounts.toml"), text).unwrap();
}

async fn reload(fleet: &TestFleet) -> Value {
    let (status, _, body) = fleet.post("/api/accounts/reload", "{}").await;
    assert_eq!(status, 200, "{body}");
    body
}

async fn states(fleet: &TestFleet) -> Vec<String> {
    let all = fleet.get("/api/accounts").await;
    let state = |one: &Value| format!("{} {}", one["id"], one["state"]).replace('"', "");
    all["accounts"].as_array().unwrap().iter().map(state).collect()
}

async fn is_gone(fleet: &TestFleet, id: &str) {
    let gone = |event: &Value| event["type"] == "removed" && event["account"] == id;
    fleet.event(&format!("{id} is gone"), gone).await;
    let answer = fleet.home.http.get(fleet.url(&format!("/api/accounts/{id}"))).send().await;
    assert_eq!(answer.unwrap().status(), 404, "{id}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reload_adds_changes_and_removes_and_a_bad_entry_hurts_nobody() {
    let home = Home::new().await.account("ada", "").account("ben", "").account("cleo", "");
    let mut fleet = home.start().await;
    let said =
        fleet.home.run(&["account", "add", "eve", "--site", "plaza", "--plan", "free"]).await;
    assert_eq!(said.code, 0, "{said:?}");
    let nothing = reload(&fleet).await;
    assert_eq!(nothing["loaded"], 3, "{nothing}");
    let lists = ["added", "updated", "removed", "errors"];
    assert!(lists.iter().all(|name| nothing[*name] == json!([])), "{nothing}");
    // Ben's entry is spoiled, cleo has left, dan has come, ada has another plan.
    let entries = [("ada", "plan = \"slow\"\n"), ("ben", "devise = \"x\"\n"), ("dan", "")];
    write(&fleet, &entries);
    let said = fleet.home.run(&["account", "reload", "--json"]).await;
    assert_eq!(said.code, 3, "an entry could not be used: {said:?}");
    let done: Value = serde_json::from_str(&said.out).unwrap();
    for (name, ids) in [("added", ["dan"]), ("updated", ["ada"]), ("removed", ["cleo"])] {
        assert_eq!(done[name], json!(ids), "{name}: {done}");
    }
    assert_eq!(done["loaded"], 2, "{done}");
    let [error] = &done["errors"].as_array().unwrap()[..] else { panic!("{done}") };
    assert_eq!((&error["line"], &error["what"]), (&json!(15), &json!("unknown field `devise`")));
    assert!(error["remedy"].as_str().unwrap().starts_with("did you mean `device`?"), "{error}");
    assert!(said.err.contains("accounts.toml:15:1: unknown field `devise`"), "{}", said.err);
    is_gone(&fleet, "cleo").await;
    assert_eq!(states(&fleet).await, ["ada active", "ben active", "dan active", "eve active"]);
    for id in ["ben", "dan"] {
        let done = fleet.enqueue(&like(id, 7)).await;
        fleet.reaches(&done, "done").await;
    }
    // What is slow now waits after its first.
    let first = fleet.enqueue(&like("ada", 1)).await;
    fleet.reaches(&first, "done").await;
    let second = fleet.enqueue(&like("ada", 2)).await;
    let why = fleet.get(&format!("/api/actions/{second}/why")).await;
    assert_eq!(why["reasons"][0]["code"], "cooldown", "{why}");
    // A file that somebody is writing at this moment removes nobody.
    for (text, what) in [
        (String::new(), "nobody was removed"),
        (fleet.home.entry("ada", "").replace("id = \"ada\"\n", ""), "nobody was removed"),
        ("[[account".to_owned(), "accounts.toml"),
    ] {
        fs::write(fleet.home.path("accounts.toml"), text).unwrap();
        let done = reload(&fleet).await;
        assert_eq!((&done["removed"], &done["loaded"]), (&json!([]), &json!(0)), "{done}");
        assert!(done["errors"].to_string().contains(what), "{done}");
    }
    fs::remove_file(fleet.home.path("accounts.toml")).unwrap();
    let done = reload(&fleet).await;
    assert!(done["errors"][0]["what"].as_str().unwrap().contains("could not read it"), "{done}");
    assert_eq!(states(&fleet).await.len(), 4);
    assert_eq!(fleet.stop().await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_leaves_finishes_what_has_begun_and_what_waits_is_cancelled_and_told() {
    let home = Home::new().await.account("ada", "").account("ben", "");
    let mut fleet = home.start().await;
    let first = fleet.enqueue(&like("ben", 1)).await;
    fleet.reaches(&first, "done").await;
    fleet.fault(&json!({"fault": "delay", "account": "ben", "ms": 700})).await;
    let running = fleet.enqueue(&like("ben", 2)).await;
    let begun = |event: &Value| event["type"] == "begun" && event["action"] == running.as_str();
    fleet.event("it has begun", begun).await;
    let waits = fleet
        .enqueue(&json!({"account": "ben", "kind": "save", "target": "post:3",
        "not_before": "2026-12-24T00:00:00Z"}))
        .await;
    write(&fleet, &[("ada", "")]);
    assert_eq!(reload(&fleet).await["removed"], json!(["ben"]));
    let refused = fleet.post("/api/actions", like("ben", 4).to_string()).await;
    assert_eq!((refused.0, &refused.2["code"]), (422, &json!("account_leaving")), "{refused:?}");
    is_gone(&fleet, "ben").await;
    let state = async |id: &str| fleet.get(&format!("/api/actions/{id}")).await["state"].clone();
    assert_eq!((state(&running).await, state(&waits).await), (json!("done"), json!("cancelled")));
    let told = |event: &Value| event["type"] == "cancelled" && event["action"] == waits.as_str();
    assert_eq!(fleet.event("it is told", told).await["code"], "account_removed");
    assert_eq!(fleet.done("ben", "like").await.len(), 2, "what had begun was finished");
    let log = fleet.home.run(&["audit", "list", "--account", "ben"]).await;
    assert!(log.out.contains("remove") && log.out.contains("accounts' file any more"), "{log:?}");
    // He comes back, by a signal this time, and is as before.
    write(&fleet, &[("ada", ""), ("ben", "")]);
    fleet.no_faults().await;
    let is_it = |pid: &i32| command_line(*pid).contains("walkon coordinator ");
    let coordinator = below(fleet.pid()).into_iter().find(is_it).unwrap();
    kill(Pid::from_raw(coordinator), Signal::SIGHUP).unwrap();
    fleet.account("ben", |account| account["state"] == "active").await;
    let again = fleet.enqueue(&like("ben", 9)).await;
    fleet.reaches(&again, "done").await;
    assert_eq!(fleet.stop().await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn reloads_at_once_do_not_interfere_and_removal_by_hand_asks_the_file_first() {
    let home = Home::new().await.account("ada", "");
    let mut fleet = home.start().await;
    let names: Vec<String> = (0..12).map(|number| format!("m{number:02}")).collect();
    let mut entries = vec![("ada", "")];
    entries.extend(names.iter().map(|name| (name.as_str(), "")));
    write(&fleet, &entries);
    let (one, two) = tokio::join!(reload(&fleet), reload(&fleet));
    let count = |done: &Value| done["added"].as_array().unwrap().len();
    assert_eq!(count(&one) + count(&two), 12, "each was added once: {one} {two}");
    assert_eq!((&one["errors"], &two["errors"]), (&json!([]), &json!([])));
    assert_eq!(states(&fleet).await.len(), 13);
    let said = fleet.home.run(&["account", "remove", "m03"]).await;
    assert_eq!(said.code, 3, "{said:?}");
    assert!(said.err.contains("`m03` is kept in") && said.err.contains("reload"), "{}", said.err);
    let said =
        fleet.home.run(&["account", "add", "eve", "--site", "plaza", "--plan", "free"]).await;
    assert_eq!(said.code, 0, "{said:?}");
    let said = fleet.home.run(&["account", "remove", "eve", "--why", "a test"]).await;
    assert_eq!((said.code, said.out.trim()), (0, "eve is removed"), "{said:?}");
    let said = fleet.home.run(&["account", "remove", "eve"]).await;
    assert_eq!(said.code, 3, "{said:?}");
    assert!(said.err.contains("there is no account `eve`"), "{}", said.err);
    // An account that left while the coordinator was away is gone after its start, too, and a bad
    // entry does not keep a fleet with accounts from coming up.
    assert_eq!(fleet.stop().await, 0);
    write(&fleet, &[("ada", ""), ("m00", "plan = \"fre\"\n")]);
    fleet.restart().await;
    eventually("those who left are gone", async || {
        let states = states(&fleet).await;
        if states == ["ada active", "m00 active"] { Ok(()) } else { Err(states) }
    })
    .await;
    assert!(fleet.log().contains("did you mean `free`?"), "{}", fleet.log());
    assert_eq!(fleet.stop().await, 0);
}
