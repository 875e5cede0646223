//! Who acts at this moment and who comes next, for pages. Nothing here decides anything.

use jiff::{SignedDuration, Timestamp};
use walkon_core::clock::from_ms;
use walkon_core::id::AccountId;
use walkon_core::lease::Class;

use super::{ActionView, Error, Shard, pools};

/// Later than any instant: not as things are.
const NEVER: &str = "(9000000000000000";

/// An account under a live lease.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Acting {
    /// The account.
    pub account: String,
    /// By which means.
    pub class: Class,
    /// Who acts as it.
    pub worker: String,
    /// What it does; `None`: its lease is kept for what may come.
    pub action: Option<ActionView>,
}

/// An account that may be claimed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Coming {
    /// The account, or the pool whose work waits for one: `pool crew`.
    pub account: String,
    /// Whether it is a pool.
    pub of_pool: bool,
    /// By which means.
    pub class: Class,
    /// When; `None`: now, it waits for a free worker.
    pub at: Option<Timestamp>,
    /// What waits in its lanes, by kind.
    pub kinds: Vec<String>,
}

impl Shard {
    /// Whoever acts at this moment, at most so many.
    pub async fn acting(&self, most: usize) -> Result<Vec<Acting>, Error> {
        let mut range = redis::cmd("ZRANGE");
        range.arg(self.key("lease")).arg(0).arg(most.max(1) - 1);
        let leases: Vec<String> = self.ask(&range).await?;
        let mut acting = Vec::new();
        for lease in &leases {
            let Some((account, name)) = lease.split_once('|') else { continue };
            let Some(class) = Class::named(name) else { continue };
            let mut fields = self.peek_one(&format!("a:{account}")).await?;
            let action = match fields.remove(&format!("j:{name}")).map(|id| id.parse()) {
                Some(Ok(id)) => self.action(&id).await?,
                _ => None,
            };
            let worker = fields.remove(&format!("w:{name}")).unwrap_or_default();
            acting.push(Acting { account: account.to_owned(), class, worker, action });
        }
        Ok(acting)
    }

    /// Who comes next, the soonest first, at most so many.
    pub async fn coming(&self, most: usize) -> Result<Vec<Coming>, Error> {
        let now = self.now().await?;
        let mut due = Vec::new();
        for class in Class::ALL {
            let mut wake = redis::cmd("ZRANGEBYSCORE");
            wake.arg(self.key(&format!("wake:{}", class.name()))).arg("-inf").arg(NEVER);
            wake.arg("WITHSCORES").arg("LIMIT").arg(0).arg(most.max(1));
            let wake: Vec<(String, f64)> = self.ask(&wake).await?;
            let at = |at: f64| Some(from_ms(at as i64)).filter(|at| *at > now);
            due.extend(wake.into_iter().map(|(account, ms)| (at(ms), class, account)));
        }
        due.sort_by_key(|(at, ..)| *at);
        due.truncate(most);
        let mut coming = Vec::new();
        for (at, class, account) in due {
            let slots = self.peek_one(&format!("a:{account}")).await?.remove("ks");
            let kind = |slot: &str| slot.split('@').next().unwrap_or_default().to_owned();
            let mut kinds: Vec<_> =
                slots.unwrap_or_default().split_whitespace().map(kind).collect();
            kinds.sort_unstable();
            kinds.dedup();
            let of_pool = pools::is_post(&account);
            let account = if of_pool { account.replacen('@', "pool ", 1) } else { account };
            coming.push(Coming { account, of_pool, class, at, kinds });
        }
        Ok(coming)
    }

    /// For how long an account may have been claimed, and was not: `None`: nothing is due.
    pub async fn overdue(&self, account: &AccountId) -> Result<Option<SignedDuration>, Error> {
        let mut pipe = redis::pipe();
        for class in Class::ALL {
            let key = self.key(&format!("wake:{}", class.name()));
            pipe.cmd("ZSCORE").arg(key).arg(account.as_str());
        }
        let (api, browser): (Option<f64>, Option<f64>) = self.ask_all(&pipe).await?;
        let now = self.now().await?;
        let since = [api, browser].into_iter().flatten().map(|at| from_ms(at as i64)).min();
        Ok(since.filter(|since| *since <= now).map(|since| now.duration_since(since)))
    }

    /// When each account may be claimed next: `None`: nothing waits or not as things are.
    pub async fn due(&self, accounts: &[AccountId]) -> Result<Vec<Option<Timestamp>>, Error> {
        if accounts.is_empty() {
            return Ok(Vec::new());
        }
        let mut pipe = redis::pipe();
        for account in accounts {
            for class in Class::ALL {
                let key = self.key(&format!("wake:{}", class.name()));
                pipe.cmd("ZSCORE").arg(key).arg(account.as_str());
            }
        }
        let scores: Vec<Option<f64>> = self.ask_all(&pipe).await?;
        let now = self.now().await?;
        let soonest = |both: &[Option<f64>]| {
            let wake = both.iter().flatten().map(|at| *at as i64);
            let at = wake.filter(|at| *at < 9_000_000_000_000_000).min().map(from_ms);
            at.map(|at| at.max(now))
        };
        Ok(scores.chunks(2).map(soonest).collect())
    }
}
