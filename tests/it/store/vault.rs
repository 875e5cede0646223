//! What is sealed: it opens for whom it should, moves to another master key while it is used, and
//! is nowhere to be read.

use std::path::Path;

use walkon::store::Error;
use walkon::store::credentials::{Credentials as _, Field};
use walkon::store::keys::Keys as _;
use walkon::store::sql::SqlStore;
use walkon::store::states::States as _;
use walkon::store::vault::Vault;
use walkon::store::vault::master::Source;
use walkon_core::bundle::Secret;
use walkon_core::lease::Token;

use super::conformance::{id, open, state};
use crate::support::databases::{self, execute};

fn secret(text: &str) -> Secret {
    Secret::new(text.to_owned())
}

async fn put(store: &SqlStore, who: &str, text: &str) {
    store.put_credential(&id(who), Field::Token, Some(&secret(text))).await.unwrap();
}

async fn token(store: &SqlStore, who: &str) -> Result<Option<Secret>, Error> {
    store.credential(&id(who), Field::Token).await
}

fn keys(folder: &Path) -> Source {
    Source::File(folder.join("master.key"))
}

#[tokio::test]
async fn a_credential_is_kept_replaced_and_taken_away() {
    let folder = tempfile::tempdir().unwrap();
    for (name, address) in databases::each(folder.path()).await {
        let store = open(folder.path(), &address).await.unwrap();
        assert_eq!(token(&store, "ada").await.unwrap(), None, "{name}");
        put(&store, "ada", "first").await;
        put(&store, "ada", "second").await;
        put(&store, "ben", "ben's").await;
        assert_eq!(token(&store, "ada").await.unwrap(), Some(secret("second")), "{name}");
        let other = store.credential(&id("ada"), Field::Password).await.unwrap();
        assert_eq!(other, None, "{name}");
        store.put_credential(&id("ada"), Field::Token, None).await.unwrap();
        assert_eq!(token(&store, "ada").await.unwrap(), None, "{name}");
        assert_eq!(token(&store, "ben").await.unwrap(), Some(secret("ben's")), "{name}");
    }
}

#[tokio::test]
async fn a_secret_that_was_moved_to_another_row_does_not_open() {
    let folder = tempfile::tempdir().unwrap();
    for (name, address) in databases::each(folder.path()).await {
        let store = open(folder.path(), &address).await.unwrap();
        put(&store, "ada", "ada's").await;
        execute(&address, "UPDATE credential SET account = 'ben'").await;
        let error = token(&store, "ben").await.unwrap_err();
        assert!(matches!(&error, Error::Broken(whose) if whose == "ben/token"), "{name}: {error}");
        assert!(error.remedy().contains("give it anew"), "{name}");
    }
}

#[tokio::test]
async fn another_master_key_is_refused_at_the_start_and_named() {
    let folder = tempfile::tempdir().unwrap();
    for (name, address) in databases::each(folder.path()).await {
        put(&open(folder.path(), &address).await.unwrap(), "ada", "ada's").await;
        let other = folder.path().join(format!("{name}.key"));
        let elsewhere = Source::File(other.clone());
        let missing = SqlStore::open(&address, Vault::of(elsewhere.clone())).await.unwrap_err();
        assert!(matches!(&missing, Error::NoMaster { .. }), "{name}: {missing}");
        let wrong = elsewhere.put_first().unwrap();
        let error = SqlStore::open(&address, Vault::of(elsewhere)).await.unwrap_err();
        let said = error.to_string();
        assert!(said.contains(&wrong) && said.contains(&format!("{name}.key")), "{said}");
        assert!(error.remedy().contains("from its backup"), "{name}");
        // A data folder whose key is lost gets no new one over what the old one has sealed.
        let lost = Source::Embedded(folder.path().join("lost.key"));
        assert!(SqlStore::open(&address, Vault::of(lost)).await.is_err(), "{name}");
        assert!(!folder.path().join("lost.key").exists(), "{name}");
    }
}

#[tokio::test]
async fn everything_moves_to_a_new_master_key_while_others_read_and_write() {
    let folder = tempfile::tempdir().unwrap();
    for (name, address) in databases::each(folder.path()).await {
        let store = open(folder.path(), &address).await.unwrap();
        for number in 0..230 {
            put(&store, &format!("a{number}"), &format!("secret {number}")).await;
        }
        store.keep_state(&id("a1"), &Token("1".into()), &state("cookie")).await.unwrap();
        let old = store.masters().await.unwrap();
        assert_eq!((old.len(), old[0].secrets), (1, 231), "{name}");
        // The rotation is another process's; this one only notices that the key is another.
        let other = SqlStore::open(&address, Vault::of(keys(folder.path()))).await.unwrap();
        let new = keys(folder.path()).put_first().unwrap();
        let (done, ()) = tokio::join!(other.rotate(), async {
            for number in 0..40 {
                put(&store, &format!("b{number}"), "late").await;
                let read = token(&store, &format!("a{number}")).await.unwrap();
                assert_eq!(read, Some(secret(&format!("secret {number}"))), "{name}");
            }
        });
        let done = done.unwrap();
        assert_eq!((&done.master, done.failed.len()), (&new, 0), "{name}: {done:?}");
        // What was sealed by the old key in the very moment of the change moves with the next.
        other.rotate().await.unwrap();
        let uses = store.masters().await.unwrap();
        assert_eq!((uses.len(), &uses[0].master, uses[0].secrets), (1, &new, 271), "{name}");
        assert_eq!(store.state(&id("a1")).await.unwrap(), Some(state("cookie")), "{name}");
        assert_eq!(token(&store, "b39").await.unwrap(), Some(secret("late")), "{name}");
        // The next database begins with one key again.
        std::fs::remove_file(folder.path().join("master.key")).unwrap();
    }
}

#[tokio::test]
async fn a_rotation_names_what_it_cannot_move_moves_the_rest_and_goes_on_later() {
    let folder = tempfile::tempdir().unwrap();
    for (name, address) in databases::each(folder.path()).await {
        let store = open(folder.path(), &address).await.unwrap();
        for who in ["ada", "ben", "cleo"] {
            put(&store, who, who).await;
        }
        execute(&address, "UPDATE credential SET wrapped = 'AAAA' WHERE account = 'ben'").await;
        let new = keys(folder.path()).put_first().unwrap();
        let done = store.rotate().await.unwrap();
        assert_eq!((&done.master, done.rewrapped), (&new, 2), "{name}: {done:?}");
        let [failed] = done.failed.as_slice() else { panic!("{name}: {done:?}") };
        assert!(failed.starts_with("ben/token: "), "{failed}");
        assert_eq!(token(&store, "cleo").await.unwrap(), Some(secret("cleo")), "{name}");
        let uses: Vec<_> = store.masters().await.unwrap().iter().map(|one| one.secrets).collect();
        assert_eq!(uses, [2, 1], "{name}");
        put(&store, "ben", "again").await;
        let done = store.rotate().await.unwrap();
        assert_eq!((done.rewrapped, done.failed.len()), (0, 0), "{name}: {done:?}");
        std::fs::remove_file(folder.path().join("master.key")).unwrap();
    }
}
