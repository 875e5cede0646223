//! The main job: an action sent to Redis is done in a browser, told of, and recorded.

use crate::support::eventually;
use crate::support::fixture;
use crate::support::fleet::Home;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_action_from_any_redis_client_is_done_told_of_and_recorded() {
    if fixture::driver().is_none() {
        return;
    }
    let home = Home::new().await.chromium().account("ada", "");
    let mut fleet = home.start().await;
    let intake = fleet.xadd(r#"{"account":"ada","kind":"like","target":"post:7"}"#).await;
    let done = fleet.event("the like is done", |event| event["type"] == "done").await;
    assert_eq!((&done["account"], &done["outcome"]), (&"ada".into(), &"made".into()), "{done}");
    assert_eq!(done["intake"], intake.as_str(), "{done}");
    let likes = fleet.done("ada", "like").await;
    assert_eq!(likes.len(), 1, "{likes:?}");
    assert_eq!((&likes[0]["target"], &likes[0]["route"]), (&"post:7".into(), &"browser".into()));
    let agent = likes[0]["user_agent"].as_str().unwrap();
    assert!(agent.contains("walkon/"), "{agent}");
    let session = eventually("the session is listed with pictures", async || {
        let mut list = fleet.get("/api/sessions").await;
        let head = list["sessions"][0].take();
        let ready = head["status"] == "sealed" && head["counts"]["pictures"].as_u64() >= Some(2);
        if ready { Ok(head) } else { Err(head) }
    })
    .await;
    assert_eq!(session["account"], "ada", "{session}");
    assert_eq!(session["counts"]["failed"], 0, "{session}");
    assert_eq!(fleet.stop().await, 0);
}
