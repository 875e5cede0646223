//! Signing in with an account's own second factor, signing up, and a grant's ceilings, from end to
//! end on Plaza.

use serde_json::{Value, json};

use crate::support::eventually;
use crate::support::fleet::{Home, TestFleet};

/// What codes by the clock grow from, as Plaza has it and as an account's file has it.
const BYTES: &str = "12345678901234567890";
const LETTERS: &str = "GEZD GNBV GY3T QOJQ GEZD GNBV GY3T QOJQ";

async fn secure(home: &Home, username: &str, second: &Value) {
    let url = format!("http://{}/second", home.plaza.control);
    let body = json!({"username": username, "second": second});
    let set = home.http.put(url).json(&body).send().await.unwrap();
    assert!(set.status().is_success(), "{}", set.text().await.unwrap());
}

fn like(account: &str, post: u32) -> Value {
    json!({"account": account, "kind": "like", "target": format!("post:{post}")})
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_account_signs_in_with_its_own_code_by_the_clock_which_is_nowhere_to_be_read() {
    let home = Home::new().await.env("WALKON_LOG", "debug");
    let seed = home.secret("ada.totp", &format!("{LETTERS}\n"));
    secure(&home, "ada", &json!({"clock": BYTES})).await;
    let more = format!("totp_file = \"{}\"\n", seed.display());
    let mut fleet = home.account("ada", &more).start().await;
    let id = fleet.enqueue(&like("ada", 7)).await;
    fleet.reaches(&id, "done").await;
    assert_eq!(fleet.done("ada", "like").await.len(), 1);
    assert_eq!(fleet.stop().await, 0);
    let log = fleet.log();
    for secret in [LETTERS, &LETTERS.replace(' ', ""), BYTES] {
        assert!(!log.contains(secret), "the log has {secret}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_code_that_was_sent_is_fetched_from_the_operators_own_mailbox() {
    let home = Home::new().await;
    secure(&home, "ada", &json!("sent")).await;
    let mailbox = format!("[sites.plaza.codes]\nurl = \"http://{}/mailbox\"\n", home.plaza.control);
    let mut fleet = home.settings(&mailbox).account("ada", "").start().await;
    let id = fleet.enqueue(&like("ada", 7)).await;
    fleet.reaches(&id, "done").await;
    assert_eq!(fleet.stop().await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_asked_for_a_code_and_has_none_says_what_is_missing() {
    let home = Home::new().await;
    secure(&home, "ada", &json!({"clock": BYTES})).await;
    let mut fleet = home.account("ada", "").start().await;
    let id = fleet.enqueue(&like("ada", 7)).await;
    let failed = fleet.reaches(&id, "failed").await;
    assert_eq!(failed["code"], "no_code", "{failed}");
    assert!(failed["why"].as_str().unwrap().contains("totp_file"), "{failed}");
    assert_eq!(fleet.stop().await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_account_signs_up_once_under_its_own_name_and_acts_from_then_on() {
    let home = Home::new().await;
    let mut fleet = home.account("nova", "labels = { name = \"Nova Berg\" }\n").start().await;
    let sign_up = json!({"account": "nova", "kind": "sign_up"});
    let id = fleet.enqueue(&sign_up).await;
    let done = fleet.reaches(&id, "done").await;
    assert_eq!(done["outcome"], "made", "{done}");
    let id = fleet.enqueue(&sign_up).await;
    let done = fleet.reaches(&id, "done").await;
    assert_eq!(done["outcome"], "already", "{done}");
    let id = fleet.enqueue(&like("nova", 7)).await;
    fleet.reaches(&id, "done").await;
    let made = fleet.done("nova", "sign_up").await;
    assert_eq!(made.len(), 1, "{made:?}");
    assert_eq!(made[0]["target"], "member:nova", "{made:?}");
    assert_eq!(fleet.stop().await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sign_up_whose_answer_was_lost_is_read_by_signing_in_and_not_made_again() {
    let home = Home::new().await;
    let mut fleet = home.account("nova", "").start().await;
    let fault = json!({"fault": "drop_reply", "paths": "/signup", "count": 1});
    fleet.fault(&fault).await;
    let id = fleet.enqueue(&json!({"account": "nova", "kind": "sign_up"})).await;
    let done = fleet.reaches(&id, "done").await;
    assert_eq!(done["outcome"], "made", "{done}");
    assert_eq!(fleet.done("nova", "sign_up").await.len(), 1);
    assert_eq!(fleet.stop().await, 0);
}

/// Plaza grants to this fleet, so much a minute.
async fn grants(fleet: &TestFleet, limits: &Value) {
    let ids = fleet.get("/api/grants").await["fleet"].clone();
    let kinds: Vec<_> = walkon_core::kind::KINDS.iter().map(|kind| kind.name).collect();
    let policy = json!({"agents": [ids[0]], "kinds": kinds, "limits": limits});
    let url = format!("http://{}/signed", fleet.home.plaza.control);
    let set = fleet.home.http.put(url).json(&policy).send().await.unwrap();
    assert!(set.status().is_success(), "{}", set.text().await.unwrap());
    let origin = format!("http://{}", fleet.home.plaza.site);
    let said = fleet.home.run(&["grant", "verify", &origin]).await;
    assert_eq!(said.code, 0, "{said:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_plaza_grants_in_a_minute_is_what_it_sees_and_the_rest_waits_and_says_why() {
    let home = Home::new().await.account("ada", "").account("ben", "").account("cyd", "");
    let mut fleet = home.start().await;
    grants(&fleet, &json!({"submits_per_minute": 6, "requests_per_minute": 600})).await;
    let mut ids = Vec::new();
    for post in 1..=4 {
        for account in ["ada", "ben", "cyd"] {
            ids.push(fleet.enqueue(&like(account, post)).await);
        }
    }
    let waits = eventually("one of them waits for the ceiling", async || {
        for id in &ids {
            let why = fleet.get(&format!("/api/actions/{id}/why")).await;
            if why.to_string().contains("rate_ceiling") {
                return Ok(why);
            }
        }
        Err(fleet.get("/api/actions").await)
    });
    let why = waits.await;
    assert!(why.to_string().contains("commits a minute"), "{why}");
    // Signing in posts a form, too.
    let likes = fleet.ledger().await.len();
    assert!((1..=6).contains(&likes), "{likes} in a minute of 6");
    assert_eq!(fleet.stop().await, 0);
}
