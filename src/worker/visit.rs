//! A visit: one account's turn in a browser, as long as it has work that is due.
//!
//! The browser lives only under the account's lease. Between two actions the lease is kept, and the
//! browser is parked where the second is due soon; when nothing more is due it is closed first and
//! the lease let go after. So it is, too, when the account was changed meanwhile: what is due then
//! is done in a new one, with the new password, proxy or device.

use std::time::Duration;

use tokio::time::Instant;
use walkon_core::bundle::Bundle;
use walkon_core::gesture::Point;
use walkon_core::kind::EffectClass;
use walkon_core::lease::{Claimed, Class, HandBack, HostFault, Lease};
use walkon_core::outcome::{Made, Outcome, Settlement};
use walkon_core::recorder::{Note, Recorder};

use super::Slot;
use super::admission::Room;
use super::attempt::{Attempt, Trouble};
use super::by_api::settle_trouble;
use super::heartbeat::Renewed;
use super::perform::Performance;
use super::scene::{Scene, permitted};
use super::stepping;

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
                // A visit is large, and most of a slot's time it is not made.
                Class::Browser => Box::pin(self.visit(claimed, asked)).await,
                Class::Api => {
                    self.carry_by_api(claimed, asked).await;
                    None
                }
            };
        }
    }

    /// Answers a claim that turned out to be somebody else's work.
    async fn visit(&mut self, claimed: Claimed, asked: Instant) -> Option<(Claimed, Instant)> {
        let room = match self.room_for(&claimed) {
            Ok(room) => room,
            Err(fault) => {
                let back = HandBack { id: claimed.id, fault: Some(fault) };
                self.hand_back(&claimed.lease, Some(back)).await;
                return None;
            }
        };
        let mut renewed = self.worker.leases.keep(&claimed.lease, asked);
        let mut attempt = self.attempt(claimed, &renewed);
        let mut scene = match self.enter(&attempt).await {
            Ok(scene) => {
                self.worker.fitness.opened();
                scene.with_room(room)
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
            if scene.session.is_dead() {
                self.worker.struck(&lease.account, scene.is_packed);
            }
            let Some(settlement) = settlement else {
                self.leave(scene, &lease).await;
                self.hand_back(&lease, Some(HandBack::stopping(&id))).await;
                return None;
            };
            if !self.goes_on(&settlement, &scene, &attempt) {
                self.leave(scene, &lease).await;
                self.settle(&lease, &id, &settlement, false, renewed.lost()).await;
                return None;
            }
            self.worker.strikes.well(&lease.account);
            scene.checkpoint(&lease).await;
            scene.ship(&lease).await;
            if !self.settle(&lease, &id, &settlement, true, renewed.lost()).await {
                scene.abandon().await;
                return None;
            }
            scene.weigh().await;
            match self.next(&scene, &lease, &renewed).await {
                Some((claimed, asked)) if self.may_stay(&scene, &claimed.lease).await => {
                    renewed = self.worker.leases.keep(&claimed.lease, asked);
                    attempt = self.attempt(claimed, &renewed);
                }
                _ if renewed.lost().is_cancelled() => {
                    scene.abandon().await;
                    return None;
                }
                // It died while it was parked, or is not the account's any more: the action is
                // done in another one.
                Some((claimed, asked)) => {
                    self.leave(scene, &claimed.lease).await;
                    return Some((claimed, asked));
                }
                None => {
                    self.leave(scene, &lease).await;
                    self.hand_back(&lease, None).await;
                    return None;
                }
            }
        }
    }

    /// Whether the browser may be kept for the account's next action.
    fn goes_on(&self, settlement: &Settlement, scene: &Scene, attempt: &Attempt) -> bool {
        matches!(settlement.outcome, Outcome::Done { .. })
            && !scene.session.is_dead()
            && !self.worker.shutdown.soft().is_cancelled()
            && !attempt.paused.is_cancelled()
    }

    /// Whether the browser that waited lives, and the account is what it was opened for.
    async fn may_stay(&self, scene: &Scene, lease: &Lease) -> bool {
        !scene.session.is_dead()
            && match self.worker.desk.bundle(lease).await {
                // Its state is what the browser itself has given.
                Ok(now) => Bundle { state: scene.bundle.state.clone(), ..now } == scene.bundle,
                // Who cannot say is asked again before anything is done.
                Err(_) => true,
            }
    }

    /// Whether a browser can be opened here for it, and fits.
    fn room_for(&self, claimed: &Claimed) -> Result<Room, HostFault> {
        // It was asked for before another slot found out.
        if let Some(fault) = self.worker.fitness.fault(Instant::now()) {
            return Err(fault);
        }
        let admitted = self.worker.admission.admit(Some(&claimed.lease.account));
        admitted.map_err(|(_, fault)| {
            self.worker.withdraw(&fault, Instant::now());
            fault
        })
    }

    /// Closes the browser, and keeps in mind what it took.
    async fn leave(&self, mut scene: Scene, lease: &Lease) {
        scene.weigh().await;
        if let Some(bytes) = scene.took() {
            self.worker.admission.took(&lease.account, bytes);
        }
        scene.leave(lease, self.worker.clock.now()).await;
    }

    /// The browser did not open: nothing was done.
    async fn settle_at_the_door(&self, attempt: &Attempt, trouble: &Trouble) {
        let Claimed { lease, id, duty, .. } = &attempt.claimed;
        match (trouble, trouble.host_fault()) {
            (Trouble::Lost, _) => {}
            (Trouble::Stopped, _) => self.hand_back(lease, Some(HandBack::stopping(id))).await,
            (_, Some(fault)) => {
                self.worker.withdraw(&fault, Instant::now());
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
        scene.gate.acting(Some(&action.kind), &lease);
        let mut performance = Performance {
            rng: attempt.seed.child("motion").rng(),
            attempt,
            bundle: &scene.bundle,
            session: scene.session.as_ref(),
            recorder: scene.recording.as_ref(),
            desk: desk.as_ref(),
            gate: &scene.gate,
            persona: &scene.persona,
            pointer: scene.pointer,
            pace: stepping::pace(&action, &scene.bundle),
            since: self.worker.clock.now(),
            unless: None,
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
