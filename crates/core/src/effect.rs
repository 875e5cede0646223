//! Effects: how to read from a page whether what a behavior does is there.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::step::Locator;

/// How long an effect may take to show, unless the behavior says otherwise.
pub const SETTLE_DEFAULT: Duration = Duration::from_secs(3);

fn settle() -> Duration {
    SETTLE_DEFAULT
}

/// The `[effect]` block of a behavior.
///
/// Idempotent kinds name what is there with the effect (`present`) and without it (`absent`).
/// Kinds that make something new name the list it appears in (`items`) and what marks ours.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Effect {
    /// The page to read it on: `target` or a path of the site.
    #[serde(default = "on_target")]
    pub page: String,
    /// It is there with the effect.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub present: Option<Locator>,
    /// It is there without the effect.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub absent: Option<Locator>,
    /// The items among which ours appears; may match many.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub items: Option<Locator>,
    /// Texts that our item holds: `["{username}", "{with.text}"]`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub containing: Vec<String>,
    /// It is there if the account can sign in, by the site's own `sign_in` behavior: what signing
    /// up makes. `absent` is what the page shows to whoever has no account.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub sign_in: bool,
    /// How long it may take to show before "not there" counts.
    #[serde(
        default = "settle",
        with = "jiff::fmt::serde::unsigned_duration::friendly::compact::required"
    )]
    pub settle: Duration,
}

fn on_target() -> String {
    "target".to_owned()
}
