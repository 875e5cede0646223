//! What the simulation knows by itself: who holds what, what was charged, what was performed.

use std::collections::{BTreeMap, BTreeSet};

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use walkon::queue::ActionFilter;
use walkon_core::event::ActionState;
use walkon_core::id::ActionId;
use walkon_core::lease::{Claimed, Class, Duty, Lease, Token};
use walkon_core::plan::Plan;

use crate::support::redis::{Bench, plan};

/// Accounts: each with its plan and zone. The run begins two days before Berlin's clocks change.
pub(super) const PLANS: [(&str, &str, &str); 4] = [
    ("ada", "daily = 12\nhourly = 4\n[kinds.like]\ncooldown = \"90s\"\ndaily = 5", "Europe/Berlin"),
    ("ben", "burst = { size = 3, interval = \"40s\" }\n[kinds.comment]\nhourly = 2", "UTC"),
    (
        "cyd",
        "hours = [\"22:00-06:00\"]\ndaily = 8\n[kinds.comment]\ncooldown = \"10m\"",
        "Asia/Kathmandu",
    ),
    ("dan", "[kinds.scroll_feed]\ncooldown = \"30s\"\nhourly = 10", "America/New_York"),
];
/// The fleet's cap an hour.
pub(super) const FLEET_HOURLY: u32 = 12;

const LEASE: SignedDuration = SignedDuration::from_secs(30);
const GRACE: SignedDuration = SignedDuration::from_secs(3);

#[derive(Debug, Clone)]
struct Held {
    token: Token,
    until: Timestamp,
}

#[derive(Debug)]
struct Performed {
    account: String,
    kind: String,
    at: Timestamp,
}

type Seat = (String, Class);

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Span {
    Hour,
    Day,
}

#[derive(Default)]
pub(super) struct Model {
    leases: BTreeMap<Seat, Held>,
    /// Nobody acts as a fenced account before this.
    shut: BTreeMap<Seat, Timestamp>,
    barred: BTreeSet<String>,
    begun: BTreeSet<Token>,
    last: Option<Token>,
    performed: Vec<Performed>,
    claims: BTreeMap<ActionId, u32>,
    /// Charges by account and the end of its day or hour.
    charges: BTreeMap<(String, Span, Timestamp), i64>,
    /// What each claim charged last, by span.
    charged: BTreeMap<(Token, Span), Timestamp>,
}

fn seat(lease: &Lease) -> Seat {
    (lease.account.to_string(), lease.class)
}

fn zone(account: &str) -> TimeZone {
    let found = PLANS.iter().find(|(id, ..)| *id == account).expect("a known account");
    TimeZone::get(found.2).expect("a known zone")
}

/// When the local day or hour is over, by the calendar and the clock on the wall.
fn end(account: &str, span: Span, at: Timestamp) -> Timestamp {
    let local = at.to_zoned(zone(account));
    if span == Span::Day {
        let tomorrow = local.tomorrow().expect("there is one");
        return tomorrow.start_of_day().expect("it starts").timestamp();
    }
    let seconds = i64::from(local.minute()) * 60 + i64::from(local.second());
    let into = SignedDuration::from_millis(seconds * 1000 + i64::from(local.millisecond()));
    at + (SignedDuration::from_hours(1) - into)
}

impl Model {
    pub(super) fn holds(&self, lease: &Lease) -> bool {
        self.leases.get(&seat(lease)).is_some_and(|held| held.token == lease.token)
    }

    pub(super) fn is_live(&self, lease: &Lease, now: Timestamp) -> bool {
        self.holds(lease) && now < self.leases[&seat(lease)].until
    }

    pub(super) fn has_begun(&self, claimed: &Claimed) -> bool {
        self.begun.contains(&claimed.lease.token)
    }

    pub(super) fn claimed(&mut self, claimed: &Claimed, now: Timestamp) {
        let (lease, seat) = (&claimed.lease, seat(&claimed.lease));
        let account = seat.0.clone();
        assert!(!self.leases.contains_key(&seat), "{seat:?} has a live lease");
        assert!(!self.barred.contains(&account), "{account} is held");
        assert!(self.shut.get(&seat).is_none_or(|until| now >= *until), "{account} is fenced");
        assert!(self.last.as_ref().is_none_or(|last| lease.token > *last), "tokens increase");
        self.last = Some(lease.token.clone());
        self.leases.insert(seat, Held { token: lease.token.clone(), until: now + LEASE });
        if claimed.duty == Duty::Perform {
            let attempts = self.claims.entry(claimed.id.clone()).or_default();
            *attempts += 1;
            assert!(claimed.attempt <= 5, "attempt {}", claimed.attempt);
            if claimed.action.kind != "sign_in" {
                self.charge(claimed, now);
            }
        }
    }

    /// Charges the windows of `now` that this claim has not charged yet.
    fn charge(&mut self, claimed: &Claimed, now: Timestamp) {
        for span in [Span::Hour, Span::Day] {
            let account = claimed.lease.account.to_string();
            let end = end(&account, span, now);
            let key = (claimed.lease.token.clone(), span);
            if self.charged.insert(key, end) != Some(end) {
                *self.charges.entry((account, span, end)).or_default() += 1;
            }
        }
    }

    pub(super) fn begun(&mut self, claimed: &Claimed, now: Timestamp) {
        assert!(self.is_live(&claimed.lease, now), "began without a live lease");
        if !self.begun.insert(claimed.lease.token.clone()) || claimed.action.kind == "sign_in" {
            return;
        }
        let account = claimed.lease.account.to_string();
        self.charge(claimed, now);
        self.performed.push(Performed { account, kind: claimed.action.kind.clone(), at: now });
    }

    pub(super) fn full(&self, claimed: &Claimed, now: Timestamp) {
        assert!(self.is_live(&claimed.lease, now));
        assert_eq!(claimed.duty, Duty::Perform, "reading is never too much");
    }

    pub(super) fn settled(&mut self, claimed: &Claimed, refunded: bool, now: Timestamp) {
        let lease = &claimed.lease;
        assert!(self.holds(lease), "settled without a lease");
        self.leases.remove(&seat(lease));
        for span in [Span::Hour, Span::Day] {
            let end = self.charged.get(&(lease.token.clone(), span)).copied();
            // A window that is over is read by nobody any more.
            let is_open = end.is_some_and(|end| now < end);
            if let (true, Some(end)) = (refunded && claimed.duty == Duty::Perform && is_open, end) {
                let key = (lease.account.to_string(), span, end);
                *self.charges.get_mut(&key).expect("it was charged") -= 1;
            }
        }
    }

    pub(super) fn extended(&mut self, lease: &Lease, now: Timestamp) {
        self.leases.get_mut(&seat(lease)).expect("it is held").until = now + LEASE;
    }

    /// The leases that may be taken back now.
    pub(super) fn due(&self, now: Timestamp) -> Vec<Seat> {
        let over = self.leases.iter().filter(|(_, held)| held.until + GRACE <= now);
        over.map(|(seat, _)| seat.clone()).collect()
    }

    pub(super) fn reaped(&mut self, seats: &[Seat]) {
        for seat in seats {
            self.leases.remove(seat);
        }
    }

    pub(super) fn held(&mut self, account: &str, is_held: bool) {
        if is_held {
            self.barred.insert(account.to_owned());
        } else {
            self.barred.remove(account);
        }
    }

    pub(super) fn fenced(&mut self, account: &str, now: Timestamp) {
        for class in Class::ALL {
            let seat = (account.to_owned(), class);
            if let Some(held) = self.leases.remove(&seat) {
                assert!(held.until + LEASE >= now || held.until <= now);
                self.shut.insert(seat, held.until + GRACE);
            }
        }
    }

    /// No window of any kind holds more than its cap, no two of a kind are too close.
    pub(super) fn check_performed(&self) {
        for (account, limits, _) in PLANS {
            let plan: Plan = plan(limits);
            let mine: Vec<_> = self.performed.iter().filter(|one| one.account == account).collect();
            let zone = zone(account);
            for (kind, limits) in [(None, None)]
                .into_iter()
                .chain(plan.kinds.iter().map(|(kind, limits)| (Some(kind), Some(limits))))
            {
                let some: Vec<_> =
                    mine.iter().filter(|one| kind.is_none_or(|kind| one.kind == *kind)).collect();
                let daily = limits.map_or(plan.daily, |limits| limits.daily);
                let hourly = limits.map_or(plan.hourly, |limits| limits.hourly);
                let (mut days, mut hours) = (BTreeMap::new(), BTreeMap::new());
                for one in &some {
                    let local = one.at.to_zoned(zone.clone());
                    *days.entry(local.date()).or_insert(0) += 1;
                    let hour = (local.date(), local.hour(), local.offset());
                    *hours.entry(hour).or_insert(0) += 1;
                }
                let over = |cap: Option<u32>, n: u32| cap.is_some_and(|cap| n > cap);
                assert!(!days.values().any(|n| over(daily, *n)), "{account} {kind:?} {days:?}");
                assert!(!hours.values().any(|n| over(hourly, *n)), "{account} {kind:?} {hours:?}");
                let cooldown = limits.and_then(|limits| limits.cooldown).unwrap_or_default();
                let cooldown = SignedDuration::try_from(cooldown).expect("it is short");
                for pair in some.windows(2) {
                    let gap = pair[1].at.duration_since(pair[0].at);
                    assert!(gap >= cooldown, "{account} {kind:?}: {pair:?}");
                }
            }
        }
        let mut fleet: BTreeMap<i64, u32> = BTreeMap::new();
        for one in &self.performed {
            *fleet.entry(one.at.as_second() / 3600).or_default() += 1;
        }
        assert!(fleet.values().all(|n| *n <= FLEET_HOURLY), "{fleet:?}");
        assert!(self.performed.len() > 20, "only {} were performed", self.performed.len());
    }

    /// Every action is in one place, every account in one index, every charge where it belongs.
    pub(super) async fn check_indexes(&self, bench: &Bench) {
        let now = bench.now();
        let mut places: BTreeMap<String, u32> = BTreeMap::new();
        for (account, ..) in PLANS {
            let ks: Option<String> = bench.ask(&["HGET", &format!("P:a:{account}"), "ks"]).await;
            for slot in ks.unwrap_or_default().split_whitespace() {
                let mut count = 0;
                for lane in ["q", "z"] {
                    let key = format!("P:{lane}:{account}:{slot}");
                    let ids: Vec<String> = bench.ask(&["ZRANGE", &key, "0", "-1"]).await;
                    count += ids.len();
                    for id in ids {
                        *places.entry(id).or_default() += 1;
                    }
                }
                assert!(count > 0 || !self.leases.is_empty(), "{account} lists an empty {slot}");
            }
            for class in Class::ALL {
                self.check_seat(bench, account, class, &mut places).await;
            }
            let view = bench.queue.account(&account.parse().expect("a name")).await;
            let view = view.expect("an answer").expect("it is known");
            for (span, charged) in [(Span::Day, view.today), (Span::Hour, view.this_hour)] {
                let mine = self.charges.get(&(account.to_owned(), span, end(account, span, now)));
                let mine = mine.copied().unwrap_or_default();
                assert_eq!(charged as i64, mine, "{account}'s charges of the {span:?} at {now}");
            }
        }
        let parked: Vec<String> = bench.ask(&["ZRANGE", "P:parked", "0", "-1"]).await;
        for id in parked {
            *places.entry(id).or_default() += 1;
        }
        let all = bench.queue.actions(&ActionFilter::default(), 0, 5000).await.expect("an answer");
        for one in all.actions {
            let found = places.remove(one.id.as_str()).unwrap_or_default();
            let due = u32::from(!one.state.is_final());
            assert_eq!(found, due, "{} is {:?} and in {found} places", one.id, one.state);
        }
        assert!(places.is_empty(), "in a lane without being known: {places:?}");
    }

    async fn check_seat(
        &self,
        bench: &Bench,
        account: &str,
        class: Class,
        placed: &mut BTreeMap<String, u32>,
    ) {
        let name = class.name();
        let has = async |key: &str, member: &str| {
            let score: Option<f64> = bench.ask(&["ZSCORE", key, member]).await;
            u32::from(score.is_some())
        };
        let indexed = has(&format!("P:wake:{name}"), account).await;
        let leased = has("P:lease", &format!("{account}|{name}")).await == 1;
        let running: Option<String> =
            bench.ask(&["HGET", &format!("P:a:{account}"), &format!("j:{name}")]).await;
        if let Some(id) = running {
            *placed.entry(id).or_default() += 1;
        }
        assert_eq!(leased, self.leases.contains_key(&(account.to_owned(), class)));
        let most = u32::from(!leased && !self.barred.contains(account));
        assert!(indexed <= most, "{account} {name}: in {indexed} indexes");
        if most == 1 && indexed == 0 {
            let why = self.work_of(bench, account, class).await;
            assert!(why.is_none(), "{account} {name} has work and is in no index: {why:?}");
        }
    }

    /// Some waiting action that falls to this class.
    async fn work_of(&self, bench: &Bench, account: &str, class: Class) -> Option<String> {
        let ks: Option<String> = bench.ask(&["HGET", &format!("P:a:{account}"), "ks"]).await;
        for slot in ks.unwrap_or_default().split_whitespace() {
            let kind = slot.trim_end_matches('!');
            let by: Option<String> = if let Some((_, forced)) = kind.split_once('@') {
                Some(forced.to_owned())
            } else {
                let set: String = bench.ask(&["HGET", &format!("P:a:{account}"), "rt"]).await;
                bench.ask(&["HGET", &format!("P:rt:{set}"), kind]).await
            };
            let mut count = 0;
            for lane in ["q", "z"] {
                let key = format!("P:{lane}:{account}:{slot}");
                count += bench.ask::<u32>(&["ZCARD", &key]).await;
            }
            if by.as_deref() == Some(class.name()) && count > 0 {
                return Some(slot.to_owned());
            }
        }
        None
    }
}

/// Every action has one terminal event, and none after it.
pub(super) async fn check_events(bench: &Bench) {
    let mut ended: BTreeMap<String, String> = BTreeMap::new();
    let mut queued = BTreeSet::new();
    let mut events = bench.queue.events("model", "one").await.expect("a group");
    loop {
        let some = events.read(1000, std::time::Duration::from_millis(1)).await.expect("an answer");
        if some.is_empty() {
            break;
        }
        for one in some {
            let event = one.event;
            let Some(action) = event.action else { continue };
            assert!(
                !ended.contains_key(&action),
                "{action}: {} after its end",
                event.kind_of_change
            );
            if event.kind_of_change == "queued" {
                queued.insert(action.clone());
            }
            let state = ActionState::named(&event.kind_of_change);
            if state.is_some_and(ActionState::is_final) {
                ended.insert(action, event.kind_of_change);
            }
        }
    }
    let open: Vec<_> = queued.iter().filter(|id| !ended.contains_key(*id)).collect();
    let parked: Vec<String> = bench.ask(&["ZRANGE", "P:parked", "0", "-1"]).await;
    assert!(open.iter().all(|id| parked.contains(id)), "never ended: {open:?}");
}
