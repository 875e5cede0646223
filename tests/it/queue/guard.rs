//! Where many accounts of a site fail at once, the site rests and not they.

use std::time::Duration;

use walkon::queue::{Begun, Scope, Shut};
use walkon_core::event::Event;
use walkon_core::lease::Claim;

use crate::support::redis::{Bench, done, fatal, person, retry};

const NOON: &str = "2026-06-01T12:00:00Z";
const SECOND: Duration = Duration::from_secs(1);
/// It rests at the first failure, and for an hour.
const PLAN: &str = "\
burst = { size = 100, interval = \"1s\" }\n\
breaker = { failures = 1, rest = \"1h\", longest = \"1h\", successes = 1 }\n";

/// So many accounts with something to do each, of one site.
async fn site(count: usize) -> Bench {
    let bench = Bench::at(NOON).await;
    for n in 0..count {
        let id = format!("a{n:02}");
        bench.account(&id, PLAN).await;
        bench.likes(&id, 2).await;
    }
    bench
}

/// The next so many attempts fail, so long apart.
async fn fail(bench: &Bench, count: usize, apart: Duration) {
    for _ in 0..count {
        let claimed = bench.claim("w1").await;
        bench.settle(&claimed, &retry()).await;
        bench.pass(apart).await;
    }
}

fn of_the_site(events: &[Event]) -> Vec<&str> {
    let site = events.iter().filter(|event| event.site.as_deref() == Some("plaza"));
    site.filter(|event| event.kind_of_change == "breaker")
        .filter_map(|event| event.code.as_deref())
        .collect()
}

#[tokio::test]
async fn many_that_fail_at_once_are_the_sites_fault_and_theirs_is_forgotten() {
    let bench = site(20).await;
    fail(&bench, 5, SECOND).await;
    assert_eq!(bench.idle("w1").await, Some(59 * SECOND));
    let waiting = bench.add("a19", "like", "").await;
    assert!(bench.why(&waiting).await.contains(&"site_breaker".to_owned()));
    let told = bench.events().await;
    assert_eq!(of_the_site(&told), ["open"]);
    let why = told.iter().find(|event| event.site.is_some()).unwrap().why.clone().unwrap();
    assert_eq!(why, "5 of 20 accounts of plaza failed within a minute");
    let shut = bench.queue.pauses().await.unwrap();
    assert_eq!((&shut[0].scope, &shut[0].why), (&Scope::Site("plaza".to_owned()), &why));
    // One tries; it gets through, and all go on, those that failed too.
    bench.pass(60 * SECOND).await;
    let probe = bench.claim("w1").await;
    assert_eq!(bench.idle("w2").await, Some(33 * SECOND), "one tries at a time");
    assert_eq!(bench.queue.begin(&probe.lease, &probe.id).await.unwrap(), Begun::Go);
    bench.settle(&probe, &done()).await;
    bench.queue.mend_resumed().await.unwrap();
    assert_eq!(of_the_site(&bench.events().await), ["closed"]);
    assert_eq!(bench.drain("w1").await, 40, "41 were sent, one is done");
}

#[tokio::test]
async fn who_failed_long_before_the_site_rests_on() {
    let bench = site(20).await;
    fail(&bench, 1, 120 * SECOND).await;
    fail(&bench, 5, SECOND).await;
    bench.pass(60 * SECOND).await;
    let probe = bench.claim("w1").await;
    bench.settle(&probe, &done()).await;
    bench.queue.mend_resumed().await.unwrap();
    assert_eq!(bench.drain("w1").await, 37, "of 39 that are left, two are its own");
}

#[tokio::test]
async fn a_site_that_still_fails_rests_twice_as_long_and_nobody_is_blamed() {
    let bench = site(20).await;
    fail(&bench, 5, SECOND).await;
    bench.pass(60 * SECOND).await;
    fail(&bench, 1, Duration::ZERO).await;
    assert_eq!(bench.idle("w1").await, Some(120 * SECOND));
    bench.pass(120 * SECOND).await;
    // What says nothing of the site leaves the next one to try.
    let probe = bench.claim("w1").await;
    bench.settle(&probe, &fatal()).await;
    let next = bench.claim("w1").await;
    bench.settle(&next, &done()).await;
    bench.queue.mend_resumed().await.unwrap();
    assert!(bench.drain("w1").await > 30);
}

#[tokio::test]
async fn a_few_that_fail_or_many_over_time_are_their_own_fault() {
    let few = site(60).await;
    fail(&few, 5, SECOND).await;
    assert_eq!(of_the_site(&few.events().await), [""; 0], "5 of 60 are no tenth");
    let slow = site(20).await;
    fail(&slow, 10, 16 * SECOND).await;
    assert_eq!(of_the_site(&slow.events().await), [""; 0], "four a minute are not five");
    let small = site(4).await;
    fail(&small, 4, SECOND).await;
    assert_eq!(of_the_site(&small.events().await), [""; 0], "four accounts are not many");
}

#[tokio::test]
async fn what_was_claimed_before_and_has_not_begun_stops_and_a_resume_ends_the_rest() {
    let bench = site(20).await;
    let before = bench.claim("w1").await;
    fail(&bench, 5, SECOND).await;
    let begun = bench.queue.begin(&before.lease, &before.id).await.unwrap();
    assert_eq!(begun, Begun::Shut(Shut::Paused));
    let site = Scope::Site("plaza".to_owned());
    assert!(bench.queue.resume(&site, &person("it was ours")).await.unwrap());
    assert!(!bench.queue.resume(&site, &person("again")).await.unwrap());
    assert!(matches!(bench.try_claim("w1").await, Claim::Work(_)));
    assert_eq!(bench.queue.pauses().await.unwrap(), []);
}

#[tokio::test]
async fn an_account_written_again_is_counted_once_and_one_that_left_no_more() {
    let bench = site(40).await;
    for n in 0..40 {
        bench.account(&format!("a{n:02}"), PLAN).await;
    }
    for n in 20..40 {
        let id = format!("a{n:02}").parse().expect("a good name");
        assert!(bench.queue.remove_account(&id).await.unwrap());
    }
    fail(&bench, 5, SECOND).await;
    let told = bench.events().await;
    let why = told.iter().find(|event| event.site.is_some()).and_then(|event| event.why.clone());
    assert_eq!(why.as_deref(), Some("5 of 20 accounts of plaza failed within a minute"));
}
