//! `[health]` and `[alerts]`: how accounts are looked after and who is told.

use std::path::PathBuf;
use std::time::Duration;

use serde::Deserialize;
use walkon_core::bundle::Secret;

use super::Error;

/// `[health]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Health {
    /// How often each account is checked.
    #[serde(with = "jiff::fmt::serde::unsigned_duration::friendly::compact::required")]
    pub every: Duration,
    /// How many rounds in a row a network may fail.
    pub patience: u32,
    /// An answer that takes longer needs an eye.
    #[serde(with = "jiff::fmt::serde::unsigned_duration::friendly::compact::required")]
    pub slow: Duration,
    /// So does a token that ends within this time.
    #[serde(with = "jiff::fmt::serde::unsigned_duration::friendly::compact::required")]
    pub token_ends: Duration,
    /// Where a request is told from which address it comes, or nothing.
    pub echo: String,
    /// For how long the past is kept.
    #[serde(with = "jiff::fmt::serde::unsigned_duration::friendly::compact::required")]
    pub keep: Duration,
}

/// `[alerts]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Alerts {
    /// Slack's webhook, or nothing: for the environment alone.
    pub slack: Secret,
    /// The file that holds it, or nothing.
    pub slack_file: PathBuf,
    /// A signed webhook's address, or nothing.
    pub webhook: String,
    /// Its secret: for the environment alone.
    pub webhook_secret: Secret,
    /// The file that holds it.
    pub webhook_secret_file: PathBuf,
    /// Alertmanager's address, or nothing.
    pub alertmanager: String,
    /// After so long it is told again that an alert stands.
    #[serde(with = "jiff::fmt::serde::unsigned_duration::friendly::compact::required")]
    pub repeat: Duration,
    /// One that comes and goes is not told again before so long.
    #[serde(with = "jiff::fmt::serde::unsigned_duration::friendly::compact::required")]
    pub throttle: Duration,
    /// What comes within this time is told in one message.
    #[serde(with = "jiff::fmt::serde::unsigned_duration::friendly::compact::required")]
    pub gather: Duration,
    /// For how long what is over is kept.
    #[serde(with = "jiff::fmt::serde::unsigned_duration::friendly::compact::required")]
    pub keep: Duration,
    /// A mail server.
    pub email: Email,
}

/// `[alerts.email]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Email {
    /// Its host, or nothing.
    pub host: String,
    /// Its port; 0: the usual one.
    pub port: u16,
    /// `tls`, `starttls` or `none`.
    pub security: String,
    /// The user it asks for, or nothing.
    pub username: String,
    /// That user's password: for the environment alone.
    pub password: Secret,
    /// The file that holds it.
    pub password_file: PathBuf,
    /// Who writes.
    pub from: String,
    /// Who is written to.
    pub to: Vec<String>,
}

fn wrong(key: &str, value: impl Into<String>, remedy: &str) -> Error {
    Error::Value { key: key.to_owned(), value: value.into(), remedy: remedy.to_owned() }
}

impl Health {
    pub(super) fn validate(&self) -> Result<(), Error> {
        if self.every < Duration::from_millis(100) {
            let value = format!("{:?}", self.every);
            return Err(wrong("health.every", value, "write 100 ms or more"));
        }
        if self.patience == 0 {
            return Err(wrong("health.patience", "0", "write 1 or more"));
        }
        if !self.echo.is_empty() && !self.echo.starts_with("http://") {
            let value = format!("`{}`", self.echo);
            let remedy = "write an address with http://; the answer holds no secret";
            return Err(wrong("health.echo", value, remedy));
        }
        Ok(())
    }
}

impl Alerts {
    pub(super) fn validate(&self) -> Result<(), Error> {
        let Email { host, security, .. } = &self.email;
        if !["tls", "starttls", "none"].contains(&security.as_str()) {
            let value = format!("`{security}`");
            let remedy = "write `tls`, `starttls` or `none`";
            return Err(wrong("alerts.email.security", value, remedy));
        }
        if !host.is_empty() && self.email.to.is_empty() {
            return Err(wrong("alerts.email.to", "empty", "name who is written to"));
        }
        Ok(())
    }
}
