//! Signing a request.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;

use super::base::base;
use super::{KeyPair, TAG};

/// How long a signature is good. Clocks differ; a request is on its way for less.
pub const LIFETIME_SECS: i64 = 60;
/// The label of our signature.
const LABEL: &str = "sig1";

/// What is signed of a request.
#[derive(Debug, Clone, Copy)]
pub struct Signing<'a> {
    /// `GET`, `POST`, …
    pub method: &'a str,
    /// Host and perhaps port, the usual port left out.
    pub authority: &'a str,
    /// Path, without the query.
    pub path: &'a str,
    /// Where the fleet's keys are listed.
    pub directory: &'a str,
    /// When.
    pub created: Timestamp,
    /// What makes it unlike any other.
    pub nonce: [u8; 16],
}

/// The headers of a signed request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signed {
    /// `Signature-Agent`
    pub agent: String,
    /// `Signature-Input`
    pub input: String,
    /// `Signature`
    pub signature: String,
}

impl Signed {
    /// Names and values.
    pub fn headers(self) -> [(&'static str, String); 3] {
        [
            ("Signature-Agent", self.agent),
            ("Signature-Input", self.input),
            ("Signature", self.signature),
        ]
    }
}

/// The lines to be signed, and the parameters as `Signature-Input` has them.
pub(super) fn lines(key: &KeyPair, what: &Signing<'_>) -> (String, String) {
    let agent = format!("\"signature-agent\";key=\"{LABEL}\"");
    let created = what.created.as_second();
    let params = format!(
        "(\"@authority\" \"@method\" \"@path\" {agent});created={created};expires={};\
         keyid=\"{}\";alg=\"ed25519\";nonce=\"{}\";tag=\"{TAG}\"",
        created + LIFETIME_SECS,
        key.public().thumbprint(),
        STANDARD.encode(what.nonce),
    );
    let parts = [
        ("\"@authority\"", what.authority.to_ascii_lowercase()),
        ("\"@method\"", what.method.to_owned()),
        ("\"@path\"", what.path.to_owned()),
        (agent.as_str(), format!("\"{}\"", what.directory)),
    ];
    (base(parts, &params), params)
}

/// Signs a request.
pub fn sign(key: &KeyPair, what: &Signing<'_>) -> Signed {
    let (lines, params) = lines(key, what);
    Signed {
        agent: format!("{LABEL}=\"{}\"", what.directory),
        input: format!("{LABEL}={params}"),
        signature: format!("{LABEL}=:{}:", STANDARD.encode(key.sign(lines.as_bytes()))),
    }
}
