//! Events: one for every change of an action's or an account's state.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// The version of the event's shape.
pub const EVENT_VERSION: u32 = 1;

/// Where an action stands. The states of all planned actions add up to their number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ActionState {
    /// In its lane.
    Waiting,
    /// Under a lease.
    Running,
    /// As asked.
    Done,
    /// It will not be done: out of attempts or impossible.
    Failed,
    /// It may have been done; it is being read, or waits for a person.
    Unknown,
    /// Its `expires_at` passed while it waited.
    Expired,
    /// It never entered a lane.
    Refused,
    /// Somebody took it back.
    Cancelled,
}

impl ActionState {
    /// Every state.
    pub const ALL: [Self; 8] = [
        Self::Waiting,
        Self::Running,
        Self::Done,
        Self::Failed,
        Self::Unknown,
        Self::Expired,
        Self::Refused,
        Self::Cancelled,
    ];

    /// Its name in scripts, SQL, events and pages.
    pub fn name(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Running => "running",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Unknown => "unknown",
            Self::Expired => "expired",
            Self::Refused => "refused",
            Self::Cancelled => "cancelled",
        }
    }

    /// The state of that name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.name() == name)
    }

    /// Whether an action in it will change no more.
    pub fn is_final(self) -> bool {
        !matches!(self, Self::Waiting | Self::Running | Self::Unknown)
    }
}

/// One change, as it appears on `walkon:events`.
///
/// `kind_of_change` is `type` on the wire: `queued claimed begun done failed unknown expired
/// refused cancelled retrying lost finding held released breaker quota act moved removed erased
/// restored`. Of these `done failed expired refused cancelled` are terminal: an action has one of
/// them. `queued` fields tell what an action is (`kind target text_hash effect`) and every later
/// event of it repeats them. `act` is what a person did: `code` is the act (`pause resume cancel
/// retry settle hold lift remove erase`, or `plan.set`, `pool.remove` and the like, with the name
/// as `outcome`), `by` who, `why` why. `moved` is a move in an account's life: `outcome` where to,
/// `code` the reason in a word, `by` who, `why` why. An account is gone with `removed`, and what it
/// has done with `erased`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// [`EVENT_VERSION`].
    pub v: u32,
    /// What changed.
    #[serde(rename = "type")]
    pub kind_of_change: String,
    /// When, by the server's clock.
    pub at: Timestamp,
    /// The action.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub action: Option<String>,
    /// The account; none while the work of a pool waits for one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    /// The pool it was asked of, where it was asked of one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pool: Option<String>,
    /// The mission it is part of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mission: Option<String>,
    /// Which attempt, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attempt: Option<u32>,
    /// How it ended: `made`, `already` or `none` for `done`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<String>,
    /// The action's kind.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// What it is done to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// [`Action::text_hash`](crate::action::Action::text_hash).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text_hash: Option<String>,
    /// What its kind leaves behind: `none`, `idempotent` or `once`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effect: Option<String>,
    /// By which means it is or was last carried out: `api` or `browser`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub class: Option<String>,
    /// `perform` or `verify`, for `claimed`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duty: Option<String>,
    /// Who claimed it, for `claimed`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub worker: Option<String>,
    /// What was read, as JSON.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result: Option<String>,
    /// A stable word for programs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// A sentence for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// For `act` and `moved`: who did it, as far as they were named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// For `act` and `breaker`: the site it concerns, where it is not one account or action.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub site: Option<String>,
    /// The `XADD` id by which it came in: the only handle of a refused action.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub intake: Option<String>,
}
