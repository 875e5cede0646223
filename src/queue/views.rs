//! What pages and the CLI show of the queue. Nothing here decides anything.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use walkon_core::action::Action;
use walkon_core::clock::from_ms;
use walkon_core::event::ActionState;
use walkon_core::id::{AccountId, ActionId};
use walkon_core::lease::Class;

use super::peek::Fields;
use super::{Error, Shard};

/// How many actions one page looks through at most.
pub(super) const LOOKED_THROUGH: usize = 5000;
/// How many are read at once.
pub(super) const AT_ONCE: usize = 200;

/// The queue as a whole, as of one instant.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Stats {
    /// How many actions stand in each state; they add up to all that were ever planned.
    pub states: BTreeMap<ActionState, u64>,
    /// Accounts that may be claimed now, in each class.
    pub ready: BTreeMap<Class, u64>,
    /// Accounts with work that must wait, in each class.
    pub resting: BTreeMap<Class, u64>,
    /// Live leases.
    pub leases: u64,
    /// Dead letters that failed.
    pub failed: u64,
    /// Dead letters that a person must settle.
    pub parked: u64,
    /// Events not yet trimmed.
    pub events: u64,
    /// When the next account may be claimed; `None`: not before something changes.
    pub next: Option<Duration>,
}

impl Stats {
    /// How many actions were ever planned.
    pub fn planned(&self) -> u64 {
        self.states.values().sum()
    }

    /// Adds what another shard holds.
    pub(super) fn add(&mut self, other: Self) {
        let sum = |ours: &mut BTreeMap<_, u64>, theirs: BTreeMap<_, u64>| {
            for (class, count) in theirs {
                *ours.entry(class).or_default() += count;
            }
        };
        sum(&mut self.ready, other.ready);
        sum(&mut self.resting, other.resting);
        for (state, count) in other.states {
            *self.states.entry(state).or_default() += count;
        }
        self.leases += other.leases;
        self.failed += other.failed;
        self.parked += other.parked;
        self.events += other.events;
        self.next = [self.next, other.next].into_iter().flatten().min();
    }

    /// How many actions stand in this state.
    pub fn count(&self, state: ActionState) -> u64 {
        self.states.get(&state).copied().unwrap_or_default()
    }
}

/// One action as the queue has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActionView {
    /// Its id.
    pub id: ActionId,
    /// What was asked.
    pub action: Action,
    /// Whose it is; `None`: no account of its pool has taken it yet.
    pub account: Option<AccountId>,
    /// Where it stands.
    pub state: ActionState,
    /// How many attempts were made.
    pub attempts: u32,
    /// How it was last carried out.
    pub class: Option<Class>,
    /// Who had it last.
    pub worker: Option<String>,
    /// For `done`: `made`, `already` or `none`.
    pub outcome: Option<String>,
    /// The last stable word said about it.
    pub code: Option<String>,
    /// The last sentence said about it.
    pub why: Option<String>,
    /// What was read, as JSON.
    pub result: Option<String>,
    /// When it came.
    pub created_at: Timestamp,
    /// When its state last changed.
    pub updated_at: Timestamp,
}

/// Which actions to list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ActionFilter {
    /// Only in this state.
    pub state: Option<ActionState>,
    /// Only of this account.
    pub account: Option<AccountId>,
    /// Only of this kind.
    pub kind: Option<String>,
}

/// Some actions, latest first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ActionPage {
    /// The actions.
    pub actions: Vec<ActionView>,
    /// Where to go on; `None`: there are no more.
    pub next: Option<usize>,
}

/// Which dead letters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Letters {
    /// Those that failed.
    Failed,
    /// Those that may have been done and that only a person can settle.
    Parked,
}

impl Letters {
    /// The list that has them.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Failed => "dlq",
            Self::Parked => "parked",
        }
    }
}

/// One account as the queue has it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AccountView {
    /// Why it may not act; `None`: it may.
    pub held: Option<String>,
    /// Its plan.
    pub plan: String,
    /// Its time zone.
    pub time_zone: String,
    /// How many actions wait in its lanes.
    pub waiting: u64,
    /// Actions charged to its present day.
    pub today: u64,
    /// Actions charged to its present hour.
    pub this_hour: u64,
    /// What it is doing: class, worker, action (none where the lease is kept without one).
    pub leases: Vec<(Class, String, Option<String>)>,
    /// When it last took up work.
    pub used_at: Option<Timestamp>,
}

fn view(id: &str, fields: &Fields) -> Option<ActionView> {
    let text = |name: &str| fields.get(name).cloned();
    let number = |name: &str| fields.get(name).and_then(|value| value.parse::<i64>().ok());
    Some(ActionView {
        id: id.parse().ok()?,
        action: serde_json::from_str(fields.get("js")?).ok()?,
        account: text("a").and_then(|name| name.parse().ok()),
        state: ActionState::named(fields.get("st")?)?,
        attempts: number("at").unwrap_or_default().max(0) as u32,
        class: fields.get("cl").and_then(|name| Class::named(name)),
        worker: text("wk"),
        outcome: text("oc"),
        code: text("co"),
        why: text("wy"),
        result: text("rs"),
        created_at: from_ms(number("cr")?),
        updated_at: from_ms(number("up").or(number("cr"))?),
    })
}

impl ActionFilter {
    pub(super) fn takes(&self, view: &ActionView) -> bool {
        self.state.is_none_or(|state| state == view.state)
            && self.account.as_ref().is_none_or(|account| Some(account) == view.account.as_ref())
            && self.kind.as_ref().is_none_or(|kind| *kind == view.action.kind)
    }
}

/// Counts by state, then how many may be claimed (api, browser), are in wake (api, browser), lease,
/// dlq, parked and the stream.
type Counts = (BTreeMap<String, i64>, u64, u64, u64, u64, u64, u64, u64, u64);

impl Shard {
    /// The queue as a whole.
    pub async fn stats(&self) -> Result<Stats, Error> {
        let mut pipe = redis::pipe();
        pipe.atomic().cmd("HGETALL").arg(self.key("n"));
        let now = self.now().await?.as_millisecond();
        for name in ["wake:api", "wake:browser"] {
            pipe.cmd("ZCOUNT").arg(self.key(name)).arg("-inf").arg(now);
        }
        for name in ["wake:api", "wake:browser", "lease", "dlq", "parked"] {
            pipe.cmd("ZCARD").arg(self.key(name));
        }
        pipe.cmd("XLEN").arg(self.key("ev"));
        let (n, api, browser, api_all, browser_all, leases, failed, parked, events): Counts =
            self.ask_all(&pipe).await?;
        let states = ActionState::ALL.into_iter().map(|state| {
            let count = n.get(state.name()).copied().unwrap_or_default();
            (state, count.max(0) as u64)
        });
        Ok(Stats {
            states: states.collect(),
            ready: [(Class::Api, api), (Class::Browser, browser)].into(),
            resting: [(Class::Api, api_all - api), (Class::Browser, browser_all - browser)].into(),
            leases,
            failed,
            parked,
            events,
            next: self.next_due().await?,
        })
    }

    /// One action; `None`: there is none of that id, or it ended long ago.
    pub async fn action(&self, id: &ActionId) -> Result<Option<ActionView>, Error> {
        Ok(self.read_all(&[id.to_string()]).await?.pop())
    }

    pub(super) async fn read_all(&self, ids: &[String]) -> Result<Vec<ActionView>, Error> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let keys: Vec<_> = ids.iter().map(|id| format!("j:{id}")).collect();
        let things = self.peek(&keys).await?;
        Ok(ids.iter().zip(&things).filter_map(|(id, fields)| view(id, fields)).collect())
    }

    /// Actions, latest first, from the one numbered `from` on. A page may be shorter than `limit`
    /// and still have more after it.
    pub async fn actions(
        &self,
        filter: &ActionFilter,
        from: usize,
        limit: usize,
    ) -> Result<ActionPage, Error> {
        let mut page = ActionPage::default();
        let mut at = from;
        while at < from + LOOKED_THROUGH {
            let mut range = redis::cmd("ZREVRANGE");
            range.arg(self.key("jobs")).arg(at).arg(at + AT_ONCE - 1);
            let ids: Vec<String> = self.ask(&range).await?;
            let by_id: BTreeMap<_, _> = self
                .read_all(&ids)
                .await?
                .into_iter()
                .map(|one| (one.id.to_string(), one))
                .collect();
            let mut by_id = by_id;
            for id in &ids {
                at += 1;
                page.actions.extend(by_id.remove(id).filter(|one| filter.takes(one)));
                if page.actions.len() == limit {
                    page.next = Some(at);
                    return Ok(page);
                }
            }
            if ids.len() < AT_ONCE {
                return Ok(page);
            }
        }
        page.next = Some(at);
        Ok(page)
    }

    /// The latest of a list of actions, each with when it came there.
    pub(super) async fn latest_of(
        &self,
        list: &str,
        most: usize,
    ) -> Result<Vec<(String, f64)>, Error> {
        let mut range = redis::cmd("ZREVRANGE");
        range.arg(self.key(list)).arg(0).arg(most.max(1) - 1).arg("WITHSCORES");
        self.ask(&range).await
    }

    /// Whether it knows the action.
    pub(super) async fn knows(&self, id: &ActionId) -> Result<bool, Error> {
        self.ask(redis::cmd("EXISTS").arg(self.key(&format!("j:{id}")))).await
    }

    /// One account; `None`: the queue does not know it.
    pub async fn account(&self, id: &AccountId) -> Result<Option<AccountView>, Error> {
        Ok(self.account_views(std::slice::from_ref(id)).await?.pop().flatten())
    }

    /// Many accounts in three calls, in their order; `None`: the queue does not know it.
    pub async fn account_views(
        &self,
        ids: &[AccountId],
    ) -> Result<Vec<Option<AccountView>>, Error> {
        let keys: Vec<_> = ids.iter().map(|id| format!("a:{id}")).collect();
        let all = self.peek(&keys).await?;
        let mut pipe = redis::pipe();
        let mut lanes = Vec::new();
        for (id, fields) in ids.iter().zip(&all) {
            let slots = fields.get("ks").map(String::as_str).unwrap_or_default();
            lanes.push(2 * slots.split_whitespace().count());
            for slot in slots.split_whitespace() {
                for lane in ["q", "z"] {
                    pipe.cmd("ZCARD").arg(self.key(&format!("{lane}:{id}:{slot}")));
                }
            }
        }
        let is_none = lanes.iter().all(|count| *count == 0);
        let waiting: Vec<u64> = if is_none { Vec::new() } else { self.ask_all(&pipe).await? };
        let (now, mut rest) = (self.now().await?.as_millisecond(), waiting.as_slice());
        let mut views = Vec::new();
        for (fields, count) in all.iter().zip(lanes) {
            let (own, others) = rest.split_at(count);
            rest = others;
            views.push(account_view(fields, own.iter().sum(), now));
        }
        Ok(views)
    }
}

fn account_view(fields: &Fields, waiting: u64, now: i64) -> Option<AccountView> {
    let text = |name: &str| fields.get(name).cloned().unwrap_or_default();
    if fields.is_empty() || text("st") == "gone" {
        return None;
    }
    // Ends of the day and of the hour, each with what was counted in it.
    let counters = text("c");
    let used = |at: usize| {
        let mut words = counters.split(' ').skip(at);
        let (end, count) = (words.next()?, words.next()?);
        (end.parse::<i64>().ok()? > now).then(|| count.parse().ok())?
    };
    let lease = |class: Class| {
        let of = |field: &str| fields.get(&format!("{field}:{}", class.name())).cloned();
        of("t").map(|_| (class, of("w").unwrap_or_default(), of("j")))
    };
    Some(AccountView {
        held: (text("st") == "held").then(|| format!("{}: {}", text("co"), text("wy"))),
        plan: text("pl"),
        time_zone: text("tz"),
        waiting,
        today: used(0).unwrap_or_default(),
        this_hour: used(3).unwrap_or_default(),
        leases: Class::ALL.into_iter().filter_map(lease).collect(),
        used_at: text("lu").parse().ok().filter(|ms| *ms > 0).map(from_ms),
    })
}
