//! What a person does by hand: pause and resume, cancel and settle, dead letters, and the pool.
//!
//! Who it was is the name of the token; where nobody has to show one, it is said by the header
//! `walkon-by`, which is a name and no proof.

use axum::Json;
use axum::extract::{FromRequestParts, Path, State};
use axum::http::StatusCode;
use axum::http::request::Parts;
use serde::{Deserialize, Serialize};
use serde_json::json;
use walkon_core::account::Lifecycle;
use walkon_core::action::Refuse;
use walkon_core::api_token::ApiScope;
use walkon_core::hold::HoldKind;
use walkon_core::id::{AccountId, ActionId};
use walkon_core::lifecycle::Mover;

use super::super::access::Caller;
use super::super::route::{Needs, Route};
use super::accounts::account;
use super::{Answer, Body, Problem, no};
use crate::catalog::Catalog;
use crate::coordinator::Coordinator;
use crate::queue::{Cancelled, Person, Resolution};
use dead::{dead, put_back};
use halt::{pause, pauses, resume};

mod dead;
mod halt;
mod pool;

pub use dead::{Dead, PutBack};
pub use halt::Halt;

/// Who asks.
pub(super) struct Who(String);

impl<S: Send + Sync> FromRequestParts<S> for Who {
    type Rejection = StatusCode;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Self::Rejection> {
        Ok(Self(Caller::from_request_parts(parts, state).await?.name))
    }
}

impl Who {
    /// The name.
    pub(super) fn name(&self) -> &str {
        &self.0
    }

    pub(super) fn person(&self, why: Option<&str>, otherwise: &str) -> Person {
        Person::new(&self.0, why.filter(|why| !why.is_empty()).unwrap_or(otherwise))
    }
}

/// The routes of a person's hands.
pub(super) fn routes() -> Vec<Route<Coordinator>> {
    const WHY: &[(&str, &str)] = &[("why", "string")];
    const SCOPE: &[(&str, &str)] = &[("all", "boolean"), ("site", "string"), ("why", "string")];
    const DEAD: &[(&str, &str)] = &[
        ("parked", "Those that may have been done."),
        super::ACCOUNT,
        ("kind", "Only of this kind."),
        ("code", "Only those that ended with this code."),
        super::MOST,
    ];
    let see = Needs::Scope(ApiScope::ActionsRead);
    let act = Needs::Scope(ApiScope::ActionsWrite);
    let control = Needs::Scope(ApiScope::FleetControl);
    let accounts = Needs::Scope(ApiScope::AccountsRead);
    let change = Needs::Scope(ApiScope::AccountsWrite);
    let members =
        &[("site", "Only of it."), ("plan", "Only on it."), ("pool", "Only its members.")];
    vec![
        Route::get("/api/pauses", see, pauses).about("What is paused."),
        Route::post("/api/pause", control, pause).about("Pauses fleet or site.").body(SCOPE),
        Route::post("/api/resume", control, resume).about("Lets them go on.").body(SCOPE),
        Route::post("/api/actions/{id}/cancel", act, cancel).about("Takes it back.").body(WHY),
        Route::post("/api/actions/{id}/settle", act, settle)
            .about("Settles what failed or is parked.")
            .body(&[("outcome", "string*"), ("why", "string")]),
        Route::get("/api/dead", see, dead).about("Dead letters.").query(DEAD),
        Route::post("/api/dead/retry", act, put_back).about("Puts dead letters back.").body(&[
            ("ids", "array"),
            ("matching", "object"),
            ("why", "string"),
        ]),
        Route::post("/api/accounts/{id}/pause", control, pause_account)
            .about("Holds an account.")
            .body(&[("reason", "string*")]),
        Route::post("/api/accounts/{id}/resume", control, resume_account)
            .about("Lifts the operator's hold."),
        Route::post("/api/accounts/{id}/release", control, release)
            .about("Lifts one hold, having looked.")
            .body(&[("hold", "string*")]),
        Route::post("/api/accounts/{id}/move", change, move_account)
            .about("Moves it in its life.")
            .body(&[("to", "string*"), ("why", "string")]),
        Route::get("/api/pool", accounts, pool::pool)
            .about("How the accounts stand.")
            .query(members),
    ]
}

/// Why something is done by hand.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Why {
    /// In a sentence.
    #[serde(default)]
    pub why: Option<String>,
}

async fn cancel(
    State(c): State<Coordinator>,
    who: Who,
    Path(id): Path<ActionId>,
    why: Result<Body<Why>, Problem>,
) -> Answer {
    // Without a body it is cancelled for no reason given.
    let why = why.ok().and_then(|Body(Why { why })| why);
    let person = who.person(why.as_deref(), "cancelled by an operator");
    match c.queue.cancel(&id, &person).await? {
        Cancelled::Yes => Ok(Json(json!({"state": "cancelled"}))),
        Cancelled::IfNotDone => {
            // Under way, or to be read first: it may stand on the site already.
            let now = c.queue.action(&id).await?.ok_or_else(|| no("action", id.as_str()))?;
            Ok(Json(json!({"state": now.state.name(), "cancel": "if not done"})))
        }
        Cancelled::Ended(state) => Ok(Json(json!({"state": state.name()}))),
        Cancelled::NoAction => Err(no("action", id.as_str())),
    }
}

/// Why an operator pauses an account.
#[derive(Debug, Serialize, Deserialize)]
pub struct Pause {
    /// In a sentence.
    pub reason: String,
}

async fn pause_account(
    State(c): State<Coordinator>,
    who: Who,
    Path(id): Path<AccountId>,
    Body(pause): Body<Pause>,
) -> Answer {
    c.store.account(&id).await?.ok_or_else(|| no("account", id.as_str()))?;
    c.pause_account(&id, &who.person(Some(&pause.reason), "paused by an operator")).await?;
    account(State(c), Path(id)).await
}

async fn resume_account(
    State(c): State<Coordinator>,
    who: Who,
    Path(id): Path<AccountId>,
) -> Answer {
    c.store.account(&id).await?.ok_or_else(|| no("account", id.as_str()))?;
    c.lift_by_hand(&id, HoldKind::Operator, &who.person(None, "resumed")).await?;
    account(State(c), Path(id)).await
}

/// Which hold a person lifts, having looked.
#[derive(Debug, Serialize, Deserialize)]
pub struct Release {
    /// The hold's kind: `block`, `challenge`, `health`.
    pub hold: String,
}

async fn release(
    State(c): State<Coordinator>,
    who: Who,
    Path(id): Path<AccountId>,
    Body(release): Body<Release>,
) -> Answer {
    c.store.account(&id).await?.ok_or_else(|| no("account", id.as_str()))?;
    let kind = HoldKind::named(&release.hold).ok_or_else(|| Problem {
        status: StatusCode::UNPROCESSABLE_ENTITY,
        code: "unknown_hold".to_owned(),
        why: format!("there is no hold `{}`", release.hold),
        fix: format!("known: {}", HoldKind::ALL.map(HoldKind::name).join(", ")),
    })?;
    c.lift_by_hand(&id, kind, &who.person(None, "released, having looked")).await?;
    account(State(c), Path(id)).await
}

/// Where a person moves an account in its life.
#[derive(Debug, Serialize, Deserialize)]
pub struct MoveTo {
    /// `inactive`, `connecting`, `ramping` or `active`.
    pub to: String,
    /// In a sentence.
    #[serde(default)]
    pub why: Option<String>,
}

async fn move_account(
    State(c): State<Coordinator>,
    who: Who,
    Path(id): Path<AccountId>,
    Body(body): Body<MoveTo>,
) -> Answer {
    let names = || Lifecycle::ALL.map(Lifecycle::name);
    let to = Lifecycle::named(&body.to).ok_or_else(|| {
        let why = format!("there is no state `{}`", body.to);
        Refuse::new("unknown_state", why, Catalog::known(&body.to, names().into_iter()))
    })?;
    c.store.account(&id).await?.ok_or_else(|| no("account", id.as_str()))?;
    let person = who.person(body.why.as_deref(), "moved by an operator");
    c.move_account(&id, to, Mover::Person, &person).await?;
    account(State(c), Path(id)).await
}

/// How a person settles an action that nobody could tell about, or that failed.
#[derive(Debug, Serialize, Deserialize)]
pub struct Settle {
    /// `retry`, `done` or `failed`.
    pub outcome: String,
    /// In a sentence.
    #[serde(default)]
    pub why: Option<String>,
}

async fn settle(
    State(c): State<Coordinator>,
    who: Who,
    Path(id): Path<ActionId>,
    Body(settle): Body<Settle>,
) -> Answer {
    let unfit = |why: String, fix: &str| Problem {
        status: StatusCode::UNPROCESSABLE_ENTITY,
        code: "cannot_settle".to_owned(),
        why,
        fix: fix.to_owned(),
    };
    let resolution = match settle.outcome.as_str() {
        "retry" => Resolution::Retry,
        "done" => Resolution::Done,
        "failed" => Resolution::Failed,
        other => return Err(unfit(format!("`{other}` is no ending"), "use retry, done or failed")),
    };
    c.queue.action(&id).await?.ok_or_else(|| no("action", id.as_str()))?;
    let person = who.person(settle.why.as_deref(), "settled by an operator");
    match c.queue.resolve(&id, resolution, &person).await? {
        Some(state) => Ok(Json(json!({"state": state.name()}))),
        None => Err(unfit(
            format!("{id} does not wait for a person"),
            "only `unknown` actions that are parked, and failed ones by `retry`, can be settled",
        )),
    }
}
