//! The reaper's sleep: as long as nothing is due, and no longer.

use std::time::Duration;

use walkon::coordinator::Coordinator;
use walkon::queue::Options;
use walkon::shutdown::Shutdown;
use walkon_core::event::ActionState;
use walkon_core::hold::{Hold, HoldKind};
use walkon_core::id::AccountId;

use crate::intake::coordinator;
use crate::support::eventually;
use crate::support::redis::{Bench, options};

/// A reaper on a queue whose leases are so long that only a bell can wake it while a test waits.
async fn asleep(bench: &Bench, folder: &std::path::Path) -> (Coordinator, Shutdown) {
    let coordinator = coordinator(bench, folder).await;
    let shutdown = Shutdown::new();
    shutdown.spawn(coordinator.clone().reap(shutdown.clone()));
    // It looks when it starts, and what this adds is hours away.
    bench.add("ada", "like", r#","expires_at":"2026-11-21T20:00:00Z""#).await;
    (coordinator, shutdown)
}

async fn sleepy() -> Bench {
    let options = Options { lease: Duration::from_hours(1), ..options() };
    Bench::with("2026-11-21T12:00:00Z", options).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn work_that_ends_sooner_than_all_else_wakes_the_reaper() {
    let (bench, folder) = (sleepy().await, tempfile::tempdir().unwrap());
    let (_, shutdown) = asleep(&bench, folder.path()).await;
    let soon = bench.add("ada", "like", r#","expires_at":"2026-11-21T12:00:01Z""#).await;
    bench.pass(Duration::from_secs(2)).await;
    eventually("it is ended", async || match bench.state(&soon).await {
        ActionState::Expired => Ok(()),
        other => Err(other),
    })
    .await;
    shutdown.stop_soon();
    shutdown.ended().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hold_that_ends_by_itself_is_lifted_then() {
    let (bench, folder) = (sleepy().await, tempfile::tempdir().unwrap());
    let (coordinator, shutdown) = asleep(&bench, folder.path()).await;
    let ada: AccountId = "ada".parse().unwrap();
    let (since, reason) = (coordinator.now(), "the site asked it to go slower".to_owned());
    let until = since.checked_add(jiff::SignedDuration::from_millis(300)).unwrap();
    let actor = "walkon".to_owned();
    let hold =
        Hold { kind: HoldKind::Quota, reason, actor, since, until: Some(until), passes: false };
    coordinator.hold(&ada, &hold).await.unwrap();
    eventually("it is lifted", async || {
        let holds = coordinator.store.account(&ada).await.unwrap().unwrap().holds;
        if holds.is_empty() { Ok(()) } else { Err(holds) }
    })
    .await;
    assert!(coordinator.now() >= until, "not before its end");
    shutdown.stop_soon();
    shutdown.ended().await;
}
