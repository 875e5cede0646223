//! Telling people and their tools of alerts: Slack, a signed webhook, email, Alertmanager.
//!
//! A channel is told of several alerts in one message, so that a bad minute is one message and not
//! a thousand. Whom to tell of what, and when, is not decided here.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use walkon_core::alert::{Alert, Raised};
use walkon_core::bundle::Secret;

mod alertmanager;
mod email;
mod http;
mod signed;
mod slack;
mod text;

pub use email::{Mail, Security};

/// Why a channel could not be told.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Its settings cannot be used.
    #[error("`{key}` cannot be used: {why}")]
    Setting {
        /// Which.
        key: &'static str,
        /// What is wrong with it.
        why: String,
    },
    /// It could not be reached.
    #[error("{channel} could not be reached: {why}")]
    Away {
        /// Which.
        channel: &'static str,
        /// As the system says it, without the address, which may be a secret.
        why: String,
    },
    /// It answered, and took nothing.
    #[error("{channel} refused: {why}")]
    Refused {
        /// Which.
        channel: &'static str,
        /// As it said it.
        why: String,
        /// How long it asked us to wait.
        after: Option<Duration>,
    },
}

impl Error {
    /// What to do about it.
    pub fn remedy(&self) -> &'static str {
        match self {
            Self::Setting { .. } => "correct it in walkon.toml or the environment",
            Self::Away { .. } => "see whether it runs and this host may reach it",
            Self::Refused { .. } => "look whether its address, user and secret are right",
        }
    }

    /// How long it asked us to wait.
    pub fn after(&self) -> Option<SignedDuration> {
        let Self::Refused { after, .. } = self else { return None };
        after.and_then(|after| SignedDuration::try_from(after).ok())
    }
}

/// One alert that a channel is told of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// The alert.
    pub raised: Raised,
    /// Whether it is told that it is over; else, that it stands.
    pub over: bool,
}

impl Notice {
    /// `firing` or `resolved`, as tools call it.
    fn status(&self) -> &'static str {
        if self.over { "resolved" } else { "firing" }
    }

    fn alert(&self) -> &Alert {
        &self.raised.alert
    }
}

/// Somebody who can be told.
#[async_trait]
pub trait Channel: std::fmt::Debug + Send + Sync {
    /// Its name: `slack`.
    fn name(&self) -> &'static str;
    /// How often it wants to be told of what stands, if it has a wish of its own.
    fn repeat(&self) -> Option<SignedDuration> {
        None
    }
    /// Tells it of several alerts at once.
    async fn tell(&self, notices: &[Notice], now: Timestamp) -> Result<(), Error>;
}

/// A webhook that is signed.
#[derive(Debug, Clone)]
pub struct Webhook {
    /// Where.
    pub url: String,
    /// `whsec_` and the secret in base64.
    pub secret: Secret,
}

/// Who is told.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Slack's incoming webhook, or another's that takes the same; its address is the secret.
    pub slack: Option<Secret>,
    /// A webhook as standardwebhooks.com describes it.
    pub webhook: Option<Webhook>,
    /// Alertmanager's address.
    pub alertmanager: Option<String>,
    /// A mail server.
    pub email: Option<Mail>,
    /// Where this fleet's pages are.
    pub pages: String,
}

impl Options {
    /// The channels that are set.
    ///
    /// # Errors
    ///
    /// [`Error::Setting`] names what cannot be used.
    pub fn channels(&self) -> Result<Vec<Arc<dyn Channel>>, Error> {
        let mut channels: Vec<Arc<dyn Channel>> = Vec::new();
        if let Some(url) = &self.slack {
            channels.push(Arc::new(slack::Slack::new(url.clone(), &self.pages)?));
        }
        if let Some(webhook) = &self.webhook {
            channels.push(Arc::new(signed::Signed::new(webhook, &self.pages)?));
        }
        if let Some(base) = &self.alertmanager {
            channels.push(Arc::new(alertmanager::Alertmanager::new(base, &self.pages)?));
        }
        if let Some(mail) = &self.email {
            channels.push(Arc::new(email::Email::new(mail, &self.pages)?));
        }
        Ok(channels)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use walkon_core::alert::Severity;
    use walkon_core::clock::from_ms;

    /// An alert that stands.
    pub(super) fn notice(key: &str, severity: Severity) -> Notice {
        let alert = Alert {
            key: key.to_owned(),
            code: "hold".to_owned(),
            severity,
            account: Some("ada".to_owned()),
            title: "ada is stopped".to_owned(),
            why: "the site has suspended it".to_owned(),
            fix: "look at its page".to_owned(),
            until: None,
        };
        Notice { raised: Raised::anew(&alert, None, from_ms(1_000)), over: false }
    }

    #[test]
    fn an_address_that_is_none_is_refused_without_being_told() {
        let slack = Some(Secret::new("hooks.example/T0/secret".to_owned()));
        let error = Options { slack, ..Options::default() }.channels().unwrap_err().to_string();
        assert!(error.contains("alerts.slack") && !error.contains("secret"), "{error}");
    }
}
