//! Alerts: what somebody should be told, from when it came up until it is over.
//!
//! When whom to tell is a rule: [`alerting`](crate::alerting).

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Good to know.
    Info,
    /// It needs an eye.
    Warning,
    /// Something has stopped.
    Critical,
}

impl Severity {
    /// Its name for people and programs.
    pub fn name(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Critical => "critical",
        }
    }
}

/// What somebody should be told. The same key is the same alert, however often it is raised.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alert {
    /// What it is about, once and for all: `hold:ada:block`.
    pub key: String,
    /// A stable word for programs: `hold`, `quota`, `health`.
    pub code: String,
    /// How bad it is.
    pub severity: Severity,
    /// Whom it concerns, where it is one account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    /// In a line: `ada is stopped`.
    pub title: String,
    /// Why, in a sentence.
    pub why: String,
    /// What to do.
    #[serde(default)]
    pub fix: String,
    /// When it is over by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
}

/// What one channel was told of an alert.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Told {
    /// When it was last told that the alert stands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub standing: Option<Timestamp>,
    /// How bad it was then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub severity: Option<Severity>,
    /// When it was told that the alert is over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub over: Option<Timestamp>,
    /// How many tries in a row have failed.
    #[serde(default)]
    pub failures: u32,
    /// Not before then is it tried again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<Timestamp>,
    /// Why the last try failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// An alert as it is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Raised {
    /// What it says.
    pub alert: Alert,
    /// Since when.
    pub since: Timestamp,
    /// When it was last raised.
    pub last: Timestamp,
    /// How often it was raised since then.
    pub times: u64,
    /// Since when it is over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub over: Option<Timestamp>,
    /// What each channel was told, by the channel's name.
    #[serde(default)]
    pub told: BTreeMap<String, Told>,
}

impl Raised {
    /// An alert that was just raised, for the first time or again. What channels were told before
    /// is kept, so that one that comes and goes is not told each time.
    pub fn anew(alert: &Alert, before: Option<&Self>, at: Timestamp) -> Self {
        let standing = before.filter(|before| before.over.is_none());
        Self {
            alert: alert.clone(),
            since: standing.map_or(at, |before| before.since),
            last: at,
            times: standing.map_or(0, |before| before.times) + 1,
            over: None,
            told: before.map(|before| before.told.clone()).unwrap_or_default(),
        }
    }
}
