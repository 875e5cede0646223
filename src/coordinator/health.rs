//! Health: each account is checked in its own moment of the interval and whenever somebody asks,
//! and one that must not act is stopped.
//!
//! [`look`] finds out, `grading` says what that comes to, and here is what follows from it:
//!
//! - *Critical*: a `health` hold, and the lease of whoever acts as it is revoked. Its checks go on.
//! - Stopped for a network or a server: the hold *passes*, and the first round that gets through
//!   lifts that very hold.
//! - Stopped for anything else: a person looks, and releases it.

use std::time::Duration;

use futures_util::StreamExt as _;
use jiff::{SignedDuration, Timestamp};
use walkon_core::account::{Lifecycle, Standing};
use walkon_core::action::Refuse;
use walkon_core::grading::{self, Limits};
use walkon_core::health::{Health, Level, Report};
use walkon_core::hold::{Hold, HoldKind};
use walkon_core::id::AccountId;
use walkon_core::rounds;

use super::{Coordinator, Error};
use crate::shutdown::Shutdown;

mod api;
mod look;
mod way;

pub(super) use api::{NoApi, ill, lacking};

/// Who places and lifts holds by what was found.
pub(super) const ACTOR: &str = "health";
/// How many accounts are checked at once.
const AT_ONCE: usize = 8;
/// How many looks for due accounts an interval has, and how far apart they are at most and least.
const LOOKS: u32 = 120;
const LOOK_MAX: Duration = Duration::from_secs(5);
const LOOK_MIN: Duration = Duration::from_millis(20);

/// How accounts are checked.
#[derive(Debug, Clone)]
pub struct Options {
    /// How often each.
    pub every: Duration,
    /// From when on a finding needs an eye.
    pub limits: Limits,
    /// Where a request is told from which address it comes, over plain `http`; `None`: exit
    /// addresses are not looked at.
    pub echo: Option<String>,
    /// For how long the past is kept.
    pub keep: SignedDuration,
}

impl Default for Options {
    fn default() -> Self {
        let (every, keep) = (Duration::from_mins(10), SignedDuration::from_hours(30 * 24));
        Self { every, limits: Limits::default(), echo: None, keep }
    }
}

impl Coordinator {
    /// Checks every account in its moment until a stop.
    pub async fn keep_healthy(self, shutdown: Shutdown) {
        let every = self.care.options().health.every;
        let look = (every / LOOKS).clamp(LOOK_MIN, LOOK_MAX);
        let mut from = self.now();
        loop {
            tokio::select! {
                () = tokio::time::sleep(look) => {}
                () = shutdown.soft().cancelled() => return,
            }
            let to = self.now();
            tokio::select! {
                () = self.check_due(from, to) => {}
                () = shutdown.soft().cancelled() => return,
            }
            from = to;
        }
    }

    /// Checks those whose moment has come. One whose check fails is told of; the others go on.
    async fn check_due(&self, from: Timestamp, to: Timestamp) {
        let every = self.care.options().health.every;
        let ids = match self.store.account_ids().await {
            Ok(ids) => ids,
            Err(error) => {
                let error = &error as &dyn std::error::Error;
                return tracing::warn!(error, "accounts are not checked");
            }
        };
        let due = ids.into_iter().filter(|id| rounds::is_due(id, every, from, to));
        let check = async |id: AccountId| {
            if let Err(error) = self.check_if_in_use(&id).await {
                let error = &error as &dyn std::error::Error;
                tracing::warn!(account = %id, error, "it could not be checked");
            }
        };
        futures_util::stream::iter(due).for_each_concurrent(AT_ONCE, check).await;
    }

    /// Another coordinator has the same moments: whoever finds a fresh report leaves it at that.
    async fn check_if_in_use(&self, id: &AccountId) -> Result<(), Error> {
        let Some(standing) = self.store.account(id).await? else { return Ok(()) };
        if !is_in_use(&standing) {
            return Ok(());
        }
        let fresh = SignedDuration::try_from(self.care.options().health.every / 2);
        let before = self.store.health(id).await?;
        let fresh = fresh.unwrap_or(SignedDuration::MAX);
        let last = before.as_ref().map(|health| health.report.at);
        if last.is_some_and(|last| self.now().duration_since(last) < fresh) {
            return Ok(());
        }
        self.check_standing(&standing, before.as_ref()).await.map(drop)
    }

    /// Checks one account now, keeps what was found, and stops it or lets it go on.
    ///
    /// # Errors
    ///
    /// [`Error::Refused`] with `unknown_account`.
    pub async fn check_health(&self, id: &AccountId) -> Result<Report, Error> {
        let (standing, before) = (self.standing_of(id).await?, self.store.health(id).await?);
        self.check_standing(&standing, before.as_ref()).await
    }

    async fn check_standing(
        &self,
        standing: &Standing,
        before: Option<&Health>,
    ) -> Result<Report, Error> {
        let id = &standing.account.id;
        let facts = self.look_at(standing).await?;
        let limits = &self.care.options().health.limits;
        let report = grading::grade(id, &facts, before, limits, self.now());
        self.store.keep_health(&report).await?;
        // Where it stands may have changed while it was looked at.
        if let Some(standing) = self.store.account(id).await?.filter(is_in_use) {
            self.follow_up(&standing, &report).await?;
        }
        Ok(report)
    }

    /// An account that there is.
    pub(super) async fn standing_of(&self, id: &AccountId) -> Result<Standing, Error> {
        let found = self.store.account(id).await?;
        let unknown = || {
            let why = format!("there is no account `{id}`");
            Refuse::new("unknown_account", why, "`walkon account list` shows them")
        };
        found.ok_or_else(|| unknown().into())
    }

    async fn follow_up(&self, standing: &Standing, report: &Report) -> Result<(), Error> {
        let id = &standing.account.id;
        if report.level == Level::Critical {
            self.stop_for(standing, report).await?;
        } else if grading::comes_back(report) {
            self.let_go_on(standing).await?;
        }
        self.alert_of_health(id, report).await
    }

    /// Stops an account. A hold that needs a person is never replaced by one that passes.
    async fn stop_for(&self, standing: &Standing, report: &Report) -> Result<(), Error> {
        let id = &standing.account.id;
        if standing.holds.iter().any(Hold::needs_person) {
            return Ok(());
        }
        let hold = Hold {
            kind: HoldKind::Health,
            reason: report.why(),
            actor: ACTOR.to_owned(),
            since: report.at,
            until: None,
            passes: report.passes(),
        };
        if hold.passes && standing.holds.iter().any(|hold| hold.kind == HoldKind::Health) {
            return Ok(());
        }
        let told_by = format!("health:{id}:{}", report.at.as_millisecond());
        tracing::warn!(account = %id, why = hold.reason, "an account is stopped");
        self.audit_hold(id, "hold", &hold, ACTOR, hold.since, &told_by).await?;
        if hold.passes {
            self.store.add_hold(id, &hold).await?;
        } else {
            self.store.place_hold(id, &hold).await?;
        }
        self.fence_now(id).await
    }

    /// Lifts the hold that passes, if there is one, and no other.
    async fn let_go_on(&self, standing: &Standing) -> Result<(), Error> {
        let id = &standing.account.id;
        let passing = standing.holds.iter().find(|hold| hold.passes);
        let Some(hold) = passing else { return Ok(()) };
        if self.store.lift_this_hold(id, hold).await? {
            let told_by = format!("passed:{id}:{}", hold.since.as_millisecond());
            self.audit_hold(id, "lift", hold, ACTOR, self.now(), &told_by).await?;
        }
        self.enroll(id).await
    }
}

/// Whether an account acts, or would but for its holds.
fn is_in_use(standing: &Standing) -> bool {
    matches!(standing.lifecycle, Lifecycle::Ramping | Lifecycle::Active)
        && standing.leaving.is_none()
}
