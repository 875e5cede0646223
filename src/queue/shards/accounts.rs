//! Accounts, their limits and their work, over all shards.

use futures_util::future::{join_all, try_join_all};
use jiff::{SignedDuration, Timestamp};
use walkon_core::action::{Action, RouteWish};
use walkon_core::id::{AccountId, ActionId};
use walkon_core::plan::Plan;
use walkon_core::pool::Pools;

use super::super::{
    AccountSetting, AccountView, Enqueued, Error, Explanation, FleetCaps, Incoming, Shard,
};
use super::Queue;

/// Where pools cannot be had.
fn no_pools() -> Error {
    Error::Refused {
        why: "it has several shards, and pools and missions need all accounts in one".to_owned(),
        remedy: "take the pools and missions out of walkon.toml and name accounts in actions, or \
                 make the queue anew with `queue.shards = 1`"
            .to_owned(),
    }
}

impl Queue {
    /// Writes a plan. Accounts on it are judged by it from now on.
    pub async fn set_plan(&self, name: &str, plan: &Plan) -> Result<(), Error> {
        try_join_all(self.shards().iter().map(|shard| shard.set_plan(name, plan))).await.map(drop)
    }

    /// Writes a revision of a plan, or that it is gone, unless a later one is there: whoever is
    /// slow changes nothing back.
    pub async fn revise_plan(
        &self,
        name: &str,
        plan: Option<&Plan>,
        revision: u64,
    ) -> Result<(), Error> {
        let each = self.shards().iter().map(|shard| shard.revise_plan(name, plan, revision));
        try_join_all(each).await.map(drop)
    }

    /// Whether pools can be had, and if not, why.
    pub fn may_have_pools(&self) -> Result<(), Error> {
        self.only().map(drop).ok_or_else(no_pools)
    }

    /// Writes the fleet's own caps.
    pub async fn set_fleet_caps(&self, caps: &FleetCaps) -> Result<(), Error> {
        let each = self.shards().iter().map(|shard| shard.set_fleet_caps(caps));
        try_join_all(each).await.map(drop)
    }

    /// Writes all pools and missions; to be called before the accounts that are members of them
    /// are written.
    ///
    /// # Errors
    ///
    /// [`Error::Refused`] where there are some, and several shards.
    pub async fn set_pools(&self, pools: &Pools) -> Result<(), Error> {
        match self.only() {
            Some(only) => only.set_pools(pools).await,
            None if pools.pools.is_empty() && pools.missions.is_empty() => Ok(()),
            None => Err(no_pools()),
        }
    }

    /// Writes the tables of all zones in use anew; to be called once a day.
    pub async fn refresh_zones(&self) -> Result<(), Error> {
        try_join_all(self.shards().iter().map(Shard::refresh_zones)).await.map(drop)
    }

    /// Every account the queue knows, in no order.
    pub async fn account_ids(&self) -> Result<Vec<String>, Error> {
        Ok(try_join_all(self.shards().iter().map(Shard::account_ids)).await?.concat())
    }

    /// Writes what is known of an account; its waiting work moves by itself.
    pub async fn put_account(&self, setting: &AccountSetting) -> Result<(), Error> {
        self.shard_of(&setting.id).put_account(setting).await
    }

    /// Writes what is known of many accounts, a hundred in one round trip.
    pub async fn put_accounts(&self, settings: Vec<AccountSetting>) -> Result<(), Error> {
        let mut own = vec![Vec::new(); self.shards().len()];
        for setting in settings {
            own[self.index_of(&setting.id)].push(setting);
        }
        let each = self.shards().iter().zip(&own).map(|(shard, own)| shard.put_accounts(own));
        try_join_all(each).await.map(drop)
    }

    /// Writes one, and takes its leases away: whoever acts as it learns so at its next call. Nobody
    /// acts as it before those leases would have ended.
    pub async fn fence_account(&self, setting: &AccountSetting) -> Result<(), Error> {
        self.shard_of(&setting.id).fence_account(setting).await
    }

    /// Removes an account: its leases are revoked, its waiting work is cancelled, what may have
    /// been done is parked for a person, what it had of a pool and had not begun goes back there.
    /// False: there is none of that name.
    pub async fn remove_account(&self, id: &AccountId) -> Result<bool, Error> {
        self.shard_of(id).remove_account(id).await
    }

    /// One account; `None`: the queue does not know it.
    pub async fn account(&self, id: &AccountId) -> Result<Option<AccountView>, Error> {
        self.shard_of(id).account(id).await
    }

    /// Many accounts in a few calls a shard, in their order; `None`: the queue does not know it.
    pub async fn account_views(
        &self,
        ids: &[AccountId],
    ) -> Result<Vec<Option<AccountView>>, Error> {
        if let Some(only) = self.only() {
            return only.account_views(ids).await;
        }
        let mut own = vec![Vec::new(); self.shards().len()];
        for (at, id) in ids.iter().enumerate() {
            own[self.index_of(id)].push((at, id.clone()));
        }
        let asked = self.shards().iter().zip(&own).map(async |(shard, own)| {
            let ids: Vec<_> = own.iter().map(|(_, id)| id.clone()).collect();
            if ids.is_empty() { Ok(Vec::new()) } else { shard.account_views(&ids).await }
        });
        let answers = try_join_all(asked).await?;
        let mut views = vec![None; ids.len()];
        for ((at, _), view) in own.iter().flatten().zip(answers.into_iter().flatten()) {
            views[*at] = view;
        }
        Ok(views)
    }

    /// Takes an action that [`Action::check`] has accepted into its account's lane, or to its
    /// pool's post (a mission's with `pool` named); `intake` is the id under which it came in. The
    /// same call made again changes nothing.
    ///
    /// # Errors
    ///
    /// [`Error::Full`] when Redis has no memory left: nothing was taken.
    pub async fn enqueue(
        &self,
        id: &ActionId,
        action: &Action,
        intake: Option<&str>,
    ) -> Result<Enqueued, Error> {
        let mut taken = self.enqueue_many(&[Incoming { id, action, intake }]).await?;
        taken.pop().ok_or_else(|| Error::Answer("no word about an action".to_owned()))
    }

    /// Takes many actions, a hundred in one call, and says of each what became of it, in their
    /// order. The same call made again changes nothing.
    ///
    /// # Errors
    ///
    /// As [`Queue::enqueue`]; in each shard, of the actions before the hundred that failed, all
    /// were taken.
    pub async fn enqueue_many(&self, incoming: &[Incoming<'_>]) -> Result<Vec<Enqueued>, Error> {
        if let Some(only) = self.only() {
            return only.enqueue_many(incoming).await;
        }
        // A pool's work has no account, and there are no pools: the first shard says so.
        let index = |one: &Incoming<'_>| {
            one.action.account.as_ref().map_or(0, |account| self.index_of(account))
        };
        let mut taken = vec![Enqueued::NoAccount; incoming.len()];
        let parts = (0..self.shards().len()).map(|at| {
            let ours = (0..incoming.len()).filter(move |n| index(&incoming[*n]) == at);
            ours.collect::<Vec<_>>()
        });
        let parts: Vec<Vec<usize>> = parts.collect();
        let asked = self.shards().iter().zip(&parts).map(async |(shard, ours)| {
            let some: Vec<_> = ours.iter().map(|n| incoming[*n]).collect();
            shard.enqueue_many(&some).await
        });
        for (ours, became) in parts.iter().zip(join_all(asked).await) {
            for (n, became) in ours.iter().zip(became?) {
                taken[*n] = became;
            }
        }
        Ok(taken)
    }

    /// When a new action of this kind could be carried out at the earliest, the work before it
    /// left aside; `None`: there is no such account.
    pub async fn earliest(
        &self,
        account: &AccountId,
        kind: &str,
        route: RouteWish,
        not_before: Option<Timestamp>,
    ) -> Result<Option<Explanation>, Error> {
        self.shard_of(account).earliest(account, kind, route, not_before).await
    }

    /// For how long an account may have been claimed, and was not: `None`: nothing is due.
    pub async fn overdue(&self, account: &AccountId) -> Result<Option<SignedDuration>, Error> {
        self.shard_of(account).overdue(account).await
    }

    /// When each account may be claimed next: `None`: nothing waits or not as things are.
    pub async fn due(&self, accounts: &[AccountId]) -> Result<Vec<Option<Timestamp>>, Error> {
        if let Some(only) = self.only() {
            return only.due(accounts).await;
        }
        let asked = accounts.iter().map(async |account| {
            let due = self.shard_of(account).due(std::slice::from_ref(account)).await?;
            Ok::<_, Error>(due.into_iter().next().flatten())
        });
        try_join_all(asked).await
    }
}
