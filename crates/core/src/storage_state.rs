//! Storage state: what makes a browser signed in, as it is kept between sessions.
//!
//! Its values are secrets: they are never shown, and wiped when they are let go.

use std::fmt;

use serde::{Deserialize, Serialize};
use zeroize::Zeroize as _;

/// One cookie.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct Cookie {
    /// Name.
    pub name: String,
    /// Value: a secret.
    pub value: String,
    /// Domain, with a leading dot where subdomains see it.
    pub domain: String,
    /// Path.
    pub path: String,
    /// End in seconds since the epoch; -1: with the session.
    pub expires: f64,
    /// Hidden from scripts.
    pub http_only: bool,
    /// For https only.
    pub secure: bool,
    /// `Strict`, `Lax` or `None`, if the site said.
    pub same_site: Option<String>,
}

impl Drop for Cookie {
    fn drop(&mut self) {
        self.value.zeroize();
    }
}

impl fmt::Debug for Cookie {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Cookie({} of {}{})", self.name, self.domain, self.path)
    }
}

/// What one origin keeps in `localStorage`.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct OriginStorage {
    /// The origin.
    pub origin: String,
    /// Names and values.
    pub local_storage: Vec<(String, String)>,
}

impl Drop for OriginStorage {
    fn drop(&mut self) {
        for (_, value) in &mut self.local_storage {
            value.zeroize();
        }
    }
}

impl fmt::Debug for OriginStorage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.local_storage.iter().map(|(name, _)| name).collect();
        write!(f, "OriginStorage({}: {names:?})", self.origin)
    }
}

/// What a page keeps that is not kept for it: a database of `IndexedDB`. It is gone with the
/// browser.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Lost {
    /// The origin.
    pub origin: String,
    /// The database's name.
    pub name: String,
}

/// Cookies and local storage, sorted, so that equal states are equal bytes.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct StorageState {
    /// Cookies.
    pub cookies: Vec<Cookie>,
    /// Local storage by origin.
    pub origins: Vec<OriginStorage>,
    /// What is not kept, by name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lost: Vec<Lost>,
    /// How many times the account's state was kept before and with this one.
    #[serde(default)]
    pub generation: u64,
}

impl StorageState {
    /// The same but for its generation: what tells whether anything has changed.
    #[must_use]
    pub fn content(&self) -> Self {
        Self { generation: 0, ..self.clone() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_never_shown() {
        let cookie = r#"{"name":"sid","value":"s3cret","domain":"x.test","path":"/","expires":-1.0,
            "http_only":true,"secure":false,"same_site":null}"#;
        let origin = r#"{"origin":"https://x.test","local_storage":[["mark","s3cret"]]}"#;
        let text = format!(r#"{{"cookies":[{cookie}],"origins":[{origin}]}}"#);
        let state: StorageState = serde_json::from_str(&text).unwrap();
        let shown = format!("{state:?}");
        assert!(shown.contains("sid") && shown.contains("mark"), "{shown}");
        assert!(!shown.contains("s3cret"), "{shown}");
        assert!(serde_json::to_string(&state).unwrap().contains("s3cret"));
    }
}
