//! Judging a signed request.

use jiff::Timestamp;

use super::base::{Message, base, named};
use super::field::{self, Bare, Item, Member, Params, Value, param};
use super::{PublicKey, TAG};
use crate::origin::WebOrigin;

/// How far another's clock may be ahead of ours.
const AHEAD_SECS: i64 = 30;

/// Who signed a request, and what of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// The key's thumbprint.
    pub key: String,
    /// Where the key is listed.
    pub directory: String,
    /// What was covered: `"@authority"`, `"@method"`, …
    pub covered: Vec<String>,
    /// What makes the request unlike any other: whoever must not see one twice keeps these until
    /// they have ended.
    pub nonce: Option<String>,
}

/// Why a request is not known to be of anybody.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Doubt {
    /// It is signed, and wrongly: refuse it.
    #[error("invalid: {0}")]
    Invalid(&'static str),
    /// It is not signed, or by a key that is not known: as if nobody had signed.
    #[error("unverified: {0}")]
    Unverified(&'static str),
}

/// Who signed a request. `listed` finds a key by the address of its list and its thumbprint.
pub fn verify(
    message: &Message<'_>,
    now: Timestamp,
    listed: impl FnOnce(&str, &str) -> Option<PublicKey>,
) -> Result<Verified, Doubt> {
    use Doubt::{Invalid, Unverified};
    let header = |name| message.header(name).ok_or(Unverified("it is not signed"));
    let (inputs, signatures) = (header("signature-input")?, header("signature")?);
    let inputs = field::dictionary(&inputs).ok_or(Invalid("Signature-Input is not readable"))?;
    let signatures = field::dictionary(&signatures).ok_or(Invalid("Signature is not readable"))?;
    let Some((label, raw, parts, params)) = inputs.iter().find_map(tagged) else {
        return Err(Unverified("no signature of it is of Web Bot Auth"));
    };
    let key_id = fresh(params, now)?;
    let names = parts.iter().map(named).collect::<Option<Vec<_>>>();
    let names = names.ok_or(Invalid("a covered part is not known"))?;
    covered(&names, label)?;
    let directory = agent(message, label)?;
    let signature = signatures.iter().find(|member| member.key == label);
    let Some(Value::Item(Item { bare: Bare::Bytes(signature), .. })) =
        signature.map(|member| &member.value)
    else {
        return Err(Invalid("Signature has no bytes under this label"));
    };
    let values = parts.iter().map(|part| message.part(part)).collect::<Option<Vec<_>>>();
    let values = values.ok_or(Invalid("a covered part is missing"))?;
    let lines = base(names.iter().map(String::as_str).zip(values), raw);
    let key = listed(&directory, &key_id).ok_or(Unverified("the key is not listed"))?;
    if key.thumbprint() != key_id {
        return Err(Invalid("the key is listed under another's name"));
    }
    if !key.verifies(lines.as_bytes(), signature) {
        return Err(Invalid("the signature is not of this request and key"));
    }
    let nonce = text(params, "nonce").map(str::to_owned);
    Ok(Verified { key: key_id, directory, covered: names, nonce })
}

type Input<'a> = (&'a str, &'a str, &'a [Item], &'a Params);

fn tagged<'a>(member: &'a Member<'a>) -> Option<Input<'a>> {
    let Value::List(parts, params) = &member.value else { return None };
    let is_ours = text(params, "tag") == Some(TAG);
    is_ours.then_some((member.key.as_str(), member.raw, parts, params))
}

fn text<'a>(params: &'a Params, name: &str) -> Option<&'a str> {
    match param(params, name) {
        Some(Bare::Text(text)) => Some(text),
        _ => None,
    }
}

/// Whether its parameters are whole and hold now; the key's name.
fn fresh(params: &Params, now: Timestamp) -> Result<String, Doubt> {
    let second = |name| match param(params, name) {
        Some(Bare::Integer(second)) => Ok(*second),
        _ => Err(Doubt::Invalid("it lacks created or expires")),
    };
    let (created, expires) = (second("created")?, second("expires")?);
    let now = now.as_second();
    if created > now + AHEAD_SECS {
        return Err(Doubt::Invalid("it was made in the future"));
    }
    if expires <= now || expires <= created {
        return Err(Doubt::Invalid("it has ended"));
    }
    if param(params, "alg").is_some() && text(params, "alg") != Some("ed25519") {
        return Err(Doubt::Invalid("it is not of ed25519"));
    }
    let key = text(params, "keyid").filter(|key| !key.is_empty());
    key.map(str::to_owned).ok_or(Doubt::Invalid("it names no key"))
}

/// Whether enough is covered: to whom it goes, and whose word it is.
fn covered(names: &[String], label: &str) -> Result<(), Doubt> {
    let twice = |at: usize| names[..at].contains(&names[at]);
    if (0..names.len()).any(twice) {
        return Err(Doubt::Invalid("a part is covered twice"));
    }
    let has = |wanted: &str| names.iter().any(|name| name == wanted);
    if !has("\"@authority\"") && !has("\"@target-uri\"") {
        return Err(Doubt::Invalid("it does not cover to whom it goes"));
    }
    if !has(&format!("\"signature-agent\";key=\"{label}\"")) {
        return Err(Doubt::Invalid("it does not cover its Signature-Agent"));
    }
    Ok(())
}

/// Where the key is listed: https, or loopback in development.
fn agent(message: &Message<'_>, label: &str) -> Result<String, Doubt> {
    let header = message.header("signature-agent");
    let header = header.ok_or(Doubt::Invalid("it has no Signature-Agent"))?;
    let members = field::dictionary(&header);
    let members = members.ok_or(Doubt::Invalid("Signature-Agent is no dictionary"))?;
    let member = members.into_iter().find(|member| member.key == label);
    let member = member.ok_or(Doubt::Invalid("Signature-Agent lacks this label"))?;
    let Value::Item(Item { bare: Bare::Text(url), params }) = member.value else {
        return Err(Doubt::Invalid("Signature-Agent is no text"));
    };
    let origin = WebOrigin::of(&url);
    let good = origin.is_some_and(|origin| origin.is_https() || origin.is_loopback());
    if !good || !params.is_empty() {
        return Err(Doubt::Invalid("Signature-Agent is no bare https address"));
    }
    Ok(url)
}
