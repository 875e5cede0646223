//! How much a whole fleet may do at one origin: the least of what its owner, the operator and
//! Walkon itself allow.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::{Grant, Limits, Pass, Window};

/// What Walkon itself allows where a ceiling is written at all, in a minute: nobody means more.
const PER_MINUTE_MAX: u32 = 60_000;

/// What is counted by the minute.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Metered {
    /// Requests, of whatever sort.
    Requests,
    /// Requests that replace a page.
    Navigations,
    /// Commits, and other requests that may change something.
    Submits,
}

impl Metered {
    /// Each of them.
    pub const ALL: [Self; 3] = [Self::Requests, Self::Navigations, Self::Submits];

    /// In words.
    pub fn words(self) -> &'static str {
        match self {
            Self::Requests => "requests a minute",
            Self::Navigations => "navigations a minute",
            Self::Submits => "commits a minute",
        }
    }
}

/// Part of a minute's ceiling that a worker may use within [`Slice::LASTS`] of having asked for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Slice {
    /// How many it may make.
    pub granted: u32,
    /// When one more may be granted, in milliseconds from now.
    pub wait_ms: u64,
}

impl Slice {
    /// How long it may be used. What counts it (`ceiling.lua`) counts it so much longer.
    pub const LASTS: std::time::Duration = std::time::Duration::from_secs(5);
}

/// How much a whole fleet may do at one origin; what is `None` is not limited.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Ceilings {
    /// Requests in a minute.
    pub requests: Option<u32>,
    /// Navigations in a minute.
    pub navigations: Option<u32>,
    /// Commits in a minute.
    pub submits: Option<u32>,
    /// Browsers at once.
    pub sessions: Option<u32>,
    /// Accounts in a day.
    pub accounts: Option<u32>,
    /// Each kind's hours, in UTC; a kind that has none may be done at any.
    pub hours: BTreeMap<String, Vec<Window>>,
}

fn least(a: Option<u32>, b: Option<u32>) -> Option<u32> {
    a.into_iter().chain(b).min()
}

impl Ceilings {
    /// Of several grants the least of each counts, for all that is done at the origin together.
    pub(super) fn of(grants: &[Grant]) -> Self {
        let ceilings = grants.iter().fold(Self::default(), |all, one| all.under(&one.limits));
        let kinds: BTreeSet<&String> = grants.iter().flat_map(|grant| &grant.kinds).collect();
        let hours = kinds.into_iter().filter_map(|kind| {
            let of_kind = grants.iter().filter(|grant| grant.kinds.contains(kind));
            // One grant without hours opens the kind all day.
            let hours: Option<Vec<Window>> = of_kind.map(|grant| grant.limits.window).collect();
            Some((kind.clone(), hours?))
        });
        Self { hours: hours.collect(), ..ceilings }
    }

    /// The lower of each with what somebody else allows.
    #[must_use]
    fn under(self, limits: &Limits) -> Self {
        let minute =
            |own, theirs: Option<u32>| least(own, theirs.map(|most: u32| most.min(PER_MINUTE_MAX)));
        Self {
            requests: minute(self.requests, limits.requests_per_minute),
            navigations: minute(self.navigations, limits.navigations_per_minute),
            submits: minute(self.submits, limits.submits_per_minute),
            sessions: least(self.sessions, limits.concurrent_sessions),
            accounts: least(self.accounts, limits.accounts),
            hours: self.hours,
        }
    }

    /// What is counted by the minute.
    pub fn metered(&self, what: Metered) -> Option<u32> {
        match what {
            Metered::Requests => self.requests,
            Metered::Navigations => self.navigations,
            Metered::Submits => self.submits,
        }
    }

    /// Whether anything must be counted.
    pub fn counts(&self) -> bool {
        self.is_metered() || self.sessions.is_some() || self.accounts.is_some()
    }

    /// Whether requests must be counted.
    pub fn is_metered(&self) -> bool {
        Metered::ALL.into_iter().any(|what| self.metered(what).is_some())
    }

    /// Whether there is any at all.
    pub fn is_empty(&self) -> bool {
        !self.counts() && self.hours.is_empty()
    }
}

impl Pass {
    /// The pass under an operator's own limits, too. (Their hours stand in plans.)
    #[must_use]
    pub fn under(mut self, limits: &Limits) -> Self {
        self.ceilings = self.ceilings.under(limits);
        self
    }
}
