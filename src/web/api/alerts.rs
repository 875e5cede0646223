//! Alerts, and whether they would arrive.

use axum::Json;
use axum::extract::{Query, State};
use serde::{Deserialize, Serialize};
use serde_json::json;
use walkon_core::action::{Refuse, listed};
use walkon_core::api_token::ApiScope;
use walkon_core::id::AccountId;

use super::super::route::{Needs, Route};
use super::hands::Who;
use super::{Answer, Body};
use crate::coordinator::Coordinator;

/// How many one answer has where nothing is said, and at most.
const MOST: u64 = 200;
const MOST_MAX: u64 = 10_000;

/// The routes.
pub(super) fn routes() -> Vec<Route<Coordinator>> {
    let see = Needs::Scope(ApiScope::AccountsRead);
    let control = Needs::Scope(ApiScope::FleetControl);
    vec![
        Route::get("/api/alerts", see, list)
            .about("Alerts: those that stand, then the latest that are over.")
            .query(&[super::ACCOUNT, super::MOST]),
        Route::post("/api/alerts/test", control, test)
            .about("Tells every channel, or one, that this is a test.")
            .body(&[("channel", "string")]),
    ]
}

/// Which alerts.
#[derive(Debug, Default, Deserialize)]
struct Asked {
    account: Option<AccountId>,
    most: Option<u64>,
}

async fn list(State(c): State<Coordinator>, Query(asked): Query<Asked>) -> Answer {
    let account = asked.account.as_ref().map(AccountId::as_str);
    let most = asked.most.unwrap_or(MOST).min(MOST_MAX);
    let alerts = c.store.alerts(account, most).await?;
    let channels: Vec<_> =
        c.care.options().alerts.channels.iter().map(|channel| channel.name()).collect();
    Ok(Json(json!({"alerts": alerts, "channels": channels})))
}

/// What is tested.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Test {
    /// The only channel; none: all.
    #[serde(default)]
    pub channel: Option<String>,
}

async fn test(State(c): State<Coordinator>, who: Who, Body(test): Body<Test>) -> Answer {
    let channels = &c.care.options().alerts.channels;
    let names: Vec<_> = channels.iter().map(|channel| channel.name()).collect();
    if names.is_empty() {
        let fix = "set one in `[alerts]`; `walkon config` shows how";
        return Err(Refuse::new("no_channel", "nobody is set to be told", fix).into());
    }
    if let Some(name) = test.channel.as_deref().filter(|name| !names.contains(name)) {
        let why = format!("there is no channel `{name}`");
        let fix = format!("set are: {}", listed(names.iter().copied()));
        return Err(Refuse::new("unknown_channel", why, fix).into());
    }
    let tested = c.test_channels(test.channel.as_deref(), who.name()).await;
    Ok(Json(json!({"tested": tested})))
}
