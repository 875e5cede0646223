//! The intake at its seam: an entry that is read twice, as after a crash between lane and
//! acknowledgement, is one action.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use walkon::catalog::Catalog;
use walkon::coordinator::care::Care;
use walkon::coordinator::import::Wish;
use walkon::coordinator::pools::Admitted;
use walkon::coordinator::steps::Steps;
use walkon::coordinator::{Coordinator, Options};
use walkon::recording::archive::Archive;
use walkon::store::sql::SqlStore;
use walkon_core::clock::SystemClock;
use walkon_core::event::Event;
use walkon_core::plan::Plan;
use walkon_core::pool::Pools;
use walkon_core::rng::Seed;

use crate::support::redis::Bench;

const ACCOUNT: &str = "[[account]]\nid = \"ada\"\nsite = \"plaza\"\nusername = \"ada\"\n";
const LIKE: &[u8] = br#"{"account":"ada","kind":"like","target":"post:7"}"#;

pub(crate) async fn coordinator(bench: &Bench, folder: &Path) -> Coordinator {
    coordinator_on(bench, folder, Plan::default()).await
}

/// The same, with a plan for its one account.
pub(crate) async fn coordinator_on(bench: &Bench, folder: &Path, plan: Plan) -> Coordinator {
    let store = SqlStore::in_folder(folder).await.unwrap();
    let catalog = Catalog::load(Path::new("behaviors"), Path::new("profiles")).unwrap();
    let plans = [("default".to_owned(), plan)].into();
    let coordinator = Coordinator {
        queue: bench.queue.clone(),
        store: Arc::new(store),
        archive: Archive::open(folder.join("recordings")).unwrap(),
        catalog: Arc::new(catalog),
        clock: Arc::new(SystemClock),
        options: Arc::new(Options {
            plans,
            pools: Pools::default(),
            accounts: folder.join("accounts.toml"),
            pace: 1.0,
            contact: None,
            seed: Seed(1),
            usage_days: 90,
            new_accounts: walkon_core::account::Lifecycle::Active,
            audit_days: 0,
            sites: std::collections::BTreeMap::new(),
        }),
        grants: walkon::coordinator::grants::Grants::default(),
        admitted: Admitted::default(),
        steps: Steps::default(),
        care: Care::default(),
        crew: Arc::default(),
        roster: Arc::default(),
        settings: Arc::default(),
    };
    coordinator.enroll_all().await.unwrap();
    coordinator.import(ACCOUNT, "accounts.toml", Wish::default(), "ada").await.unwrap();
    coordinator
}

#[tokio::test]
async fn an_entry_that_is_read_twice_is_one_action_and_two_posts_are_two() {
    let bench = Bench::at("2026-11-21T12:00:00Z").await;
    let folder = tempfile::tempdir().unwrap();
    let coordinator = coordinator(&bench, folder.path()).await;
    let first = coordinator.submit(LIKE, Some("1790000000000-0")).await.unwrap();
    let again = coordinator.submit(LIKE, Some("1790000000000-0")).await.unwrap();
    assert_eq!(first.id, again.id);
    assert_eq!(bench.queue.stats().await.unwrap().planned(), 1);
    let one = coordinator.submit(LIKE, None).await.unwrap();
    let two = coordinator.submit(LIKE, None).await.unwrap();
    assert_ne!(one.id, two.id);
    assert_eq!(bench.queue.stats().await.unwrap().planned(), 3);
}

#[tokio::test]
async fn a_refusal_is_told_once_and_its_entry_is_gone_in_the_same_step() {
    let bench = Bench::at("2026-11-21T12:00:00Z").await;
    let mut intake = bench.queue.intake();
    let id = bench.queue.post("no action").await.unwrap();
    let read = intake.read(10, Duration::from_secs(1)).await.unwrap();
    assert_eq!(read.iter().map(|entry| &entry.id).collect::<Vec<_>>(), [&id]);
    let event =
        Event { code: Some("unreadable".into()), intake: Some(id.clone()), ..Event::default() };
    assert!(bench.queue.refuse(&id, &event).await.unwrap());
    // Another coordinator had read it too, as after five seconds it may.
    assert!(!bench.queue.refuse(&id, &event).await.unwrap(), "told before");
    let told = bench.events().await;
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!((told[0].kind_of_change.as_str(), told[0].at), ("refused", bench.now()));
    assert_eq!(told[0].intake.as_deref(), Some(id.as_str()));
    assert_eq!(bench.queue.stats().await.unwrap().planned(), 1);
    assert!(intake.read(10, Duration::from_millis(10)).await.unwrap().is_empty());
}
