//! The API's error envelope.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use crate::world::faults::Answer;
use crate::world::perform::Refusal;

/// Why a call failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Error {
    NoToken,
    BadToken,
    UnknownPath,
    UnknownObject(String),
    NotAllowed,
    Missing(&'static str),
    NoSuchPerson,
    NotReady,
    Refused(String),
    Limited { retry_after: u64 },
    Unavailable,
    Checkpoint,
    Expired,
    NewPassword,
    Restricted,
}

/// Status, type, code, subcode and message.
type Shape = (u16, &'static str, i64, Option<i64>, String);

const OAUTH: &str = "OAuthException";
const IG_API: &str = "IGApiException";

impl Error {
    fn shape(&self) -> Shape {
        let text = str::to_owned;
        match self {
            Self::NoToken => (400, IG_API, 190, None, text("Invalid OAuth 2.0 Access Token")),
            Self::BadToken => {
                let said = "Invalid OAuth access token - Cannot parse access token";
                (400, OAUTH, 190, None, text(said))
            }
            Self::UnknownPath => (400, IG_API, 2500, None, text("Unknown path components")),
            Self::UnknownObject(id) => {
                let said = format!(
                    "Unsupported request. Object with ID '{id}' does not exist, cannot be loaded \
                     due to missing permissions, or does not support this operation."
                );
                (400, "GraphMethodException", 100, Some(33), said)
            }
            Self::NotAllowed => {
                let said = "(#10) Application does not have permission for this action";
                (403, OAUTH, 10, None, text(said))
            }
            Self::Missing(name) => {
                (400, OAUTH, 100, None, format!("(#100) The parameter {name} is required"))
            }
            Self::NoSuchPerson => {
                let said = "The requested user cannot be found.";
                (400, IG_API, 100, Some(2_534_014), text(said))
            }
            Self::NotReady => {
                (400, OAUTH, 9007, Some(2_207_027), text("Media ID is not available"))
            }
            Self::Refused(why) => (400, OAUTH, 100, None, format!("(#100) {why}")),
            Self::Limited { .. } => {
                (429, OAUTH, 4, None, text("(#4) Application request limit reached"))
            }
            Self::Unavailable => {
                let said = "An unexpected error has occurred. Please retry your request later.";
                (503, OAUTH, 2, None, text(said))
            }
            Self::Checkpoint => {
                let said = "Error validating access token: You cannot access the app till you log \
                            in to the site and follow the instructions given.";
                (400, OAUTH, 190, Some(459), text(said))
            }
            Self::Expired => {
                let said = "Error validating access token: Session has expired.";
                (400, OAUTH, 190, Some(463), text(said))
            }
            Self::NewPassword => {
                let said = "Error validating access token: The session has been invalidated \
                            because the user changed their password.";
                (400, OAUTH, 190, Some(460), text(said))
            }
            Self::Restricted => {
                (403, OAUTH, 25, Some(2_207_050), text("The account is restricted."))
            }
        }
    }
}

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        let (status, sort, code, subcode, message) = self.shape();
        let mut error = json!({
            "message": message,
            "type": sort,
            "code": code,
            "fbtrace_id": "APlazaPracticeSiteTrace",
        });
        if let Some(subcode) = subcode {
            error["error_subcode"] = subcode.into();
        }
        if matches!(self, Self::Limited { .. } | Self::Unavailable) {
            error["is_transient"] = true.into();
        }
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_REQUEST);
        let mut response = (status, Json(json!({ "error": error }))).into_response();
        if let Self::Limited { retry_after } = self {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(retry_after));
        }
        response
    }
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Unknown => Self::UnknownObject(String::new()),
            Refusal::NotYours => Self::NotAllowed,
            Refusal::Published => Self::NotReady,
            other => Self::Refused(other.to_string()),
        }
    }
}

/// The answer of a fault, in the API's words.
pub(crate) fn fault(answer: Answer) -> Response {
    let error = match answer {
        Answer::Limited { retry_after } => Error::Limited { retry_after },
        Answer::Unavailable => Error::Unavailable,
        Answer::Challenge => Error::Checkpoint,
        Answer::Banned => Error::Restricted,
        Answer::TokenExpired => Error::Expired,
        Answer::PasswordChanged => Error::NewPassword,
    };
    error.into_response()
}
