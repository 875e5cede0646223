//! Signing in and out: a form, a cookie, and where to go afterwards.

use axum::Form;
use axum::extract::{Extension, Query, State};
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;

use super::guard::Visitor;
use super::view::{CodePage, Page, SignInPage, SignUpPage, html};
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

#[derive(Debug, Deserialize)]
pub(crate) struct CodeGiven {
    ticket: String,
    code: String,
    #[serde(default)]
    next: String,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Joining {
    #[serde(default)]
    name: String,
    username: String,
    password: String,
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
    let member = known.filter(|id| world.is_password(*id, &given.password));
    let Some(member) = member else {
        let error = "That username and password do not go together.";
        return page(StatusCode::UNAUTHORIZED, error, &given.next, &username);
    };
    let now = app.clock.now();
    if let Some(ticket) = world.ask_second(member, now) {
        return code_page(StatusCode::OK, "", &ticket, &given.next);
    }
    let token = world.sign_in(member, now);
    signed_in(&token, &given.next)
}

fn signed_in(token: &str, next: &str) -> Response {
    let cookie = format!("{COOKIE}={token}; Path=/; HttpOnly; SameSite=Lax; Max-Age=2592000");
    ([(header::SET_COOKIE, cookie)], Redirect::to(local(next))).into_response()
}

/// `POST /signin/code`
pub(crate) async fn second(State(app): State<App>, Form(given): Form<CodeGiven>) -> Response {
    let (mut world, now) = (app.world.lock(), app.clock.now());
    let Some(member) = world.take_second(&given.ticket, given.code.trim(), now) else {
        let error = "That code is not right.";
        return code_page(StatusCode::UNAUTHORIZED, error, &given.ticket, &given.next);
    };
    let token = world.sign_in(member, now);
    signed_in(&token, &given.next)
}

fn code_page(status: StatusCode, error: &str, ticket: &str, next: &str) -> Response {
    let page = Page::signed_out("Your code", "signed_out");
    let (error, ticket) = (error.to_owned(), ticket.to_owned());
    html(status, &CodePage { page, error, ticket, next: local(next).to_owned() })
}

/// `GET /signup`
pub(crate) async fn join_form(Extension(visitor): Extension<Visitor>) -> Response {
    if visitor.member.is_some() {
        return Redirect::to("/").into_response();
    }
    join_page(StatusCode::OK, "", "", "")
}

/// `POST /signup`
pub(crate) async fn join(
    State(app): State<App>,
    Extension(visitor): Extension<Visitor>,
    Form(given): Form<Joining>,
) -> Response {
    let (mut world, now) = (app.world.lock(), app.clock.now());
    let username = given.username.trim().trim_start_matches('@').to_lowercase();
    let asked = (given.name.as_str(), username.as_str(), given.password.as_str());
    match world.sign_up(asked, |id| visitor.origin(id), now) {
        Ok(member) => {
            let token = world.sign_in(member, now);
            signed_in(&token, "/")
        }
        Err(why) => {
            join_page(StatusCode::UNPROCESSABLE_ENTITY, &why.to_string(), &given.name, &username)
        }
    }
}

fn join_page(status: StatusCode, error: &str, name: &str, username: &str) -> Response {
    let page = Page::signed_out("Join Plaza", "signed_out");
    let (error, name, username) = (error.to_owned(), name.to_owned(), username.to_owned());
    html(status, &SignUpPage { page, error, name, username })
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
