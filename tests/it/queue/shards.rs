//! A queue of four shards: the front doors lead to the right one, and what is asked of all is
//! added up. The same stories are told on one server, on a Valkey and on a cluster of three nodes.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use walkon::queue::{
    ActionFilter, Cancelled, Delivered, Enqueued, Error, Fate, FleetCaps, Forecast, Letters,
    Options, Outlook, Part, PoolFilter, Queue, Resolution, Scope,
};
use walkon_core::event::ActionState;
use walkon_core::lease::{Claim, Class};
use walkon_core::pool::{Pool, Pools};

use crate::support::redis::{Bench, done, fatal, options, person, retry, worker};

mod cluster;
pub(super) mod escrow;
mod grounds;

const START: &str = "2026-03-02T12:00:00Z";
const SHARDS: u32 = 4;

/// Four shards on whatever it is.
fn four(prefix: &str) -> Options {
    let public = format!("{prefix}:");
    Options { shards: SHARDS, prefix: format!("wk:{{{prefix}}}:"), public, ..options() }
}

/// Names enough that each shard has some.
fn crew() -> Vec<String> {
    (0..16).map(|n| format!("crew-{n}")).collect()
}

fn shard_of(account: &str) -> usize {
    Part::of_account(account, SHARDS).index as usize
}

/// One account in each shard, in the shards' order.
fn one_each() -> Vec<String> {
    let of = |shard| crew().into_iter().find(|name| shard_of(name) == shard);
    (0..SHARDS as usize).map(|shard| of(shard).expect("each shard has some")).collect()
}

async fn enroll(bench: &Bench, limits: &str) {
    for name in crew() {
        bench.account(&name, limits).await;
    }
}

async fn read_all(bench: &Bench) -> Vec<Delivered> {
    let mut events = bench.queue.events("books", "one").await.unwrap();
    let mut all = Vec::new();
    loop {
        let some = events.read(100, Duration::from_millis(200)).await.unwrap();
        if some.is_empty() {
            break;
        }
        let ids: Vec<_> = some.iter().map(|one| one.id.clone()).collect();
        all.extend(some);
        events.ack(&ids).await.unwrap();
    }
    assert!(events.reclaim(100, Duration::ZERO).await.unwrap().is_empty(), "all were seen");
    all
}

async fn each_shard_does_its_own_work_and_every_event_is_told_once(bench: &Bench) {
    enroll(bench, "").await;
    for name in crew() {
        bench.likes(&name, 2).await;
    }
    let leases: Vec<u64> = bench.ask_each(&["ZCARD", "P:jobs"]).await;
    assert!(leases.iter().all(|jobs| *jobs > 0), "each shard has work: {leases:?}");
    let mut firsts = BTreeSet::new();
    for n in 0..32 {
        let claimed = bench.claim_done("w1").await;
        if n < 8 {
            firsts.insert(shard_of(claimed.lease.account.as_str()));
        }
    }
    assert_eq!(firsts.len(), 4, "each claim begins with another shard: {firsts:?}");
    assert_eq!(bench.idle("w1").await, None);
    let stats = bench.queue.stats().await.unwrap();
    assert_eq!((stats.planned(), stats.count(ActionState::Done)), (32, 32));
    bench.check().await;
    let events = read_all(bench).await;
    let ids: BTreeSet<_> = events.iter().map(|one| one.id.clone()).collect();
    assert_eq!(ids.len(), events.len(), "a place is one event's alone");
    let ended = events.iter().filter(|one| one.event.kind_of_change == "done");
    let ended: BTreeSet<_> = ended.filter_map(|one| one.event.action.clone()).collect();
    assert_eq!(ended.len(), 32);
    assert_eq!(bench.queue.trim_events().await.unwrap(), events.len() as u64);
}

async fn an_accounts_limits_hold_and_the_earliest_of_all_shards_is_told(bench: &Bench) {
    let each = one_each();
    for (n, name) in each.iter().enumerate() {
        let limits = format!("hourly = 2\nkinds.like.cooldown = \"{}s\"", 60 - n * 10);
        bench.account(name, &limits).await;
        bench.likes(name, 3).await;
    }
    assert_eq!(bench.drain("w1").await, 4);
    assert_eq!(bench.idle("w1").await, Some(Duration::from_secs(30)), "the soonest cooldown");
    bench.pass(Duration::from_mins(1)).await;
    assert_eq!(bench.drain("w1").await, 4);
    bench.pass(Duration::from_mins(1)).await;
    assert_eq!(bench.idle("w1").await, Some(Duration::from_mins(58)), "the full hour");
    let due: Vec<_> = each.iter().map(|name| name.parse().unwrap()).collect();
    let due = bench.queue.due(&due).await.unwrap();
    assert!(due.iter().all(|at| *at == Some("2026-03-02T13:00:00Z".parse().unwrap())), "{due:?}");
    let status = bench.queue.pool(&PoolFilter::default()).await.unwrap();
    assert_eq!((status.total, status.capped), (4, 4));
    let acting = bench.queue.acting(10).await.unwrap();
    assert!(acting.is_empty(), "{acting:?}");
    assert_eq!(bench.queue.coming(3).await.unwrap().len(), 3);
}

async fn the_same_key_is_one_action_of_an_account_and_another_accounts_is_its_own(bench: &Bench) {
    let each = one_each();
    let say = |account: &str, text: &str| {
        format!(
            r#"{{"account":"{account}","kind":"comment","target":"post:7",
                "with":{{"text":"{text}"}},"key":"hello"}}"#
        )
    };
    for name in &each {
        bench.account(name, "").await;
        let Enqueued::New(first) = bench.send(&say(name, "hi")).await else { panic!("{name}") };
        assert_eq!(bench.send(&say(name, "hi")).await, Enqueued::Same(first.clone()));
        assert_eq!(bench.send(&say(name, "no")).await, Enqueued::Conflict(first));
    }
    assert_eq!(bench.queue.stats().await.unwrap().planned(), 4);
    let nobody = r#"{"account":"nobody","kind":"like","target":"post:7"}"#;
    assert_eq!(bench.send(nobody).await, Enqueued::NoAccount);
}

async fn a_pause_holds_everywhere_is_told_once_and_stops_what_runs(bench: &Bench) {
    enroll(bench, "").await;
    for name in crew() {
        bench.likes(&name, 1).await;
    }
    let mut leases = Vec::new();
    for _ in 0..6 {
        leases.push(bench.claim("w1").await.lease);
    }
    let site = Scope::Site("plaza".to_owned());
    bench.queue.pause(&site, &person("look")).await.unwrap();
    assert!(matches!(bench.try_claim("w2").await, Claim::Nothing { .. }));
    assert_eq!(bench.queue.heed(&leases).await.unwrap().len(), 6, "all are to stop");
    assert!(bench.queue.extend(&leases).await.unwrap().is_empty(), "none is lost");
    let pauses = bench.queue.pauses().await.unwrap();
    assert_eq!(pauses.len(), 1, "{pauses:?}");
    bench.queue.pause(&Scope::Fleet, &person("lunch")).await.unwrap();
    assert!(matches!(bench.try_claim("w2").await, Claim::Shut { .. }));
    assert!(bench.queue.resume(&Scope::Fleet, &person("")).await.unwrap());
    assert!(!bench.queue.resume(&Scope::Fleet, &person("")).await.unwrap(), "it goes on already");
    assert!(bench.queue.resume(&site, &person("")).await.unwrap());
    assert_eq!(bench.drain("w2").await, 10);
    let acts = read_all(bench).await.into_iter().filter(|one| one.event.kind_of_change == "act");
    let acts: Vec<_> = acts.filter_map(|one| one.event.code).collect();
    assert_eq!(acts, ["pause", "pause", "resume", "resume"]);
}

async fn what_lost_workers_had_goes_back_in_every_shard(bench: &Bench) {
    let each = one_each();
    for name in &each {
        bench.account(name, "").await;
        bench.likes(name, 1).await;
    }
    for _ in &each {
        bench.claim("gone").await;
    }
    assert_eq!(bench.queue.reap(10).await.unwrap().leases, 0);
    bench.pass(Duration::from_mins(1)).await;
    let reaped = bench.queue.reap(10).await.unwrap();
    assert_eq!((reaped.leases, reaped.next), (4, None));
    bench.pass(Duration::from_hours(1)).await;
    assert_eq!(bench.drain("w1").await, 4);
    bench.check().await;
}

async fn the_same_nonce_gets_the_same_answer_also_when_earlier_shards_have_work_by_then(
    bench: &Bench,
) {
    enroll(bench, "").await;
    let each = one_each();
    for name in &each {
        bench.likes(name, 1).await;
        let ask = bench.asking("w1");
        let Claim::Work(first) = bench.queue.claim(&ask).await.unwrap() else { panic!("{name}") };
        for other in crew() {
            bench.likes(&other, 1).await;
        }
        let Claim::Work(again) = bench.queue.claim(&ask).await.unwrap() else { panic!("{name}") };
        assert_eq!((&first.id, &first.lease.token), (&again.id, &again.lease.token));
        bench.settle(&first, &done()).await;
        bench.drain("w1").await;
    }
}

async fn lists_run_over_all_shards_in_their_order(bench: &Bench) {
    enroll(bench, "").await;
    let mut sent = Vec::new();
    for name in crew() {
        sent.push(bench.add(&name, "like", "").await);
        bench.pass(Duration::from_millis(5)).await;
    }
    sent.reverse();
    let (mut listed, mut from) = (Vec::new(), Some(0));
    while let Some(at) = from {
        let page = bench.queue.actions(&ActionFilter::default(), at, 5).await.unwrap();
        listed.extend(page.actions.into_iter().map(|one| one.id));
        from = page.next;
    }
    assert_eq!(listed, sent);
    let whose = crew()[3].parse().unwrap();
    let filter = ActionFilter { account: Some(whose), ..ActionFilter::default() };
    assert_eq!(bench.queue.actions(&filter, 0, 5).await.unwrap().actions.len(), 1);
    for id in &sent[..2] {
        assert_eq!(bench.queue.cancel(id, &person("no")).await.unwrap(), Cancelled::Yes);
        assert_eq!(bench.state(id).await, ActionState::Cancelled);
    }
    let claimed = bench.claim("w1").await;
    bench.settle(&claimed, &fatal()).await;
    let other = bench.claim("w1").await;
    bench.settle(&other, &retry()).await;
    let letters = bench.queue.dead_letters(Letters::Failed, 0, 10).await.unwrap();
    assert_eq!(letters.iter().map(|one| &one.id).collect::<Vec<_>>(), [&claimed.id]);
    assert_eq!(bench.why(&other.id).await, ["backoff"]);
    let back = bench.queue.resolve(&claimed.id, Resolution::Retry, &person("")).await.unwrap();
    assert_eq!(back, Some(ActionState::Waiting));
    let ids: Vec<_> = sent.iter().map(walkon_core::id::ActionId::as_str).collect();
    assert!(bench.queue.unknown_of(&ids).await.unwrap().is_empty());
    assert_eq!(bench.queue.unknown_of(&["never", ids[0]]).await.unwrap(), ["never"]);
}

async fn a_ring_from_any_shard_wakes_whoever_waits(bench: &Bench) {
    let each = one_each();
    for name in &each {
        bench.account(name, "").await;
    }
    assert_eq!(bench.idle("w1").await, None);
    for name in &each {
        let (name, classes) = (name.clone(), Class::ALL);
        let one = worker("w1");
        let wait = bench.queue.wait(&one, &classes, Duration::from_secs(20));
        let (rang, ()) = tokio::join!(wait, bench.likes(&name, 1));
        assert!(rang.unwrap(), "{name}'s shard rang");
        let claimed = bench.claim_done("w1").await;
        assert_eq!(claimed.lease.account.as_str(), name);
    }
    let short = Duration::from_millis(20);
    assert!(!bench.queue.wait(&worker("w1"), &Class::ALL, short).await.unwrap());
}

async fn what_all_shards_tell_is_made_public_once(bench: &Bench) {
    let each = one_each();
    for name in &each {
        bench.account(name, "").await;
        bench.likes(name, 1).await;
    }
    let events = read_all(bench).await;
    for _ in 0..2 {
        for one in &events {
            bench.queue.publish(&one.id, &one.event).await.unwrap();
        }
    }
    let public = bench.queue.published("0", 100).await.unwrap();
    let told = public.iter().filter_map(|(_, event)| event.action.clone());
    let mut count = BTreeMap::<_, u32>::new();
    told.for_each(|action| *count.entry(action).or_default() += 1);
    assert_eq!(count.values().copied().collect::<Vec<_>>(), [1, 1, 1, 1], "{public:?}");
}

async fn the_number_of_shards_is_fixed_and_what_they_cannot_do_is_refused(bench: &Bench) {
    for shards in [1, 2, 5] {
        let other = Options { shards, ..bench.queue.options().clone() };
        for refused in [Queue::connect(&other).await.err(), Queue::look(&other).await.err()] {
            let error = refused.expect("another number of shards");
            assert!(error.to_string().contains("4 shards"), "{error}");
            assert!(error.remedy().unwrap().contains("queue.shards = 4"), "{error:?}");
        }
    }
    assert!(Queue::look(bench.queue.options()).await.is_ok());
    bench.queue.set_pools(&Pools::default()).await.unwrap();
    let crew = [("crew".parse().unwrap(), Pool::default())].into();
    let crew = Pools { pools: crew, ..Pools::default() };
    let error = bench.queue.set_pools(&crew).await.unwrap_err();
    assert!(
        matches!(error, Error::Refused { .. }) && error.to_string().contains("pools"),
        "{error}"
    );
    assert!(error.remedy().unwrap().contains("queue.shards = 1"));
}

async fn a_sites_breaker_opens_in_all_shards_and_each_tries_by_itself(bench: &Bench) {
    // Of one shard's accounts enough fail at once; the others have nothing against them.
    let mine: Vec<_> =
        (0..200).map(|n| format!("m{n}")).filter(|name| shard_of(name) == 1).collect();
    let others: Vec<_> = one_each().into_iter().filter(|name| shard_of(name) != 1).collect();
    for name in mine[..5].iter().chain(&others) {
        bench.account(name, "breaker.failures = 1").await;
    }
    for name in &mine[..5] {
        bench.likes(name, 1).await;
        let claimed = bench.claim("w1").await;
        bench.settle(&claimed, &retry()).await;
    }
    for name in &others {
        bench.likes(name, 1).await;
    }
    bench.queue.mend_resumed().await.unwrap();
    assert!(matches!(bench.try_claim("w1").await, Claim::Nothing { .. }), "the site rests");
    let pauses = bench.queue.pauses().await.unwrap();
    assert_eq!(pauses.len(), 1, "{pauses:?}");
    bench.pass(Duration::from_secs(61)).await;
    for _ in &others {
        bench.claim_done("w1").await;
    }
    // Told again and again, what is over stays over.
    bench.queue.mend_resumed().await.unwrap();
    for name in &others {
        bench.likes(name, 1).await;
    }
    for _ in &others {
        bench.claim_done("w1").await;
    }
}

async fn a_forecast_sees_all_shards_and_the_fleets_caps_as_one(bench: &Bench) {
    let caps = FleetCaps { hourly: None, daily: Some(3) };
    bench.queue.set_fleet_caps(&caps).await.unwrap();
    for name in one_each() {
        bench.account(&name, "").await;
        bench.likes(&name, 1).await;
    }
    bench.claim_done("w1").await;
    bench.account("late", "hours = [\"15:00-16:00\"]").await;
    bench.likes("late", 1).await;

    let forecast = Forecast::look(bench.queue.options(), &Outlook::default()).await.unwrap();
    let runs = forecast.actions.iter().map(|one| match one.fate {
        Fate::Runs(at) => at.to_string(),
        ref other => format!("{other:?}"),
    });
    let (now, tomorrow) = (START.to_owned(), "2026-03-03T00:00:00Z".to_owned());
    // One of three was used before, 15:00 has none left, and tomorrow's 15:00 is too far.
    let runs: Vec<_> = runs.collect();
    assert_eq!(runs[..3], [now.clone(), now, tomorrow], "{forecast:?}");
    assert!(runs[3].starts_with("Later"), "{forecast:?}");
    assert_eq!(bench.queue.stats().await.unwrap().count(ActionState::Waiting), 4, "only looked at");
}

async fn a_removed_account_leaves_the_others_as_they_are(bench: &Bench) {
    enroll(bench, "").await;
    for name in crew() {
        bench.likes(&name, 1).await;
    }
    let gone = crew()[5].parse().unwrap();
    assert!(bench.queue.remove_account(&gone).await.unwrap());
    assert!(bench.queue.account(&gone).await.unwrap().is_none());
    assert_eq!(bench.queue.account_ids().await.unwrap().len(), 15);
    assert_eq!(bench.drain("w1").await, 15);
    assert_eq!(bench.queue.stats().await.unwrap().count(ActionState::Cancelled), 1);
}
