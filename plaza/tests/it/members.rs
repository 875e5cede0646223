//! What members do by page, and how it stands in the ledger.

use reqwest::StatusCode;

use crate::support::Square;

#[tokio::test]
async fn a_member_signs_in_and_sees_the_feed() {
    let square = Square::open().await;
    let ada = square.member("ada").await;
    let feed = ada.page("/").await;
    assert!(feed.contains("data-plaza-state=\"ok\""));
    assert_eq!(feed.matches("<article").count(), 8);
}

#[tokio::test]
async fn a_wrong_password_is_refused() {
    let square = Square::open().await;
    let answer = square.stranger().sign_in("ada", "guess").await;
    assert_eq!(answer.status(), StatusCode::UNAUTHORIZED);
    assert!(answer.headers().get("set-cookie").is_none());
    assert!(answer.text().await.unwrap().contains("role=\"alert\""));
}

#[tokio::test]
async fn signing_out_ends_the_session() {
    let square = Square::open().await;
    let ada = square.member("ada").await;
    ada.post("/signout").send().await.unwrap();
    assert_eq!(ada.get("/").send().await.unwrap().status(), StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn the_feed_goes_on_where_the_last_chunk_ended() {
    let square = Square::open().await;
    let ada = square.member("ada").await;
    let mut path = "/feed".to_owned();
    let mut posts = 0;
    loop {
        let chunk = ada.page(&path).await;
        posts += chunk.matches("<article").count();
        let Some((_, rest)) = chunk.split_once("data-more=\"") else { break };
        path = rest.split('"').next().unwrap().to_owned();
    }
    assert_eq!(posts, 240);
}

#[tokio::test]
async fn liking_twice_is_one_entry() {
    let square = Square::open().await;
    let ada = square.member("ada").await;
    assert_eq!(ada.press("/p/7/like").await["made"], true);
    assert_eq!(ada.press("/p/7/like").await["made"], false);
    assert_eq!(square.deeds().await, ["ada like post:7"]);
    assert_eq!(ada.read("/read/post/7").await["liked"], true);
    let requests = square.ask("/requests").await;
    let visitors = requests["visitors"].as_array().unwrap();
    let ada = visitors.iter().find(|v| v["account"] == "ada").unwrap();
    assert_eq!((&ada["no_ops"], &ada["user_agent"]), (&1.into(), &"test/1".into()));
}

#[tokio::test]
async fn the_buttons_of_a_post_change_their_names_with_its_state() {
    let square = Square::open().await;
    let ada = square.member("ada").await;
    let before = ada.page("/p/7").await;
    for name in ["Like", "Save", "Share"] {
        assert_eq!(before.matches(&format!("aria-label=\"{name}\"")).count(), 1, "{name}");
    }
    ada.press("/p/7/like").await;
    ada.press("/p/7/save").await;
    let after = ada.page("/p/7").await;
    for name in ["Unlike", "Unsave", "Share"] {
        assert_eq!(after.matches(&format!("aria-label=\"{name}\"")).count(), 1, "{name}");
    }
    assert_eq!(after.matches("aria-pressed=\"true\"").count(), 2);
    assert!(ada.page("/saved").await.contains("href=\"/p/7\""));
}

#[tokio::test]
async fn a_comment_is_in_the_ledger_with_its_hash_and_on_the_page() {
    let square = Square::open().await;
    let ada = square.member("ada").await;
    ada.write("/p/7/comment", "abc").await;
    let entry = &square.ask("/ledger").await[0];
    assert_eq!(entry["text_hash"], "ba7816bf8f01cfea");
    assert_eq!(entry["text"], "abc");
    assert_eq!((&entry["via"], &entry["route"]), (&"page".into(), &"browser".into()));
    assert_eq!((&entry["remote"], &entry["seq"]), (&"127.0.0.1".into(), &1.into()));
    assert!(ada.page("/p/7").await.contains("<span class=\"text\">abc</span>"));
    let comments = ada.read("/read/post/7").await["comments"].as_array().unwrap().clone();
    assert!(comments.iter().any(|c| c["author"] == "ada" && c["text"] == "abc"));
}

#[tokio::test]
async fn markup_in_a_comment_stays_text() {
    let square = Square::open().await;
    let ada = square.member("ada").await;
    ada.write("/p/7/comment", "<b>x</b>").await;
    assert!(!ada.page("/p/7").await.contains("<b>x</b>"));
}

#[tokio::test]
async fn an_empty_comment_is_refused() {
    let square = Square::open().await;
    let ada = square.member("ada").await;
    let answer = ada.post("/p/7/comment").form(&[("text", " \n")]).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::UNPROCESSABLE_ENTITY);
    assert!(square.deeds().await.is_empty());
}

#[tokio::test]
async fn following_and_writing_reach_the_other_member() {
    let square = Square::open().await;
    let (ada, ben) = (square.member("ada").await, square.member("ben").await);
    ada.press("/m/ben/follow").await;
    ada.write("/messages/ben", "Hello Ben").await;
    ada.press("/p/9/share").await;
    ada.press("/m/ben/unfollow").await;
    let expected = [
        "ada follow member:ben",
        "ada send_dm member:ben",
        "ada share post:9",
        "ada unfollow member:ben",
    ];
    assert_eq!(square.deeds().await, expected);
    assert_eq!(ada.read("/read/member/ben").await["followed"], false);
    assert_eq!(ada.read("/read/post/9").await["shares_by_me"], 1);
    let thread = ben.read("/read/messages/ada").await;
    assert_eq!(thread["messages"][0]["text"], "Hello Ben");
    assert!(ben.page("/messages").await.contains("Hello Ben"));
}

#[tokio::test]
async fn forms_work_without_scripts() {
    let square = Square::open().await;
    let ada = square.member("ada").await;
    let answer = ada.post("/p/7/like").send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::SEE_OTHER);
    assert_eq!(answer.headers()["location"], "/p/7?done=like");
    assert!(ada.page("/p/7?done=like").await.contains(">Liked</p>"));
}

#[tokio::test]
async fn every_page_of_the_house_opens() {
    let square = Square::open().await;
    let ada = square.member("ada").await;
    for path in ["/m/ada", "/m/ben", "/saved", "/messages", "/messages/ben", "/stories/june"] {
        assert!(ada.page(path).await.contains("id=\"status\""), "{path}");
    }
    for path in ["/art/post/7.svg", "/art/avatar/ada.svg", "/art/story/june/0.svg"] {
        assert!(ada.page(path).await.starts_with("<svg"), "{path}");
    }
    assert_eq!(ada.get("/p/99999").send().await.unwrap().status(), StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_picture_is_not_sent_twice() {
    let square = Square::open().await;
    let ada = square.stranger();
    let first = ada.get("/art/post/7.svg").send().await.unwrap();
    let tag = first.headers()["etag"].to_str().unwrap().to_owned();
    let again = ada.get("/art/post/7.svg").header("if-none-match", tag).send().await.unwrap();
    assert_eq!(again.status(), StatusCode::NOT_MODIFIED);
}

#[tokio::test]
async fn reset_restores_the_seed() {
    let square = Square::open().await;
    let ada = square.member("ada").await;
    let before = square.ask("/state").await;
    ada.press("/p/7/like").await;
    ada.write("/p/7/comment", "here").await;
    square.fault(crate::support::fault("ben", "ban")).await;
    square.reset().await;
    let after = square.ask("/state").await;
    assert_eq!(before, after);
    assert_eq!(ada.read("/read/post/7").await["liked"], false, "ada is still signed in");
}

#[tokio::test]
async fn the_ledger_can_be_read_from_a_number_on() {
    let square = Square::open().await;
    let ada = square.member("ada").await;
    for post in 1..=3 {
        ada.press(&format!("/p/{post}/like")).await;
    }
    let rest = square.ask("/ledger?since=2").await;
    assert_eq!(rest.as_array().unwrap().len(), 1);
    assert_eq!(rest[0]["target"], "post:3");
}

#[tokio::test]
async fn a_story_can_be_turned_without_scripts() {
    let square = Square::open().await;
    let ada = square.member("ada").await;
    let first = ada.page("/stories/june?at=0").await;
    assert!(first.contains("name=\"at\" value=\"1\""), "next is the second frame");
    assert_eq!(first.matches("<figure").count(), first.matches(" hidden>").count() + 1);
    let last = ada.page("/stories/june?at=99").await;
    assert!(
        !last.contains("action=\"/stories/june\"><input type=\"hidden\" name=\"at\" value=\"9")
    );
    for name in ["Next", "Previous", "Close"] {
        assert_eq!(first.matches(&format!("aria-label=\"{name}\"")).count(), 1, "{name}");
    }
}

#[tokio::test]
async fn what_a_request_says_of_itself_is_kept() {
    let square = Square::open().await;
    let ada = square.member("ada").await;
    let press = ada.post("/p/7/like").header("x-request-id", "r-1");
    press.header("accept-language", "pt-PT").send().await.unwrap();
    assert_eq!(square.ask("/ledger").await[0]["request_id"], "r-1");
    let visitors = square.ask("/requests").await["visitors"].as_array().unwrap().clone();
    let ada = visitors.iter().find(|v| v["account"] == "ada").unwrap();
    assert_eq!(ada["languages"], serde_json::json!(["pt-PT"]));
}
