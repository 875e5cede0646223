//! A receipt: the lasting record of what became of one action.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

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
    /// [`text_hash`] of its text.
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

/// A text's mark in receipts and ledgers: the first 16 hexadecimal digits of its SHA-256.
pub fn text_hash(text: &str) -> String {
    let digest = Sha256::digest(text.as_bytes());
    digest[..8].iter().fold(String::new(), |hash, byte| format!("{hash}{byte:02x}"))
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_text_is_known_by_sixteen_digits() {
        assert_eq!(super::text_hash("abc"), "ba7816bf8f01cfea");
    }
}
