//! How a call to the official API went wrong, and what that proves.

use std::time::Duration;

use serde_json::Value;
use walkon_core::fault::in_one_line;

/// What the platform said no with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// The token is no longer good.
    Token,
    /// Too many calls: wait.
    Limit,
    /// The account may not act: a person must look.
    Blocked,
    /// The object is gone.
    Missing,
    /// The request can never be right.
    Request,
}

/// Why a call did not do as asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// It provably never left.
    #[error("the API could not be reached: {why}")]
    NeverSent {
        /// As the system says it.
        why: String,
    },
    /// The platform refused it and made nothing.
    #[error("the API refused: {message} (code {code})")]
    Refused {
        /// In which sense.
        refusal: Refusal,
        /// The platform's code.
        code: i64,
        /// The platform's message.
        message: String,
        /// When to try again, where the platform said.
        after: Option<Duration>,
    },
    /// It may have been carried out: read before it is tried again.
    #[error("the API gave no answer that can be trusted: {why}")]
    InDoubt {
        /// What came instead.
        why: String,
    },
}

/// Codes 4, 17, 32, 613 and 80000 to 80014 are limits of the app, the user, the page, custom calls
/// and business use cases (Meta, "Graph API rate limiting").
fn is_limit(code: i64) -> bool {
    matches!(code, 4 | 17 | 32 | 613 | 80_000..=80_014)
}

impl Error {
    pub(super) fn of_transport(error: &reqwest::Error) -> Self {
        let why = in_one_line(error);
        if error.is_connect() || error.is_builder() {
            Self::NeverSent { why }
        } else {
            Self::InDoubt { why }
        }
    }

    /// An answer's body, unless it is an error in one of the platform's forms.
    pub(super) fn check(status: u16, after: Option<Duration>, body: Value) -> Result<Value, Self> {
        let error = &body["error"];
        if error.is_null() && (200..300).contains(&status) && !body.is_null() {
            return Ok(body);
        }
        let Some(code) = error["code"].as_i64() else {
            if status == 429 {
                let message = "too many requests".to_owned();
                return Err(Self::Refused { refusal: Refusal::Limit, code: 429, message, after });
            }
            return Err(Self::InDoubt { why: format!("status {status} without a known body") });
        };
        let message = error["message"].as_str().unwrap_or("no message").to_owned();
        let subcode = error["error_subcode"].as_i64();
        let refusal = match (code, subcode) {
            (-2..=2, _) => {
                let why = format!("{message} (code {code}, status {status})");
                return Err(Self::InDoubt { why });
            }
            (4, Some(2_207_051)) | (25 | 368, _) | (190, Some(459 | 490)) => Refusal::Blocked,
            (190, _) => Refusal::Token,
            (100, Some(33)) | (24, _) => Refusal::Missing,
            _ if is_limit(code) => Refusal::Limit,
            _ => Refusal::Request,
        };
        Err(Self::Refused { refusal, code, message, after })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn refusal(status: u16, body: Value) -> Option<Refusal> {
        match Error::check(status, None, body) {
            Err(Error::Refused { refusal, .. }) => Some(refusal),
            _ => None,
        }
    }

    #[test]
    fn only_what_the_platform_says_it_refused_was_provably_not_made() {
        let error = |code: i64| json!({"error": {"code": code, "message": "no"}});
        assert_eq!(refusal(400, error(190)), Some(Refusal::Token));
        assert_eq!(refusal(400, error(613)), Some(Refusal::Limit));
        assert_eq!(refusal(200, error(368)), Some(Refusal::Blocked), "an error may come with 200");
        for doubtful in [(500, error(1)), (503, Value::Null), (200, Value::Null), (502, json!({}))]
        {
            let (status, body) = doubtful;
            let checked = Error::check(status, None, body);
            assert!(matches!(checked, Err(Error::InDoubt { .. })), "{checked:?}");
        }
    }

    #[test]
    fn an_answer_without_an_error_is_its_body() {
        assert_eq!(Error::check(200, None, json!({"id": "7"})), Ok(json!({"id": "7"})));
    }
}
