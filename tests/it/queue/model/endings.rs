//! How attempts end, and what becomes of the action then.

use walkon_core::event::ActionState;
use walkon_core::id::ActionId;
use walkon_core::kind::{EffectClass, OnLost};
use walkon_core::lease::{Class, Duty, Lease};
use walkon_core::outcome::{NOT_THERE, Outcome};

use super::breaker::State;
use super::jobs::Place;
use super::{ATTEMPTS, LEASE, LETTERS_KEPT, LOSSES, Model, RETRY_BASE, RETRY_MAX};

/// The wait before the try after the `n`th: twice as long each time, a fifth more or less.
fn backoff(now: i64, n: i64, after: i64) -> (i64, i64) {
    let plain = (RETRY_BASE << (n - 1).clamp(0, 20)).min(RETRY_MAX) as f64;
    let (short, long) = ((plain * 0.8) as i64 - 1, (plain * 1.2) as i64 + 1);
    (now + short.max(after), now + long.max(after))
}

impl Model {
    /// The action ends.
    pub(crate) fn end(&mut self, id: &ActionId, state: ActionState) {
        let now = self.now();
        let mut job = self.open.remove(id).expect("it is open");
        job.place = Place::Ended(state);
        job.charge = None;
        job.begun = None;
        job.ends.push(state);
        self.ended.insert(id.clone(), job);
        if state == ActionState::Failed {
            self.letters.insert(id.clone(), now);
            self.letters.retain(|_, at| *at > now - LETTERS_KEPT);
        }
    }

    fn requeue(&mut self, id: &ActionId, due: (i64, i64), duty: Duty) {
        self.open.get_mut(id).expect("it is open").place = Place::Lane { duty, due };
    }

    pub(super) fn park(&mut self, id: &ActionId) {
        self.open.get_mut(id).expect("it is open").place = Place::Parked;
    }

    fn again(&mut self, id: &ActionId, due: (i64, i64)) {
        let job = self.open.get_mut(id).expect("it is open");
        (job.charge, job.begun) = (None, None);
        let (taken_back, worn) = (job.taken_back, job.attempts >= ATTEMPTS || job.losses >= LOSSES);
        let is_over = taken_back || worn;
        match () {
            () if is_over && job.may_be_made() => self.look(id, due),
            () if taken_back => self.end(id, ActionState::Cancelled),
            () if worn => self.end(id, ActionState::Failed),
            () => self.requeue(id, due, Duty::Perform),
        }
    }

    /// A reading did not tell.
    fn unread(&mut self, id: &ActionId, after: i64) {
        let now = self.now();
        let job = self.open.get_mut(id).expect("it is open");
        job.readings += 1;
        let readings = job.readings;
        if readings >= ATTEMPTS {
            return self.park(id);
        }
        self.requeue(id, backoff(now, readings, after), Duty::Verify);
    }

    /// The site is read: what is found there was made when the first attempt began.
    fn look(&mut self, id: &ActionId, due: (i64, i64)) {
        let job = self.open.get_mut(id).expect("it is open");
        job.begun = job.begun_before.or(job.begun);
        job.readings = 0;
        self.requeue(id, due, Duty::Verify);
    }

    /// Whether a cap leaves the action no room at the time it is due; `None`: chance decides, for a
    /// window ends within the time it may be due in.
    fn is_full(&self, id: &ActionId, due: (i64, i64)) -> Option<bool> {
        let job = &self.open[id];
        let account = &self.accounts[&job.account];
        let full = |at| account.books.is_full(&account.terms(), &self.fleet, &job.kind, at);
        (full(due.0) == full(due.1)).then(|| full(due.0))
    }

    /// It may have been done: its kind says what follows. What would be made again is read where a
    /// cap has no room for it; `told` is what became of it where chance decides that.
    fn doubt(&mut self, id: &ActionId, due: (i64, i64), told: Option<ActionState>) {
        let job = &self.open[id];
        let is_read = match job.on_lost {
            OnLost::Park => return self.park(id),
            OnLost::Verify => true,
            OnLost::Retry if job.effect == EffectClass::None => false,
            OnLost::Retry => {
                let told = told.map(|state| state == ActionState::Unknown);
                self.is_full(id, due).or(told).expect("what is due now is due at one time")
            }
        };
        if is_read {
            return self.look(id, due);
        }
        let job = self.open.get_mut(id).expect("it is open");
        job.begun_before = job.begun_before.or(job.begun);
        self.again(id, due);
    }

    /// Its time has passed while it waited, and somebody has looked, at `since` at the earliest:
    /// what an earlier attempt may have made is read before anybody says it was never done.
    pub(crate) fn expire(&mut self, id: &ActionId, since: i64) {
        if self.open[id].may_be_made() {
            self.look(id, (since, self.now()));
        } else {
            self.end(id, ActionState::Expired);
        }
    }

    /// The worker that held this lease is gone.
    pub(crate) fn lose(&mut self, account: &str, class: Class) {
        let now = self.now();
        let account = self.accounts.get_mut(account).expect("a known account");
        let seat = account.seats.remove(&class).expect("it was held");
        let Some(id) = seat.job else { return };
        let job = self.open.get_mut(&id).expect("it was leased");
        job.losses += 1;
        let losses = job.losses;
        if job.duty() == Duty::Verify {
            return self.unread(&id, 0);
        }
        if job.begun.is_none() {
            // Another worker takes it up at once, the first time; then it waits, lest it take its
            // workers with it again and again.
            let due = if losses > 1 { backoff(now, losses - 1, 0) } else { (now, now) };
            return self.again(&id, due);
        }
        account.books.last.insert(job.kind.clone(), now);
        self.doubt(&id, (now, now), None);
    }

    fn refund(&mut self, lease: &Lease, id: &ActionId) {
        let account = self.accounts.get_mut(lease.account.as_str()).expect("a known account");
        let job = self.open.get_mut(id).expect("it is leased");
        if let Some(charge) = job.charge.take() {
            account.books.refund(&mut self.fleet, &job.kind, &charge);
            if let Some(claims) = self.record.claims.get_mut(&job.account) {
                claims.remove(&lease.token);
            }
        }
        self.record.performed.retain(|one| one.token != lease.token);
    }

    /// Settles an attempt whose lease is held; whether the lease goes on. `told` is what the queue
    /// says of both: only where it may choose is it listened to.
    pub(crate) fn finish(
        &mut self,
        lease: &Lease,
        id: &ActionId,
        outcome: &Outcome,
        keep: bool,
        told: Option<(ActionState, bool)>,
    ) -> bool {
        let (now, account) = (self.now(), lease.account.as_str());
        let (state, is_kept) = told.unzip();
        let job = self.open.get_mut(id).expect("it is leased");
        let (duty, attempts, kind) = (job.duty(), job.attempts, job.kind.clone());
        let is_notrun = matches!(outcome, Outcome::NotRun { .. });
        if duty == Duty::Perform && kind != "sign_in" && !is_notrun {
            let books = &mut self.accounts.get_mut(account).expect("a known account").books;
            books.last.insert(kind, now);
            for one in self.record.performed.iter_mut().rev().take(40) {
                if one.token == lease.token {
                    one.to = now;
                }
            }
        }
        if duty == Duty::Perform {
            self.judge(account, outcome);
        }
        let after = match outcome {
            Outcome::Retry { after, .. } => after.unwrap_or_default().as_millis() as i64,
            _ => 0,
        };
        let due = backoff(now, attempts, after);
        match (outcome, duty) {
            (Outcome::Done { .. }, _) => self.end(id, ActionState::Done),
            (Outcome::Retry { code, .. }, Duty::Verify) if code == NOT_THERE => {
                self.open.get_mut(id).expect("it is open").begun_before = None;
                self.again(id, due);
            }
            (Outcome::Fatal { .. }, Duty::Verify) => self.park(id),
            (_, Duty::Verify) => self.unread(id, after),
            (Outcome::Fatal { .. }, _) => self.end(id, ActionState::Failed),
            (Outcome::Unknown { .. }, _) => self.doubt(id, due, state),
            (Outcome::NotRun { .. }, _) => {
                self.refund(lease, id);
                self.again(id, due);
            }
            (Outcome::Retry { .. }, _) => self.again(id, due),
        }
        self.settled.insert(lease.token.clone(), id.clone());
        let account = self.accounts.get_mut(account).expect("a known account");
        let seat = account.seats.get_mut(&lease.class).expect("it is held");
        let until = seat.until;
        let shut = match account.breaker.state {
            State::Closed => false,
            // It has this attempt still in hand.
            State::HalfOpen => true,
            State::Open((soonest, latest)) => {
                now < soonest || now < latest && !is_kept.unwrap_or(true)
            }
        };
        (seat.job, seat.kind, seat.until) = (None, None, now + LEASE);
        let barred = account.barred(lease.class).max(self.guard.shut_until(false));
        let kept = keep && barred <= now && !shut && now < until;
        if !kept {
            account.seats.remove(&lease.class);
        }
        kept
    }

    /// Hands back an action, or (none) a lease that was kept.
    pub(crate) fn release(&mut self, lease: &Lease, id: Option<&ActionId>) {
        let now = self.now();
        let account = self.accounts.get_mut(lease.account.as_str()).expect("a known account");
        account.seats.remove(&lease.class);
        let Some(id) = id else { return };
        self.settled.insert(lease.token.clone(), id.clone());
        let job = self.open.get_mut(id).expect("it is leased");
        if job.duty() == Duty::Verify {
            return self.requeue(id, (now, now), Duty::Verify);
        }
        if job.begun.is_some() {
            // It may have acted: the cooldown runs from now, as after any other ending.
            account.books.last.insert(job.kind.clone(), now);
            return self.doubt(id, (now, now), None);
        }
        self.refund(lease, id);
        self.open.get_mut(id).expect("it is open").attempts -= 1;
        self.again(id, (now, now));
    }

    /// Somebody takes an action back; its state after, if it had not ended before.
    pub(crate) fn cancel(&mut self, id: &ActionId) {
        let Some(job) = self.open.get_mut(id) else { return };
        job.taken_back = true;
        if job.state() == ActionState::Waiting {
            let now = self.now();
            self.again(id, (now, now));
        }
    }

    /// A person settles a dead letter; `None`: it is none.
    pub(crate) fn resolve(
        &mut self,
        id: &ActionId,
        verb: walkon::queue::Resolution,
    ) -> Option<ActionState> {
        use walkon::queue::Resolution::{Done, Failed, Retry};
        let now = self.now();
        let parked = self.open.get(id).is_some_and(|job| job.place == Place::Parked);
        let dead = self.letters.contains_key(id);
        if !(parked || dead && verb == Retry) {
            return None;
        }
        let account = self.job(id).map(|job| job.account.clone()).expect("it is known");
        if verb == Retry && self.accounts[&account].is_gone {
            return None;
        }
        self.letters.remove(id);
        match verb {
            Done => self.end(id, ActionState::Done),
            Failed => self.end(id, ActionState::Failed),
            Retry => {
                let ended = self.ended.remove(id);
                let mut job = ended.or_else(|| self.open.remove(id)).expect("it is known");
                (job.attempts, job.losses, job.readings) = (0, 0, 0);
                (job.charge, job.begun, job.expires) = (None, None, None);
                job.taken_back = false;
                job.place = Place::Lane { duty: Duty::Perform, due: (now, now) };
                self.open.insert(id.clone(), job);
            }
        }
        self.job(id).map(|job| job.state())
    }
}
