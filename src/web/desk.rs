//! The desk for workers of other processes: [`crate::desk::http`] from the other end.
//!
//! Every call carries the worker token. It is not for people, and not for browsers.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::Router;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::{StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};
use walkon_core::bundle::Secret;
use walkon_core::id::ActionId;
use walkon_core::lease::{HandBack, Lease};
use walkon_core::storage_state::StorageState;

use crate::desk::http::{
    ClaimCall, ExtendCall, FinishCall, LeaseCall, SliceCall, StepCall, TellCall, UploadCall,
};
use crate::desk::{Desk, Error};

/// The largest call: a picture in base 64.
const BODY_MAX: usize = 40 << 20;

type Door = Arc<dyn Desk>;

struct Failed(Error);

impl IntoResponse for Failed {
    fn into_response(self) -> Response {
        let status = match &self.0 {
            Error::Fenced | Error::CapFull | Error::NotNow { .. } => StatusCode::CONFLICT,
            Error::Unauthorized => StatusCode::UNAUTHORIZED,
            Error::Unreachable { .. } | Error::Failed { .. } => StatusCode::BAD_GATEWAY,
        };
        (status, Json(self.0)).into_response()
    }
}

type Answer<T> = Result<Json<T>, Failed>;

fn answer<T>(done: Result<T, Error>) -> Answer<T> {
    done.map(Json).map_err(Failed)
}

/// The desk's routes, under `/desk`.
pub fn router(desk: Door, token: Secret) -> Router {
    let routes = Router::new()
        .route("/claim", post(claim))
        .route("/begin", post(begin))
        .route("/extend", post(extend))
        .route("/heed", post(heed))
        .route("/finish", post(finish))
        .route("/release", post(release))
        .route("/slice", post(slice))
        .route("/code", post(code))
        .route("/bundle", post(bundle))
        .route("/checkpoint", post(checkpoint))
        .route("/tell", post(tell))
        .route("/upload", post(upload))
        .route("/file", post(file))
        .route("/step", post(step))
        .layer(DefaultBodyLimit::max(BODY_MAX))
        .layer(from_fn_with_state(Arc::new(token), known_worker))
        .with_state(desk);
    Router::new().nest("/desk", routes)
}

async fn known_worker(State(token): State<Arc<Secret>>, request: Request, next: Next) -> Response {
    let given = request.headers().get(header::AUTHORIZATION);
    let given = given.and_then(|value| value.to_str().ok()?.strip_prefix("Bearer "));
    // Compared by their hashes: how long that takes says nothing about the token.
    let same = given.is_some_and(|given| Sha256::digest(given) == Sha256::digest(token.expose()));
    if same { next.run(request).await } else { Failed(Error::Unauthorized).into_response() }
}

async fn claim(
    State(desk): State<Door>,
    Json(call): Json<ClaimCall>,
) -> Answer<impl serde::Serialize> {
    answer(desk.claim(&call.ask, Duration::from_millis(call.patience_ms)).await)
}

async fn begin(State(desk): State<Door>, Json(call): Json<LeaseCall<ActionId>>) -> Answer<()> {
    answer(desk.begin(&call.lease, &call.body).await)
}

async fn extend(
    State(desk): State<Door>,
    Json(call): Json<ExtendCall>,
) -> Answer<impl serde::Serialize> {
    answer(desk.extend(&call.worker, &call.leases).await)
}

async fn heed(
    State(desk): State<Door>,
    Json(leases): Json<Vec<Lease>>,
) -> Answer<impl serde::Serialize> {
    answer(desk.heed(&leases).await)
}

async fn finish(State(desk): State<Door>, Json(call): Json<LeaseCall<FinishCall>>) -> Answer<()> {
    let FinishCall { action, settlement, keep } = call.body;
    answer(desk.finish(&call.lease, &action, &settlement, keep).await)
}

async fn release(
    State(desk): State<Door>,
    Json(call): Json<LeaseCall<Option<HandBack>>>,
) -> Answer<()> {
    answer(desk.release(&call.lease, call.body.as_ref()).await)
}

async fn slice(
    State(desk): State<Door>,
    Json(call): Json<LeaseCall<SliceCall>>,
) -> Answer<impl serde::Serialize> {
    answer(desk.slice(&call.lease, call.body.what, call.body.many).await)
}

async fn code(
    State(desk): State<Door>,
    Json(call): Json<LeaseCall<jiff::Timestamp>>,
) -> Answer<impl serde::Serialize> {
    answer(desk.code(&call.lease, call.body).await)
}

async fn bundle(
    State(desk): State<Door>,
    Json(call): Json<LeaseCall<()>>,
) -> Answer<impl serde::Serialize> {
    answer(desk.bundle(&call.lease).await)
}

async fn file(
    State(desk): State<Door>,
    Json(call): Json<LeaseCall<String>>,
) -> Answer<impl serde::Serialize> {
    let read = desk.file(&call.lease, &call.body).await;
    answer(read.map(|bytes| bytes.map(|bytes| STANDARD.encode(bytes))))
}

async fn step(
    State(desk): State<Door>,
    Json(call): Json<LeaseCall<StepCall>>,
) -> Answer<impl serde::Serialize> {
    answer(desk.step(&call.lease, &call.body.action, &call.body.next).await)
}

async fn tell(State(desk): State<Door>, Json(call): Json<TellCall>) -> Answer<()> {
    answer(desk.tell(&call.worker, &call.pressure).await)
}

async fn checkpoint(
    State(desk): State<Door>,
    Json(call): Json<LeaseCall<StorageState>>,
) -> Answer<()> {
    answer(desk.checkpoint(&call.lease, &call.body).await)
}

async fn upload(State(desk): State<Door>, Json(call): Json<LeaseCall<UploadCall>>) -> Answer<()> {
    let unreadable = || Failed(Error::Failed { why: "the piece is not base 64".to_owned() });
    let chunk = call.body.chunk().ok_or_else(unreadable)?;
    answer(desk.upload(&call.lease, chunk).await)
}
