//! The list of this fleet's signing keys, for sites that want to know who asks.
//!
//! It is the one thing here that anybody may read under any name: a proxy in front of the
//! coordinator may pass this path on and no other.

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use walkon_core::signature::directory::{MEDIA_TYPE, WELL_KNOWN};

use crate::coordinator::Coordinator;

/// How long it may be kept: a key that is gone from it is believed so much longer.
const KEPT: &str = "max-age=600";

/// The route of the list.
pub fn router(coordinator: Coordinator) -> Router {
    Router::new().route(WELL_KNOWN, get(list)).with_state(coordinator)
}

async fn list(State(coordinator): State<Coordinator>, headers: HeaderMap) -> Response {
    let Some(keys) = &coordinator.grants.keys else {
        return (StatusCode::NOT_FOUND, "this fleet signs nothing\n").into_response();
    };
    let now = coordinator.now();
    let authority = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    let listed = keys.directory(now).and_then(|body| {
        let proof = keys.prove(&body, authority.unwrap_or_default(), now)?;
        Ok((body, proof))
    });
    match listed {
        Ok((body, proof)) => {
            let headers = [
                ("content-type", MEDIA_TYPE.to_owned()),
                ("cache-control", KEPT.to_owned()),
                ("content-digest", proof.digest),
                ("signature-input", proof.input),
                ("signature", proof.signature),
            ];
            (headers.map(|(name, value)| (name, value)), body).into_response()
        }
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, format!("{error}\n")).into_response(),
    }
}
