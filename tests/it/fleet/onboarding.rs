//! Accounts are connected step by step; each bad one says what is wrong with it and what to do.

use std::fs;

use serde_json::{Value, json};

use crate::support::databases::{Brand, Server};
use crate::support::eventually;
use crate::support::fleet::{Home, TestFleet, replace};

/// What an account needs to act by API.
fn token(home: &Home, id: &str, text: &str) -> String {
    let file = home.secret(&format!("{id}.token"), text);
    format!("token_file = \"{}\"\n", file.display())
}

/// The onboarding of an account, once it has ended.
async fn ended(fleet: &TestFleet, id: &str) -> Value {
    let path = format!("/api/accounts/{id}/onboard");
    eventually("its onboarding has ended", async || {
        let one = fleet.get(&path).await["onboarding"].clone();
        if one["ended_at"].is_string() { Ok(one) } else { Err(one) }
    })
    .await
}

/// What each step came to, as `step state`.
fn states(one: &Value) -> Vec<String> {
    let steps = one["steps"].as_array().unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    steps.iter().map(|step| format!("{} {}", text(&step["step"]), text(&step["state"]))).collect()
}

fn step<'a>(one: &'a Value, name: &str) -> &'a Value {
    let steps = one["steps"].as_array().unwrap();
    steps.iter().find(|step| step["step"] == name).unwrap()
}

async fn set_aside(fleet: &TestFleet, id: &str) {
    let said = fleet.home.run(&["account", "move", id, "inactive"]).await;
    assert_eq!(said.code, 0, "{said:?}");
}

const WHOLE: [&str; 13] = [
    "credentials done",
    "permissions done",
    "connection done",
    "sign_in done",
    "grant skipped",
    "webhook done",
    "plan done",
    "ramp skipped",
    "replies skipped",
    "comments skipped",
    "publishing done",
    "limits done",
    "status done",
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_account_is_connected_by_api_and_browser_and_ends_active() {
    let home = Home::new().await;
    let with = token(&home, "ada", "tok-ada");
    let mut fleet = home.account("ada", &with).start().await;
    set_aside(&fleet, "ada").await;
    let said = fleet.home.run(&["account", "onboard", "ada"]).await;
    assert_eq!(said.code, 0, "{said:?}");
    assert!(said.out.contains("done     sign_in      it signed in"), "{}", said.out);
    assert!(said.out.contains("skipped  ramp         plans have no ramp yet"), "{}", said.out);
    let one = ended(&fleet, "ada").await;
    assert_eq!(states(&one), WHOLE, "{one:#}");
    assert_eq!((&one["ending"], &one["run"]), (&json!("active"), &json!(1)), "{one}");
    assert_eq!(fleet.get("/api/accounts/ada").await["state"], "active");
    let health = fleet.get("/api/accounts/ada/health").await;
    assert_eq!(health["now"]["level"], "healthy", "its first report is kept: {health}");
    // Again it finds everything as it is, and changes nothing.
    let said = fleet.home.run(&["account", "onboard", "ada", "--json"]).await;
    let again = said.json();
    assert_eq!((states(&again), &again["run"]), (states(&one), &json!(2)), "{again:#}");
    assert!(step(&again, "webhook")["why"].as_str().unwrap().ends_with("already"), "{again:#}");
    assert_eq!(fleet.done("ada", "sign_in").await.len(), fleet.ledger().await.len());
    // One step alone: the others keep what they came to.
    let said = fleet.home.run(&["account", "onboard", "ada", "--step", "limits", "--json"]).await;
    let one_step = said.json();
    assert_eq!((&one_step["only"], &one_step["ending"]), (&json!("limits"), &json!("active")));
    assert_eq!(step(&one_step, "webhook")["at"], step(&again, "webhook")["at"]);
    assert_ne!(step(&one_step, "limits")["at"], step(&again, "limits")["at"]);
    let said = fleet.home.run(&["account", "onboard", "ada", "--step", "limit"]).await;
    assert!(said.code == 3 && said.err.contains("did you mean `limits`?"), "{said:?}");
    let said = fleet.home.run(&["account", "onboard", "zoe"]).await;
    assert_eq!(said.code, 3, "{said:?}");
    assert_eq!(fleet.stop().await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_account_that_is_new_acts_when_it_was_connected_without_a_hand() {
    let home = Home::new().await.connecting();
    let with = token(&home, "ada", "tok-ada");
    let mut fleet = home.account("ada", &with).start().await;
    // From the file, and asked for at once: it waits, and is done.
    let like = |id: &str| json!({"account": id, "kind": "like", "target": "post:7"});
    let first = fleet.enqueue(&like("ada")).await;
    fleet.reaches(&first, "done").await;
    let one = ended(&fleet, "ada").await;
    assert_eq!(
        (states(&one), &one["ending"]),
        (WHOLE.map(str::to_owned).to_vec(), &json!("active"))
    );
    assert_eq!(one["asked_by"], "walkon", "{one}");
    let kinds = fleet.events(|event| event["type"] == "claimed").await;
    assert_eq!(kinds[0]["kind"], "sign_in", "first it signs in: {kinds:?}");
    // By an import, one good and one that has nothing to sign in with.
    let file = fleet.home.path("more.toml");
    let bad = "[[account]]\nid = \"cleo\"\nsite = \"plaza\"\nusername = \"cleo\"\n";
    fs::write(&file, format!("{}{bad}", fleet.home.entry("ben", ""))).unwrap();
    let words = ["account", "import", file.to_str().unwrap()];
    let said = fleet.home.run(&words).await;
    assert_eq!(said.code, 0, "{said:?}");
    assert!(said.out.starts_with("2 added, 0 updated\nnew ones are being connected"), "{said:?}");
    let waits = fleet.enqueue(&like("cleo")).await;
    assert_eq!(ended(&fleet, "ben").await["ending"], "active");
    assert_eq!(ended(&fleet, "cleo").await["ending"], "failed");
    assert_eq!(fleet.get("/api/accounts/cleo").await["state"], "error");
    assert_eq!(fleet.get("/api/accounts/ben").await["state"], "active");
    assert_eq!(fleet.get(&format!("/api/actions/{waits}")).await["state"], "waiting");
    let log = fleet.home.run(&["audit", "list", "--json"]).await;
    assert!(log.out.contains("new accounts are connected first: `ben`, `cleo`"), "{log:?}");
    // Read again, nobody is connected again.
    let said = fleet.home.run(&words).await;
    assert_eq!(said.out.trim(), "0 added, 0 updated, 2 as they were", "{said:?}");
    assert_eq!(ended(&fleet, "ben").await["run"], 1);
    // Who was connected by other means, and who is only to be known.
    for (id, flag, state) in [("dan", "--active", "active"), ("eve", "--inactive", "inactive")] {
        let said = fleet.home.run(&["account", "add", id, "--site", "plaza", flag]).await;
        assert_eq!(said.code, 0, "{said:?}");
        assert_eq!(fleet.get(&format!("/api/accounts/{id}")).await["state"], state);
        assert_eq!(
            fleet.get(&format!("/api/accounts/{id}/onboard")).await["onboarding"],
            json!(null)
        );
    }
    let body = json!({"text": "[]", "file": "x.json", "begin": "activ"}).to_string();
    let (status, _, no) = fleet.post("/api/accounts/import", body).await;
    assert_eq!((status, &no["code"]), (422, &json!("unknown_beginning")), "{no}");
    assert!(no["fix"].as_str().unwrap().starts_with("did you mean `active`?"), "{no}");
    assert_eq!(fleet.stop().await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_it_is_connected_an_account_does_nothing_but_sign_in() {
    let mut fleet = Home::new().await.account("ada", "").start().await;
    set_aside(&fleet, "ada").await;
    let like = json!({"account": "ada", "kind": "like", "target": "post:7"});
    let waits = fleet.enqueue(&like).await;
    fleet.fault(&json!({"fault": "delay", "ms": 1_500, "paths": "/signin"})).await;
    let (status, _, asked) = fleet.post("/api/accounts/ada/onboard", "{}").await;
    assert_eq!(status, 202, "{asked}");
    eventually("it signs in", async || {
        let one = fleet.get("/api/accounts/ada/onboard").await["onboarding"].clone();
        if step(&one, "sign_in")["state"] == "running" { Ok(()) } else { Err(one) }
    })
    .await;
    assert_eq!(fleet.get("/api/accounts/ada").await["state"], "connecting");
    assert_eq!(fleet.get(&format!("/api/actions/{waits}")).await["state"], "waiting");
    let one = ended(&fleet, "ada").await;
    assert_eq!(one["ending"], "active", "{one:#}");
    // Now it may.
    fleet.reaches(&waits, "done").await;
    let claims = fleet.events(|event| event["type"] == "claimed").await;
    let kinds: Vec<_> = claims.iter().map(|event| event["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["sign_in", "like"], "{claims:?}");
    assert_eq!(fleet.stop().await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_wrong_with_an_account_is_said_at_its_step_and_mended_there() {
    let home = Home::new().await;
    let tokens = [("ada", "tok-ada"), ("ben", "tok-cleo"), ("dan", "tok-dan")];
    let [ada, ben, dan] = tokens.map(|(id, text)| token(&home, id, text));
    let home = home.account("ada", &ada).account("ben", &ben).account("dan", &dan);
    let mut fleet = home.start().await;
    // A token that was pasted in two pieces, after it was imported.
    let file = fleet.home.path("ada.token");
    replace(&file, "tok- ada\n");
    let said = fleet.home.run(&["account", "onboard", "ada"]).await;
    assert_eq!(said.code, 3, "{said:?}");
    assert!(said.out.contains("has a blank inside the token"), "{}", said.out);
    assert!(said.out.contains("do: was it pasted in two pieces?"), "{}", said.out);
    let one = ended(&fleet, "ada").await;
    assert_eq!(
        (states(&one)[0].as_str(), states(&one)[2].as_str()),
        ("credentials failed", "connection skipped")
    );
    assert_eq!(step(&one, "connection")["why"], "`credentials` failed before it");
    assert_eq!(one["ending"], "failed");
    assert_eq!(fleet.get("/api/accounts/ada").await["state"], "error");
    replace(&file, " tok-ada \n");
    let said = fleet.home.run(&["account", "onboard", "ada"]).await;
    assert_eq!(said.code, 0, "blanks round it are trimmed: {said:?}");
    assert_eq!(fleet.get("/api/accounts/ada").await["state"], "active");
    // Somebody else's token.
    let said = fleet.home.run(&["account", "onboard", "ben"]).await;
    assert!(said.out.contains("the API takes its token for `cleo`'s"), "{said:?}");
    // A permission that was left unticked: the rest is done, and it does not act.
    fleet.fault(&json!({"fault": "scope_lost", "account": "dan"})).await;
    let said = fleet.home.run(&["account", "onboard", "dan"]).await;
    assert_eq!(said.code, 3, "{said:?}");
    let one = ended(&fleet, "dan").await;
    assert_eq!(step(&one, "permissions")["state"], "failed", "{one:#}");
    assert_eq!(step(&one, "webhook")["state"], "done", "{one:#}");
    fleet.no_faults().await;
    let said = fleet.home.run(&["account", "onboard", "dan", "--step", "permissions"]).await;
    assert_eq!(said.code, 0, "{said:?}");
    assert_eq!(fleet.get("/api/accounts/dan").await["state"], "active");
    assert_eq!(fleet.stop().await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_password_that_the_site_refuses_is_tried_once_and_then_waits_for_a_person() {
    // The hold comes by the clerk, in well under the wait before a second attempt.
    let home = Home::new().await.env("WALKON__QUEUE__RETRY", "10s");
    // A lease that a busy host loses would be another try.
    let home = home.env("WALKON__QUEUE__LEASE", "20s");
    let home = home.account("ada", "").account("ben", "");
    for id in ["ada", "ben"] {
        home.secret(&format!("{id}.password"), "not-theirs");
    }
    let mut fleet = home.start().await;
    // At its first work, and when it is connected.
    let like = json!({"account": "ben", "kind": "like", "target": "post:7"});
    let waits = fleet.enqueue(&like).await;
    set_aside(&fleet, "ada").await;
    let said = fleet.home.run(&["account", "onboard", "ada"]).await;
    assert_eq!(said.code, 3, "{said:?}");
    assert!(said.out.contains("failed   sign_in      it is held (health)"), "{}", said.out);
    assert!(said.out.contains("it is signed out and cannot sign in"), "{}", said.out);
    for (id, state) in [("ada", "error"), ("ben", "suspended")] {
        let account = fleet.account(id, |account| account["state"] == state).await;
        assert_eq!(account["holds"][0]["kind"], "health", "{account}");
        let tries = fleet.events(|one| one["type"] == "claimed" && one["account"] == id).await;
        assert_eq!(tries.len(), 1, "tried again, a site locks it: {tries:?}");
    }
    assert_eq!(fleet.get(&format!("/api/actions/{waits}")).await["state"], "waiting");
    // The right one is given, and a person lets it go on.
    fleet.home.secret("ben.password", "ben-secret");
    let said = fleet.home.run(&["account", "reload"]).await;
    assert_eq!(said.code, 0, "{said:?}");
    let said = fleet.home.run(&["account", "release", "ben", "--hold", "health"]).await;
    assert_eq!(said.code, 0, "{said:?}");
    fleet.reaches(&waits, "done").await;
    assert_eq!(fleet.stop().await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_challenge_at_the_sign_in_ends_it_and_waits_for_a_person() {
    let mut fleet = Home::new().await.account("ada", "").start().await;
    set_aside(&fleet, "ada").await;
    fleet.fault(&json!({"fault": "challenge", "paths": "/signin"})).await;
    let said = fleet.home.run(&["account", "onboard", "ada"]).await;
    assert_eq!(said.code, 3, "{said:?}");
    assert!(said.out.contains("failed   sign_in      it is held (challenge)"), "{}", said.out);
    let account = fleet.get("/api/accounts/ada").await;
    assert_eq!(account["state"], "error", "{account}");
    assert_eq!(account["holds"][0]["kind"], "challenge", "{account}");
    let list = fleet.get("/api/actions?state=waiting").await;
    assert_eq!(list["actions"], json!([]), "nothing is left behind: {list}");
    assert_eq!(fleet.stop().await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_is_killed_in_the_middle_leaves_nothing_half_written() {
    let Some(mut server) = Server::start(Brand::Postgres) else { return };
    let url = server.database("fleet").await;
    let home = Home::new().await.settings(&format!("[store]\nurl = \"{url}\"\n"));
    let with = token(&home, "ada", "tok-ada");
    let mut fleet = home.account("ada", &with).start().await;
    set_aside(&fleet, "ada").await;
    fleet.fault(&json!({"fault": "delay", "ms": 1_500, "paths": "/signin"})).await;
    let (status, _, asked) = fleet.post("/api/accounts/ada/onboard", "{}").await;
    assert_eq!(status, 202, "{asked}");
    let one = eventually("it signs in", async || {
        let one = fleet.get("/api/accounts/ada/onboard").await["onboarding"].clone();
        if step(&one, "sign_in")["state"] == "running" { Ok(one) } else { Err(one) }
    })
    .await;
    server.kill();
    let (status, _, body) = fleet.post("/api/accounts/ada/onboard", "{}").await;
    assert_eq!((status, &body["code"]), (503, &json!("store")), "{body}");
    server.restart();
    // What was asked for goes on by itself, and what was done is not done again.
    let whole = ended(&fleet, "ada").await;
    assert_eq!(states(&whole), WHOLE, "{whole:#}");
    assert_eq!((&whole["run"], &whole["ending"]), (&one["run"], &json!("active")), "{whole:#}");
    assert_eq!(step(&whole, "connection")["at"], step(&one, "connection")["at"]);
    assert_eq!(fleet.get("/api/accounts/ada").await["state"], "active");
    let said = fleet.home.run(&["account", "onboard", "ada"]).await;
    assert_eq!(said.code, 0, "it can be run again: {said:?}");
    assert_eq!(fleet.stop().await, 0);
}
