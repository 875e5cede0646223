//! Asking the operator's own mailbox for the code that a site has just sent to an account.
//!
//! The address is one that the operator runs: it reads the mail or the text messages of the fleet's
//! own accounts and answers with the newest code. `GET <address>?site=…&account=…&username=…
//! &since=…` is answered by `200` and `{"code": "123456"}`, or by `404` as long as there is none.

use std::time::Duration;

use jiff::Timestamp;
use serde::Deserialize;
use walkon_core::account::Account;
use walkon_core::bundle::Secret;
use walkon_core::fault::in_one_line;

/// How long one question may take.
const ASK_MAX: Duration = Duration::from_secs(5);
/// The longest answer.
const BYTES_MAX: usize = 4 << 10;
/// The longest code.
const CODE_MAX: usize = 32;

/// Where a site's codes arrive.
#[derive(Debug, Clone)]
pub struct Mailbox {
    /// The address to ask.
    pub url: String,
    /// What proves to it who asks, if it wants that.
    pub token: Option<Secret>,
}

/// Why a mailbox has no code to give.
#[derive(Debug, thiserror::Error)]
pub enum NoCode {
    /// None has arrived yet.
    #[error("no code has arrived yet")]
    NotYet,
    /// It did not answer as it should.
    #[error("the mailbox {0}")]
    Failed(String),
}

#[derive(Deserialize)]
struct Answer {
    code: Secret,
}

impl Mailbox {
    /// The newest code that came for an account after an instant.
    pub async fn newest(&self, account: &Account, since: Timestamp) -> Result<Secret, NoCode> {
        let failed = NoCode::Failed;
        let client = reqwest::Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .timeout(ASK_MAX)
            .build()
            .map_err(|error| failed(in_one_line(&error)))?;
        let (site, since) = (account.site.to_string(), since.to_string());
        let query = [
            ("site", site.as_str()),
            ("account", account.id.as_str()),
            ("username", &account.username),
            ("since", &since),
        ];
        let mut asked = client.get(&self.url).query(&query);
        if let Some(token) = &self.token {
            asked = asked.bearer_auth(token.expose());
        }
        let answer = asked.send().await;
        let mut answer = answer.map_err(|error| {
            failed(format!("does not answer: {}", in_one_line(&error.without_url())))
        })?;
        match answer.status().as_u16() {
            200 => {}
            204 | 404 => return Err(NoCode::NotYet),
            status => return Err(failed(format!("answers {status}"))),
        }
        let mut bytes = zeroize::Zeroizing::new(Vec::new());
        while let Ok(Some(chunk)) = answer.chunk().await {
            bytes.extend_from_slice(&chunk);
            if bytes.len() > BYTES_MAX {
                return Err(failed("answers more than 4 KiB".to_owned()));
            }
        }
        // What it says may be a code: it is not repeated.
        let Ok(Answer { code }) = serde_json::from_slice(&bytes) else {
            return Err(failed("answers no JSON object with a `code`".to_owned()));
        };
        let good = !code.expose().is_empty()
            && code.expose().len() <= CODE_MAX
            && !code.expose().contains(char::is_control);
        if good { Ok(code) } else { Err(failed("answers a `code` that is none".to_owned())) }
    }
}
