//! Taking out what an erased account left, from its shard and from the public stream.

use futures_util::future::try_join_all;
use walkon_core::id::AccountId;

use super::super::{Error, Shard};
use super::Queue;

impl Queue {
    /// Takes out every action of an account that has left; returns how many.
    pub async fn erase_actions(&self, id: &AccountId) -> Result<u64, Error> {
        self.shard_of(id).erase_actions(id).await
    }

    /// The place of the last event of the account's shard; `0-0`: there is none.
    pub async fn last_event(&self, id: &AccountId) -> Result<String, Error> {
        self.shard_of(id).last_event().await
    }

    /// Whether everybody has acknowledged all events of the account's shard up to a place.
    pub async fn is_heard(&self, id: &AccountId, up_to: &str) -> Result<bool, Error> {
        self.shard_of(id).is_heard(up_to).await
    }

    /// Takes out every event of an account; returns how many the public stream had.
    pub async fn erase_events(&self, id: &AccountId) -> Result<u64, Error> {
        self.shard_of(id).erase_events(id).await?;
        self.inner.board.erase_public(id).await
    }

    /// Has each server write its log anew, without what was taken out; `false`: one may not be
    /// asked to, or takes longer than we wait.
    pub async fn rewrite_log(&self) -> Result<bool, Error> {
        let servers = if self.inner.is_cluster { self.shards().len() } else { 1 };
        let asked = self.shards().iter().take(servers).map(Shard::rewrite_log);
        Ok(try_join_all(asked).await?.into_iter().all(|done| done))
    }
}
