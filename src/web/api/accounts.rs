//! Accounts: who they are, how they come and how they go.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use walkon_core::account::Standing;
use walkon_core::action::Refuse;
use walkon_core::id::AccountId;

use super::hands::{Who, Why};
use super::{Answer, Body, Problem, no};
use crate::coordinator::Coordinator;

/// How many receipts one account is shown with.
const RECEIPTS: u64 = 20;

/// The routes.
pub(super) fn router() -> Router<Coordinator> {
    Router::new()
        .route("/api/accounts", get(accounts))
        .route("/api/accounts/import", post(import))
        .route("/api/accounts/reload", post(reload))
        .route("/api/accounts/{id}", get(account).delete(remove))
        .route("/api/accounts/{id}/erase", post(erase))
        .route("/api/erasures", get(erasures))
}

pub(super) fn standing(standing: &Standing) -> Value {
    json!({
        "id": standing.account.id, "site": standing.account.site,
        "username": standing.account.username, "state": standing.word(),
        "plan": standing.account.plan, "time_zone": standing.account.time_zone,
        "device": standing.account.device, "persona": standing.account.persona,
        "proxy": standing.account.proxy.as_ref().map(|proxy| &proxy.url),
        "labels": standing.account.labels, "kept": standing.kept,
        "leaving": standing.leaving, "holds": standing.holds,
    })
}

async fn accounts(State(c): State<Coordinator>) -> Answer {
    let all = c.store.accounts().await?;
    Ok(Json(json!({"accounts": all.iter().map(standing).collect::<Vec<_>>()})))
}

pub(super) async fn account(State(c): State<Coordinator>, Path(id): Path<AccountId>) -> Answer {
    let found = c.store.account(&id).await?.ok_or_else(|| no("account", id.as_str()))?;
    let mut answer = standing(&found);
    answer["receipts"] = json!(c.store.receipts(Some(id.as_str()), RECEIPTS).await?);
    Ok(Json(answer))
}

/// An accounts' file on its way in.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Import {
    /// Its text.
    pub text: String,
    /// Its name, for faults; its ending says the form: `.csv`, `.json`, else TOML.
    pub file: String,
    /// Only say what would change.
    #[serde(default)]
    pub dry_run: bool,
}

async fn import(State(c): State<Coordinator>, Body(import): Body<Import>) -> Answer {
    let imported = c.import(&import.text, &import.file, import.dry_run).await?;
    let mut answer = json!(imported);
    answer["dry_run"] = json!(import.dry_run);
    Ok(Json(answer))
}

async fn reload(State(c): State<Coordinator>, who: Who) -> Answer {
    let person = who.person(None, "it is not in the accounts' file any more");
    Ok(Json(json!(c.reload(&person).await?)))
}

async fn remove(
    State(c): State<Coordinator>,
    who: Who,
    Path(id): Path<AccountId>,
    why: Result<Body<Why>, Problem>,
) -> Result<Response, Problem> {
    let why = why.ok().and_then(|Body(Why { why })| why);
    let person = who.person(why.as_deref(), "removed by an operator");
    if !c.remove_account(&id, &person).await? {
        return Err(no("account", id.as_str()));
    }
    // It finishes what runs first: that it is gone is told by the event `removed`.
    Ok((StatusCode::ACCEPTED, Json(json!({"id": id, "state": "leaving"}))).into_response())
}

/// An account that is to be erased.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Erase {
    /// Its id once more: this cannot be taken back.
    pub confirm: AccountId,
    /// In a sentence. The audit log keeps it for good.
    #[serde(default)]
    pub why: Option<String>,
}

async fn erase(
    State(c): State<Coordinator>,
    who: Who,
    Path(id): Path<AccountId>,
    Body(wish): Body<Erase>,
) -> Result<Response, Problem> {
    if wish.confirm != id {
        let why = format!("`confirm` is `{}`, the account is `{id}`", wish.confirm);
        return Err(Refuse::new("not_confirmed", why, "write the id once more").into());
    }
    let person = who.person(wish.why.as_deref(), "erased by an operator");
    if !c.erase_account(&id, &person).await? {
        return Err(no("account", id.as_str()));
    }
    let answer = json!({"id": id, "receipt": "/api/erasures"});
    Ok((StatusCode::ACCEPTED, Json(answer)).into_response())
}

async fn erasures(State(c): State<Coordinator>) -> Answer {
    Ok(Json(json!({"erasures": c.store.erasures(false).await?})))
}
