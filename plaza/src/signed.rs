//! Who signs: the grant that Plaza publishes, and the check of signed requests.
//!
//! The check is the verifier of `docs/grants.md`, as a site's owner would run it: keys come from
//! the address in the grant, never from the request.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use axum::http::request::Parts;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jiff::{SignedDuration, Timestamp};
use ring::signature::{ED25519, UnparsedPublicKey};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};

/// How long the published grant is good.
const GRANTED: SignedDuration = SignedDuration::from_hours(24 * 90);

/// To whom Plaza grants, and whether they must sign.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Policy {
    /// Ids of fleets.
    #[serde(default)]
    pub(crate) agents: Vec<String>,
    /// Their list of keys, as it is published.
    #[serde(default)]
    pub(crate) keys: Vec<Jwk>,
    /// Whether a request without a good signature is refused.
    #[serde(default)]
    pub(crate) require_signature: bool,
    /// Kinds that are granted.
    #[serde(default)]
    pub(crate) kinds: Vec<String>,
    /// How much the fleet may do.
    #[serde(default)]
    pub(crate) limits: Map<String, Value>,
}

/// A key of the list.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Jwk {
    x: String,
    #[serde(default)]
    nbf: Option<i64>,
    #[serde(default)]
    exp: Option<i64>,
}

/// The policy that is in force.
#[derive(Debug, Clone, Default)]
pub(crate) struct Signed(Arc<Mutex<Policy>>);

impl Signed {
    pub(crate) fn set(&self, policy: Policy) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = policy;
    }

    fn policy(&self) -> Policy {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The grant that is published; `None`: to nobody.
    pub(crate) fn grant(&self, now: Timestamp) -> Option<Value> {
        let Policy { agents, require_signature, kinds, limits, .. } = self.policy();
        if agents.is_empty() {
            return None;
        }
        let ids: Vec<Value> = agents.iter().map(|id| json!({ "id": id })).collect();
        Some(json!({
            "version": 1,
            "origin": "self",
            "contact": ["mailto:owner@plaza.example"],
            "expires": now + GRANTED,
            "agents": ids,
            "grants": [{
                "agents": agents,
                "kinds": kinds,
                "paths": ["/"],
                "methods": ["GET", "HEAD", "POST"],
                "limits": limits,
                "require_signature": require_signature,
            }],
        }))
    }

    /// Whether a request may come in, and if not, why.
    pub(crate) fn admit(&self, parts: &Parts, now: Timestamp) -> Result<(), &'static str> {
        let policy = self.policy();
        if !policy.require_signature {
            return Ok(());
        }
        let now = now.as_second();
        let good = |key: &&Jwk| {
            key.nbf.is_none_or(|from| from <= now) && key.exp.is_none_or(|to| now < to)
        };
        let keys = policy.keys.iter().filter(good).filter_map(|key| {
            let bytes: [u8; 32] = URL_SAFE_NO_PAD.decode(&key.x).ok()?.try_into().ok()?;
            Some((thumbprint(&key.x), bytes))
        });
        signed(parts, &keys.collect(), now)
    }
}

fn thumbprint(x: &str) -> String {
    let jwk = format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{x}"}}"#);
    URL_SAFE_NO_PAD.encode(Sha256::digest(jwk))
}

/// Whether a request is signed by a listed key; `keys`: thumbprint → ed25519 key, from the list.
fn signed(parts: &Parts, keys: &HashMap<String, [u8; 32]>, now: i64) -> Result<(), &'static str> {
    const PARTS: &str = r#"("@authority" "@method" "@path" "signature-agent";key="sig1")"#;
    let header = |name| parts.headers.get(name).and_then(|value| value.to_str().ok());
    let member = |name| header(name).and_then(|text| text.strip_prefix("sig1="));
    let agent = member("signature-agent").ok_or("no Signature-Agent")?;
    let params = member("signature-input").ok_or("no Signature-Input")?;
    let rest = params.strip_prefix(PARTS).ok_or("it covers something else")?;
    let param = |name: &str| {
        let found = rest.split(';').find_map(|part| part.strip_prefix(name)?.strip_prefix('='));
        found.map(|value| value.trim_matches('"'))
    };
    if param("tag") != Some("web-bot-auth") || param("alg") != Some("ed25519") {
        return Err("another sort of signature");
    }
    let second = |name| param(name).and_then(|text| text.parse::<i64>().ok());
    let (created, expires) = second("created").zip(second("expires")).ok_or("no times")?;
    if created > now + 30 || expires <= now || expires - created > 86_400 {
        return Err("not now");
    }
    let key = param("keyid").and_then(|id| keys.get(id)).ok_or("the key is not listed")?;
    let host = header("host").ok_or("no Host")?.to_ascii_lowercase();
    let base = format!(
        "\"@authority\": {host}\n\"@method\": {}\n\"@path\": {}\n\
         \"signature-agent\";key=\"sig1\": {agent}\n\"@signature-params\": {params}",
        parts.method,
        parts.uri.path(),
    );
    let signature = member("signature")
        .and_then(|text| text.strip_prefix(':')?.strip_suffix(':'))
        .and_then(|text| STANDARD.decode(text).ok())
        .ok_or("no Signature")?;
    UnparsedPublicKey::new(&ED25519, key)
        .verify(base.as_bytes(), &signature)
        .map_err(|_| "the signature is wrong")
}
