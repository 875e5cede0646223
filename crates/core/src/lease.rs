//! Leases and claims: what a worker holds while it acts as an account.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::action::Action;
use crate::id::{AccountId, ActionId, WorkerId};

/// What carrying out an action takes; each account has one lease a class.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Class {
    /// An API client.
    Api,
    /// A browser.
    Browser,
}

impl Class {
    /// Every class.
    pub const ALL: [Self; 2] = [Self::Api, Self::Browser];

    /// Its name in keys, events and pages.
    pub fn name(self) -> &'static str {
        match self {
            Self::Api => "api",
            Self::Browser => "browser",
        }
    }

    /// The class of that name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|class| class.name() == name)
    }
}

/// A fencing token: later leases have greater tokens, also across restarts of Redis.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Token(pub String);

/// The exclusive, ending right to act as one account in one class.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lease {
    /// As whom.
    pub account: AccountId,
    /// By which means.
    pub class: Class,
    /// Checked at every write.
    pub token: Token,
    /// How long it lasts, counted from before the call that gave it was sent.
    pub ttl: Duration,
}

/// What is to be done with a claimed action.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Duty {
    /// Do it.
    Perform,
    /// An earlier attempt may have done it: read whether it did, and do nothing else.
    Verify,
}

/// One claimed action with the lease it runs under.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claimed {
    /// The lease.
    pub lease: Lease,
    /// The action's id.
    pub id: ActionId,
    /// The action.
    pub action: Action,
    /// What to do with it.
    pub duty: Duty,
    /// Which attempt this is, from 1.
    pub attempt: u32,
    /// When an earlier attempt, of which nobody knows whether it made its effect, began to act; by
    /// the server's clock.
    pub begun_at: Option<jiff::Timestamp>,
    /// How long the desk waited for work before it took this lease; the lease's time runs from
    /// then, not from when the worker asked.
    #[serde(default)]
    pub waited: Duration,
}

/// Why a host cannot carry out what others may: nothing of the action's or the account's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HostFault {
    /// A stable word: `browser_missing`.
    pub code: String,
    /// In a sentence, with what to do about it.
    pub why: String,
}

/// An action that goes back unspent: no attempt is counted and its caps are given back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HandBack {
    /// The action.
    pub id: ActionId,
    /// What is wrong with the host; `None`: the worker stops.
    pub fault: Option<HostFault>,
}

impl HandBack {
    /// Goes back because its worker stops.
    pub fn stopping(id: &ActionId) -> Self {
        Self { id: id.clone(), fault: None }
    }
}

/// What a worker asks for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ask {
    /// Who asks.
    pub worker: WorkerId,
    /// The same nonce gets the same answer: a lost reply loses no work.
    pub nonce: u64,
    /// What the worker can do at this moment.
    pub classes: Vec<Class>,
    /// Accounts whose browser it still has open; their due work comes first.
    #[serde(default)]
    pub holds: Vec<AccountId>,
}

/// The answer to an [`Ask`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "claim")]
pub enum Claim {
    /// Work to do.
    Work(Box<Claimed>),
    /// Nothing now.
    Nothing {
        /// When something may be due; `None`: not before something new arrives.
        next: Option<Duration>,
    },
    /// Claims are shut for a time or until a person acts.
    Shut {
        /// Why, in a sentence.
        why: String,
        /// When to ask again.
        next: Duration,
    },
}
