//! How an attempt ended.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::capacity::Capacity;

/// What a finished attempt left on the site.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Made {
    /// It made the effect.
    Made,
    /// The effect was there before.
    Already,
    /// Its kind has no effect.
    None,
}

impl Made {
    /// Its name in scripts, events and pages.
    pub fn name(self) -> &'static str {
        match self {
            Self::Made => "made",
            Self::Already => "already",
            Self::None => "none",
        }
    }

    /// What is meant by that name.
    pub fn named(name: &str) -> Option<Self> {
        [Self::Made, Self::Already, Self::None].into_iter().find(|made| made.name() == name)
    }
}

/// The code of a [`Outcome::Retry`] by which a [`Duty::Verify`](crate::lease::Duty) says that it
/// looked and the effect is not there: the action goes back to be performed. Any other ending of a
/// reading but `Done` says that it could not tell.
pub const NOT_THERE: &str = "not_there";

/// How an attempt ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "outcome")]
pub enum Outcome {
    /// As asked.
    Done {
        /// What it left.
        effect: Made,
    },
    /// Something failed that may pass; the caps stay charged.
    Retry {
        /// A stable word: `rate_limited`.
        code: String,
        /// In a sentence.
        why: String,
        /// The least time to wait, where the site named one.
        after: Option<Duration>,
    },
    /// Provably nothing was sent; the caps are given back.
    NotRun {
        /// A stable word.
        code: String,
        /// In a sentence.
        why: String,
    },
    /// It can never be done.
    Fatal {
        /// A stable word.
        code: String,
        /// In a sentence.
        why: String,
    },
    /// It may have been done; only reading can tell.
    Unknown {
        /// A stable word.
        code: String,
        /// In a sentence.
        why: String,
    },
}

impl Outcome {
    /// Its name in scripts, events and pages.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Done { .. } => "done",
            Self::Retry { .. } => "retry",
            Self::NotRun { .. } => "notrun",
            Self::Fatal { .. } => "fatal",
            Self::Unknown { .. } => "unknown",
        }
    }

    /// The stable word and the sentence, where it did not go as asked.
    pub fn reason(&self) -> Option<(&str, &str)> {
        match self {
            Self::Done { .. } => None,
            Self::Retry { code, why, .. }
            | Self::NotRun { code, why }
            | Self::Fatal { code, why }
            | Self::Unknown { code, why } => Some((code, why)),
        }
    }
}

/// What an attempt learned about the account, beside its own ending.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Finding {
    /// The site no longer knows us: sign in again.
    SignedOut,
    /// The site asks to prove something: a person must look.
    Challenged,
    /// The site blocked or banned the account: a person must look.
    Blocked,
    /// The site asked to go slower.
    Limited,
}

impl Finding {
    /// Its name in events and pages.
    pub fn name(self) -> &'static str {
        match self {
            Self::SignedOut => "signed_out",
            Self::Challenged => "challenged",
            Self::Blocked => "blocked",
            Self::Limited => "limited",
        }
    }
}

/// What a worker says when it gives a lease back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settlement {
    /// How the attempt ended.
    pub outcome: Outcome,
    /// What it learned about the account.
    #[serde(default)]
    pub findings: Vec<Finding>,
    /// What it read, as JSON of at most 2 KiB.
    #[serde(default)]
    pub result: Option<String>,
    /// What the platform said of its limits meanwhile.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub capacity: Option<Capacity>,
}

impl From<Outcome> for Settlement {
    fn from(outcome: Outcome) -> Self {
        Self { outcome, findings: Vec::new(), result: None, capacity: None }
    }
}
