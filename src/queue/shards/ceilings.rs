//! What origins let the fleet do, over all shards.

use futures_util::future::try_join_all;
use walkon_core::grant::{Ceilings, Metered, Slice};
use walkon_core::lease::Lease;

use super::super::Error;
use super::Queue;

impl Queue {
    /// Whether ceilings can be counted: accounts of one origin stand in all shards.
    pub fn counts_ceilings(&self) -> bool {
        self.only().is_some()
    }

    /// Writes what an origin lets the fleet do; to be called before the accounts are written that
    /// name it. What was counted there stays counted.
    ///
    /// # Errors
    ///
    /// [`Error::Refused`] where something must be counted, and there are several shards.
    pub async fn set_ceilings(&self, origin: &str, ceilings: &Ceilings) -> Result<(), Error> {
        if ceilings.counts() && !self.counts_ceilings() {
            return Err(Error::Refused {
                why: format!("it has several shards, which cannot count the ceilings of {origin}"),
                remedy: "make the queue anew with `queue.shards = 1`".to_owned(),
            });
        }
        let written = self.shards().iter().map(|shard| shard.set_ceilings(origin, ceilings));
        try_join_all(written).await.map(drop)
    }

    /// Some of what the lease's origin allows in a minute, charged before it is used; `None`: the
    /// lease is lost.
    pub async fn slice(
        &self,
        lease: &Lease,
        what: Metered,
        many: u32,
    ) -> Result<Option<Slice>, Error> {
        self.shard_of(&lease.account).slice(lease, what, many).await
    }
}
