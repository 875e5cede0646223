//! A Redis that is emptied, and one that is full, under a running fleet.

use serde_json::{Value, json};

use crate::support::fleet::Home;

fn like(post: u32) -> Value {
    json!({"account": "ada", "kind": "like", "target": format!("post:{post}")})
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_fleet_whose_redis_is_emptied_keeps_its_caps_and_says_what_was_lost() {
    empty("1").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn so_it_does_with_four_shards() {
    empty("4").await;
}

async fn empty(shards: &str) {
    let home = Home::new().await.env("WALKON__QUEUE__SHARDS", shards);
    let home = home.settings("[plans.shy]\ndaily = 2\n");
    let mut fleet = home.account("ada", "plan = \"shy\"\n").start().await;
    let mut sent = Vec::new();
    for post in 1..=4 {
        sent.push(fleet.enqueue(&like(post)).await);
    }
    for id in &sent[..2] {
        fleet.reaches(id, "done").await;
    }
    fleet.event("the last of them is told", |event| event["action"] == sent[3].as_str()).await;
    let mut redis = fleet.redis().await;
    redis::cmd("FLUSHALL").query_async::<()>(&mut redis).await.unwrap();
    let is_all = |event: &Value| {
        let why = event["why"].as_str().unwrap_or_default();
        event["type"] == "restored" && why.contains("2 waiting actions are lost")
    };
    let restored = fleet.event("it is mended", is_all).await;
    assert_eq!(restored["code"], "emptied", "{restored}");
    let lost = fleet.events(|event| event["code"] == "redis_lost").await;
    assert_eq!(lost.len(), 2, "{lost:?}");
    let again = fleet.enqueue(&like(5)).await;
    let said = fleet.home.run(&["action", "why", &again]).await;
    assert!(said.out.to_lowercase().contains("daily cap"), "{said:?}");
    assert_eq!(fleet.done("ada", "like").await.len(), 2, "two a day, whatever Redis remembers");
    let said = fleet.home.run(&["doctor", "--json"]).await;
    let checks = said.json()["checks"].clone();
    let check = checks.as_array().unwrap().iter().find(|check| check["check"] == "what redis kept");
    let check = check.unwrap();
    assert_eq!(check["ok"], false, "{check}");
    assert!(check["why"].as_str().unwrap().contains("redis was emptied"), "{check}");
    assert!(check["fix"].as_str().unwrap().contains("send again"), "{check}");
    assert_eq!(fleet.stop().await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_redis_takes_nothing_in_and_says_what_to_do() {
    let mut fleet = Home::new().await.account("ada", "").start().await;
    let mut redis = fleet.redis().await;
    let memory = |bytes: &str| {
        let mut set = redis::cmd("CONFIG");
        set.arg("SET").arg("maxmemory").arg(bytes);
        set
    };
    memory("1").query_async::<()>(&mut redis).await.unwrap();
    let (status, _, problem) = fleet.post("/api/actions", like(7).to_string()).await;
    assert_eq!(status, 503, "{problem}");
    assert!(problem["why"].as_str().unwrap().contains("redis is full"), "{problem}");
    assert!(problem["fix"].as_str().unwrap().contains("maxmemory"), "{problem}");
    memory("0").query_async::<()>(&mut redis).await.unwrap();
    let id = fleet.enqueue(&like(7)).await;
    fleet.reaches(&id, "done").await;
    assert_eq!(fleet.stop().await, 0);
}
