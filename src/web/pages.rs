//! The pages' routes: read what is there, hand it to a view, render it.
//!
//! What a page says is decided in [`super::view`]; nothing here but reading, and the four forms
//! that change something. They answer on loopback only, behind [`super::guard`].

use axum::Router;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::{get, post};

use crate::coordinator::Coordinator;
use crate::shutdown::Shutdown;

use super::assets;
use super::chrome::Lost;

mod accounts;
mod archive;
mod fleet;
mod queue;
mod sessions;

/// Who acts through these pages, until operators can sign in.
const OPERATOR: &str = "operator";

/// What every handler has at hand.
#[derive(Clone)]
struct Pages {
    coordinator: Coordinator,
    board: fleet::Board,
    shutdown: Shutdown,
}

/// The pages' routes. Open streams end with a soft stop.
pub fn router(coordinator: Coordinator, shutdown: &Shutdown) -> Router {
    let pages = Pages { coordinator, board: fleet::Board::default(), shutdown: shutdown.clone() };
    Router::new()
        .route("/", get(fleet::overview))
        .route("/live", get(fleet::live))
        .route("/accounts", get(accounts::list))
        .route("/accounts/{id}", get(accounts::one))
        .route("/accounts/{id}/pause", post(accounts::pause))
        .route("/accounts/{id}/resume", post(accounts::resume))
        .route("/accounts/{id}/release", post(accounts::release))
        .route("/queue", get(queue::list))
        .route("/actions/{id}", get(queue::one))
        .route("/actions/{id}/cancel", post(queue::cancel))
        .route("/sessions", get(sessions::list))
        .route("/sessions/{id}", get(sessions::one))
        .route("/sessions/{id}/blobs/{file}", get(sessions::blob))
        .route("/static/{hash}/{name}", get(assets::serve))
        .fallback(no_page)
        .with_state(pages)
}

async fn no_page() -> Response {
    Lost::no_page().into_page(StatusCode::NOT_FOUND)
}
