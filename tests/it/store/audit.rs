//! The audit log: whole as it is written, by many at once, and every hand on it shows.

use walkon::store::audit::{Audit as _, Breach, End};
use walkon::store::keys::Keys as _;
use walkon::store::sql::SqlStore;
use walkon::store::vault::master::Source;
use walkon_core::audit::{Entry, Hash, Note};
use walkon_core::clock::from_ms;

use super::conformance::open;
use crate::support::databases::{self, execute};

fn note(why: &str) -> Note {
    Note {
        ts: from_ms(1_700_000_000_123),
        actor: "eve".to_owned(),
        action: "pause".to_owned(),
        account: Some("ada".to_owned()),
        why: Some(why.to_owned()),
        ..Note::default()
    }
}

/// A log of six entries, and where it ends.
async fn six(store: &SqlStore) -> End {
    for number in 1..=6 {
        store.note(&note(&format!("no. {number}, größer")), None).await.unwrap();
    }
    let verdict = store.verify(None).await.unwrap();
    assert_eq!((verdict.entries, verdict.breaches), (6, vec![]));
    verdict.end
}

#[tokio::test]
async fn what_is_noted_is_listed_the_latest_first_and_once_however_often_it_is_told() {
    let folder = tempfile::tempdir().unwrap();
    for (name, address) in databases::each(folder.path()).await {
        let store = open(folder.path(), &address).await.unwrap();
        let empty = store.verify(None).await.unwrap();
        assert_eq!((empty.entries, empty.end.seq, empty.breaches), (0, 0, vec![]), "{name}");
        for (why, origin) in [("one", "1-0"), ("two", "2-0"), ("one again", "1-0")] {
            store.note(&note(why), Some(origin)).await.unwrap();
        }
        let other = Note { account: None, ..note("three") };
        store.note(&other, None).await.unwrap();
        let all = store.noted(None, 10).await.unwrap();
        let whys: Vec<_> = all.iter().filter_map(|entry| entry.note.why.as_deref()).collect();
        assert_eq!(whys, ["three", "two", "one"], "{name}");
        assert_eq!(all[2], Entry { seq: 1, note: note("one") }, "{name}");
        assert_eq!(store.noted(Some("ada"), 10).await.unwrap().len(), 2, "{name}");
        assert_eq!(store.noted(None, 1).await.unwrap().len(), 1, "{name}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_who_write_at_once_make_one_chain() {
    let folder = tempfile::tempdir().unwrap();
    for (name, address) in databases::each(folder.path()).await {
        let store = open(folder.path(), &address).await.unwrap();
        let other = open(folder.path(), &address).await.unwrap();
        let notes = (0..12).map(|number| {
            let store = if number % 2 == 0 { store.clone() } else { other.clone() };
            async move {
                store.note(&note(&format!("{number}")), Some(&format!("{}", number / 3))).await
            }
        });
        futures_util::future::try_join_all(notes).await.unwrap();
        let verdict = store.verify(None).await.unwrap();
        assert_eq!((verdict.entries, verdict.breaches), (4, vec![]), "{name}: three told of each");
    }
}

/// What somebody does to the log, and what is said of it.
const HANDS: [(&str, u64, &str); 7] = [
    ("UPDATE audit SET document = REPLACE(document, 'eve', 'bob') WHERE seq = 3", 3, "changed"),
    ("UPDATE audit SET account = 'ben' WHERE seq = 4", 4, "it was changed"),
    ("DELETE FROM audit WHERE seq = 2", 2, "it is missing"),
    ("DELETE FROM audit WHERE seq > 4", 5, "it and all up to 6 are missing at the end"),
    ("DELETE FROM audit WHERE seq IN (2, 3)", 2, "it is missing, and 1 after it"),
    ("DELETE FROM credential WHERE account = '-'", 6, "the sealed end is gone"),
    (
        "UPDATE credential SET account = '-', field = 'audit_end' WHERE account = 'ada'",
        6,
        "changed",
    ),
];

#[tokio::test]
async fn every_hand_on_the_log_shows_and_where() {
    use walkon::store::credentials::{Credentials as _, Field};
    use walkon_core::bundle::Secret;
    for (hand, seq, what) in HANDS {
        let folder = tempfile::tempdir().unwrap();
        for (name, address) in databases::each(folder.path()).await {
            let store = open(folder.path(), &address).await.unwrap();
            six(&store).await;
            if hand.contains("'ada'") {
                // Something else that was sealed, put where the end was.
                let secret = Secret::new("6:".to_owned() + &Hash::GENESIS.hex());
                let ada = "ada".parse().unwrap();
                store.put_credential(&ada, Field::Token, Some(&secret)).await.unwrap();
                execute(&address, "DELETE FROM credential WHERE account = '-'").await;
            }
            execute(&address, hand).await;
            let verdict = store.verify(None).await.unwrap();
            let [Breach { seq: at, what: said }] = verdict.breaches.as_slice() else {
                panic!("{name}: {hand}: {verdict:?}")
            };
            assert_eq!(*at, seq, "{name}: {hand}: {said}");
            assert!(said.contains(what), "{name}: {hand}: {said}");
        }
    }
}

#[tokio::test]
async fn a_log_that_was_written_anew_from_one_entry_on_does_not_have_the_end_that_was_sealed() {
    let folder = tempfile::tempdir().unwrap();
    for (name, address) in databases::each(folder.path()).await {
        let store = open(folder.path(), &address).await.unwrap();
        let end = six(&store).await;
        // Somebody who knows how the chain is made, but has no master key.
        let mut hash = Hash::GENESIS;
        for entry in store.noted(None, 10).await.unwrap().into_iter().rev() {
            let mut forged = entry;
            if forged.seq >= 5 {
                forged.note.actor = "nobody".to_owned();
            }
            hash = hash.then(&forged.text());
            let text = forged.text().replace('\'', "''");
            let (hash, seq) = (hash.hex(), forged.seq);
            let put =
                format!("UPDATE audit SET document = '{text}', hash = '{hash}' WHERE seq = {seq}");
            execute(&address, &put).await;
        }
        let verdict = store.verify(None).await.unwrap();
        let what = "it is not the entry that was sealed as the end".to_owned();
        assert_eq!(verdict.breaches, [Breach { seq: 6, what }], "{name}");
        // Nor the one that somebody wrote down.
        let noticed = store.verify(Some(&end)).await.unwrap().breaches;
        assert!(noticed.iter().any(|one| one.what.contains("was written down")), "{noticed:?}");
    }
}

#[tokio::test]
async fn a_log_whose_old_entries_were_let_go_of_is_whole_and_still_shows_every_hand() {
    let folder = tempfile::tempdir().unwrap();
    for (name, address) in databases::each(folder.path()).await {
        let store = open(folder.path(), &address).await.unwrap();
        for number in 1..=6 {
            let ts = from_ms(1_700_000_000_000 + number * 1_000);
            store.note(&Note { ts, ..note("") }, None).await.unwrap();
        }
        let before = store.verify(None).await.unwrap();
        let third = from_ms(1_700_000_003_000);
        assert_eq!(store.forget_audit(third).await.unwrap(), 2, "{name}");
        assert_eq!(store.forget_audit(third).await.unwrap(), 0, "{name}");
        let left = store.verify(Some(&before.end)).await.unwrap();
        assert_eq!((left.entries, left.breaches), (4, vec![]), "{name}");
        store.note(&note("seven"), None).await.unwrap();
        assert_eq!(store.verify(None).await.unwrap().end.seq, 7, "{name}");
        // Even of a log that is all old the last stays: what follows has its place.
        let later = from_ms(1_900_000_000_000);
        assert_eq!(store.forget_audit(later).await.unwrap(), 4, "{name}");
        assert_eq!(store.verify(None).await.unwrap().entries, 1, "{name}");
        execute(&address, "DELETE FROM credential WHERE field = 'audit_start'").await;
        let breaches = store.verify(None).await.unwrap().breaches;
        assert!(breaches[0].what.contains("it is missing"), "{name}: {breaches:?}");
    }
}

#[tokio::test]
async fn an_older_copy_of_the_whole_database_shows_by_the_end_that_was_written_down() {
    let folder = tempfile::tempdir().unwrap();
    let (mut all, copy) = (databases::each(folder.path()).await, folder.path().join("copy"));
    let (_, address) = all.swap_remove(0);
    let store = open(folder.path(), &address).await.unwrap();
    six(&store).await;
    execute(&address, &format!("VACUUM INTO '{}'", copy.display())).await;
    store.note(&note("seven"), None).await.unwrap();
    let end = store.verify(None).await.unwrap().end;
    drop(store);
    let older = walkon::store::address::Address::File(copy);
    let older = open(folder.path(), &older).await.unwrap();
    assert_eq!(older.verify(None).await.unwrap().breaches, []);
    let breaches = older.verify(Some(&end)).await.unwrap().breaches;
    let what = "it was there, and is missing now".to_owned();
    assert_eq!(breaches, [Breach { seq: 7, what }]);
}

#[tokio::test]
async fn the_sealed_end_moves_to_a_new_master_key_with_all_else() {
    let folder = tempfile::tempdir().unwrap();
    for (name, address) in databases::each(folder.path()).await {
        let store = open(folder.path(), &address).await.unwrap();
        six(&store).await;
        Source::File(folder.path().join("master.key")).put_first().unwrap();
        assert_eq!(store.rotate().await.unwrap().rewrapped, 1, "{name}");
        assert_eq!(store.verify(None).await.unwrap().breaches, [], "{name}");
        store.note(&note("seven"), None).await.unwrap();
        let verdict = store.verify(None).await.unwrap();
        assert_eq!((verdict.entries, verdict.breaches), (7, vec![]), "{name}");
        std::fs::remove_file(folder.path().join("master.key")).unwrap();
    }
}
