//! Grants: one row an origin, and a slower look never brings back what a later one saw end.

use walkon::store::grants::Grants as _;
use walkon_core::clock::from_ms;
use walkon_core::grant::{Code, Denied, Held, How, Revoked};

use super::conformance::stores;

fn held(origin: &str, at: i64, text: &str) -> Held {
    let found = Ok((text.to_owned(), Some(60)));
    Held::after_look(None, &origin.parse().unwrap(), found, from_ms(at))
}

#[tokio::test]
async fn a_grant_is_kept_whole_and_in_the_order_of_origins() {
    let (_folder, stores) = stores().await;
    for (name, store) in stores {
        let shop = "https://shop.example".parse().unwrap();
        assert_eq!(store.grant(&shop).await.unwrap(), None, "{name}");
        let mut first = held("https://shop.example", 1_000, "{\"Grüße\": \"世界 🎭\"}");
        first.revoked = Some(Revoked { by: "ada".into(), why: "done".into(), at: from_ms(900) });
        let second = held("https://a.example:8443", 1_000, &"x".repeat(64 << 10));
        assert!(store.keep_grant(&first).await.unwrap(), "{name}");
        assert!(store.keep_grant(&second).await.unwrap(), "{name}");
        assert_eq!(store.grants().await.unwrap(), [second, first.clone()], "{name}");
        assert_eq!(store.grant(&shop).await.unwrap(), Some(first), "{name}");
    }
}

#[tokio::test]
async fn a_slower_look_does_not_bring_back_what_a_later_one_saw_end() {
    let (_folder, stores) = stores().await;
    for (name, store) in stores {
        let early = held("https://shop.example", 1_000, "granted");
        let gone = Denied::new(Code::AuthorisationMissing, "404");
        let origin = early.origin.clone();
        let late = Held::after_look(None, &origin, Err(gone), from_ms(2_000));
        assert!(store.keep_grant(&late).await.unwrap(), "{name}");
        assert!(!store.keep_grant(&early).await.unwrap(), "{name}: the earlier one was kept");
        let kept = store.grant(&origin).await.unwrap().unwrap();
        assert_eq!((kept.text, kept.how), (None, How::WellKnown), "{name}");
    }
}
