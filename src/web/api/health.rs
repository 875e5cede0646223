//! How accounts are, and a check on demand.

use axum::Json;
use axum::extract::{Path, Query, State};
use serde::Deserialize;
use serde_json::{Value, json};
use walkon_core::api_token::ApiScope;
use walkon_core::health::{Health, Level};
use walkon_core::id::AccountId;

use super::super::route::{Needs, Route};
use super::{Answer, Problem, no};
use crate::coordinator::Coordinator;

/// How much of the past one answer has.
const HISTORY: u64 = 50;

/// The routes.
pub(super) fn routes() -> Vec<Route<Coordinator>> {
    let see = Needs::Scope(ApiScope::AccountsRead);
    let control = Needs::Scope(ApiScope::FleetControl);
    vec![
        Route::get("/api/health", see, all)
            .about("How accounts are.")
            .query(&[("level", "Only of this: healthy, warning, critical, unknown.")]),
        Route::get("/api/accounts/{id}/health", see, one).about("How it is, and how it was."),
        Route::post("/api/accounts/{id}/health", control, check)
            .about("Checks it now; one that must not act is stopped."),
    ]
}

/// Which accounts.
#[derive(Debug, Default, Deserialize)]
struct Asked {
    level: Option<String>,
}

impl Asked {
    fn level(&self) -> Result<Option<Level>, Problem> {
        let Some(name) = &self.level else { return Ok(None) };
        let known = Level::ALL.map(Level::name).join(", ");
        let unknown = || Problem {
            status: axum::http::StatusCode::UNPROCESSABLE_ENTITY,
            code: "unknown_level".to_owned(),
            why: format!("there is no level `{name}`"),
            fix: format!("known: {known}"),
        };
        Level::named(name).map(Some).ok_or_else(unknown)
    }
}

fn row(health: &Health) -> Value {
    let Health { report, since, rounds } = health;
    json!({
        "account": report.account, "level": report.level, "at": report.at, "since": since,
        "rounds": rounds, "why": report.why(), "fix": report.fix(), "checks": report.checks,
    })
}

async fn all(State(c): State<Coordinator>, Query(asked): Query<Asked>) -> Answer {
    let level = asked.level()?;
    let mut all = c.store.healths().await?;
    all.retain(|one| level.is_none_or(|level| one.report.level == level));
    Ok(Json(json!({"health": all.iter().map(row).collect::<Vec<_>>()})))
}

async fn one(State(c): State<Coordinator>, Path(id): Path<AccountId>) -> Answer {
    c.store.account(&id).await?.ok_or_else(|| no("account", id.as_str()))?;
    let history = c.store.health_history(&id, HISTORY).await?;
    let now = history.first().map(row);
    let past: Vec<_> = history.iter().skip(1).map(row).collect();
    Ok(Json(json!({"now": now, "history": past})))
}

async fn check(State(c): State<Coordinator>, Path(id): Path<AccountId>) -> Answer {
    c.store.account(&id).await?.ok_or_else(|| no("account", id.as_str()))?;
    c.check_health(&id).await?;
    let health = c.store.health(&id).await?;
    Ok(Json(health.as_ref().map_or(Value::Null, row)))
}
