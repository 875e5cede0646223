//! Health: what was checked of an account, what was found, and what that comes to.
//!
//! How findings are graded is a rule: [`grading`](crate::grading).

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::id::AccountId;

/// How an account is, as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// All that could be checked is good.
    Healthy,
    /// Something needs an eye; it goes on acting.
    Warning,
    /// It must not act.
    Critical,
    /// Nothing that matters could be checked.
    Unknown,
}

impl Level {
    /// Every level, the best first.
    pub const ALL: [Self; 4] = [Self::Healthy, Self::Unknown, Self::Warning, Self::Critical];

    /// Its name in SQL, on pages and for programs.
    pub fn name(self) -> &'static str {
        match self {
            Self::Healthy => "healthy",
            Self::Warning => "warning",
            Self::Critical => "critical",
            Self::Unknown => "unknown",
        }
    }

    /// The level of that name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|level| level.name() == name)
    }
}

/// What is checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Check {
    /// The site answers, and how fast: the API's `me`, or a connection the way the browser goes.
    Connection,
    /// The API token is good, and for how long.
    Token,
    /// The token may do what the site's kinds need.
    Permissions,
    /// The site tells us of what happens to the account.
    Webhook,
    /// What is due is taken up.
    Lanes,
    /// How much of the platform's own limits is used.
    Capacity,
    /// Its proxy lets it through, and it leaves from where it should.
    Proxy,
    /// Device, persona, plan and time zone are there and agree.
    Profile,
    /// It is signed in, or can sign in.
    SignIn,
    /// The site's permission for this fleet, and for how many days.
    Grant,
}

impl Check {
    /// Every check, in the order they are shown.
    pub const ALL: [Self; 10] = [
        Self::Connection,
        Self::Token,
        Self::Permissions,
        Self::Webhook,
        Self::Lanes,
        Self::Capacity,
        Self::Proxy,
        Self::Profile,
        Self::SignIn,
        Self::Grant,
    ];

    /// Its name on pages and for programs.
    pub fn name(self) -> &'static str {
        match self {
            Self::Connection => "connection",
            Self::Token => "token",
            Self::Permissions => "permissions",
            Self::Webhook => "webhook",
            Self::Lanes => "lanes",
            Self::Capacity => "capacity",
            Self::Proxy => "proxy",
            Self::Profile => "profile",
            Self::SignIn => "sign_in",
            Self::Grant => "grant",
        }
    }
}

/// What one check comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Grade {
    /// As it should be.
    Good,
    /// It needs an eye.
    Warning,
    /// The account must not act.
    Critical,
    /// It was tried, and nobody can tell.
    Unknown,
    /// It could not be made, or does not apply: never taken for good.
    Skipped,
}

impl Grade {
    /// Its name on pages and for programs.
    pub fn name(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Warning => "warning",
            Self::Critical => "critical",
            Self::Unknown => "unknown",
            Self::Skipped => "skipped",
        }
    }
}

/// One check with what it came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checked {
    /// Which.
    pub check: Check,
    /// What it came to.
    pub grade: Grade,
    /// What was found, or why it was skipped, in a sentence.
    pub why: String,
    /// What to do about it, where there is something to do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fix: Option<String>,
    /// How long the answer took, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ms: Option<u64>,
    /// What was seen that the next round compares with: the address a proxy leaves from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seen: Option<String>,
    /// How many rounds in a row it has not been reached.
    #[serde(default, skip_serializing_if = "is_nought")]
    pub in_a_row: u32,
    /// It may pass without a person: a network, a server.
    #[serde(default, skip_serializing_if = "is_false")]
    pub passes: bool,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks by reference")]
fn is_nought(count: &u32) -> bool {
    *count == 0
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks by reference")]
fn is_false(value: &bool) -> bool {
    !value
}

impl Checked {
    /// A check in a sentence.
    pub fn new(check: Check, grade: Grade, why: impl Into<String>) -> Self {
        let (why, fix, ms, seen) = (why.into(), None, None, None);
        Self { check, grade, why, fix, ms, seen, in_a_row: 0, passes: false }
    }

    /// With what to do about it.
    #[must_use]
    pub fn fix(mut self, fix: impl Into<String>) -> Self {
        self.fix = Some(fix.into());
        self
    }
}

/// One round of checks of one account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// Of whom.
    pub account: AccountId,
    /// When it was made.
    pub at: Timestamp,
    /// What it comes to.
    pub level: Level,
    /// Each check, in the order of [`Check::ALL`].
    pub checks: Vec<Checked>,
}

impl Report {
    /// What one check came to.
    pub fn checked(&self, check: Check) -> Option<&Checked> {
        self.checks.iter().find(|one| one.check == check)
    }

    /// The checks behind its level, where that is warning or critical.
    pub fn behind(&self) -> impl Iterator<Item = &Checked> {
        let wanted = match self.level {
            Level::Critical => Some(Grade::Critical),
            Level::Warning => Some(Grade::Warning),
            Level::Healthy | Level::Unknown => None,
        };
        self.checks.iter().filter(move |one| Some(one.grade) == wanted)
    }

    /// Why its level is what it is, in a sentence; empty where all is well.
    pub fn why(&self) -> String {
        self.behind().map(|one| one.why.as_str()).collect::<Vec<_>>().join("; ")
    }

    /// What to do about it; empty where there is nothing to do.
    pub fn fix(&self) -> String {
        self.behind().filter_map(|one| one.fix.as_deref()).collect::<Vec<_>>().join("; ")
    }

    /// Whether it is critical for reasons that all may pass without a person.
    pub fn passes(&self) -> bool {
        self.level == Level::Critical && self.behind().all(|one| one.passes)
    }

    /// Whether another round found the same: times and numbers aside.
    pub fn is_as(&self, other: &Self) -> bool {
        let grades = |report: &Self| {
            report.checks.iter().map(|one| (one.check, one.grade)).collect::<Vec<_>>()
        };
        self.level == other.level && grades(self) == grades(other)
    }
}

/// How an account has been for a while: rounds in a row that found the same.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Health {
    /// The latest of these rounds.
    pub report: Report,
    /// When the first of them was made.
    pub since: Timestamp,
    /// How many there were.
    pub rounds: u64,
}
