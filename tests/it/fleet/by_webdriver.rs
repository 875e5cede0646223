//! The main job through WebDriver, by the same behaviors; and what is refused there, with why.

use serde_json::json;

use crate::support::fixture::webdriver_with;
use crate::support::fleet::Home;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_like_and_a_comment_are_made_through_webdriver_and_an_emulated_device_is_refused() {
    if webdriver_with(|_| {}).is_none() {
        return;
    }
    let home = Home::new().await.webdriver().account("ada", "");
    let mut fleet = home.account("ben", "device = \"pixel-8\"\n").start().await;
    let like = json!({"account": "ada", "kind": "like", "target": "post:7"});
    let text = "So still, à côté 🎭.";
    let comment = json!({
        "account": "ada", "kind": "comment", "target": "post:7", "with": {"text": text},
    });
    for action in [like, comment] {
        let id = fleet.enqueue(&action).await;
        fleet.reaches(&id, "done").await;
    }
    assert_eq!(fleet.done("ada", "like").await.len(), 1);
    assert_eq!(fleet.done("ada", "comment").await.len(), 1);
    let id = fleet.enqueue(&json!({"account": "ben", "kind": "like", "target": "post:7"})).await;
    fleet.event("it is told", |event| event["code"] == "driver_unable").await;
    let said = fleet.home.run(&["action", "show", &id]).await;
    assert!(said.out.contains("the device `pixel-8` is emulated"), "{said:?}");
    assert!(said.out.contains("set `browser.driver = "), "{said:?}");
    assert_eq!(fleet.done("ben", "like").await.len(), 0);
    assert_eq!(fleet.stop().await, 0);
}
