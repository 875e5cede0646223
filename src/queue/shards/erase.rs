//! What an erased account leaves in Redis, over all shards.

use futures_util::future::try_join_all;
use walkon_core::id::AccountId;

use super::super::{Error, Shard};
use super::Queue;

/// What stands between the places of several shards.
const MARK: char = ' ';

impl Queue {
    /// Takes out every action of an account that has left; returns how many.
    pub async fn erase_actions(&self, id: &AccountId) -> Result<u64, Error> {
        self.shard_of(id).erase_actions(id).await
    }

    /// The place of the last event, in each shard; `0-0`: there is none.
    pub async fn last_event(&self) -> Result<String, Error> {
        let last = try_join_all(self.shards().iter().map(Shard::last_event)).await?;
        Ok(last.join(&MARK.to_string()))
    }

    /// Whether every group has acknowledged all events up to such a place.
    pub async fn is_heard(&self, up_to: &str) -> Result<bool, Error> {
        let asked = self.shards().iter().zip(up_to.split(MARK));
        let heard = try_join_all(asked.map(|(shard, up_to)| shard.is_heard(up_to))).await?;
        Ok(!heard.contains(&false))
    }

    /// Takes out every event of an account, of its shard's stream and of the public one; returns
    /// how many of the latter.
    pub async fn erase_events(&self, id: &AccountId) -> Result<u64, Error> {
        self.shard_of(id).erase_events(id).await?;
        self.inner.board.erase_public_events(id).await
    }

    /// Has each server write its log anew, without what was taken out; `false`: one may not be
    /// asked to, or it takes longer than we wait.
    pub async fn rewrite_log(&self) -> Result<bool, Error> {
        let mut done = true;
        for shard in self.shards().iter().take(if self.inner.is_cluster { usize::MAX } else { 1 }) {
            done &= shard.rewrite_log().await?;
        }
        Ok(done)
    }
}
