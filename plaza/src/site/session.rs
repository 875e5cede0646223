//! Signing in and out: a form, a cookie, and where to go afterwards.

use axum::Form;
use axum::extract::{Extension, Query, State};
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;

use super::guard::Visitor;
use super::view::{Page, SignInPage, html};
use crate::server::App;

/// The session's cookie.
pub(crate) const COOKIE: &str = "plaza_session";
/// The cookie in which the page's script tells the browser's time zone.
pub(crate) const TIME_ZONE_COOKIE: &str = "plaza_tz";

#[derive(Debug, Deserialize)]
pub(crate) struct Wanted {
    #[serde(default)]
    next: String,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Credentials {
    username: String,
    password: String,
    #[serde(default)]
    next: String,
}

/// `GET /signin`
pub(crate) async fn form(
    Extension(visitor): Extension<Visitor>,
    Query(wanted): Query<Wanted>,
) -> Response {
    if visitor.member.is_some() {
        return Redirect::to(local(&wanted.next)).into_response();
    }
    page(StatusCode::OK, "", &wanted.next, "")
}

/// `POST /signin`
pub(crate) async fn sign_in(State(app): State<App>, Form(given): Form<Credentials>) -> Response {
    let username = given.username.trim().trim_start_matches('@').to_lowercase();
    let mut world = app.world.lock();
    let known = world.find_member(&username).map(|m| m.id);
    let member = known.filter(|_| given.password == format!("{username}-secret"));
    let Some(member) = member else {
        let error = "That username and password do not go together.";
        return page(StatusCode::UNAUTHORIZED, error, &given.next, &username);
    };
    let token = world.sign_in(member, app.clock.now());
    let cookie = format!("{COOKIE}={token}; Path=/; HttpOnly; SameSite=Lax; Max-Age=2592000");
    ([(header::SET_COOKIE, cookie)], Redirect::to(local(&given.next))).into_response()
}

/// `POST /signout`
pub(crate) async fn sign_out(
    State(app): State<App>,
    Extension(visitor): Extension<Visitor>,
) -> Response {
    if let Some(token) = visitor.session {
        app.world.lock().sign_out(&token);
    }
    let cookie = format!("{COOKIE}=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0");
    ([(header::SET_COOKIE, cookie)], Redirect::to("/signin")).into_response()
}

/// The sign-in page that leads back to `uri`.
pub(crate) fn sign_in_path(uri: &Uri) -> String {
    let wanted = uri.path_and_query().map_or("/", |p| p.as_str());
    let escaped = wanted.replace('%', "%25").replace('&', "%26").replace('+', "%2B");
    format!("/signin?next={escaped}")
}

/// The value of one cookie.
pub(crate) fn cookie(headers: &HeaderMap, name: &str) -> Option<String> {
    let all = headers.get_all(header::COOKIE).into_iter().filter_map(|v| v.to_str().ok());
    all.flat_map(|v| v.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(key, _)| *key == name)
        .map(|(_, value)| value.to_owned())
}

/// `next` if it stays on this site, or the feed.
fn local(next: &str) -> &str {
    let stays = next.starts_with('/') && !next.starts_with("//") && !next.contains('\\');
    if stays && !next.starts_with("/signin") { next } else { "/" }
}

fn page(status: StatusCode, error: &str, next: &str, username: &str) -> Response {
    let page = Page::signed_out("Sign in", "signed_out");
    let next = local(next).to_owned();
    html(status, &SignInPage { page, error: error.to_owned(), next, username: username.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::local;

    #[test]
    fn next_never_leaves_the_site() {
        assert_eq!(local("/p/7?x=1"), "/p/7?x=1");
        for elsewhere in ["https://x.test/", "//x.test/", "/\\x.test", "", "p/7"] {
            assert_eq!(local(elsewhere), "/", "{elsewhere}");
        }
    }
}
