//! `walkon doctor` beside a fleet: each thing that is spoiled is found, and is well when mended.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use serde_json::{Value, json};

use crate::support::fleet::{Home, TestFleet};
use crate::support::skip;

/// What one check says now: its level, and why and what to do in one text.
async fn check(fleet: &TestFleet, what: &str) -> (String, String) {
    let said = fleet.home.run(&["doctor", "--json"]).await;
    let checks = said.json()["checks"].clone();
    let one = checks.as_array().unwrap().iter().find(|one| one["check"] == what).cloned();
    let one = one.unwrap_or_else(|| panic!("no `{what}`: {checks}"));
    let is_wrong = checks.as_array().unwrap().iter().any(|one| one["level"] == "wrong");
    assert_eq!(said.code, if is_wrong { 5 } else { 0 }, "{checks}");
    assert_eq!(one["ok"], one["level"] != "wrong", "{one}");
    let text = |name: &str| one[name].as_str().unwrap_or_default().to_owned();
    (text("level"), format!("{}{}; {}", text("found"), text("why"), text("fix")))
}

async fn is(fleet: &TestFleet, what: &str, level: &str, words: &str) {
    let (found, text) = check(fleet, what).await;
    assert!(found == level && text.contains(words), "{what} is {found}: {text}");
}

fn mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn doctor_finds_what_is_spoiled_beside_a_fleet_and_sees_it_mended() {
    let home = Home::new().await;
    let backups = home.path("backups").display().to_string();
    let home = home.env("WALKON__BACKUP__FOLDER", &backups).account("ada", "");
    let mut fleet = home.start().await;
    is(&fleet, "port", "ok", "a fleet answers at").await;
    is(&fleet, "audit log", "ok", "as they were written").await;
    is(&fleet, "grants", "ok", "no site's has ended").await;
    is(&fleet, "disk", "ok", "GiB are free").await;
    is(&fleet, "secrets", "ok", "1 of 1 accounts").await;
    let add = ["account", "add", "eve", "--site", "plaza", "--plan", "free"];
    assert_eq!(fleet.home.run(&add).await.code, 0);
    is(&fleet, "secrets", "wrong", "neither password nor token: eve; name a `password_file`").await;
    assert_eq!(fleet.home.run(&["account", "remove", "eve"]).await.code, 0);
    is(&fleet, "secrets", "ok", "1 of 1 accounts").await;
    for (name, what) in [("signing.key", "signing keys"), ("master.key", "master keys")] {
        let file = fleet.home.data().join(name);
        mode(&file, 0o644);
        is(&fleet, what, "wrong", &format!("others on this host may read {}", file.display()))
            .await;
        mode(&file, 0o600);
        is(&fleet, what, "ok", &file.display().to_string()).await;
    }
    // Another key in its place: the secret cannot be opened, and it says which key it wants.
    let file = fleet.home.data().join("master.key");
    let key = fs::read(&file).unwrap();
    let other = fleet.home.path("other.key");
    let words = ["keys", "new", "master", "--out", other.to_str().unwrap()];
    assert_eq!(fleet.home.run(&words).await.code, 0);
    fs::copy(&other, &file).unwrap();
    is(&fleet, "secrets", "wrong", "bring the file with that key back").await;
    is(&fleet, "audit log", "ok", "not looked at: the master key").await;
    fs::write(&file, key).unwrap();
    is(&fleet, "backups", "wrong", "cannot be read").await;
    assert_eq!(fleet.home.run(&["backup"]).await.code, 0);
    is(&fleet, "backups", "ok", "0 h old").await;
    let made = fs::read_dir(&backups).unwrap().flatten().next().unwrap().path();
    let manifest = made.join("manifest.json");
    let text = fs::read_to_string(&manifest).unwrap();
    let at: Value = serde_json::from_str(&text).unwrap();
    let old = text.replace(at["at"].as_str().unwrap(), "2026-11-01T00:00:00Z");
    fs::write(&manifest, old).unwrap();
    is(&fleet, "backups", "wrong", "run `walkon backup`").await;
    assert_eq!(fleet.stop().await, 0);
}

/// What doctor says of one thing.
async fn looked_at(home: &Home, what: &str) -> Value {
    let said = home.run(&["doctor", "--json"]).await.json()["checks"].clone();
    let one = said.as_array().unwrap().iter().find(|one| one["check"] == what).cloned();
    one.unwrap_or_else(|| panic!("{said}"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn doctor_says_what_to_install_where_a_site_has_an_authority_of_its_own() {
    let home = Home::new().await;
    home.write();
    let none = looked_at(&home, "own authorities").await;
    assert_eq!(none["found"], "none: no site has a `ca` of its own");
    if std::process::Command::new("certutil").arg("-H").output().is_err() {
        return skip("no certutil: install libnss3-tools");
    }
    let ca = home.path("ca.pem");
    fs::write(&ca, include_str!("../support/tls/ca.pem")).unwrap();
    let private = "[sites.plaza.private]\nnets = [\"127.0.0.0/8\"]\nby = \"ada\"\n";
    let home = home.settings(&format!("{private}ca_file = \"{}\"\n", ca.display()));
    home.write();
    let well = looked_at(&home, "own authorities").await;
    assert_eq!(well["found"], "of plaza, by certutil", "{well}");
    let home = home.env("PATH", "/nowhere");
    let one = looked_at(&home, "own authorities").await;
    assert_eq!((&one["level"], &one["fix"]), (&json!("wrong"), &json!("install `libnss3-tools`")));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn doctor_says_what_to_install_where_webdriver_is_to_drive_and_cannot() {
    let looked = async |home: &Home| looked_at(home, "webdriver").await;
    let home = Home::new().await;
    home.write();
    assert_eq!(looked(&home).await["found"], "not used: `browser.driver` is `cdp`");
    let home = home.env("WALKON__BROWSER__DRIVER", "webdriver");
    let home = home.env("WALKON__BROWSER__CHROMEDRIVER", "/nowhere/chromedriver");
    let one = looked(&home).await;
    assert_eq!(one["level"], "wrong", "{one}");
    assert!(one["why"].as_str().unwrap().contains("looked for /nowhere/chromedriver"), "{one}");
    assert!(one["fix"].as_str().unwrap().contains("install `chromium-driver`"), "{one}");
}
