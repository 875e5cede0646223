//! The fake browser, against a site of forms as the practice site has them.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Form, State};
use axum::http::HeaderMap;
use axum::response::{Html, IntoResponse as _, Redirect, Response};
use axum::routing::{get, post};
use tokio::sync::Mutex;
use tokio::task::JoinSet;
use walkon::driver::fake::FakeDriver;
use walkon::driver::{Driver as _, Error, Read, Session};
use walkon_core::gesture::{Gesture, Input, Timed};
use walkon_core::step::Locator;

use crate::support::fixture::{Stand, click, one};

type Fields = Vec<(String, String)>;
type Deeds = Arc<Mutex<Fields>>;

const FORMS: &str = include_str!("support/pages/forms.html");

/// A site with a like, a comment and a sign-in, without a script.
async fn site() -> (String, Deeds, JoinSet<()>) {
    let deeds = Deeds::default();
    let page = |headers: HeaderMap| async move {
        let cookie =
            headers.get("cookie").and_then(|value| value.to_str().ok()).unwrap_or_default();
        Html(FORMS.replace("{who}", cookie))
    };
    let like = |State(deeds): State<Deeds>, headers: HeaderMap| async move {
        let site = headers["sec-fetch-site"].to_str().unwrap_or_default().to_owned();
        deeds.lock().await.push(("like".to_owned(), site));
        Redirect::to("/p/7")
    };
    let comment = |State(deeds): State<Deeds>, Form(fields): Form<Fields>| async move {
        deeds.lock().await.extend(fields);
        Redirect::to("/p/7")
    };
    let sign_in =
        || async { ([("set-cookie", "sid=abc; Path=/; HttpOnly")], "in").into_response() };
    let hang = |State(deeds): State<Deeds>| async move {
        deeds.lock().await.push(("hang".to_owned(), String::new()));
        std::future::pending::<Response>().await
    };
    let router = axum::Router::new()
        .route("/p/7", get(page))
        .route("/p/7/like", post(like))
        .route("/p/7/comment", post(comment))
        .route("/signin", get(sign_in))
        .route("/hang", get(hang))
        .with_state(deeds.clone());
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let origin = format!("http://{}", listener.local_addr().unwrap());
    let mut serving = JoinSet::new();
    serving.spawn(async move { axum::serve(listener, router).await.unwrap() });
    (origin, deeds, serving)
}

async fn open(origin: &str) -> (Box<dyn Session>, Stand) {
    let stand = Stand::new(&[origin]);
    (FakeDriver::new().open(stand.spec.clone()).await.unwrap(), stand)
}

#[tokio::test]
async fn an_outline_tells_what_a_screen_reader_would_announce() {
    let (origin, _, _serving) = site().await;
    let (session, _stand) = open(&origin).await;
    session.navigate(&format!("{origin}/p/7")).await.unwrap();
    let outline = session.outline().await.unwrap();
    let parts: Vec<_> =
        outline.iter().map(|part| (part.role.as_str(), part.name.as_str())).collect();
    let expected = [("heading", "Post"), ("button", "Like"), ("textbox", "Add a comment")];
    for part in expected {
        assert_eq!(parts.iter().filter(|other| **other == part).count(), 1, "{parts:?}");
    }
    session.close().await;
}

#[tokio::test]
async fn a_button_found_by_role_submits_the_form_beneath_it() {
    let (origin, deeds, _serving) = site().await;
    let (session, _stand) = open(&origin).await;
    session.navigate(&format!("{origin}/signin")).await.unwrap();
    let arrival = session.navigate(&format!("{origin}/p/7")).await.unwrap();
    assert_eq!(arrival.status, Some(200));
    let who = one(&*session, &Locator::css("#who")).await;
    assert_eq!(session.read(&Read::Text(who.clone())).await.unwrap().unwrap(), "sid=abc");
    let post = one(&*session, &Locator::role("article", "Post 7 by Ada")).await;
    assert_eq!(session.locate_in(&post, &Locator::role("button", "Like")).await.unwrap().len(), 1);
    click(&*session, &Locator::role("button", "Like")).await.unwrap();
    assert_eq!(*deeds.lock().await, [("like".to_owned(), "same-origin".to_owned())]);
    assert_eq!(session.read(&Read::Url).await.unwrap().unwrap(), format!("{origin}/p/7"));
    assert!(matches!(session.read(&Read::Text(who)).await, Err(Error::Gone)));
    let state = session.state().await.unwrap();
    assert_eq!(
        (state.cookies[0].name.as_str(), state.cookies[0].domain.as_str()),
        ("sid", "127.0.0.1")
    );
}

#[tokio::test]
async fn what_is_typed_into_a_labelled_field_is_what_the_form_sends() {
    let (origin, deeds, _serving) = site().await;
    let (session, _stand) = open(&origin).await;
    session.navigate(&format!("{origin}/p/7")).await.unwrap();
    let field = Locator { label: Some("Add a comment".to_owned()), ..Locator::default() };
    click(&*session, &field).await.unwrap();
    let keys = ["n", "o", "Backspace", "i", "Enter", "!"];
    let mut inputs: Vec<Input> = keys.map(|key| Input::KeyDown { key: key.to_owned() }).into();
    inputs.push(Input::Insert { text: "🙂".to_owned() });
    let gesture = inputs.into_iter().map(|input| Timed { at_ms: 0.0, input }).collect();
    session.dispatch(&Gesture(gesture)).await.unwrap();
    let node = one(&*session, &field).await;
    assert_eq!(session.read(&Read::Value(node)).await.unwrap().unwrap(), "ni\n!🙂");
    click(&*session, &Locator::role("button", "Post comment")).await.unwrap();
    let sent = deeds.lock().await.clone();
    assert_eq!(sent, [("seal".into(), "x".into()), ("text".into(), "ni\r\n!🙂".into())]);
}

#[tokio::test]
async fn a_far_element_must_be_scrolled_to() {
    let (origin, _deeds, _serving) = site().await;
    let (session, _stand) = open(&origin).await;
    session.navigate(&format!("{origin}/p/7")).await.unwrap();
    let far = one(&*session, &Locator::role("link", "Far")).await;
    assert!(!session.hittable(&far).await.unwrap());
    let at = one(&*session, &Locator::role("heading", "Post")).await;
    let at = session.quad(&at).await.unwrap().unwrap().center();
    let wheel = Timed { at_ms: 0.0, input: Input::Wheel { at, dy: 9_000.0 } };
    session.dispatch(&Gesture(vec![wheel])).await.unwrap();
    assert!(session.hittable(&far).await.unwrap());
}

#[tokio::test]
async fn a_killed_fake_fails_the_call_in_flight_at_once() {
    let (origin, deeds, _serving) = site().await;
    let (session, _stand) = open(&origin).await;
    let url = format!("{origin}/hang");
    let killed = async {
        let mut tick = tokio::time::interval(Duration::from_millis(5));
        while deeds.lock().await.is_empty() {
            tick.tick().await;
        }
        session.kill();
    };
    let (result, ()) = tokio::join!(session.navigate(&url), killed);
    assert!(matches!(result, Err(Error::Dead(_))), "{result:?}");
    assert!(session.is_dead());
    assert!(matches!(session.state().await, Err(Error::Dead(_))));
}
