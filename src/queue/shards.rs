//! All shards as one queue: who asks is led to the shard that knows.
//!
//! An account, and all that is about it, lives in one shard: [`Part::of_account`] says which, and
//! never changes, for their number is fixed when the queue is made. What all of them must know
//! (plans, pauses) is written to each; what is asked of all is added up. A claim goes from shard to
//! shard, beginning with another each time.
//!
//! With one shard every call goes straight through, and costs nothing more. With several:
//!
//! - the fleet's caps are handed out in slices (`shards/escrow.rs`);
//! - a key is its account's own: two accounts may use the same one;
//! - "who waited longest" and a site's own breaker are judged within a shard, but where the breaker
//!   opens in one, all of them rest (`shards/hands.rs`);
//! - pools are refused: a member would have to be found in another shard than the work.

mod accounts;
mod ceilings;
mod claims;
mod erase;
mod escrow;
mod events;
mod hands;
mod turns;
mod views;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::try_join_all;
use jiff::Timestamp;
use sha2::{Digest as _, Sha256};
use walkon_core::id::{AccountId, ActionId};

use super::cluster::Cluster;
use super::link::Link;
use super::{Error, Options, ServerFacts, Shard, check, cluster, slots, without_password};
pub use events::Events;

/// One of so many shards.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Part {
    /// Which, from 0 on.
    pub index: u32,
    /// Of how many.
    pub of: u32,
}

impl Part {
    /// The shard in which an account lives. It never changes: by the first digits of its id's
    /// SHA-256.
    pub fn of_account(account: &str, of: u32) -> Self {
        let hash = Sha256::digest(account);
        let number = u32::from_be_bytes([hash[0], hash[1], hash[2], hash[3]]);
        Self { index: number % of, of }
    }

    /// All of them.
    pub fn all(of: u32) -> impl Iterator<Item = Self> {
        (0..of).map(move |index| Self { index, of })
    }
}

/// A handle on the queue; cloning is cheap and clones share their connections.
#[derive(Clone)]
pub struct Queue {
    inner: Arc<All>,
}

struct All {
    shards: Vec<Shard>,
    /// Where the public stream of events is; its name is the interface, so that on a cluster it
    /// may be on any server.
    board: Shard,
    options: Options,
    is_cluster: bool,
    turns: turns::Turns,
}

impl std::fmt::Debug for Queue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Queue").field("shards", &self.inner.shards).finish_non_exhaustive()
    }
}

impl Queue {
    /// Connects, waits until Redis has loaded its data, checks that it keeps what it acknowledges,
    /// and notes whether it was restarted since.
    ///
    /// # Errors
    ///
    /// [`Error::Refused`] says what about the server is wrong and what to do about it.
    pub async fn connect(options: &Options) -> Result<Self, Error> {
        let queue = Self::open(options).await?;
        queue.boot().await?;
        Ok(queue)
    }

    /// The same without noting a restart: for whoever only looks.
    pub async fn look(options: &Options) -> Result<Self, Error> {
        let queue = Self::open(options).await?;
        queue.home().check_shards().await?;
        Ok(queue)
    }

    async fn open(options: &Options) -> Result<Self, Error> {
        options.validate()?;
        let url = options.url.as_deref().ok_or(Error::NoUrl)?;
        let (shards, board) = if cluster::is_named(url) {
            let cluster = Cluster::named(url)?;
            let events = slots::of(&format!("{}events", options.public));
            let (shards, link) = (Self::on_cluster(&cluster, options).await?, Link::to_slot);
            let (home, link) = (&shards[0], link(&cluster, events).await?);
            let board = Shard::new(link, home.part(), home.options().clone(), home.facts().clone());
            (shards, board)
        } else {
            let shards = Self::on_one(url, options).await?;
            let board = shards[0].clone();
            (shards, board)
        };
        let all = All {
            shards,
            board,
            is_cluster: cluster::is_named(url),
            options: options.clone(),
            turns: turns::Turns::default(),
        };
        Ok(Self { inner: Arc::new(all) })
    }

    /// All shards on one server: they share its connection.
    async fn on_one(url: &str, options: &Options) -> Result<Vec<Shard>, Error> {
        let client = redis::Client::open(url).map_err(|source| Error::Url {
            url: without_password(url),
            source: Box::new(source),
        })?;
        let link = Link::open(client).await?;
        let facts = check::server(&mut link.shared(), options).await?;
        let shard = |part: Part| {
            let prefix = options.prefix_of(part, false);
            Shard::new(link.clone(), part, Options { prefix, ..options.clone() }, facts.clone())
        };
        Ok(Part::all(options.shards).map(shard).collect())
    }

    /// Each shard on the server that has its slot.
    async fn on_cluster(cluster: &Cluster, options: &Options) -> Result<Vec<Shard>, Error> {
        let shards = Part::all(options.shards).map(async |part| {
            let prefix = options.prefix_of(part, true);
            let link = Link::to_slot(cluster, slots::of(&prefix)).await?;
            let facts = check::server(&mut link.shared(), options).await?;
            Ok(Shard::new(link, part, Options { prefix, ..options.clone() }, facts))
        });
        try_join_all(shards).await
    }

    /// On which servers the shards are, by their addresses, with how many each has; none: it is no
    /// cluster.
    pub fn servers(&self) -> BTreeMap<String, usize> {
        let mut servers = BTreeMap::new();
        if self.inner.is_cluster {
            for shard in self.shards() {
                *servers.entry(shard.inner.link.leads_to()).or_default() += 1;
            }
        }
        servers
    }

    /// The shards, in their order.
    pub fn shards(&self) -> &[Shard] {
        &self.inner.shards
    }

    /// The first shard. What belongs to no account is there.
    pub(super) fn home(&self) -> &Shard {
        &self.inner.shards[0]
    }

    /// The only shard, where there is but one.
    fn only(&self) -> Option<&Shard> {
        if let [only] = &self.inner.shards[..] { Some(only) } else { None }
    }

    /// The index of the shard in which an account lives.
    fn index_of(&self, account: &AccountId) -> usize {
        if self.only().is_some() {
            return 0;
        }
        Part::of_account(account.as_str(), self.inner.shards.len() as u32).index as usize
    }

    /// The shard in which an account lives.
    pub fn shard_of(&self, account: &AccountId) -> &Shard {
        &self.inner.shards[self.index_of(account)]
    }

    /// The shard that knows an action: the first, where none does.
    async fn shard_with(&self, id: &ActionId) -> Result<&Shard, Error> {
        if let Some(only) = self.only() {
            return Ok(only);
        }
        let asked = self.shards().iter().map(|shard| shard.knows(id));
        let known = try_join_all(asked).await?;
        let at = known.iter().position(|known| *known).unwrap_or_default();
        Ok(&self.inner.shards[at])
    }

    /// What is known of the server; of a cluster, of the first shard's.
    pub fn facts(&self) -> &ServerFacts {
        self.home().facts()
    }

    /// What it was connected with.
    pub fn options(&self) -> &Options {
        &self.inner.options
    }

    /// Notes a restart of Redis, and for how long claims stay shut after it.
    ///
    /// [`Queue::connect`] does this, and [`Queue::claim`] after the connection broke or the queue
    /// was lost.
    pub async fn boot(&self) -> Result<Duration, Error> {
        let waits = try_join_all(self.shards().iter().map(Shard::boot)).await?;
        Ok(waits.into_iter().max().unwrap_or_default())
    }

    /// Says that this stop is meant: the next start need not wait for leases to end.
    ///
    /// Call it last, when no worker has work any more.
    pub async fn close(&self) -> Result<(), Error> {
        try_join_all(self.shards().iter().map(Shard::close)).await.map(drop)
    }

    /// The server's clock, which is the only one that counts.
    pub async fn now(&self) -> Result<Timestamp, Error> {
        self.home().now().await
    }
}

#[cfg(test)]
mod tests {
    use super::Part;

    #[test]
    fn an_account_lives_where_it_always_did() {
        // Changed, these would send an account's work where its counters are not.
        let lives = |name: &str| Part::of_account(name, 4).index;
        let names = ["ada", "ben", "cleo", "dan", "a1", "a2", "a3", "a4"];
        assert_eq!(names.map(lives), [1, 0, 3, 3, 3, 1, 2, 0]);
    }

    #[test]
    fn accounts_are_shared_out_evenly() {
        for of in [2, 4, 7, 64] {
            let mut counts = vec![0_u32; of as usize];
            for n in 0..64_000 {
                counts[Part::of_account(&format!("member-{n}"), of).index as usize] += 1;
            }
            let (fair, least) = (64_000 / of, counts.iter().min().copied().unwrap());
            assert!(least * 10 >= fair * 8, "{of} shards: {counts:?}");
        }
    }
}
