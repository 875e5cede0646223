//! What only a cluster has: addresses, nodes that die, shards on each of them.

use std::collections::BTreeMap;
use std::time::Duration;

use walkon::queue::{AccountSetting, Begun, Error, Options, Queue};
use walkon_core::action::Action;
use walkon_core::clock::{Clock as _, SystemClock};
use walkon_core::event::ActionState;
use walkon_core::id::ActionId;
use walkon_core::lease::{Ask, Claim, Class};
use walkon_core::plan::Plan;
use walkon_core::rng::Seed;

use super::{SHARDS, START, crew, four};
use crate::support::cluster::{Cluster, shared};
use crate::support::redis::{Bench, done, setting, shared_url, worker};

const EACH: usize = 3;

#[tokio::test]
async fn every_node_has_a_share_and_says_which_shards_are_there() {
    let Some(cluster) = shared() else { return };
    let bench = cluster.bench(START, four("share")).await;
    for name in crew() {
        bench.account(&name, "").await;
        bench.likes(&name, 1).await;
    }
    assert_eq!(bench.drain("w1").await, crew().len());
    let servers = bench.queue.servers();
    assert_eq!(servers.len(), 3, "{servers:?}");
    assert_eq!(servers.values().sum::<usize>(), SHARDS as usize);
    let keys = cluster.keys().await;
    assert!(keys.iter().all(|keys| *keys > 0), "{keys:?}");
}

#[tokio::test]
async fn one_shard_on_a_cluster_works_too_and_an_entry_is_refused_in_one_step() {
    let Some(cluster) = shared() else { return };
    let bench = cluster.bench(START, Options { shards: 1, ..four("alone") }).await;
    bench.account("ada", "").await;
    bench.likes("ada", 2).await;
    assert_eq!(bench.drain("w1").await, 2);
    for (name, shards) in [("alone2", 1), ("many2", SHARDS)] {
        let bench = cluster.bench(START, Options { shards, ..four(name) }).await;
        let id = bench.queue.post("{}").await.unwrap();
        let mut intake = bench.queue.intake();
        let entries = intake.read(10, Duration::from_secs(5)).await.unwrap();
        assert_eq!(entries.iter().map(|entry| &entry.id).collect::<Vec<_>>(), [&id]);
        let event = walkon_core::event::Event {
            kind_of_change: "refused".to_owned(),
            intake: Some(id.clone()),
            ..walkon_core::event::Event::default()
        };
        assert!(bench.queue.refuse(&id, &event).await.unwrap());
        assert!(!bench.queue.refuse(&id, &event).await.unwrap(), "it was done before");
        assert_eq!(bench.queue.stats().await.unwrap().count(ActionState::Refused), 1);
    }
}

#[tokio::test]
async fn an_address_that_is_no_cluster_or_does_not_say_that_it_is_one_is_refused() {
    let Some(cluster) = shared() else { return };
    let at = |url: String| Options { url: Some(url), ..four("wrong") };
    let refusal = async |url: String| match Queue::connect(&at(url)).await {
        Err(Error::Refused { why, remedy }) => format!("{why}; {remedy}"),
        other => panic!("not refused: {other:?}"),
    };
    let said = refusal(cluster.url_of_one()).await;
    assert!(said.contains("cluster") && said.contains("redis+cluster://"), "{said}");
    let nobody = Queue::connect(&at("redis+cluster://127.0.0.1:1".to_owned())).await;
    assert!(matches!(nobody, Err(Error::Unreachable(_))), "{nobody:?}");
    let socket = shared_url().to_owned();
    let unix = Queue::connect(&at(socket.replace("unix://", "redis+cluster://"))).await;
    assert!(unix.is_err(), "{unix:?}");
}

/// A queue in real time, whose leases are short.
async fn real(cluster: &Cluster) -> Queue {
    let options = Options {
        url: Some(cluster.url()),
        lease: Duration::from_millis(1500),
        grace: Duration::from_millis(200),
        retry_base: Duration::from_millis(100),
        retry_max: Duration::from_millis(200),
        attempts: 50,
        losses: 50,
        ..four("kill")
    };
    let queue = Queue::connect(&options).await.unwrap();
    queue.set_plan("free", &Plan::default()).await.unwrap();
    queue
}

async fn fill(queue: &Queue) -> usize {
    let clock = SystemClock;
    for (n, name) in crew().into_iter().enumerate() {
        let account: AccountSetting = setting(&name, "free", "UTC");
        queue.put_account(&account).await.unwrap();
        for m in 0..EACH {
            let json = format!(r#"{{"account":"{name}","kind":"like","target":"post:{m}"}}"#);
            let action = Action::parse(json.as_bytes(), clock.now()).unwrap();
            let id = ActionId::new(clock.now(), &mut Seed((n * EACH + m) as u64).rng());
            queue.enqueue(&id, &action, None).await.unwrap();
        }
    }
    crew().len() * EACH
}

#[tokio::test]
async fn a_node_that_is_killed_and_comes_back_loses_nothing_and_nothing_is_done_twice() {
    let Some(mut cluster) = Cluster::start("killed").await else { return };
    let queue = real(&cluster).await;
    let all = fill(&queue).await;
    let until = tokio::time::Instant::now() + Duration::from_secs(50);
    // How often each was begun; what is told done in answer to us must stay so.
    let mut begun = BTreeMap::<ActionId, u32>::new();
    let (mut told, mut rounds, mut failed) = (0, 0_u64, 0);
    while queue.stats().await.map_or(0, |stats| stats.count(ActionState::Done)) < all as u64 {
        assert!(tokio::time::Instant::now() < until, "{told} of {all}, {failed} calls failed");
        rounds += 1;
        match rounds {
            10 => cluster.kill(1),
            16 => cluster.revive(1).await,
            _ => {}
        }
        drop(queue.reap(100).await);
        let ask = Ask {
            worker: worker("w1"),
            nonce: rounds,
            classes: Class::ALL.to_vec(),
            holds: Vec::new(),
        };
        let claim = match queue.claim(&ask).await {
            Err(_) => queue.claim(&ask).await,
            claim => claim,
        };
        match claim {
            Ok(Claim::Work(work)) => {
                if matches!(queue.begin(&work.lease, &work.id).await, Ok(Begun::Go)) {
                    *begun.entry(work.id.clone()).or_default() += 1;
                    let ended = queue.finish(&work.lease, &work.id, &done(), false).await;
                    told += u32::from(ended.is_ok());
                }
            }
            Ok(Claim::Nothing { next }) => {
                let wait = next.unwrap_or(Duration::from_millis(50)).min(Duration::from_millis(50));
                drop(queue.wait(&worker("w1"), &Class::ALL, wait).await);
            }
            Ok(Claim::Shut { next, .. }) => {
                let wait = next.min(Duration::from_millis(50));
                drop(queue.wait(&worker("w1"), &Class::ALL, wait).await);
            }
            Err(_) => failed += 1,
        }
    }
    assert!(rounds > 16, "the node was killed in {rounds} rounds");
    let stats = queue.stats().await.unwrap();
    assert_eq!((stats.planned(), stats.count(ActionState::Done)), (all as u64, all as u64));
    let mut events = queue.events("books", "one").await.unwrap();
    let mut ended = BTreeMap::<String, u32>::new();
    loop {
        let some = events.read(500, Duration::from_millis(300)).await.unwrap();
        if some.is_empty() {
            break;
        }
        let done = some.iter().filter(|one| one.event.kind_of_change == "done");
        for action in done.filter_map(|one| one.event.action.clone()) {
            *ended.entry(action).or_default() += 1;
        }
    }
    assert_eq!(ended.len(), all, "nothing is lost");
    assert!(ended.values().all(|times| *times == 1), "and nothing ended twice: {ended:?}");
    // A like whose end was not told in time is done again, and finds itself there: at most the one
    // that was under way when the node died.
    let again: u32 = begun.values().map(|times| times - 1).sum();
    assert!(again <= 1, "{again} were begun again");
}

/// A bench on the shared cluster.
pub(super) async fn ground(options: Options) -> Option<(Bench, ())> {
    Some((shared()?.bench(START, options).await, ()))
}
