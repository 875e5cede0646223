//! Step by step: an action that waits before each step until a person lets it go on.
//!
//! It is for somebody who writes a behavior and looks on. What is let go stands in this process
//! alone, for as long as anybody asks: the worker asks here before each step, and the person's
//! command says so here. It spares no limit and no hold: those were asked before the action began.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;
use walkon_core::id::ActionId;

use crate::desk::{Go, Next};

/// How long it is remembered how far an action may go after it was last asked for.
const KEPT: Duration = Duration::from_mins(30);

/// How far actions may go, step by step.
#[derive(Debug, Clone, Default)]
pub struct Steps(Arc<watch::Sender<BTreeMap<ActionId, Far>>>);

#[derive(Debug, Clone)]
struct Far {
    /// Up to which step it may go.
    to: u32,
    /// Whoever walked it has left.
    left: bool,
    /// At which it waits.
    waits_at: Option<Next>,
    asked: Instant,
}

impl Steps {
    /// Lets an action begin its steps up to this one.
    pub fn let_go(&self, action: &ActionId, to: u32) {
        self.touch(action, |far| {
            far.to = far.to.max(to);
            far.waits_at = far.waits_at.take().filter(|at| at.step > far.to);
        });
    }

    /// At which step an action waits to be let go.
    pub fn waits_at(&self, action: &ActionId) -> Option<(u32, String)> {
        let all = self.0.borrow();
        let next = all.get(action)?.waits_at.as_ref()?;
        Some((next.step, next.title.clone()))
    }

    /// Whoever walked it leaves: it goes no further.
    pub fn leave(&self, action: &ActionId) {
        self.touch(action, |far| (far.left, far.waits_at) = (true, None));
    }

    /// Whether a step may begin, once that was said or the patience is over.
    pub async fn may_begin(&self, action: &ActionId, next: &Next, patience: Duration) -> Go {
        let step = next.step;
        self.touch(action, |far| far.waits_at = (far.to < step).then(|| next.clone()));
        let mut far = self.0.subscribe();
        let said = |all: &BTreeMap<ActionId, Far>| {
            all.get(action).is_some_and(|far| far.left || far.to >= step)
        };
        match tokio::time::timeout(patience, far.wait_for(said)).await {
            Ok(Ok(all)) if all.get(action).is_some_and(|far| far.left) => Go::Leave,
            Ok(_) => Go::On,
            Err(_) => Go::Wait,
        }
    }

    fn touch(&self, action: &ActionId, change: impl FnOnce(&mut Far)) {
        let now = Instant::now();
        self.0.send_modify(|all| {
            all.retain(|_, far| now - far.asked < KEPT);
            let new = Far { to: 0, left: false, waits_at: None, asked: now };
            let far = all.entry(action.clone()).or_insert(new);
            far.asked = now;
            change(far);
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_step_begins_when_it_is_let_go_and_not_before() {
        let steps = Steps::default();
        let action: ActionId = "a-1".parse().unwrap();
        let next = |step| Next { step, title: format!("step {step}") };
        assert_eq!(steps.may_begin(&action, &next(1), Duration::ZERO).await, Go::Wait);
        assert_eq!(steps.waits_at(&action), Some((1, "step 1".to_owned())));
        let one = next(1);
        let waiting = steps.may_begin(&action, &one, Duration::from_secs(5));
        let (may, ()) = tokio::join!(waiting, async { steps.let_go(&action, 1) });
        assert_eq!(may, Go::On);
        assert_eq!(steps.waits_at(&action), None);
        assert_eq!(steps.may_begin(&action, &next(2), Duration::ZERO).await, Go::Wait);
        steps.leave(&action);
        assert_eq!(steps.may_begin(&action, &next(2), Duration::ZERO).await, Go::Leave);
    }
}
