//! How the accounts stand as one pool: who could act now, who not, and why.
//!
//! Only reads. A fleet of many is asked in pieces, so that no script runs long: the counts are as
//! of the second in which they were taken, not of one instant.

use std::collections::BTreeMap;

use jiff::Timestamp;
use walkon_core::clock::from_ms;

use super::{Error, Shard, scripts};

/// How many accounts one script looks at.
const AT_ONCE: usize = 200;

/// Which accounts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PoolFilter {
    /// Only of this site.
    pub site: Option<String>,
    /// Only on this plan.
    pub plan: Option<String>,
    /// Only members of this pool.
    pub pool: Option<String>,
}

/// The accounts as one pool. `available` to `waiting` add up to `total`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PoolStatus {
    /// How many there are.
    pub total: u64,
    /// May be claimed now.
    pub available: u64,
    /// Act at this moment, or are kept by a worker.
    pub leased: u64,
    /// A cooldown, a burst, their hours or a hold that ends by itself keeps them.
    pub cooling: u64,
    /// A cap keeps them.
    pub capped: u64,
    /// Held until a person has looked.
    pub quarantined: u64,
    /// Paused by a person: the account, its site or the fleet.
    pub paused: u64,
    /// All they have is due later, or cannot be done as things are.
    pub waiting: u64,
    /// How many of all these have nothing to do. They stand where their own limits put them.
    pub without_work: u64,
    /// How many each rule keeps, by its code; of a hold, the hold's kind.
    pub reasons: BTreeMap<String, u64>,
    /// When the first of those that are not available is free; `None`: not as things are.
    pub next_free_at: Option<Timestamp>,
}

impl PoolStatus {
    fn add(&mut self, row: &[String]) -> Result<(), Error> {
        let place = match scripts::word(row, 0)? {
            "available" => &mut self.available,
            "leased" => &mut self.leased,
            "cooling" => &mut self.cooling,
            "capped" => &mut self.capped,
            "quarantined" => &mut self.quarantined,
            "paused" => &mut self.paused,
            "waiting" => &mut self.waiting,
            other => return Err(Error::Answer(format!("`{other}` is no stand of an account"))),
        };
        *place += 1;
        self.total += 1;
        self.without_work += u64::from(scripts::int(row, 3)? == 0);
        let (stand, code) = (scripts::word(row, 0)?, scripts::word(row, 1)?);
        if !code.is_empty() {
            *self.reasons.entry(code.to_owned()).or_default() += 1;
        }
        let until = scripts::int(row, 2)?;
        // When a lease ends is up to whoever has it.
        if until >= 0 && !matches!(stand, "available" | "leased") {
            let until = from_ms(until);
            self.next_free_at = Some(self.next_free_at.map_or(until, |at| at.min(until)));
        }
        Ok(())
    }
}

impl PoolStatus {
    /// Adds the accounts of another shard.
    pub(super) fn merge(&mut self, other: Self) {
        self.total += other.total;
        self.available += other.available;
        self.leased += other.leased;
        self.cooling += other.cooling;
        self.capped += other.capped;
        self.quarantined += other.quarantined;
        self.paused += other.paused;
        self.waiting += other.waiting;
        self.without_work += other.without_work;
        for (code, count) in other.reasons {
            *self.reasons.entry(code).or_default() += count;
        }
        let free = [self.next_free_at, other.next_free_at];
        self.next_free_at = free.into_iter().flatten().min();
    }
}

impl Shard {
    /// How the accounts stand.
    pub async fn pool(&self, filter: &PoolFilter) -> Result<PoolStatus, Error> {
        let of = |name: &Option<String>| name.clone().unwrap_or_default();
        let mut status = PoolStatus::default();
        for some in self.account_ids().await?.chunks(AT_ONCE) {
            let mut args = vec![of(&filter.site), of(&filter.plan), of(&filter.pool)];
            args.extend_from_slice(some);
            for row in self.run(&scripts::POOL, &args).await?.chunks(4) {
                status.add(row)?;
            }
        }
        Ok(status)
    }
}
