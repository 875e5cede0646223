//! Care: what the parts that look after accounts (health, onboarding, alerts, capacity) share.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use tokio::sync::Notify;
use walkon_core::capacity::Measured;
use walkon_core::id::AccountId;

use super::{alerts, health};
use crate::graph::{self, Carrier};

/// How accounts are looked after.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Checks.
    pub health: health::Options,
    /// Who is told.
    pub alerts: alerts::Options,
}

/// What is shared; cloning is cheap.
#[derive(Clone, Default)]
pub struct Care(Arc<Inner>);

#[derive(Default)]
struct Inner {
    options: Options,
    carrier: OnceLock<Carrier>,
    asked: Notify,
    raised: Notify,
    measured: Mutex<BTreeMap<AccountId, Measured>>,
    signing_in: Mutex<BTreeSet<AccountId>>,
}

impl Care {
    /// Looks after accounts as told.
    pub fn new(options: Options) -> Self {
        Self(Arc::new(Inner { options, ..Inner::default() }))
    }

    /// How.
    pub fn options(&self) -> &Options {
        &self.0.options
    }

    /// What carries the API calls of checks: one for all, for it is dear to make.
    pub(super) fn carrier(&self) -> Result<&Carrier, graph::Error> {
        if let Some(carrier) = self.0.carrier.get() {
            return Ok(carrier);
        }
        let made = Carrier::new()?;
        Ok(self.0.carrier.get_or_init(|| made))
    }

    /// Rung when an onboarding is asked for.
    pub(super) fn asked(&self) -> &Notify {
        &self.0.asked
    }

    /// Rung when an alert is raised or is over.
    pub(super) fn raised(&self) -> &Notify {
        &self.0.raised
    }

    /// Accounts that are being connected and may do nothing but sign in.
    pub(super) fn signing_in(&self) -> MutexGuard<'_, BTreeSet<AccountId>> {
        self.0.signing_in.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What was last written down of the platform's limits, by this process.
    pub(super) fn measured(&self) -> MutexGuard<'_, BTreeMap<AccountId, Measured>> {
        self.0.measured.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
