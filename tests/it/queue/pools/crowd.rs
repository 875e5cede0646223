//! Workers that run at the same time: a mission's limit, the bell, and answers that are lost.

use std::collections::BTreeSet;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures_util::future::join_all;
use walkon_core::event::ActionState;
use walkon_core::lease::{Ask, Claim, Class};

use super::{CREW, WELCOME, fleet, like, member, pools};
use crate::support::redis::{Bench, done, fast_folder, options, shared_url, worker};
use crate::support::wire::{Fault, Wire};

const MISSION: &str =
    "[pools.crew]\nsite = \"plaza\"\n[missions.welcome]\npool = \"crew\"\nat_most = 3\n";
const PATIENCE: Duration = Duration::from_secs(30);

async fn members(bench: &Bench, count: usize) {
    for n in 0..count {
        member(bench, &format!("a{n:02}"), "", &["crew"]).await;
    }
}

fn ask(n: usize, nonce: u64) -> Ask {
    let (classes, holds) = (Class::ALL.to_vec(), Vec::new());
    Ask { worker: worker(&format!("w{n}")), nonce, classes, holds }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_crowd_never_has_more_of_a_mission_than_it_may_and_does_each_once() {
    let bench = fleet(MISSION).await;
    members(&bench, 8).await;
    for _ in 0..60 {
        like(&bench, WELCOME).await;
    }
    let (in_hand, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let seen = Mutex::new(BTreeSet::new());
    let work = async |n: usize| {
        for nonce in 1.. {
            let claim = bench.queue.claim(&ask(n, nonce)).await.unwrap();
            if let Claim::Work(claimed) = claim {
                let now = in_hand.fetch_add(1, Ordering::SeqCst) + 1;
                most.fetch_max(now, Ordering::SeqCst);
                tokio::task::yield_now().await;
                let is_new = seen.lock().unwrap().insert(claimed.id.clone());
                assert!(is_new, "{} is done twice", claimed.id);
                in_hand.fetch_sub(1, Ordering::SeqCst);
                bench.settle(&claimed, &done()).await;
            }
            if seen.lock().unwrap().len() == 60 {
                return;
            }
        }
    };
    tokio::time::timeout(PATIENCE, join_all((0..10).map(work))).await.expect("all is done");
    assert_eq!(most.into_inner(), 3, "never more, and as many as may be");
    bench.check().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_of_those_who_sleep_is_woken_for_a_part_of_the_pools_work() {
    let bench = fleet(MISSION).await;
    members(&bench, 4).await;
    let asleep = AtomicUsize::new(0);
    let work = async |n: usize| {
        for nonce in 1.. {
            if let Claim::Work(claimed) = bench.queue.claim(&ask(n, nonce)).await.unwrap() {
                return claimed.lease.account;
            }
            asleep.fetch_add(1, Ordering::SeqCst);
            // Nobody wakes by himself: all that wake were rung for.
            let name = worker(&format!("w{n}"));
            bench.queue.wait(&name, &Class::ALL, 2 * PATIENCE).await.unwrap();
        }
        unreachable!("it goes on until it has work")
    };
    let send = async {
        while asleep.load(Ordering::SeqCst) < 4 {
            tokio::task::yield_now().await;
        }
        for _ in 0..4 {
            like(&bench, CREW).await;
        }
    };
    let both = async { tokio::join!(join_all((0..4).map(work)), send) };
    let (who, ()) = tokio::time::timeout(PATIENCE, both).await.expect("all four were woken");
    assert_eq!(who.into_iter().collect::<BTreeSet<_>>().len(), 4);
}

#[tokio::test]
async fn whatever_answer_is_lost_each_action_is_bound_once() {
    let folder = fast_folder("pools");
    std::fs::create_dir_all(&folder).unwrap();
    let wire = Wire::lay(shared_url(), &folder.join("lost.sock"), None);
    let options = walkon::queue::Options { prefix: "wk:{lost}:".to_owned(), ..options() };
    let bench = Bench::through(shared_url(), &wire.url(), super::NOON, options).await;
    bench.queue.set_pools(&pools(MISSION)).await.unwrap();
    members(&bench, 4).await;
    let mut sent = Vec::new();
    for _ in 0..6 {
        wire.arm(Fault::Unanswered);
        sent.push(like(&bench, WELCOME).await);
    }
    let mut done_by = Vec::new();
    for nonce in 1..=6 {
        wire.arm(if nonce % 2 == 0 { Fault::Unsent } else { Fault::Unanswered });
        let Claim::Work(claimed) = bench.queue.claim(&ask(0, nonce)).await.unwrap() else {
            panic!("nothing was claimed")
        };
        let under_way = bench.queue.pool_work().await.unwrap()[1].under_way;
        assert_eq!(under_way, 1, "one is bound, however often it was asked for");
        wire.arm(Fault::Unanswered);
        bench.settle(&claimed, &done()).await;
        done_by.push(claimed.id.clone());
    }
    done_by.sort();
    sent.sort();
    assert_eq!(done_by, sent);
    for id in &sent {
        assert_eq!(bench.state(id).await, ActionState::Done);
    }
    assert_eq!(wire.struck(), 18);
}
