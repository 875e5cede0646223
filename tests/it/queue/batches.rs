//! Many at once, and two verbs in one call.

use walkon::queue::{Enqueued, Incoming, Settled};
use walkon_core::action::Action;
use walkon_core::event::ActionState;
use walkon_core::id::ActionId;
use walkon_core::lease::Claim;
use walkon_core::rng::Seed;

use crate::support::redis::{Bench, done};

const NOON: &str = "2026-06-01T12:00:00Z";

fn action(bench: &Bench, json: &str) -> Action {
    Action::parse(json.as_bytes(), bench.now()).expect("a good action")
}

fn ids(bench: &Bench, count: u64) -> Vec<ActionId> {
    (0..count).map(|n| ActionId::new(bench.now(), &mut Seed(1000 + n).rng())).collect()
}

#[tokio::test]
async fn many_actions_are_taken_in_their_order_and_each_has_its_answer() {
    let bench = Bench::at(NOON).await;
    bench.account("ada", "").await;
    let like = r#"{"account":"ada","kind":"like","target":"post:7"}"#;
    let mut actions: Vec<_> = (0..250).map(|_| action(&bench, like)).collect();
    actions[40] = action(&bench, r#"{"account":"zoe","kind":"like","target":"post:7"}"#);
    for (number, post) in [(50, 1), (51, 1), (52, 2)] {
        let json =
            format!(r#"{{"account":"ada","kind":"like","target":"post:{post}","key":"one"}}"#);
        actions[number] = action(&bench, &json);
    }
    let ids = ids(&bench, 250);
    let incoming: Vec<_> = ids
        .iter()
        .zip(&actions)
        .map(|(id, action)| Incoming { id, action, intake: None })
        .collect();
    let taken = bench.queue.enqueue_many(&incoming).await.unwrap();
    assert_eq!(taken.len(), 250);
    assert_eq!(taken[40], Enqueued::NoAccount);
    assert_eq!(taken[51], Enqueued::Same(ids[50].clone()));
    assert_eq!(taken[52], Enqueued::Conflict(ids[50].clone()));
    let new = taken.iter().filter(|one| matches!(one, Enqueued::New(_))).count();
    assert_eq!(new, 247);
    assert_eq!(
        bench.queue.enqueue_many(&incoming).await.unwrap()[0],
        Enqueued::New(ids[0].clone())
    );
    assert_eq!(bench.queue.stats().await.unwrap().count(ActionState::Waiting), 247);
    for id in &ids[..3] {
        assert_eq!(bench.claim_done("w1").await.id, *id, "in the order in which they came");
    }
    bench.check().await;
}

#[tokio::test]
async fn settling_and_claiming_is_one_call_that_may_be_repeated() {
    let bench = Bench::at(NOON).await;
    bench.account("ada", "").await;
    bench.likes("ada", 2).await;
    let first = bench.claim("w1").await;
    let ask = bench.asking("w1");
    let done = done();
    let call = || bench.queue.finish_claim(&first.lease, &first.id, &done, false, &ask);
    let (settled, claim) = call().await.unwrap();
    assert_eq!(settled, Settled::As { state: ActionState::Done, kept: false });
    let Claim::Work(second) = &claim else { panic!("nothing to claim: {claim:?}") };
    assert_ne!(second.id, first.id);
    assert!(second.lease.token > first.lease.token);
    assert_eq!(call().await.unwrap(), (settled, claim.clone()), "the same again");
    let stats = bench.queue.stats().await.unwrap();
    assert_eq!((stats.count(ActionState::Done), stats.count(ActionState::Running)), (1, 1));
    bench.check().await;
}

#[tokio::test]
async fn a_lost_lease_settles_nothing_and_claims_all_the_same() {
    let bench = Bench::at(NOON).await;
    bench.account("ada", "").await;
    bench.likes("ada", 2).await;
    let first = bench.claim("w1").await;
    bench.pass(std::time::Duration::from_secs(40)).await;
    bench.queue.reap(10).await.unwrap();
    let ask = bench.asking("w1");
    let (settled, claim) =
        bench.queue.finish_claim(&first.lease, &first.id, &done(), false, &ask).await.unwrap();
    assert_eq!(settled, Settled::Fenced);
    assert!(matches!(claim, Claim::Work(_)));
}
