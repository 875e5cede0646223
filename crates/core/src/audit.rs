//! The audit log's chain: each entry's hash is over the one before it, so that what was changed or
//! taken out shows.
//!
//! An entry is hashed as the JSON Canonicalization Scheme (RFC 8785) writes it: members sorted, no
//! blanks. That text is what the store keeps.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

/// What is hashed before everything else.
const FORM: &[u8] = b"walkon-audit-v1\0";

/// The hash of one entry, and through it of all before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hash([u8; 32]);

impl Hash {
    /// What the first entry follows.
    pub const GENESIS: Self = Self([0; 32]);

    /// The hash of an entry's text after what is before it.
    #[must_use]
    pub fn then(self, text: &str) -> Self {
        let mut hash = Sha256::new();
        hash.update(FORM);
        hash.update(self.0);
        hash.update(text.as_bytes());
        Self(hash.finalize().into())
    }

    /// As it is written: 64 hexadecimal digits.
    pub fn hex(self) -> String {
        self.0.iter().fold(String::with_capacity(64), |text, byte| format!("{text}{byte:02x}"))
    }

    /// The hash that was written so.
    pub fn read(hex: &str) -> Option<Self> {
        if hex.len() != 64 || !hex.is_ascii() {
            return None;
        }
        let mut bytes = [0; 32];
        for (at, byte) in bytes.iter_mut().enumerate() {
            *byte = u8::from_str_radix(&hex[2 * at..2 * at + 2], 16).ok()?;
        }
        Some(Self(bytes))
    }
}

/// What happened, before it has its place in the log.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Note {
    /// When.
    pub ts: Timestamp,
    /// Who did it: an operator's name, a worker's id, `walkon`.
    pub actor: String,
    /// What was done: `pause`, `hold`, `move`, `keys.rotate`.
    pub action: String,
    /// The account it was done to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    /// What else it was done to: an action's id, a site, a master key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// What came of it: a hold's kind, a state.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<String>,
    /// Why, in a sentence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
}

/// What happened, with its place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Its place, from 1.
    pub seq: u64,
    /// What happened.
    #[serde(flatten)]
    pub note: Note,
}

impl Entry {
    /// The text that is hashed and kept.
    pub fn text(&self) -> String {
        let value = serde_json::to_value(self).expect("an entry has string keys");
        let Value::Object(members) = value else { return String::new() };
        // Sorted whatever map serde_json was built with.
        let members: BTreeMap<String, Value> = members.into_iter().collect();
        serde_json::to_string(&members).expect("its values are texts and a number")
    }

    /// The entry that was kept so.
    pub fn read(text: &str) -> Option<Self> {
        serde_json::from_str(text).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(seq: u64, action: &str, ts: &str) -> Entry {
        let (actor, action) = ("op:1".to_owned(), action.to_owned());
        Entry { seq, note: Note { ts: ts.parse().unwrap(), actor, action, ..Note::default() } }
    }

    /// Worked out apart from this code.
    #[test]
    fn the_chain_is_the_one_that_was_written_down() {
        let first = entry(1, "origin.authorise", "2026-01-01T00:00:00Z");
        let text =
            r#"{"action":"origin.authorise","actor":"op:1","seq":1,"ts":"2026-01-01T00:00:00Z"}"#;
        assert_eq!(first.text(), text);
        let hash = Hash::GENESIS.then(&first.text());
        let expected = "aafc81605389f0526b1b125e178089e767443fde81393753d1399a474bb7089b";
        assert_eq!(hash.hex(), expected);
        let second = entry(2, "job.start", "2026-01-01T00:00:01Z");
        let expected = "8f5467369244d3c020fe4391aaed38df7aa6faa63c21bfd21c22c026b07d9102";
        assert_eq!(hash.then(&second.text()).hex(), expected);
    }

    #[test]
    fn an_entry_and_a_hash_read_as_they_were_written() {
        let mut one = entry(7, "hold", "2026-11-21T12:00:00.5Z");
        one.note.why = Some("\"quoted\",\n\u{7} und Grüße".to_owned());
        assert_eq!(Entry::read(&one.text()), Some(one.clone()));
        let hash = Hash::GENESIS.then(&one.text());
        assert_eq!(Hash::read(&hash.hex()), Some(hash));
        for bad in ["", "ab", &"zz".repeat(32), &"ä".repeat(32)] {
            assert_eq!(Hash::read(bad), None, "{bad}");
        }
    }
}
