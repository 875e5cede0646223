//! What pages and the CLI show, over all shards. Nothing here decides anything.

use futures_util::future::try_join_all;

use super::super::{
    Acting, ActionFilter, ActionPage, ActionView, Coming, Error, Letters, Loss, PoolFilter,
    PoolStatus, PostView, Shard, Stats, views,
};
use super::Queue;

impl Queue {
    /// The queue as a whole; of several shards, each as of its own instant.
    pub async fn stats(&self) -> Result<Stats, Error> {
        let mut sum = Stats::default();
        for one in try_join_all(self.shards().iter().map(Shard::stats)).await? {
            sum.add(one);
        }
        Ok(sum)
    }

    /// Actions, latest first, from the one numbered `from` on. A page may be shorter than `limit`
    /// and still have more after it.
    pub async fn actions(
        &self,
        filter: &ActionFilter,
        from: usize,
        limit: usize,
    ) -> Result<ActionPage, Error> {
        let whose = filter.account.as_ref().map(|account| self.shard_of(account));
        if let Some(only) = whose.or(self.only()) {
            return only.actions(filter, from, limit).await;
        }
        let mut page = ActionPage::default();
        let mut at = from;
        while at < from + views::LOOKED_THROUGH {
            let ids = self.latest_of("jobs", at, views::AT_ONCE).await?;
            let read = self.read_all(&ids).await?;
            for view in read {
                at += 1;
                page.actions.extend(view.filter(|one| filter.takes(one)));
                if page.actions.len() == limit {
                    page.next = Some(at);
                    return Ok(page);
                }
            }
            if ids.len() < views::AT_ONCE {
                return Ok(page);
            }
        }
        page.next = Some(at);
        Ok(page)
    }

    /// Dead letters, latest first.
    pub async fn dead_letters(
        &self,
        which: Letters,
        from: usize,
        limit: usize,
    ) -> Result<Vec<ActionView>, Error> {
        let ids = self.latest_of(which.name(), from, limit.max(1)).await?;
        Ok(self.read_all(&ids).await?.into_iter().flatten().collect())
    }

    /// The actions of a list that each shard has, latest first, from the one numbered `from` on,
    /// each with the index of its shard.
    async fn latest_of(
        &self,
        list: &str,
        from: usize,
        many: usize,
    ) -> Result<Vec<(usize, String)>, Error> {
        let asked = self.shards().iter().map(|shard| shard.latest_of(list, from + many));
        let mut all = Vec::new();
        for (at, ids) in try_join_all(asked).await?.into_iter().enumerate() {
            all.extend(ids.into_iter().map(|(id, score)| (score as i64, at, id)));
        }
        all.sort_by(|one, other| other.cmp(one));
        let some = all.into_iter().skip(from).take(many);
        Ok(some.map(|(_, at, id)| (at, id)).collect())
    }

    /// Actions, in the order of their ids; `None`: it is gone by now.
    async fn read_all(&self, ids: &[(usize, String)]) -> Result<Vec<Option<ActionView>>, Error> {
        let asked = self.shards().iter().enumerate().map(async |(at, shard)| {
            let ours = ids.iter().filter(|(of, _)| *of == at).map(|(_, id)| id.clone());
            shard.read_all(&ours.collect::<Vec<_>>()).await
        });
        let mut read = try_join_all(asked).await?.concat();
        let find = |(_, id): &(usize, String)| {
            let at = read.iter().position(|view| view.id.as_str() == id)?;
            Some(read.swap_remove(at))
        };
        Ok(ids.iter().map(find).collect())
    }

    /// Whoever acts at this moment, at most so many.
    pub async fn acting(&self, most: usize) -> Result<Vec<Acting>, Error> {
        let asked = self.shards().iter().map(|shard| shard.acting(most));
        let mut acting = try_join_all(asked).await?.concat();
        acting.truncate(most.max(1));
        Ok(acting)
    }

    /// Who comes next, the soonest first, at most so many.
    pub async fn coming(&self, most: usize) -> Result<Vec<Coming>, Error> {
        let asked = self.shards().iter().map(|shard| shard.coming(most));
        let mut coming = try_join_all(asked).await?.concat();
        coming.sort_by_key(|one| one.at);
        coming.truncate(most);
        Ok(coming)
    }

    /// How the accounts stand.
    pub async fn pool(&self, filter: &PoolFilter) -> Result<PoolStatus, Error> {
        let mut sum = PoolStatus::default();
        for one in try_join_all(self.shards().iter().map(|shard| shard.pool(filter))).await? {
            sum.merge(one);
        }
        Ok(sum)
    }

    /// What waits for the accounts of each pool, and of each mission.
    pub async fn pool_work(&self) -> Result<Vec<PostView>, Error> {
        self.home().pool_work().await
    }

    /// What Redis last lost, so far as was noticed.
    pub async fn last_loss(&self) -> Result<Option<Loss>, Error> {
        let losses = try_join_all(self.shards().iter().map(Shard::last_loss)).await?;
        Ok(losses.into_iter().flatten().max_by_key(|loss| loss.at))
    }
}
