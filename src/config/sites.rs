//! What an operator says of a site: `[sites.<name>]`.

use std::path::PathBuf;

use serde::Deserialize;
use walkon_core::grant::Limits;
use walkon_core::site::Private;

/// `[sites.<name>]`
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SiteOverride {
    /// Another origin.
    pub origin: Option<String>,
    /// Another API address.
    pub api: Option<String>,
    /// That it lies in a private network.
    pub private: Option<Private>,
    /// How much the fleet may do there, whatever its grant allows.
    pub limits: Option<Limits>,
    /// What it asks for before it shows anything.
    pub login: Option<SiteLogin>,
    /// Where the codes arrive that it sends to accounts.
    pub codes: Option<Codes>,
}

/// `login` of `[sites.<name>]`: HTTP basic authentication.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SiteLogin {
    /// The user name.
    pub username: String,
    /// The file that holds the password.
    pub password_file: PathBuf,
}

/// `codes` of `[sites.<name>]`: the operator's own mailbox.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Codes {
    /// The address to ask.
    pub url: String,
    /// The file that holds what proves to it who asks.
    pub token_file: Option<PathBuf>,
}
