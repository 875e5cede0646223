//! Onboardings: asked for, and followed.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use serde_json::json;
use walkon_core::api_token::ApiScope;
use walkon_core::id::AccountId;
use walkon_core::onboarding::Step;

use super::super::route::{Needs, Route};
use super::hands::Who;
use super::{Answer, Body, Problem, no};
use crate::catalog::Catalog;
use crate::coordinator::Coordinator;
use crate::queue::Person;

/// The routes.
pub(super) fn routes() -> Vec<Route<Coordinator>> {
    let see = Needs::Scope(ApiScope::AccountsRead);
    let change = Needs::Scope(ApiScope::AccountsWrite);
    vec![
        Route::get("/api/onboardings", see, all).about("How far accounts are connected."),
        Route::get("/api/accounts/{id}/onboard", see, one).about("How far it is connected."),
        Route::post("/api/accounts/{id}/onboard", change, ask)
            .about("Connects it step by step, or does one step again.")
            .body(&[("step", "string"), ("why", "string")]),
    ]
}

/// What is to be done.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Onboard {
    /// The only step; none: all.
    #[serde(default)]
    pub step: Option<String>,
    /// Why.
    #[serde(default)]
    pub why: Option<String>,
}

impl Onboard {
    fn step(&self) -> Result<Option<Step>, Problem> {
        let Some(name) = &self.step else { return Ok(None) };
        Step::named(name).map(Some).ok_or_else(|| Problem {
            status: StatusCode::UNPROCESSABLE_ENTITY,
            code: "unknown_step".to_owned(),
            why: format!("there is no step `{name}`"),
            fix: Catalog::known(name, Step::ALL.into_iter().map(Step::name)),
        })
    }
}

async fn all(State(c): State<Coordinator>) -> Answer {
    Ok(Json(json!({"onboardings": c.store.onboardings().await?})))
}

async fn one(State(c): State<Coordinator>, Path(id): Path<AccountId>) -> Answer {
    c.store.account(&id).await?.ok_or_else(|| no("account", id.as_str()))?;
    Ok(Json(json!({"onboarding": c.store.onboarding(&id).await?})))
}

async fn ask(
    State(c): State<Coordinator>,
    who: Who,
    Path(id): Path<AccountId>,
    Body(asked): Body<Onboard>,
) -> Result<Response, Problem> {
    c.store.account(&id).await?.ok_or_else(|| no("account", id.as_str()))?;
    let why = asked.why.as_deref().unwrap_or("asked for by an operator");
    let person = Person::new(who.name(), why);
    let onboarding = c.ask_onboarding(&id, asked.step()?, &person).await?;
    Ok((StatusCode::ACCEPTED, Json(json!({"onboarding": onboarding}))).into_response())
}
