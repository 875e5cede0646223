//! What is known of pools, their members and their work, beside which the real ones are run.
//!
//! There is one kind, `like`, by one class, and days are UTC's: what else limits an account is the
//! concern of `queue/model.rs`. Invariants beside those of its table:
//!
//! | | invariant |
//! |---|---|
//! | 24 | of a mission never more than so many are with an account and not finished |
//! | 25 | a pool's work goes to a member that may do it now, of a fallback only where no own may |
//! | 26 | a pool's work goes in order of its ranks, and is in one place |

use std::collections::{BTreeMap, BTreeSet};

use walkon_core::id::ActionId;
use walkon_core::lease::{Claimed, Duty, Token};

pub(super) const SECOND: i64 = 1000;
const DAY: i64 = 86_400_000;

/// The pools, as an operator writes them.
pub(super) const POOLS: &str = "\
[pools.crew]\naccounts = [\"x\"]\nfallback = [\"near\"]\n\
[pools.near]\naccounts = [\"x\"]\nstrategy = \"round_robin\"\n\
[pools.solo]\naccounts = [\"x\"]\nstrategy = \"random\"\nfallback = [\"crew\", \"near\"]\n\
[pools.load]\naccounts = [\"x\"]\nstrategy = \"least_loaded\"\n\
[missions.welcome]\npool = \"crew\"\nat_most = 2\n\
[missions.hello]\npool = \"near\"\nat_most = 1\n";

/// Account, cooldown in seconds, daily cap, and the pools it is a member of at first.
pub(super) const MEMBERS: [(&str, i64, i64, &[&str]); 6] = [
    ("ada", 60, 1000, &["crew"]),
    ("ben", 0, 3, &["crew", "load"]),
    ("cyd", 30, 1000, &["near"]),
    ("dan", 20, 6, &["crew", "near"]),
    ("eve", 300, 8, &["solo", "load"]),
    ("fay", 0, 1000, &["near"]),
];

/// Of whom work is asked: pool, mission, and how many of that at once.
pub(super) const ASKED: [(&str, Option<&str>, usize); 6] = [
    ("crew", None, usize::MAX),
    ("near", None, usize::MAX),
    ("solo", None, usize::MAX),
    ("load", None, usize::MAX),
    ("crew", Some("welcome"), 2),
    ("near", Some("hello"), 1),
];

/// The pools whose members may do a pool's work.
fn draws(pool: &str) -> &'static [&'static str] {
    match pool {
        "crew" => &["crew", "near"],
        "near" => &["near"],
        "solo" => &["solo", "crew", "near"],
        _ => &["load"],
    }
}

#[derive(Debug, Clone, Default)]
pub(super) struct Member {
    pub(super) pools: BTreeSet<&'static str>,
    pub(super) is_held: bool,
    /// Nobody of that name is there.
    pub(super) is_gone: bool,
    cooldown: i64,
    cap: i64,
    last: i64,
    /// The day and how many were charged to it.
    used: (i64, i64),
    pub(super) doing: Option<Doing>,
    /// Nobody else acts as it before an earlier lease would have ended.
    pub(super) fenced: i64,
}

/// What a member does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Doing {
    pub(super) id: ActionId,
    pub(super) token: Token,
    /// Only reads whether it was done: that takes nothing.
    reads: bool,
    /// When its last act was before that.
    before: i64,
}

/// Where an action is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// At its post, due then at the earliest and surely.
    Post(i64, i64),
    /// With an account that does it.
    Doing,
    /// With an account that may have made it.
    Kept,
    /// The same, and it is to be read.
    Unread,
    Parked,
    Ended,
}

#[derive(Debug, Clone)]
pub(super) struct Task {
    pub(super) of: usize,
    pub(super) rank: i64,
    pub(super) expires: i64,
    pub(super) place: Place,
    pub(super) has_begun: bool,
    pub(super) account: Option<&'static str>,
}

impl Task {
    /// It is with an account, and not finished.
    pub(super) fn is_bound(&self) -> bool {
        matches!(self.place, Place::Doing | Place::Kept | Place::Unread)
    }
}

#[derive(Debug, Default)]
pub(super) struct Crew {
    pub(super) members: BTreeMap<&'static str, Member>,
    pub(super) tasks: BTreeMap<ActionId, Task>,
    pub(super) is_paused: bool,
    pub(super) done: usize,
}

impl Crew {
    pub(super) fn new() -> Self {
        let member = |(id, cooldown, cap, pools): &(_, i64, i64, &[&'static str])| {
            let pools = pools.iter().copied().collect();
            (*id, Member { pools, cooldown: cooldown * SECOND, cap: *cap, ..Member::default() })
        };
        Self { members: MEMBERS.iter().map(member).collect(), ..Self::default() }
    }

    /// When a member may act at the soonest, as things are; `None`: not as things are.
    fn free_at(&self, member: &Member, now: i64) -> Option<i64> {
        if member.is_gone || member.is_held || member.doing.is_some() || self.is_paused {
            return None;
        }
        let mut at = now.max(member.fenced);
        for _ in 0..2 {
            let day = at.div_euclid(DAY);
            if member.used.0 == day && member.used.1 >= member.cap {
                at = (day + 1) * DAY;
            }
            at = at.max(member.last + member.cooldown);
        }
        Some(at)
    }

    pub(super) fn under_way(&self, of: usize) -> usize {
        let bound = |task: &&Task| task.is_bound();
        self.tasks.values().filter(|task| task.of == of).filter(bound).count()
    }

    /// When the first of what waits can surely be done by somebody.
    pub(super) fn soonest(&self, now: i64) -> Option<i64> {
        let waiting = self.tasks.values().filter_map(|task| match task.place {
            Place::Post(_, due) if self.under_way(task.of) < ASKED[task.of].2 => {
                Some((due, draws(ASKED[task.of].0), task.expires))
            }
            _ => None,
        });
        let times = waiting.filter_map(|(due, pools, expires)| {
            let may = |member: &&Member| pools.iter().any(|pool| member.pools.contains(pool));
            let free = self.members.values().filter(may);
            let at = free.filter_map(|member| self.free_at(member, now)).min()?.max(due);
            (expires == 0 || at < expires).then_some(at)
        });
        times.min()
    }

    /// An action was given to an account: may that be?
    pub(super) fn given(&mut self, claimed: &Claimed, now: i64) {
        let (id, account) = (&claimed.id, claimed.lease.account.as_str());
        let reads = claimed.duty == Duty::Verify;
        let task = self.tasks.get(id).expect("[8] somebody sent it").clone();
        let (pool, mission, most) = ASKED[task.of];
        let name = *self.members.get_key_value(account).expect("[25] it is an account").0;
        let member = &self.members[name];
        assert!(member.doing.is_none(), "[5] {account} does something else");
        let free = self.free_at(member, now);
        assert!(
            reads || free.is_some_and(|at| at <= now),
            "[1] {account} may act at {free:?}: {member:?}"
        );
        match task.place {
            Place::Post(due, _) => {
                assert!(due <= now, "[8] {id} is due at {due}");
                assert!(task.expires == 0 || task.expires > now, "[8] {id} had expired");
                self.check_choice(&task, member, pool, now);
                let before = self.under_way(task.of);
                assert!(before < most, "[24] {before} of {mission:?} are under way");
            }
            Place::Kept | Place::Unread => {
                assert_eq!(task.account, Some(name), "[25] who may have made it");
                let overdue = task.expires > 0 && task.expires <= now;
                let is_read = overdue || task.place == Place::Unread;
                assert_eq!(reads, is_read, "[8] what is to be done with {id}");
            }
            other => panic!("[8] {id} was claimed and is {other:?}"),
        }
        let member = self.members.get_mut(name).expect("it is there");
        let day = now.div_euclid(DAY);
        let used = if member.used.0 == day { member.used.1 } else { 0 };
        let token = claimed.lease.token.clone();
        member.doing = Some(Doing { id: id.clone(), token, reads, before: member.last });
        if !reads {
            member.used = (day, used + 1);
            member.last = now;
        }
        let task = self.tasks.get_mut(id).expect("it is there");
        (task.place, task.account, task.has_begun) = (Place::Doing, Some(name), false);
    }

    fn check_choice(&self, task: &Task, member: &Member, pool: &str, now: i64) {
        let pools = draws(pool);
        let place = pools.iter().position(|pool| member.pools.contains(pool));
        let place = place.unwrap_or_else(|| panic!("[25] a member of {pool} or a fallback"));
        for earlier in &pools[..place] {
            let own = self.members.values().filter(|member| member.pools.contains(earlier));
            let free = own.filter_map(|member| self.free_at(member, now)).min();
            assert!(free.is_none_or(|at| at > now), "[25] one of {earlier} may do it");
        }
        let first = self.tasks.values().filter(|other| {
            other.of == task.of && matches!(other.place, Place::Post(_, due) if due <= now)
        });
        let first = first.filter(|task| task.expires == 0 || task.expires > now);
        let least = first.map(|task| task.rank).min().unwrap_or(task.rank);
        assert!(task.rank <= least, "[26] one of rank {least} waits, {} goes", task.rank);
    }

    /// An account has stopped doing what it did; `back`: it was not done, and is given back.
    pub(super) fn stopped(&mut self, account: &str, back: bool, now: i64) {
        let member = self.members.get_mut(account).expect("it is there");
        let Some(doing) = member.doing.take().filter(|doing| !doing.reads) else { return };
        if back {
            member.used.1 -= i64::from(member.used.0 == now.div_euclid(DAY));
            member.last = doing.before;
        } else {
            member.last = now;
        }
    }

    /// A lost worker's account: what it took stays taken, and it rests from when it began.
    pub(super) fn lost(&mut self, account: &str, has_begun: bool, now: i64) {
        let member = self.members.get_mut(account).expect("it is there");
        let reads = member.doing.take().is_some_and(|doing| doing.reads);
        if has_begun && !reads {
            member.last = now;
        }
    }
}
