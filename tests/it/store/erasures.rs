//! An erasure takes out an account's rows on every database, and nobody else's.

use walkon::store::accounts::Accounts as _;
use walkon::store::audit::Audit as _;
use walkon::store::erasures::{Erased, Erasure, Erasures as _, StillThere};
use walkon::store::holds::Holds as _;
use walkon::store::receipts::Receipts as _;
use walkon_core::audit::Note;
use walkon_core::clock::from_ms;

use super::conformance::{account, hold, id, receipt, stores};
use walkon_core::hold::HoldKind;

#[tokio::test]
async fn an_erasure_takes_out_one_accounts_rows_and_leaves_the_audit_log() {
    let (_folder, stores) = stores().await;
    for (name, store) in stores {
        for who in ["ada", "ben"] {
            store.put_account(&account(who)).await.unwrap();
            store.place_hold(&id(who), &hold(HoldKind::Quota, "slow")).await.unwrap();
            let mut own = receipt(&format!("of-{who}"), 1_000, "done");
            own.account = who.to_owned();
            store.put_receipt(&own).await.unwrap();
            let note = Note { ts: from_ms(1), account: Some(who.to_owned()), ..Note::default() };
            store.note(&note, None).await.unwrap();
        }
        let mut erasure = Erasure {
            account: id("ada"),
            asked_at: from_ms(5),
            by: "eve".to_owned(),
            why: "asked".to_owned(),
            done_at: None,
            erased: Erased::default(),
            kept: StillThere::default(),
            log_rewritten: false,
            heard: None,
        };
        store.put_erasure(&erasure).await.unwrap();
        assert_eq!(store.erasures(true).await.unwrap(), [erasure.clone()], "{name}");
        store.erase_rows(&mut erasure, from_ms(9_000)).await.unwrap();
        let took = Erased { receipts: 1, holds: 1, ..Erased::default() };
        assert_eq!(erasure.erased, took, "{name}");
        assert_eq!(erasure.kept, StillThere { audit: 1, charges: 0 }, "{name}");
        let left = store.receipts(None, 9).await.unwrap();
        assert_eq!((left.len(), left[0].account.as_str()), (1, "ben"), "{name}");
        store.settle_pages().await.unwrap();
        erasure.done_at = Some(from_ms(9_000));
        store.put_erasure(&erasure).await.unwrap();
        assert_eq!(store.erasures(true).await.unwrap(), [], "{name}");
        assert_eq!(store.erasures(false).await.unwrap(), [erasure], "{name}");
        assert_eq!(store.verify(None).await.unwrap().breaches, [], "{name}");
    }
}
