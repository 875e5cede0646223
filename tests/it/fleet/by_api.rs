//! Acts by the official API, with the site as it is before them.

use serde_json::{Value, json};

use crate::support::fleet::{Home, TestFleet};

/// A call of Plaza's API as a member.
async fn graph(fleet: &TestFleet, member: &str, path: &str, body: Option<Value>) -> Value {
    let url = format!("http://{}/graph/v23.0/{path}", fleet.home.plaza.site);
    let request = match body {
        Some(body) => fleet.home.http.post(url).json(&body),
        None => fleet.home.http.get(url),
    };
    request.bearer_auth(format!("tok-{member}")).send().await.unwrap().json().await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_comment_that_is_hidden_already_is_not_said_to_be_hidden_by_us() {
    let home = Home::new().await;
    let token = home.secret("ada.token", "tok-ada");
    let token = format!("token_file = \"{}\"\n", token.display());
    let mut fleet = home.account("ada", &token).start().await;
    let media = graph(&fleet, "ada", "me/media?fields=id", None).await;
    let post = media["data"][0]["id"].as_str().unwrap().to_owned();
    let said = json!({"message": "Buy my lamps."});
    let comment = graph(&fleet, "ben", &format!("{post}/comments"), Some(said)).await;
    let comment = comment["id"].as_str().unwrap_or_else(|| panic!("{comment}")).to_owned();
    let act = async |kind: &str| {
        let target = format!("comment:{comment}");
        fleet.enqueue(&json!({"account": "ada", "kind": kind, "target": target})).await
    };
    for (kind, outcome) in
        [("hide_comment", "made"), ("hide_comment", "already"), ("delete_comment", "made")]
    {
        let id = act(kind).await;
        let done = fleet.reaches(&id, "done").await;
        assert_eq!(done["outcome"], outcome, "{kind}: {done}");
    }
    assert_eq!(fleet.done("ada", "hide_comment").await.len(), 1);
    // Deleting what is not there is no success: it may never have been.
    let gone = act("delete_comment").await;
    assert_eq!(fleet.reaches(&gone, "failed").await["code"], "target_missing");
    assert_eq!(fleet.stop().await, 0);
}
