//! The control port: what the judge saw, and the trouble it makes. Loopback only.
//!
//! | route | does |
//! |---|---|
//! | `GET /healthz` | says `ok` |
//! | `GET /state` | counts of everything, and the seed |
//! | `GET /ledger[?since=seq]` | every effect, in order |
//! | `GET /requests` | who asked, from where, with which browser, how often |
//! | `GET`, `POST`, `DELETE /faults` | the faults that are on; turns one on; clears them |
//! | `PUT /second` | gives a member a second factor: by the clock, or by a code that is sent |
//! | `GET /mailbox` | the newest code that was sent to a member, as an operator's mailbox has it |
//! | `PUT /signed` | to which fleets Plaza grants, by which keys they sign, whether they must |
//! | `POST /reset` | content as seeded, ledger empty, no faults; sign-ins stay |

use axum::body::Bytes;
use axum::extract::{Query, Request, State};
use axum::http::StatusCode;
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post, put};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::seed;
use crate::server::App;
use crate::site::is_known_host;
use crate::world::faults::{Fault, FaultKind};
use crate::world::ledger::Entry;
use crate::world::second::Second;

#[derive(Debug, Deserialize)]
struct Since {
    #[serde(default)]
    since: u64,
}

/// Every route of the control port.
pub(crate) fn router(app: App) -> Router {
    Router::new()
        .route("/healthz", get(async || "ok\n"))
        .route("/state", get(state))
        .route("/ledger", get(ledger))
        .route("/requests", get(requests))
        .route("/faults", get(faults).post(add_fault).delete(clear_faults))
        .route("/reset", post(reset))
        .route("/signed", put(set_signed))
        .route("/second", put(set_second))
        .route("/mailbox", get(mailbox))
        .layer(from_fn(only_programs))
        .with_state(app)
}

/// Refuses pages: a web page must not decide over the judge by a name that points to loopback, nor
/// by a form.
async fn only_programs(request: Request, next: Next) -> Response {
    let headers = request.headers();
    let writes = request.method() != axum::http::Method::GET;
    let by_page =
        writes && (headers.contains_key("origin") || headers.contains_key("sec-fetch-site"));
    if by_page || !is_known_host(headers, request.uri(), &[]) {
        return (StatusCode::FORBIDDEN, "the control port is for programs on this host\n")
            .into_response();
    }
    next.run(request).await
}

async fn state(State(app): State<App>) -> Json<Value> {
    let mut counts = app.world.lock().counts();
    counts["seed"] = app.seed.into();
    Json(counts)
}

async fn ledger(State(app): State<App>, Query(asked): Query<Since>) -> Json<Vec<Entry>> {
    Json(app.world.lock().ledger.since(asked.since))
}

async fn requests(State(app): State<App>) -> Json<Value> {
    let world = app.world.lock();
    Json(json!({ "visitors": world.visits.list(), "forgotten": world.visits.forgotten() }))
}

async fn faults(State(app): State<App>) -> Json<Vec<Fault>> {
    Json(app.world.lock().faults.list().to_vec())
}

async fn add_fault(State(app): State<App>, body: Bytes) -> Response {
    let fault = match serde_json::from_slice::<Fault>(&body) {
        Ok(fault) => fault,
        Err(error) => return complaint(&error.to_string()),
    };
    let mut world = app.world.lock();
    if let Some(account) = fault.account.as_deref()
        && world.find_member(account).is_none()
    {
        return complaint(&format!("there is no member {account:?}"));
    }
    let drops = fault.kind == FaultKind::DropReply;
    if !world.faults.add(fault) {
        return complaint("there are too many faults; clear them first");
    }
    let all = world.faults.list().to_vec();
    drop(world);
    if drops {
        app.wires.retire_all();
    }
    (StatusCode::CREATED, Json(all)).into_response()
}

async fn set_signed(State(app): State<App>, body: Bytes) -> Response {
    match serde_json::from_slice(&body) {
        Ok(policy) => {
            app.signed.set(policy);
            StatusCode::NO_CONTENT.into_response()
        }
        Err(error) => complaint(&error.to_string()),
    }
}

#[derive(Debug, Deserialize)]
struct Secured {
    username: String,
    second: Second,
}

async fn set_second(State(app): State<App>, Json(asked): Json<Secured>) -> Response {
    let mut world = app.world.lock();
    let Some(member) = world.find_member(&asked.username).map(|member| member.id) else {
        return complaint(&format!("there is no member {:?}", asked.username));
    };
    world.set_second(member, asked.second);
    StatusCode::NO_CONTENT.into_response()
}

#[derive(Debug, Deserialize)]
struct Letter {
    username: String,
    since: jiff::Timestamp,
}

async fn mailbox(State(app): State<App>, Query(asked): Query<Letter>) -> Response {
    let world = app.world.lock();
    let member = world.find_member(&asked.username).map(|member| member.id);
    match member.and_then(|member| world.sent_since(member, asked.since)) {
        Some(code) => Json(json!({ "code": code })).into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

async fn clear_faults(State(app): State<App>) -> StatusCode {
    app.world.lock().faults.clear();
    StatusCode::NO_CONTENT
}

async fn reset(State(app): State<App>) -> StatusCode {
    let fresh = seed::world(app.seed, app.clock.now());
    app.world.lock().reset(fresh);
    StatusCode::NO_CONTENT
}

fn complaint(error: &str) -> Response {
    (StatusCode::BAD_REQUEST, Json(json!({ "error": error }))).into_response()
}
