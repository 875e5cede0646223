//! Signing in to the pages with a token, and out again.

use std::net::SocketAddr;

use askama::Template;
use axum::Form;
use axum::extract::{ConnectInfo, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;

use super::super::access::explained;
use super::super::chrome::{Chrome, Failed, Place, page};
use super::Pages;

/// Where to go after signing in.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Next {
    next: Option<String>,
}

/// A path of ours; what else was asked for is the fleet.
fn ours(next: Option<&str>) -> &str {
    let is_ours = |path: &&str| {
        path.starts_with('/') && !path.starts_with("//") && !path.contains(['\\', '\r', '\n'])
    };
    next.filter(is_ours).unwrap_or("/")
}

#[derive(Template)]
#[template(path = "sign_in.html")]
struct Page {
    chrome: Chrome,
    next: String,
    wrong: Option<(String, String)>,
}

fn form(next: &str, wrong: Option<(String, String)>) -> Response {
    let chrome = Chrome::new("Sign in", Place::Elsewhere);
    page(&Page { chrome, next: next.to_owned(), wrong })
}

/// `/sign-in`
pub(super) async fn ask(Query(query): Query<Next>) -> Response {
    form(ours(query.next.as_deref()), None)
}

/// What the form says.
#[derive(Deserialize)]
pub(super) struct Entry {
    token: String,
    next: Option<String>,
}

/// Signs in.
pub(super) async fn enter(
    State(pages): State<Pages>,
    ConnectInfo(from): ConnectInfo<SocketAddr>,
    Form(entry): Form<Entry>,
) -> Response {
    let next = ours(entry.next.as_deref());
    match pages.access.sign_in(&entry.token, Some(from.ip())).await {
        Ok(cookie) => ([(header::SET_COOKIE, cookie)], Redirect::to(next)).into_response(),
        Err(refusal) => {
            let (status, _, why, fix) = explained(&refusal);
            let mut response = form(next, Some((why, fix)));
            *response.status_mut() = status;
            if status == StatusCode::TOO_MANY_REQUESTS {
                let wait = header::HeaderValue::from_static("60");
                response.headers_mut().insert(header::RETRY_AFTER, wait);
            }
            response
        }
    }
}

/// Signs out: whoever knows the cookie may give it up.
pub(super) async fn leave(
    State(pages): State<Pages>,
    headers: HeaderMap,
) -> Result<Response, Failed> {
    let cookie = pages.access.sign_out(&headers).await?;
    Ok(([(header::SET_COOKIE, cookie)], Redirect::to("/sign-in")).into_response())
}

#[cfg(test)]
mod tests {
    use super::ours;

    #[test]
    fn one_is_sent_on_to_pages_of_ours_alone() {
        assert_eq!(ours(Some("/queue?state=failed")), "/queue?state=failed");
        for bad in ["//evil.example", "https://evil.example", "", "/\\evil.example", "/a\r\nb"] {
            assert_eq!(ours(Some(bad)), "/", "{bad}");
        }
    }
}
