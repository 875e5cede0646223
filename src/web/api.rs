//! The JSON API: what the CLI speaks, and programs on this machine may.
//!
//! Errors are `application/problem+json` with `code`, `why` and `fix`. [`routes`] is the table of
//! all there is; [`super::access`] says who may, and [`super::guard`] keeps other sites' pages out.

use std::sync::LazyLock;

use axum::Router;
use axum::extract::rejection::{BytesRejection, JsonRejection};
use axum::extract::{FromRequest, Path, Query, State};
use axum::http::{Method, StatusCode, Uri, header};
use axum::middleware::map_response;
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use axum::{Json, body::Bytes};
use serde::Deserialize;
use serde_json::{Value, json};
use walkon_core::action::{ACTION_BYTES_MAX, Refuse};
use walkon_core::api_token::ApiScope;
use walkon_core::event::ActionState;
use walkon_core::fault::in_one_line;
use walkon_core::id::{AccountId, ActionId, SessionId};

use super::access::Access;
use super::route::{Needs, Route};
use crate::coordinator::{Coordinator, Error};
use crate::queue::{ActionFilter, ActionView};

pub mod accounts;
pub mod alerts;
pub mod batch;
pub mod grants;
pub mod hands;
pub mod health;
mod metrics;
pub mod onboard;
pub mod openapi;
mod settings;
mod status;
mod steps;
pub mod usage;
mod workers;

/// The most rows of one answer.
const ROWS_MAX: usize = 1000;
/// The most bytes of somebody else's words in a problem.
const WORDS_MAX: usize = 4096;

/// What most lists may be asked for.
const ACCOUNT: (&str, &str) = ("account", "Only of this account.");
const MOST: (&str, &str) = ("most", "At most so many.");
const ROWS: &[(&str, &str)] = &[
    ("state", "Only in this state."),
    ACCOUNT,
    ("kind", "Only of this kind."),
    ("after", "From here on: `next` of the answer before."),
    MOST,
];

/// A failure as programs read it.
pub(super) struct Problem {
    pub(super) status: StatusCode,
    pub(super) code: String,
    pub(super) why: String,
    pub(super) fix: String,
}

/// The answer to a call that the guard turns away.
pub(super) fn refused(why: &str) -> Response {
    let fix = "call http://127.0.0.1 with its port, or the name of `web.origin`: docs/operations.md#access";
    let (code, status) = ("not_allowed".to_owned(), StatusCode::FORBIDDEN);
    Problem { status, code, why: why.to_owned(), fix: fix.to_owned() }.into_response()
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let Self { status, code, why, fix } = self;
        let body = json!({"status": status.as_u16(), "code": code, "why": why, "fix": fix});
        (status, [(header::CONTENT_TYPE, "application/problem+json")], body.to_string())
            .into_response()
    }
}

impl From<Refuse> for Problem {
    fn from(refuse: Refuse) -> Self {
        let status = match refuse.code.as_str() {
            "conflict" | "kept_in_file" | "in_file" | "in_use" | "exists" => StatusCode::CONFLICT,
            "changed_meanwhile" => StatusCode::PRECONDITION_FAILED,
            "scope_missing" => StatusCode::FORBIDDEN,
            "too_large" => StatusCode::PAYLOAD_TOO_LARGE,
            _ => StatusCode::UNPROCESSABLE_ENTITY,
        };
        Self { status, code: refuse.code, why: refuse.why, fix: refuse.remedy }
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        let (code, fix) = match &error {
            Error::Refused(refuse) => return refuse.clone().into(),
            Error::Queue(queue) => ("queue", queue.remedy().map(std::borrow::Cow::into_owned)),
            Error::Store(store) => ("store", Some(store.remedy().into_owned())),
        };
        let why = in_one_line(&error);
        tracing::error!(why, "a call failed");
        let (status, code) = (StatusCode::SERVICE_UNAVAILABLE, code.to_owned());
        Self { status, code, why, fix: fix.unwrap_or_else(|| "run `walkon doctor`".to_owned()) }
    }
}

impl From<crate::queue::Error> for Problem {
    fn from(error: crate::queue::Error) -> Self {
        Error::from(error).into()
    }
}

impl From<crate::store::Error> for Problem {
    fn from(error: crate::store::Error) -> Self {
        Error::from(error).into()
    }
}

type Answer = Result<Json<Value>, Problem>;

fn no(what: &str, id: &str) -> Problem {
    let why = format!("there is no {what} `{id}`");
    let fix = format!("`walkon {what} list` shows them");
    Problem { status: StatusCode::NOT_FOUND, code: format!("unknown_{what}"), why, fix }
}

/// JSON of a body, whose faults are problems of ours.
struct Body<T>(T);

impl<S: Send + Sync, T: serde::de::DeserializeOwned> FromRequest<S> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: axum::extract::Request, state: &S) -> Result<Self, Problem> {
        let read: Result<Json<T>, JsonRejection> = Json::from_request(request, state).await;
        read.map(|Json(body)| Self(body)).map_err(|rejection| Problem {
            status: rejection.status(),
            code: "unreadable".to_owned(),
            why: rejection.body_text(),
            fix: "send JSON with `content-type: application/json`".to_owned(),
        })
    }
}

/// Everything the API can be asked.
pub fn routes() -> Vec<Route<Coordinator>> {
    let see = Needs::Scope(ApiScope::ActionsRead);
    let ask = Needs::Scope(ApiScope::ActionsWrite);
    let watch = Needs::Scope(ApiScope::SessionsRead);
    let own = vec![
        Route::get("/livez", Needs::Nothing, async || "alive\n").about("Whether it lives."),
        Route::get("/readyz", Needs::Nothing, ready).about("Whether it can work."),
        Route::get("/api/openapi.json", Needs::Nothing, description).about("This document."),
        Route::get("/api/stats", see, stats).about("How many actions stand in each state."),
        Route::get("/api/actions", see, actions).about("Actions, the latest first.").query(ROWS),
        Route::post("/api/actions", ask, enqueue)
            .about("Asks for an action; docs/action.schema.json is its form.")
            .body(&[("account", "string"), ("pool", "string"), ("kind", "string*")]),
        Route::post("/api/actions/batch", ask, batch::enqueue_many)
            .about("Asks for many, as JSON Lines; one answer for each."),
        Route::get("/api/actions/{id}", see, action).about("One action."),
        Route::get("/api/actions/{id}/why", see, why).about("Why it is not running."),
        Route::get("/api/sessions", watch, sessions)
            .about("Recorded sessions, the latest first.")
            .query(&[ACCOUNT, MOST]),
        Route::get("/api/sessions/{id}", watch, session).about("One session, event by event."),
        Route::get("/api/receipts", see, receipts)
            .about("What became of actions, the latest first.")
            .query(&[ACCOUNT, MOST]),
        Route::get("/api/events", see, events)
            .about("What happened, the oldest first.")
            .query(&[("after", "From the event after this one."), MOST]),
    ];
    [
        own,
        accounts::routes(),
        alerts::routes(),
        grants::routes(),
        hands::routes(),
        health::routes(),
        onboard::routes(),
        settings::routes(),
        status::routes(),
        steps::routes(),
        usage::routes(),
        workers::routes(),
        metrics::routes(),
    ]
    .concat()
}

/// The API's router.
pub fn router(access: &Access) -> Router {
    let router = super::route::router(routes(), access);
    // What has no route is a problem, too; pages have their own.
    let router = router.route("/api/{*path}", any(no_route)).method_not_allowed_fallback(no_method);
    router.layer(map_response(in_our_words)).with_state(access.coordinator().clone())
}

async fn description() -> Json<&'static Value> {
    static TEXT: LazyLock<Value> = LazyLock::new(|| openapi::describe(&routes()));
    Json(&TEXT)
}

fn no_such(status: StatusCode, why: String) -> Problem {
    let fix = "`GET /api/openapi.json` lists what can be asked".to_owned();
    Problem { status, code: "no_such_route".to_owned(), why, fix }
}

async fn no_route(uri: Uri) -> Problem {
    no_such(StatusCode::NOT_FOUND, format!("there is nothing at {}", uri.path()))
}

async fn no_method(method: Method, uri: Uri) -> Problem {
    let why = format!("{} cannot be asked by {method}", uri.path());
    no_such(StatusCode::METHOD_NOT_ALLOWED, why)
}

/// An id that is none, a bad query: what no handler saw is a problem like any other.
async fn in_our_words(response: Response) -> Response {
    let status = response.status();
    let sort = response.headers().get(header::CONTENT_TYPE);
    let plain = sort.is_none_or(|sort| sort.as_bytes().starts_with(b"text/plain"));
    if !status.is_client_error() || !plain {
        return response;
    }
    let words = axum::body::to_bytes(response.into_body(), WORDS_MAX).await.unwrap_or_default();
    let why = match String::from_utf8_lossy(&words).trim() {
        "" => status.to_string(),
        words => words.to_owned(),
    };
    let fix = "`walkon help` lists what can be asked".to_owned();
    Problem { status, code: "unreadable".to_owned(), why, fix }.into_response()
}

async fn ready(State(c): State<Coordinator>) -> Result<&'static str, Problem> {
    c.queue.stats().await?;
    c.store.receipts(None, 1).await?;
    Ok("ready\n")
}

async fn stats(State(c): State<Coordinator>) -> Answer {
    let queue = c.queue.stats().await?;
    let count = |state: ActionState| (state.name().to_owned(), json!(queue.count(state)));
    let mut counts: serde_json::Map<_, _> = ActionState::ALL.into_iter().map(count).collect();
    counts.insert("planned".to_owned(), json!(queue.planned()));
    Ok(Json(Value::Object(counts)))
}

async fn enqueue(
    State(c): State<Coordinator>,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, Problem> {
    // More than the server reads of any body is more than an action may have.
    let body = body.map_err(|rejection| Problem {
        status: rejection.status(),
        code: "too_large".to_owned(),
        why: rejection.body_text(),
        fix: format!("an action has at most {ACTION_BYTES_MAX} bytes"),
    })?;
    let accepted = c.submit(&body, None).await?;
    let status = if accepted.same { StatusCode::OK } else { StatusCode::ACCEPTED };
    let answer = json!({"id": accepted.id, "same": accepted.same, "reason": accepted.reason});
    Ok((status, Json(answer)).into_response())
}

/// Which rows are asked for.
#[derive(Debug, Default, Deserialize)]
struct Rows {
    state: Option<String>,
    account: Option<AccountId>,
    kind: Option<String>,
    after: Option<String>,
    most: Option<usize>,
}

impl Rows {
    fn most(&self) -> usize {
        self.most.unwrap_or(100).clamp(1, ROWS_MAX)
    }

    fn state(&self) -> Result<Option<ActionState>, Problem> {
        let Some(name) = &self.state else { return Ok(None) };
        let known = ActionState::named(name);
        known.map(Some).ok_or_else(|| Problem {
            status: StatusCode::UNPROCESSABLE_ENTITY,
            code: "unknown_state".to_owned(),
            why: format!("there is no state `{name}`"),
            fix: format!("known: {}", ActionState::ALL.map(ActionState::name).join(", ")),
        })
    }
}

fn row(view: &ActionView) -> Value {
    json!({
        "id": view.id, "account": view.account, "action": view.action, "state": view.state.name(),
        "attempts": view.attempts, "outcome": view.outcome, "code": view.code, "why": view.why,
    })
}

async fn actions(State(c): State<Coordinator>, Query(rows): Query<Rows>) -> Answer {
    let filter = ActionFilter {
        state: rows.state()?,
        account: rows.account.clone(),
        kind: rows.kind.clone(),
    };
    let from = rows.after.as_deref().and_then(|after| after.parse().ok()).unwrap_or(0);
    let page = c.queue.actions(&filter, from, rows.most()).await?;
    let list: Vec<_> = page.actions.iter().map(row).collect();
    Ok(Json(json!({"actions": list, "next": page.next})))
}

async fn action(State(c): State<Coordinator>, Path(id): Path<ActionId>) -> Answer {
    let view = c.queue.action(&id).await?.ok_or_else(|| no("action", id.as_str()))?;
    Ok(Json(row(&view)))
}

async fn why(State(c): State<Coordinator>, Path(id): Path<ActionId>) -> Answer {
    let explained = c.why(&id).await?.ok_or_else(|| no("action", id.as_str()))?;
    let reason = |reason: &crate::queue::Reason| {
        let why = reason.to_string();
        json!({"code": reason.code, "since": reason.since, "until": reason.until, "why": why,
            "do": reason.remedy(), "person": reason.needs_person()})
    };
    let reasons: Vec<_> = explained.reasons.iter().map(reason).collect();
    let (state, earliest) = (explained.state.name(), explained.earliest);
    Ok(Json(json!({"state": state, "earliest": earliest, "reasons": reasons})))
}

async fn sessions(State(c): State<Coordinator>, Query(rows): Query<Rows>) -> Answer {
    let mut heads = c.archive.newest(rows.most()).unwrap_or_default();
    heads.retain(|head| rows.account.as_ref().is_none_or(|id| id.as_str() == head.account));
    Ok(Json(json!({"sessions": heads})))
}

async fn session(State(c): State<Coordinator>, Path(id): Path<SessionId>) -> Answer {
    let head = c.archive.head(&id).ok_or_else(|| no("session", id.as_str()))?;
    let events = c.archive.lines(&id, "events.jsonl");
    let network = c.archive.lines(&id, "network.jsonl");
    Ok(Json(json!({"head": head, "events": events, "network": network})))
}

async fn receipts(State(c): State<Coordinator>, Query(rows): Query<Rows>) -> Answer {
    let account = rows.account.as_ref().map(AccountId::as_str);
    let most = rows.most.unwrap_or(100_000) as u64;
    Ok(Json(json!({"receipts": c.store.receipts(account, most).await?})))
}

async fn events(State(c): State<Coordinator>, Query(rows): Query<Rows>) -> Answer {
    let after = rows.after.as_deref().unwrap_or("0");
    let read = c.queue.published(after, rows.most()).await?;
    let next = read.last().map_or(after, |(id, _)| id).to_owned();
    let list: Vec<_> = read.iter().map(|(id, event)| json!({"id": id, "event": event})).collect();
    Ok(Json(json!({"events": list, "next": next})))
}
