//! Who could not go on without a setting.

use walkon_core::account::Account;
use walkon_core::id::{AccountId, PoolId};

use super::super::import::some;
use super::super::{Coordinator, Error};
use crate::store::settings::Sort;

impl Coordinator {
    /// Who uses it, in words; `None`: nobody does.
    pub(super) async fn user_of(&self, sort: Sort, name: &str) -> Result<Option<String>, Error> {
        let by_accounts = match sort {
            Sort::Plan => self.ids_where(|account| account.plan == name).await?,
            Sort::Proxy => {
                let names = |account: &Account| {
                    let proxy = account.proxy.as_ref().and_then(|proxy| proxy.name.as_ref());
                    proxy.is_some_and(|proxy| proxy.as_str() == name)
                };
                self.ids_where(names).await?
            }
            Sort::Pool => Vec::new(),
        };
        if !by_accounts.is_empty() {
            let accounts = if by_accounts.len() == 1 { "account" } else { "accounts" };
            return Ok(Some(format!("by the {accounts} {}", some(&by_accounts))));
        }
        let force = self.in_force();
        let is_it = |pool: &PoolId| pool.as_str() == name;
        let pool = force.pools.pools.iter().find(|(_, pool)| match sort {
            Sort::Plan => pool.plan.as_deref() == Some(name),
            Sort::Pool => pool.fallback.iter().any(is_it),
            Sort::Proxy => false,
        });
        if let Some((pool, _)) = pool {
            return Ok(Some(format!("by the pool `{pool}`")));
        }
        if sort != Sort::Pool {
            return Ok(None);
        }
        let mut missions = force.pools.missions.iter();
        if let Some((mission, _)) = missions.find(|(_, mission)| is_it(&mission.pool)) {
            return Ok(Some(format!("by the mission `{mission}`")));
        }
        let work = self.queue.pool_work().await?;
        let waiting: u64 = work.iter().filter(|post| post.pool == name).map(|p| p.waiting).sum();
        Ok((waiting > 0).then(|| format!("actions wait for it: {waiting}")))
    }

    /// The accounts of which that is so.
    pub async fn ids_where(&self, is: impl Fn(&Account) -> bool) -> Result<Vec<AccountId>, Error> {
        let all = self.store.accounts().await?.into_iter().map(|standing| standing.account);
        Ok(all.filter(is).map(|account| account.id).collect())
    }
}
