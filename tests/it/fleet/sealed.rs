//! Secrets: sealed at import, handed to nobody but who acts, and nowhere to be read.

use std::fs;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::Path;

use serde_json::{Value, json};
use walkon::store::address::Address;
use walkon::store::sql::SqlStore;
use walkon::store::states::States as _;
use walkon::store::vault::Vault;
use walkon::store::vault::master::{self, Source};

use crate::support::fleet::{Home, TestFleet};
use crate::support::processes::{below, command_line};

/// What nobody but its own bundle may hold: planted, and looked for everywhere.
const PROXY: &str = "canary-7f3a9c51-proxy";

async fn home() -> Home {
    let home = Home::new().await.env("WALKON_LOG", "debug");
    let token = home.secret("ada.token", "\u{feff} tok-ada \r\n");
    let proxy = home.secret("proxy.password", &format!("{PROXY}\n"));
    let proxy = format!(
        "proxy = {{ url = \"http://127.0.0.1:1\", username = \"u\", password_file = \"{}\" }}\n",
        proxy.display()
    );
    let token = format!("token_file = \"{}\"\n", token.display());
    home.account("ada", &token).account("ben", &proxy)
}

async fn acts_by_both_routes(fleet: &TestFleet, text: &str, post: &str) {
    let said = json!({"text": text});
    for action in [
        json!({"account": "ada", "kind": "like", "target": post, "route": "browser"}),
        json!({"account": "ada", "kind": "comment", "target": post, "with": said, "route": "api"}),
    ] {
        let id = fleet.enqueue(&action).await;
        fleet.reaches(&id, "done").await;
    }
}

/// Files below a folder that hold one of the texts.
fn holding(folder: &Path, texts: &[String], found: &mut Vec<String>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            holding(&path, texts, found);
        } else if let Ok(bytes) = fs::read(&path) {
            found.extend(held(&bytes, texts).map(|text| format!("{}: {text}", path.display())));
        }
    }
}

fn held<'a>(bytes: &[u8], texts: &'a [String]) -> impl Iterator<Item = &'a String> {
    texts.iter().filter(move |text| bytes.windows(text.len()).any(|some| some == text.as_bytes()))
}

/// Whether a process has the text in its memory.
fn remembers(pid: i32, text: &str) -> bool {
    let maps = fs::read_to_string(format!("/proc/{pid}/maps")).unwrap();
    let mut memory = fs::File::open(format!("/proc/{pid}/mem")).unwrap();
    let written = maps.lines().filter(|line| line.contains(" rw"));
    for (from, to) in written.filter_map(|line| line.split(' ').next()?.split_once('-')) {
        let at = |hex| u64::from_str_radix(hex, 16).unwrap();
        let mut bytes = vec![0; usize::try_from(at(to) - at(from)).unwrap()];
        // What is not there at this moment cannot be read, and holds nothing.
        let seek = memory.seek(SeekFrom::Start(at(from)));
        if seek.and_then(|_| memory.read_exact(&mut bytes)).is_ok()
            && held(&bytes, &[text.to_owned()]).next().is_some()
        {
            return true;
        }
    }
    false
}

fn workers(fleet: &TestFleet) -> Vec<i32> {
    let is_worker = |pid: &i32| command_line(*pid).contains("walkon worker ");
    below(fleet.pid()).into_iter().filter(is_worker).collect()
}

/// The store of a fleet, beside it.
pub(super) async fn store(home: &Home) -> SqlStore {
    let vault = Vault::of(Source::File(home.data().join("master.key")));
    SqlStore::open(&Address::File(home.data().join("walkon.db")), vault).await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_planted_secret_is_found_nowhere() {
    let mut fleet = home().await.start().await;
    acts_by_both_routes(&fleet, "hello", "post:7").await;
    let ada = "ada".parse().unwrap();
    let state = store(&fleet.home).await.state(&ada).await.unwrap().expect("it has signed in");
    let mut texts = vec![PROXY.to_owned(), "tok-ada".to_owned(), "ada-secret".to_owned()];
    texts.extend(state.cookies.iter().map(|cookie| cookie.value.clone()));
    assert!(texts.len() > 3 && texts.iter().all(|text| text.len() >= 7), "{texts:?}");
    for path in ["/api/accounts", "/api/accounts/ada", "/api/accounts/ben", "/api/actions", "/"] {
        seen_nothing(&fleet, path, &texts).await;
    }
    for path in ["/accounts", "/accounts/ada", "/accounts/ben", "/queue", "/sessions"] {
        seen_nothing(&fleet, path, &texts).await;
    }
    let [worker] = workers(&fleet)[..] else { panic!("{:?}", workers(&fleet)) };
    assert!(remembers(worker, "127.0.0.1"), "its memory can be looked into");
    assert!(!remembers(worker, PROXY), "a worker that never held ben has his secret");
    let data = fleet.home.data();
    assert_eq!(fleet.stop().await, 0);
    let mut found = Vec::new();
    for folder in ["redis", "recordings", "run"] {
        assert!(data.join(folder).is_dir(), "{folder}");
        holding(&data.join(folder), &texts, &mut found);
    }
    for file in [data.join("walkon.db"), fleet.home.path("out.log"), fleet.home.path("err.log")] {
        let bytes = fs::read(&file).unwrap();
        assert!(!bytes.is_empty() || file.ends_with("err.log"), "{}", file.display());
        found.extend(held(&bytes, &texts).map(|text| format!("{}: {text}", file.display())));
    }
    // What is not in the database yet.
    let log = fs::read(data.join("walkon.db-wal")).unwrap_or_default();
    found.extend(held(&log, &texts).map(|text| format!("walkon.db-wal: {text}")));
    assert_eq!(found, [""; 0]);
}

async fn seen_nothing(fleet: &TestFleet, path: &str, texts: &[String]) {
    let answer = fleet.home.http.get(fleet.url(path)).send().await.unwrap();
    let status = answer.status();
    let body = answer.bytes().await.unwrap();
    assert!(status.is_success() && !body.is_empty(), "{path}: {status}");
    assert_eq!(held(&body, texts).collect::<Vec<_>>(), [""; 0], "{path}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_imported_needs_its_files_no_more_and_moves_to_another_key_meanwhile() {
    let mut fleet = home().await.start().await;
    acts_by_both_routes(&fleet, "first", "post:1").await;
    for name in ["ada.token", "ada.password", "ben.password", "proxy.password"] {
        fs::remove_file(fleet.home.path(name)).unwrap();
    }
    let file = fleet.home.path("accounts.toml");
    let said = fleet.home.run(&["account", "import", file.to_str().unwrap()]).await;
    assert_eq!((said.code, said.out.trim()), (0, "0 added, 0 updated, 2 as they were"), "{said:?}");
    acts_by_both_routes(&fleet, "second", "post:2").await;
    let before = fleet.home.run(&["keys", "list", "--json"]).await.json();
    assert_eq!((before.as_array().unwrap().len(), &before[0]["secrets"]), (1, &json!(5)));
    let rotated = fleet.home.run(&["keys", "rotate", "master", "--json"]).await.json();
    assert_eq!((&rotated["rewrapped"], &rotated["failed"]), (&json!(5), &json!([])), "{rotated}");
    assert_ne!(rotated["master"], before[0]["master"]);
    acts_by_both_routes(&fleet, "third", "post:3").await;
    let after = fleet.home.run(&["keys", "list", "--json"]).await.json();
    assert_eq!(after[0]["master"], rotated["master"], "{after}");
    assert_eq!(after.as_array().unwrap().len(), 1, "nothing is sealed by the old one: {after}");
    assert_eq!(fleet.stop().await, 0);
    // Another key in its place, and the fleet does not come up; it says which key it wants.
    let home = &fleet.home;
    let keys = home.data().join("master.key");
    let right = fs::read(&keys).unwrap();
    fs::write(&keys, master::fresh().1.expose()).unwrap();
    let said = home.fails_to_start().await;
    assert_eq!(said.code, 3, "{said:?}");
    let wanted = rotated["master"].as_str().unwrap();
    assert!(said.err.contains(&format!("the master key {wanted} is not in")), "{}", said.err);
    assert!(said.err.contains("from its backup"), "{}", said.err);
    fs::write(&keys, right).unwrap();
    fleet.restart().await;
    acts_by_both_routes(&fleet, "fourth", "post:4").await;
    assert_eq!(fleet.stop().await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_by_environment_is_kept_from_workers_and_is_no_business_of_a_settings_file() {
    let (id, key) = master::fresh();
    let home = Home::new().await.env("WALKON__VAULT__MASTER_KEY", key.expose());
    let mut fleet = home.account("ada", "").start().await;
    let id_now = fleet.home.run(&["keys", "list", "--json"]).await.json()[0]["master"].clone();
    assert_eq!(id_now, json!(id));
    let [worker] = workers(&fleet)[..] else { panic!("{:?}", workers(&fleet)) };
    let environment = fs::read(format!("/proc/{worker}/environ")).unwrap();
    assert!(!String::from_utf8_lossy(&environment).contains("MASTER_KEY"));
    assert!(!remembers(worker, key.expose()));
    let said = fleet.home.run(&["keys", "rotate", "master"]).await;
    assert_eq!(said.code, 3, "{said:?}");
    assert!(said.err.contains("put a new key before the old one"), "{}", said.err);
    assert!(!fleet.home.data().join("master.key").exists());
    assert_eq!(fleet.stop().await, 0);
    let written = format!("[vault]\nmaster_key = \"{}\"\n", key.expose());
    let home = Home::new().await.settings(&written);
    home.write();
    let said = home.run(&["keys", "list"]).await;
    assert_eq!(said.code, 3, "{said:?}");
    assert!(said.err.contains("WALKON__VAULT__MASTER_KEY"), "{}", said.err);
    assert!(!said.err.contains(key.expose()), "{}", said.err);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_key_is_written_for_its_owner_alone_and_never_over_another() {
    use std::os::unix::fs::PermissionsExt as _;
    let home = Home::new().await;
    home.write();
    let file = home.path("fleet.key");
    let out = file.to_str().unwrap();
    let said = home.run(&["keys", "new", "master", "--out", out, "--json"]).await;
    assert_eq!(said.code, 0, "{said:?}");
    let written = fs::read_to_string(&file).unwrap();
    assert!(!said.out.contains(written.trim()), "a key in a file is not printed: {}", said.out);
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    let said = home.run(&["keys", "new", "master", "--out", out]).await;
    assert_eq!(said.code, 5, "{said:?}");
    assert_eq!(fs::read_to_string(&file).unwrap(), written);
    let printed: Value = home.run(&["keys", "new", "master", "--json"]).await.json();
    assert_eq!(printed["key"].as_str().unwrap().len(), 64);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_that_was_pasted_in_two_pieces_is_refused_with_its_place() {
    let home = Home::new().await;
    let token = home.secret("ada.token", "EAAB first\nEAAB second\n");
    let home = home.account("ada", &format!("token_file = \"{}\"\n", token.display()));
    let said = home.fails_to_start().await;
    assert_eq!(said.code, 3, "{said:?}");
    assert!(said.err.contains("accounts.toml:1:1: account `ada`"), "{}", said.err);
    assert!(said.err.contains("ada.token has more than one line"), "{}", said.err);
    assert!(!said.err.contains("EAAB"), "{}", said.err);
}
