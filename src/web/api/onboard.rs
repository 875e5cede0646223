//! Onboardings: asked for, and followed.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde::{Deserialize, Serialize};
use serde_json::json;
use walkon_core::id::AccountId;
use walkon_core::onboarding::Step;

use super::hands::Who;
use super::{Answer, Body, Problem, no};
use crate::catalog::Catalog;
use crate::coordinator::Coordinator;
use crate::queue::Person;

/// The routes.
pub(super) fn router() -> Router<Coordinator> {
    Router::new()
        .route("/api/onboardings", get(all))
        .route("/api/accounts/{id}/onboard", get(one).post(ask))
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
