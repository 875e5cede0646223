//! A person's hands, over all shards.

use std::collections::BTreeMap;

use futures_util::future::{join_all, try_join_all};
use walkon_core::event::{ActionState, Event};
use walkon_core::id::ActionId;

use super::super::{
    ActionView, Cancelled, Error, Explanation, Paused, Person, Resolution, Scope, Shard,
};
use super::Queue;

impl Queue {
    /// Shuts claims until [`Queue::resume`], also across restarts. What runs is told to stop by
    /// [`Queue::heed`].
    ///
    /// # Errors
    ///
    /// Where a shard could not be told; the others are paused. Asked again, the rest is.
    pub async fn pause(&self, scope: &Scope, person: &Person) -> Result<(), Error> {
        let told = self.shards().iter().map(|shard| shard.pause(scope, person));
        join_all(told).await.into_iter().collect()
    }

    /// Lets the fleet or a site go on; `false`: it was not paused. Each is its own pause: a site
    /// stays paused when the fleet goes on.
    pub async fn resume(&self, scope: &Scope, person: &Person) -> Result<bool, Error> {
        let told = self.shards().iter().map(|shard| shard.resume(scope, person));
        let done: Result<Vec<bool>, _> = join_all(told).await.into_iter().collect();
        Ok(done?.contains(&true))
    }

    /// Puts the accounts of resumed sites back into the indexes. Whoever resumed does it, and every
    /// coordinator besides, from time to time: the first may have died half way. Where a site's
    /// breaker has opened in one shard, it opens in the others; each then tries by itself.
    pub async fn mend_resumed(&self) -> Result<(), Error> {
        if let Some(only) = self.only() {
            return only.mend_resumed().await;
        }
        let each = join_all(self.shards().iter().map(Shard::mend_resumed)).await;
        each.into_iter().collect::<Result<(), _>>()?;
        let open = try_join_all(self.shards().iter().map(Shard::broken)).await?.concat();
        for broken in &open {
            try_join_all(self.shards().iter().map(|shard| shard.spread(broken))).await?;
        }
        Ok(())
    }

    /// Everything that is paused, by a person or by a site's own breaker.
    pub async fn pauses(&self) -> Result<Vec<Paused>, Error> {
        if let Some(only) = self.only() {
            return only.pauses().await;
        }
        let mut all: BTreeMap<Scope, Paused> = BTreeMap::new();
        for one in try_join_all(self.shards().iter().map(Shard::pauses)).await?.concat() {
            let known = all.entry(one.scope.clone()).or_insert_with(|| one.clone());
            if one.since < known.since {
                *known = one;
            }
        }
        Ok(all.into_values().collect())
    }

    /// Takes an action back, if that is still possible.
    pub async fn cancel(&self, id: &ActionId, person: &Person) -> Result<Cancelled, Error> {
        self.shard_with(id).await?.cancel(id, person).await
    }

    /// Settles a dead letter; `None`: it is none (or it failed, and then only
    /// [`Resolution::Retry`] is left, and that only while its account is there).
    pub async fn resolve(
        &self,
        id: &ActionId,
        resolution: Resolution,
        person: &Person,
    ) -> Result<Option<ActionState>, Error> {
        self.shard_with(id).await?.resolve(id, resolution, person).await
    }

    /// Writes down an act that is not the queue's own: a hold placed or lifted by hand.
    pub async fn note_act(&self, event: &Event) -> Result<(), Error> {
        self.home().note_act(event).await
    }

    /// Why an action is not running; `None`: there is no such action.
    pub async fn why(&self, id: &ActionId) -> Result<Option<Explanation>, Error> {
        let shard = self.shard_with(id).await?;
        let mut why = shard.why(id).await?;
        if self.only().is_none()
            && let Some(why) = &mut why
            && why.reasons.is_empty()
        {
            why.reasons = self.used_up(shard).await?;
        }
        Ok(why)
    }

    /// One action; `None`: there is none of that id, or it ended long ago.
    pub async fn action(&self, id: &ActionId) -> Result<Option<ActionView>, Error> {
        self.shard_with(id).await?.action(id).await
    }
}
