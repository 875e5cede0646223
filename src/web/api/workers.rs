//! How workers stand: for autoscalers whether any takes more, for people each one's own words.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use serde_json::json;
use tokio::time::Instant;
use walkon_core::api_token::ApiScope;
use walkon_core::pressure::Reason;

use super::super::route::{Needs, Route};
use super::Answer;
use crate::coordinator::Coordinator;

/// The routes.
pub(super) fn routes() -> Vec<Route<Coordinator>> {
    vec![
        Route::get("/pressure", Needs::Nothing, pressure)
            .about("Whether any worker takes more browsers: 200, or 503; reasons and counts."),
        Route::get("/api/workers", Needs::Scope(ApiScope::ActionsRead), workers)
            .about("The workers that speak to this coordinator, and how each stands."),
    ]
}

async fn pressure(State(c): State<Coordinator>) -> Response {
    let all: Vec<_> =
        c.crew.all(Instant::now()).into_iter().map(|(_, pressure)| pressure).collect();
    let is_fit = |reason: Reason| matches!(reason, Reason::Fit | Reason::Cpu);
    let available = all.iter().any(|one| is_fit(one.reason));
    let orphans: u64 = all.iter().map(|one| one.orphans).sum();
    let row = all.iter().map(|one| {
        let (slots, busy, parked) = (one.slots, one.busy, one.parked);
        json!({"reason": one.reason, "slots": slots, "busy": busy, "parked": parked})
    });
    let rows: Vec<_> = row.collect();
    let status = if available { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let body = json!({"available": available, "orphans_total": orphans, "workers": rows});
    (status, Json(body)).into_response()
}

async fn workers(State(c): State<Coordinator>) -> Answer {
    let all = c.crew.all(Instant::now());
    let rows = all.iter().map(|(worker, pressure)| {
        let mut row = serde_json::to_value(pressure).unwrap_or_default();
        row["worker"] = json!(worker);
        row
    });
    Ok(Json(json!({"workers": rows.collect::<Vec<_>>()})))
}
