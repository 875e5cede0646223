//! Reading a file of grants, strictly.

use std::collections::HashSet;

use jiff::Timestamp;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::strict::Strict;
use super::{Agent, BYTES_MAX, Code, DAYS_MAX, Denied, Document, Grant, Void};
use crate::kind;
use crate::origin::WebOrigin;

/// The methods a grant may name.
pub(super) const METHODS: [&str; 7] = ["GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"];
/// The most agents, grants, patterns or subresources of a file.
const ENTRIES_MAX: usize = 64;
/// The longest pattern.
const PATTERN_MAX: usize = 256;

/// What stands at the top. What is not known here is left alone, for others may write it.
#[derive(Deserialize)]
struct Top {
    version: u32,
    origin: String,
    #[serde(default)]
    contact: Vec<String>,
    expires: Timestamp,
    agents: Vec<Agent>,
    grants: Vec<Value>,
    #[serde(default)]
    subresources: Vec<String>,
}

fn malformed(why: impl Into<String>) -> Denied {
    Denied::new(Code::AuthorisationMalformed, why)
}

impl Document {
    /// Reads a file that came from `origin`, or says why it grants nothing to anybody.
    pub fn read(bytes: &[u8], origin: &WebOrigin, now: Timestamp) -> Result<Self, Denied> {
        if bytes.len() > BYTES_MAX {
            let why = format!("{origin} publishes {} bytes of grants", bytes.len());
            return Err(Denied::new(Code::AuthorisationTooLarge, why));
        }
        let Strict(value) = serde_json::from_slice(bytes)
            .map_err(|error| malformed(format!("the grants of {origin} are no JSON: {error}")))?;
        if !value.is_object() {
            return Err(malformed(format!("the grants of {origin} are no JSON object")));
        }
        let top: Top = from(value)
            .map_err(|error| malformed(format!("the grants of {origin} are wrong: {error}")))?;
        let Top { version, contact, expires, agents, .. } = top;
        if version != 1 {
            let why = format!("the grants of {origin} have version {version}; this reads 1");
            return Err(malformed(why));
        }
        about(&top.origin, origin)?;
        ends(expires, origin, now)?;
        let lengths = [agents.len(), top.grants.len(), top.subresources.len(), contact.len()];
        if lengths.into_iter().any(|length| length > ENTRIES_MAX) {
            let why = format!("the grants of {origin} list more than {ENTRIES_MAX} of a sort");
            return Err(malformed(why));
        }
        let (mut grants, mut voids) = (Vec::new(), Vec::new());
        for (index, value) in top.grants.into_iter().enumerate() {
            let agents = value["agents"].as_array().into_iter().flatten();
            let agents = agents.filter_map(Value::as_str).map(str::to_owned).collect();
            match grant(value) {
                Ok(grant) => grants.push(grant),
                Err(why) => voids.push(Void { index, agents, why }),
            }
        }
        let subresources = top.subresources.iter().map(|text| text.parse());
        let subresources = subresources
            .collect::<Result<Vec<WebOrigin>, _>>()
            .map_err(|error| malformed(format!("the subresources of {origin}: {error}")))?;
        let origin = origin.clone();
        Ok(Self { origin, contact, expires, agents, grants, voids, subresources })
    }
}

fn from<T: DeserializeOwned>(value: Value) -> Result<T, String> {
    serde_json::from_value(value).map_err(|error| error.to_string())
}

/// A file speaks of the origin it was published at, and of no other.
fn about(written: &str, origin: &WebOrigin) -> Result<(), Denied> {
    if written == "self" || written == origin.as_str() {
        return Ok(());
    }
    if written.contains('*') {
        let why = format!("{origin} grants for `{written}`: there are no wildcards");
        return Err(Denied::new(Code::AuthorisationOriginMismatch, why));
    }
    let spelled = written.parse::<WebOrigin>().err().and_then(|error| error.instead);
    let why = match spelled {
        Some(instead) if instead == origin.as_str() => {
            format!("{origin} writes its origin as `{written}`: write `{instead}`")
        }
        _ => format!("{origin} publishes grants of `{written}`"),
    };
    Err(Denied::new(Code::AuthorisationOriginMismatch, why))
}

fn ends(expires: Timestamp, origin: &WebOrigin, now: Timestamp) -> Result<(), Denied> {
    if expires <= now {
        let why = format!("the grants of {origin} ended at {expires}");
        return Err(Denied::new(Code::AuthorisationExpired, why));
    }
    if expires.as_second() - now.as_second() > DAYS_MAX * 86_400 {
        let why = format!("the grants of {origin} end at {expires}, more than a year from now");
        return Err(Denied::new(Code::AuthorisationTooLong, why));
    }
    Ok(())
}

/// One grant, or why it is void.
fn grant(value: Value) -> Result<Grant, String> {
    let grant: Grant = from(value)?;
    let known = |name: &String| kind::find(name).is_some();
    if let Some(unknown) = grant.kinds.iter().find(|name| !known(name)) {
        return Err(match kind::nearest(unknown, kind::KINDS.iter().map(|kind| kind.name)) {
            Some(near) => format!("there is no kind `{unknown}`; did you mean `{near}`?"),
            None => format!("there is no kind `{unknown}`"),
        });
    }
    if let Some(unknown) = grant.methods.iter().find(|name| !METHODS.contains(&name.as_str())) {
        return Err(format!("there is no method `{unknown}`"));
    }
    let lists = [&grant.agents, &grant.kinds, &grant.paths, &grant.methods];
    if lists.into_iter().any(Vec::is_empty) {
        return Err("`agents`, `kinds`, `paths` and `methods` name at least one each".to_owned());
    }
    if lists.into_iter().chain([&grant.deny_paths]).any(|list| list.len() > ENTRIES_MAX) {
        return Err(format!("a list of it has more than {ENTRIES_MAX} entries"));
    }
    let odd = |pattern: &&String| !pattern.starts_with('/') || pattern.len() > PATTERN_MAX;
    if let Some(pattern) = grant.paths.iter().chain(&grant.deny_paths).find(odd) {
        return Err(format!(
            "`{pattern}` is no pattern: it begins with `/`, {PATTERN_MAX} at most"
        ));
    }
    let unique: HashSet<_> = grant.agents.iter().collect();
    if unique.len() != grant.agents.len() {
        return Err("it names a fleet twice".to_owned());
    }
    Ok(grant)
}
