//! An erased account is found nowhere: not in the database, not in Redis, not in recordings, not by
//! the API; what is kept is its id.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use crate::support::eventually;
use crate::support::fleet::{Home, TestFleet};

/// What nobody may find again: planted as its name on the site, its secrets, and what it said.
const NAME: &str = "canary-name-5e1d";
const SECRET: &str = "canary-secret-90bb";
const SAID: &str = "canary-words-77c2";

fn files(folder: &Path, all: &mut Vec<std::path::PathBuf>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        if entry.path().is_dir() { files(&entry.path(), all) } else { all.push(entry.path()) }
    }
}

/// Where below a folder one of the canaries stands, by which.
fn found(folder: &Path) -> Vec<String> {
    let (mut all, mut found) = (Vec::new(), Vec::new());
    files(folder, &mut all);
    for path in all {
        let bytes = fs::read(&path).unwrap_or_default();
        for canary in [NAME, SECRET, SAID] {
            if bytes.windows(canary.len()).any(|some| some == canary.as_bytes()) {
                found.push(format!("{}: {canary}", path.display()));
            }
        }
    }
    found
}

async fn api(fleet: &TestFleet) -> String {
    let mut all = String::new();
    for path in ["accounts", "actions", "sessions", "receipts", "events?most=1000", "erasures"] {
        all += &fleet.get(&format!("/api/{path}")).await.to_string();
    }
    all
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_erased_account_is_found_nowhere_and_the_receipt_says_what_was_taken_out() {
    let home = Home::new().await.account("ben", "");
    let token = home.secret("ada.token", SECRET);
    let mut fleet = home.start().await;
    let file = fleet.home.path("more.toml");
    let entry = fleet.home.entry("ada", &format!("token_file = \"{}\"\n", token.display()));
    let entry = entry.replace("username = \"ada\"", &format!("username = \"{NAME}\""));
    fs::write(&file, entry).unwrap();
    assert_eq!(fleet.home.run(&["account", "import", file.to_str().unwrap()]).await.code, 0);
    let like = |who: &str| json!({"account": who, "kind": "like", "target": "post:7"});
    let other = fleet.enqueue(&like("ben")).await;
    fleet.reaches(&other, "done").await;
    // By browser it cannot sign in under that name, which leaves a recording; by API it fails, too.
    let first = fleet.enqueue(&like("ada")).await;
    fleet.action(&first, |action| action["attempts"] != 0).await;
    let comment = json!({"account": "ada", "kind": "comment", "target": format!("post:7"),
        "with": {"text": SAID}, "key": "k1", "not_before": "2026-12-24T00:00:00Z"});
    fleet.enqueue(&comment).await;
    eventually("it is recorded", async || {
        let sessions = fleet.get("/api/sessions?account=ada").await;
        if sessions["sessions"] == json!([]) { Err(sessions) } else { Ok(()) }
    })
    .await;
    let data = fleet.home.data();
    assert!(!found(&data.join("redis")).is_empty(), "what is to be erased is there");
    assert!(api(&fleet).await.contains(NAME));

    let said = fleet.home.run(&["account", "erase", "ada"]).await;
    assert_eq!(said.code, 3, "{said:?}");
    assert!(
        said.err.contains("cannot be taken back") && said.err.contains("--yes"),
        "{}",
        said.err
    );
    let said = fleet.home.run(&["account", "erase", "ben", "--yes"]).await;
    assert!(said.err.contains("`ben` is kept in"), "{said:?}");
    let words = ["account", "erase", "ada", "--yes", "--why", "its owner asked"];
    let said = fleet.home.run(&words).await;
    assert_eq!(said.code, 0, "{said:?}");
    let receipt = said.json();
    let erased = &receipt["erased"];
    assert_eq!((&receipt["account"], &receipt["why"]), (&json!("ada"), &json!("its owner asked")));
    for (what, least) in [("actions", 2), ("events", 5), ("receipts", 1), ("recordings", 1)] {
        assert!(erased[what].as_u64().unwrap() >= least, "{what}: {receipt}");
    }
    assert!(receipt["kept"]["audit"].as_u64().unwrap() >= 2, "{receipt}");
    assert_eq!(receipt["log_rewritten"], true, "{receipt}");

    let all = api(&fleet).await;
    assert!(![NAME, SECRET, SAID].iter().any(|canary| all.contains(canary)), "{all}");
    let sessions = fleet.get("/api/sessions?account=ada").await;
    assert_eq!(sessions["sessions"], json!([]));
    assert_eq!(fleet.action(&other, |_| true).await["state"], "done", "others are left alone");
    let log = fleet.home.run(&["audit", "list", "--account", "ada", "--json"]).await.json();
    let acts: Vec<_> = log.as_array().unwrap().iter().map(|entry| &entry["action"]).collect();
    assert_eq!(acts.first(), Some(&&json!("erased")), "{log}");
    assert!(acts.contains(&&json!("erase")) && acts.contains(&&json!("remove")), "{log}");
    assert_eq!(fleet.home.run(&["audit", "verify"]).await.code, 0);
    let said = fleet.home.run(&["account", "erase", "nobody", "--yes"]).await;
    assert!(said.err.contains("there is no account `nobody`"), "{said:?}");
    assert_eq!(found(&data), [""; 0], "while it runs");
    assert_eq!(fleet.stop().await, 0);
    assert_eq!(found(&data), [""; 0], "and afterwards");
    let logs: Value = json!(fleet.log());
    assert!(!logs.to_string().contains("canary"), "{logs}");
}
