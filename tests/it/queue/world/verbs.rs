//! What each operation does to the queue and to its model, and how the two are compared.

use std::fmt::Write as _;

use walkon::queue::{Begun, Cancelled, Enqueued, Queue, Resolution, Scope, Settled};
use walkon_core::action::Action;
use walkon_core::clock::from_ms;
use walkon_core::event::ActionState;
use walkon_core::id::ActionId;
use walkon_core::kind::find;
use walkon_core::lease::{Ask, Claim, Class, Duty, HandBack, HostFault, Lease};
use walkon_core::outcome::{Outcome, Settlement};

use super::super::model::{PARKED, Taken};
use super::{Hand, OPEN_MAX, Op, PLANS, World, ZONES};
use crate::support::peek::Fields;
use crate::support::redis::{
    done, fatal, held, not_there, notrun, person, retry, setting, unknown,
};

const KINDS: [&str; 6] = ["like", "like", "comment", "comment", "scroll_feed", "sign_in"];

fn json(op: &Op, now: i64) -> String {
    let Op::Enqueue { account, kind, priority, later, expires, key, api } = *op else {
        panic!("it is to enqueue")
    };
    let account = PLANS[usize::from(account) % PLANS.len()].0;
    let kind = find(KINDS[usize::from(kind) % KINDS.len()]).expect("a known kind");
    let mut json =
        format!(r#"{{"account":"{account}","kind":"{}","priority":{}"#, kind.name, priority % 10);
    if kind.target.is_some() {
        json += r#","target":"post:7""#;
    }
    if !kind.with.is_empty() {
        json += r#","with":{"text":"hi"}"#;
    }
    if api && kind.api {
        json += r#","route":"api""#;
    }
    for (name, seconds) in [("not_before", later), ("expires_at", expires)] {
        if seconds > 0 {
            let at = from_ms(now + i64::from(seconds) * 1000);
            write!(json, r#","{name}":"{at}""#).expect("a string takes all");
        }
    }
    if key > 0 {
        write!(json, r#","key":"k{key}""#).expect("a string takes all");
    }
    json + "}"
}

impl World {
    pub(super) async fn enqueue(&mut self, op: &Op) {
        let json = json(op, self.model.now());
        let action = Action::parse(json.as_bytes(), from_ms(self.model.now()));
        // What expires before it begins is refused at the door.
        let Ok(action) = action else { return };
        if self.model.open_of(action.account.as_ref().expect("no pools here").as_str()) >= OPEN_MAX
        {
            return;
        }
        let id = ActionId::new(self.bench.now(), &mut self.rng);
        let got = self.call(async |queue| queue.enqueue(&id, &action, None).await).await;
        let want = match self.model.enqueue(&id, &action) {
            Taken::New => Enqueued::New(id.clone()),
            Taken::Same(first) => Enqueued::Same(first),
            Taken::Conflict(first) => Enqueued::Conflict(first),
            Taken::NoAccount => Enqueued::NoAccount,
        };
        assert_eq!(got, want, "[11] {json}");
        if matches!(got, Enqueued::New(_)) {
            self.sent.push((action, id));
        }
    }

    pub(super) async fn claim(&mut self, worker: u8, classes: u8, repeat: bool) {
        let name = format!("w{}", worker % 5);
        let ask = self.asking(&name, classes);
        let claim = self.call(async |queue| queue.claim(&ask).await).await;
        self.judge_claim(&ask, &claim);
        if repeat && matches!(claim, Claim::Work(_)) {
            let again = self.call(async |queue| queue.claim(&ask).await).await;
            assert_eq!(again, claim, "[12] the same nonce gets the same answer");
        }
    }

    fn judge_claim(&mut self, ask: &Ask, claim: &Claim) {
        match claim {
            Claim::Work(claimed) => {
                if self.killed {
                    // It was carried out before the kill, and this is the same answer again.
                    self.model.resume = 0;
                }
                assert_eq!(self.model.shut(), None, "[19] claimed while claims are shut");
                self.model.claimed(ask, claimed);
                let mut hands = std::mem::take(&mut self.hands);
                hands.retain(|hand| {
                    !(hand.is_kept && seat(&hand.claimed.lease) == seat(&claimed.lease))
                });
                self.hands = hands;
                let (worker, claimed) = (ask.worker.to_string(), (**claimed).clone());
                self.hands.push(Hand { worker, claimed, is_kept: false });
            }
            Claim::Nothing { next } => {
                self.model.idle(ask, next.map(|next| next.as_millis() as i64));
            }
            Claim::Shut { why, next } => {
                let shut = self.model.shut();
                let (word, wait) = shut.unwrap_or_else(|| panic!("[18] shut: {why}, {next:?}"));
                let known = why.contains(word) || word == "chance" && why.contains("paused");
                assert!(known, "[18] shut for {why}, not for {word}");
                assert!(
                    self.killed || next.as_millis() as i64 == wait,
                    "[18] {next:?}, not {wait}"
                );
            }
        }
    }

    fn hand(&self, hand: u8, kept: bool) -> Option<usize> {
        let all: Vec<_> =
            (0..self.hands.len()).filter(|n| kept || !self.hands[*n].is_kept).collect();
        (!all.is_empty()).then(|| all[usize::from(hand) % all.len()])
    }

    pub(super) async fn begin(&mut self, hand: u8) {
        let Some(n) = self.hand(hand, false) else { return };
        let claimed = self.hands[n].claimed.clone();
        let (lease, id) = (&claimed.lease, &claimed.id);
        let got = self.call(async |queue| queue.begin(lease, id).await).await;
        let want = self.model.begin(lease, id);
        assert_eq!(got, want, "[{}] {id} at begin", number(want));
    }

    fn ending(ending: u8, duty: Duty) -> Settlement {
        match ending % 10 {
            // What may have been made leads to most of the rules there are.
            3 if duty == Duty::Perform => unknown(),
            0..=3 => done(),
            // A reading finds it, or not, more often than it fails.
            4 if duty == Duty::Verify => not_there(),
            4 => retry(),
            5 => notrun(),
            6 => fatal(),
            7 => unknown(),
            8 => not_there(),
            _ => Outcome::Retry {
                code: "limited".into(),
                why: "429".into(),
                after: Some(std::time::Duration::from_mins(20)),
            }
            .into(),
        }
    }

    pub(super) async fn finish(&mut self, hand: u8, ending: u8, keep: bool, repeat: bool) {
        let Some(n) = self.hand(hand, false) else { return };
        let one = self.hands.swap_remove(n);
        let ending = Self::ending(ending, one.claimed.duty);
        let (lease, id) = (one.claimed.lease.clone(), one.claimed.id.clone());
        let finish = async |queue: &Queue| queue.finish(&lease, &id, &ending, keep).await;
        let got = self.call(finish).await;
        let is_settled = got != Settled::Fenced;
        self.judge_finish(one, &ending, keep, got);
        if repeat && is_settled {
            assert_eq!(self.call(finish).await, got, "[13] settled once more");
        }
        self.check_account(lease.account.as_str()).await;
    }

    /// Settles an attempt and asks for the next, as one call and one instant.
    pub(super) async fn next(&mut self, hand: u8, ending: u8, keep: bool, classes: u8) {
        let Some(n) = self.hand(hand, false) else { return };
        let one = self.hands.swap_remove(n);
        let ending = Self::ending(ending, one.claimed.duty);
        let (lease, id) = (one.claimed.lease.clone(), one.claimed.id.clone());
        let mut ask = self.asking(&one.worker, classes);
        if keep {
            ask.holds.push(lease.account.clone());
        }
        let next = async |queue: &Queue| queue.finish_claim(&lease, &id, &ending, keep, &ask).await;
        let (got, claim) = self.call(next).await;
        self.judge_finish(one, &ending, keep, got);
        // Where Redis was killed it may have known of the end before, and not wait for that lease.
        self.settle_restart().await;
        self.judge_claim(&ask, &claim);
        self.check_account(lease.account.as_str()).await;
    }

    fn judge_finish(&mut self, mut one: Hand, ending: &Settlement, keep: bool, got: Settled) {
        let (lease, id) = (one.claimed.lease.clone(), one.claimed.id.clone());
        if !self.model.holds(&lease, Some(&id)) {
            assert_eq!(got, Settled::Fenced, "[7] settled with a lease that was lost");
            self.old.push(one);
            return;
        }
        let told = match got {
            Settled::As { state, kept } => Some((state, kept)),
            Settled::Fenced => None,
        };
        let kept = self.model.finish(&lease, &id, &ending.outcome, keep, told);
        let state = self.model.job(&id).map(|job| job.state()).expect("it is known");
        let is_moved = matches!(got, Settled::As { state: other, .. } if other != state);
        let number = if is_moved { 8 } else { 7 };
        assert_eq!(got, Settled::As { state, kept }, "[{number}] {id} settled as {ending:?}");
        self.old.push(one.clone());
        if kept {
            one.is_kept = true;
            self.hands.push(one);
        }
    }

    pub(super) async fn release(&mut self, hand: u8, fault: bool) {
        let Some(n) = self.hand(hand, true) else { return };
        let one = self.hands.swap_remove(n);
        let (lease, id) = (&one.claimed.lease, (!one.is_kept).then_some(&one.claimed.id));
        let held = self.model.holds(lease, id);
        let fault = fault.then(|| HostFault { code: "disk".into(), why: "it is full".into() });
        let back = id.map(|id| HandBack { id: id.clone(), fault });
        let got = self.call(async |queue| queue.release(lease, back.as_ref()).await).await;
        // A kept lease that was let go leaves no trace by which a second call could know it.
        assert!(got == held || one.is_kept && self.struck, "[7] released: {got}, held: {held}");
        if held {
            self.model.release(lease, id);
            self.check_account(lease.account.as_str()).await;
        }
        self.old.push(one);
    }

    pub(super) async fn extend(&mut self) {
        let leases: Vec<Lease> = self.hands.iter().map(|one| one.claimed.lease.clone()).collect();
        if leases.is_empty() {
            return;
        }
        let lost = self.call(async |queue| queue.extend(&leases).await).await;
        for lease in &leases {
            let extended = self.model.extend(lease);
            assert_eq!(lost.contains(lease), !extended, "[7] extending {lease:?}");
        }
        let over = self.hands.extract_if(.., |one| lost.contains(&one.claimed.lease));
        self.old.extend(over);
    }

    pub(super) fn vanish(&mut self, hand: u8) {
        if let Some(n) = self.hand(hand, true) {
            let one = self.hands.swap_remove(n);
            self.old.push(one);
        }
    }

    pub(super) async fn use_old(&mut self, hand: u8) {
        let from = self.old.len().saturating_sub(12);
        let some = &self.old[from..];
        if some.is_empty() {
            return;
        }
        let one = some[usize::from(hand) % some.len()].clone();
        let (lease, id) = (&one.claimed.lease, &one.claimed.id);
        let is_live = self.model.seat(lease.account.as_str(), lease.class);
        if is_live.is_some_and(|seat| seat.token == lease.token) {
            return;
        }
        let before = self.snapshot(lease, id).await;
        let begun = self.call(async |queue| queue.begin(lease, id).await).await;
        assert_eq!(begun, Begun::Fenced, "[7] began with an old token");
        let one = std::slice::from_ref(lease);
        let lost = self.call(async |queue| queue.extend(one).await).await;
        assert_eq!(lost, one, "[7] extended with an old token");
        let ending = fatal();
        let got = self.call(async |queue| queue.finish(lease, id, &ending, true).await).await;
        let known = self.model.settled.get(&lease.token) == Some(id);
        assert!(known || got == Settled::Fenced, "[7] settled with an old token: {got:?}");
        let back = HandBack::stopping(id);
        self.call(async |queue| queue.release(lease, Some(&back)).await).await;
        self.call(async |queue| queue.release(lease, None).await).await;
        assert_eq!(self.snapshot(lease, id).await, before, "[7] an old token changed something");
    }

    async fn snapshot(&self, lease: &Lease, id: &ActionId) -> Vec<Fields> {
        self.bench.peek(&[format!("j:{id}"), format!("a:{}", lease.account)]).await
    }

    pub(super) async fn reap(&mut self) {
        let due = self.model.due().len();
        let got = self.call(async |queue| queue.reap(1000).await).await;
        let same = got.leases as usize == due;
        assert!(same || self.struck, "[5] {} leases were taken back, {due} are due", got.leases);
        self.model.reaped();
    }

    pub(super) async fn cancel(&mut self, nth: u8) {
        let some = &self.sent[self.sent.len().saturating_sub(24)..];
        if some.is_empty() {
            return;
        }
        let id = some[usize::from(nth) % some.len()].1.clone();
        let now = self.model.now();
        let overdue = self.model.open.get(&id).is_some_and(|job| job.is_overdue(now));
        let got = self.call(async |queue| queue.cancel(&id, &person("chance")).await).await;
        if got == Cancelled::IfNotDone {
            self.model.look_overdue(&id);
        }
        let was = self.model.job(&id).expect("it is known").state();
        match got {
            Cancelled::Ended(ActionState::Expired) if overdue => {
                return self.model.expire(&id, now);
            }
            Cancelled::Yes => {
                assert!([ActionState::Waiting, ActionState::Cancelled].contains(&was), "{was:?}");
            }
            Cancelled::IfNotDone => {
                // Waiting, but perhaps made by an earlier attempt: it is read first.
                let read = was == ActionState::Waiting && self.model.open[&id].may_be_made();
                let open = [ActionState::Running, ActionState::Unknown].contains(&was);
                assert!(open || read, "{was:?}");
            }
            Cancelled::Ended(state) => assert_eq!(state, was, "[8] cancelled after its end"),
            Cancelled::NoAction => panic!("[8] {id} is gone"),
        }
        self.model.cancel(&id);
    }

    pub(super) async fn resolve(&mut self, nth: u8, verb: u8) {
        let verb = [Resolution::Retry, Resolution::Done, Resolution::Failed][usize::from(verb) % 3];
        let parked = self.model.open.iter().filter(|(_, job)| job.place == PARKED);
        let some = parked.map(|(id, _)| id).chain(self.model.letters.keys());
        let some: Vec<_> = some.chain(self.model.open.keys().take(1)).cloned().collect();
        if some.is_empty() {
            return;
        }
        let id = &some[usize::from(nth) % some.len()];
        let full = self.model.job(id).map(|job| job.account.clone());
        if full.is_some_and(|account| self.model.open_of(&account) >= OPEN_MAX) {
            return;
        }
        let got = self.call(async |queue| queue.resolve(id, verb, &person("chance")).await).await;
        let want = self.model.resolve(id, verb);
        // Settled, it is no dead letter any more: a second call says so.
        assert!(got == want || self.struck && got.is_none(), "[8] {id}: {got:?}, not {want:?}");
    }

    pub(super) async fn account(&mut self, op: &Op) {
        let Op::Account { account, held: hold, fence, zone, api } = *op else { return };
        let (id, ..) = PLANS[usize::from(account) % PLANS.len()];
        let plan = self.model.accounts[id].plan.clone();
        let mut zone_name = self.model.accounts[id].zone_name.clone();
        if zone > 0 {
            ZONES[usize::from(zone) % ZONES.len()].clone_into(&mut zone_name);
        }
        let mut setting = setting(id, id, &zone_name);
        setting.held = match hold % 12 {
            0 | 1 => Some(held("operator")),
            2 => {
                let until = Some(from_ms(self.model.now() + 1_800_000));
                Some(walkon::queue::HeldFor { until, ..held("quota") })
            }
            _ => None,
        };
        if api {
            setting.routes.insert("comment".into(), Some(Class::Api));
        }
        if fence {
            self.call(async |queue| queue.fence_account(&setting).await).await;
        } else {
            self.call(async |queue| queue.put_account(&setting).await).await;
        }
        self.model.put_account(&setting, &plan, fence);
    }

    pub(super) async fn remove(&mut self, account: u8) {
        let (id, ..) = PLANS[usize::from(account) % PLANS.len()];
        let account = id.parse().expect("a good name");
        // What somebody has seen expire before is not taken back any more.
        let now = self.model.now();
        let overdue = self.model.open.iter().filter(|(_, job)| job.account == id);
        let overdue = overdue.filter(|(_, job)| job.is_overdue(now));
        let overdue: Vec<_> = overdue.map(|(id, _)| id.clone()).collect();
        let keys: Vec<_> = overdue.iter().map(|id| format!("j:{id}")).collect();
        for (id, fields) in overdue.iter().zip(self.bench.peek(&keys).await) {
            self.model.expire_as_seen(id, &fields);
        }
        let removed = self.call(async |queue| queue.remove_account(&account).await).await;
        assert!(removed, "[8] {id} was there");
        self.model.remove(id);
    }

    pub(super) async fn restart(&mut self) {
        self.bench.ask::<()>(&["HSET", "P:meta", "run_id", "another"]).await;
        self.call(async |queue| queue.boot().await).await;
        self.model.restarted();
    }

    pub(super) async fn pause(&mut self, on: bool) {
        let person = person("chance");
        if on {
            self.call(async |queue| queue.pause(&Scope::Fleet, &person).await).await;
        } else {
            self.call(async |queue| queue.resume(&Scope::Fleet, &person).await).await;
        }
        self.model.is_paused = on;
    }
}

/// The invariant that an answer to "about to act" keeps.
pub(super) fn number(begun: Begun) -> u8 {
    match begun {
        Begun::Fenced => 7,
        Begun::Shut(_) => 14,
        _ => 1,
    }
}

fn seat(lease: &Lease) -> (&str, Class) {
    (lease.account.as_str(), lease.class)
}
