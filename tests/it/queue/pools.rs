//! Pools and missions: work that any of several accounts may do, given to one at its moment.

mod binding;
pub(crate) mod chance;
mod choice;
mod crew;
mod crowd;

use std::time::Duration;

use walkon_core::id::ActionId;
use walkon_core::lease::{Claim, Claimed};
use walkon_core::pool::Pools;

use crate::support::redis::{Bench, done, setting};

pub(crate) const NOON: &str = "2026-06-01T12:00:00Z";

/// `[pools.…]` and `[missions.…]` as an operator writes them.
pub(crate) fn pools(toml: &str) -> Pools {
    #[derive(serde::Deserialize)]
    #[serde(default)]
    #[derive(Default)]
    struct File {
        pools: std::collections::BTreeMap<walkon_core::id::PoolId, walkon_core::pool::Pool>,
        missions:
            std::collections::BTreeMap<walkon_core::id::MissionId, walkon_core::pool::Mission>,
    }
    let File { pools, missions } = toml::from_str(toml).expect("tests use good pools");
    let pools = Pools { pools, missions };
    pools.check().expect("tests use good pools");
    pools
}

/// A queue with these pools.
pub(crate) async fn fleet(toml: &str) -> Bench {
    let bench = Bench::at(NOON).await;
    bench.queue.set_pools(&pools(toml)).await.unwrap();
    bench
}

/// An account in UTC, on a plan of its own, in these pools.
pub(crate) async fn member(bench: &Bench, id: &str, limits: &str, of: &[&str]) {
    bench.queue.set_plan(id, &crate::support::redis::plan(limits)).await.unwrap();
    let mut setting = setting(id, id, "UTC");
    setting.pools = of.iter().map(|name| name.parse().unwrap()).collect();
    bench.queue.put_account(&setting).await.unwrap();
}

/// A like that is asked of whoever (`"pool":"crew"`) may do it.
pub(crate) async fn like(bench: &Bench, who: &str) -> ActionId {
    let json = format!(r#"{{{who},"kind":"like","target":"post:7"}}"#);
    match bench.send(&json).await {
        walkon::queue::Enqueued::New(id) => id,
        other => panic!("{json}: {other:?}"),
    }
}

/// Several likes, one after the other.
pub(crate) async fn in_order(bench: &Bench, who: &str, count: usize) -> Vec<ActionId> {
    let mut sent = Vec::new();
    for _ in 0..count {
        sent.push(like(bench, who).await);
        bench.pass(Duration::from_millis(1)).await;
    }
    sent
}

pub(crate) const CREW: &str = r#""pool":"crew""#;
pub(crate) const WELCOME: &str = r#""pool":"crew","mission":"welcome""#;

/// Who does the next of it, and does it.
pub(crate) async fn next(bench: &Bench) -> String {
    bench.claim_done("w1").await.lease.account.to_string()
}

/// Claims until nothing is left, and ends nothing.
pub(crate) async fn claim_all(bench: &Bench) -> Vec<Claimed> {
    let mut claimed = Vec::new();
    while let Claim::Work(one) = bench.try_claim(&format!("w{}", claimed.len())).await {
        claimed.push(*one);
    }
    claimed
}

pub(crate) async fn settle_all(bench: &Bench, claimed: &[Claimed]) {
    for one in claimed {
        bench.settle(one, &done()).await;
    }
}

pub(crate) const MINUTE: Duration = Duration::from_mins(1);
