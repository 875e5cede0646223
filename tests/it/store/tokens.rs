//! Tokens and sign-ins on each database.

use walkon::store::tokens::{SignIn, Tokens as _};
use walkon_core::api_token::{ApiScope, ApiToken};
use walkon_core::clock::from_ms;

use super::conformance::stores;

fn token(id: &str) -> ApiToken {
    ApiToken {
        id: id.to_owned(),
        name: "märia".to_owned(),
        scopes: vec![ApiScope::AccountsRead],
        created: from_ms(1_000),
        expires: Some(from_ms(9_000)),
        revoked: None,
        used: None,
    }
}

#[tokio::test]
async fn a_token_is_found_by_its_hash_and_revoked_once_with_who_signed_in_by_it() {
    let (_folder, stores) = stores().await;
    for (name, store) in stores {
        for (id, hash) in [("wko_a", "h1"), ("wko_A", "h2")] {
            store.put_token(&token(id), hash).await.unwrap();
        }
        assert!(store.put_token(&token("wko_a"), "h3").await.is_err(), "{name}: that id is taken");
        assert!(store.put_token(&token("wko_b"), "h1").await.is_err(), "{name}: so is the hash");
        assert_eq!(store.token_of("h2").await.unwrap(), Some(token("wko_A")), "{name}");
        assert_eq!(store.token_of("H2").await.unwrap(), None, "{name}");
        store.used_token("wko_a", from_ms(4_000)).await.unwrap();
        let one = |hash: &str, token: &str| SignIn {
            hash: hash.to_owned(),
            token: token.to_owned(),
            csrf: "w".to_owned(),
            begun: from_ms(2_000),
            seen: from_ms(2_000),
        };
        for (hash, token) in [("s1", "wko_a"), ("s2", "wko_A")] {
            store.put_sign_in(&one(hash, token)).await.unwrap();
        }
        store.seen_sign_in("s2", from_ms(3_000)).await.unwrap();
        store.seen_sign_in("s3", from_ms(3_000)).await.unwrap();
        assert!(store.revoke_token("wko_a", from_ms(5_000)).await.unwrap(), "{name}");
        assert!(!store.revoke_token("wko_a", from_ms(6_000)).await.unwrap(), "{name}: once");
        assert!(!store.revoke_token("wko_x", from_ms(6_000)).await.unwrap(), "{name}");
        let (revoked, used) = (Some(from_ms(5_000)), Some(from_ms(4_000)));
        let ended = ApiToken { revoked, used, ..token("wko_a") };
        assert_eq!(store.tokens().await.unwrap(), [token("wko_A"), ended], "{name}");
        assert_eq!(store.sign_in("s1").await.unwrap(), None, "{name}");
        let seen = SignIn { seen: from_ms(3_000), ..one("s2", "wko_A") };
        assert_eq!(store.sign_in("s2").await.unwrap(), Some(seen), "{name}");
        assert_eq!(store.forget_sign_ins(from_ms(2_001)).await.unwrap(), 1, "{name}");
        assert_eq!(store.sign_in("s3").await.unwrap(), None, "{name}");
    }
}
