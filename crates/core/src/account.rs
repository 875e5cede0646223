//! An account: one identity on one site, and where it is in its life.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::path::PathBuf;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::hold::Hold;
use crate::id::{AccountId, SettingName, SiteId};

/// Where an account is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Lifecycle {
    /// Known, not in use.
    Inactive,
    /// Being set up.
    Connecting,
    /// In use, with caps that grow by the day.
    Ramping,
    /// In use.
    Active,
    /// Set-up failed or something broke; see its holds and alerts.
    Error,
}

impl Lifecycle {
    /// Every state, in the order of a life.
    pub const ALL: [Self; 5] =
        [Self::Inactive, Self::Connecting, Self::Ramping, Self::Active, Self::Error];

    /// Its name in SQL, events and pages.
    pub fn name(self) -> &'static str {
        match self {
            Self::Inactive => "inactive",
            Self::Connecting => "connecting",
            Self::Ramping => "ramping",
            Self::Active => "active",
            Self::Error => "error",
        }
    }

    /// The state of that name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.name() == name)
    }
}

/// How an account reaches the site, as its owner wrote it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProxyConfig {
    /// A proxy of the fleet's, by its name, in place of what follows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<SettingName>,
    /// `http://host:port` or `socks5://host:port`, without credentials.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub url: String,
    /// The user name the proxy asks for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub username: Option<String>,
    /// The file that holds the password.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password_file: Option<PathBuf>,
    /// The address its connections must leave from; health checks hold it to that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exit: Option<IpAddr>,
}

impl ProxyConfig {
    /// How it is called where it is told of: its name, or its address.
    pub fn shown(&self) -> &str {
        self.name.as_ref().map_or(&self.url, SettingName::as_str)
    }
}

/// A proxy that any account may name. Its password is sealed apart from it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SharedProxy {
    /// `http://host:port` or `socks5://host:port`, without credentials.
    pub url: String,
    /// The user name it asks for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub username: Option<String>,
    /// The address its connections must leave from; health checks hold it to that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exit: Option<IpAddr>,
}

/// One `[[account]]` of `accounts.toml`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Account {
    /// Our name for it.
    pub id: AccountId,
    /// The site it lives on.
    pub site: SiteId,
    /// The site's name for it.
    pub username: String,
    /// Its IANA time zone: its days and hours are counted there.
    #[serde(default = "utc")]
    pub time_zone: String,
    /// The device profile it acts from, by name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device: Option<String>,
    /// The persona it acts as, by name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub persona: Option<String>,
    /// The plan that limits it, by name.
    #[serde(default = "default_plan")]
    pub plan: String,
    /// How it reaches the site; `None`: directly.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proxy: Option<ProxyConfig>,
    /// The file that holds its password, for `sign_in`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password_file: Option<PathBuf>,
    /// The file that holds its API token; without one it has no API route.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token_file: Option<PathBuf>,
    /// The file that holds what its one-time codes grow from: a second factor by the clock (TOTP).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub totp_file: Option<PathBuf>,
    /// Free words for choosing accounts by; `name` is what it is called where it signs up.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, String>,
}

fn utc() -> String {
    "UTC".to_owned()
}

fn default_plan() -> String {
    "default".to_owned()
}

/// Where an account is kept: who changes it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kept {
    /// In the database alone: added by command, API or import.
    #[default]
    Hand,
    /// In the accounts' file, which is the truth about it.
    File,
}

impl Kept {
    /// Its name in SQL and answers.
    pub fn name(self) -> &'static str {
        match self {
            Self::Hand => "hand",
            Self::File => "file",
        }
    }

    /// The place of that name.
    pub fn named(name: &str) -> Option<Self> {
        [Self::Hand, Self::File].into_iter().find(|kept| kept.name() == name)
    }
}

/// An account with where it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Standing {
    /// What its owner wrote.
    pub account: Account,
    /// Where it is in its life.
    pub lifecycle: Lifecycle,
    /// Why it may not act, one a reason.
    pub holds: Vec<Hold>,
    /// Where it is kept.
    pub kept: Kept,
    /// Since when it is being removed: what runs is finished, and nothing begins.
    pub leaving: Option<Timestamp>,
}

impl Standing {
    /// Whether it may act at all.
    pub fn may_act(&self) -> bool {
        matches!(self.lifecycle, Lifecycle::Ramping | Lifecycle::Active)
            && self.holds.is_empty()
            && self.leaving.is_none()
    }

    /// One word for pages and lists.
    pub fn word(&self) -> &'static str {
        word(self.lifecycle, self.leaving.is_some(), &self.holds)
    }
}

/// One word for where an account stands.
pub fn word(lifecycle: Lifecycle, is_leaving: bool, holds: &[Hold]) -> &'static str {
    match lifecycle {
        _ if is_leaving => "leaving",
        Lifecycle::Inactive => "inactive",
        Lifecycle::Connecting => "connecting",
        Lifecycle::Error => "error",
        _ if holds.iter().any(Hold::needs_person) => "suspended",
        _ if !holds.is_empty() => "paused",
        Lifecycle::Ramping => "ramping",
        Lifecycle::Active => "active",
    }
}
