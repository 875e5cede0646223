//! Settings by hand over several coordinators: each hears of what another has changed, and whoever
//! is slow changes nothing back.

use walkon::coordinator::settings::Condition;
use walkon::shutdown::Shutdown;
use walkon::store::settings::Sort;
use walkon_core::plan::Plan;

use crate::intake::coordinator;
use crate::support::eventually;
use crate::support::redis::{Bench, person, plan};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_coordinator_hears_of_what_another_has_changed() {
    let (bench, folder) = (Bench::at("2026-11-21T12:00:00Z").await, tempfile::tempdir().unwrap());
    let one = Box::pin(coordinator(&bench, folder.path())).await;
    let other = Box::pin(coordinator(&bench, folder.path())).await;
    let shutdown = Shutdown::new();
    shutdown.spawn(Box::pin(other.clone().follow_settings(shutdown.clone())));
    let (name, who) = ("tiny".parse().unwrap(), person("a test"));
    Box::pin(one.keep_plan(&name, &plan("daily = 1"), Condition::Any, &who)).await.unwrap();
    let daily = async || other.in_force().plans.get("tiny").map(|plan: &Plan| plan.daily);
    eventually("it is heard of", async || daily().await.filter(|cap| *cap == Some(1))).await;
    let removed = one.remove_setting(Sort::Plan, "tiny", Condition::Any, &who);
    Box::pin(removed).await.unwrap();
    let is_gone = async || if daily().await.is_none() { Some(()) } else { None };
    eventually("that it is gone, too", is_gone).await;
    shutdown.stop_soon();
    shutdown.ended().await;
}

#[tokio::test]
async fn a_revision_that_comes_late_changes_no_cap_back_and_a_plan_that_is_gone_stays_so() {
    let bench = Bench::at("2026-11-21T12:00:00Z").await;
    bench.account("ada", "daily = 9").await;
    let queue = &bench.queue;
    queue.revise_plan("ada", Some(&plan("daily = 1")), 7).await.unwrap();
    queue.revise_plan("ada", Some(&plan("daily = 5")), 6).await.unwrap();
    bench.likes("ada", 2).await;
    bench.claim_done("w").await;
    bench.idle("w").await; // The cap of revision 7 holds.
    queue.revise_plan("ada", Some(&plan("daily = 5")), 8).await.unwrap();
    bench.claim_done("w").await;
    queue.revise_plan("ada", None, 9).await.unwrap();
    queue.revise_plan("ada", Some(&plan("daily = 5")), 8).await.unwrap();
    bench.likes("ada", 1).await;
    let waits = bench.add("ada", "follow", "").await;
    bench.idle("w").await;
    assert_eq!(bench.why(&waits).await, ["plan"], "without its plan nothing is claimed");
}
