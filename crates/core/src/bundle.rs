//! A bundle: everything a worker needs to act as one account, handed over against a live lease.

use std::collections::BTreeMap;
use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use zeroize::Zeroize;

use crate::account::Account;
use crate::behavior::Behavior;
use crate::device::Device;
use crate::grant::Access;
use crate::persona::Persona;
use crate::rng::Seed;
use crate::site::Site;
use crate::storage_state::StorageState;

/// A text that is never shown and is wiped when it is dropped.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Secret(String);

impl Secret {
    /// Keeps a secret.
    pub fn new(text: String) -> Self {
        Self(text)
    }

    /// The secret itself: the one place to look for who reads it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl Drop for Secret {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// An account's own proxy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proxy {
    /// `http://host:port` or `socks5://host:port`.
    pub url: String,
    /// User name, if it asks for one.
    pub username: Option<String>,
    /// Password, if it asks for one.
    pub password: Option<Secret>,
}

/// What a site asks for before it shows anything: HTTP basic authentication.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Login {
    /// The user name.
    pub username: String,
    /// The password.
    pub password: Secret,
}

/// A key of one day, by which a worker signs what it sends to a site that asks for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DayKey {
    /// What the key grows from, as a JWK's `d`.
    pub seed: Secret,
    /// Where the key is listed.
    pub directory: String,
    /// When it ends.
    pub until: Timestamp,
}

/// Everything a worker needs to act as one account.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Bundle {
    /// The account.
    pub account: Account,
    /// Its site.
    pub site: Site,
    /// Its device.
    pub device: Device,
    /// Its persona, before its own seed has made it an individual.
    pub persona: Persona,
    /// The account's own seed.
    pub seed: Seed,
    /// What its site's behaviors are, by kind.
    pub behaviors: BTreeMap<String, Behavior>,
    /// Its password.
    pub password: Option<Secret>,
    /// Its API token.
    pub token: Option<Secret>,
    /// Its proxy.
    pub proxy: Option<Proxy>,
    /// What its site asks for before it shows anything, if it does.
    #[serde(default)]
    pub login: Option<Login>,
    /// What makes it signed in.
    pub state: Option<StorageState>,
    /// How its site may be reached by browser.
    #[serde(default)]
    pub access: Access,
    /// By what requests to the site are signed, if this fleet signs.
    #[serde(default)]
    pub signing: Option<DayKey>,
    /// How to reach whoever runs this fleet.
    pub contact: Option<String>,
    /// How many times as fast as a person it moves and reads.
    pub pace: f64,
}
