//! Storage state: what makes a browser signed in, as it is kept between sessions.

use serde::{Deserialize, Serialize};

/// One cookie.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
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

/// What one origin keeps in `localStorage`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OriginStorage {
    /// The origin.
    pub origin: String,
    /// Names and values.
    pub local_storage: Vec<(String, String)>,
}

/// Cookies and local storage, sorted, so that equal states are equal bytes.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct StorageState {
    /// Cookies.
    pub cookies: Vec<Cookie>,
    /// Local storage by origin.
    pub origins: Vec<OriginStorage>,
}
