//! The tables' shape: up, down, a newer database, and many who start at once.

use walkon::store::accounts::Accounts as _;
use walkon::store::schema::Schema;

use super::conformance::{account, open};
use crate::support::databases;

#[tokio::test]
async fn a_database_goes_up_and_down_and_up_again() {
    let folder = tempfile::tempdir().unwrap();
    for (name, address) in databases::each(folder.path()).await {
        let before = Schema::of(&address).await.unwrap();
        assert_eq!(before.applied, [""; 0], "{name}");
        assert_eq!(Schema::up(&address).await.unwrap(), before.pending, "{name}");
        assert_eq!(Schema::up(&address).await.unwrap(), [""; 0], "{name}: nothing is left to do");
        let steps = u32::try_from(before.pending.len()).unwrap();
        let mut back = Schema::down(&address, steps).await.unwrap();
        back.sort();
        assert_eq!(back, before.pending, "{name}");
        let store = open(folder.path(), &address).await.unwrap();
        store.put_account(&account("ada")).await.unwrap();
        assert_eq!(Schema::of(&address).await.unwrap().pending, [""; 0], "{name}");
    }
}

#[tokio::test]
async fn a_database_of_a_newer_walkon_is_refused_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    for (name, address) in databases::each(folder.path()).await {
        let store = open(folder.path(), &address).await.unwrap();
        store.put_account(&account("ada")).await.unwrap();
        databases::execute(
            &address,
            "INSERT INTO seaql_migrations (version, applied_at) VALUES ('m9999_later', 1)",
        )
        .await;
        let error = open(folder.path(), &address).await.unwrap_err();
        assert!(error.to_string().contains("it has m9999_later"), "{name}: {error}");
        assert!(error.remedy().contains("the Walkon that made it"), "{name}");
        assert!(Schema::down(&address, 9).await.is_err(), "{name}: it takes nothing back either");
        assert_eq!(store.accounts().await.unwrap().len(), 1, "{name}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn coordinators_that_start_at_once_make_the_tables_once() {
    let folder = tempfile::tempdir().unwrap();
    for (name, address) in databases::each(folder.path()).await {
        if name == "sqlite" {
            // A data folder has one coordinator; its lock says so.
            continue;
        }
        let opened = (0..4).map(|_| open(folder.path(), &address));
        let opened = futures_util::future::join_all(opened).await;
        for store in opened {
            assert_eq!(store.unwrap().accounts().await.unwrap(), [], "{name}");
        }
    }
}
