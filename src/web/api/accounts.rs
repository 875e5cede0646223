//! Accounts: who they are, how they come and how they go.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use walkon_core::account::{Account, Kept, Lifecycle, ProxyConfig, Standing};
use walkon_core::action::Refuse;
use walkon_core::api_token::ApiScope;
use walkon_core::id::AccountId;

use super::super::access::Caller;
use super::super::route::{Needs, Route};
use super::hands::{Who, Why};
use super::{Answer, Body, Problem, no};
use crate::catalog::Catalog;
use crate::coordinator::Coordinator;
use crate::coordinator::import::Wish;

/// How many receipts one account is shown with.
const RECEIPTS: u64 = 20;

/// The routes.
pub(super) fn routes() -> Vec<Route<Coordinator>> {
    const ACCOUNT: &[(&str, &str)] = &[
        ("id", "string*"),
        ("site", "string*"),
        ("username", "string*"),
        ("time_zone", "string"),
        ("device", "string"),
        ("persona", "string"),
        ("plan", "string"),
        ("proxy", "object"),
        ("password_file", "string"),
        ("token_file", "string"),
        ("totp_file", "string"),
        ("labels", "object"),
    ];
    let see = Needs::Scope(ApiScope::AccountsRead);
    let change = Needs::Scope(ApiScope::AccountsWrite);
    let admin = Needs::Scope(ApiScope::Admin);
    vec![
        Route::get("/api/accounts", see, accounts).about("Every account."),
        Route::post("/api/accounts", change, add).about("Adds an account.").body(ACCOUNT),
        Route::post("/api/accounts/import", change, import)
            .about("Adds and changes accounts from a text in TOML, JSON or CSV.")
            .body(&[
                ("text", "string*"),
                ("file", "string*"),
                ("dry_run", "boolean"),
                ("begin", "string"),
            ]),
        Route::post("/api/accounts/reload", change, reload)
            .about("Reads the accounts' file again."),
        Route::get("/api/accounts/{id}", see, account).about("One account."),
        Route::put("/api/accounts/{id}", change, put)
            .about("Puts what is said in place of what an account was.")
            .body(ACCOUNT),
        Route::delete("/api/accounts/{id}", change, remove)
            .about("Removes an account; what has begun is finished first.")
            .body(&[("why", "string")]),
        Route::post("/api/accounts/{id}/erase", admin, erase)
            .about("Removes an account and all it has done.")
            .body(&[("confirm", "string*"), ("why", "string")]),
        Route::get("/api/erasures", Needs::Scope(ApiScope::AuditRead), erasures)
            .about("Erasures and their receipts."),
    ]
}

pub(super) fn standing(standing: &Standing) -> Value {
    json!({
        "id": standing.account.id, "site": standing.account.site,
        "username": standing.account.username, "state": standing.word(),
        "plan": standing.account.plan, "time_zone": standing.account.time_zone,
        "device": standing.account.device, "persona": standing.account.persona,
        "proxy": standing.account.proxy.as_ref().map(ProxyConfig::shown),
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
    /// Where new ones begin: `connecting`, `active` or `inactive`; none: where the settings say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub begin: Option<String>,
}

impl Import {
    fn begin(&self) -> Result<Option<Lifecycle>, Problem> {
        let Some(name) = &self.begin else { return Ok(None) };
        let begins = [Lifecycle::Connecting, Lifecycle::Active, Lifecycle::Inactive];
        let found = begins.into_iter().find(|begin| begin.name() == name);
        found.map(Some).ok_or_else(|| {
            let why = format!("an account does not begin as `{name}`");
            let fix = Catalog::known(name, begins.into_iter().map(Lifecycle::name));
            Refuse::new("unknown_beginning", why, fix).into()
        })
    }
}

async fn import(
    State(c): State<Coordinator>,
    caller: Caller,
    Body(import): Body<Import>,
) -> Answer {
    let wish = Wish {
        is_dry: import.dry_run,
        may_read_files: caller.may(ApiScope::SecretsWrite),
        begin: import.begin()?,
    };
    let imported = c.import(&import.text, &import.file, wish, &caller.name).await?;
    let mut answer = json!(imported);
    answer["dry_run"] = json!(import.dry_run);
    Ok(Json(answer))
}

/// Puts an account that is kept by hand in place of what it was.
pub(super) async fn replace(c: &Coordinator, caller: &Caller, account: Account) -> Answer {
    let id = account.id.clone();
    if c.store.account(&id).await?.is_some_and(|standing| standing.kept == Kept::File) {
        return Err(c.kept_in_file(&id).into());
    }
    let may_read_files = caller.may(ApiScope::SecretsWrite);
    let wish = Wish { may_read_files, ..Wish::default() };
    c.import(&json!([account]).to_string(), "account.json", wish, &caller.name).await?;
    self::account(State(c.clone()), Path(id)).await
}

async fn add(
    State(c): State<Coordinator>,
    caller: Caller,
    Body(account): Body<Account>,
) -> Result<Response, Problem> {
    if c.store.account(&account.id).await?.is_some() {
        let why = format!("there is an account `{}`", account.id);
        let fix = "change it by `PUT /api/accounts/{id}`, or choose another id";
        return Err(Refuse::new("exists", why, fix).into());
    }
    Ok((StatusCode::CREATED, replace(&c, &caller, account).await?).into_response())
}

async fn put(
    State(c): State<Coordinator>,
    caller: Caller,
    Path(id): Path<AccountId>,
    Body(account): Body<Account>,
) -> Answer {
    c.store.account(&id).await?.ok_or_else(|| no("account", id.as_str()))?;
    if account.id != id {
        let why = format!("the path says `{id}`, the account `{}`", account.id);
        return Err(Refuse::new("other_id", why, "an id cannot be changed").into());
    }
    replace(&c, &caller, account).await
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
