//! The guard: where many accounts of a site fail at once, the site rests, and not they.

use std::collections::BTreeMap;

use walkon_core::outcome::Outcome;

use super::breaker::State;
use super::calendar::SECOND;
use super::{GRACE, LEASE, Model};

/// More than one in so many accounts, and at least so many, whose breakers open within so long.
const ONE_IN: usize = 10;
const LEAST: usize = 5;
const WITHIN: i64 = 60 * SECOND;
/// A site's first rest, and its longest.
const REST: i64 = 60 * SECOND;
const LONGEST: i64 = 900 * SECOND;

/// A site that rests, or is tried.
#[derive(Debug, Clone)]
struct Rest {
    /// Nobody is claimed before.
    until: i64,
    /// By when they are all awake again: who has seen it shut for longer may sleep as long.
    awake: i64,
    opens: u32,
    /// Whose attempts tell.
    who: Option<String>,
}

impl Rest {
    fn new(opens: u32, now: i64) -> Self {
        let until = now + (REST << (opens - 1).min(20)).min(LONGEST);
        Self { until, awake: until, opens, who: None }
    }
}

/// All accounts here are of one site.
#[derive(Debug, Clone, Default)]
pub(crate) struct Guard {
    /// Accounts by when their breakers opened.
    opened: BTreeMap<String, i64>,
    rest: Option<Rest>,
    /// It has opened or closed, and the accounts are not yet put back into the indexes.
    pub(crate) has_turned: bool,
}

impl Guard {
    /// Until when nobody of the site is claimed; for certain, or perhaps.
    pub(crate) fn shut_until(&self, is_sure: bool) -> i64 {
        self.rest.as_ref().map_or(0, |rest| if is_sure { rest.awake } else { rest.until })
    }

    /// Whether the account must not act now that has been claimed before.
    pub(crate) fn stops(&self, account: &str, now: i64) -> bool {
        let tries = |rest: &Rest| rest.who.as_deref() == Some(account);
        self.rest.as_ref().is_some_and(|rest| rest.until > now && !tries(rest))
    }

    /// An attempt to perform is claimed: where the site has rested, it is the one that tries.
    pub(crate) fn claimed(&mut self, account: &str, now: i64) {
        if let Some(rest) = self.rest.as_mut().filter(|rest| rest.until <= now) {
            rest.until = now + LEASE + GRACE;
            rest.awake = rest.until;
            rest.who = Some(account.to_owned());
        }
    }

    /// An attempt to perform has ended; whether it is the site's affair alone.
    fn judge(&mut self, account: &str, outcome: &Outcome, now: i64) -> bool {
        let Some(rest) = &mut self.rest else { return false };
        if rest.who.as_deref() != Some(account) {
            return true;
        }
        match outcome {
            Outcome::Done { .. } => (self.rest, self.has_turned) = (None, true),
            Outcome::Retry { .. } | Outcome::Unknown { .. } => {
                *rest = Rest::new(rest.opens + 1, now);
            }
            // It says nothing of the site: the next one tries.
            Outcome::NotRun { .. } | Outcome::Fatal { .. } => (rest.until, rest.who) = (now, None),
        }
        true
    }

    /// A breaker has opened, one of so many accounts: those that are closed again, for it is the
    /// site that fails.
    fn opened(&mut self, account: &str, all: usize, now: i64) -> Vec<String> {
        self.opened.insert(account.to_owned(), now);
        self.opened.retain(|_, at| *at >= now - WITHIN);
        let many = self.opened.len();
        if many < LEAST || many * ONE_IN <= all {
            return Vec::new();
        }
        (self.rest, self.has_turned) = (Some(Rest::new(1, now)), true);
        std::mem::take(&mut self.opened).into_keys().collect()
    }
}

impl Model {
    /// What an attempt to perform says of its account, or of the site.
    pub(super) fn judge(&mut self, id: &str, outcome: &Outcome) {
        let now = self.now();
        if self.guard.judge(id, outcome, now) {
            return;
        }
        let account = self.accounts.get_mut(id).expect("a known account");
        if !account.breaker.judge(&account.plan.breaker, outcome, now) {
            return;
        }
        let all = self.accounts.values().filter(|account| !account.is_gone).count();
        for id in self.guard.opened(id, all, now) {
            let breaker = &mut self.accounts.get_mut(&id).expect("a known account").breaker;
            if breaker.state != State::Closed {
                *breaker = super::breaker::Breaker::default();
            }
        }
    }
}
