//! A stand-in for the desk: it hands out what the bench gives it, and takes down how long that
//! took.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use tokio::sync::Notify;
use tokio::time::Instant;
use walkon_core::action::Action;
use walkon_core::bundle::Bundle;
use walkon_core::clock::{Clock as _, SystemClock};
use walkon_core::grant::{Metered, Slice};
use walkon_core::id::{AccountId, ActionId, WorkerId};
use walkon_core::lease::{Ask, Claim, Claimed, Class, Duty, HandBack, Lease, Token};
use walkon_core::outcome::{Outcome, Settlement};
use walkon_core::rng::Seed;
use walkon_core::storage_state::StorageState;

use crate::desk::{Chunk, Desk, Error, Go, Next, OneTime};

/// Longer than any bench.
const LEASE: Duration = Duration::from_hours(1);

/// An action that ended: how long after it was handed out, and how.
#[derive(Debug, Clone)]
pub(super) struct Done {
    pub(super) took: Duration,
    pub(super) outcome: Outcome,
}

#[derive(Default)]
struct State {
    bundles: HashMap<AccountId, Bundle>,
    work: VecDeque<(AccountId, Action, Instant)>,
    /// Who has the account's browser.
    held: HashMap<AccountId, WorkerId>,
    handed: HashMap<ActionId, Instant>,
    done: Vec<Done>,
    handed_out: u64,
    visits: usize,
}

/// The stand-in.
#[derive(Default)]
pub(super) struct StandIn {
    state: Mutex<State>,
    changed: Notify,
}

impl StandIn {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes an account known.
    pub(super) fn enroll(&self, bundle: Bundle) {
        self.state().bundles.insert(bundle.account.id.clone(), bundle);
    }

    /// Gives an account something to do, due in a while.
    pub(super) fn give(&self, account: &AccountId, action: Action, after: Duration) {
        let due = Instant::now() + after;
        self.state().work.push_back((account.clone(), action, due));
        self.changed.notify_waiters();
    }

    /// Everything that has ended, once it is that much.
    pub(super) async fn done(&self, count: usize) -> Vec<Done> {
        loop {
            let changed = self.changed.notified();
            let done = self.state().done.clone();
            if done.len() >= count {
                return done;
            }
            changed.await;
        }
    }

    /// How often an account was taken up that nobody held.
    pub(super) fn visits(&self) -> usize {
        self.state().visits
    }

    /// Whether nobody's browser is open.
    pub(super) fn is_quiet(&self) -> bool {
        self.state().held.is_empty()
    }

    /// What is due for whoever asks; or when something is.
    fn choose(&self, ask: &Ask) -> Result<Claimed, Option<Duration>> {
        let mut state = self.state();
        let now = Instant::now();
        let asks = ask.classes.contains(&Class::Browser);
        let may = |state: &State, account: &AccountId| match state.held.get(account) {
            Some(holder) => *holder == ask.worker && ask.holds.contains(account),
            None => asks,
        };
        let at = state.work.iter().position(|(who, _, due)| *due <= now && may(&state, who));
        let Some(at) = at else {
            let dues = state.work.iter().filter(|(who, ..)| may(&state, who));
            return Err(dues.map(|(.., due)| due.saturating_duration_since(now)).min());
        };
        let Some((account, action, _)) = state.work.remove(at) else { return Err(None) };
        state.handed_out += 1;
        let number = state.handed_out;
        let id = ActionId::new(SystemClock.now(), &mut Seed(number).rng());
        if state.held.insert(account.clone(), ask.worker.clone()).is_none() {
            state.visits += 1;
        }
        state.handed.insert(id.clone(), now);
        let token = Token(format!("{number:016}"));
        let lease = Lease { account, class: Class::Browser, token, ttl: LEASE };
        let (duty, waited) = (Duty::Perform, Duration::ZERO);
        Ok(Claimed { lease, id, action, duty, attempt: 1, begun_at: None, waited })
    }
}

#[async_trait]
impl Desk for StandIn {
    async fn claim(&self, ask: &Ask, patience: Duration) -> Result<Claim, Error> {
        let until = Instant::now() + patience;
        loop {
            let changed = self.changed.notified();
            let next = match self.choose(ask) {
                Ok(claimed) => return Ok(Claim::Work(Box::new(claimed))),
                Err(next) => next,
            };
            let now = Instant::now();
            if now >= until {
                return Ok(Claim::Nothing { next });
            }
            let wait = next.map_or(until, |next| until.min(now + next));
            tokio::select! {
                () = changed => {}
                () = tokio::time::sleep_until(wait) => {}
            }
        }
    }

    async fn begin(&self, _: &Lease, _: &ActionId) -> Result<(), Error> {
        Ok(())
    }

    async fn extend(&self, _: &WorkerId, _: &[Lease]) -> Result<Vec<Token>, Error> {
        Ok(Vec::new())
    }

    async fn heed(&self, _: &[Lease]) -> Result<Vec<Token>, Error> {
        Ok(Vec::new())
    }

    async fn finish(
        &self,
        lease: &Lease,
        action: &ActionId,
        settlement: &Settlement,
        keep: bool,
    ) -> Result<(), Error> {
        let mut state = self.state();
        let handed = state.handed.remove(action).ok_or(Error::Fenced)?;
        let outcome = settlement.outcome.clone();
        state.done.push(Done { took: handed.elapsed(), outcome });
        if !keep {
            state.held.remove(&lease.account);
        }
        drop(state);
        self.changed.notify_waiters();
        Ok(())
    }

    async fn release(&self, lease: &Lease, _: Option<&HandBack>) -> Result<(), Error> {
        self.state().held.remove(&lease.account);
        self.changed.notify_waiters();
        Ok(())
    }

    async fn bundle(&self, lease: &Lease) -> Result<Bundle, Error> {
        let bundle = self.state().bundles.get(&lease.account).cloned();
        bundle.ok_or_else(|| Error::Failed { why: format!("nobody is called {}", lease.account) })
    }

    async fn slice(&self, _: &Lease, _: Metered, many: u32) -> Result<Slice, Error> {
        Ok(Slice { granted: many, wait_ms: 0 })
    }

    async fn code(&self, _: &Lease, _: Timestamp) -> Result<OneTime, Error> {
        Err(Error::Failed { why: "nobody signs in by a code here".to_owned() })
    }

    async fn file(&self, _: &Lease, _: &str) -> Result<Option<Vec<u8>>, Error> {
        Ok(None)
    }

    async fn step(&self, _: &Lease, _: &ActionId, _: &Next) -> Result<Go, Error> {
        Ok(Go::On)
    }

    async fn checkpoint(&self, lease: &Lease, kept: &StorageState) -> Result<(), Error> {
        if let Some(bundle) = self.state().bundles.get_mut(&lease.account) {
            bundle.state = Some(kept.clone());
        }
        Ok(())
    }

    async fn upload(&self, _: &Lease, _: Chunk) -> Result<(), Error> {
        Ok(())
    }
}
