//! Each fault does what it says, to whom it names, and nothing else.

use reqwest::StatusCode;
use serde_json::json;

use crate::support::{Square, fault};

#[tokio::test]
async fn a_rate_limit_says_when_to_come_back() {
    let square = Square::open().await;
    let (ada, ben) = (square.member("ada").await, square.member("ben").await);
    square.fault(json!({"account": "ada", "fault": "rate_limit", "retry_after": 7})).await;
    let answer = ada.get("/p/7").send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(answer.headers()["retry-after"], "7");
    assert_eq!(ben.get("/p/7").send().await.unwrap().status(), StatusCode::OK);
    square.clear_faults().await;
    assert_eq!(ada.get("/p/7").send().await.unwrap().status(), StatusCode::OK);
    square.fault(json!({"account": "ada", "fault": "rate_limit", "retry_after": 7})).await;
    assert_eq!(ada.look("ada", "/me").await["error"]["code"], 4);
}

#[tokio::test]
async fn a_server_error_lasts_as_often_as_counted() {
    let square = Square::open().await;
    let ada = square.member("ada").await;
    square.fault(json!({"fault": "server_error", "count": 1})).await;
    let first = ada.post("/p/7/like").send().await.unwrap();
    assert_eq!(first.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert!(square.deeds().await.is_empty(), "nothing was done");
    assert_eq!(ada.press("/p/7/like").await["made"], true);
}

#[tokio::test]
async fn a_challenge_stands_on_every_page_until_it_is_cleared() {
    let square = Square::open().await;
    let ada = square.member("ada").await;
    square.fault(fault("ada", "challenge")).await;
    for path in ["/", "/p/7", "/messages"] {
        let answer = ada.get(path).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::FORBIDDEN);
        let page = answer.text().await.unwrap();
        assert!(page.contains("data-plaza-state=\"challenge\""), "{path}");
        assert!(page.contains("<h1>Confirm it"), "{path}");
    }
    assert_eq!(ada.look("ada", "/me").await["error"]["error_subcode"], 459);
    assert_eq!(ada.get("/assets/base.css").send().await.unwrap().status(), StatusCode::OK);
}

#[tokio::test]
async fn a_banned_account_sees_that_it_is() {
    let square = Square::open().await;
    let ada = square.member("ada").await;
    square.fault(fault("ada", "ban")).await;
    let answer = ada.get("/").send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::FORBIDDEN);
    let page = answer.text().await.unwrap();
    assert!(page.contains("data-plaza-state=\"banned\""));
    assert!(page.contains("Your account has been suspended"));
    assert_eq!(ada.look("ada", "/me").await["error"]["code"], 25);
}

#[tokio::test]
async fn a_session_is_dropped_once() {
    let square = Square::open().await;
    let ada = square.member("ada").await;
    square.fault(fault("ada", "sign_out")).await;
    assert_eq!(ada.get("/p/7").send().await.unwrap().status(), StatusCode::SEE_OTHER);
    ada.sign_in("ada", "ada-secret").await;
    assert_eq!(ada.get("/p/7").send().await.unwrap().status(), StatusCode::OK);
}

#[tokio::test]
async fn changed_markup_has_no_button_of_the_old_name() {
    let square = Square::open().await;
    let ada = square.member("ada").await;
    square.fault(fault("ada", "changed_markup")).await;
    let post = ada.page("/p/7").await;
    assert!(!post.contains("aria-label=\"Like\"") && !post.contains("aria-label=\"Save\""));
    assert!(post.contains("aria-label=\"Applaud\""));
    assert!(!ada.page("/m/ben").await.contains(">Follow<"));
}

#[tokio::test]
async fn a_delay_is_waited_for() {
    let square = Square::open().await;
    let ada = square.member("ada").await;
    square.fault(json!({"account": "ada", "fault": "delay", "ms": 120, "paths": "/p/"})).await;
    let started = tokio::time::Instant::now();
    ada.page("/p/7").await;
    assert!(started.elapsed().as_millis() >= 120);
}

#[tokio::test]
async fn a_dropped_reply_was_an_effect_all_the_same() {
    let square = Square::open().await;
    let ada = square.member("ada").await;
    square.fault(json!({"account": "ada", "fault": "drop_reply", "count": 1})).await;
    assert!(ada.post("/p/7/like").send().await.is_err());
    assert_eq!(square.deeds().await, ["ada like post:7"]);
    assert_eq!(ada.read("/read/post/7").await["liked"], true);
}

#[tokio::test]
async fn while_replies_are_dropped_no_connection_is_used_twice() {
    let square = Square::open().await;
    let ada = square.member("ada").await;
    square.fault(fault("ada", "drop_reply")).await;
    let page = ada.get("/p/7").send().await.unwrap();
    assert_eq!(page.headers()["connection"], "close");
    assert!(ada.post("/p/7/comment").form(&[("text", "once")]).send().await.is_err());
    assert_eq!(square.deeds().await, ["ada comment post:7"]);
}

#[tokio::test]
async fn a_fault_for_nobody_known_is_refused() {
    let square = Square::open().await;
    let url = format!("http://{}/faults", square.running.control);
    let post = crate::support::client().post(url).json(&fault("nobody", "ban"));
    assert_eq!(post.send().await.unwrap().status(), StatusCode::BAD_REQUEST);
}
