//! A receipt: the lasting record of what became of one action.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// What became of one action; one an action, the last ending counts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// The action's id; for a refused one its intake handle.
    pub action: String,
    /// The account.
    pub account: String,
    /// The kind.
    pub kind: String,
    /// The target.
    pub target: Option<String>,
    /// [`Action::text_hash`](crate::action::Action::text_hash).
    pub text_hash: Option<String>,
    /// How it went: `api` or `browser`.
    pub class: Option<String>,
    /// The state it ended in.
    pub state: String,
    /// For `done`: `made`, `already` or `none`.
    pub effect: Option<String>,
    /// A stable word, where it did not go as asked.
    pub code: Option<String>,
    /// A sentence, where it did not go as asked.
    pub why: Option<String>,
    /// How many attempts it took.
    pub attempts: u32,
    /// When, by the queue's clock.
    pub at: Timestamp,
    /// Its event's id in the queue's stream, by which it is written once.
    pub event: String,
}
