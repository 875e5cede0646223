//! Holds are a set: lifting one never lifts another, whatever was placed and lifted before.

use std::collections::BTreeSet;

use proptest::prelude::*;
use walkon::store::accounts::Accounts as _;
use walkon::store::holds::Holds as _;
use walkon::store::sql::SqlStore;
use walkon_core::clock::from_ms;
use walkon_core::hold::{Hold, HoldKind};

use super::conformance::{account, id, stores};

#[derive(Debug, Clone, Copy)]
enum Deed {
    Place(HoldKind),
    Lift(HoldKind),
}

fn deeds() -> impl Strategy<Value = Vec<Deed>> {
    let kind = prop::sample::select(HoldKind::ALL.to_vec());
    let deed = (any::<bool>(), kind)
        .prop_map(|(place, kind)| if place { Deed::Place(kind) } else { Deed::Lift(kind) });
    prop::collection::vec(deed, 1..40)
}

/// Does it all, and looks after each deed.
async fn all_stays_a_set(store: &SqlStore, who: &str, deeds: &[Deed]) {
    let who = id(who);
    store.put_account(&account(who.as_str())).await.unwrap();
    let mut left = BTreeSet::new();
    for deed in deeds {
        match *deed {
            Deed::Place(kind) => {
                let (reason, actor) = (kind.name().to_owned(), "eve".to_owned());
                let hold =
                    Hold { kind, reason, actor, since: from_ms(1), until: None, passes: false };
                store.place_hold(&who, &hold).await.unwrap();
                left.insert(kind);
            }
            Deed::Lift(kind) => {
                let lifted = store.lift_hold(&who, kind).await.unwrap();
                assert_eq!(lifted, left.remove(&kind), "{deed:?}");
            }
        }
        let standing = store.account(&who).await.unwrap().unwrap();
        let held: BTreeSet<_> = standing.holds.iter().map(|hold| hold.kind).collect();
        assert_eq!(held, left, "after {deed:?}");
        assert_eq!(standing.may_act(), left.is_empty(), "after {deed:?}");
        let needs_person = left.iter().any(|kind| kind.needs_person());
        assert_eq!(standing.word() == "suspended", needs_person, "after {deed:?}");
    }
}

#[test]
fn lifting_one_hold_never_lifts_another() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let (_folder, stores) = runtime.block_on(stores());
    let number = std::cell::Cell::new(0);
    let config = ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(24) };
    proptest!(config, |(deeds in deeds())| {
        number.set(number.get() + 1);
        for (name, store) in &stores {
            let who = format!("{name}-{}", number.get());
            runtime.block_on(all_stays_a_set(store, &who, &deeds));
        }
    });
}
