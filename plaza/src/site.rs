//! The site: server-rendered pages with small scripts that make them pleasant, never necessary.
//!
//! What a program can count on, by role and accessible name (exactly one match each):
//!
//! | page | there is |
//! |---|---|
//! | `/signin` | textboxes *Username* and *Password*, button *Sign in* |
//! | | after it, for whoever has a second factor: textbox *Code*, button *Confirm* |
//! | `/signup` | textboxes *Name*, *Username* and *Password*, button *Sign up* |
//! | every page | banner, main, navigation *Main*, status; button *Sign out* |
//! | `/` | region *Stories*, feed *Posts*, in it an article *Post 7 by Ada Lindqvist* for each |
//! | `/p/{id}` | buttons *Like* or *Unlike*, *Save* or *Unsave*, *Share* |
//! | | textbox *Add a comment*, button *Post comment*, region *Comments* |
//! | `/m/{username}` | button *Follow* or *Unfollow*, link *Message* |
//! | `/messages/{username}` | textbox *Message*, button *Send* |
//! | `/stories/{username}` | region *Story of …*, buttons *Previous*, *Next*, *Close* |
//! | `/assets/reference.html` | a feed of 150 posts for everybody: browsers are measured on it |
//!
//! `body[data-plaza-state]` is `ok`, `signed_out`, `challenge`, `banned`, `limited`, `unavailable`,
//! `not_found`, `refused` or `cross_site`. The status says *Liked*, *Like removed*, *Saved*,
//! *Removed from saved*, *Shared with your followers*, *Following*, *No longer following*,
//! *Comment posted* or *Message sent*. Comments are `#comment-list > li#c{id}` with `.author`,
//! `.text` and `time[datetime]`; messages `#message-list > li#d{id}` with `.text`, own `.mine`.

mod act;
mod assets;
mod feed;
mod guard;
mod members;
mod messages;
mod notice;
mod posts;
mod read;
mod session;
mod stories;
mod view;

use axum::extract::{DefaultBodyLimit, State};
use axum::http::StatusCode;
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use axum::{Json, Router};

use crate::graph;
use crate::server::App;

pub(crate) use self::guard::{Visitor, is_known_host};

/// Largest body taken.
const BODY_MAX: usize = 64 * 1024;

/// Every route of the site's port, the API included.
pub(crate) fn router(app: App) -> Router {
    Router::new()
        .route("/", get(feed::home))
        .route("/feed", get(feed::chunk))
        .route("/signin", get(session::form).post(session::sign_in))
        .route("/signin/code", post(session::second))
        .route("/signup", get(session::join_form).post(session::join))
        .route("/signout", post(session::sign_out))
        .route("/p/{id}", get(posts::page))
        .route("/p/{id}/comment", post(act::comment))
        .route("/p/{id}/{deed}", post(act::on_post))
        .route("/m/{username}", get(members::page))
        .route("/m/{username}/{deed}", post(act::on_member))
        .route("/saved", get(posts::saved))
        .route("/stories/{username}", get(stories::page))
        .route("/messages", get(messages::inbox))
        .route("/messages/{username}", get(messages::thread).post(act::send))
        .route("/address", get(read::address))
        .route("/read/post/{id}", get(read::post))
        .route("/read/member/{username}", get(read::member))
        .route("/read/messages/{username}", get(read::messages))
        .route("/.well-known/walkon.json", get(grant))
        .merge(assets::router())
        .nest("/graph", graph::router())
        .fallback(notice::not_found)
        .layer(from_fn_with_state(app.clone(), guard::guard))
        .layer(DefaultBodyLimit::max(BODY_MAX))
        .with_state(app)
}

/// What Plaza grants, if it grants anything.
async fn grant(State(app): State<App>) -> Response {
    match app.signed.grant(app.clock.now()) {
        Some(grant) => Json(grant).into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}
