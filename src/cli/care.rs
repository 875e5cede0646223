//! How accounts are looked after, as the settings say.

use std::path::Path;

use jiff::SignedDuration;
use walkon_core::alerting::Pace;
use walkon_core::bundle::Secret;
use walkon_core::grading::Limits;

use super::report::{Code, Failure};
use crate::config::{Config, care};
use crate::coordinator::care::Options;
use crate::coordinator::{alerts, health};
use crate::notify::{self, Mail, Security, Webhook};

/// How accounts are looked after.
pub(super) fn options(config: &Config) -> Result<Options, Failure> {
    let care::Health { every, patience, slow, token_ends, echo, keep } = &config.health;
    let long = |duration| SignedDuration::try_from(duration).unwrap_or(SignedDuration::MAX);
    let limits = Limits {
        patience: *patience,
        slow_ms: slow.as_millis() as u64,
        token_ends: long(*token_ends),
        ..Limits::default()
    };
    let echo = Some(echo.clone()).filter(|echo| !echo.is_empty());
    let health = health::Options { every: *every, limits, echo, keep: long(*keep) };
    let told = &config.alerts;
    let alerts = alerts::Options {
        channels: channels(config)?.channels()?,
        pace: Pace { repeat: long(told.repeat), throttle: long(told.throttle) },
        gather: told.gather,
        keep: long(told.keep),
    };
    Ok(Options { health, alerts })
}

/// Who is told, with their secrets.
pub(super) fn channels(config: &Config) -> Result<notify::Options, Failure> {
    let told = &config.alerts;
    let said = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
    let webhook_secret =
        secret(&told.webhook_secret, &told.webhook_secret_file, "alerts.webhook_secret")?;
    let webhook = match said(&told.webhook) {
        None => None,
        Some(url) => {
            let secret = webhook_secret.unwrap_or_else(|| Secret::new(String::new()));
            Some(Webhook { url, secret })
        }
    };
    let mail = &told.email;
    let email = match said(&mail.host) {
        None => None,
        Some(host) => Some(Mail {
            host,
            port: mail.port,
            // It has been checked.
            security: Security::named(&mail.security).unwrap_or(Security::StartTls),
            username: said(&mail.username),
            password: secret(&mail.password, &mail.password_file, "alerts.email.password")?,
            from: mail.from.clone(),
            to: mail.to.clone(),
        }),
    };
    Ok(notify::Options {
        slack: secret(&told.slack, &told.slack_file, "alerts.slack")?,
        webhook,
        alertmanager: said(&told.alertmanager),
        email,
        pages: format!("http://{}", config.web.listen),
    })
}

/// A secret, as the environment gives it or a file holds it.
fn secret(given: &Secret, file: &Path, key: &str) -> Result<Option<Secret>, Failure> {
    if !given.expose().is_empty() {
        return Ok(Some(given.clone()));
    }
    if file.as_os_str().is_empty() {
        return Ok(None);
    }
    let text = std::fs::read_to_string(file).map_err(|error| Failure {
        what: format!("could not read `{key}_file` {}", file.display()),
        causes: vec![error.to_string()],
        remedy: Some("check the path and its owner".to_owned()),
        code: Code::Host,
    })?;
    Ok(Some(Secret::new(text.trim().to_owned())))
}
