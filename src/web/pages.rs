//! The pages' routes: read what is there, hand it to a view, render it.
//!
//! What a page says is decided in [`super::view`]; nothing here but reading, and the forms that
//! change something. Each route is behind [`super::access`], and all are behind [`super::guard`].

use axum::Router;
use axum::http::StatusCode;
use axum::response::Response;
use walkon_core::api_token::ApiScope;

use crate::coordinator::Coordinator;
use crate::shutdown::Shutdown;

use super::access::Access;
use super::assets;
use super::chrome::Lost;
use super::route::{Needs, Route};

mod accounts;
mod alerts;
mod archive;
mod fleet;
mod queue;
mod sessions;
mod sign_in;
mod usage;

/// What every handler has at hand.
#[derive(Clone)]
pub(super) struct Pages {
    coordinator: Coordinator,
    access: Access,
    board: fleet::Board,
    shutdown: Shutdown,
}

/// Every page and form.
pub(super) fn routes() -> Vec<Route<Pages>> {
    let accounts = Needs::Scope(ApiScope::AccountsRead);
    let actions = Needs::Scope(ApiScope::ActionsRead);
    let sessions = Needs::Scope(ApiScope::SessionsRead);
    let act = Needs::Scope(ApiScope::ActionsWrite);
    let control = Needs::Scope(ApiScope::FleetControl);
    vec![
        Route::get("/", actions, fleet::overview),
        Route::get("/live", actions, fleet::live),
        Route::get("/accounts", accounts, accounts::list),
        Route::post("/accounts/bulk", control, accounts::bulk),
        Route::post("/accounts/reload", Needs::Scope(ApiScope::AccountsWrite), accounts::reload),
        Route::get("/accounts/{id}", accounts, accounts::one),
        Route::post("/accounts/{id}/pause", control, accounts::pause),
        Route::post("/accounts/{id}/resume", control, accounts::resume),
        Route::post("/accounts/{id}/release", control, accounts::release),
        Route::get("/queue", actions, queue::list),
        Route::get("/actions/{id}", actions, queue::one),
        Route::post("/actions/{id}/cancel", act, queue::cancel),
        Route::get("/usage", actions, usage::counted),
        Route::get("/alerts", accounts, alerts::list),
        Route::get("/sessions", sessions, sessions::list),
        Route::get("/sessions/{id}", sessions, sessions::one),
        Route::get("/sessions/{id}/blobs/{file}", sessions, sessions::blob),
        Route::get("/static/{hash}/{name}", Needs::Nothing, assets::serve),
        Route::get("/sign-in", Needs::Nothing, sign_in::ask),
        Route::post("/sign-in", Needs::Nothing, sign_in::enter),
        Route::post("/sign-out", Needs::Nothing, sign_in::leave),
    ]
}

/// The pages' router. Open streams end with a soft stop.
pub fn router(access: &Access, shutdown: &Shutdown) -> Router {
    let pages = Pages {
        coordinator: access.coordinator().clone(),
        access: access.clone(),
        board: fleet::Board::default(),
        shutdown: shutdown.clone(),
    };
    super::route::router(routes(), access).fallback(no_page).with_state(pages)
}

async fn no_page() -> Response {
    Lost::no_page().into_page(StatusCode::NOT_FOUND)
}

/// Every page and form with its method and what it needs, for whoever looks through them.
pub fn table() -> Vec<(&'static str, &'static str, Needs)> {
    routes().iter().map(|route| (route.method, route.path, route.needs)).collect()
}
