//! Effects by page: what the forms and buttons post to.
//!
//! A script gets JSON and changes the page in place; a form without scripts is sent back to where
//! it came from, with `?done=` for the live region.

use axum::extract::{Path, State};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Redirect, Response};
use axum::{Form, Json};
use serde::Deserialize;
use serde_json::json;

use super::guard::SignedIn;
use super::notice;
use crate::server::App;
use crate::world::perform::{Done, Effect, Refusal};

/// How a page was come to.
#[derive(Debug, Deserialize)]
pub(crate) struct Came {
    pub(crate) done: Option<String>,
}

/// A text field.
#[derive(Debug, Deserialize)]
pub(crate) struct Written {
    text: String,
}

/// What the live region says after each deed.
const WORDS: [(&str, &str); 9] = [
    ("like", "Liked"),
    ("unlike", "Like removed"),
    ("save", "Saved"),
    ("unsave", "Removed from saved"),
    ("share", "Shared with your followers"),
    ("follow", "Following"),
    ("unfollow", "No longer following"),
    ("comment", "Comment posted"),
    ("message", "Message sent"),
];

/// The words for a deed.
pub(crate) fn words(deed: &str) -> Option<&'static str> {
    WORDS.iter().find(|(known, _)| *known == deed).map(|(_, words)| *words)
}

/// `POST /p/{id}/like`, `unlike`, `save`, `unsave` and `share`
pub(crate) async fn on_post(
    State(app): State<App>,
    who: SignedIn,
    Path((id, deed)): Path<(String, String)>,
    headers: HeaderMap,
) -> Response {
    let wants_json = who.visitor.wants_json;
    let Ok(post) = id.parse() else { return notice::missing(wants_json) };
    let effect = match deed.as_str() {
        "like" => Effect::Like { post, on: true },
        "unlike" => Effect::Like { post, on: false },
        "save" => Effect::Save { post, on: true },
        "unsave" => Effect::Save { post, on: false },
        "share" => Effect::Share { post },
        _ => return notice::missing(wants_json),
    };
    let back = back(&headers, &format!("/p/{post}"));
    perform(&app, &who, effect, &deed, &back)
}

/// `POST /m/{username}/follow` and `unfollow`
pub(crate) async fn on_member(
    State(app): State<App>,
    who: SignedIn,
    Path((username, deed)): Path<(String, String)>,
    headers: HeaderMap,
) -> Response {
    let wants_json = who.visitor.wants_json;
    let found = app.world.lock().find_member(&username).map(|m| m.id);
    let Some(member) = found else { return notice::missing(wants_json) };
    let effect = match deed.as_str() {
        "follow" => Effect::Follow { member, on: true },
        "unfollow" => Effect::Follow { member, on: false },
        _ => return notice::missing(wants_json),
    };
    perform(&app, &who, effect, &deed, &back(&headers, &format!("/m/{username}")))
}

/// `POST /p/{id}/comment`
pub(crate) async fn comment(
    State(app): State<App>,
    who: SignedIn,
    Path(id): Path<String>,
    Form(written): Form<Written>,
) -> Response {
    let Ok(post) = id.parse() else { return notice::missing(who.visitor.wants_json) };
    let effect = Effect::Comment { post, text: plain(written.text) };
    perform(&app, &who, effect, "comment", &format!("/p/{post}"))
}

/// `POST /messages/{username}`
pub(crate) async fn send(
    State(app): State<App>,
    who: SignedIn,
    Path(username): Path<String>,
    Form(written): Form<Written>,
) -> Response {
    let found = app.world.lock().find_member(&username).map(|m| m.id);
    let Some(to) = found else { return notice::missing(who.visitor.wants_json) };
    let effect = Effect::SendDm { to, text: plain(written.text) };
    perform(&app, &who, effect, "message", &format!("/messages/{username}"))
}

/// Does it and answers. A browser sends line ends as CR LF; the ledger holds what was typed.
fn perform(app: &App, who: &SignedIn, effect: Effect, deed: &str, back: &str) -> Response {
    let mut world = app.world.lock();
    let now = app.clock.now();
    let origin = who.visitor.origin(who.member);
    let post = match effect {
        Effect::Like { post, .. } => Some(post),
        _ => None,
    };
    let done: Result<Done, Refusal> = world.perform(&origin, effect, now);
    match done {
        Err(refusal) => notice::refused(refusal, who.visitor.wants_json),
        Ok(done) if who.visitor.wants_json => {
            let me = world.member(who.member);
            let likes = post.and_then(|id| world.post(id)).map(|p| p.likes.len());
            Json(json!({
                "made": done.made,
                "id": done.id.to_string(),
                "status": words(deed),
                "likes": likes,
                "me": { "username": me.username, "name": me.name },
                "at": now,
            }))
            .into_response()
        }
        Ok(_) => Redirect::to(&with_done(back, deed)).into_response(),
    }
}

fn plain(text: String) -> String {
    if text.contains('\r') { text.replace("\r\n", "\n") } else { text }
}

/// The page the form stood on, if it says so and it is ours; the path only.
fn back(headers: &HeaderMap, otherwise: &str) -> String {
    let text = |name| headers.get(name).and_then(|v| v.to_str().ok());
    let host = text(header::HOST).unwrap_or_default();
    let referer = text(header::REFERER).and_then(|r| r.split_once("://"));
    let path = referer.and_then(|(_, rest)| rest.strip_prefix(host));
    match path {
        Some(path) if path.starts_with('/') && !path.starts_with("//") => path.to_owned(),
        _ => otherwise.to_owned(),
    }
}

/// `back` with one `done`, and without the one it may have had.
fn with_done(back: &str, deed: &str) -> String {
    let (path, query) = back.split_once('?').unwrap_or((back, ""));
    let kept = query.split('&').filter(|p| !p.is_empty() && !p.starts_with("done="));
    let query: Vec<&str> = kept.collect();
    if query.is_empty() {
        format!("{path}?done={deed}")
    } else {
        format!("{path}?{}&done={deed}", query.join("&"))
    }
}

#[cfg(test)]
mod tests {
    use super::with_done;

    #[test]
    fn a_form_returns_with_one_done() {
        assert_eq!(with_done("/p/7", "like"), "/p/7?done=like");
        assert_eq!(with_done("/?after=9&done=like", "unlike"), "/?after=9&done=unlike");
    }
}
