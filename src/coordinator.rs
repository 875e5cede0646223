//! The coordinator: takes actions in, hands them to workers through the [`desk`], keeps the record.
//!
//! Any number may serve one Redis. Each runs three loops: [`intake`] reads `walkon:intake`,
//! [`reaper`] takes back what is lost, [`clerk`] turns events into receipts and holds, and after
//! each start of Redis [`restore`] makes it as new as the books.
//! [`grants`] asks sites what they allow.
//! [`roster`] knows the accounts and writes their standing and routes into the queue. They come by
//! [`import`] and [`reload`], and go by [`leave`]. [`health`], [`capacity`] and [`alerts`] look
//! after them, [`onboarding`] connects them. [`settings`] are what limits and groups them.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use jiff::Timestamp;
use walkon_core::account::{Lifecycle, Standing};
use walkon_core::action::{Action, Refuse};
use walkon_core::bundle::Login;
use walkon_core::clock::{Clock, from_ms};
use walkon_core::id::{ActionId, SiteId};
use walkon_core::plan::Plan;
use walkon_core::pool::Pools;
use walkon_core::rng::Seed;
use walkon_core::{kind, routing};

use crate::catalog::Catalog;
use crate::egress::Mailbox;
use crate::queue::{Enqueued, Queue};
use crate::recording::archive::Archive;
use crate::store::Store;

pub mod alerts;
pub mod capacity;
pub mod care;
pub mod clerk;
pub mod crew;
pub mod desk;
pub mod erase;
pub mod grants;
pub mod hands;
pub mod health;
pub mod import;
pub mod intake;
pub mod janitor;
pub mod leave;
pub mod life;
mod listing;
pub mod many;
pub mod onboarding;
mod one_time;
pub mod pools;
pub mod reaper;
pub mod reload;
pub mod restore;
pub mod roster;
mod secrets;
pub mod settings;
pub mod steps;
pub mod vouched;

/// What the coordinator is started with, beside its doors.
#[derive(Debug, Clone)]
pub struct Options {
    /// Plans by name.
    pub plans: BTreeMap<String, Plan>,
    /// Pools and missions by name.
    pub pools: Pools,
    /// The accounts' file.
    pub accounts: PathBuf,
    /// How many times as fast as a person the fleet moves.
    pub pace: f64,
    /// How to reach whoever runs it.
    pub contact: Option<String>,
    /// Where chance begins.
    pub seed: Seed,
    /// For how many days the usage log is kept; 0: for good.
    pub usage_days: u32,
    /// The same of the audit log.
    pub audit_days: u32,
    /// Where accounts begin that are new: `connecting`, and they are onboarded at once.
    pub new_accounts: Lifecycle,
    /// What is told sites of the operator's own before they show anything.
    pub sites: BTreeMap<SiteId, OwnSite>,
}

/// What a site of the operator's own takes beside its accounts.
#[derive(Debug, Clone, Default)]
pub struct OwnSite {
    /// What it asks for before it shows anything.
    pub login: Option<Login>,
    /// Where the codes arrive that it sends to accounts.
    pub mailbox: Option<Mailbox>,
}

/// One coordinator; cloning is cheap.
#[derive(Clone)]
pub struct Coordinator {
    /// The queue.
    pub queue: Queue,
    /// The store.
    pub store: Arc<dyn Store>,
    /// The recordings.
    pub archive: Archive,
    /// Sites, behaviors, profiles.
    pub catalog: Arc<Catalog>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// The rest.
    pub options: Arc<Options>,
    /// Which sites may be acted on by browser.
    pub grants: grants::Grants,
    /// What pools were found able to do.
    pub admitted: pools::Admitted,
    /// Who walks actions step by step.
    pub steps: steps::Steps,
    /// How accounts are looked after.
    pub care: care::Care,
    /// How the workers stand.
    pub crew: Arc<crew::Crew>,
    /// What calls about accounts share.
    pub roster: Arc<roster::Roster>,
    /// Plans, pools and proxies, as they are in force.
    pub settings: Arc<settings::Settings>,
}

/// Why the coordinator could not do as asked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The queue failed.
    #[error("the queue failed")]
    Queue(#[from] crate::queue::Error),
    /// The store failed.
    #[error("the store failed")]
    Store(#[from] crate::store::Error),
    /// What was asked is not accepted.
    #[error("{0}")]
    Refused(Refuse),
}

impl From<Refuse> for Error {
    fn from(refuse: Refuse) -> Self {
        Self::Refused(refuse)
    }
}

/// What became of an action that was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Accepted {
    /// Its id.
    pub id: ActionId,
    /// Whether it was known already, by its key.
    pub same: bool,
    /// How it will be carried out and why, as far as is known now.
    pub reason: String,
}

impl Coordinator {
    /// The present instant.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Takes an action in, or refuses what no account could ever do.
    ///
    /// `intake` is the id under which it came, which is all that a refused action has; the same
    /// intake sent again is the same action.
    pub async fn submit(&self, json: &[u8], intake: Option<&str>) -> Result<Accepted, Error> {
        let now = self.now();
        let action = self.named(Action::parse(json, now)?)?;
        let reason = match &action.account {
            Some(id) => self.admit(&action, self.store.account(id).await?.as_ref()).await?,
            None => self.admit_to_pool(&action).await?,
        };
        let id = self.name_action(&action, intake, now);
        if intake.is_some() && self.has_been(&id).await? {
            return Ok(Accepted { id, same: true, reason });
        }
        self.enter_lane(&id, &action, intake, reason).await
    }

    /// Refuses what its account could never do; says how it will be carried out.
    async fn admit(&self, action: &Action, standing: Option<&Standing>) -> Result<String, Error> {
        let Some(standing) = standing else { return Err(self.no_account(action).await?.into()) };
        if standing.leaving.is_some() {
            let why = format!("the account `{}` is being removed", standing.account.id);
            return Err(Refuse::new("account_leaving", why, "ask another account").into());
        }
        let routing =
            routing::route(action.kind_row(), action.route, &self.facts(&standing.account))?;
        self.check_earliest(action).await?;
        Ok(routing.reason)
    }

    /// Whether an action of this id has ended or may have been done: Redis may have forgotten it,
    /// and hold its entry on the intake again.
    async fn has_been(&self, id: &ActionId) -> Result<bool, Error> {
        let known = self.store.ended(id.as_str()).await?.is_some();
        Ok(known || !self.store.charged(&[id.as_str()]).await?.is_empty())
    }

    async fn enter_lane(
        &self,
        id: &ActionId,
        action: &Action,
        intake: Option<&str>,
        reason: String,
    ) -> Result<Accepted, Error> {
        match self.queue.enqueue(id, action, intake).await? {
            Enqueued::New(id) => Ok(Accepted { id, same: false, reason }),
            Enqueued::Same(id) => Ok(Accepted { id, same: true, reason }),
            Enqueued::Conflict(first) => {
                let key = action.key.clone().unwrap_or_default();
                let why = format!("key `{key}` was used before, with other content, by {first}");
                let remedy = "use a key of its own for each action";
                Err(Refuse::new("conflict", why, remedy).into())
            }
            Enqueued::NoAccount => Err(self.no_account(action).await?.into()),
        }
    }

    /// An entry of the intake makes one id, whoever reads it and however often: read again after a
    /// crash, it is the same action. What comes by another door has a number of its own instead.
    fn name_action(&self, action: &Action, intake: Option<&str>, now: Timestamp) -> ActionId {
        static NUMBER: AtomicU64 = AtomicU64::new(0);
        let came = intake.and_then(|id| id.split_once('-')?.0.parse().ok()).map_or(now, from_ms);
        let name = intake.map_or_else(
            || format!("{} {}", std::process::id(), NUMBER.fetch_add(1, Ordering::Relaxed)),
            str::to_owned,
        );
        let seed = self.options.seed.child("action").child(&name).child(&action.fingerprint());
        ActionId::new(came, &mut seed.rng())
    }

    async fn no_account(&self, action: &Action) -> Result<Refuse, Error> {
        let accounts = self.store.accounts().await?;
        let names = accounts.iter().map(|standing| standing.account.id.as_str());
        let Some(wanted) = action.account.as_ref() else { return Ok(self.no_pool(action)) };
        let why = format!("there is no account `{wanted}`");
        // A fleet may have thousands: near ones help, a wall of names does not.
        let remedy = match kind::nearest(wanted.as_str(), names.clone()) {
            Some(near) => format!("did you mean `{near}`?"),
            None if accounts.is_empty() => "add one with `walkon account import`".to_owned(),
            None => {
                let some: Vec<_> = names.take(20).collect();
                format!("known accounts: {}", walkon_core::action::listed(some))
            }
        };
        Ok(Refuse::new("unknown_account", why, remedy))
    }

    /// A cap delays; it refuses only what can provably not be done before it expires.
    async fn check_earliest(&self, action: &Action) -> Result<(), Error> {
        let Some(end) = action.expires_at else { return Ok(()) };
        let Action { account: Some(account), kind, route, not_before, .. } = action else {
            return Ok(());
        };
        let Some(explained) = self.queue.earliest(account, kind, *route, *not_before).await? else {
            return Ok(());
        };
        match explained.earliest {
            Some(at) if at >= end => {
                let reasons: Vec<_> = explained.reasons.iter().map(ToString::to_string).collect();
                let why = format!("it cannot be done before it expires: {}", reasons.join("; "));
                let remedy = format!("let it expire after {at}, or raise the plan's cap");
                Err(Refuse::new("cannot_in_time", why, remedy).into())
            }
            _ => Ok(()),
        }
    }
}
