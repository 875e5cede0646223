//! Leases through a worker's day: kept while it works, and none left behind by a soft stop.

use serde_json::json;
use walkon::queue::Embedded;

use crate::support::eventually;
use crate::support::fleet::{Home, redis_at};
use crate::support::peek::{peeking, spelled};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_soft_stop_finishes_what_runs_hands_back_the_rest_and_leaves_nothing() {
    let home = Home::new().await.account("ada", "").settings("[worker]\nslots = 1\n");
    let mut fleet = home.start().await;
    fleet.fault(&json!({"fault": "delay", "ms": 700, "paths": "/p/"})).await;
    let mut ids = Vec::new();
    for post in 1..=5 {
        let like = json!({"account": "ada", "kind": "like", "target": format!("post:{post}")});
        ids.push(fleet.enqueue(&like).await);
    }
    fleet.action(&ids[0], |action| action["state"] == "running").await;
    assert_eq!(fleet.stop().await, 0);
    let data = fleet.home.data();
    let listening = tokio::net::TcpListener::bind(fleet.home.listen).await;
    assert!(listening.is_ok(), "its port is free again");
    let redis = Embedded::start(&data.join("redis")).await.unwrap();
    let mut ask = redis_at(&data.join("redis/redis.sock")).await;
    let leases: u64 = redis::cmd("ZCARD").arg("wk:{0}:lease").query_async(&mut ask).await.unwrap();
    assert_eq!(leases, 0, "no lease is left");
    let keys: Vec<_> = ids.iter().map(|id| format!("j:{id}")).collect();
    let actions = spelled(peeking("wk:{0}:", &keys).query_async(&mut ask).await.unwrap());
    let states: Vec<_> = actions.iter().map(|action| action["st"].clone()).collect();
    assert_eq!(states[0], "done", "what ran was finished: {states:?}");
    assert!(states[1..].iter().all(|state| state == "waiting"), "{states:?}");
    redis.stop().await.unwrap();
    assert_eq!(fleet.done("ada", "like").await.len(), 1);
    drop((listening, ask));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stopped_fleet_goes_on_where_it_was_when_it_is_started_again() {
    let home = Home::new().await.account("ada", "");
    let mut fleet = home.start().await;
    fleet.home.run(&["account", "pause", "ada"]).await;
    let like = json!({"account": "ada", "kind": "like", "target": "post:7", "key": "once"});
    let id = fleet.enqueue(&like).await;
    assert_eq!(fleet.stop().await, 0);
    fleet.restart().await;
    let paused = fleet.account("ada", |account| account["state"] == "paused").await;
    assert_eq!(paused["holds"][0]["kind"], "operator", "the hold is kept: {paused}");
    let (status, _, body) = fleet.post("/api/actions", like.to_string()).await;
    assert_eq!((status, &body["id"]), (200, &id.as_str().into()), "its key is kept: {body}");
    fleet.home.run(&["account", "resume", "ada"]).await;
    fleet.reaches(&id, "done").await;
    let one = eventually("one receipt", async || {
        let account = fleet.get("/api/accounts/ada").await;
        let receipts = account["receipts"].as_array().unwrap().len();
        if receipts == 1 { Ok(receipts) } else { Err(account) }
    });
    one.await;
    assert_eq!(fleet.stop().await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_worker_that_waited_longer_than_a_lease_lasts_keeps_the_one_it_then_gets() {
    let home = Home::new().await.account("ada", "").account("ben", "");
    let home = home.env("WALKON__QUEUE__LEASE", "5s");
    let mut fleet = home.settings("[worker]\nslots = 2\n").start().await;
    // While one of its two slots is held up, the other waits at the desk for longer than that.
    fleet.fault(&json!({"fault": "delay", "ms": 6_000, "paths": "/p/1", "count": 1})).await;
    let first = fleet.enqueue(&json!({"account": "ada", "kind": "like", "target": "post:1"})).await;
    fleet.reaches(&first, "done").await;
    fleet.fault(&json!({"fault": "delay", "ms": 1_500, "paths": "/p/2", "count": 2})).await;
    let second = json!({"account": "ben", "kind": "like", "target": "post:2"});
    let second = fleet.enqueue(&second).await;
    let done = fleet.reaches(&second, "done").await;
    assert_eq!(done["attempts"], 1, "no lease was lost: {done}");
    assert_eq!(fleet.stop().await, 0);
}
