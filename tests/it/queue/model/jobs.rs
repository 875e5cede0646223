//! Actions and leases: where each is, and what an ending makes of it.

use std::collections::BTreeMap;

use jiff::tz::TimeZone;
use walkon_core::event::ActionState;
use walkon_core::id::ActionId;
use walkon_core::kind::{EffectClass, OnLost};
use walkon_core::lease::{Class, Duty, Token};
use walkon_core::plan::Plan;

use super::books::{Books, Charge, Terms};
use super::breaker::Breaker;

/// Where an action is: in one place at a time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Place {
    /// In its lane, due at some time between these two (the wait holds some chance).
    Lane { duty: Duty, due: (i64, i64) },
    /// Under the lease of this class.
    Leased { class: Class, duty: Duty },
    /// Waiting for a person.
    Parked,
    /// It has ended.
    Ended(ActionState),
}

#[derive(Debug, Clone)]
pub(crate) struct Job {
    pub(crate) account: String,
    pub(crate) kind: String,
    pub(crate) forced: Option<Class>,
    pub(crate) rank: i64,
    pub(crate) expires: Option<i64>,
    pub(crate) on_lost: OnLost,
    pub(crate) effect: EffectClass,
    pub(crate) attempts: i64,
    pub(crate) losses: i64,
    pub(crate) readings: i64,
    pub(crate) begun: Option<i64>,
    /// When an attempt began that was lost and is repeated.
    pub(crate) begun_before: Option<i64>,
    pub(crate) taken_back: bool,
    pub(crate) charge: Option<Charge>,
    pub(crate) place: Place,
    /// Each ending it has had: a person may send a failed one again.
    pub(crate) ends: Vec<ActionState>,
}

impl Job {
    pub(crate) fn state(&self) -> ActionState {
        match self.place {
            Place::Lane { duty: Duty::Perform, .. } => ActionState::Waiting,
            Place::Leased { duty: Duty::Perform, .. } => ActionState::Running,
            Place::Ended(state) => state,
            Place::Lane { .. } | Place::Leased { .. } | Place::Parked => ActionState::Unknown,
        }
    }

    pub(crate) fn duty(&self) -> Duty {
        match self.place {
            Place::Lane { duty, .. } | Place::Leased { duty, .. } => duty,
            Place::Parked | Place::Ended(_) => Duty::Perform,
        }
    }

    /// Whether limits are nothing to it: reading takes nothing, signing in is always allowed.
    pub(crate) fn is_free(&self) -> bool {
        self.duty() == Duty::Verify || self.kind == "sign_in"
    }

    /// Whether its time has passed while it waited: it ends, or is read, when somebody looks.
    pub(crate) fn is_overdue(&self, now: i64) -> bool {
        self.state() == ActionState::Waiting && self.expires.is_some_and(|end| end <= now)
    }

    /// Whether an attempt that was lost may have made what nobody has looked for since.
    pub(crate) fn may_be_made(&self) -> bool {
        self.begun_before.is_some() && self.effect != EffectClass::None
    }

    pub(crate) fn slot(&self) -> String {
        let forced = self.forced.map_or(String::new(), |class| format!("@{}", class.name()));
        let reading = if self.duty() == Duty::Verify { "!" } else { "" };
        format!("{}{forced}{reading}", self.kind)
    }
}

#[derive(Debug, Clone)]
pub(crate) struct Seat {
    pub(crate) token: Token,
    pub(crate) until: i64,
    pub(crate) worker: String,
    /// None: the worker keeps the account without work.
    pub(crate) job: Option<ActionId>,
    /// The kind that is being performed.
    pub(crate) kind: Option<String>,
}

#[derive(Debug, Clone)]
pub(crate) struct Account {
    pub(crate) plan: Plan,
    pub(crate) zone_name: String,
    pub(crate) zone: TimeZone,
    /// Until when it may not act; `i64::MAX`: until a person acts.
    pub(crate) held: Option<i64>,
    /// It was removed.
    pub(crate) is_gone: bool,
    pub(crate) routes: BTreeMap<String, Option<Class>>,
    pub(crate) books: Books,
    pub(crate) seats: BTreeMap<Class, Seat>,
    /// Nobody takes the class before: whoever held it may still act.
    pub(crate) fenced: BTreeMap<Class, i64>,
    pub(crate) breaker: Breaker,
}

impl Account {
    pub(crate) fn terms(&self) -> Terms<'_> {
        Terms { plan: &self.plan, zone: &self.zone }
    }

    /// The class the work falls to; none: nobody may do it.
    pub(crate) fn class_of(&self, job: &Job) -> Option<Class> {
        let usual = self.routes.get(&job.kind).copied().flatten()?;
        Some(job.forced.unwrap_or(usual))
    }

    /// Until when the class is shut, limits apart.
    pub(crate) fn barred(&self, class: Class) -> i64 {
        if self.is_gone {
            return i64::MAX;
        }
        let fenced = self.fenced.get(&class).copied().unwrap_or_default();
        fenced.max(self.held.unwrap_or_default())
    }

    /// Whether anything is being done as this account.
    pub(crate) fn is_acting(&self) -> bool {
        self.seats.values().any(|seat| seat.job.is_some())
    }

    /// Two of a kind at once, by two routes, would know no cooldown between them.
    pub(crate) fn is_busy(&self, kind: &str) -> bool {
        self.seats.values().any(|seat| seat.kind.as_deref() == Some(kind))
    }
}
