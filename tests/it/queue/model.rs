//! A reference model of the queue's rules, beside which the real one is run.
//!
//! It is written from the rules (docs/ARCHITECTURE.md and the rustdoc of `walkon::queue`), not
//! from the scripts: days come from the time zone database, not from packed tables; there are no
//! indexes; and it keeps a list of everything that was performed. Where the queue may choose
//! (which account is first, how long a wait with chance in it is), the model does not foretell the
//! answer but judges it. Every failure begins with the number of the invariant it broke:
//!
//! | | invariant | where |
//! |---|---|---|
//! | 1 | performed ≤ cap by account, kind, local day and hour | `record`, `books` |
//! | 2 | two of a kind are a cooldown apart, from the end of the first | `record`; `books` |
//! | 3 | no stretch of time holds more claims than burst + time / interval | `record`; `books` |
//! | 4 | the fleet's hourly cap over all accounts | `record`; `books` |
//! | 5 | one lease an account and class; taken back a grace after its end | `claimed`, `reaped` |
//! | 6 | tokens increase, also over restarts | `claimed` |
//! | 7 | an old token is refused and changes nothing | `World::use_old` |
//! | 8 | an action is in one place, in the state the rules say | `whole` |
//! | 9 | an account with work is in one index or leased; who may be claimed is found | `whole` |
//! | 10 | `ks` names the lanes that hold something | `whole` |
//! | 11 | one key, one action; another action under it is a conflict | `World::enqueue` |
//! | 12 | the same nonce, the same claim | `World::claim` |
//! | 13 | refunds: a proven notrun alone, once, into its own windows | `whole`: every counter |
//! | 14 | who is held, fenced or out of hours is not claimed; a fence revokes | `claimed` |
//! | 15 | the breaker: shut while it rests, then one attempt at a time | `breaker`, `guard` |
//! | 16 | a cap that is 80, 95 or 100 % used is told of once a window | `books`, `whole` |
//! | 17 | one terminal event for each life of an action | `whole` |
//! | 18 | nothing sleeps past its time; all work ends | `idle`, `World::run_dry` |
//! | 19 | SIGKILL of Redis loses nothing; claims wait for old leases | `World::heal`, `whole` |
//! | 20 | 1, 2 and 5 with clocks that go back and leap | the same, `Op::Back`, `Op::Pass` |
//! | 21 | attempts, losses and readings are bounded | `endings` |
//! | 23 | every key bears the tag; what has ended leaves by itself | `World::check_memory` |
//!
//! `record` judges by the calendar alone, `books` before each claim and begin.
//!
//! 24 to 26, of pools and missions, are in `pools/crew.rs`, which has a model of its own.
//!
//! 22, two versions of the scripts, is checked in `server.rs`, and the escrow between shards, of 4,
//! in `shards/escrow.rs`.

pub(crate) mod books;
mod breaker;
pub(crate) mod calendar;
mod endings;
mod guard;
pub(crate) mod jobs;
mod judge;
mod record;
mod whole;

use std::collections::{BTreeMap, BTreeSet};

use walkon_core::action::{Action, RouteWish};
use walkon_core::event::ActionState;
use walkon_core::id::ActionId;
use walkon_core::lease::{Class, Duty, Lease, Token};

use super::super::support::redis::setting;
use books::Fleet;
use calendar::SECOND;
use jobs::{Account, Job, Place, Seat};
pub(crate) use record::{Performed, Record};
pub(crate) use whole::Watch;

/// Where an action is that a person must settle.
pub(crate) const PARKED: Place = Place::Parked;
pub(crate) const LEASE: i64 = 30 * SECOND;
pub(crate) const GRACE: i64 = 3 * SECOND;
const RETRY_BASE: i64 = 10 * SECOND;
const RETRY_MAX: i64 = 600 * SECOND;
const ATTEMPTS: i64 = 5;
const LOSSES: i64 = 3;
/// How long dead letters are kept.
const LETTERS_KEPT: i64 = 7 * calendar::DAY;

/// The server's clock, and the latest it was seen at: time never goes back.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Clock {
    pub(crate) server: i64,
    pub(crate) seen: i64,
}

impl Clock {
    pub(crate) fn now(self) -> i64 {
        self.server.max(self.seen)
    }

    /// How far the server has fallen behind what was seen.
    pub(crate) fn late(self) -> i64 {
        self.now() - self.server
    }
}

#[derive(Debug, Default)]
pub(crate) struct Model {
    pub(crate) clock: Clock,
    pub(crate) accounts: BTreeMap<String, Account>,
    pub(crate) fleet: Fleet,
    /// What has not ended.
    pub(crate) open: BTreeMap<ActionId, Job>,
    pub(crate) ended: BTreeMap<ActionId, Job>,
    /// Failed actions that a person may send again, with when they failed.
    pub(crate) letters: BTreeMap<ActionId, i64>,
    keys: BTreeMap<String, (ActionId, String)>,
    pub(crate) record: Record,
    /// No claims before this, after a restart.
    pub(crate) resume: i64,
    pub(crate) is_paused: bool,
    pub(crate) guard: guard::Guard,
    last: Option<Token>,
    /// Old tokens, with the answers that settling under them gave.
    pub(crate) settled: BTreeMap<Token, ActionId>,
}

/// What is to become of an action that is sent.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Taken {
    New,
    Same(ActionId),
    Conflict(ActionId),
    NoAccount,
}

impl Model {
    pub(crate) fn now(&self) -> i64 {
        self.clock.now()
    }

    /// A script runs: it notes how late it is, in steps too small to matter.
    pub(crate) fn touch(&mut self) {
        if self.clock.now() > self.clock.seen + 50 {
            self.clock.seen = self.clock.now();
        }
    }

    pub(crate) fn job(&mut self, id: &ActionId) -> Option<&mut Job> {
        if self.open.contains_key(id) { self.open.get_mut(id) } else { self.ended.get_mut(id) }
    }

    pub(crate) fn open_of(&self, account: &str) -> usize {
        self.open.values().filter(|job| job.account == account).count()
    }

    /// Decides about an action that is sent, and takes it.
    pub(crate) fn enqueue(&mut self, id: &ActionId, action: &Action) -> Taken {
        let now = self.now();
        let known = action.key.as_ref().and_then(|key| self.keys.get(key));
        if let Some((first, print)) = known {
            let is_same = *print == action.fingerprint();
            let first = first.clone();
            return if is_same { Taken::Same(first) } else { Taken::Conflict(first) };
        }
        if self.accounts[action.account.as_ref().expect("no pools here").as_str()].is_gone {
            return Taken::NoAccount;
        }
        if let Some(key) = &action.key {
            self.keys.insert(key.clone(), (id.clone(), action.fingerprint()));
        }
        let forced = match action.route {
            RouteWish::Auto => None,
            RouteWish::Api => Some(Class::Api),
            RouteWish::Browser => Some(Class::Browser),
        };
        let due = action.not_before.map_or(0, jiff::Timestamp::as_millisecond);
        let job = Job {
            account: action.account.as_ref().expect("no pools here").to_string(),
            kind: action.kind.clone(),
            forced,
            rank: now + i64::from(action.priority) * 600 * SECOND,
            expires: action.expires_at.map(jiff::Timestamp::as_millisecond),
            on_lost: action.kind_row().on_lost,
            effect: action.kind_row().effect,
            attempts: 0,
            losses: 0,
            readings: 0,
            begun: None,
            begun_before: None,
            taken_back: false,
            charge: None,
            place: Place::Lane { duty: Duty::Perform, due: (due, due) },
            ends: Vec::new(),
        };
        self.open.insert(id.clone(), job);
        Taken::New
    }

    pub(crate) fn seat(&self, account: &str, class: Class) -> Option<&Seat> {
        self.accounts.get(account)?.seats.get(&class)
    }

    /// Whether the lease is still this worker's; it may have run out.
    pub(crate) fn holds(&self, lease: &Lease, job: Option<&ActionId>) -> bool {
        let seat = self.seat(lease.account.as_str(), lease.class);
        seat.is_some_and(|seat| seat.token == lease.token && seat.job.as_ref() == job)
    }

    pub(crate) fn latest_lease(&self) -> Option<i64> {
        let seats = self.accounts.values().flat_map(|account| account.seats.values());
        seats.map(|seat| seat.until).max()
    }

    /// Redis was restarted: claims wait until the leases it knows of have ended.
    pub(crate) fn restarted(&mut self) {
        self.resume = self.latest_lease().unwrap_or_default();
    }

    pub(crate) fn extend(&mut self, lease: &Lease) -> bool {
        let until = self.now() + LEASE;
        let account = self.accounts.get_mut(lease.account.as_str());
        let seat = account.and_then(|account| account.seats.get_mut(&lease.class));
        let Some(seat) = seat.filter(|seat| seat.token == lease.token) else { return false };
        seat.until = until;
        true
    }

    /// Writes an account's standing, zone and routes; with `fence` its leases are taken away.
    pub(crate) fn put_account(
        &mut self,
        setting: &walkon::queue::AccountSetting,
        plan: &walkon_core::plan::Plan,
        fence: bool,
    ) {
        let (now, id) = (self.now(), setting.id.to_string());
        let account = self.accounts.entry(id.clone()).or_insert_with(|| Account {
            plan: plan.clone(),
            zone_name: setting.time_zone.clone(),
            zone: calendar::zone(&setting.time_zone),
            held: None,
            is_gone: false,
            routes: BTreeMap::new(),
            books: books::Books::default(),
            seats: BTreeMap::new(),
            fenced: BTreeMap::new(),
            breaker: breaker::Breaker::default(),
        });
        if account.zone_name != setting.time_zone {
            account.zone_name.clone_from(&setting.time_zone);
            account.zone = calendar::zone(&setting.time_zone);
            let zone = account.zone.clone();
            account.books.move_to(&zone, now);
        }
        let until = |held: &walkon::queue::HeldFor| {
            held.until.map_or(i64::MAX, jiff::Timestamp::as_millisecond)
        };
        if account.held.is_some() && setting.held.is_none() {
            // A person who lets it go on has looked at it.
            account.breaker = breaker::Breaker::default();
        }
        account.held = setting.held.as_ref().map(until);
        account.is_gone = false;
        account.routes.clone_from(&setting.routes);
        if fence {
            self.revoke(&id);
        }
    }

    /// An account leaves: what waits will not be done, what may have been made is a person's.
    /// Whoever had its lease may act until that ends, also if the account is back before.
    pub(crate) fn remove(&mut self, id: &str) {
        let account = self.accounts.get_mut(id).expect("a known account");
        (account.is_gone, account.held) = (true, None);
        self.revoke(id);
        let waits = |job: &Job| job.account == id && matches!(job.place, Place::Lane { .. });
        let waiting = self.open.iter().filter(|(_, job)| waits(job));
        let waiting: Vec<ActionId> = waiting.map(|(id, _)| id.clone()).collect();
        for action in waiting {
            let job = &self.open[&action];
            if job.duty() == Duty::Verify || job.may_be_made() {
                self.park(&action);
            } else {
                self.end(&action, ActionState::Cancelled);
            }
        }
    }

    /// Takes an account's leases away.
    fn revoke(&mut self, id: &str) {
        for class in Class::ALL {
            let account = self.accounts.get_mut(id).expect("a known account");
            if let Some(until) = account.seats.get(&class).map(|seat| seat.until) {
                account.fenced.insert(class, until + GRACE);
                self.lose(id, class);
            }
        }
    }

    /// The accounts as they are at the start.
    pub(crate) fn begin_with(&mut self, plans: &[(&str, String, &str)]) {
        for (id, limits, zone) in plans {
            let plan = crate::support::redis::plan(limits);
            self.put_account(&setting(id, id, zone), &plan, false);
        }
    }

    pub(crate) fn performed(&self) -> usize {
        self.record.performed.len()
    }

    pub(crate) fn check_record(&self) {
        let plans = self.accounts.iter().map(|(id, account)| (id.clone(), account.plan.clone()));
        self.record.check(&plans.collect(), &self.fleet.caps);
    }

    /// Leases that may be taken back now.
    pub(crate) fn due(&self) -> BTreeSet<(String, Class)> {
        let now = self.now();
        let seats = self.accounts.iter().flat_map(|(id, account)| {
            account.seats.iter().map(move |(class, seat)| (id.clone(), *class, seat.until))
        });
        let due = seats.filter(|(_, _, until)| until + GRACE <= now);
        due.map(|(id, class, _)| (id, class)).collect()
    }

    /// Takes them back, and ends (or has read) what waited too long.
    pub(crate) fn reaped(&mut self) {
        for (id, class) in self.due() {
            self.lose(&id, class);
        }
        let now = self.now();
        let overdue: Vec<_> = self.open.iter().filter(|(_, job)| job.is_overdue(now)).collect();
        let overdue: Vec<ActionId> = overdue.into_iter().map(|(id, _)| id.clone()).collect();
        for id in overdue {
            self.expire(&id, now);
        }
    }
}
