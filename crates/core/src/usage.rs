//! Usage: how attempts ended, as an operator counts them.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::event::Event;

/// The code of an event that hands an action back unspent.
const RELEASED: &str = "released";

/// How an attempt ended, or what it found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UsageResult {
    /// It did what was asked, or found it done.
    Done,
    /// It failed for good.
    Failed,
    /// It did not get through, and is tried again.
    Retried,
    /// It was handed back unspent: nothing was tried.
    HandedBack,
    /// Its worker was lost.
    Lost,
    /// Nobody can tell whether it did.
    Unknown,
    /// The site asked to go slower.
    Limited,
    /// The site asked to prove something.
    Challenged,
    /// The site has blocked the account.
    Blocked,
    /// The account was signed out and could not sign in.
    SignedOut,
}

impl UsageResult {
    /// Every result.
    pub const ALL: [Self; 10] = [
        Self::Done,
        Self::Failed,
        Self::Retried,
        Self::HandedBack,
        Self::Lost,
        Self::Unknown,
        Self::Limited,
        Self::Challenged,
        Self::Blocked,
        Self::SignedOut,
    ];

    /// Its name in SQL, on pages and for programs.
    pub fn name(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Retried => "retried",
            Self::HandedBack => "handed_back",
            Self::Lost => "lost",
            Self::Unknown => "unknown",
            Self::Limited => "limited",
            Self::Challenged => "challenged",
            Self::Blocked => "blocked",
            Self::SignedOut => "signed_out",
        }
    }

    /// What an event tells of an attempt's end; `None`: it tells of none.
    pub fn of(event: &Event) -> Option<Self> {
        let code = event.code.as_deref().unwrap_or_default();
        // Cancelled or expired in its lane: there was no attempt.
        let attempted = event.attempt.is_some_and(|attempt| attempt > 0);
        match event.kind_of_change.as_str() {
            "done" => Some(Self::Done),
            "failed" if attempted => Some(Self::Failed),
            "retrying" if code == RELEASED => Some(Self::HandedBack),
            "retrying" => Some(Self::Retried),
            "lost" => Some(Self::Lost),
            "unknown" => Some(Self::Unknown),
            "finding" => {
                let found = [Self::Limited, Self::Challenged, Self::Blocked, Self::SignedOut];
                found.into_iter().find(|result| result.name() == code)
            }
            _ => None,
        }
    }
}

/// One attempt's end, as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Usage {
    /// The id of the event that told of it, by which it is written once.
    pub event: String,
    /// The account.
    pub account: String,
    /// The action's kind, where the event says it.
    pub kind: String,
    /// `api` or `browser`, where the event says it.
    pub class: String,
    /// How it ended.
    pub result: UsageResult,
    /// Why, in a word.
    pub code: String,
    /// When, by the queue's clock.
    pub at: Timestamp,
}

impl Usage {
    /// What an event tells; `None`: nothing that is counted.
    pub fn of(event: &Event, id: &str) -> Option<Self> {
        let result = UsageResult::of(event)?;
        let word = |word: &Option<String>| word.clone().unwrap_or_default();
        Some(Self {
            event: id.to_owned(),
            account: event.account.clone()?,
            kind: word(&event.kind),
            class: word(&event.class),
            result,
            code: word(&event.code),
            at: event.at,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(kind: &str, code: &str, attempt: u32) -> Option<UsageResult> {
        let (kind_of_change, code) = (kind.to_owned(), Some(code.to_owned()));
        let account = Some("ada".to_owned());
        let event =
            Event { kind_of_change, code, account, attempt: Some(attempt), ..Event::default() };
        Usage::of(&event, "1-0").map(|usage| usage.result)
    }

    #[test]
    fn each_end_of_an_attempt_is_one_result_and_nothing_else_is_any() {
        assert_eq!(told("done", "", 1), Some(UsageResult::Done));
        assert_eq!(told("failed", "target_missing", 1), Some(UsageResult::Failed));
        assert_eq!(told("failed", "no_account", 0), None, "nobody tried");
        assert_eq!(told("retrying", "slow", 1), Some(UsageResult::Retried));
        assert_eq!(told("retrying", "released", 0), Some(UsageResult::HandedBack));
        assert_eq!(told("finding", "limited", 1), Some(UsageResult::Limited));
        assert_eq!(told("finding", "signed_out", 1), Some(UsageResult::SignedOut));
        for kind in ["queued", "claimed", "begun", "cancelled", "expired", "act", "moved", "held"] {
            assert_eq!(told(kind, "", 1), None, "{kind}");
        }
        assert_eq!(Usage::of(&Event::default(), "1-0"), None);
    }
}
