//! Looking for accounts, the same on each database whatever somebody writes.

use walkon::store::accounts::Accounts as _;
use walkon::store::health::HealthLog as _;
use walkon::store::holds::Holds as _;
use walkon::store::receipts::Receipts as _;
use walkon::store::search::{Search as _, Wanted};
use walkon_core::account::{Account, Lifecycle};
use walkon_core::clock::from_ms;
use walkon_core::health::{Level, Report};
use walkon_core::hold::HoldKind;

use super::conformance::{account, hold, id, receipt, stores};

fn rank(word: &'static str, _: Level) -> u8 {
    u8::from(word != "suspended")
}

#[tokio::test]
async fn accounts_are_found_by_name_word_level_site_and_plan_and_counted() {
    let (_folder, stores) = stores().await;
    for (name, store) in stores {
        let people = [("ada", "Ada_L"), ("ben", "100%ben"), ("cleo", "cleo"), ("dan", "Dän")];
        for (id, username) in people {
            let plan = if id == "ben" { "slow" } else { "default" }.to_owned();
            let own = Account { username: username.to_owned(), plan, ..account(id) };
            store.put_account(&own).await.unwrap();
        }
        store.place_hold(&id("dan"), &hold(HoldKind::Block, "banned")).await.unwrap();
        store.place_hold(&id("ben"), &hold(HoldKind::Quota, "slow")).await.unwrap();
        let moved = store.move_account(&id("cleo"), Lifecycle::Active, Lifecycle::Inactive).await;
        assert!(moved.unwrap(), "{name}");
        let (account, at, level) = (id("ada"), from_ms(1), Level::Critical);
        let report = Report { account, at, level, checks: Vec::new() };
        store.keep_health(&report).await.unwrap();
        let find = async |wanted: Wanted| {
            let found = store.find(&wanted, rank).await.unwrap();
            found.all.iter().map(|one| one.id.to_string()).collect::<Vec<_>>()
        };
        let text = |text: &str| Wanted { text: Some(text.to_owned()), ..Wanted::default() };
        assert_eq!(find(Wanted::default()).await, ["dan", "ada", "ben", "cleo"], "{name}");
        for (wanted, ids) in [
            ("ADA_l", vec!["ada"]),
            ("%", vec!["ben"]),
            ("_", vec!["ada"]),
            ("e", vec!["ben", "cleo"]),
            ("'; drop table account", vec![]),
            ("!", vec![]),
        ] {
            assert_eq!(find(text(wanted)).await, ids, "{name}: {wanted}");
        }
        let word = |word: &str| Wanted { word: Some(word.to_owned()), ..Wanted::default() };
        assert_eq!(find(word("paused")).await, ["ben"], "{name}");
        assert_eq!(find(word("inactive")).await, ["cleo"], "{name}");
        let ill = Wanted { level: Some(Level::Critical), ..Wanted::default() };
        assert_eq!(find(ill).await, ["ada"], "{name}");
        let slow = Wanted { plan: Some("slow".to_owned()), ..Wanted::default() };
        assert_eq!(find(slow).await, ["ben"], "{name}");
        let other = Wanted { site: Some("elsewhere".to_owned()), ..Wanted::default() };
        assert!(find(other).await.is_empty(), "{name}");
        let found = store.find(&word("paused"), rank).await.unwrap();
        let counts = [("active", 1), ("inactive", 1), ("paused", 1), ("suspended", 1)];
        assert_eq!(found.words, counts.into(), "{name}: all are counted");
        assert_eq!(found.levels, [("critical", 1), ("unknown", 3)].into(), "{name}");
        assert_eq!(found.total, 4, "{name}");
        let these = store.these(&[id("cleo"), id("zoe"), id("ada")]).await.unwrap();
        let ids: Vec<_> = these.iter().map(|one| one.account.id.as_str()).collect();
        assert_eq!(ids, ["cleo", "ada"], "{name}: in their order");
        assert_eq!(store.these(&[]).await.unwrap(), [], "{name}");
        for (action, at) in [("one", 1_000), ("two", 3_000), ("three", 2_000)] {
            store.put_receipt(&receipt(action, at, "done")).await.unwrap();
        }
        let last = store.receipts_of(&[id("ada"), id("ben")], 2).await.unwrap();
        let last: Vec<_> = last.iter().map(|one| one.action.as_str()).collect();
        assert_eq!(last, ["two", "three"], "{name}");
    }
}
