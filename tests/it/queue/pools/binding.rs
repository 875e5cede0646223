//! Who of a pool is given its work, and when.

use std::collections::BTreeSet;
use std::time::Duration;

use walkon::queue::Resolution;
use walkon_core::event::ActionState;

use super::{
    CREW, MINUTE, NOON, WELCOME, claim_all, fleet, in_order, like, member, next, settle_all,
};
use crate::support::redis::{Bench, done, fatal, held, notrun, person, retry, setting};

const POOL: &str = "[pools.crew]\nsite = \"plaza\"\n";

#[tokio::test]
async fn work_of_a_pool_is_done_by_a_member_and_says_so() {
    let bench = fleet(POOL).await;
    member(&bench, "ada", "", &["crew"]).await;
    let id = like(&bench, CREW).await;
    let waits = bench.queue.action(&id).await.unwrap().unwrap();
    assert_eq!((waits.account, waits.state), (None, ActionState::Waiting));
    let claimed = bench.claim("w1").await;
    assert_eq!((claimed.lease.account.as_str(), &claimed.id), ("ada", &id));
    bench.settle(&claimed, &done()).await;
    let told = bench.events().await;
    let told: Vec<_> = told
        .iter()
        .filter(|event| event.action.is_some())
        .map(|event| (event.kind_of_change.as_str(), event.account.as_deref(), &event.pool))
        .collect();
    let crew = Some("crew".to_owned());
    let ada = Some("ada");
    assert_eq!(told, [("queued", None, &crew), ("claimed", ada, &crew), ("done", ada, &crew)]);
    assert_eq!(bench.queue.action(&id).await.unwrap().unwrap().account, "ada".parse().ok());
    bench.check().await;
}

#[tokio::test]
async fn nobody_is_chosen_who_may_not_do_it_now() {
    let bench = fleet(POOL).await;
    member(&bench, "cool", "[kinds.like]\ncooldown = \"5m\"", &["crew"]).await;
    member(&bench, "full", "daily = 1", &["crew"]).await;
    member(&bench, "night", "hours = [\"20:00-22:00\"]", &["crew"]).await;
    member(&bench, "never", "[kinds.like]\ndaily = 0", &["crew"]).await;
    member(&bench, "held", "", &["crew"]).await;
    bench.likes("cool", 1).await;
    bench.likes("full", 1).await;
    bench.drain("w1").await;
    let mut stopped = setting("held", "held", "UTC");
    (stopped.held, stopped.pools) = (Some(held("challenge")), vec!["crew".parse().unwrap()]);
    bench.queue.put_account(&stopped).await.unwrap();
    let id = like(&bench, CREW).await;
    // The cooldown is the first to end.
    assert_eq!(bench.idle("w1").await, Some(5 * MINUTE));
    assert_eq!(bench.why(&id).await, ["pool"]);
    bench.pass(5 * MINUTE).await;
    assert_eq!(next(&bench).await, "cool");
    like(&bench, CREW).await;
    like(&bench, CREW).await;
    assert_eq!(bench.idle("w1").await, Some(5 * MINUTE));
    // Released, the held one may at once.
    stopped.held = None;
    bench.queue.put_account(&stopped).await.unwrap();
    assert_eq!(next(&bench).await, "held");
    assert_eq!(next(&bench).await, "held");
}

#[tokio::test]
async fn each_member_does_one_at_a_time_and_all_of_them_at_once() {
    let bench = fleet(POOL).await;
    for id in ["ada", "ben", "cy"] {
        member(&bench, id, "", &["crew"]).await;
    }
    for _ in 0..5 {
        like(&bench, CREW).await;
    }
    let first = claim_all(&bench).await;
    let who: BTreeSet<_> = first.iter().map(|one| one.lease.account.as_str()).collect();
    assert_eq!((first.len(), who.len()), (3, 3));
    settle_all(&bench, &first).await;
    assert_eq!(claim_all(&bench).await.len(), 2);
}

#[tokio::test]
async fn urgent_work_goes_first_and_later_work_at_its_time() {
    let bench = fleet(POOL).await;
    member(&bench, "ada", "", &["crew"]).await;
    let late = like(&bench, &format!(r#"{CREW},"not_before":"2026-06-01T12:01:00Z""#)).await;
    let plain = like(&bench, CREW).await;
    let urgent = like(&bench, &format!(r#"{CREW},"priority":0"#)).await;
    assert_eq!(bench.claim_done("w1").await.id, urgent);
    assert_eq!(bench.claim_done("w1").await.id, plain);
    assert_eq!(bench.idle("w1").await, Some(MINUTE));
    assert_eq!(bench.why(&late).await, ["not_before"]);
    bench.pass(MINUTE).await;
    assert_eq!(bench.claim_done("w1").await.id, late);
}

#[tokio::test]
async fn a_members_own_work_and_its_pools_go_by_their_ranks() {
    let bench = fleet(POOL).await;
    member(&bench, "ada", "", &["crew"]).await;
    let mut sent = Vec::new();
    for _ in 0..3 {
        sent.extend(in_order(&bench, r#""account":"ada""#, 1).await);
        sent.extend(in_order(&bench, CREW, 1).await);
    }
    let mut done = Vec::new();
    for _ in 0..6 {
        bench.pass(Duration::from_secs(1)).await;
        done.push(bench.claim_done("w1").await.id);
    }
    assert_eq!(done, sent);
}

#[tokio::test]
async fn what_was_not_made_goes_back_to_the_pool_and_what_may_have_been_stays() {
    let bench = fleet(POOL).await;
    member(&bench, "ada", "", &["crew"]).await;
    let id = like(&bench, CREW).await;
    let first = bench.claim("w1").await;
    member(&bench, "ben", "", &["crew"]).await;
    bench.settle(&first, &notrun()).await;
    assert_eq!(bench.queue.action(&id).await.unwrap().unwrap().account, None);
    bench.pass(15 * Duration::from_secs(1)).await;
    // Ben has never acted.
    let second = bench.claim("w1").await;
    assert_eq!(second.lease.account.as_str(), "ben");
    bench.settle(&second, &retry()).await;
    assert_eq!(bench.why(&id).await, ["backoff"]);
    bench.pass(2 * MINUTE).await;
    let third = bench.claim("w1").await;
    assert_eq!(third.lease.account.as_str(), "ada");
    bench.queue.begin(&third.lease, &id).await.unwrap();
    bench.pass(MINUTE).await;
    bench.queue.reap(10).await.unwrap();
    assert_eq!(bench.queue.action(&id).await.unwrap().unwrap().account, "ada".parse().ok());
    let fourth = bench.claim("w1").await;
    assert_eq!((fourth.lease.account.as_str(), &fourth.id), ("ada", &id));
}

#[tokio::test]
async fn an_account_that_leaves_gives_back_what_it_had_not_begun() {
    let bench = fleet(POOL).await;
    member(&bench, "ada", "", &["crew"]).await;
    let id = like(&bench, CREW).await;
    assert_eq!(bench.claim("w1").await.lease.account.as_str(), "ada");
    assert!(bench.queue.remove_account(&"ada".parse().unwrap()).await.unwrap());
    assert_eq!(bench.state(&id).await, ActionState::Waiting);
    assert_eq!(bench.why(&id).await, ["no_member"]);
    member(&bench, "ben", "", &["crew"]).await;
    assert_eq!(next(&bench).await, "ben");
}

#[tokio::test]
async fn an_account_that_is_in_the_pool_no_more_is_not_chosen() {
    let bench = fleet(POOL).await;
    member(&bench, "ada", "", &["crew"]).await;
    like(&bench, CREW).await;
    assert_eq!(next(&bench).await, "ada");
    member(&bench, "ada", "", &[]).await;
    like(&bench, CREW).await;
    assert_eq!(bench.idle("w1").await, None);
    member(&bench, "ada", "", &["crew"]).await;
    assert_eq!(next(&bench).await, "ada");
}

#[tokio::test]
async fn a_worker_takes_only_what_it_can_do() {
    let bench = fleet(POOL).await;
    member(&bench, "ada", "", &["crew"]).await;
    like(&bench, CREW).await;
    let mut ask = bench.asking("w1");
    ask.classes = vec![walkon_core::lease::Class::Api];
    let claim = bench.queue.claim(&ask).await.unwrap();
    assert!(matches!(claim, walkon_core::lease::Claim::Nothing { next: None }), "{claim:?}");
    assert_eq!(next(&bench).await, "ada");
}

#[tokio::test]
async fn waiting_work_of_a_pool_is_taken_back_and_expires_like_any() {
    let bench = fleet(POOL).await;
    let cancelled = like(&bench, WELCOME.split(',').next().unwrap()).await;
    let expires = like(&bench, &format!(r#"{CREW},"expires_at":"2026-06-01T12:01:00Z""#)).await;
    bench.queue.cancel(&cancelled, &person("a mistake")).await.unwrap();
    assert_eq!(bench.state(&cancelled).await, ActionState::Cancelled);
    bench.pass(MINUTE).await;
    assert_eq!(bench.queue.reap(10).await.unwrap().expired, 1);
    assert_eq!(bench.state(&expires).await, ActionState::Expired);
    member(&bench, "ada", "", &["crew"]).await;
    assert_eq!(bench.idle("w1").await, None);
    bench.check().await;
}

#[tokio::test]
async fn the_same_key_is_one_action_and_a_repeated_claim_binds_once() {
    let bench = fleet(POOL).await;
    for id in ["ada", "ben"] {
        member(&bench, id, "", &["crew"]).await;
    }
    let json = r#"{"pool":"crew","kind":"like","target":"post:7","key":"k"}"#;
    let first = bench.send(json).await;
    assert!(matches!(first, walkon::queue::Enqueued::New(_)), "{first:?}");
    let again = bench.send(json).await;
    assert!(matches!(again, walkon::queue::Enqueued::Same(_)), "{again:?}");
    let ask = bench.asking("w1");
    let (one, two) =
        (bench.queue.claim(&ask).await.unwrap(), bench.queue.claim(&ask).await.unwrap());
    assert_eq!(one, two);
    assert_eq!(bench.idle("w2").await, None);
}

#[tokio::test]
async fn no_pool_of_that_name_is_said() {
    let bench = Bench::at(NOON).await;
    let answer = bench.send(r#"{"pool":"crew","kind":"like","target":"post:7"}"#).await;
    assert_eq!(answer, walkon::queue::Enqueued::NoAccount);
}

#[tokio::test]
async fn a_dead_letter_of_a_pool_is_put_back_also_when_its_account_is_gone() {
    let bench = fleet(POOL).await;
    member(&bench, "ada", "", &["crew"]).await;
    let id = like(&bench, CREW).await;
    let claimed = bench.claim("w1").await;
    bench.settle(&claimed, &fatal()).await;
    assert_eq!(bench.state(&id).await, ActionState::Failed);
    bench.queue.remove_account(&"ada".parse().unwrap()).await.unwrap();
    let eve = person("another may");
    let back = bench.queue.resolve(&id, Resolution::Retry, &eve).await.unwrap();
    assert_eq!(back, Some(ActionState::Waiting));
    member(&bench, "ben", "", &["crew"]).await;
    assert_eq!(next(&bench).await, "ben");
    assert_eq!(bench.state(&id).await, ActionState::Done);
}

#[tokio::test]
async fn a_forced_route_goes_only_to_a_member_that_has_it() {
    let bench = fleet(POOL).await;
    let mut lacks = setting("ada", "free", "UTC");
    lacks.pools = vec!["crew".parse().unwrap()];
    lacks.routes.insert("like@api".to_owned(), None);
    bench.queue.put_account(&lacks).await.unwrap();
    let id = like(&bench, &format!(r#"{CREW},"route":"api""#)).await;
    assert_eq!(bench.idle("w1").await, None);
    assert_eq!(bench.why(&id).await, ["pool"]);
    lacks.routes.remove("like@api");
    bench.queue.put_account(&lacks).await.unwrap();
    assert_eq!(bench.claim("w1").await.lease.class, walkon_core::lease::Class::Api);
}
