//! Step by step: at which step an action waits, and letting it go on.

use axum::Json;
use axum::extract::{Path, State};
use serde::Deserialize;
use serde_json::json;
use walkon_core::api_token::ApiScope;
use walkon_core::id::ActionId;

use super::super::route::{Needs, Route};
use super::{Answer, Body};
use crate::coordinator::Coordinator;

/// The routes.
pub(super) fn routes() -> Vec<Route<Coordinator>> {
    let see = Needs::Scope(ApiScope::ActionsRead);
    let act = Needs::Scope(ApiScope::ActionsWrite);
    vec![
        Route::get("/api/actions/{id}/step", see, waits)
            .about("Of an action that is walked step by step: at which step it waits."),
        Route::post("/api/actions/{id}/step", act, say)
            .about("Lets it begin its steps up to this one, or leaves it.")
            .body(&[("to", "integer"), ("leave", "boolean")]),
    ]
}

/// What the person says.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Said {
    /// Up to which step it may go.
    #[serde(default)]
    to: u32,
    /// That they leave it: it goes no further.
    #[serde(default)]
    leave: bool,
}

async fn waits(State(c): State<Coordinator>, Path(id): Path<ActionId>) -> Answer {
    let waits = c.steps.waits_at(&id);
    let (step, title) = waits.map_or((None, None), |(step, title)| (Some(step), Some(title)));
    Ok(Json(json!({"waits_at": step, "title": title})))
}

async fn say(
    State(c): State<Coordinator>,
    Path(id): Path<ActionId>,
    Body(said): Body<Said>,
) -> Answer {
    if said.leave {
        c.steps.leave(&id);
    } else {
        c.steps.let_go(&id, said.to);
    }
    Ok(Json(json!({"to": said.to, "left": said.leave})))
}
