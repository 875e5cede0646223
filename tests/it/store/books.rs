//! The queue's books: what Redis must not forget, the same on each database.

use jiff::Timestamp;
use walkon::store::receipts::Receipts as _;
use walkon::store::{Books as _, OpenAction, Reach};
use walkon_core::charge::{Charge, Windows};
use walkon_core::clock::from_ms;
use walkon_core::event::Event;
use walkon_core::lease::Token;

use super::conformance::{receipt, stores};

const HOUR: i64 = 3_600_000;

fn token(number: u32) -> Token {
    Token(format!("{:016}-{number:012}", 1_795_000_000_000_u64))
}

/// A charge whose day ends at the hour `ends`.
fn charge(number: u32, account: &str, kind: &str, ends: i64) -> Charge {
    let end = from_ms(ends * HOUR);
    Charge {
        token: token(number),
        action: format!("01m804r1ge-a{number:05}").parse().unwrap(),
        account: account.parse().unwrap(),
        kind: kind.to_owned(),
        at: from_ms(i64::from(number)),
        windows: Windows { day: end, hour: end, fleet_day: end, fleet_hour: end },
        burst: Timestamp::UNIX_EPOCH,
        settled: None,
    }
}

fn event(sort: &str, action: &str) -> Event {
    Event {
        kind_of_change: sort.to_owned(),
        action: Some(action.to_owned()),
        account: Some("ada".to_owned()),
        kind: Some("like".to_owned()),
        target: Some("post:7".to_owned()),
        ..Event::default()
    }
}

#[tokio::test]
async fn a_charge_is_kept_when_its_call_returns_and_what_became_of_it_with_the_next() {
    let (_folder, stores) = stores().await;
    for (name, store) in stores {
        assert_eq!(store.reach(0, 1).await.unwrap(), Reach::default(), "{name}");
        let (first, second) = (charge(1, "ada", "like", 24), charge(2, "ben", "like", 24));
        store.charge(&first).await.unwrap();
        store.settle(&first.token, from_ms(500));
        store.refund(&second.token);
        store.charge(&second).await.unwrap();
        store.charge(&charge(3, "ada", "save", 24)).await.unwrap();
        store.keep_epoch(0, 7).await.unwrap();
        store.keep_epoch(0, 8).await.unwrap();
        let all = store.charges_since(&token(0), 9).await.unwrap();
        let settled = Charge { settled: Some(from_ms(500)), ..first };
        assert_eq!(all, [settled, charge(3, "ada", "save", 24)], "{name}: one was given back");
        assert_eq!(store.charges_since(&token(1), 9).await.unwrap().len(), 1, "{name}");
        let reach = Reach { epoch: Some(8), token: Some(token(3)), at: Some(from_ms(3)) };
        assert_eq!(store.reach(0, 1).await.unwrap(), reach, "{name}");
        let (one, other) = (all[0].action.as_str(), "01m804r1ge-zzzzzz");
        assert_eq!(store.charged(&[one, other]).await.unwrap(), [one], "{name}");
        // A charge that is written again has what is new about it.
        let again = Charge { windows: charge(3, "ada", "save", 48).windows, ..all[1].clone() };
        store.charge(&again).await.unwrap();
        assert_eq!(store.charges_since(&token(1), 9).await.unwrap(), [again], "{name}");
    }
}

#[tokio::test]
async fn charges_come_whole_accounts_at_a_time_in_the_order_of_their_names() {
    let (_folder, stores) = stores().await;
    for (name, store) in stores {
        for (number, account) in [(1, "b"), (2, "a-b"), (3, "a_b"), (4, "a-b"), (5, "a-b")] {
            store.charge(&charge(number, account, "like", 24)).await.unwrap();
        }
        let (mut after, mut seen) = (String::new(), Vec::new());
        loop {
            let page = store.charges(&after, 2).await.unwrap();
            let Some(last) = page.last() else { break };
            after = last.account.to_string();
            seen.push(page.iter().map(|one| one.account.to_string()).collect::<Vec<_>>());
        }
        assert_eq!(seen, [vec!["a-b"; 3], vec!["a_b", "b"]], "{name}");
    }
}

#[tokio::test]
async fn a_charge_is_forgotten_when_its_windows_are_over_and_a_later_one_says_the_last_use() {
    let (_folder, stores) = stores().await;
    for (name, store) in stores {
        for one in [
            charge(1, "ada", "like", 1),
            charge(2, "ada", "like", 2),
            charge(3, "ada", "save", 1),
            charge(4, "ben", "like", 1),
            charge(5, "ben", "like", 9),
        ] {
            store.charge(&one).await.unwrap();
        }
        assert_eq!(store.forget_charges(from_ms(3 * HOUR)).await.unwrap(), 2, "{name}");
        let left = store.charges_since(&token(0), 9).await.unwrap();
        let left: Vec<_> = left.into_iter().map(|one| one.token).collect();
        assert_eq!(left, [token(2), token(3), token(5)], "{name}");
        assert_eq!(store.forget_charges(from_ms(3 * HOUR)).await.unwrap(), 0, "{name}");
    }
}

#[tokio::test]
async fn events_say_which_actions_are_open_and_what_is_paused_however_often_they_are_told() {
    let (_folder, stores) = stores().await;
    for (name, store) in stores {
        let pause = |code: &str, site: Option<&str>| Event {
            kind_of_change: "act".to_owned(),
            code: Some(code.to_owned()),
            site: site.map(str::to_owned),
            by: Some("eve".to_owned()),
            why: Some("größer".to_owned()),
            ..Event::default()
        };
        let told = [
            event("queued", "a1"),
            event("queued", "a2"),
            event("claimed", "a2"),
            event("done", "a1"),
            event("queued", "a3"),
            pause("pause", None),
            pause("pause", Some("plaza")),
            pause("resume", None),
        ];
        for _ in 0..2 {
            store.follow(&told).await.unwrap();
            let open = store.open_actions("", 9).await.unwrap();
            let ids: Vec<_> = open.iter().map(|one| one.action.as_str()).collect();
            assert_eq!(ids, ["a2", "a3"], "{name}");
            let target = Some("post:7".to_owned());
            let (account, kind) = ("ada".to_owned(), "like".to_owned());
            let action = "a2".to_owned();
            assert_eq!(open[0], OpenAction { action, account, kind, target }, "{name}");
            assert_eq!(store.open_actions("a2", 9).await.unwrap().len(), 1, "{name}");
            let pauses = store.pauses().await.unwrap();
            let halted = ("plaza".to_owned(), "eve".to_owned(), "größer".to_owned());
            assert_eq!(pauses, [halted], "{name}");
        }
    }
}

#[tokio::test]
async fn what_is_over_for_good_is_told_from_what_waits_for_a_person() {
    let (_folder, stores) = stores().await;
    for (name, store) in stores {
        for (action, at, state) in
            [("a", 1_000, "done"), ("b", 2_000, "unknown"), ("c", 3_000, "failed")]
        {
            store.put_receipt(&receipt(action, at, state)).await.unwrap();
        }
        assert!(store.ended("a").await.unwrap().is_some(), "{name}");
        assert_eq!(store.ended("b").await.unwrap(), None, "{name}");
        let since = async |from, after: &str| {
            let ended = store.ended_since(from_ms(from), after, 9).await.unwrap();
            ended.into_iter().map(|one| one.action).collect::<Vec<_>>()
        };
        assert_eq!(since(0, "").await, ["a", "c"], "{name}");
        assert_eq!(since(1_001, "").await, ["c"], "{name}");
        assert_eq!(since(0, "a").await, ["c"], "{name}");
    }
}
