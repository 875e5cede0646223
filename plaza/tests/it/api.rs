//! The first API: the official shape over the same data.

use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::support::{Browser, Square, token};

async fn publish(api: &Browser, username: &str, caption: &str) -> String {
    let body = json!({"image_url": "https://media.example/a.jpg", "caption": caption});
    let container = api.call(username, "/me/media", body).await["id"].as_str().unwrap().to_owned();
    let status = api.look(username, &format!("/{container}?fields=status_code")).await;
    assert_eq!(status, json!({"id": container, "status_code": "FINISHED"}));
    let done = api.call(username, "/me/media_publish", json!({"creation_id": container})).await;
    let status = api.look(username, &format!("/{container}?fields=status_code")).await;
    assert_eq!(status["status_code"], "PUBLISHED");
    done["id"].as_str().unwrap().to_owned()
}

async fn user_id(api: &Browser, username: &str) -> String {
    let found = api.look("ada", &format!("/member/{username}")).await;
    found["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn what_is_published_is_on_top_of_the_feed() {
    let square = Square::open().await;
    let ada = square.member("ada").await;
    let id = publish(&ada, "ada", "Fresh from the API").await;
    assert_eq!(id, "241");
    let feed = ada.page("/").await;
    assert!(feed.contains("Fresh from the API"));
    let entry = &square.ask("/ledger").await[0];
    assert_eq!((&entry["kind"], &entry["target"]), (&"publish".into(), &"member:ada".into()));
    assert_eq!((&entry["via"], &entry["text"]), (&"api".into(), &"Fresh from the API".into()));
    let media = ada.look("ada", "/me/media?fields=caption&limit=1").await;
    assert_eq!(media["data"][0], json!({"id": "241", "caption": "Fresh from the API"}));
}

#[tokio::test]
async fn a_container_is_published_once() {
    let square = Square::open().await;
    let ada = square.stranger();
    let body = json!({"image_url": "https://media.example/a.jpg"});
    let container = ada.call("ada", "/me/media", body).await["id"].clone();
    let creation = json!({"creation_id": container});
    ada.call("ada", "/me/media_publish", creation.clone()).await;
    let again = ada.call("ada", "/me/media_publish", creation).await;
    assert_eq!(again["error"]["error_subcode"], 2_207_027);
    assert_eq!(square.deeds().await.len(), 1);
}

#[tokio::test]
async fn comments_are_made_answered_hidden_and_deleted() {
    let square = Square::open().await;
    let api = square.stranger();
    let post = publish(&api, "ada", "mine").await;
    let comments = format!("/{post}/comments");
    let comment = api.call("ben", &comments, json!({"message": "hi"})).await["id"].clone();
    let comment = comment.as_str().unwrap();
    let reply = api.call("ada", &format!("/{comment}/replies"), json!({"message": "thanks"})).await;
    assert!(reply["id"].is_string());
    let listed = api.look("ada", &format!("{comments}?fields=text,username,replies{{text}}")).await;
    let expected = json!([{
        "id": comment, "text": "hi", "username": "ben",
        "replies": {"data": [{"id": reply["id"], "text": "thanks"}]},
    }]);
    assert_eq!(listed["data"], expected);

    let hide = format!("/{comment}?hide=true");
    let theirs = api.call("ben", &hide, json!({})).await;
    assert_eq!(theirs["error"]["code"], 10, "only the post's owner hides");
    assert_eq!(api.call("ada", &hide, json!({})).await, json!({"success": true}));
    let path = format!("/graph/v23.0/{comment}");
    let delete = api.delete(&path).bearer_auth(token("ada")).send().await.unwrap();
    assert_eq!(delete.json::<Value>().await.unwrap(), json!({"success": true}));
    let gone = api.look("ada", &format!("/{comment}")).await;
    assert_eq!(gone["error"]["error_subcode"], 33);
    let made = square.deeds().await;
    let expected = [
        "ada publish member:ada".to_owned(),
        format!("ben comment post:{post}"),
        format!("ada reply comment:{comment}"),
        format!("ada hide_comment comment:{comment}"),
        format!("ada delete_comment comment:{comment}"),
    ];
    assert_eq!(made, expected);
}

#[tokio::test]
async fn a_message_by_api_arrives_and_can_be_read_back() {
    let square = Square::open().await;
    let api = square.stranger();
    let ben = user_id(&api, "ben").await;
    let body = json!({"recipient": {"id": ben}, "message": {"text": "We deliver until 18:00"}});
    let sent = api.call("ada", "/me/messages", body).await;
    assert_eq!(sent["recipient_id"], ben.as_str());
    let mid = sent["message_id"].as_str().unwrap();
    let path = format!("/me/conversations?platform=instagram&user_id={ben}");
    let path = format!("{path}&fields=participants,messages.limit(1){{message,from}}");
    let found = api.look("ada", &path).await;
    assert_eq!(found["data"][0]["messages"]["data"][0]["message"], "We deliver until 18:00");
    let detail = api.look("ada", &format!("/{mid}?fields=message,from")).await;
    assert_eq!(detail["from"]["username"], "ada");
    assert_eq!(square.deeds().await, ["ada send_dm member:ben"]);
    let stranger = api.look("cleo", &format!("/{mid}")).await;
    assert_eq!(stranger["error"]["code"], 100, "a message is not for others");
}

#[tokio::test]
async fn me_has_both_ids_and_usage_headers() {
    let square = Square::open().await;
    let api = square.stranger();
    let path = "/graph/v23.0/me?fields=user_id,username&access_token=tok-ada";
    let answer = api.get(path).send().await.unwrap();
    assert!(answer.headers().contains_key("x-app-usage"));
    let me: Value = answer.json().await.unwrap();
    assert_eq!(me["username"], "ada");
    assert_eq!(me["user_id"], "17841400000000101");
    let own = format!("/{}/media", me["user_id"].as_str().unwrap());
    assert!(api.look("ada", &own).await["data"].is_array());
}

#[tokio::test]
async fn errors_have_the_official_envelope() {
    let square = Square::open().await;
    let api = square.stranger();
    let none = api.get("/graph/v23.0/me").send().await.unwrap();
    assert_eq!(none.status(), StatusCode::BAD_REQUEST);
    let none: Value = none.json().await.unwrap();
    assert_eq!(
        (&none["error"]["code"], &none["error"]["type"]),
        (&190.into(), &"IGApiException".into())
    );
    assert_eq!(api.look("nobody", "/me").await["error"]["type"], "OAuthException");
    assert_eq!(api.look("ada", "/nothing").await["error"]["error_subcode"], 33);
    assert_eq!(api.look("ada", "/me/nothing").await["error"]["code"], 2500);
    let missing = api.call("ada", "/7/comments", json!({})).await;
    assert_eq!(missing["error"]["code"], 100);
    assert!(missing["error"]["fbtrace_id"].is_string());
}

#[tokio::test]
async fn a_dropped_reply_by_api_was_sent_all_the_same() {
    let square = Square::open().await;
    let api = square.stranger();
    let body = json!({"recipient": {"id": user_id(&api, "ben").await}, "message": {"text": "hi"}});
    square.fault(json!({"account": "ada", "fault": "drop_reply", "count": 1})).await;
    let send = api.post("/graph/v23.0/me/messages").bearer_auth(token("ada")).json(&body);
    assert!(send.send().await.is_err());
    assert_eq!(square.deeds().await, ["ada send_dm member:ben"]);
    let thread = api.get("/read/messages/ben").bearer_auth(token("ada")).send().await.unwrap();
    assert_eq!(thread.json::<Value>().await.unwrap()["messages"][0]["text"], "hi");
}

#[tokio::test]
async fn a_token_tells_its_end_and_its_scopes_and_faults_change_both() {
    let square = Square::open().await;
    let ada = square.stranger();
    let asked = "/debug_token?input_token=tok-ada";
    let facts = ada.look("ada", asked).await["data"].clone();
    assert_eq!((&facts["is_valid"], facts["scopes"].as_array().unwrap().len()), (&json!(true), 4));
    square.fault(json!({"account": "ada", "fault": "token_ends", "days": 3})).await;
    square.fault(json!({"account": "ada", "fault": "scope_lost"})).await;
    let changed = ada.look("ada", asked).await["data"].clone();
    assert!(changed["expires_at"].as_i64() < facts["expires_at"].as_i64(), "{changed}");
    assert_eq!(changed["scopes"].as_array().unwrap().len(), 3, "{changed}");
    assert_eq!(ada.look("ben", asked).await["data"]["is_valid"], false, "it is not ben's");
    for (fault, subcode) in [("token_expired", 463), ("password_changed", 460)] {
        square.clear_faults().await;
        square.fault(json!({"account": "ada", "fault": fault})).await;
        assert_eq!(ada.look("ada", "/me").await["error"]["error_subcode"], subcode);
        assert_eq!(ada.look("ben", "/me").await["username"], "ben");
    }
}

#[tokio::test]
async fn what_an_account_tells_the_app_of_is_kept_until_it_is_taken_back() {
    let square = Square::open().await;
    let api = square.stranger();
    assert_eq!(api.look("ada", "/me/subscribed_apps").await["data"], json!([]));
    let fields = json!({"subscribed_fields": "comments,messages"});
    assert_eq!(api.call("ada", "/me/subscribed_apps", fields).await["success"], true);
    let told = api.look("ada", "/me/subscribed_apps").await["data"][0]["subscribed_fields"].clone();
    assert_eq!(told, json!(["comments", "messages"]));
    assert_eq!(api.look("ben", "/me/subscribed_apps").await["data"], json!([]));
    let path = "/graph/v23.0/me/subscribed_apps";
    api.delete(path).bearer_auth(token("ada")).send().await.unwrap();
    assert_eq!(api.look("ada", "/me/subscribed_apps").await["data"], json!([]));
    let limit = api.look("ada", "/me/content_publishing_limit").await["data"][0].clone();
    assert_eq!(limit["config"]["quota_total"], 50, "{limit}");
}

#[tokio::test]
async fn usage_is_said_as_the_fault_has_it_also_with_an_error() {
    let square = Square::open().await;
    let api = square.stranger();
    square.fault(json!({"account": "ada", "fault": "usage", "used": 96, "minutes": 19})).await;
    let me = async || {
        let call = api.get("/graph/v23.0/me").bearer_auth(token("ada"));
        call.send().await.unwrap().headers().clone()
    };
    let headers = me().await;
    assert!(headers["x-app-usage"].to_str().unwrap().contains("\"call_count\":96"));
    let business = headers["x-business-use-case-usage"].to_str().unwrap();
    assert!(business.contains("\"estimated_time_to_regain_access\":19"), "{business}");
    square.fault(json!({"account": "ada", "fault": "rate_limit"})).await;
    assert!(me().await["x-app-usage"].to_str().unwrap().contains("\"call_count\":96"));
}

#[tokio::test]
async fn a_request_is_told_from_where_it_came() {
    let square = Square::open().await;
    let told = square.stranger().get("/address").send().await.unwrap().text().await.unwrap();
    assert_eq!(told.trim(), "127.0.0.1");
}
