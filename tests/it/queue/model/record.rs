//! What was done in the world outside, judged by the calendar alone: no counter of ours is used.

use std::collections::BTreeMap;

use walkon::queue::FleetCaps;
use walkon_core::clock::from_ms;
use walkon_core::lease::Token;
use walkon_core::plan::Plan;

use super::calendar::{HOUR, zone};

/// One effect. It is made some time between `from`, when the worker was told to go, and `to`.
#[derive(Debug, Clone)]
pub(crate) struct Performed {
    pub(crate) token: Token,
    pub(crate) account: String,
    pub(crate) kind: String,
    /// The zone the account was in.
    pub(crate) zone: String,
    pub(crate) from: i64,
    pub(crate) to: i64,
}

#[derive(Debug, Default)]
pub(crate) struct Record {
    pub(crate) performed: Vec<Performed>,
    /// Claims that took from the limits and were not given back, by account.
    pub(crate) claims: BTreeMap<String, BTreeMap<Token, i64>>,
}

fn most(map: &BTreeMap<String, i64>) -> Option<(&String, &i64)> {
    map.iter().max_by_key(|(_, count)| **count)
}

impl Record {
    /// Invariants 1 to 4, over everything that was ever performed.
    pub(crate) fn check(&self, plans: &BTreeMap<String, Plan>, fleet: &FleetCaps) {
        for (account, plan) in plans {
            self.check_caps(account, None, plan.hourly, plan.daily);
            self.check_rolling(account, plan);
            for (kind, limits) in &plan.kinds {
                self.check_caps(account, Some(kind), limits.hourly, limits.daily);
                let cooldown = limits.cooldown.unwrap_or_default().as_millis() as i64;
                let mine = |one: &&Performed| one.account == *account && one.kind == *kind;
                let mut all: Vec<_> = self.performed.iter().filter(mine).collect();
                all.sort_by_key(|one| one.from);
                for two in all.windows(2) {
                    let gap = two[1].from - two[0].to;
                    assert!(gap >= cooldown, "[2] {account} {kind}: {gap} ms apart: {two:?}");
                }
            }
            if let Some(burst) = plan.burst {
                let interval = burst.interval.as_millis() as i64;
                self.check_burst(account, i64::from(burst.size.max(1)), interval);
            }
        }
        let mut hours = BTreeMap::new();
        for one in &self.performed {
            *hours.entry((one.from / HOUR).to_string()).or_insert(0) += 1;
        }
        if let (Some(cap), Some((hour, count))) = (fleet.hourly, most(&hours)) {
            assert!(*count <= i64::from(cap), "[4] the fleet did {count} in hour {hour}");
        }
    }

    fn check_caps(
        &self,
        account: &str,
        kind: Option<&str>,
        hourly: Option<u32>,
        daily: Option<u32>,
    ) {
        let (mut days, mut hours) = (BTreeMap::new(), BTreeMap::new());
        for one in &self.performed {
            if one.account != account || kind.is_some_and(|kind| one.kind != kind) {
                continue;
            }
            let local = from_ms(one.from).to_zoned(zone(&one.zone));
            let day = format!("{} {}", one.zone, local.date());
            *hours.entry(format!("{day} {} {}", local.hour(), local.offset())).or_insert(0) += 1;
            *days.entry(day).or_insert(0) += 1;
        }
        for (cap, counts) in [(daily, &days), (hourly, &hours)] {
            let (Some(cap), Some((when, count))) = (cap, most(counts)) else { continue };
            assert!(*count <= i64::from(cap), "[1] {account} {kind:?}: {count} in {when}");
        }
    }

    /// No hour and no day, wherever it begins, holds more.
    fn check_rolling(&self, account: &str, plan: &Plan) {
        let mine = self.performed.iter().filter(|one| one.account == account);
        let mut times: Vec<i64> = mine.map(|one| one.from).collect();
        times.sort_unstable();
        for (cap, length) in [(plan.hourly_rolling, HOUR), (plan.daily_rolling, 24 * HOUR)] {
            let Some(cap) = cap else { continue };
            for more in times.windows(cap as usize + 1) {
                let took = more[cap as usize] - more[0];
                assert!(took >= length, "[1] {account}: {} in {took} ms: {more:?}", cap + 1);
            }
        }
    }

    /// No stretch of time holds more than the bucket and what it was refilled with.
    fn check_burst(&self, account: &str, size: i64, interval: i64) {
        let Some(claims) = self.claims.get(account) else { return };
        let mut times: Vec<i64> = claims.values().copied().collect();
        times.sort_unstable();
        for (n, from) in times.iter().enumerate() {
            for (more, to) in times[n..].iter().enumerate().take(4 * size as usize) {
                let room = size + (to - from) / interval;
                assert!((more as i64) < room, "[3] {account}: {} from {from} to {to}", more + 1);
            }
        }
    }
}
