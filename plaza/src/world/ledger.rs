//! The ledger: every effect, in order, which the fleet's own account of itself is compared with.

use std::net::IpAddr;

use jiff::Timestamp;
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::content::MemberId;
use super::hex;

/// Most entries kept; effects beyond it are refused, so that no comparison is silently short.
pub(crate) const ENTRIES_MAX: usize = 1_000_000;

/// Who caused an effect, and from where.
#[derive(Debug, Clone)]
pub(crate) struct Origin {
    pub(crate) member: MemberId,
    pub(crate) via: Via,
    pub(crate) remote: IpAddr,
    pub(crate) user_agent: String,
    pub(crate) request_id: Option<String>,
}

/// Through which face an effect came in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Via {
    Page,
    Api,
}

impl Via {
    /// The fleet's word for the same thing.
    fn route(self) -> &'static str {
        match self {
            Self::Page => "browser",
            Self::Api => "api",
        }
    }
}

/// One effect.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Entry {
    seq: u64,
    at: Timestamp,
    account: String,
    kind: &'static str,
    target: String,
    text_hash: Option<String>,
    text: Option<String>,
    via: Via,
    route: &'static str,
    remote: IpAddr,
    user_agent: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    request_id: Option<String>,
}

/// All effects since the start or the last reset.
#[derive(Debug, Default)]
pub(crate) struct Ledger(Vec<Entry>);

/// What happened, before it is numbered and signed.
pub(crate) struct Fact<'a> {
    pub(crate) account: &'a str,
    pub(crate) kind: &'static str,
    pub(crate) target: String,
    pub(crate) text: Option<String>,
}

impl Ledger {
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    pub(crate) fn is_full(&self) -> bool {
        self.0.len() >= ENTRIES_MAX
    }

    pub(crate) fn append(&mut self, fact: Fact<'_>, origin: &Origin, at: Timestamp) {
        self.0.push(Entry {
            seq: self.0.len() as u64 + 1,
            at,
            account: fact.account.to_owned(),
            kind: fact.kind,
            target: fact.target,
            text_hash: fact.text.as_deref().map(text_hash),
            text: fact.text,
            via: origin.via,
            route: origin.via.route(),
            remote: origin.remote,
            user_agent: origin.user_agent.clone(),
            request_id: origin.request_id.clone(),
        });
    }

    /// The entries after `seq`, oldest first.
    pub(crate) fn since(&self, seq: u64) -> Vec<Entry> {
        let skip = usize::try_from(seq).unwrap_or(usize::MAX).min(self.0.len());
        self.0[skip..].to_vec()
    }
}

/// The first 16 hexadecimal digits of SHA-256 over the exact UTF-8 text.
pub(crate) fn text_hash(text: &str) -> String {
    hex(&Sha256::digest(text.as_bytes())[..8])
}

#[cfg(test)]
mod tests {
    use super::text_hash;

    #[test]
    fn the_text_hash_is_the_first_sixteen_digits_of_sha256() {
        assert_eq!(text_hash(""), "e3b0c44298fc1c14");
        assert_eq!(text_hash("abc"), "ba7816bf8f01cfea");
    }
}
