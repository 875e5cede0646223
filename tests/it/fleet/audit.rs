//! What was done by hand and decided by the fleet is written down, and a hand on it shows.

use serde_json::{Value, json};

use crate::support::databases::execute;
use crate::support::eventually;
use crate::support::fleet::{Home, TestFleet};
use walkon::store::address::Address;

fn like(target: &str) -> Value {
    json!({"account": "ada", "kind": "like", "target": target})
}

/// The log, the oldest first, once it has so many entries.
async fn log(fleet: &TestFleet, most: usize) -> Vec<Value> {
    eventually("it is written down", async || {
        let said = fleet.home.run(&["audit", "list", "--json"]).await.json();
        let mut all = said.as_array().unwrap().clone();
        all.reverse();
        if all.len() >= most { Ok(all) } else { Err(all) }
    })
    .await
}

fn line(entry: &Value) -> String {
    let word = |name: &str| entry[name].as_str().unwrap_or("-").to_owned();
    ["action", "account", "subject", "outcome", "why"].map(word).join(" | ")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_account_is_moved_by_the_table_alone_and_every_move_is_told_and_written_down() {
    let mut fleet = Home::new().await.account("ada", "").start().await;
    let run = async |words: &[&str]| fleet.home.run(words).await;
    let said = run(&["account", "move", "ada", "inactive", "--why", "on leave"]).await;
    assert_eq!((said.code, said.out.trim()), (0, "ada is inactive"), "{said:?}");
    let waits = fleet.enqueue(&like("post:7")).await;
    let why = fleet.get(&format!("/api/actions/{waits}/why")).await;
    assert!(why["reasons"][0]["why"].as_str().unwrap().contains("inactive"), "{why}");
    for (to, what, remedy) in [
        ("active", "an account that is inactive does not become active", "may become connecting"),
        ("ramping", "does not become ramping", "may become connecting"),
        ("error", "does not become error", "may become connecting"),
        ("actve", "there is no state `actve`", "did you mean `active`?"),
    ] {
        let said = run(&["account", "move", "ada", to]).await;
        assert_eq!(said.code, 3, "{to}: {said:?}");
        assert!(said.err.contains(what) && said.err.contains(remedy), "{}", said.err);
    }
    for to in ["connecting", "active", "active"] {
        let said = run(&["account", "move", "ada", to, "--why", "back"]).await;
        assert_eq!(said.code, 0, "{said:?}");
    }
    fleet.reaches(&waits, "done").await;
    let moves = fleet.events(|event| event["type"] == "moved").await;
    let told: Vec<_> = moves.iter().map(|event| event["outcome"].as_str().unwrap()).collect();
    assert_eq!(told, ["inactive", "connecting", "active"], "asked twice, moved once");
    let log = log(&fleet, 3).await;
    assert_eq!(
        log.iter().map(line).collect::<Vec<_>>(),
        [
            "move | ada | set_aside | inactive | on leave",
            "move | ada | connect | connecting | back",
            "move | ada | connected | active | back",
        ]
    );
    assert_eq!(log[0]["ts"], moves[0]["at"]);
    assert_eq!(fleet.stop().await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn acts_and_holds_are_written_down_once_and_outlive_a_restart() {
    let mut fleet = Home::new().await.account("ada", "").start().await;
    let run = async |words: &[&str]| assert_eq!(fleet.home.run(words).await.code, 0, "{words:?}");
    run(&["pause", "--site", "plaza", "--why", "odd numbers"]).await;
    run(&["resume", "--site", "plaza", "--why", "all is well"]).await;
    run(&["account", "pause", "ada", "--reason", "looking"]).await;
    run(&["account", "resume", "ada"]).await;
    log(&fleet, 4).await;
    fleet.fault(&json!({"fault": "challenge", "account": "ada"})).await;
    fleet.enqueue(&like("post:7")).await;
    fleet.account("ada", |account| account["state"] == "suspended").await;
    fleet.no_faults().await;
    run(&["account", "release", "ada", "--hold", "challenge"]).await;
    log(&fleet, 6).await;
    assert_eq!(fleet.stop().await, 0);
    fleet.restart().await;
    let log = log(&fleet, 6).await;
    assert_eq!(
        log.iter().map(line).collect::<Vec<_>>(),
        [
            "pause | - | plaza | - | odd numbers",
            "resume | - | plaza | - | all is well",
            "hold | ada | - | operator | looking",
            "lift | ada | - | operator | resumed",
            "hold | ada | - | challenge | the site asks it to prove something",
            "lift | ada | - | challenge | released, having looked",
        ]
    );
    let actors: Vec<_> = log.iter().map(|entry| entry["actor"].as_str().unwrap()).collect();
    let by = if actors[0] == actors[5] { actors[0] } else { panic!("{actors:?}") };
    assert_eq!(actors, [by, by, by, by, "walkon", by]);
    let said = fleet.home.run(&["audit", "list", "--account", "ada", "--most", "2"]).await;
    assert!(said.out.contains("having looked") && !said.out.contains("odd numbers"), "{said:?}");

    let whole = fleet.home.run(&["audit", "verify"]).await;
    assert_eq!(whole.code, 0, "{whole:?}");
    let end = whole.out.lines().nth(1).unwrap().strip_prefix("end: ").unwrap().to_owned();
    assert!(whole.out.starts_with("6 entries, as they were written"), "{whole:?}");
    assert_eq!(fleet.stop().await, 0);
    let database = Address::File(fleet.home.data().join("walkon.db"));
    execute(&database, "UPDATE audit SET document = REPLACE(document, 'odd', 'even')").await;
    execute(&database, "DELETE FROM audit WHERE seq = 3").await;
    let said = fleet.home.run(&["audit", "verify", "--expect", &end]).await;
    assert_eq!(said.code, 7, "{said:?}");
    for what in ["entry 1: it was changed", "entry 3: it is missing", "compare it with a backup"] {
        assert!(said.err.contains(what), "{what}: {}", said.err);
    }
    let told = fleet.home.run(&["audit", "verify", "--json"]).await;
    assert_eq!((told.code, told.json()["breaches"].as_array().unwrap().len()), (7, 2), "{told:?}");
    let said = fleet.home.run(&["audit", "verify", "--expect", "12:zz"]).await;
    assert_eq!(said.code, 2, "{said:?}");
}
