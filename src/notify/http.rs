//! One call by HTTP, and how it went. Addresses are never told: some are secrets.

use std::time::Duration;

use reqwest::header::RETRY_AFTER;
use walkon_core::fault::causes;

use super::Error;

const CALL_MAX: Duration = Duration::from_secs(10);
const CONNECT_MAX: Duration = Duration::from_secs(5);
/// The most of an answer that is told.
const TOLD_MAX: usize = 200;

/// Calls one channel's address.
#[derive(Debug, Clone)]
pub(super) struct Http {
    channel: &'static str,
    client: reqwest::Client,
}

impl Http {
    /// A client; `key` is the setting of the address, which must be one.
    pub(super) fn new(channel: &'static str, key: &'static str, url: &str) -> Result<Self, Error> {
        let wrong = |why: String| Error::Setting { key, why };
        let parsed = reqwest::Url::parse(url).map_err(|error| wrong(error.to_string()))?;
        if !["http", "https"].contains(&parsed.scheme()) {
            return Err(wrong("write an address with http or https".to_owned()));
        }
        let client = reqwest::Client::builder()
            .no_proxy()
            // It was signed, and is secret, for this address alone.
            .redirect(reqwest::redirect::Policy::none())
            .timeout(CALL_MAX)
            .connect_timeout(CONNECT_MAX)
            .user_agent(concat!("walkon/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|error| wrong(error.to_string()))?;
        Ok(Self { channel, client })
    }

    /// Posts JSON.
    pub(super) async fn post(
        &self,
        url: &str,
        headers: &[(&'static str, String)],
        body: String,
    ) -> Result<(), Error> {
        let channel = self.channel;
        let mut request = self.client.post(url).header("content-type", "application/json");
        for (name, value) in headers {
            request = request.header(*name, value);
        }
        let away = |error: reqwest::Error| {
            let error = error.without_url();
            let why = causes(&error).pop().unwrap_or_else(|| error.to_string());
            Error::Away { channel, why }
        };
        let answer = request.body(body).send().await.map_err(away)?;
        let status = answer.status();
        if status.is_success() {
            return Ok(());
        }
        let after = answer.headers().get(RETRY_AFTER);
        let after = after.and_then(|value| value.to_str().ok()?.parse().ok());
        let after = after.map(Duration::from_secs);
        let said = answer.text().await.unwrap_or_default();
        let said: String = said.chars().filter(|c| !c.is_control()).take(TOLD_MAX).collect();
        Err(Error::Refused { channel, why: format!("{status} {said}").trim().to_owned(), after })
    }
}
