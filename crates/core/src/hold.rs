//! Holds: reasons why an account may not act.
//!
//! An account has a *set* of holds. It may act when the set is empty, so lifting one hold never
//! lifts another.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Why an account is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HoldKind {
    /// An operator paused it.
    Operator,
    /// The site asked it to prove something; only a person may answer.
    Challenge,
    /// The site blocked or banned it.
    Block,
    /// It failed a health check.
    Health,
    /// Too many failures in a row; it is tried again by itself.
    Breaker,
    /// The site's own quota is used up until a known time.
    Quota,
}

impl HoldKind {
    /// Whether holds of this kind are for a person to lift; pages then say *suspended* instead of
    /// *paused*.
    pub fn needs_person(self) -> bool {
        matches!(self, Self::Challenge | Self::Block | Self::Health)
    }

    /// Every kind.
    pub const ALL: [Self; 6] =
        [Self::Operator, Self::Challenge, Self::Block, Self::Health, Self::Breaker, Self::Quota];

    /// The kind of that name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// Its name in SQL, events and pages.
    pub fn name(self) -> &'static str {
        match self {
            Self::Operator => "operator",
            Self::Challenge => "challenge",
            Self::Block => "block",
            Self::Health => "health",
            Self::Breaker => "breaker",
            Self::Quota => "quota",
        }
    }
}

/// One hold on one account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hold {
    /// Why.
    pub kind: HoldKind,
    /// In a sentence, for a person.
    pub reason: String,
    /// Who or what placed it: an operator's name, a worker's id.
    pub actor: String,
    /// When it was placed.
    pub since: Timestamp,
    /// When it ends by itself; `None`: a person must lift it, unless it passes.
    pub until: Option<Timestamp>,
    /// Of a `health` hold: what it was placed for may pass without a person (a network, a server),
    /// and the first good check lifts it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub passes: bool,
}

impl Hold {
    /// Whether only a person may lift it.
    pub fn needs_person(&self) -> bool {
        self.kind.needs_person() && !self.passes
    }
}
