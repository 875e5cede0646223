//! A site: a place accounts live and act (`behaviors/<site>/site.toml`).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use std::net::IpAddr;

use crate::id::SiteId;
use crate::net::Net;

/// How one sort of object is addressed on each route.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ObjectAddress {
    /// The page's path, `{id}` standing for the target's id: `/p/{id}`.
    pub path: String,
    /// The API's id for it, if the API knows it: `{id}`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub api: Option<String>,
}

/// How a page says that the account may not go on.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Signs {
    /// The page's path begins with this when the account is signed out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signed_out_path: Option<String>,
    /// A heading with this text asks to prove something.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub challenge_heading: Option<String>,
    /// A heading with this text says that the account is blocked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub blocked_heading: Option<String>,
}

/// A site of the operator's own network: what somebody has vouched for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Private {
    /// Where its address may lie, besides the public network.
    pub nets: Vec<Net>,
    /// Its address; none: by name, as usual.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<IpAddr>,
    /// Who said so.
    pub by: String,
    /// Whether its origin may be plain http.
    #[serde(default)]
    pub plain_http: bool,
}

impl Private {
    /// Whether an address was vouched for.
    pub fn holds(&self, address: IpAddr) -> bool {
        self.nets.iter().any(|net| net.holds(address))
    }
}

/// What connecting an account takes, where the site has an official API.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Connect {
    /// Permissions that a token needs.
    #[serde(default)]
    pub permissions: Vec<String>,
    /// What accounts are to tell us of: `comments`, `messages`.
    #[serde(default)]
    pub webhook: Vec<String>,
    /// Where the API tells what a token may do and when it ends: `debug_token`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token_info: Option<String>,
}

/// A site as its folder describes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Site {
    /// Our name for it; the folder's.
    pub id: SiteId,
    /// Scheme, host and port: `https://staging.example.com`.
    pub origin: String,
    /// Where its official API answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub api: Option<String>,
    /// Other origins its pages may load from.
    #[serde(default)]
    pub subresources: Vec<String>,
    /// That it lies in a private network, if it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub private: Option<Private>,
    /// How objects are addressed.
    #[serde(default)]
    pub objects: BTreeMap<String, ObjectAddress>,
    /// How its pages say no.
    #[serde(default)]
    pub signs: Signs,
    /// What connecting an account takes.
    #[serde(default)]
    pub connect: Connect,
}
