//! Health, onboardings, alerts, capacities: kept alike on each database.

use jiff::{SignedDuration, Timestamp};
use walkon::store::accounts::{Accounts as _, Newcomers};
use walkon::store::alerts::Alerts as _;
use walkon::store::capacities::Capacities as _;
use walkon::store::health::HealthLog as _;
use walkon::store::holds::Holds as _;
use walkon::store::onboardings::Onboardings as _;
use walkon_core::account::{Kept, Lifecycle};
use walkon_core::alert::{Alert, Severity, Told};
use walkon_core::capacity::{Capacity, Measured};
use walkon_core::clock::from_ms;
use walkon_core::health::{Check, Checked, Grade, Level, Report};
use walkon_core::hold::{Hold, HoldKind};
use walkon_core::onboarding::{Ending, Step, StepResult, StepState};

use super::conformance::{account, id, stores};

fn at(seconds: i64) -> Timestamp {
    from_ms(seconds * 1_000)
}

fn report(who: &str, seconds: i64, grade: Grade, ms: u64) -> Report {
    let level = if grade == Grade::Critical { Level::Critical } else { Level::Healthy };
    let mut one = Checked::new(Check::Connection, grade, "Grüße 🎭");
    one.ms = Some(ms);
    Report { account: id(who), at: at(seconds), level, checks: vec![one] }
}

#[tokio::test]
async fn who_is_new_begins_as_is_said_and_has_an_onboarding_and_who_is_known_does_not() {
    let (_folder, stores) = stores().await;
    for (name, store) in stores {
        store.put_account(&account("ada")).await.unwrap();
        let new = |begin| Newcomers { begin, by: "maria", at: at(10) };
        let put = async |ids: &[&str], begin| {
            let accounts: Vec<_> = ids.iter().map(|id| account(id)).collect();
            store.put_accounts(&accounts, Kept::File, new(begin)).await.unwrap();
        };
        put(&["ada", "ben", "cleo"], Lifecycle::Connecting).await;
        put(&["dan"], Lifecycle::Inactive).await;
        let all = store.accounts().await.unwrap();
        let states: Vec<_> = all.iter().map(|one| one.lifecycle.name()).collect();
        assert_eq!(states, ["active", "connecting", "connecting", "inactive"], "{name}");
        let asked = store.onboardings().await.unwrap();
        let seen: Vec<_> = asked.iter().map(|one| (one.account.as_str(), one.run)).collect();
        assert_eq!(seen, [("ben", 1), ("cleo", 1)], "{name}");
        assert_eq!((asked[0].asked_by.as_str(), asked[0].asked_at), ("maria", at(10)), "{name}");
        // Taken by somebody, it is not asked for again by the file that is read again.
        let stale = SignedDuration::from_secs(10);
        let taken = store.take_onboarding("one", at(11), stale).await.unwrap().unwrap();
        put(&["ada", "ben", "cleo"], Lifecycle::Connecting).await;
        assert!(store.keep_onboarding("one", &taken, at(12)).await.unwrap(), "{name}");
    }
}

#[tokio::test]
async fn rounds_that_find_the_same_are_one_and_a_change_leaves_the_past_behind() {
    let (_folder, stores) = stores().await;
    for (name, store) in stores {
        for (seconds, ms) in [(10, 4), (20, 9)] {
            store.keep_health(&report("ada", seconds, Grade::Good, ms)).await.unwrap();
        }
        let stopped = store.keep_health(&report("ada", 30, Grade::Critical, 1)).await.unwrap();
        assert_eq!((stopped.since, stopped.rounds), (at(30), 1), "{name}");
        store.keep_health(&report("ada", 40, Grade::Good, 2)).await.unwrap();
        store
            .keep_health(&report("Ada2".to_lowercase().as_str(), 5, Grade::Good, 2))
            .await
            .unwrap();
        let now = store.health(&id("ada")).await.unwrap().unwrap();
        assert_eq!(now.report, report("ada", 40, Grade::Good, 2), "{name}");
        let history = store.health_history(&id("ada"), 10).await.unwrap();
        let seen = history.iter().map(|one| (one.since, one.rounds, one.report.at));
        let expected = [(at(40), 1, at(40)), (at(30), 1, at(30)), (at(10), 2, at(20))];
        assert_eq!(seen.collect::<Vec<_>>(), expected, "{name}");
        assert_eq!(store.health_history(&id("ada"), 2).await.unwrap().len(), 2, "{name}");
        let all = store.healths().await.unwrap();
        let ids: Vec<_> = all.iter().map(|one| one.report.account.as_str()).collect();
        assert_eq!(ids, ["ada", "ada2"], "{name}");
        assert_eq!(store.forget_health(at(30)).await.unwrap(), 1, "{name}");
        assert_eq!(store.health_history(&id("ada"), 10).await.unwrap().len(), 2, "{name}");
        assert_eq!(store.health(&id("zoe")).await.unwrap(), None, "{name}");
    }
}

#[tokio::test]
async fn an_onboarding_has_one_runner_and_goes_on_where_a_dead_one_left_it() {
    let (_folder, stores) = stores().await;
    let stale = SignedDuration::from_secs(15);
    for (name, store) in stores {
        let take =
            async |who: &str, now: i64| store.take_onboarding(who, at(now), stale).await.unwrap();
        assert_eq!(take("one", 100).await, None, "{name}: none was asked for");
        store.ask_onboarding(&id("ada"), None, "eve", at(100)).await.unwrap();
        let mut mine = take("one", 101).await.unwrap();
        assert_eq!((mine.run, mine.next()), (1, Some(Step::Credentials)), "{name}");
        assert_eq!(take("two", 110).await, None, "{name}: it is somebody's");
        let done = |step| StepResult {
            state: StepState::Done,
            why: Some("it is".to_owned()),
            ..StepResult::waiting(step)
        };
        mine.set(done(Step::Credentials));
        assert!(store.keep_onboarding("one", &mine, at(112)).await.unwrap(), "{name}");
        assert_eq!(take("two", 127).await, None, "{name}: it beat at 112");
        let theirs = take("two", 128).await.unwrap();
        assert_eq!(theirs.next(), Some(Step::Permissions), "{name}: what was done stays done");
        assert!(!store.keep_onboarding("one", &mine, at(129)).await.unwrap(), "{name}: too late");
        for step in Step::ALL {
            mine.set(done(step));
        }
        mine.ended_at = Some(at(130));
        mine.ending = Some(Ending::Active);
        assert!(store.keep_onboarding("two", &mine, at(130)).await.unwrap(), "{name}");
        assert_eq!(take("three", 1_000).await, None, "{name}: it has ended");
        // One step again: the others keep their results.
        let again = store.ask_onboarding(&id("ada"), Some(Step::Webhook), "eve", at(200)).await;
        let again = again.unwrap();
        assert_eq!((again.run, again.next()), (2, Some(Step::Webhook)), "{name}");
        assert_eq!(again.step(Step::Grant), Some(&done(Step::Grant)), "{name}");
        assert!(!store.keep_onboarding("two", &mine, at(201)).await.unwrap(), "{name}: too late");
        assert_eq!(store.onboarding(&id("ada")).await.unwrap(), Some(again), "{name}");
        assert_eq!(store.onboardings().await.unwrap().len(), 1, "{name}");
    }
}

fn alert(key: &str, severity: Severity) -> Alert {
    Alert {
        key: key.to_owned(),
        code: "hold".to_owned(),
        severity,
        account: Some("ada".to_owned()),
        title: "ada is stopped".to_owned(),
        why: "the site has suspended it".to_owned(),
        fix: "look at its page".to_owned(),
        until: None,
    }
}

#[tokio::test]
async fn an_alert_is_one_however_often_it_is_raised_and_each_telling_is_written_once() {
    let (_folder, stores) = stores().await;
    for (name, store) in stores {
        for seconds in [10, 20] {
            store.raise(&alert("a", Severity::Warning), at(seconds)).await.unwrap();
        }
        store.raise(&alert("b", Severity::Critical), at(15)).await.unwrap();
        let mut open = store.unsettled().await.unwrap();
        let seen: Vec<_> = open.iter().map(|one| (one.raised.since, one.raised.times)).collect();
        assert_eq!(seen, [(at(10), 2), (at(15), 1)], "{name}");
        let mut mine = open.remove(0);
        let told = Told { standing: Some(at(21)), ..Told::default() };
        mine.raised.told.insert("slack".to_owned(), told.clone());
        assert!(store.keep_told(&mine, false).await.unwrap(), "{name}");
        assert!(!store.keep_told(&mine, false).await.unwrap(), "{name}: somebody was quicker");
        assert!(store.resolve("a", at(30)).await.unwrap(), "{name}");
        assert!(!store.resolve("a", at(31)).await.unwrap(), "{name}: it is over");
        assert!(!store.resolve("zoe", at(31)).await.unwrap(), "{name}: it never was");
        let over = store.alert("a").await.unwrap().unwrap();
        assert_eq!(over.raised.over, Some(at(30)), "{name}");
        assert!(store.keep_told(&over, true).await.unwrap(), "{name}");
        let keys = |all: &[walkon_core::alert::Raised]| {
            all.iter().map(|one| one.alert.key.clone()).collect::<Vec<_>>()
        };
        let open = store.unsettled().await.unwrap();
        assert_eq!((open.len(), open[0].raised.alert.key.as_str()), (1, "b"), "{name}");
        assert_eq!(keys(&store.alerts(None, 10).await.unwrap()), ["b", "a"], "{name}");
        assert_eq!(keys(&store.alerts(Some("ben"), 10).await.unwrap()), [""; 0], "{name}");
        // It comes again: a new one, which remembers whom was told of the last.
        let again = store.raise(&alert("a", Severity::Warning), at(40)).await.unwrap();
        assert_eq!((again.since, again.times, again.over), (at(40), 1, None), "{name}");
        assert_eq!(again.told["slack"], told, "{name}");
        store.resolve("a", at(50)).await.unwrap();
        assert_eq!(store.forget_alerts(at(50)).await.unwrap(), 0, "{name}");
        assert_eq!(store.forget_alerts(at(51)).await.unwrap(), 1, "{name}: b stands");
    }
}

#[tokio::test]
async fn what_the_platform_said_later_stands() {
    let (_folder, stores) = stores().await;
    let said = |used, seconds| Measured {
        capacity: Capacity { used, limit: "app".to_owned(), regain: None },
        at: at(seconds),
    };
    for (name, store) in stores {
        for (used, seconds) in [(40, 20), (10, 10), (95, 30)] {
            store.keep_capacity(&id("ada"), &said(used, seconds)).await.unwrap();
        }
        assert_eq!(store.capacity(&id("ada")).await.unwrap(), Some(said(95, 30)), "{name}");
        let all = store.capacities().await.unwrap();
        assert_eq!(all, [("ada".to_owned(), said(95, 30))], "{name}");
    }
}

#[tokio::test]
async fn resting_again_keeps_the_later_end_and_a_hold_for_a_person_is_never_softened() {
    let (_folder, stores) = stores().await;
    let hold = |kind, until: Option<i64>, passes| Hold {
        kind,
        reason: "resting".to_owned(),
        actor: "walkon".to_owned(),
        since: at(1),
        until: until.map(at),
        passes,
    };
    for (name, store) in stores {
        store.put_account(&account("ada")).await.unwrap();
        let prolong = async |until| {
            let hold = hold(HoldKind::Quota, until, false);
            store.prolong_hold(&id("ada"), &hold).await.unwrap()
        };
        assert!(prolong(Some(100)).await, "{name}");
        assert!(!prolong(Some(60)).await, "{name}: the later end stays");
        assert!(!prolong(Some(100)).await, "{name}");
        assert!(prolong(Some(200)).await, "{name}");
        assert!(prolong(None).await && !prolong(Some(900)).await, "{name}");
        let passing = hold(HoldKind::Health, None, true);
        assert!(store.add_hold(&id("ada"), &passing).await.unwrap(), "{name}");
        let lasting = hold(HoldKind::Health, None, false);
        store.place_hold(&id("ada"), &lasting).await.unwrap();
        assert!(!store.add_hold(&id("ada"), &passing).await.unwrap(), "{name}");
        assert!(!store.lift_this_hold(&id("ada"), &passing).await.unwrap(), "{name}");
        let standing = store.account(&id("ada")).await.unwrap().unwrap();
        assert!(standing.holds.contains(&lasting), "{name}: {standing:?}");
        assert!(store.lift_this_hold(&id("ada"), &lasting).await.unwrap(), "{name}");
    }
}
