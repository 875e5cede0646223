//! When each waiting action would run, by the very scripts that will decide it.
//!
//! The waiting actions are copied ([`copy`]) into a server of our own that keeps nothing; there
//! time is virtual: claim all that may be claimed, jump to the next instant at which something
//! ends or may be claimed, until the horizon. The fleet's own Redis is only read.
//!
//! It foresees limits, not luck: every attempt succeeds and takes as long as it is told, and
//! nothing new arrives. All shards are foreseen as one ([`merge`]).

mod copy;
mod crews;
mod merge;

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use futures_util::StreamExt as _;
use jiff::Timestamp;
use walkon_core::clock::from_ms;
use walkon_core::event::ActionState;
use walkon_core::id::{ActionId, WorkerId};
use walkon_core::lease::{Ask, Claim, Class, Lease};
use walkon_core::outcome::{Made, Outcome};

use super::charged::Bid;
use super::{Embedded, Error, Options, Queue, Reason, Shard};
use copy::Copied;

/// The most waiting actions that are foreseen.
pub(super) const ACTIONS_MAX: usize = 50_000;
/// Longer than any horizon: in virtual time nobody renews a lease.
const LEASE: Duration = Duration::from_hours(24 * 100);
/// How many explanations are asked for at once.
const AT_ONCE: usize = 64;
/// How many actions expire in one go.
const REAPED_AT_ONCE: u32 = 1000;

/// What is assumed of the time to come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outlook {
    /// How far to look.
    pub ahead: Duration,
    /// How long an attempt takes in a browser.
    pub browser: Duration,
    /// How long one takes by the API.
    pub api: Duration,
    /// How many attempts run at once; `None`: as many as may.
    pub slots: Option<usize>,
}

impl Default for Outlook {
    fn default() -> Self {
        Self {
            ahead: Duration::from_hours(24),
            browser: Duration::from_secs(30),
            api: Duration::from_secs(2),
            slots: None,
        }
    }
}

/// What becomes of a waiting action.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fate {
    /// It is claimed at this instant.
    Runs(Timestamp),
    /// Its time passes first, at this instant.
    Expires(Timestamp),
    /// Not before the horizon; at the earliest at this instant.
    Later(Timestamp),
    /// Not as things are.
    Never,
}

/// One waiting action and what becomes of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Foreseen {
    /// Which.
    pub action: ActionId,
    /// Of whom; of a pool's that no account has taken: `pool crew`, or `pool crew/welcome`.
    pub account: String,
    /// What.
    pub kind: String,
    /// To what.
    pub target: Option<String>,
    /// What becomes of it.
    pub fate: Fate,
    /// Where it does not run: why, as of the horizon.
    pub reasons: Vec<Reason>,
}

/// All waiting actions, those that run first in their order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Forecast {
    /// The instant it begins with: the queue's present.
    pub from: Timestamp,
    /// The horizon.
    pub until: Timestamp,
    /// The actions.
    pub actions: Vec<Foreseen>,
}

/// A folder that is gone with its owner.
struct Scratch(PathBuf);

impl Scratch {
    fn new() -> Result<Self, Error> {
        use std::os::unix::fs::DirBuilderExt as _;
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let path =
            std::env::temp_dir().join(format!("walkon-forecast-{}-{count}", std::process::id()));
        // Must not be there: in a folder that all may write to, it could be somebody else's.
        let made = std::fs::DirBuilder::new().mode(0o700).create(&path);
        made.map_err(|source| Error::Folder { path: path.clone(), source })?;
        Ok(Self(path))
    }

    fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        drop(std::fs::remove_dir_all(&self.0));
    }
}

/// A worker of virtual time, who does everything.
struct Stage {
    queue: Shard,
    /// What runs: when it ends, under which lease.
    running: BinaryHeap<Reverse<(i64, usize)>>,
    leases: Vec<(Lease, ActionId)>,
    starts: BTreeMap<ActionId, i64>,
    nonce: u64,
    /// A site's breaker is open: once it closes, its accounts are put back.
    mends: bool,
}

impl Forecast {
    /// Looks ahead over what waits in the queue at `options.url`.
    ///
    /// The server of virtual time dies with the calling thread.
    ///
    /// # Errors
    ///
    /// [`Error::TooMany`] above [`ACTIONS_MAX`] waiting actions; [`Error::Missing`] without a
    /// `redis-server` on this host.
    pub async fn look(options: &Options, outlook: &Outlook) -> Result<Self, Error> {
        let source = Queue::look(options).await?;
        let copied = Copied::of_all(source.shards()).await?;
        let folder = Scratch::new()?;
        let server = Embedded::scratch(folder.path()).await?;
        let queue = Queue::connect(&Options {
            url: Some(server.url()),
            accept_weak_durability: true,
            lease: LEASE,
            shards: 1,
            ..options.clone()
        })
        .await?;
        let queue = queue.home().clone();
        let live = copied.write(&queue).await?;
        let mut stage = Stage {
            queue,
            running: BinaryHeap::new(),
            leases: Vec::new(),
            starts: BTreeMap::new(),
            nonce: 0,
            mends: copied.has_broken_site(),
        };
        let from = copied.now;
        let until = from + outlook.ahead.as_millis() as i64;
        for (lease, id) in live {
            stage.run(from, outlook, lease, id);
        }
        if !copied.is_paused() {
            stage.play(from, until, outlook).await?;
        }
        let actions = stage.judge(copied, until).await?;
        Ok(Self { from: from_ms(from), until: from_ms(until), actions })
    }
}

impl Stage {
    async fn set_time(&self, ms: i64) -> Result<(), Error> {
        let mut set = redis::cmd("HSET");
        set.arg(self.queue.key("meta")).arg("fake").arg(ms);
        self.queue.ask::<i64>(&set).await.map(drop)
    }

    fn run(&mut self, now: i64, outlook: &Outlook, lease: Lease, id: ActionId) {
        let time = if lease.class == Class::Api { outlook.api } else { outlook.browser };
        let end = now + time.as_millis().max(1) as i64;
        self.running.push(Reverse((end, self.leases.len())));
        self.leases.push((lease, id));
    }

    async fn play(&mut self, from: i64, until: i64, outlook: &Outlook) -> Result<(), Error> {
        let mut now = from;
        while now <= until {
            self.set_time(now).await?;
            self.end_until(now).await?;
            let wake = self.claim_all(now, outlook).await?;
            let end = self.running.peek().map(|Reverse((end, _))| *end);
            match [wake, end].into_iter().flatten().min() {
                Some(next) => now = next.max(now + 1),
                None => return Ok(()),
            }
        }
        Ok(())
    }

    /// Settles what has ended by now.
    async fn end_until(&mut self, now: i64) -> Result<(), Error> {
        while let Some(Reverse((end, index))) = self.running.peek().copied() {
            if end > now {
                break;
            }
            self.running.pop();
            let (lease, id) = &self.leases[index];
            let done = Outcome::Done { effect: Made::Made }.into();
            self.queue.finish_timed(lease, id, &done, false).await?;
            if self.mends {
                self.queue.mend_resumed().await?;
            }
        }
        Ok(())
    }

    /// Claims what may be claimed now; says when something may be next, apart from what runs.
    async fn claim_all(&mut self, now: i64, outlook: &Outlook) -> Result<Option<i64>, Error> {
        let worker: WorkerId = "forecast".parse().expect("it is a name");
        while outlook.slots.is_none_or(|slots| self.running.len() < slots) {
            self.nonce += 1;
            let (classes, holds) = (Class::ALL.to_vec(), Vec::new());
            let ask = Ask { worker: worker.clone(), nonce: self.nonce, classes, holds };
            let Bid::Made(claim, _) = self.queue.bid(&ask).await? else { return Ok(None) };
            let next = match claim {
                Claim::Work(claimed) => {
                    self.starts.entry(claimed.id.clone()).or_insert(now);
                    self.run(now, outlook, claimed.lease, claimed.id);
                    continue;
                }
                Claim::Nothing { next } => next,
                Claim::Shut { next, .. } => Some(next),
            };
            return Ok(next.map(|next| now + next.as_millis() as i64));
        }
        Ok(None)
    }

    /// What became of each action, as of the horizon.
    async fn judge(&mut self, copied: Copied, until: i64) -> Result<Vec<Foreseen>, Error> {
        self.set_time(until).await?;
        // What still runs then does not keep the others.
        self.end_until(i64::MAX).await?;
        while self.queue.reap(REAPED_AT_ONCE).await?.expired > 0 {}
        let waiting = copied.into_waiting();
        let fates = futures_util::stream::iter(&waiting)
            .map(|action| self.fate(&action.action, action.expires))
            .buffered(AT_ONCE)
            .collect::<Vec<_>>()
            .await;
        let mut foreseen = Vec::new();
        for (action, fate) in waiting.iter().zip(fates) {
            let (fate, reasons) = fate?;
            foreseen.push(Foreseen {
                action: action.action.clone(),
                account: action.account.replacen('@', "pool ", 1),
                kind: action.kind.clone(),
                target: action.target.clone(),
                fate,
                reasons,
            });
        }
        foreseen.sort_by_key(|one| match one.fate {
            Fate::Runs(at) => (0, at),
            Fate::Expires(at) => (1, at),
            Fate::Later(at) => (2, at),
            Fate::Never => (3, Timestamp::MIN),
        });
        Ok(foreseen)
    }

    async fn fate(&self, id: &ActionId, expires: i64) -> Result<(Fate, Vec<Reason>), Error> {
        if let Some(at) = self.starts.get(id) {
            return Ok((Fate::Runs(from_ms(*at)), Vec::new()));
        }
        let Some(explained) = self.queue.why(id).await? else {
            return Ok((Fate::Never, Vec::new()));
        };
        let fate = match explained.earliest {
            _ if explained.state == ActionState::Expired => Fate::Expires(from_ms(expires)),
            Some(at) => Fate::Later(at),
            None => Fate::Never,
        };
        let keeps = |reason: &Reason| reason.code != "state";
        Ok((fate, explained.reasons.into_iter().filter(keeps).collect()))
    }
}
