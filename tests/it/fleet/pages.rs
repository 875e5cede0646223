//! The pages and the API as a browser and a program meet them.

use serde_json::{Value, json};

use crate::support::eventually;
use crate::support::fleet::{Home, TestFleet};

/// An answer: status, headers, text.
type Answer = (u16, reqwest::header::HeaderMap, String);

async fn ask(fleet: &TestFleet, path: &str, headers: &[(&str, &str)]) -> Answer {
    let mut request = fleet.home.http.get(fleet.url(path));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let answer = request.send().await.unwrap();
    (answer.status().as_u16(), answer.headers().clone(), answer.text().await.unwrap())
}

/// The words of the page's one heading, without its marks.
fn heading(page: &str) -> String {
    let inner = page.split_once("<h1").and_then(|(_, rest)| rest.split_once("</h1>"));
    let (inner, after) = inner.unwrap_or_else(|| panic!("no heading: {page}"));
    assert!(!after.contains("<h1"), "two headings: {page}");
    let inner = inner.split_once('>').map_or("", |(_, inner)| inner);
    let words = inner.split('<').map(|part| part.split_once('>').map_or(part, |(_, text)| text));
    words.collect::<Vec<_>>().join("").split_whitespace().collect::<Vec<_>>().join(" ")
}

fn is_guarded(headers: &reqwest::header::HeaderMap) {
    let get = |name: &str| headers.get(name).map(|value| value.to_str().unwrap().to_owned());
    let policy = get("content-security-policy").expect("a policy");
    assert!(policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"));
    assert!(!policy.contains("unsafe"), "{policy}");
    for (name, value) in [
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "same-origin"),
        ("cross-origin-opener-policy", "same-origin"),
        ("cross-origin-resource-policy", "same-origin"),
    ] {
        assert_eq!(get(name).as_deref(), Some(value), "{name}");
    }
    assert!(get("cache-control").is_some());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_page_answers_with_its_heading_and_its_headers() {
    let mut fleet = Home::new().await.account("ada", "").start().await;
    let id = fleet.enqueue(&json!({"account": "ada", "kind": "like", "target": "post:7"})).await;
    fleet.reaches(&id, "done").await;
    let session = eventually("a session is listed", async || {
        let list = fleet.get("/api/sessions").await;
        list["sessions"][0]["session"].as_str().map(str::to_owned).ok_or(list)
    })
    .await;
    let (action, session) = (format!("/actions/{id}"), format!("/sessions/{session}"));
    for (path, words) in [
        ("/", ""),
        ("/accounts", "Accounts"),
        ("/accounts/ada", "ada"),
        ("/queue", "Queue"),
        ("/queue?account=ada", "Queue of ada"),
        (&action, "like"),
        ("/sessions", "Sessions"),
        ("/usage", "Usage"),
        ("/usage?by=hour&hours=168&account=ada", "Usage of ada"),
        ("/usage?by=nonsense&hours=soon&account=No%20one", "Usage"),
        ("/alerts", "Alerts"),
        (&session, "ada"),
    ] {
        let (status, headers, page) = ask(&fleet, path, &[]).await;
        assert_eq!(status, 200, "{path}: {page}");
        let heading = heading(&page);
        assert!(!heading.is_empty() && heading.contains(words), "{path}: {heading}");
        assert!(headers["content-type"].to_str().unwrap().starts_with("text/html"), "{path}");
        is_guarded(&headers);
        // What it loads is there, too.
        for link in page.split(['"', '\'']).filter(|link| link.starts_with("/static/")) {
            let (status, headers, _) = ask(&fleet, link, &[]).await;
            assert_eq!(status, 200, "{link} of {path}");
            is_guarded(&headers);
        }
    }
    for path in ["/acounts", "/accounts/nobody", "/actions/nothing", "/static/0/walkon.css"] {
        let (status, headers, page) = ask(&fleet, path, &[]).await;
        assert_eq!(status, 404, "{path}: {page}");
        is_guarded(&headers);
    }
    assert_eq!(heading(&ask(&fleet, "/acounts", &[]).await.2), "There is nothing at this address.");
    assert_eq!(fleet.stop().await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_guard_turns_away_is_a_page_for_people_and_a_problem_for_programs() {
    let mut fleet = Home::new().await.start().await;
    let elsewhere = [("host", "rebound.example")];
    let (status, headers, page) = ask(&fleet, "/accounts", &elsewhere).await;
    assert_eq!(status, 403, "{page}");
    assert!(heading(&page).contains("under a loopback name only"), "{page}");
    is_guarded(&headers);
    let (status, headers, body) = ask(&fleet, "/api/accounts", &elsewhere).await;
    assert_eq!(
        (status, &headers["content-type"]),
        (403, &"application/problem+json".parse().unwrap())
    );
    is_guarded(&headers);
    let problem: Value = serde_json::from_str(&body).unwrap();
    assert_eq!(problem["code"], "not_allowed", "{problem}");
    assert!(problem["why"].as_str().unwrap().contains("loopback name"), "{problem}");
    assert!(problem["fix"].as_str().unwrap().contains("127.0.0.1"), "{problem}");
    assert_eq!(fleet.stop().await, 0);
}
