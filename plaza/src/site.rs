//! The site: server-rendered pages with small scripts that make them pleasant, never necessary.

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

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::from_fn_with_state;
use axum::routing::{get, post};

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
        .route("/read/post/{id}", get(read::post))
        .route("/read/member/{username}", get(read::member))
        .route("/read/messages/{username}", get(read::messages))
        .merge(assets::router())
        .nest("/graph", graph::router())
        .fallback(notice::not_found)
        .layer(from_fn_with_state(app.clone(), guard::guard))
        .layer(DefaultBodyLimit::max(BODY_MAX))
        .with_state(app)
}
