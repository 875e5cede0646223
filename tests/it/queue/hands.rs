//! A person's hands: pauses, what they leave behind, and what is said of what waits.

use std::time::Duration;

use walkon::queue::{Letters, Queue, Resolution, Scope};
use walkon_core::event::{ActionState, Event};
use walkon_core::lease::{Claim, HandBack};

use crate::support::redis::{Bench, done, fatal, person, setting};

const NOON: &str = "2026-06-01T12:00:00Z";

fn site(name: &str) -> Scope {
    Scope::Site(name.to_owned())
}

/// An account on another site than the rest.
async fn elsewhere(bench: &Bench, id: &str) {
    let mut other = setting(id, "free", "UTC");
    "elsewhere".clone_into(&mut other.site);
    bench.queue.put_account(&other).await.unwrap();
}

fn acts(events: &[Event]) -> Vec<(String, String, String)> {
    let word = |word: &Option<String>| word.clone().unwrap_or_default();
    let acts = events.iter().filter(|event| event.kind_of_change == "act");
    acts.map(|act| (word(&act.code), word(&act.by), word(&act.why))).collect()
}

#[tokio::test]
async fn a_paused_site_rests_and_the_others_go_on() {
    let bench = Bench::at(NOON).await;
    bench.account("ada", "").await;
    elsewhere(&bench, "ben").await;
    let rests = bench.add("ada", "like", "").await;
    bench.add("ben", "like", "").await;
    bench.queue.pause(&site("plaza"), &person("a deploy")).await.unwrap();
    assert_eq!(bench.claim_done("w1").await.lease.account.as_str(), "ben");
    assert_eq!(bench.idle("w1").await, None);
    let later = bench.add("ada", "follow", "").await;
    assert_eq!(bench.idle("w1").await, None, "what comes after the pause waits, too");
    assert_eq!(bench.why(&rests).await, ["paused"]);
    bench.queue.resume(&site("plaza"), &person("deployed")).await.unwrap();
    assert_eq!(bench.drain("w1").await, 2);
    assert_eq!(bench.state(&later).await, ActionState::Done);
    bench.check().await;
}

#[tokio::test]
async fn a_pause_says_who_since_when_and_why_and_outlives_whoever_was_connected() {
    let bench = Bench::at(NOON).await;
    bench.account("ada", "").await;
    let like = bench.add("ada", "like", "").await;
    bench.queue.pause(&Scope::Fleet, &person("odd | numbers")).await.unwrap();
    bench.queue.pause(&site("plaza"), &person("a deploy")).await.unwrap();
    bench.pass(Duration::from_mins(5)).await;
    let again = Queue::connect(bench.queue.options()).await.unwrap();
    let pauses = again.pauses().await.unwrap();
    let said: Vec<_> = pauses.iter().map(|one| (&one.scope, one.why.as_str())).collect();
    assert_eq!(said, [(&Scope::Fleet, "odd | numbers"), (&site("plaza"), "a deploy")]);
    assert!(pauses.iter().all(|one| one.by == "eve" && one.since == NOON.parse().unwrap()));
    let mut reasons = again.why(&like).await.unwrap().unwrap().reasons;
    reasons.sort_by(|a, b| a.words.cmp(&b.words));
    let words: Vec<_> = reasons.iter().map(|reason| reason.words.as_str()).collect();
    assert_eq!(words, ["site plaza by eve: a deploy", "the fleet by eve: odd | numbers"]);
    for reason in &reasons {
        assert_eq!((reason.code.as_str(), reason.since), ("paused", Some(NOON.parse().unwrap())));
        assert!(reason.needs_person() && reason.remedy().contains("walkon resume"));
    }
    assert!(again.resume(&Scope::Fleet, &person("fine")).await.unwrap());
    assert!(!again.resume(&Scope::Fleet, &person("fine")).await.unwrap(), "it goes on already");
    assert_eq!(bench.idle("w1").await, None, "the site's pause is its own");
    again.resume(&site("plaza"), &person("fine")).await.unwrap();
    bench.claim("w1").await;
    let events = bench.events().await;
    let acts: Vec<_> =
        acts(&events).into_iter().map(|(act, by, _)| format!("{act} {by}")).collect();
    assert_eq!(acts, ["pause eve", "pause eve", "resume eve", "resume eve"]);
}

#[tokio::test]
async fn what_runs_is_told_to_stop_and_handed_back_it_is_unspent() {
    let bench = Bench::at(NOON).await;
    bench.account("ada", "daily = 1").await;
    elsewhere(&bench, "ben").await;
    bench.likes("ada", 1).await;
    bench.likes("ben", 1).await;
    let leases = [bench.claim("w1").await, bench.claim("w2").await];
    let of: Vec<_> = leases.iter().map(|claimed| claimed.lease.clone()).collect();
    assert_eq!(bench.queue.heed(&of).await.unwrap(), []);
    bench.queue.pause(&site("plaza"), &person("a deploy")).await.unwrap();
    let told = bench.queue.heed(&of).await.unwrap();
    assert_eq!(told.len(), 1);
    assert_eq!(told[0].account.as_str(), "ada");
    bench.queue.pause(&Scope::Fleet, &person("all of it")).await.unwrap();
    assert_eq!(bench.queue.heed(&of).await.unwrap().len(), 2);
    let ada = leases.iter().find(|claimed| claimed.lease == told[0]).unwrap();
    let back = HandBack::stopping(&ada.id);
    assert!(bench.queue.release(&ada.lease, Some(&back)).await.unwrap());
    assert_eq!(bench.state(&ada.id).await, ActionState::Waiting);
    bench.queue.resume(&Scope::Fleet, &person("over")).await.unwrap();
    assert_eq!(bench.idle("w1").await, None, "its site still rests");
    bench.queue.resume(&site("plaza"), &person("over")).await.unwrap();
    assert_eq!(bench.claim_done("w1").await.id, ada.id, "its one like of the day is still there");
}

#[tokio::test]
async fn a_lease_that_is_kept_is_let_go_when_its_site_is_paused() {
    let bench = Bench::at(NOON).await;
    bench.account("ada", "").await;
    bench.likes("ada", 2).await;
    let claimed = bench.claim("w1").await;
    bench.queue.pause(&site("plaza"), &person("a deploy")).await.unwrap();
    let settled = bench.queue.finish(&claimed.lease, &claimed.id, &done(), true).await.unwrap();
    let kept = matches!(settled, walkon::queue::Settled::As { kept: true, .. });
    assert!(!kept, "{settled:?}");
    assert_eq!(bench.state(&claimed.id).await, ActionState::Done, "what had begun is finished");
}

#[tokio::test]
async fn a_resume_that_died_half_way_is_ended_by_whoever_comes_next() {
    let bench = Bench::at(NOON).await;
    bench.account("ada", "").await;
    bench.likes("ada", 1).await;
    bench.queue.pause(&site("plaza"), &person("a deploy")).await.unwrap();
    assert_eq!(bench.idle("w1").await, None);
    // As the script leaves it, before the first account is put back.
    bench.ask::<()>(&["HDEL", "P:meta", "paused:plaza"]).await;
    bench.ask::<()>(&["SADD", "P:resumed", "plaza"]).await;
    assert_eq!(bench.idle("w1").await, None);
    bench.queue.mend_resumed().await.unwrap();
    bench.claim("w1").await;
}

#[tokio::test]
async fn each_act_on_an_action_is_told_with_who_and_why() {
    let bench = Bench::at(NOON).await;
    bench.account("ada", "").await;
    let waiting = bench.add("ada", "follow", r#","not_before":"2026-06-02T12:00:00Z""#).await;
    bench.queue.cancel(&waiting, &person("not needed")).await.unwrap();
    bench.queue.cancel(&waiting, &person("again")).await.unwrap();
    let failed = bench.add("ada", "like", "").await;
    let claimed = bench.claim("w1").await;
    bench.settle(&claimed, &fatal()).await;
    bench.queue.resolve(&failed, Resolution::Retry, &person("the post is back")).await.unwrap();
    let events = bench.events().await;
    let said: Vec<_> =
        acts(&events).into_iter().map(|(act, by, why)| format!("{act} {by}: {why}")).collect();
    assert_eq!(said, ["cancel eve: not needed", "retry eve: the post is back"]);
    let about: Vec<_> = events.iter().filter(|event| event.kind_of_change == "act").collect();
    assert_eq!(about[0].action.as_deref(), Some(waiting.as_str()));
    assert_eq!(about[1].account.as_deref(), Some("ada"));
    assert_eq!(bench.claim_done("w1").await.id, failed);
}

#[tokio::test]
async fn a_dead_letter_whose_account_is_gone_stays_one() {
    let bench = Bench::at(NOON).await;
    bench.account("ada", "").await;
    let like = bench.add("ada", "like", "").await;
    let claimed = bench.claim("w1").await;
    bench.settle(&claimed, &fatal()).await;
    bench.queue.remove_account(&"ada".parse().unwrap()).await.unwrap();
    let retried = bench.queue.resolve(&like, Resolution::Retry, &person("try")).await.unwrap();
    assert_eq!(retried, None);
    let dead = bench.queue.dead_letters(Letters::Failed, 0, 10).await.unwrap();
    assert_eq!(dead.len(), 1, "it can still be looked at");
}

#[tokio::test]
async fn a_reason_says_since_when_and_until_when_it_holds() {
    let bench = Bench::at(NOON).await;
    bench.account("ada", "[kinds.like]\ncooldown = \"10m\"\ndaily = 1").await;
    bench.likes("ada", 1).await;
    let first = bench.claim("w1").await;
    bench.pass(Duration::from_secs(20)).await;
    bench.settle(&first, &done()).await;
    let ended = bench.now();
    bench.pass(Duration::from_mins(1)).await;
    let like = bench.add("ada", "like", "").await;
    let said = bench.queue.why(&like).await.unwrap().unwrap();
    let times = |code: &str| {
        let reason = said.reasons.iter().find(|reason| reason.code == code).unwrap();
        assert!(!reason.remedy().is_empty());
        (reason.since.map(|at| at.to_string()), reason.until.map(|at| at.to_string()))
    };
    let ended = Some(ended.to_string());
    assert_eq!(times("cooldown"), (ended.clone(), Some("2026-06-01T12:10:20Z".into())));
    assert_eq!(times("kind_daily_cap"), (ended, Some("2026-06-02T00:00:00Z".into())));
    let mut held = setting("ada", "ada", "UTC");
    held.held = Some(crate::support::redis::held("block"));
    bench.queue.put_account(&held).await.unwrap();
    let since = bench.now();
    bench.pass(Duration::from_mins(1)).await;
    bench.queue.put_account(&held).await.unwrap();
    let said = bench.queue.why(&like).await.unwrap().unwrap();
    let reason = said.reasons.iter().find(|reason| reason.code == "held").unwrap();
    assert_eq!(reason.since, Some(since), "written again, it began no later");
    assert!(reason.needs_person());
}

#[tokio::test]
async fn paused_claims_are_asked_for_again_soon_so_that_a_resume_takes_hold() {
    let bench = Bench::at(NOON).await;
    bench.queue.pause(&Scope::Fleet, &person("a drill")).await.unwrap();
    match bench.try_claim("w1").await {
        Claim::Shut { next, why } => {
            assert!(next <= Duration::from_secs(1), "{next:?}");
            assert_eq!(why, "paused by eve: a drill");
        }
        other => panic!("{other:?}"),
    }
}
