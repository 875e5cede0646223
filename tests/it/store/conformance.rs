//! What every database must do alike; each test is made on all that are here.

use std::path::Path;

use jiff::Timestamp;
use tempfile::TempDir;
use walkon::store::Error;
use walkon::store::accounts::{Accounts as _, Newcomers};
use walkon::store::address::Address;
use walkon::store::holds::Holds as _;
use walkon::store::receipts::Receipts as _;
use walkon::store::sql::SqlStore;
use walkon::store::states::States as _;
use walkon::store::vault::Vault;
use walkon::store::vault::master::Source;
use walkon_core::account::{Account, Kept, Lifecycle};
use walkon_core::clock::from_ms;
use walkon_core::hold::{Hold, HoldKind};
use walkon_core::id::AccountId;
use walkon_core::lease::Token;
use walkon_core::receipt::Receipt;
use walkon_core::storage_state::{Cookie, StorageState};

use crate::support::databases;

/// A store on each database, fresh.
pub(super) async fn stores() -> (TempDir, Vec<(&'static str, SqlStore)>) {
    let folder = tempfile::tempdir().unwrap();
    let mut all = Vec::new();
    for (name, address) in databases::each(folder.path()).await {
        all.push((name, open(folder.path(), &address).await.unwrap()));
    }
    (folder, all)
}

/// A store with the folder's own master keys.
pub(super) async fn open(folder: &Path, address: &Address) -> Result<SqlStore, Error> {
    SqlStore::open(address, Vault::of(Source::Embedded(folder.join("master.key")))).await
}

pub(super) fn account(id: &str) -> Account {
    let text = format!("id = \"{id}\"\nsite = \"plaza\"\nusername = \"{id}\"\n");
    toml::from_str(&text).unwrap()
}

pub(super) fn id(name: &str) -> AccountId {
    name.parse().unwrap()
}

pub(super) fn hold(kind: HoldKind, reason: &str) -> Hold {
    let (reason, actor) = (reason.to_owned(), "eve".to_owned());
    Hold { kind, reason, actor, since: from_ms(1_000), until: None, passes: false }
}

pub(super) fn receipt(action: &str, at: i64, state: &str) -> Receipt {
    Receipt {
        action: action.to_owned(),
        account: "ada".to_owned(),
        kind: "like".to_owned(),
        target: Some("post:7".to_owned()),
        text_hash: None,
        class: None,
        state: state.to_owned(),
        effect: None,
        code: None,
        // Letters that a narrow character set would lose.
        why: Some("Grüße, 世界 🎭".to_owned()),
        attempts: 1,
        at: from_ms(at),
        event: format!("{at}-0"),
    }
}

pub(super) fn state(value: &str) -> StorageState {
    let cookie = Cookie {
        name: "sid".to_owned(),
        value: value.to_owned(),
        domain: "127.0.0.1".to_owned(),
        path: "/".to_owned(),
        expires: -1.0,
        http_only: true,
        secure: false,
        same_site: None,
    };
    StorageState { cookies: vec![cookie], generation: 3, ..StorageState::default() }
}

#[tokio::test]
async fn accounts_are_kept_in_the_order_of_their_ids_whatever_the_language_of_the_server() {
    let (_folder, stores) = stores().await;
    for (name, store) in stores {
        for id in ["b", "a_b", "a-b", "ab", "a1"] {
            store.put_account(&account(id)).await.unwrap();
        }
        let all = store.accounts().await.unwrap();
        let ids: Vec<_> = all.iter().map(|standing| standing.account.id.as_str()).collect();
        assert_eq!(ids, ["a-b", "a1", "a_b", "ab", "b"], "{name}");
        assert!(all.iter().all(|standing| standing.lifecycle == Lifecycle::Active), "{name}");
        assert_eq!(store.account(&id("zoe")).await.unwrap(), None, "{name}");
    }
}

#[tokio::test]
async fn an_account_that_is_written_again_keeps_its_standing() {
    let (_folder, stores) = stores().await;
    for (name, store) in stores {
        store.put_account(&account("ada")).await.unwrap();
        let moved = async |from, to| store.move_account(&id("ada"), from, to).await.unwrap();
        assert!(moved(Lifecycle::Active, Lifecycle::Ramping).await, "{name}");
        assert!(!moved(Lifecycle::Active, Lifecycle::Error).await, "{name}: it is not there");
        store.place_hold(&id("ada"), &hold(HoldKind::Block, "banned")).await.unwrap();
        let changed = Account { time_zone: "Europe/Berlin".to_owned(), ..account("ada") };
        store.put_account(&changed).await.unwrap();
        let standing = store.account(&id("ada")).await.unwrap().unwrap();
        assert_eq!(standing.account, changed, "{name}");
        assert_eq!(standing.lifecycle, Lifecycle::Ramping, "{name}");
        assert_eq!(standing.holds.len(), 1, "{name}");
    }
}

#[tokio::test]
async fn an_account_leaves_with_all_that_is_its_own_unless_it_is_put_back() {
    use walkon::store::accounts::Dropped;
    use walkon::store::credentials::{Credentials as _, Field};
    let (_folder, stores) = stores().await;
    for (name, store) in stores {
        let both = [account("ada"), account("ben")];
        store.put_accounts(&both, Kept::File, Newcomers::ACTIVE).await.unwrap();
        store.put_account(&both[0]).await.unwrap();
        store.put_account(&account("cleo")).await.unwrap();
        let kept: Vec<_> = store.accounts().await.unwrap().iter().map(|one| one.kept).collect();
        assert_eq!(kept, [Kept::File, Kept::File, Kept::Hand], "{name}: by hand it stays");
        for who in ["ada", "ben"] {
            store.place_hold(&id(who), &hold(HoldKind::Quota, "slow")).await.unwrap();
            let secret = walkon_core::bundle::Secret::new("s".to_owned());
            store.put_credential(&id(who), Field::Token, Some(&secret)).await.unwrap();
            store.keep_state(&id(who), &Token("1".into()), &state("x")).await.unwrap();
            assert_eq!(store.drop_account(&id(who)).await.unwrap(), None, "{name}: it stays");
            assert!(store.let_leave(&id(who), from_ms(7_000)).await.unwrap(), "{name}");
            assert!(!store.let_leave(&id(who), from_ms(8_000)).await.unwrap(), "{name}: once");
        }
        assert!(!store.let_leave(&id("zoe"), from_ms(7_000)).await.unwrap(), "{name}");
        let leaving = store.leaving().await.unwrap();
        assert_eq!(leaving, [(id("ada"), from_ms(7_000)), (id("ben"), from_ms(7_000))], "{name}");
        store.put_accounts(&both[1..], Kept::File, Newcomers::ACTIVE).await.unwrap();
        let all = Dropped { holds: 1, credentials: 1, states: 1 };
        assert_eq!(store.drop_account(&id("ada")).await.unwrap(), Some(all), "{name}");
        assert_eq!(store.drop_account(&id("ben")).await.unwrap(), None, "{name}: it is back");
        assert_eq!(store.account(&id("ada")).await.unwrap(), None, "{name}");
        assert_eq!(store.state(&id("ada")).await.unwrap(), None, "{name}");
        let of = store.all_credentials().await.unwrap();
        assert_eq!(of.keys().map(|(who, _)| who.as_str()).collect::<Vec<_>>(), ["ben"], "{name}");
        let ben = store.account(&id("ben")).await.unwrap().unwrap();
        assert_eq!((ben.leaving, ben.holds.len()), (None, 1), "{name}");
    }
}

#[tokio::test]
async fn a_hold_is_its_accounts_own_and_the_latest_of_its_kind() {
    let (_folder, stores) = stores().await;
    for (name, store) in stores {
        for id in ["ada", "ben"] {
            store.put_account(&account(id)).await.unwrap();
        }
        store.place_hold(&id("ada"), &hold(HoldKind::Operator, "first")).await.unwrap();
        store.place_hold(&id("ada"), &hold(HoldKind::Operator, "second")).await.unwrap();
        store.place_hold(&id("ada"), &hold(HoldKind::Quota, "slow")).await.unwrap();
        store.place_hold(&id("ben"), &hold(HoldKind::Operator, "ben's")).await.unwrap();
        assert!(store.lift_hold(&id("ada"), HoldKind::Operator).await.unwrap(), "{name}");
        assert!(!store.lift_hold(&id("ada"), HoldKind::Operator).await.unwrap(), "{name}");
        let reasons = async |who: &str| {
            let standing = store.account(&id(who)).await.unwrap().unwrap();
            standing.holds.into_iter().map(|hold| hold.reason).collect::<Vec<_>>()
        };
        assert_eq!(reasons("ada").await, ["slow"], "{name}");
        assert_eq!(reasons("ben").await, ["ben's"], "{name}");
        let all = store.accounts().await.unwrap();
        assert_eq!(all.iter().map(|one| one.holds.len()).collect::<Vec<_>>(), [1, 1], "{name}");
    }
}

#[tokio::test]
async fn storage_state_of_an_earlier_lease_never_replaces_a_later_one() {
    let (_folder, stores) = stores().await;
    let token = |text: &str| Token(text.to_owned());
    for (name, store) in stores {
        let keep = async |at: &str, value: &str| {
            store.keep_state(&id("ada"), &token(at), &state(value)).await.unwrap()
        };
        assert!(keep("0001-000a", "first").await, "{name}");
        assert!(keep("0001-000b", "second").await, "{name}");
        assert!(!keep("0001-000a", "late").await, "{name}: it came from an earlier lease");
        assert!(keep("0001-000b", "third").await, "{name}: its own lease may write again");
        // The same again is kept too, though nothing changes.
        assert!(keep("0001-000b", "third").await, "{name}");
        assert_eq!(store.state(&id("ada")).await.unwrap(), Some(state("third")), "{name}");
        assert_eq!(store.state(&id("ben")).await.unwrap(), None, "{name}");
    }
}

#[tokio::test]
async fn a_state_larger_than_any_narrow_column_comes_back_whole() {
    let (_folder, stores) = stores().await;
    let large = state(&"x".repeat(300_000));
    for (name, store) in stores {
        store.keep_state(&id("ada"), &Token("1".into()), &large).await.unwrap();
        assert!(store.state(&id("ada")).await.unwrap() == Some(large.clone()), "{name}");
    }
}

#[tokio::test]
async fn of_an_actions_receipts_the_latest_stands_in_whatever_order_they_come() {
    let (_folder, stores) = stores().await;
    for (name, store) in stores {
        for (at, word) in [(2_000, "unknown"), (3_000, "done"), (1_000, "failed"), (3_000, "done")]
        {
            store.put_receipt(&receipt("one", at, word)).await.unwrap();
        }
        store.put_receipt(&receipt("two", 2_500, "failed")).await.unwrap();
        let all = store.receipts(None, 10).await.unwrap();
        let seen: Vec<_> = all.iter().map(|one| (one.action.as_str(), one.at)).collect();
        let at = |ms| -> Timestamp { from_ms(ms) };
        assert_eq!(seen, [("one", at(3_000)), ("two", at(2_500))], "{name}");
        assert_eq!(all[0], receipt("one", 3_000, "done"), "{name}");
        assert_eq!(store.receipts(Some("ada"), 1).await.unwrap().len(), 1, "{name}");
        assert_eq!(store.receipts(Some("Ada"), 9).await.unwrap(), [], "{name}: case matters");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn writers_at_the_same_time_leave_the_latest() {
    let (_folder, stores) = stores().await;
    for (name, store) in stores {
        let writes = (1..=24).map(|at| {
            let store = store.clone();
            async move { store.put_receipt(&receipt("one", at, "done")).await }
        });
        futures_util::future::try_join_all(writes).await.unwrap();
        let all = store.receipts(None, 10).await.unwrap();
        assert_eq!((all.len(), all[0].at), (1, from_ms(24)), "{name}");
    }
}
