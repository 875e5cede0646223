//! The queue: which action is carried out next, by whom and not before when.
//!
//! Everything that must not be exceeded is decided inside Redis, by one Lua script a verb
//! (`queue/lua/`, each with a header): a claim checks every limit, charges every counter and hands
//! out a lease with a fencing token in one step. Time is the server's. Each change of state writes
//! its event in the same script.
//!
//! This door speaks our words; no type of the `redis` crate is in a signature. The only calls that
//! wait are [`Queue::wait`] and [`Events::read`], each on a connection of its own.
//!
//! What one script touches: `<prefix>meta` (clock, epoch, options), `a:<account>` (standing,
//! counters, leases), `j:<action>`, the lanes `q:` and `z:`, the indexes `wake: lease exp`,
//! the stream `ev`. All keys of a [`Shard`] carry its tag: a script sees one shard and no other.
//! [`Queue`] is all of them (`queue/shards.rs`). Read `lua/prelude.lua` next, then `lua/claim.lua`.

mod accounts;
mod actions;
mod batch;
mod ceilings;
mod charged;
mod check;
mod cluster;
mod credit;
mod embedded;
mod erase;
mod error;
mod events;
mod explain;
mod floor;
mod forecast;
mod gauge;
mod hand;
mod link;
mod options;
mod packed;
mod peek;
mod pool;
mod pools;
mod public;
mod restore;
mod rules;
mod scripts;
mod shards;
mod slots;
mod sooner;
mod sweep;
mod sync;
mod views;
mod wait;
mod work;
mod zones;

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

pub use accounts::{AccountSetting, FleetCaps, HeldFor};
pub use actions::{Cancelled, Enqueued, Incoming, Resolution};
pub use charged::Released;
pub use check::ServerFacts;
pub use embedded::{Embedded, Launch};
pub use error::Error;
pub use events::Delivered;
pub use explain::{Explanation, Reason};
pub use floor::{Acting, Coming};
pub use forecast::{Fate, Forecast, Foreseen, Outlook};
pub use gauge::{Gauge, Usage};
pub use hand::{Paused, Person, Scope};
pub use options::{Durability, Options};
pub use pool::{PoolFilter, PoolStatus};
pub use pools::PostView;
pub use public::{Entry, Intake};
pub use restore::{Loss, Opening, Remembered, Taken};
pub use rules::{RULES, Rule, rule};
pub use scripts::Library;
pub use shards::{Events, Part, Queue};
pub use sooner::Woken;
pub use views::{AccountView, ActionFilter, ActionPage, ActionView, Letters, Stats};
pub use work::{Begun, Reaped, Settled, Shut};

/// How long an answer may take on the connection that all scripts share.
const ANSWER_MAX: Duration = Duration::from_secs(5);
/// How long a connection may take to come about.
const CONNECT_MAX: Duration = Duration::from_secs(2);

/// One shard of the queue: some of the accounts, and all that is about them. A handle; cloning is
/// cheap and clones share one connection.
#[derive(Clone)]
pub struct Shard {
    inner: Arc<Inner>,
}

struct Inner {
    link: link::Link,
    part: Part,
    options: Options,
    facts: ServerFacts,
    spare: wait::Spare,
    zones: zones::Known,
    rounds: work::Rounds,
    bells: sooner::Bells,
    batches: batch::Batches,
    /// The connection broke: what is behind it may be another run of the server.
    shaken: AtomicBool,
}

impl std::fmt::Debug for Shard {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shard").field("prefix", &self.inner.options.prefix).finish_non_exhaustive()
    }
}

impl Shard {
    /// The shard whose keys start with `options.prefix`, on a server that was found fit.
    fn new(link: link::Link, part: Part, options: Options, facts: ServerFacts) -> Self {
        let inner = Inner {
            link,
            part,
            options,
            facts,
            spare: wait::Spare::default(),
            zones: zones::Known::default(),
            rounds: work::Rounds::default(),
            bells: sooner::Bells::default(),
            batches: batch::Batches::default(),
            shaken: AtomicBool::new(false),
        };
        Self { inner: Arc::new(inner) }
    }

    /// Which shard it is.
    pub fn part(&self) -> Part {
        self.inner.part
    }

    /// What is known of the server.
    pub fn facts(&self) -> &ServerFacts {
        &self.inner.facts
    }

    /// What it was connected with.
    pub fn options(&self) -> &Options {
        &self.inner.options
    }

    fn key(&self, rest: &str) -> String {
        format!("{}{rest}", self.inner.options.prefix)
    }

    /// Notes a restart of Redis, and for how long claims stay shut after it.
    ///
    /// [`Queue::connect`] does this, and [`Queue::claim`] after the connection broke or the queue
    /// was lost.
    pub async fn boot(&self) -> Result<Duration, Error> {
        let mut shared = self.inner.link.shared();
        let run_id = check::run_id(&mut shared).await?;
        let o = &self.inner.options;
        let ms = |time: Duration| time.as_millis().to_string();
        let weak = if self.inner.facts.is_durable { "0" } else { "1" };
        let args = vec![
            run_id,
            weak.to_owned(),
            ms(o.lease),
            ms(o.grace),
            ms(o.retry_base),
            ms(o.retry_max),
            o.attempts.to_string(),
            o.losses.to_string(),
            ms(o.retention),
            u8::from(o.books).to_string(),
            self.inner.part.of.to_string(),
            self.inner.part.index.to_string(),
        ];
        // It may be another Redis: what it holds of ours is not known.
        self.inner.zones.forget();
        let reply = self.run(&scripts::BOOT, &args).await?;
        let words = || Ok::<_, Error>((scripts::word(&reply, 1)?, scripts::word(&reply, 2)?));
        match scripts::word(&reply, 0)? {
            "schema" => {
                let (found, ours) = words()?;
                return Err(Error::Refused {
                    why: format!("its queue is of form {found}, this walkon knows form {ours}"),
                    remedy: error::FORM.to_owned(),
                });
            }
            "shards" => return Err(error::other_shards(words()?.0, words()?.1)),
            _ => {}
        }
        Ok(Duration::from_millis(scripts::int(&reply, 1)? as u64))
    }

    /// Says that this stop is meant: the next start need not wait for leases to end.
    ///
    /// Call it last, when no worker has work any more.
    pub async fn close(&self) -> Result<(), Error> {
        let mut cmd = redis::cmd("HSET");
        cmd.arg(self.key("meta")).arg("clean").arg(1);
        self.ask::<()>(&cmd).await
    }
}

/// A URL fit for messages.
fn without_password(url: &str) -> String {
    match (url.split_once("://"), url.rsplit_once('@')) {
        (Some((scheme, _)), Some((_, rest))) => format!("{scheme}://…@{rest}"),
        _ => url.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::without_password;

    #[test]
    fn a_password_never_reaches_a_message() {
        assert_eq!(without_password("redis://me:secret@host:6379/0"), "redis://…@host:6379/0");
        assert_eq!(without_password("unix:///run/redis.sock"), "unix:///run/redis.sock");
    }
}
