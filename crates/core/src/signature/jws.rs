//! A grant that its owner signed, for whom cannot publish one: a compact JWS (RFC 7515, `EdDSA`).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;

use super::{KeyPair, PublicKey};
use crate::grant::{BYTES_MAX, Code, Denied};

/// What says that the text is a grant and nothing else that the owner may have signed.
const TYPE: &str = "walkon-grant+jws";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Head {
    alg: String,
    typ: String,
    #[serde(default)]
    kid: Option<String>,
}

/// Signs a file of grants.
pub fn seal(key: &KeyPair, file: &str) -> String {
    let kid = key.public().thumbprint();
    let head = format!(r#"{{"alg":"EdDSA","typ":"{TYPE}","kid":"{kid}"}}"#);
    let signed = format!("{}.{}", URL_SAFE_NO_PAD.encode(head), URL_SAFE_NO_PAD.encode(file));
    let signature = URL_SAFE_NO_PAD.encode(key.sign(signed.as_bytes()));
    format!("{signed}.{signature}")
}

/// The file of grants in a signed text, if the pinned key signed it.
pub fn open(text: &str, pinned: &PublicKey) -> Result<String, Denied> {
    let wrong = |why: &str| Denied::new(Code::AuthorisationUnsigned, why);
    let text = text.trim();
    // Base64 makes four bytes of three; the head is short.
    if text.len() > BYTES_MAX * 4 / 3 + 1_024 {
        let why = format!("the signed grant has {} bytes", text.len());
        return Err(Denied::new(Code::AuthorisationTooLarge, why));
    }
    let shape = || wrong("a signed grant has three parts, joined by dots");
    let (signed, signature) = text.rsplit_once('.').ok_or_else(shape)?;
    let (head, file) = signed.split_once('.').ok_or_else(shape)?;
    let part = |text: &str| URL_SAFE_NO_PAD.decode(text).map_err(|_| shape());
    let (head, file, signature) = (part(head)?, part(file)?, part(signature)?);
    let head: Head = serde_json::from_slice(&head)
        .map_err(|error| wrong(&format!("its head is wrong: {error}")))?;
    if head.alg != "EdDSA" || head.typ != TYPE {
        return Err(wrong("its head must say `EdDSA` and `walkon-grant+jws`"));
    }
    if head.kid.is_some_and(|kid| kid != pinned.thumbprint()) {
        return Err(wrong("it names another key than the pinned one"));
    }
    if !pinned.verifies(signed.as_bytes(), &signature) {
        return Err(wrong("the pinned key did not sign it"));
    }
    String::from_utf8(file).map_err(|_| wrong("it is no text"))
}
