//! What the site may do to the fleet, and what becomes of the action and its account.

use serde_json::{Value, json};

use crate::support::fleet::Home;

const PATIENT_READ: &str = "\
format = 1\nkind = \"read_post\"\nabout = \"Reads a post that can be liked.\"\n\n\
[[step]]\nopen = \"target\"\n\n\
[[step]]\nexpect = { role = \"button\", name = \"Like\" }\nwithin = \"300ms\"\n";

fn like(post: u32) -> Value {
    json!({"account": "ada", "kind": "like", "target": format!("post:{post}")})
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_selector_that_never_appears_is_tried_again_then_fails_naming_step_and_locator() {
    let home = Home::new().await.behavior("read_post", PATIENT_READ).account("ada", "");
    let mut fleet = home.start().await;
    fleet.fault(&json!({"fault": "changed_markup", "paths": "/p/"})).await;
    let read = json!({"account": "ada", "kind": "read_post", "target": "post:7"});
    let read = fleet.enqueue(&read).await;
    let event = fleet.event("it is tried again", |event| event["type"] == "retrying").await;
    assert_eq!(event["code"], "element_missing", "{event}");
    let failed = fleet.reaches(&read, "failed").await;
    assert_eq!(failed["attempts"], 5, "{failed}");
    let why = failed["why"].as_str().unwrap();
    for part in ["expect button \"Like\"", "no button \"Like\" appeared within 300 ms"] {
        assert!(why.contains(part), "{why}");
    }
    let shown = fleet.home.run(&["action", "list", "--state", "failed"]).await;
    assert!(shown.out.contains("no button \"Like\" appeared"), "{shown:?}");
    assert_eq!(fleet.stop().await, 0);
}

const WAYS_ROUND: &str = "\
format = 1\nkind = \"read_post\"\nabout = \"Reads a post, whatever its button is called.\"\n\n\
[[step]]\nopen = \"target\"\n\n\
[[step]]\nextract = \"brand\"\nfrom = { css = \"a.wordmark\" }\n\n\
[[step]]\nexpect = { role = \"button\", name = \"Applaud\", or = [\
{ role = \"link\", name = \"{found.brand}\" }] }\nwithin = \"300ms\"\n";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_an_element_is_not_there_its_alternative_is_meant_with_what_was_found_before() {
    let home = Home::new().await.behavior("read_post", WAYS_ROUND).account("ada", "");
    let mut fleet = home.start().await;
    let read = json!({"account": "ada", "kind": "read_post", "target": "post:7"});
    let read = fleet.enqueue(&read).await;
    let done = fleet.reaches(&read, "done").await;
    assert_eq!(done["attempts"], 1, "{done}");
    assert_eq!(fleet.stop().await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_that_shows_neither_effect_nor_absence_is_never_clicked() {
    let mut fleet = Home::new().await.account("ada", "").start().await;
    fleet.fault(&json!({"fault": "changed_markup", "paths": "/p/"})).await;
    let id = fleet.enqueue(&like(7)).await;
    let event = fleet.event("it is tried again", |event| event["type"] == "retrying").await;
    assert_eq!(event["code"], "page_changed", "{event}");
    let why = event["why"].as_str().unwrap();
    assert!(why.contains("neither button \"Unlike\" nor button \"Like\""), "{why}");
    fleet.no_faults().await;
    let done = fleet.reaches(&id, "done").await;
    assert_eq!(done["outcome"], "made", "{done}");
    assert_eq!(fleet.done("ada", "like").await.len(), 1);
    assert_eq!(fleet.stop().await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_challenge_suspends_the_account_and_its_work_waits_for_a_person() {
    let home = Home::new().await.account("ada", "").account("ben", "");
    let mut fleet = home.start().await;
    let signed_in = fleet.enqueue(&like(6)).await;
    fleet.reaches(&signed_in, "done").await;
    fleet.fault(&json!({"fault": "challenge", "account": "ada"})).await;
    let id = fleet.enqueue(&like(7)).await;
    let held = fleet.account("ada", |account| account["state"] == "suspended").await;
    assert_eq!(held["holds"][0]["kind"], "challenge", "{held}");
    assert_eq!(held["holds"][0]["until"], Value::Null, "{held}");
    let action = fleet.action(&id, |action| action["state"] == "waiting").await;
    assert_eq!(action["code"], "challenged", "{action}");
    let other = json!({"account": "ben", "kind": "like", "target": "post:7"});
    let other = fleet.enqueue(&other).await;
    fleet.reaches(&other, "done").await;
    let why = fleet.home.run(&["action", "why", &id]).await;
    assert!(why.out.contains("held (challenge: "), "{why:?}");
    let resumed = fleet.home.run(&["account", "resume", "ada"]).await;
    assert!(resumed.out.contains("suspended"), "resume lifts no challenge: {resumed:?}");
    assert_eq!(fleet.done("ada", "like").await.len(), 1, "only the one before it");
    assert_eq!(fleet.stop().await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_ban_that_shows_at_the_sign_in_suspends_the_account_too() {
    let mut fleet = Home::new().await.account("ada", "").start().await;
    fleet.fault(&json!({"fault": "ban", "account": "ada"})).await;
    let id = fleet.enqueue(&like(7)).await;
    let held = fleet.account("ada", |account| account["state"] == "suspended").await;
    assert_eq!(held["holds"][0]["kind"], "block", "{held}");
    fleet.reaches(&id, "waiting").await;
    assert_eq!(fleet.stop().await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_account_that_is_signed_out_signs_in_again_by_itself() {
    let mut fleet = Home::new().await.account("ada", "").start().await;
    let first = fleet.enqueue(&like(7)).await;
    fleet.reaches(&first, "done").await;
    fleet.fault(&json!({"fault": "sign_out", "account": "ada"})).await;
    let second = fleet.enqueue(&like(8)).await;
    let done = fleet.reaches(&second, "done").await;
    assert_eq!((&done["outcome"], &done["attempts"]), (&"made".into(), &1.into()), "{done}");
    let account = fleet.account("ada", |account| account["state"] == "active").await;
    assert_eq!(account["holds"], json!([]), "{account}");
    assert_eq!(fleet.done("ada", "like").await.len(), 2);
    assert_eq!(fleet.stop().await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_site_that_asks_to_go_slower_is_left_alone_for_a_while() {
    let mut fleet = Home::new().await.account("ada", "").start().await;
    fleet.fault(&json!({"fault": "rate_limit", "account": "ada", "retry_after": 1})).await;
    let id = fleet.enqueue(&like(7)).await;
    let held = fleet.account("ada", |account| account["state"] == "paused").await;
    assert_eq!(held["holds"][0]["kind"], "quota", "{held}");
    assert!(held["holds"][0]["until"].is_string(), "it ends by itself: {held}");
    let waiting = fleet.reaches(&id, "waiting").await;
    assert_eq!(waiting["code"], "rate_limited", "{waiting}");
    let why = fleet.home.run(&["action", "why", &id]).await;
    assert!(why.out.contains("held (quota: ") && why.out.contains(" until "), "{why:?}");
    assert_eq!(fleet.done("ada", "like").await.len(), 0);
    assert_eq!(fleet.stop().await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_comment_whose_answer_was_lost_is_found_by_reading_and_not_made_twice() {
    let mut fleet = Home::new().await.account("ada", "").start().await;
    // Signed in first: the one answer to lose is the comment's.
    let first = fleet.enqueue(&like(7)).await;
    fleet.reaches(&first, "done").await;
    fleet.fault(&json!({"fault": "drop_reply", "account": "ada", "count": 1})).await;
    let comment = json!({
        "account": "ada", "kind": "comment", "target": "post:7", "with": {"text": "Lovely light."},
    });
    let id = fleet.enqueue(&comment).await;
    let wish = |event: &Value| event["action"] == id.as_str() && event["type"] == "unknown";
    fleet.event("it is in doubt", wish).await;
    let done = fleet.reaches(&id, "done").await;
    assert_eq!(done["outcome"], "made", "{done}");
    assert_eq!(fleet.done("ada", "comment").await.len(), 1);
    let wish = |account: &Value| {
        let receipts = account["receipts"].as_array().unwrap();
        receipts
            .iter()
            .any(|r| r["action"] == id.as_str() && r["state"] == "done" && r["effect"] == "made")
    };
    fleet.account("ada", wish).await;
    assert_eq!(fleet.stop().await, 0);
}
