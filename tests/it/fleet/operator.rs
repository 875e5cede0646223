//! What an operator does and asks, by the command line.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use serde_json::{Value, json};

use crate::support::eventually;
use crate::support::fixture;
use crate::support::fleet::Home;

fn like(post: u32) -> Value {
    json!({"account": "ada", "kind": "like", "target": format!("post:{post}")})
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_paused_account_does_nothing_until_it_is_resumed() {
    let mut fleet = Home::new().await.account("ada", "").start().await;
    let home = &fleet.home;
    let said = home.run(&["account", "pause", "ada", "--reason", "holidays"]).await;
    assert_eq!((said.code, said.out.trim()), (0, "ada is paused"), "{said:?}");
    let id = fleet.enqueue(&like(7)).await;
    let why = home.run(&["action", "why", &id]).await;
    assert!(why.out.contains("held (operator: holidays)"), "{why:?}");
    let said = home.run(&["account", "resume", "ada"]).await;
    assert_eq!((said.code, said.out.trim()), (0, "ada is active"), "{said:?}");
    fleet.reaches(&id, "done").await;
    let said = home.run(&["account", "pause", "nobody"]).await;
    assert_eq!(said.code, 3, "{said:?}");
    assert!(said.err.contains("there is no account `nobody`"), "{said:?}");
    assert_eq!(fleet.stop().await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn resume_lifts_the_operators_hold_and_no_other() {
    let mut fleet = Home::new().await.account("ada", "").start().await;
    let signed_in = fleet.enqueue(&like(6)).await;
    fleet.reaches(&signed_in, "done").await;
    fleet.fault(&json!({"fault": "challenge", "account": "ada"})).await;
    fleet.enqueue(&like(7)).await;
    fleet.account("ada", |account| account["state"] == "suspended").await;
    fleet.home.run(&["account", "pause", "ada"]).await;
    let both =
        fleet.account("ada", |account| account["holds"].as_array().unwrap().len() == 2).await;
    assert_eq!(both["state"], "suspended", "{both}");
    let said = fleet.home.run(&["account", "resume", "ada"]).await;
    assert_eq!((said.code, said.out.trim()), (0, "ada is suspended"), "{said:?}");
    let one = fleet.home.run(&["account", "show", "ada"]).await.json();
    assert_eq!(one["holds"].as_array().unwrap().len(), 1, "{one}");
    assert_eq!(one["holds"][0]["kind"], "challenge", "{one}");
    assert_eq!(fleet.stop().await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_capped_action_says_which_cap_and_can_be_taken_back() {
    let home = Home::new().await.settings("[plans.one.kinds.like]\ndaily = 1\n");
    let mut fleet = home.account("ada", "plan = \"one\"\n").start().await;
    let first = fleet.enqueue(&like(7)).await;
    fleet.reaches(&first, "done").await;
    let second = fleet.enqueue(&like(8)).await;
    let home = &fleet.home;
    let why = home.run(&["action", "why", &second]).await;
    assert!(why.out.contains("kind daily cap: 1 of 1 used until "), "{why:?}");
    let why = home.run(&["action", "why", &second, "--json"]).await.json();
    assert_eq!(why["reasons"][0]["code"], "kind_daily_cap", "{why}");
    let said = home.run(&["action", "cancel", &second]).await;
    assert_eq!((said.code, said.out.trim()), (0, format!("{second} is cancelled").as_str()));
    let said = home.run(&["action", "cancel", &first]).await;
    assert_eq!((said.code, said.out.trim()), (0, format!("{first} is done").as_str()));
    for words in [["action", "cancel", "nothing"], ["action", "why", "nothing"]] {
        let said = home.run(&words).await;
        assert_eq!(said.code, 3, "{said:?}");
        assert!(said.err.contains("there is no action `nothing`"), "{said:?}");
    }
    let said = home.run(&["action", "list", "--state", "wating"]).await;
    assert_eq!(said.code, 3, "{said:?}");
    assert!(said.err.contains("there is no state `wating`") && said.err.contains("waiting"));
    let listed = home.run(&["action", "list", "--state", "cancelled", "--json"]).await.json();
    assert_eq!(listed.as_array().unwrap().len(), 1, "{listed}");
    assert_eq!(fleet.done("ada", "like").await.len(), 1);
    assert_eq!(fleet.stop().await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_list_reads_as_text_and_as_json() {
    let mut fleet = Home::new().await.account("ada", "").start().await;
    let id = fleet.enqueue(&like(7)).await;
    fleet.event("it is told", |event| event["type"] == "done").await;
    let home = &fleet.home;
    let events = home.run(&["events"]).await;
    assert!(
        events
            .out
            .lines()
            .any(|line| line.contains(&format!("done  {id}  ada  like  post:7  made"))),
        "{events:?}"
    );
    let events = home.run(&["events", "--json"]).await;
    let events: Vec<Value> =
        events.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let of = |sort: &str| events.iter().filter(|event| event["type"] == sort).count();
    assert_eq!((of("queued"), of("begun"), of("done")), (1, 1, 1), "{events:?}");
    let kinds = home.run(&["kind", "list", "--json"]).await.json();
    let kinds: Vec<_> = kinds.as_array().unwrap().iter().map(|kind| &kind["name"]).collect();
    assert!(kinds.contains(&&json!("like")) && kinds.len() >= 18, "{kinds:?}");
    let wish = |list: &Value| list[0]["status"] == "sealed";
    let sessions = crate::support::eventually("the session is sealed", async || {
        let list = home.run(&["session", "list", "--json"]).await.json();
        if wish(&list) { Ok(list) } else { Err(list) }
    })
    .await;
    let session = sessions[0]["session"].as_str().unwrap();
    let shown = home.run(&["session", "show", session]).await.json();
    let steps: Vec<_> = shown["events"].as_array().unwrap().iter().map(|e| &e["type"]).collect();
    assert!(steps.contains(&&json!("picture")), "{steps:?}");
    let opened = home.run(&["session", "open", session]).await;
    assert_eq!(opened.out.trim(), fleet.url(&format!("/sessions/{session}")));
    let listed = home.run(&["action", "list"]).await;
    assert!(listed.out.contains(&id) && listed.out.contains("done"), "{listed:?}");
    for words in [&["kind", "list"][..], &["session", "list"], &["account", "list"]] {
        let said = home.run(words).await;
        assert!(said.code == 0 && said.out.lines().count() >= 2, "{words:?}: {said:?}");
    }
    assert_eq!(fleet.stop().await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_is_opened_where_there_is_a_display_and_its_address_printed_anyway() {
    let home = Home::new().await;
    let script = home.path("xdg-open");
    // As a desktop's own: it is told the address.
    fs::write(&script, "#!/bin/sh\necho \"$1\" > \"${0%/*}/opened\"\n").unwrap();
    fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).unwrap();
    let path = format!("{}:/usr/local/bin:/usr/bin:/bin", home.folder.path().display());
    let home = home.env("PATH", &path).env("DISPLAY", ":9");
    let mut fleet = home.account("ada", "").start().await;
    let id = fleet.enqueue(&like(7)).await;
    fleet.reaches(&id, "done").await;
    let list = fleet.get("/api/sessions").await;
    let session = list["sessions"][0]["session"].as_str().unwrap();
    let said = fleet.home.run(&["session", "open", session]).await;
    let address = fleet.url(&format!("/sessions/{session}"));
    assert_eq!((said.code, said.out.trim()), (0, address.as_str()), "{said:?}");
    let opened = eventually("it is opened", async || {
        let opened = fs::read_to_string(fleet.home.path("opened")).unwrap_or_default();
        if opened.ends_with('\n') { Ok(opened) } else { Err(opened) }
    })
    .await;
    assert_eq!(opened.trim(), address);
    assert_eq!(fleet.stop().await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_browser_user_that_nobody_is_is_an_error_and_no_other_user() {
    let home = Home::new().await.chromium().env("WALKON__BROWSER__USER", "nobdy");
    let said = home.fails_to_start().await;
    assert_eq!(said.code, 3, "{said:?}");
    assert!(said.err.contains("`browser.user` is `nobdy`"), "{}", said.err);
    assert!(said.err.contains("did you mean `nobody`?"), "{}", said.err);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn doctor_finds_what_is_wrong_with_the_host_and_says_what_to_do() {
    if fixture::driver().is_none() {
        return;
    }
    let home = Home::new().await.env("WALKON__BROWSER__PATH", "/nowhere/chrome");
    home.write();
    let said = home.run(&["doctor", "--json"]).await;
    assert_eq!(said.code, 5, "{said:?}");
    let checks = said.json()["checks"].clone();
    let of = |what: &str| {
        let checks = checks.as_array().unwrap();
        checks.iter().find(|check| check["check"] == what).cloned().unwrap()
    };
    assert!(!home.data().exists(), "it looks and makes nothing");
    for what in ["data folder", "redis", "network jail", "behaviors and profiles", "port"] {
        assert_eq!(of(what)["ok"], true, "{checks}");
    }
    let browser = of("browser");
    assert_eq!(browser["ok"], false, "{browser}");
    assert!(browser["why"].as_str().unwrap().contains("/nowhere/chrome"), "{browser}");
    assert!(!browser["fix"].as_str().unwrap().is_empty(), "{browser}");
}
