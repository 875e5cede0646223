//! Pages that say that something is in the way.

use axum::Json;
use axum::extract::Extension;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use super::guard::Visitor;
use super::view::{NoticePage, Page, html};
use crate::world::faults::Answer;
use crate::world::perform::Refusal;

/// The header in which scripts read what is in the way.
const STATE_HEADER: &str = "x-plaza-state";

/// What is in the way, in words.
struct Notice {
    status: StatusCode,
    state: &'static str,
    heading: &'static str,
    text: &'static str,
}

const CHALLENGE: Notice = Notice {
    status: StatusCode::FORBIDDEN,
    state: "challenge",
    heading: "Confirm it's you",
    text: "We noticed something unusual about this account. A person needs to confirm it before \
           anything else can be done here.",
};
const BANNED: Notice = Notice {
    status: StatusCode::FORBIDDEN,
    state: "banned",
    heading: "Your account has been suspended",
    text: "This account broke the rules of Plaza. If you think this is a mistake, write to us.",
};
const LIMITED: Notice = Notice {
    status: StatusCode::TOO_MANY_REQUESTS,
    state: "limited",
    heading: "Slow down a little",
    text: "You are doing that too often. Please wait a moment and try again.",
};
const UNAVAILABLE: Notice = Notice {
    status: StatusCode::SERVICE_UNAVAILABLE,
    state: "unavailable",
    heading: "We will be right back",
    text: "Plaza is having trouble. Please try again in a little while.",
};
const NOT_FOUND: Notice = Notice {
    status: StatusCode::NOT_FOUND,
    state: "not_found",
    heading: "There is nothing here",
    text: "The page may have been removed, or the address has a typo in it.",
};
const FORGED: Notice = Notice {
    status: StatusCode::FORBIDDEN,
    state: "cross_site",
    heading: "That came from somewhere else",
    text: "Plaza only takes requests from its own pages.",
};

/// The answer of a fault.
pub(crate) fn fault(answer: Answer, wants_json: bool) -> Response {
    let notice = match answer {
        Answer::Challenge => &CHALLENGE,
        Answer::Banned => &BANNED,
        Answer::Limited { .. } => &LIMITED,
        // The last two are the API's alone.
        Answer::Unavailable | Answer::TokenExpired | Answer::PasswordChanged => &UNAVAILABLE,
    };
    let mut response = show(notice, wants_json);
    if let Answer::Limited { retry_after } = answer {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(retry_after));
    }
    response
}

/// The fallback of every router.
pub(crate) async fn not_found(visitor: Option<Extension<Visitor>>) -> Response {
    missing(visitor.is_some_and(|v| v.wants_json))
}

/// There is no such thing.
pub(crate) fn missing(wants_json: bool) -> Response {
    show(&NOT_FOUND, wants_json)
}

/// A page of another origin asked.
pub(crate) fn forged() -> Response {
    show(&FORGED, false)
}

/// Nobody is signed in, said to a script.
pub(crate) fn signed_out_json() -> Response {
    let body = json!({ "error": "sign in first", "state": "signed_out" });
    let mut response = (StatusCode::UNAUTHORIZED, Json(body)).into_response();
    response.headers_mut().insert(STATE_HEADER, HeaderValue::from_static("signed_out"));
    response
}

/// An effect was refused.
pub(crate) fn refused(refusal: Refusal, wants_json: bool) -> Response {
    let status = match refusal {
        Refusal::Unknown => return missing(wants_json),
        Refusal::NotYours => StatusCode::FORBIDDEN,
        Refusal::LedgerFull => StatusCode::INSUFFICIENT_STORAGE,
        _ => StatusCode::UNPROCESSABLE_ENTITY,
    };
    if wants_json {
        return (status, Json(json!({ "error": refusal.to_string() }))).into_response();
    }
    let page = Page::signed_out("Not done", "refused");
    let heading = "That did not work".to_owned();
    html(status, &NoticePage { page, heading, text: format!("Plaza says: {refusal}.") })
}

fn show(notice: &Notice, wants_json: bool) -> Response {
    let mut response = if wants_json {
        let body = json!({ "error": notice.heading, "state": notice.state });
        (notice.status, Json(body)).into_response()
    } else {
        let page = Page::signed_out(notice.heading, notice.state);
        let (heading, text) = (notice.heading.to_owned(), notice.text.to_owned());
        html(notice.status, &NoticePage { page, heading, text })
    };
    response.headers_mut().insert(STATE_HEADER, HeaderValue::from_static(notice.state));
    response
}
