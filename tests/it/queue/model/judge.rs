//! Whether a claim is right, and whether finding nothing is.

use walkon::queue::Shut;
use walkon_core::id::ActionId;
use walkon_core::lease::{Ask, Claimed, Class, Duty, Lease};

use super::Performed;
use super::jobs::{Account, Job, Place, Seat};
use super::{ATTEMPTS, LEASE, Model};
use crate::support::redis::ms;

/// At which shares of a wait it is looked whether something could have been claimed meanwhile.
const LOOKS: [f64; 4] = [0.25, 0.5, 0.75, 1.0];
/// How long "not before something arrives" is looked at.
const FOREVER: i64 = 3 * super::calendar::DAY;

/// Why an action may not be claimed in this class at `at`, by the number of the invariant. What
/// chance decides (`is_sure`) must be over for certain.
fn bar(model: &Model, job: &Job, class: Class, at: i64, is_sure: bool) -> Option<u8> {
    let account: &Account = &model.accounts[&job.account];
    let Place::Lane { duty, due } = job.place else { return Some(8) };
    if at < (if is_sure { due.1 } else { due.0 }) {
        return Some(18);
    }
    if account.class_of(job) != Some(class) || account.barred(class) > at {
        return Some(14);
    }
    if at < model.guard.shut_until(is_sure) {
        return Some(15);
    }
    if account.breaker.is_shut(at, account.is_acting(), is_sure) {
        return Some(15);
    }
    if duty == Duty::Perform && job.expires.is_some_and(|end| end <= at) {
        return Some(8);
    }
    if job.is_free() {
        return None;
    }
    if account.is_busy(&job.kind) {
        return Some(5);
    }
    account.books.bar(&account.terms(), &model.fleet, &job.kind, at)
}

/// What has come between a claim and its act.
fn shut_by(is_paused: bool, account: &Account, kind: &str, now: i64) -> Option<Shut> {
    let is_late = kind != "sign_in" && !account.terms().is_open(now);
    if is_paused {
        Some(Shut::Paused)
    } else if account.held.is_some_and(|until| until > now) {
        Some(Shut::Held)
    } else {
        is_late.then_some(Shut::Hours)
    }
}

impl Model {
    /// Whether the seat can be taken: free, or kept by this very worker, which names it.
    fn is_free(&self, job: &Job, class: Class, ask: &Ask) -> bool {
        let holds = ask.holds.iter().any(|id| id.as_str() == job.account);
        self.seat(&job.account, class).is_none_or(|seat| {
            let mine = seat.worker == ask.worker.to_string();
            seat.job.is_none() && mine && holds && class == Class::Browser
        })
    }

    /// Whether it can be claimed now, for certain.
    pub(crate) fn is_claimable(&self, job: &Job, ask: &Ask, class: Class) -> bool {
        self.is_free(job, class, ask) && bar(self, job, class, self.now(), true).is_none()
    }

    fn claimable(&self, ask: &Ask, at: i64) -> Option<&ActionId> {
        let mut jobs = self.open.iter();
        let is = |job: &Job| {
            let class = self.accounts[&job.account].class_of(job)?;
            let asked = ask.classes.contains(&class) && self.is_free(job, class, ask);
            (asked && bar(self, job, class, at, true).is_none()).then_some(())
        };
        jobs.find(|(_, job)| is(job).is_some()).map(|(id, _)| id)
    }

    /// Judges "nothing to claim, ask again then".
    pub(crate) fn idle(&self, ask: &Ask, next: Option<i64>) {
        let now = self.now();
        assert!(self.shut().is_none(), "[19] claims are open where they must be shut");
        // What was given back to the fleet is used by whoever looks; who waits need not look. Where
        // a site's breaker has just turned, they are woken once its accounts are put back.
        let ends = super::calendar::fleet_ends(now);
        if self.guard.has_turned || (0..2).any(|n| self.fleet.refunded[n] == ends[n]) {
            return;
        }
        if let Some(id) = self.claimable(ask, now) {
            panic!("[18] nothing was claimed, but {id} could be: {:?}", self.open[id]);
        }
        let wait = next.unwrap_or(FOREVER);
        for share in LOOKS {
            let at = now + (wait as f64 * share) as i64 - 1;
            if let Some(id) = self.claimable(ask, at).filter(|_| at > now) {
                let job = &self.open[id];
                panic!("[18] told to wait {next:?} ms, {id} can be claimed at {at}: {job:?}");
            }
        }
    }

    /// Why claims are shut, if they are, and for how long.
    pub(crate) fn shut(&self) -> Option<(&'static str, i64)> {
        if self.now() < self.resume {
            return Some(("restarted", self.resume - self.now()));
        }
        if self.clock.late() > 1000 {
            return Some(("clock", self.clock.late()));
        }
        // A person's pause ends by a person: it is asked again soon.
        self.is_paused.then_some(("chance", 1_000))
    }

    /// Judges a claim, and notes it.
    pub(crate) fn claimed(&mut self, ask: &Ask, claimed: &Claimed) {
        let (now, lease) = (self.now(), &claimed.lease);
        let id = lease.account.to_string();
        if claimed.duty == Duty::Verify {
            self.look_overdue(&claimed.id);
        }
        let job = self.open.get(&claimed.id);
        let Some(job) = job else { panic!("[8] {} was claimed and is not open", claimed.id) };
        assert_eq!(job.account, id, "[8] somebody else's action");
        assert!(ask.classes.contains(&lease.class) || !ask.holds.is_empty(), "[14] {lease:?}");
        let free = self.is_free(job, lease.class, ask);
        assert!(free, "[5] {id} has a live lease: {:?}", self.seat(&id, lease.class));
        assert_eq!(claimed.duty, job.duty(), "[8] {job:?}");
        if let Some(number) = bar(self, job, lease.class, now, false) {
            panic!("[{number}] {} may not be claimed at {now}: {job:?}", claimed.id);
        }
        let begun = if claimed.duty == Duty::Verify { job.begun } else { job.begun_before };
        assert_eq!(claimed.begun_at.map(ms), begun, "[8] when it began: {job:?}");
        let first = self.open.iter().filter(|(_, other)| {
            let same = other.account == id && other.rank < job.rank;
            same && bar(self, other, lease.class, now, true).is_none()
        });
        let first: Vec<_> = first.collect();
        assert!(first.is_empty(), "[18] {job:?} came before {first:?}");
        assert!(self.last.as_ref().is_none_or(|last| lease.token > *last), "[6] {lease:?}");
        self.last = Some(lease.token.clone());
        self.take(ask, claimed, now);
    }

    /// What waited too long and may have been made is read as soon as somebody looks at it.
    pub(crate) fn look_overdue(&mut self, id: &ActionId) {
        let (now, job) = (self.now(), self.open.get(id));
        let overdue = job.filter(|job| job.is_overdue(now) && job.may_be_made());
        if let Some(since) = overdue.and_then(|job| job.expires) {
            self.expire(id, since);
        }
    }

    fn take(&mut self, ask: &Ask, claimed: &Claimed, now: i64) {
        let lease = &claimed.lease;
        let account = self.accounts.get_mut(lease.account.as_str()).expect("a known account");
        let job = self.open.get_mut(&claimed.id).expect("it is open");
        let performs = claimed.duty == Duty::Perform;
        if performs {
            account.breaker.claimed();
            self.guard.claimed(lease.account.as_str(), now);
            job.attempts += 1;
            if job.kind != "sign_in" {
                let terms = super::books::Terms { plan: &account.plan, zone: &account.zone };
                let charge = account.books.charge(&terms, &mut self.fleet, &job.kind, now);
                job.charge = Some(charge);
                let claims = self.record.claims.entry(job.account.clone()).or_default();
                claims.insert(lease.token.clone(), now);
            }
        }
        assert_eq!(i64::from(claimed.attempt), job.attempts.max(1), "[21] {job:?}");
        assert!(job.attempts <= ATTEMPTS, "[21] {job:?}");
        job.place = Place::Leased { class: lease.class, duty: claimed.duty };
        let seat = Seat {
            token: lease.token.clone(),
            until: now + LEASE,
            worker: ask.worker.to_string(),
            job: Some(claimed.id.clone()),
            kind: performs.then(|| job.kind.clone()),
        };
        assert_eq!(lease.ttl.as_millis() as i64, LEASE, "[5] a lease's length");
        account.seats.insert(lease.class, seat);
    }

    /// What a worker is to be told that is about to act; notes the effect.
    pub(crate) fn begin(&mut self, lease: &Lease, id: &ActionId) -> walkon::queue::Begun {
        use walkon::queue::Begun::{Fenced, Full, Go, Shut};
        let now = self.now();
        let live = self.holds(lease, Some(id));
        let until = self.seat(lease.account.as_str(), lease.class).map(|seat| seat.until);
        if !live || until.is_none_or(|until| now >= until) {
            return Fenced;
        }
        let is_paused = self.is_paused || self.guard.stops(lease.account.as_str(), now);
        let account = self.accounts.get_mut(lease.account.as_str()).expect("a known account");
        let job = self.open.get_mut(id).expect("it is leased");
        if job.duty() == Duty::Verify || job.begun.is_some() {
            return Go;
        }
        if let Some(by) = shut_by(is_paused, account, &job.kind, now) {
            return Shut(by);
        }
        if let Some(charge) = &mut job.charge {
            let terms = super::books::Terms { plan: &account.plan, zone: &account.zone };
            let books = &mut account.books;
            if !books.recharge(&terms, &mut self.fleet, &job.kind, now, charge) {
                return Full;
            }
        }
        job.begun = Some(now);
        if job.kind != "sign_in" {
            self.record.performed.push(Performed {
                token: lease.token.clone(),
                account: job.account.clone(),
                kind: job.kind.clone(),
                zone: account.zone_name.clone(),
                from: now,
                to: now,
            });
        }
        Go
    }
}
