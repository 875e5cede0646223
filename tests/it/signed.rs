//! A site that wants signed requests: Plaza checks them by code of its own.

use std::sync::Arc;

use serde_json::{Value, json};
use walkon::driver::{Driver as _, Session};
use walkon::signing::FleetKeys;
use walkon::worker::gate::SiteGate;
use walkon_core::clock::{Clock as _, SystemClock};
use walkon_core::grant::{Access, Document};
use walkon_core::kind::KINDS;

use crate::leak::bundle;
use crate::support::fixture::{Stand, driver};

const DIRECTORY: &str = "https://fleet.test/.well-known/http-message-signatures-directory";

fn keys(folder: &std::path::Path) -> FleetKeys {
    let path = folder.join("signing.key");
    FleetKeys::rotate(&path, |path, text| std::fs::write(path, text)).unwrap();
    FleetKeys::read(&path).unwrap()
}

/// Plaza, which wants requests signed by a key of the list.
async fn plaza(keys: &FleetKeys) -> (plaza::Running, String, reqwest::Client) {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let plaza = plaza::start(plaza::Options::default()).await.unwrap();
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let listed: Value = serde_json::from_str(&keys.directory(SystemClock.now()).unwrap()).unwrap();
    let listed: Vec<Value> = listed["keys"].as_array().unwrap().clone();
    let keep = |key: &Value, name: &str| Some((name.to_owned(), key.get(name)?.clone()));
    let listed: Vec<Value> = listed
        .iter()
        .map(|key| ["x", "nbf", "exp"].iter().filter_map(|name| keep(key, name)).collect())
        .collect();
    let kinds: Vec<&str> = KINDS.iter().map(|kind| kind.name).collect();
    let policy = json!({
        "agents": [keys.ids()[0]], "keys": listed, "require_signature": true, "kinds": kinds,
    });
    let set = http.put(format!("http://{}/signed", plaza.control)).body(policy.to_string());
    let set = set.send().await.unwrap();
    assert!(set.status().is_success(), "{}", set.text().await.unwrap());
    let origin = format!("http://{}", plaza.site);
    (plaza, origin, http)
}

#[tokio::test(flavor = "multi_thread")]
async fn plaza_lets_in_who_signs_with_a_listed_key_and_nobody_else() {
    let folder = tempfile::tempdir().unwrap();
    let (keys, now) = (keys(folder.path()), SystemClock.now());
    let (_plaza, origin, http) = plaza(&keys).await;
    let plain = http.get(format!("{origin}/signin")).send().await.unwrap();
    assert_eq!(plain.status(), 401);
    // What it publishes is a grant to this fleet, and asks for signatures.
    let file = http.get(format!("{origin}/.well-known/walkon.json")).send().await.unwrap();
    let file = file.text().await.unwrap();
    let document = Document::read(file.as_bytes(), &origin.parse().unwrap(), now).unwrap();
    let pass = document.pass(keys.ids(), now).unwrap();
    assert!(pass.requires_signature());
    let Some(driver) = driver() else { return };
    let listed = keys.of_day(DIRECTORY, now).unwrap();
    let other = tempfile::tempdir().unwrap();
    let strange = self::keys(other.path()).of_day(DIRECTORY, now).unwrap();
    for (day, status) in [(Some(listed), 200), (Some(strange), 401), (None, 401)] {
        let mut bundle = bundle(&origin);
        bundle.access = Access::Exempt(day.is_some().then(|| pass.clone()));
        bundle.signing = day;
        let mut stand = Stand::new(&[&origin]);
        stand.spec.gate = Arc::new(SiteGate::new(&bundle, Arc::new(SystemClock)));
        let session: Box<dyn Session> = driver.open(stand.spec.clone()).await.unwrap();
        let arrival = session.navigate(&format!("{origin}/signin")).await.unwrap();
        assert_eq!(arrival.status, Some(status));
        session.close().await;
    }
}
