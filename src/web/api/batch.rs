//! `POST /api/actions/batch`: actions as JSON Lines, with an answer for each line.

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::http::StatusCode;
use serde_json::{Value, json};

use super::{Answer, Problem};
use crate::coordinator::{Accepted, Coordinator, Error};

/// The most lines of one call.
pub const LINES_MAX: usize = 1000;

fn line(number: usize, submitted: Result<Accepted, Error>) -> Value {
    match submitted {
        Ok(Accepted { id, same, .. }) => {
            let status = if same { "same" } else { "accepted" };
            json!({"line": number, "status": status, "id": id})
        }
        Err(error) => {
            let status = if matches!(error, Error::Refused(_)) { "refused" } else { "failed" };
            let Problem { code, why, fix, .. } = error.into();
            json!({"line": number, "status": status, "code": code, "why": why, "fix": fix})
        }
    }
}

/// Takes in each line that is not empty; a bad one does not keep the others.
pub(super) async fn enqueue_many(
    State(c): State<Coordinator>,
    body: Result<Bytes, BytesRejection>,
) -> Answer {
    let too_large = |status, why| Problem {
        status,
        code: "too_large".to_owned(),
        why,
        fix: format!("send at most {LINES_MAX} lines and 2 MB in one call"),
    };
    let body = body.map_err(|rejection| too_large(rejection.status(), rejection.body_text()))?;
    let lines = body.split(|byte| *byte == b'\n').enumerate();
    let lines: Vec<_> = lines.filter(|(_, line)| !line.trim_ascii().is_empty()).collect();
    if lines.len() > LINES_MAX {
        let why = format!("there are {} lines", lines.len());
        return Err(too_large(StatusCode::PAYLOAD_TOO_LARGE, why));
    }
    let texts: Vec<_> = lines.iter().map(|(_, line)| line.trim_ascii()).collect();
    let submitted = c.submit_many(&texts).await;
    let rows = lines.iter().zip(submitted).map(|((index, _), one)| line(index + 1, one));
    Ok(Json(json!({"lines": rows.collect::<Vec<_>>()})))
}
