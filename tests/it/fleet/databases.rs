//! The fleet on a database server: the same work, a server that goes away, and one that is not
//! there.

use serde_json::{Value, json};

use crate::support::databases::{Brand, Server};
use crate::support::fleet::Home;

fn like(target: &str) -> Value {
    json!({"account": "ada", "kind": "like", "target": target})
}

async fn works_through_an_outage(brand: Brand) {
    let Some(mut server) = Server::start(brand) else { return };
    let url = server.database("fleet").await;
    let home = Home::new().await.settings(&format!("[store]\nurl = \"{url}\"\n"));
    let mut fleet = home.account("ada", "").start().await;
    assert!(!fleet.home.data().join("walkon.db").exists(), "the server has it");
    let before = fleet.enqueue(&like("post:1")).await;
    fleet.reaches(&before, "done").await;
    server.kill();
    // What is sent by HTTP is answered; what lies on the stream waits there.
    let (status, _, body) = fleet.post("/api/actions", like("post:2").to_string()).await;
    assert_eq!((status, &body["code"]), (503, &json!("store")), "{body}");
    assert!(body["why"].as_str().unwrap().contains("does not answer"), "{body}");
    assert!(body["fix"].as_str().unwrap().contains("nothing is lost"), "{body}");
    let entry = fleet.xadd(&like("post:3").to_string()).await;
    server.restart();
    let done = |event: &Value| event["type"] == "done" && event["target"] == "post:3";
    fleet.event(&format!("{entry} is done after all"), done).await;
    let after = fleet.enqueue(&like("post:4")).await;
    fleet.reaches(&after, "done").await;
    // The clerk's books are whole, and nothing was done twice.
    let account =
        fleet.account("ada", |account| account["receipts"].as_array().unwrap().len() == 3).await;
    assert_eq!(account["state"], "active", "{account}");
    assert_eq!(fleet.done("ada", "like").await.len(), 3);
    assert_eq!(fleet.stop().await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_fleet_on_postgres_goes_on_when_its_server_comes_back() {
    works_through_an_outage(Brand::Postgres).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_fleet_on_mariadb_goes_on_when_its_server_comes_back() {
    works_through_an_outage(Brand::MariaDb).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_cannot_be_used_is_named_without_its_password() {
    for (url, code, what, remedy) in [
        ("postgress://eve:s3c@h/w", 3, "begins with `postgress://`", "did you mean `postgres://…`"),
        ("postgres://eve:s3c@h", 3, "(postgres://eve@h) names no database", "user@host/walkon"),
        (
            "postgres://eve:s3c@127.0.0.1:1/w",
            5,
            "no database answers at postgres://eve@127.0.0.1:1/w",
            "start the server",
        ),
        (
            "mysql://eve:s3c@127.0.0.1:1/w",
            5,
            "no database answers at mysql://eve@127.0.0.1:1/w",
            "start the server",
        ),
    ] {
        let home = Home::new().await.settings(&format!("[store]\nurl = \"{url}\"\n"));
        home.write();
        for command in [&["migrate", "status"][..], &["up", "--die-with-parent"]] {
            let said = home.run(command).await;
            assert_eq!(said.code, code, "{url}: {said:?}");
            assert!(said.err.contains(what) && said.err.contains(remedy), "{url}: {}", said.err);
            assert!(!said.err.contains("s3c"), "{}", said.err);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_does_not_let_us_in_is_no_server_that_is_away() {
    for brand in [Brand::Postgres, Brand::MariaDb] {
        let Some(server) = Server::start(brand) else { continue };
        server.database("other").await;
        let nowhere = server.url("nowhere");
        let home = Home::new().await.settings(&format!("[store]\nurl = \"{nowhere}\"\n"));
        home.write();
        let said = home.run(&["migrate", "status"]).await;
        assert_eq!(said.code, 5, "{said:?}");
        assert!(said.err.contains("does not let us in"), "{}", said.err);
        assert!(said.err.contains("nowhere") && said.err.contains("must be there"), "{}", said.err);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tables_are_looked_at_and_changed_by_hand_and_never_lost_by_a_slip() {
    let home = Home::new().await;
    home.write();
    let status = home.run(&["migrate", "status", "--json"]).await.json();
    assert_eq!(status["applied"], json!([]), "{status}");
    assert!(!home.data().exists(), "looking makes nothing");
    let pending = status["pending"].clone();
    let up = home.run(&["migrate", "up", "--json"]).await.json();
    assert_eq!(up["applied"], pending, "{up}");
    let said = home.run(&["migrate", "down"]).await;
    assert_eq!(said.code, 3, "{said:?}");
    assert!(said.err.contains("add --yes"), "{}", said.err);
    let status = home.run(&["migrate", "status", "--json"]).await.json();
    assert_eq!((&status["applied"], &status["pending"]), (&pending, &json!([])));
    let down = home.run(&["migrate", "down", "--yes", "--json"]).await.json();
    assert_eq!(down["taken_back"].as_array().unwrap().len(), 1, "{down}");
    let said = home.run(&["migrate", "up"]).await;
    assert!(said.code == 0 && said.out.starts_with("applied m"), "{said:?}");
}
