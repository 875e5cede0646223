//! Actions from claim to end, by the worker that fleets run.

use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;
use walkon_core::action::Action;
use walkon_core::bundle::Bundle;
use walkon_core::clock::{Clock as _, SystemClock};
use walkon_core::id::AccountId;
use walkon_core::lease::Class;
use walkon_core::outcome::{Made, Outcome};
use walkon_core::rng::Seed;

use super::desk::{Done, StandIn};
use super::{Error, Ground, NO_PACING};
use crate::shutdown::Shutdown;
use crate::worker::{Options, Park, Worker};

/// Likes that come before those that count: they sign in, and fill the cache.
const WARM_UP: usize = 3;
/// How often a parked browser has something to do: it does it in far less, and parks.
const EVERY: Duration = Duration::from_secs(1);
/// Plaza's posts go from 1 to so many at least.
const POSTS: usize = 60;
/// How often the worker's memory is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// In what state a like finds its account's browser.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Likes {
    /// Open on a page of the site.
    Open {
        /// Whether the session is recorded.
        record: bool,
    },
    /// Parked, recorded.
    Parked {
        /// Whether in a shared browser.
        packed: bool,
    },
    /// Not started, recorded.
    Cold,
}

impl Likes {
    fn options(self, ground: &Ground) -> Options {
        let park = Park {
            within: if self == Self::Cold { Duration::ZERO } else { Duration::from_secs(30) },
            most: 1,
        };
        let (slots, classes) = (1, vec![Class::Browser]);
        let record = self != Self::Open { record: false };
        let packed = self == Self::Parked { packed: true };
        Options { slots, classes, park, record, packed, ..Options::new(ground.folder.clone()) }
    }
}

/// A worker at a stand-in desk.
struct Crew {
    desk: Arc<StandIn>,
    shutdown: Shutdown,
    working: JoinSet<()>,
}

impl Crew {
    fn start(ground: &Ground, options: Options, bundles: impl Iterator<Item = Bundle>) -> Self {
        let (desk, shutdown) = (Arc::new(StandIn::default()), Shutdown::new());
        bundles.for_each(|bundle| desk.enroll(bundle));
        let clock = Arc::new(SystemClock);
        let seed = Seed(1).child(&format!("{:?}", SystemClock.now()));
        let worker = Worker::new(
            desk.clone(),
            ground.driver.clone(),
            clock,
            options,
            seed,
            shutdown.clone(),
        );
        let mut working = JoinSet::new();
        working.spawn(worker.run());
        Self { desk, shutdown, working }
    }

    async fn stop(mut self) {
        self.shutdown.stop_soon();
        while self.working.join_next().await.is_some() {}
        self.shutdown.ended().await;
    }
}

fn like(post: usize) -> Result<Action, Error> {
    let action = serde_json::json!({"kind": "like", "target": format!("post:{post}")});
    serde_json::from_value(action).map_err(|error| Error::Action(error.to_string()))
}

fn made(done: &Done) -> Result<Duration, Error> {
    match &done.outcome {
        Outcome::Done { effect: Made::Made } => Ok(done.took),
        other => Err(Error::Action(format!("a like ended otherwise: {other:?}"))),
    }
}

/// How long each of so many likes took.
pub async fn likes(
    ground: &Ground,
    member: &str,
    count: usize,
    likes: Likes,
) -> Result<Vec<Duration>, Error> {
    let count = count.min(POSTS - WARM_UP);
    let bundle = ground.bundle(member, NO_PACING)?;
    let account = bundle.account.id.clone();
    let crew = Crew::start(ground, likes.options(ground), std::iter::once(bundle));
    let done = give(&crew.desk, &account, count, likes).await;
    let visits = crew.desk.visits();
    crew.stop().await;
    let done = done?;
    let wanted = if likes == Likes::Cold { done.len() } else { 1 };
    if visits != wanted {
        let why = format!("{} likes took {visits} browsers, not {wanted}", done.len());
        return Err(Error::Action(why));
    }
    done.iter().skip(WARM_UP).map(made).collect()
}

async fn give(
    desk: &StandIn,
    account: &AccountId,
    count: usize,
    likes: Likes,
) -> Result<Vec<Done>, Error> {
    let all = WARM_UP + count;
    for post in 1..=all {
        // A browser parks only where it is known already when there is more to do.
        let every = if let Likes::Parked { .. } = likes { EVERY } else { Duration::ZERO };
        desk.give(account, like(post)?, every * post as u32);
        if likes == Likes::Cold {
            desk.done(post).await;
            while !desk.is_quiet() {
                tokio::time::sleep(LOOK_EVERY).await;
            }
        }
    }
    Ok(desk.done(all).await)
}

/// The most memory (RSS, in bytes) that this process took while so many sessions acted at once.
pub async fn memory(ground: &Ground, sessions: usize, each: usize) -> Result<u64, Error> {
    const MEMBERS: [&str; 10] =
        ["ada", "ben", "cleo", "dan", "eve", "fay", "gus", "hana", "ivo", "june"];
    let members = &MEMBERS[..sessions.min(MEMBERS.len())];
    let bundles = members.iter().map(|member| ground.bundle(member, NO_PACING));
    let bundles = bundles.collect::<Result<Vec<_>, _>>()?;
    let accounts: Vec<AccountId> = bundles.iter().map(|bundle| bundle.account.id.clone()).collect();
    let (slots, classes) = (members.len(), vec![Class::Browser]);
    let options = Options { slots, classes, ..Options::new(ground.folder.clone()) };
    let crew = Crew::start(ground, options, bundles.into_iter());
    for post in 1..=each {
        for account in &accounts {
            crew.desk.give(account, like(POSTS + post)?, Duration::ZERO);
        }
    }
    let all = accounts.len() * each;
    let mut most = 0;
    let watched = async {
        loop {
            most = most.max(resident());
            tokio::time::sleep(LOOK_EVERY).await;
        }
    };
    let done = tokio::select! {
        done = crew.desk.done(all) => done,
        never = watched => never,
    };
    crew.stop().await;
    done.iter().try_for_each(|done| made(done).map(drop))?;
    Ok(most)
}

/// This process's resident set, in bytes.
fn resident() -> u64 {
    let text = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or_default();
    let kib: u64 = line.trim().trim_end_matches("kB").trim().parse().unwrap_or_default();
    kib << 10
}
