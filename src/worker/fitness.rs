//! Whether this host can open browsers, as far as opening them has shown.
//!
//! A browser that is missing, or a jail that cannot be made, is the host's fault and no action's:
//! the action goes back unspent, and the worker asks for no browser work for a while, so that it
//! neither spins nor takes from others what they could do. The while doubles each time it ends in
//! the same way, and is forgotten when a browser has opened.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;
use walkon_core::lease::{Class, HostFault};

/// How long no browser work is asked for at first, and at the most.
const FIRST: Duration = Duration::from_secs(5);
const MOST: Duration = Duration::from_mins(1);

struct Withdrawn {
    fault: HostFault,
    wait: Duration,
    until: Instant,
}

/// A worker's own knowledge of its host; all its slots share it.
#[derive(Default)]
pub(super) struct Fitness(Mutex<Option<Withdrawn>>);

impl Fitness {
    fn with<T>(&self, work: impl FnOnce(&mut Option<Withdrawn>) -> T) -> T {
        // Every change is one assignment: a panic leaves nothing half done.
        work(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Why no browser is opened now, if that is so.
    pub(super) fn fault(&self, now: Instant) -> Option<HostFault> {
        self.with(|state| {
            let withdrawn = state.as_ref().filter(|withdrawn| now < withdrawn.until);
            withdrawn.map(|withdrawn| withdrawn.fault.clone())
        })
    }

    /// What to ask for now, of what the worker can do by its settings, and when to ask for all of
    /// it again.
    pub(super) fn classes(&self, all: &[Class], now: Instant) -> (Vec<Class>, Option<Instant>) {
        let until = self.with(|state| state.as_ref().map(|withdrawn| withdrawn.until));
        let until = until.filter(|until| now < *until);
        let fit = |class: &Class| until.is_none() || *class != Class::Browser;
        (all.iter().copied().filter(fit).collect(), until)
    }

    /// A browser could not be opened: none is for the time that is answered. `None`: another slot
    /// has found that out already.
    pub(super) fn failed(&self, fault: &HostFault, now: Instant) -> Option<Duration> {
        self.with(|state| {
            let wait = match state {
                Some(withdrawn) if now < withdrawn.until => return None,
                Some(withdrawn) => (withdrawn.wait * 2).min(MOST),
                None => FIRST,
            };
            *state = Some(Withdrawn { fault: fault.clone(), wait, until: now + wait });
            Some(wait)
        })
    }

    /// A browser has opened: all is well.
    pub(super) fn opened(&self) {
        self.with(|state| *state = None);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn missing() -> HostFault {
        HostFault { code: "browser_missing".to_owned(), why: "none; install one".to_owned() }
    }

    fn asked(fitness: &Fitness, now: Instant) -> Vec<Class> {
        fitness.classes(&Class::ALL, now).0
    }

    #[test]
    fn no_browser_work_is_asked_for_until_the_while_has_passed() {
        let (fitness, now) = (Fitness::default(), Instant::now());
        assert_eq!(asked(&fitness, now), Class::ALL);
        assert_eq!(fitness.failed(&missing(), now), Some(FIRST));
        assert_eq!(asked(&fitness, now), [Class::Api]);
        assert_eq!(fitness.fault(now), Some(missing()));
        let back = fitness.classes(&Class::ALL, now).1.expect("it ends");
        assert_eq!((asked(&fitness, back), fitness.fault(back)), (Class::ALL.to_vec(), None));
    }

    #[test]
    fn each_while_is_twice_the_last_up_to_a_minute() {
        let (fitness, mut now) = (Fitness::default(), Instant::now());
        let mut waits = Vec::new();
        for _ in 0..6 {
            let wait = fitness.failed(&missing(), now).expect("the last one has passed");
            waits.push(wait.as_secs());
            now += wait;
        }
        assert_eq!(waits, [5, 10, 20, 40, 60, 60]);
    }

    #[test]
    fn slots_that_fail_together_count_once() {
        let (fitness, now) = (Fitness::default(), Instant::now());
        assert!(fitness.failed(&missing(), now).is_some());
        assert_eq!(fitness.failed(&missing(), now + FIRST / 2), None);
        assert_eq!(fitness.failed(&missing(), now + FIRST), Some(FIRST * 2));
    }

    #[test]
    fn a_browser_that_opened_makes_it_forgotten() {
        let (fitness, now) = (Fitness::default(), Instant::now());
        assert!(fitness.failed(&missing(), now).is_some());
        fitness.opened();
        assert_eq!(asked(&fitness, now), Class::ALL);
        assert_eq!(fitness.failed(&missing(), now), Some(FIRST));
    }
}
