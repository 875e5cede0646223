//! How attempts ended, counted.

use axum::Json;
use axum::extract::{Query, State};
use jiff::SignedDuration;
use serde::{Deserialize, Serialize};
use serde_json::json;
use walkon_core::api_token::ApiScope;
use walkon_core::id::AccountId;

use super::super::route::{Needs, Route};
use super::{Answer, Problem};
use crate::coordinator::Coordinator;
use crate::store::usage::{By, Count};

/// How far back is counted where nothing is said, and at most.
pub const HOURS: u32 = 24;
const HOURS_MAX: u32 = 24 * 366;

/// What is counted.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Asked {
    /// `account`, `hour`, `kind` or `result`.
    #[serde(default)]
    pub by: By,
    /// How many hours back.
    #[serde(default)]
    pub hours: Option<u32>,
    /// Only this account.
    #[serde(default)]
    pub account: Option<AccountId>,
}

/// The route.
pub(super) fn routes() -> Vec<Route<Coordinator>> {
    const ASKED: &[(&str, &str)] = &[
        ("by", "account, hour, kind or result."),
        ("hours", "How many hours back."),
        ("account", "Only this account."),
    ];
    let route = Route::get("/api/usage", Needs::Scope(ApiScope::ActionsRead), usage);
    vec![route.about("How attempts ended, counted.").query(ASKED)]
}

async fn usage(
    State(c): State<Coordinator>,
    asked: Result<Query<Asked>, axum::extract::rejection::QueryRejection>,
) -> Answer {
    let Query(Asked { by, hours, account }) = asked.map_err(|rejection| Problem {
        status: rejection.status(),
        code: "unreadable".to_owned(),
        why: rejection.body_text(),
        fix: "write `?by=account`, `hour`, `kind` or `result`, `&hours=24`, `&account=`".to_owned(),
    })?;
    let back = SignedDuration::from_hours(hours.unwrap_or(HOURS).min(HOURS_MAX).into());
    let since = c.now().saturating_sub(back).unwrap_or(jiff::Timestamp::MIN);
    let account = account.map(|id| id.to_string());
    let lines = c.store.usage(&Count { by, since, until: None, account }).await?;
    Ok(Json(json!({"since": since, "by": by, "usage": lines})))
}
