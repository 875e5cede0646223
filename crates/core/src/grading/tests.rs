//! What a round comes to, case by case.

use std::time::Duration;

use super::*;
use crate::clock::from_ms;

const DAY: SignedDuration = SignedDuration::from_hours(24);

fn ada() -> AccountId {
    "ada".parse().unwrap()
}

fn skipped<T>() -> Found<T> {
    Found::Skipped("there is no such part".to_owned())
}

fn ill<T>(ill: Ill) -> Found<T> {
    Found::Ill(ill, "it said no".to_owned())
}

fn reach(ms: u64) -> Found<Reach> {
    Found::Seen(Reach { who: "the API, as ada,".to_owned(), ms, other: None })
}

/// An account of which all is well.
fn well() -> Facts {
    Facts {
        connection: reach(40),
        token: Found::Seen(Some(from_ms(0) + 40 * DAY)),
        permissions: Found::Seen(Vec::new()),
        webhook: Found::Seen(Vec::new()),
        lanes: Found::Seen(None),
        capacity: Found::Seen(Capacity { used: 12, limit: "app".to_owned(), regain: None }),
        proxy: Found::Seen(exit("127.0.0.11", None)),
        profile: Found::Seen(Vec::new()),
        sign_in: Found::Seen(SignedIn { cookies: Some(2), password: true }),
        grant: Found::Seen(60),
    }
}

fn exit(address: &str, expected: Option<&str>) -> Exit {
    Exit { ms: 30, address: Ok(address.to_owned()), expected: expected.map(str::to_owned) }
}

fn nothing() -> Facts {
    Facts {
        connection: skipped(),
        token: skipped(),
        permissions: skipped(),
        webhook: skipped(),
        lanes: skipped(),
        capacity: skipped(),
        proxy: skipped(),
        profile: skipped(),
        sign_in: skipped(),
        grant: skipped(),
    }
}

fn round(facts: &Facts, before: Option<&Report>) -> Report {
    let before =
        before.map(|report| Health { report: report.clone(), since: report.at, rounds: 1 });
    grade(&ada(), facts, before.as_ref(), &Limits::default(), from_ms(0))
}

fn with(change: impl Fn(&mut Facts)) -> Facts {
    let mut facts = well();
    change(&mut facts);
    facts
}

#[test]
fn an_account_of_which_all_is_well_is_healthy_and_every_check_says_what_it_saw() {
    let report = round(&well(), None);
    assert_eq!(report.level, Level::Healthy, "{report:#?}");
    let shown: Vec<_> = report.checks.iter().map(|one| one.check).collect();
    assert_eq!(shown, Check::ALL);
    assert!(report.checks.iter().all(|one| one.grade == Grade::Good && !one.why.is_empty()));
    assert_eq!(report.why(), "");
}

#[test]
fn what_was_not_looked_at_is_never_good() {
    let report = round(&nothing(), None);
    assert_eq!(report.level, Level::Unknown);
    assert!(report.checks.iter().all(|one| one.grade == Grade::Skipped && !one.why.is_empty()));
    // All but the way to the site is well: of that nobody knows.
    let blind = round(&with(|facts| facts.connection = skipped()), None);
    assert_eq!(blind.level, Level::Unknown);
    let refused = round(&with(|facts| facts.connection = ill(Ill::Refused)), None);
    assert_eq!(refused.level, Level::Unknown);
}

type Change = fn(&mut Facts);
type Case = (&'static str, Change, Level, Check, &'static str);

#[expect(clippy::too_many_lines, reason = "it is a table")]
fn cases() -> [Case; 19] {
    [
        ("slow", |f| f.connection = reach(2_001), Level::Warning, Check::Connection, "slowly"),
        ("blocked", |f| f.connection = ill(Ill::Blocked), Level::Critical, Check::Connection, "no"),
        (
            "challenged",
            |f| f.connection = ill(Ill::Challenged),
            Level::Critical,
            Check::Connection,
            "no",
        ),
        ("limited", |f| f.connection = ill(Ill::Limited), Level::Warning, Check::Connection, "no"),
        (
            "another's token",
            |f| {
                let (who, other) = ("the API".to_owned(), Some("ben".to_owned()));
                f.connection = Found::Seen(Reach { who, ms: 1, other });
            },
            Level::Critical,
            Check::Connection,
            "of `ben`",
        ),
        ("bad token", |f| f.token = ill(Ill::Credential), Level::Critical, Check::Token, "no"),
        (
            "ended token",
            |f| f.token = Found::Seen(Some(from_ms(-1))),
            Level::Critical,
            Check::Token,
            "it ended",
        ),
        (
            "token ends soon",
            |f| f.token = Found::Seen(Some(from_ms(0) + 10 * DAY)),
            Level::Warning,
            Check::Token,
            "10 days",
        ),
        (
            "a permission lacks",
            |f| f.permissions = Found::Seen(vec!["messages".to_owned()]),
            Level::Warning,
            Check::Permissions,
            "lacks messages",
        ),
        (
            "not told",
            |f| f.webhook = Found::Seen(vec!["comments".to_owned()]),
            Level::Warning,
            Check::Webhook,
            "of comments",
        ),
        (
            "nobody takes it",
            |f| f.lanes = Found::Seen(Some(SignedDuration::from_mins(16))),
            Level::Warning,
            Check::Lanes,
            "16 min",
        ),
        (
            "much is used",
            |f| {
                f.capacity =
                    Found::Seen(Capacity { used: 80, limit: "app".to_owned(), regain: None });
            },
            Level::Warning,
            Check::Capacity,
            "80 %",
        ),
        (
            "it must rest",
            |f| {
                let regain = Some(Duration::from_secs(61));
                f.capacity = Found::Seen(Capacity { used: 7, limit: "app".to_owned(), regain });
            },
            Level::Warning,
            Check::Capacity,
            "in 2 min",
        ),
        (
            "another way out",
            |f| f.proxy = Found::Seen(exit("127.0.0.12", Some("127.0.0.11"))),
            Level::Critical,
            Check::Proxy,
            "127.0.0.12, not from 127.0.0.11",
        ),
        ("proxy password", |f| f.proxy = ill(Ill::Credential), Level::Critical, Check::Proxy, "no"),
        (
            "profile",
            |f| f.profile = Found::Seen(vec!["there is no plan `x`".to_owned()]),
            Level::Critical,
            Check::Profile,
            "plan `x`",
        ),
        (
            "its cookies have ended",
            |f| f.sign_in = Found::Seen(SignedIn { cookies: Some(0), password: true }),
            Level::Warning,
            Check::SignIn,
            "has ended",
        ),
        (
            "it cannot sign in",
            |f| f.sign_in = Found::Seen(SignedIn { cookies: None, password: false }),
            Level::Critical,
            Check::SignIn,
            "no password",
        ),
        ("grant", |f| f.grant = Found::Seen(-1), Level::Critical, Check::Grant, "has ended"),
    ]
}

#[test]
fn one_finding_makes_the_level_and_says_what_to_do() {
    for (name, change, level, check, why) in cases() {
        let report = round(&with(change), None);
        assert_eq!(report.level, level, "{name}: {report:#?}");
        let behind: Vec<_> = report.behind().collect();
        assert_eq!((behind.len(), behind[0].check), (1, check), "{name}");
        assert!(report.why().contains(why), "{name}: {}", report.why());
        assert!(!report.fix().is_empty(), "{name} says what to do");
        assert!(!report.passes(), "{name}: it needs more than time");
    }
}

#[test]
fn a_network_is_given_three_rounds_and_passes_without_a_person() {
    let away = with(|facts| facts.connection = ill(Ill::Network));
    let first = round(&away, None);
    let second = round(&away, Some(&first));
    let third = round(&away, Some(&second));
    let levels = [&first, &second, &third].map(|report| report.level);
    assert_eq!(levels, [Level::Warning, Level::Warning, Level::Critical]);
    assert!(third.passes() && !second.passes());
    let again = round(&well(), Some(&third));
    assert_eq!(again.level, Level::Healthy);
    assert!(comes_back(&again) && !comes_back(&second) && !comes_back(&third));
    for unseen in [skipped(), ill(Ill::Refused), ill(Ill::Network)] {
        let blind = round(&with(|facts| facts.connection = unseen.clone()), Some(&third));
        assert!(!comes_back(&blind), "{blind:?}");
    }
    let proxyless = with(|facts| facts.proxy = skipped());
    assert!(comes_back(&round(&proxyless, Some(&third))));
    let behind_a_bad_proxy = with(|facts| facts.proxy = ill(Ill::Network));
    assert!(!comes_back(&round(&behind_a_bad_proxy, Some(&third))));
    assert_eq!(round(&away, Some(&again)).level, Level::Warning, "it is counted anew");
    // Two critical findings, of which one does not pass: a person must look.
    let banned_too = with(|facts| {
        facts.connection = ill(Ill::Network);
        facts.token = ill(Ill::Credential);
    });
    let both = round(&banned_too, Some(&third));
    assert_eq!((both.level, both.passes()), (Level::Critical, false));
}

#[test]
fn what_an_account_can_act_without_never_stops_it() {
    let mut before = None;
    for _ in 0..5 {
        let deaf = with(|facts| facts.webhook = ill(Ill::Network));
        let report = round(&deaf, before.as_ref());
        assert_eq!(report.level, Level::Warning);
        before = Some(report);
    }
}

#[test]
fn an_exit_that_nobody_wrote_down_is_held_to_the_one_before() {
    let moved = with(|facts| facts.proxy = Found::Seen(exit("127.0.0.12", None)));
    let first = round(&well(), None);
    let report = round(&moved, Some(&first));
    assert_eq!(report.level, Level::Warning);
    assert!(report.why().contains("the last time it was 127.0.0.11"), "{}", report.why());
    assert_eq!(round(&moved, Some(&report)).level, Level::Healthy, "it stays there");
    // A round in which the address was not seen forgets nothing.
    let unseen = with(|facts| {
        let address = Err("no echo is set".to_owned());
        facts.proxy = Found::Seen(Exit { ms: 1, address, expected: None });
    });
    let unseen = round(&unseen, Some(&first));
    assert_eq!(round(&moved, Some(&unseen)).level, Level::Warning);
    let away = round(&with(|facts| facts.proxy = ill(Ill::Network)), Some(&first));
    assert_eq!(round(&moved, Some(&away)).level, Level::Warning);
}
