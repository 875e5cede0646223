//! Settings: the plans, pools and proxies that are in force.
//!
//! Those of the settings' file are read at the start and are the file's; others are made by hand
//! while the fleet runs, and are in the database. Every coordinator asks for the newest revision
//! twice a second and writes what has changed into the queue; the queue keeps the latest, whoever
//! is slow.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use serde::de::DeserializeOwned;
use tokio::sync::Mutex;
use walkon_core::account::{Kept, SharedProxy, Standing};
use walkon_core::plan::Plan;
use walkon_core::pool::Pools;

use super::{Coordinator, Error, Options};
use crate::shutdown::Shutdown;
use crate::store::settings::{Setting, Sort};

mod change;
pub mod proxies;
mod uses;

pub use change::{Condition, Done};

/// How often it is looked whether another coordinator has changed something.
const LOOK: Duration = Duration::from_millis(500);

/// What is in force at one moment.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct InForce {
    /// Plans by name.
    pub plans: BTreeMap<String, Plan>,
    /// Pools and missions.
    pub pools: Pools,
    /// Proxies that accounts may name.
    pub proxies: BTreeMap<String, SharedProxy>,
    /// What of it is kept in the database, with its revision.
    by_hand: BTreeMap<(Sort, String), u64>,
    /// Plans that were removed, by the revision that did so.
    gone: BTreeMap<String, u64>,
    /// The newest revision in it.
    revision: u64,
}

impl InForce {
    /// Where something is kept, and by which revision; 0: the file has none.
    pub fn kept(&self, sort: Sort, name: &str) -> (Kept, u64) {
        match self.by_hand.get(&(sort, name.to_owned())) {
            Some(revision) => (Kept::Hand, *revision),
            None => (Kept::File, 0),
        }
    }

    /// Whether something of that name is the file's.
    fn is_of_file(&self, sort: Sort, name: &str) -> bool {
        let is_there = match sort {
            Sort::Plan => self.plans.contains_key(name),
            Sort::Pool => self.pools.pools.keys().any(|pool| pool.as_str() == name),
            Sort::Proxy => false,
        };
        is_there && self.kept(sort, name).0 == Kept::File
    }

    fn of(options: &Options, kept: Vec<Setting>) -> Self {
        let (plans, pools) = (options.plans.clone(), options.pools.clone());
        let mut all = Self { plans, pools, ..Self::default() };
        for Setting { sort, name, revision, document } in kept {
            all.revision = all.revision.max(revision);
            if all.is_of_file(sort, &name) {
                if document.is_some() {
                    let sort = sort.name();
                    tracing::warn!(sort, name, "the settings' file has it, too: the file's holds");
                }
                continue;
            }
            let taken = document.is_some_and(|text| all.take(sort, &name, &text));
            if taken {
                all.by_hand.insert((sort, name), revision);
            } else if sort == Sort::Plan {
                all.gone.insert(name, revision);
            }
        }
        all
    }

    /// Takes in what the database has; `false`: it cannot be read.
    fn take(&mut self, sort: Sort, name: &str, text: &str) -> bool {
        let done = match sort {
            Sort::Plan => {
                let plan = read::<Plan>(sort, name, text);
                plan.map(|plan| drop(self.plans.insert(name.to_owned(), plan)))
            }
            Sort::Pool => read(sort, name, text).and_then(|pool| {
                let name = name.parse().ok()?;
                self.pools.pools.insert(name, pool);
                Some(())
            }),
            Sort::Proxy => {
                let proxy = read::<SharedProxy>(sort, name, text);
                proxy.map(|proxy| drop(self.proxies.insert(name.to_owned(), proxy)))
            }
        };
        done.is_some()
    }
}

fn read<T: DeserializeOwned>(sort: Sort, name: &str, text: &str) -> Option<T> {
    let read = serde_json::from_str(text);
    if let Err(error) = &read {
        tracing::error!(sort = sort.name(), name, %error, "a setting cannot be read: left out");
    }
    read.ok()
}

/// What calls about settings share.
#[derive(Debug, Default)]
pub struct Settings {
    now: RwLock<Arc<InForce>>,
    /// What the queue was last told, whole.
    told: Mutex<Option<Arc<InForce>>>,
}

impl Coordinator {
    /// What is in force.
    pub fn in_force(&self) -> Arc<InForce> {
        Arc::clone(&self.settings.now.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Writes every plan and pool into the queue, whatever it knows.
    pub(super) async fn tell_all_settings(&self) -> Result<(), Error> {
        let mut told = self.settings.told.lock().await;
        *told = None;
        let next = self.read_settings().await?;
        self.tell_settings(&InForce::default(), &next).await?;
        *told = Some(next);
        Ok(())
    }

    /// Writes what has changed into the queue: from then on it holds.
    pub(super) async fn take_hold(&self) -> Result<(), Error> {
        let mut told = self.settings.told.lock().await;
        let before = told.clone().unwrap_or_default();
        let next = self.read_settings().await?;
        self.tell_settings(&before, &next).await?;
        self.move_members(&before.pools, &next.pools).await?;
        *told = Some(next);
        Ok(())
    }

    async fn read_settings(&self) -> Result<Arc<InForce>, Error> {
        let next = Arc::new(InForce::of(&self.options, self.store.settings().await?));
        let mut now = self.settings.now.write().unwrap_or_else(PoisonError::into_inner);
        *now = Arc::clone(&next);
        Ok(next)
    }

    async fn tell_settings(&self, before: &InForce, next: &InForce) -> Result<(), Error> {
        for (name, plan) in &next.plans {
            let revision = next.kept(Sort::Plan, name).1;
            let is_same =
                before.plans.get(name) == Some(plan) && before.kept(Sort::Plan, name).1 == revision;
            if !is_same {
                self.queue.revise_plan(name, Some(plan), revision).await?;
            }
        }
        for (name, revision) in &next.gone {
            if before.gone.get(name) != Some(revision) {
                self.queue.revise_plan(name, None, *revision).await?;
            }
        }
        if before.pools != next.pools || *before == InForce::default() {
            self.queue.set_pools(&next.pools).await?;
        }
        Ok(())
    }

    /// Writes the accounts that are in other pools now.
    async fn move_members(&self, before: &Pools, next: &Pools) -> Result<(), Error> {
        if before == next {
            return Ok(());
        }
        let moves = |standing: &Standing| {
            let of =
                |pools: &Pools| pools.of(&standing.account).into_iter().collect::<BTreeSet<_>>();
            of(before) != of(next)
        };
        let mut standings = self.store.accounts().await?;
        standings.retain(moves);
        self.enroll_these(standings).await
    }

    /// Hears of what other coordinators change, until a stop.
    pub async fn follow_settings(self, shutdown: Shutdown) {
        loop {
            tokio::select! {
                () = tokio::time::sleep(LOOK) => {}
                () = shutdown.soft().cancelled() => return,
            }
            if let Err(error) = self.follow_once().await {
                tracing::warn!(error = &error as &dyn std::error::Error, "settings wait");
            }
        }
    }

    /// One look.
    async fn follow_once(&self) -> Result<(), Error> {
        let newest = self.store.newest_setting().await?;
        // What was shown may not have been told: then it is told now.
        let told = self.settings.told.lock().await.as_ref().map_or(0, |told| told.revision);
        if newest == told { Ok(()) } else { Box::pin(self.take_hold()).await }
    }
}
