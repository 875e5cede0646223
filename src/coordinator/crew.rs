//! The crew: how the workers stand that speak to this coordinator, as they told it last.
//!
//! It is for people and autoscalers alone. No claim asks for it: a worker that is short asks for no
//! browser work by itself.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;
use walkon_core::event::ActionState;
use walkon_core::id::{ActionId, WorkerId};
use walkon_core::lease::Class;
use walkon_core::pressure::Pressure;
use walkon_core::routing;

use super::{Coordinator, Error};
use crate::queue::{Explanation, Reason};

/// After so long without a word a worker is taken for gone; they tell each ten seconds.
const SILENT: Duration = Duration::from_secs(30);
/// The most workers that are remembered.
const WORKERS_MAX: usize = 10_000;

/// How workers stand.
#[derive(Debug, Default)]
pub struct Crew(Mutex<BTreeMap<WorkerId, (Pressure, Instant)>>);

impl Crew {
    fn lock(&self) -> MutexGuard<'_, BTreeMap<WorkerId, (Pressure, Instant)>> {
        // Every change is one insert or removal: a panic leaves nothing half done.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A worker says how it stands.
    pub fn told(&self, worker: &WorkerId, pressure: &Pressure, now: Instant) {
        let mut all = self.lock();
        all.retain(|_, (_, at)| now.duration_since(*at) < SILENT);
        if all.len() < WORKERS_MAX {
            all.insert(worker.clone(), (pressure.clone(), now));
        }
    }

    /// How each stands that was heard of lately.
    pub fn all(&self, now: Instant) -> Vec<(WorkerId, Pressure)> {
        let all = self.lock();
        let lately = all.iter().filter(|(_, (_, at))| now.duration_since(*at) < SILENT);
        lately.map(|(worker, (pressure, _))| (worker.clone(), pressure.clone())).collect()
    }

    /// Why no worker takes browser work, if there are workers and none does.
    fn unfit(&self, now: Instant) -> Option<String> {
        let all = self.all(now);
        if all.is_empty() || all.iter().any(|(_, pressure)| !pressure.reason.withdraws()) {
            return None;
        }
        let each = all.iter().map(|(worker, pressure)| format!("{worker}: {}", pressure.why));
        Some(each.collect::<Vec<_>>().join("; "))
    }
}

impl Coordinator {
    /// Why an action is not running, workers' hosts included.
    pub async fn why(&self, id: &ActionId) -> Result<Option<Explanation>, Error> {
        let Some(mut explained) = self.queue.why(id).await? else { return Ok(None) };
        let waits = explained.state == ActionState::Waiting;
        let could = explained.reasons.iter().all(|reason| reason.code == "handed_back");
        if waits
            && could
            && let Some(words) = self.crew.unfit(Instant::now())
            && self.is_for_browsers(id).await?
        {
            let (code, words) = ("no_worker".to_owned(), words);
            let (until, since, used, most) = (None, None, None, None);
            explained.reasons.push(Reason { code, until, since, used, most, words });
        }
        Ok(Some(explained))
    }

    async fn is_for_browsers(&self, id: &ActionId) -> Result<bool, Error> {
        let Some(view) = self.queue.action(id).await? else { return Ok(false) };
        let Some(account) = &view.account else { return Ok(false) };
        let Some(standing) = self.store.account(account).await? else { return Ok(false) };
        let (kind, wish) = (view.action.kind_row(), view.action.route);
        let route = routing::route(kind, wish, &self.facts(&standing.account));
        Ok(route.is_ok_and(|routing| routing.class == Class::Browser))
    }
}

#[cfg(test)]
mod tests {
    use walkon_core::pressure;

    use super::*;

    fn standing(reason: pressure::Reason) -> Pressure {
        let (why, headroom) = (format!("{} is short", reason.name()), None);
        Pressure { reason, why, slots: 2, busy: 0, parked: 0, headroom, orphans: 0 }
    }

    #[test]
    fn only_where_every_worker_has_withdrawn_is_that_the_reason() {
        let (crew, now) = (Crew::default(), Instant::now());
        assert_eq!(crew.unfit(now), None, "nobody is known: they may not have told yet");
        let (one, two) = ("w-1".parse().unwrap(), "w-2".parse().unwrap());
        crew.told(&one, &standing(pressure::Reason::Memory), now);
        assert_eq!(crew.unfit(now).unwrap(), "w-1: memory is short");
        crew.told(&two, &standing(pressure::Reason::Full), now);
        assert_eq!(crew.unfit(now), None, "it only has to wait for its turn");
        assert_eq!(crew.all(now).len(), 2);
        assert_eq!(crew.all(now + SILENT), []);
    }
}
