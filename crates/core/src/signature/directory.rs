//! The list of a fleet's keys, which it publishes and signs.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::base::base;
use super::{KeyPair, PublicKey};

/// Where it is published.
pub const WELL_KNOWN: &str = "/.well-known/http-message-signatures-directory";
/// What it is.
pub const MEDIA_TYPE: &str = "application/http-message-signatures-directory+json";
/// The most bytes that are read of another's.
pub const BYTES_MAX: usize = 64 << 10;
/// The tag of its signature.
const TAG: &str = "http-message-signatures-directory";
/// How long its signature is good: longer than it may be kept.
const LIFETIME_SECS: i64 = 3_600;

/// A key as it is listed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Jwk {
    /// `OKP`
    pub kty: String,
    /// `Ed25519`
    pub crv: String,
    /// Its thumbprint.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kid: Option<String>,
    /// The key.
    pub x: String,
    /// `sig`
    #[serde(default, rename = "use", skip_serializing_if = "Option::is_none")]
    pub purpose: Option<String>,
    /// From when it is good, in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nbf: Option<i64>,
    /// Until when.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exp: Option<i64>,
}

impl Jwk {
    /// A key, good from one second to another.
    pub fn new(key: PublicKey, span: Option<(Timestamp, Timestamp)>) -> Self {
        Self {
            kty: "OKP".to_owned(),
            crv: "Ed25519".to_owned(),
            kid: Some(key.thumbprint()),
            x: key.x(),
            purpose: Some("sig".to_owned()),
            nbf: span.map(|(from, _)| from.as_second()),
            exp: span.map(|(_, to)| to.as_second()),
        }
    }
}

/// The list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Directory {
    /// Its keys.
    pub keys: Vec<Jwk>,
}

impl Directory {
    /// The key of this name, if it is listed and good now.
    pub fn find(&self, thumbprint: &str, now: Timestamp) -> Option<PublicKey> {
        let now = now.as_second();
        let good = |jwk: &&Jwk| {
            let in_time =
                jwk.nbf.is_none_or(|from| from <= now) && jwk.exp.is_none_or(|to| now < to);
            jwk.kty == "OKP" && jwk.crv == "Ed25519" && in_time
        };
        let keys = self.keys.iter().filter(good).filter_map(|jwk| PublicKey::read(&jwk.x).ok());
        keys.into_iter().find(|key| key.thumbprint() == thumbprint)
    }
}

/// The headers by which a list shows that whoever publishes it has the key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proof {
    /// `Content-Digest`
    pub digest: String,
    /// `Signature-Input`
    pub input: String,
    /// `Signature`
    pub signature: String,
}

/// What a proof covers.
pub(super) fn digest(body: &[u8]) -> String {
    format!("sha-256=:{}:", STANDARD.encode(Sha256::digest(body)))
}

/// A list's proof, for whoever asked for it at an authority.
pub fn prove(key: &KeyPair, body: &[u8], authority: &str, now: Timestamp) -> Proof {
    prove_until(key, body, authority, (now.as_second(), now.as_second() + LIFETIME_SECS))
}

pub(super) fn prove_until(
    key: &KeyPair,
    body: &[u8],
    authority: &str,
    (created, expires): (i64, i64),
) -> Proof {
    let digest = digest(body);
    let params = format!(
        "(\"@authority\";req \"content-digest\");created={created};expires={expires};\
         keyid=\"{}\";tag=\"{TAG}\"",
        key.public().thumbprint(),
    );
    let parts = [
        ("\"@authority\";req", authority.to_ascii_lowercase()),
        ("\"content-digest\"", digest.clone()),
    ];
    let signature = key.sign(base(parts, &params).as_bytes());
    Proof {
        digest,
        input: format!("binding0={params}"),
        signature: format!("binding0=:{}:", STANDARD.encode(signature)),
    }
}
