//! Work of a pool, through the doors its asker has.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::support::fleet::{Home, TestFleet};

const SETTINGS: &str = "\
[pools.crew]\nsite = \"plaza\"\nlabels = { team = \"one\" }\nstrategy = \"round_robin\"\n\n\
[pools.api]\naccounts = [\"ada\"]\n\n\
[pools.nobody]\nplan = \"none\"\n\n\
[missions.welcome]\npool = \"crew\"\nat_most = 1\n";

const ONE: &str = "labels = { team = \"one\" }\n";

async fn fleet() -> TestFleet {
    let home = Home::new().await.settings(SETTINGS);
    home.account("ada", ONE).account("ben", ONE).account("cy", "").start().await
}

fn like(post: usize, who: &Value) -> Value {
    let mut like = json!({"kind": "like", "target": format!("post:{post}")});
    like.as_object_mut().unwrap().extend(who.as_object().unwrap().clone());
    like
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_members_of_a_pool_share_its_work_and_nobody_else_does_any() {
    let mut fleet = fleet().await;
    let mut sent = Vec::new();
    for post in 1..=3 {
        sent.push(fleet.enqueue(&like(post, &json!({"pool": "crew"}))).await);
    }
    sent.push(fleet.enqueue(&like(4, &json!({"mission": "welcome"}))).await);
    let mut who = BTreeSet::new();
    for id in &sent {
        let action = fleet.reaches(id, "done").await;
        assert_eq!(action["action"]["pool"], "crew");
        who.insert(action["account"].as_str().unwrap().to_owned());
    }
    assert_eq!(who, ["ada".to_owned(), "ben".to_owned()].into());
    let told = |event: &Value| event["type"] == "done" && event["mission"] == "welcome";
    let event = fleet.event("it is told", told).await;
    assert_eq!(event["pool"], "crew");
    let likes = [fleet.done("ada", "like").await, fleet.done("ben", "like").await].concat();
    assert_eq!(likes.len(), 4);
    let status = fleet.get("/api/pool?pool=crew").await;
    assert_eq!((&status["total"], &status["work"][1]["at_most"]), (&json!(2), &json!(1)));
    assert_eq!(fleet.stop().await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn work_that_no_member_could_ever_do_is_refused_with_what_to_do() {
    let mut fleet = fleet().await;
    let cases = [
        (json!({"pool": "crw"}), "unknown_pool", "did you mean `crew`?"),
        (json!({"mission": "welcom"}), "unknown_mission", "did you mean `welcome`?"),
        (json!({"mission": "welcome", "pool": "api"}), "bad_mission", "leave `pool` out"),
        (json!({"pool": "nobody"}), "empty_pool", "add accounts"),
        (json!({"pool": "crew", "account": "ada"}), "bad_account", "not both"),
        (json!({"pool": "crew", "route": "api"}), "no_route", "leave `route` out"),
    ];
    for (who, code, fix) in cases {
        let (status, _, body) = fleet.post("/api/actions", like(7, &who).to_string()).await;
        assert_eq!((status, &body["code"]), (422, &json!(code)), "{body}");
        assert!(body["fix"].as_str().unwrap().contains(fix), "{body}");
    }
    let unknown = fleet.get("/api/pool?pool=crw").await;
    assert_eq!(unknown["code"], "unknown_pool");
    assert_eq!(fleet.stop().await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_command_line_asks_a_pool_and_shows_what_waits_for_it() {
    let mut fleet = fleet().await;
    let said = fleet.home.run(&["enqueue", "--pool", "crew", r#"{"kind":"scroll_feed"}"#]).await;
    assert_eq!(said.code, 0, "{said:?}");
    fleet.reaches(said.out.trim(), "done").await;
    let paused = fleet.home.run(&["pause", "--all"]).await;
    assert_eq!(paused.code, 0, "{paused:?}");
    let args = ["enqueue", "--mission", "welcome", r#"{"kind":"like","target":"post:7"}"#];
    let said = fleet.home.run(&args).await;
    let why = fleet.home.run(&["action", "why", said.out.trim()]).await;
    assert!(why.out.contains("paused"), "{why:?}");
    let status = fleet.home.run(&["pool", "status", "--pool", "crew"]).await;
    let line = "pool crew, welcome";
    let line = status.out.lines().find(|text| text.starts_with(line)).unwrap_or(&status.out);
    assert!(line.ends_with("1 waiting, 0 of 1 under way"), "{status:?}");
    assert_eq!(fleet.stop().await, 0);
}
