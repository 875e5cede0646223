//! A visit: one account's turn in a browser, as long as it has work that is due.
//!
//! The browser lives only under the account's lease. Between two actions the lease is kept; when
//! nothing more is due the browser is closed first and the lease let go after.

use std::time::Duration;

use tokio::time::Instant;
use walkon_core::gesture::Point;
use walkon_core::kind::EffectClass;
use walkon_core::lease::{Claimed, Class, HandBack, HostFault};
use walkon_core::outcome::{Made, Outcome, Settlement};
use walkon_core::recorder::{Note, Recorder};

use super::Slot;
use super::attempt::{Attempt, Trouble};
use super::by_api::settle_trouble;
use super::heartbeat::Renewed;
use super::perform::Performance;
use super::scene::{Scene, permitted};

/// How often a live session's recording is sent on while an action runs.
const SHIP_EVERY: Duration = Duration::from_millis(500);

impl Slot {
    /// A new try at a claimed action.
    pub(super) fn attempt(&self, claimed: Claimed, renewed: &Renewed) -> Attempt {
        let seed = self.worker.seed.child(claimed.id.as_str()).child(&claimed.attempt.to_string());
        let most = self.worker.options.attempt_max;
        let deadline = Instant::now() + most;
        let hard = self.worker.shutdown.hard().clone();
        let (lost, paused) = (renewed.lost().clone(), renewed.paused().clone());
        let (begins, begun, said) = (false, false, None);
        Attempt { claimed, seed, most, deadline, lost, hard, paused, begins, begun, said }
    }

    /// Carries an action out in the account's browser, and what else is due for it.
    pub(super) async fn carry_by_browser(&mut self, claimed: Claimed, asked: Instant) {
        let mut next = Some((claimed, asked));
        while let Some((claimed, asked)) = next.take() {
            next = match claimed.lease.class {
                Class::Browser => self.visit(claimed, asked).await,
                Class::Api => {
                    self.carry_by_api(claimed, asked).await;
                    None
                }
            };
        }
    }

    /// Answers a claim that turned out to be somebody else's work.
    async fn visit(&mut self, claimed: Claimed, asked: Instant) -> Option<(Claimed, Instant)> {
        if let Some(fault) = self.worker.fitness.fault(Instant::now()) {
            // It was asked for before another slot found out.
            let back = HandBack { id: claimed.id, fault: Some(fault) };
            self.hand_back(&claimed.lease, Some(back)).await;
            return None;
        }
        let mut renewed = self.worker.leases.keep(&claimed.lease, asked);
        let mut attempt = self.attempt(claimed, &renewed);
        let mut scene = match self.enter(&attempt).await {
            Ok(scene) => {
                self.worker.fitness.opened();
                scene
            }
            Err(trouble) => {
                self.settle_at_the_door(&attempt, &trouble).await;
                return None;
            }
        };
        loop {
            let settlement = self.perform(&mut scene, &mut attempt).await;
            let Claimed { lease, id, .. } = attempt.claimed.clone();
            if attempt.lost.is_cancelled() {
                scene.abandon().await;
                return None;
            }
            let Some(settlement) = settlement else {
                scene.leave(&lease, self.worker.clock.now()).await;
                self.hand_back(&lease, Some(HandBack::stopping(&id))).await;
                return None;
            };
            let well = matches!(settlement.outcome, Outcome::Done { .. })
                && !scene.session.is_dead()
                && !self.worker.shutdown.soft().is_cancelled()
                && !attempt.paused.is_cancelled();
            if !well {
                scene.leave(&lease, self.worker.clock.now()).await;
                self.settle(&lease, &id, &settlement, false, renewed.lost()).await;
                return None;
            }
            scene.checkpoint(&lease).await;
            scene.ship(&lease).await;
            if !self.settle(&lease, &id, &settlement, true, renewed.lost()).await {
                scene.abandon().await;
                return None;
            }
            let more = self.claim(std::slice::from_ref(&lease.account), Duration::ZERO).await;
            match more {
                Some((claimed, asked))
                    if claimed.lease.account == lease.account
                        && claimed.lease.class == Class::Browser =>
                {
                    renewed = self.worker.leases.keep(&claimed.lease, asked);
                    attempt = self.attempt(claimed, &renewed);
                }
                other => {
                    scene.leave(&lease, self.worker.clock.now()).await;
                    self.hand_back(&lease, None).await;
                    return other;
                }
            }
        }
    }

    /// The browser did not open: nothing was done.
    async fn settle_at_the_door(&self, attempt: &Attempt, trouble: &Trouble) {
        let Claimed { lease, id, duty, .. } = &attempt.claimed;
        match (trouble, trouble.host_fault()) {
            (Trouble::Lost, _) => {}
            (Trouble::Stopped, _) => self.hand_back(lease, Some(HandBack::stopping(id))).await,
            (_, Some(fault)) => {
                if let Some(wait) = self.worker.fitness.failed(&fault, Instant::now()) {
                    let HostFault { code, why } = &fault;
                    tracing::warn!(code, why, ?wait, "no browser here: its work goes to others");
                }
                let back = HandBack { id: id.clone(), fault: Some(fault) };
                self.hand_back(lease, Some(back)).await;
            }
            (trouble, None) => {
                let settlement = settle_trouble(trouble, false, *duty);
                self.settle(lease, id, &settlement, false, &attempt.lost).await;
            }
        }
    }

    /// Does one action; `None`: it was stopped before it began and goes back unspent.
    async fn perform(&self, scene: &mut Scene, attempt: &mut Attempt) -> Option<Settlement> {
        let action = attempt.claimed.action.clone();
        let id = attempt.claimed.id.to_string();
        let lease = attempt.claimed.lease.clone();
        scene.recording.note(Note::ActionBegin {
            action: id.clone(),
            kind: action.kind.clone(),
            target: action.target.as_ref().map(ToString::to_string),
            attempt: attempt.claimed.attempt,
        });
        let desk = self.worker.desk.clone();
        if let Err(trouble) = permitted(&scene.bundle, attempt, self.worker.clock.now()) {
            return judged(scene, attempt, Err(trouble), None);
        }
        scene.gate.acting(Some(&action.kind));
        let mut performance = Performance {
            rng: attempt.seed.child("motion").rng(),
            attempt,
            bundle: &scene.bundle,
            session: scene.session.as_ref(),
            recorder: scene.recording.as_ref(),
            desk: desk.as_ref(),
            persona: &scene.persona,
            pointer: scene.pointer,
            extracted: std::collections::BTreeMap::new(),
            step: 0,
            title: String::new(),
            tried_sign_in: false,
            is_signing_in: action.kind == "sign_in",
        };
        let shipping = async {
            loop {
                tokio::time::sleep(SHIP_EVERY).await;
                scene.recording.ship(desk.as_ref(), &lease).await;
            }
        };
        let done = tokio::select! {
            done = performance.act() => done,
            never = shipping => never,
        };
        let label = if done.is_ok() { "after" } else { "failed" };
        if !performance.attempt.lost.is_cancelled() {
            performance.picture(label).await;
        }
        let pointer = performance.pointer;
        let result = (!performance.extracted.is_empty())
            .then(|| serde_json::to_string(&performance.extracted).unwrap_or_default());
        scene.pointer = if pointer == Point::default() { scene.pointer } else { pointer };
        let settlement = judged(scene, attempt, done, result);
        let (outcome, why) = match &settlement {
            Some(Settlement { outcome, .. }) => {
                (outcome.name(), outcome.reason().map(|(_, why)| why.to_owned()))
            }
            None => ("stopped", None),
        };
        scene.recording.note(Note::ActionEnd { action: id, outcome: outcome.to_owned(), why });
        settlement
    }
}

/// What a try comes to; `None`: it was stopped before it began.
fn judged(
    scene: &Scene,
    attempt: &Attempt,
    done: Result<Made, Trouble>,
    result: Option<String>,
) -> Option<Settlement> {
    match done {
        Ok(effect) => {
            let outcome = Outcome::Done { effect };
            Some(Settlement { result, ..outcome.into() })
        }
        Err(Trouble::Stopped) if !attempt.begun => None,
        Err(trouble) => {
            let trouble = scene.way_out(trouble);
            let (id, code) = (&attempt.claimed.id, trouble.code());
            tracing::info!(action = %id, code, %trouble, "attempt failed");
            let effectful = attempt.claimed.action.kind_row().effect != EffectClass::None;
            let begun = attempt.begun && effectful;
            Some(settle_trouble(&trouble, begun, attempt.claimed.duty))
        }
    }
}
