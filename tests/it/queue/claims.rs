//! Who gets what: leases, classes, nonces, affinity, order, idempotency.

use std::time::Duration;

use walkon::queue::{ActionFilter, Enqueued, Settled};
use walkon_core::event::ActionState;
use walkon_core::lease::{Ask, Claim, Claimed, Class, Duty, HandBack, HostFault, Lease};

use crate::support::redis::{Bench, done, person, setting, worker};

#[tokio::test]
async fn an_account_is_given_to_one_worker_at_a_time() {
    let bench = Bench::at("2026-06-01T10:00:00Z").await;
    bench.account("ada", "").await;
    bench.likes("ada", 2).await;
    let one = bench.claim("w1").await;
    assert_eq!(bench.idle("w2").await, None);
    bench.settle(&one, &done()).await;
    let two = bench.claim("w2").await;
    assert!(two.lease.token > one.lease.token, "later leases have greater tokens");
}

#[tokio::test]
async fn an_api_call_does_not_wait_for_a_visit_but_both_are_counted() {
    let bench = Bench::at("2026-06-01T10:00:00Z").await;
    bench.account("ada", "daily = 2").await;
    let mut ada = setting("ada", "ada", "UTC");
    ada.routes.insert("comment".into(), Some(Class::Api));
    bench.queue.put_account(&ada).await.unwrap();
    bench.likes("ada", 2).await;
    bench.add("ada", "comment", "").await;
    let visit = bench.claim("w1").await;
    let call = bench.claim("w2").await;
    let mut classes = [visit.lease.class, call.lease.class];
    classes.sort();
    assert_eq!(classes, Class::ALL);
    bench.settle(&visit, &done()).await;
    bench.settle(&call, &done()).await;
    assert_eq!(bench.idle("w1").await, Some(Duration::from_hours(14)));
}

#[tokio::test]
async fn a_worker_gets_only_what_it_can_do() {
    let bench = Bench::at("2026-06-01T10:00:00Z").await;
    bench.account("ada", "").await;
    bench.likes("ada", 1).await;
    let ask = Ask { classes: vec![Class::Api], ..bench.asking("w1") };
    assert_eq!(bench.queue.claim(&ask).await.unwrap(), Claim::Nothing { next: None });
    bench.claim("w2").await;
}

#[tokio::test]
async fn the_same_nonce_gets_the_same_answer() {
    let bench = Bench::at("2026-06-01T10:00:00Z").await;
    bench.account("ada", "").await;
    bench.likes("ada", 2).await;
    let ask = bench.asking("w1");
    let first = bench.queue.claim(&ask).await.unwrap();
    assert_eq!(bench.queue.claim(&ask).await.unwrap(), first);
    let Claim::Work(claimed) = first else { panic!("nothing to claim") };
    bench.settle(&claimed, &done()).await;
    let Claim::Work(stale) = bench.queue.claim(&ask).await.unwrap() else { panic!("changed") };
    assert_eq!((stale.id, stale.lease.ttl), (claimed.id, Duration::ZERO), "and it is over");
}

#[tokio::test]
async fn a_stale_token_is_refused_everywhere_and_changes_nothing() {
    let bench = Bench::at("2026-06-01T10:00:00Z").await;
    bench.account("ada", "").await;
    bench.likes("ada", 1).await;
    let stale = bench.claim("w1").await;
    bench.pass(Duration::from_secs(33)).await;
    bench.queue.reap(10).await.unwrap();
    bench.pass(Duration::from_mins(1)).await;
    let live = bench.claim("w2").await;
    let before = bench.queue.action(&live.id).await.unwrap();
    assert_eq!(bench.settle(&stale, &done()).await, Settled::Fenced);
    let begun = bench.queue.begin(&stale.lease, &stale.id).await.unwrap();
    assert_eq!(begun, walkon::queue::Begun::Fenced);
    let lost = bench.queue.extend(&[stale.lease.clone(), live.lease.clone()]).await.unwrap();
    assert_eq!(lost, std::slice::from_ref(&stale.lease));
    assert!(
        !bench.queue.release(&stale.lease, Some(&HandBack::stopping(&stale.id))).await.unwrap()
    );
    assert_eq!(bench.queue.action(&live.id).await.unwrap(), before);
}

#[tokio::test]
async fn finishing_twice_gives_the_same_answer_and_one_event() {
    let bench = Bench::at("2026-06-01T10:00:00Z").await;
    bench.account("ada", "").await;
    bench.likes("ada", 1).await;
    let claimed = bench.claim("w1").await;
    let first = bench.settle(&claimed, &done()).await;
    assert_eq!(first, Settled::As { state: ActionState::Done, kept: false });
    assert_eq!(bench.settle(&claimed, &done()).await, first);
    let events = bench.events().await;
    let kinds: Vec<_> = events.iter().map(|event| event.kind_of_change.as_str()).collect();
    assert_eq!(kinds, ["queued", "claimed", "done"]);
    let end = &events[2];
    assert_eq!(end.target.as_deref(), Some("post:7"));
    assert_eq!(end.outcome.as_deref(), Some("made"));
    assert_eq!((end.class.as_deref(), end.attempt), (Some("browser"), Some(1)));
    bench.check().await;
}

#[tokio::test]
async fn a_lease_goes_on_as_long_as_it_is_extended() {
    let bench = Bench::at("2026-06-01T10:00:00Z").await;
    bench.account("ada", "").await;
    bench.likes("ada", 1).await;
    let claimed = bench.claim("w1").await;
    for _ in 0..5 {
        bench.pass(Duration::from_secs(20)).await;
        assert!(bench.queue.extend(std::slice::from_ref(&claimed.lease)).await.unwrap().is_empty());
        assert_eq!(bench.queue.reap(10).await.unwrap().leases, 0);
    }
    bench.settle(&claimed, &done()).await;
}

#[tokio::test]
async fn released_work_costs_no_attempt_and_gives_its_caps_back() {
    let bench = Bench::at("2026-06-01T10:00:00Z").await;
    bench.account("ada", "daily = 1\n[kinds.like]\ncooldown = \"1h\"").await;
    bench.likes("ada", 1).await;
    let claimed = bench.claim("w1").await;
    let back = HandBack::stopping(&claimed.id);
    assert!(bench.queue.release(&claimed.lease, Some(&back)).await.unwrap());
    assert!(bench.queue.release(&claimed.lease, Some(&back)).await.unwrap(), "again");
    let next = bench.claim("w2").await;
    assert_eq!((next.id, next.attempt), (claimed.id, 1));
}

#[tokio::test]
async fn what_a_host_hands_back_says_why_until_somebody_takes_it() {
    let bench = Bench::at("2026-06-01T10:00:00Z").await;
    bench.account("ada", "").await;
    bench.likes("ada", 1).await;
    let fault = HostFault { code: "browser_missing".into(), why: "none; install one".into() };
    for _ in 0..9 {
        let Claimed { lease, id, attempt, .. } = bench.claim("w1").await;
        assert_eq!(attempt, 1, "no attempt is counted, however often");
        let back = HandBack { id: id.clone(), fault: Some(fault.clone()) };
        assert!(bench.queue.release(&lease, Some(&back)).await.unwrap());
        let why = bench.queue.why(&id).await.unwrap().unwrap().reasons;
        assert_eq!(why.len(), 1, "{why:?}");
        assert_eq!((why[0].code.as_str(), why[0].words.as_str()), ("handed_back", &*fault.why));
    }
    let taken = bench.claim("w2").await;
    bench.settle(&taken, &done()).await;
    let why = bench.queue.why(&taken.id).await.unwrap().unwrap().reasons;
    assert!(why.iter().all(|reason| reason.code != "handed_back"), "{why:?}");
}

#[tokio::test]
async fn a_worker_that_keeps_an_account_gets_its_next_action_first() {
    let bench = Bench::at("2026-06-01T10:00:00Z").await;
    for id in ["ada", "ben"] {
        bench.account(id, "").await;
        bench.likes(id, 2).await;
    }
    let first = bench.claim("w1").await;
    let kept = bench.queue.finish(&first.lease, &first.id, &done(), true).await.unwrap();
    assert_eq!(kept, Settled::As { state: ActionState::Done, kept: true });
    let other = bench.claim("w2").await;
    assert_ne!(other.lease.account, first.lease.account, "nobody else gets what is kept");
    assert_eq!(bench.idle("w2").await, None);
    let ask = Ask { holds: vec![first.lease.account.clone()], ..bench.asking("w1") };
    let Claim::Work(next) = bench.queue.claim(&ask).await.unwrap() else { panic!("not kept") };
    assert_eq!(next.lease.account, first.lease.account);
    assert_eq!(bench.queue.extend(std::slice::from_ref(&first.lease)).await.unwrap().len(), 1);
    let kept = bench.queue.finish(&next.lease, &next.id, &done(), true).await.unwrap();
    assert_eq!(kept, Settled::As { state: ActionState::Done, kept: true });
    assert!(bench.queue.release(&next.lease, None).await.unwrap());
    bench.add(next.lease.account.as_str(), "like", "").await;
    bench.claim("w3").await;
}

#[tokio::test]
async fn a_kept_account_calls_its_own_worker_and_is_taken_back_when_that_one_dies() {
    let bench = Bench::at("2026-06-01T10:00:00Z").await;
    bench.account("ada", "").await;
    bench.likes("ada", 1).await;
    let first = bench.claim("w1").await;
    bench.queue.finish(&first.lease, &first.id, &done(), true).await.unwrap();
    let brief = Duration::from_millis(20);
    while bench.queue.wait(&worker("w2"), &Class::ALL, brief).await.unwrap() {}
    bench.likes("ada", 1).await;
    assert!(!bench.queue.wait(&worker("w2"), &Class::ALL, brief).await.unwrap());
    assert!(bench.queue.wait(&worker("w1"), &Class::ALL, brief).await.unwrap());
    assert_eq!(bench.idle("w2").await, None);
    bench.pass(Duration::from_secs(33)).await;
    assert_eq!(bench.queue.reap(10).await.unwrap().leases, 1);
    bench.claim("w2").await;
}

#[tokio::test]
async fn a_ring_wakes_one_who_waits_and_only_for_what_it_can_do() {
    let bench = Bench::at("2026-06-01T10:00:00Z").await;
    bench.account("ada", "").await;
    let queue = bench.queue.clone();
    let (one, two) = (worker("w1"), worker("w2"));
    let api = queue.wait(&two, &[Class::Api], Duration::from_millis(300));
    let both = queue.wait(&one, &Class::ALL, Duration::from_secs(20));
    let (api, both, ()) = tokio::join!(api, both, bench.likes("ada", 1));
    assert_eq!((api.unwrap(), both.unwrap()), (false, true));
}

#[tokio::test]
async fn the_more_urgent_goes_first_and_the_rest_in_order_of_arrival() {
    let bench = Bench::at("2026-06-01T10:00:00Z").await;
    bench.account("ada", "").await;
    let mut sent = Vec::new();
    for priority in [5, 9, 0, 5] {
        bench.pass(Duration::from_secs(1)).await;
        sent.push(bench.add("ada", "like", &format!(r#","priority":{priority}"#)).await);
    }
    let mut got = Vec::new();
    for _ in 0..4 {
        got.push(bench.claim_done("w1").await.id);
    }
    assert_eq!(got, [sent[2].clone(), sent[0].clone(), sent[3].clone(), sent[1].clone()]);
}

#[tokio::test]
async fn the_account_that_rested_longest_goes_first() {
    let bench = Bench::at("2026-06-01T10:00:00Z").await;
    for id in ["ada", "ben", "cyd"] {
        bench.account(id, "").await;
        bench.likes(id, 2).await;
    }
    let mut order = Vec::new();
    for _ in 0..6 {
        bench.pass(Duration::from_secs(1)).await;
        order.push(bench.claim_done("w1").await.lease.account.to_string());
    }
    assert_eq!(order[..3], order[3..]);
}

#[tokio::test]
async fn one_key_is_one_action_and_another_action_under_it_is_told_so() {
    let bench = Bench::at("2026-06-01T10:00:00Z").await;
    bench.account("ada", "").await;
    let like = r#"{"account":"ada","kind":"like","target":"post:7","key":"k1"}"#;
    let Enqueued::New(id) = bench.send(like).await else { panic!("not new") };
    assert_eq!(bench.send(like).await, Enqueued::Same(id.clone()));
    let other = r#"{"account":"ada","kind":"like","target":"post:8","key":"k1"}"#;
    assert_eq!(bench.send(other).await, Enqueued::Conflict(id.clone()));
    assert_eq!(bench.drain("w1").await, 1);
    assert_eq!(bench.send(like).await, Enqueued::Same(id), "also when it is done");
    let nobody = r#"{"account":"nobody","kind":"like","target":"post:8"}"#;
    assert_eq!(bench.send(nobody).await, Enqueued::NoAccount);
    bench.check().await;
}

#[tokio::test]
async fn what_is_not_due_waits_until_it_is() {
    let bench = Bench::at("2026-06-01T10:00:00Z").await;
    bench.account("ada", "").await;
    let later = bench.add("ada", "like", r#","not_before":"2026-06-01T11:00:00Z""#).await;
    assert_eq!(bench.idle("w1").await, Some(Duration::from_hours(1)));
    assert_eq!(bench.why(&later).await, ["not_before"]);
    bench.pass(Duration::from_hours(1)).await;
    assert_eq!(bench.claim("w1").await.id, later);
}

#[tokio::test]
async fn work_whose_time_passes_expires_then_even_while_its_account_is_capped() {
    let bench = Bench::at("2026-06-01T10:00:00Z").await;
    bench.account("ada", "daily = 0").await;
    let like = bench.add("ada", "like", r#","expires_at":"2026-06-01T10:30:00Z""#).await;
    let next = bench.queue.reap(10).await.unwrap().next;
    assert_eq!(next, Some(Duration::from_mins(30)));
    bench.pass(Duration::from_mins(30)).await;
    assert_eq!(bench.queue.reap(10).await.unwrap().expired, 1);
    assert_eq!(bench.state(&like).await, ActionState::Expired);
    assert_eq!(bench.queue.reap(10).await.unwrap().next, None);
    assert_eq!(bench.events().await.last().unwrap().kind_of_change, "expired");
    bench.check().await;
}

#[tokio::test]
async fn a_claim_ends_expired_work_on_its_way() {
    let bench = Bench::at("2026-06-01T10:00:00Z").await;
    bench.account("ada", "").await;
    let stale = bench.add("ada", "like", r#","expires_at":"2026-06-01T10:30:00Z""#).await;
    let good = bench.add("ada", "like", "").await;
    bench.pass(Duration::from_secs(1801)).await;
    let claimed = bench.claim("w1").await;
    assert_eq!((claimed.id, claimed.duty), (good, Duty::Perform));
    assert_eq!(bench.state(&stale).await, ActionState::Expired);
}

#[tokio::test]
async fn cancelled_work_is_not_done_and_running_work_is_not_tried_again() {
    let bench = Bench::at("2026-06-01T10:00:00Z").await;
    bench.account("ada", "").await;
    let waiting = bench.add("ada", "like", "").await;
    let cancelled = bench.queue.cancel(&waiting, &person("changed my mind")).await.unwrap();
    assert_eq!(cancelled, walkon::queue::Cancelled::Yes);
    assert_eq!(bench.idle("w1").await, None);
    let running = bench.add("ada", "like", "").await;
    let claimed = bench.claim("w1").await;
    let cancelled = bench.queue.cancel(&running, &person("changed my mind")).await.unwrap();
    assert_eq!(cancelled, walkon::queue::Cancelled::IfNotDone);
    bench.settle(&claimed, &crate::support::redis::retry()).await;
    assert_eq!(bench.state(&running).await, ActionState::Cancelled);
    let again = bench.queue.cancel(&running, &person("again")).await.unwrap();
    assert_eq!(again, walkon::queue::Cancelled::Yes);
    bench.check().await;
}

#[tokio::test]
async fn actions_are_listed_latest_first_and_by_what_one_looks_for() {
    let bench = Bench::at("2026-06-01T10:00:00Z").await;
    for id in ["ada", "ben"] {
        bench.account(id, "").await;
        bench.likes(id, 3).await;
    }
    bench.claim_done("w1").await;
    let all = bench.queue.actions(&ActionFilter::default(), 0, 4).await.unwrap();
    assert_eq!(all.actions.len(), 4);
    let rest = bench.queue.actions(&ActionFilter::default(), all.next.unwrap(), 4).await.unwrap();
    assert_eq!((rest.actions.len(), rest.next), (2, None));
    let filter = ActionFilter { state: Some(ActionState::Done), ..ActionFilter::default() };
    assert_eq!(bench.queue.actions(&filter, 0, 10).await.unwrap().actions.len(), 1);
    let ada = bench.queue.account(&"ada".parse().unwrap()).await.unwrap().unwrap();
    let ben = bench.queue.account(&"ben".parse().unwrap()).await.unwrap().unwrap();
    assert_eq!((ada.waiting + ben.waiting, ada.today + ben.today), (5, 1));
}

#[tokio::test]
async fn many_workers_at_once_never_share_an_account() {
    let bench = Bench::at("2026-06-01T10:00:00Z").await;
    for n in 0..8 {
        let id = format!("a{n}");
        bench.account(&id, "").await;
        bench.likes(&id, 2).await;
    }
    let asks: Vec<_> = (0..16).map(|n| bench.asking(&format!("w{n}"))).collect();
    let claims =
        futures_util::future::join_all(asks.iter().map(|ask| bench.queue.claim(ask))).await;
    let leases: Vec<Lease> = claims
        .into_iter()
        .filter_map(|claim| match claim.unwrap() {
            Claim::Work(claimed) => Some(claimed.lease),
            _ => None,
        })
        .collect();
    let accounts: std::collections::BTreeSet<_> = leases.iter().map(|one| &one.account).collect();
    assert_eq!((leases.len(), accounts.len()), (8, 8));
}

#[tokio::test]
async fn two_of_a_kind_are_never_performed_at_once_by_two_routes() {
    let bench = Bench::at("2026-06-01T10:00:00Z").await;
    bench.account("ada", "[kinds.comment]\ncooldown = \"60s\"").await;
    bench.add("ada", "comment", "").await;
    let forced = bench.add("ada", "comment", r#","route":"api""#).await;
    let ask = Ask { classes: vec![Class::Browser], ..bench.asking("w1") };
    let Claim::Work(visit) = bench.queue.claim(&ask).await.unwrap() else { panic!("no work") };
    bench.pass(Duration::from_secs(20)).await;
    bench.queue.extend(std::slice::from_ref(&visit.lease)).await.unwrap();
    bench.pass(Duration::from_secs(20)).await;
    bench.queue.extend(std::slice::from_ref(&visit.lease)).await.unwrap();
    bench.pass(Duration::from_secs(25)).await;
    assert_eq!(bench.idle("w2").await, None);
    assert_eq!(bench.why(&forced).await, ["busy"]);
    bench.settle(&visit, &done()).await;
    assert_eq!(bench.idle("w2").await, Some(Duration::from_mins(1)));
}
