//! What is WebDriver's own: what it refuses, who can get at it, and what is left of it.
//!
//! What it does like every driver is in `conformance`.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;
use walkon::driver::cdp::Options;
use walkon::driver::webdriver::WebDriver;
use walkon::driver::{Driver as _, Error, Read};
use walkon::worker::gate::SiteGate;
use walkon_core::bundle::{Bundle, Login, Secret};
use walkon_core::clock::SystemClock;
use walkon_core::gate::{Departure, Gate, Need, Verdict};
use walkon_core::grant::{Access, Grant, Pass};
use walkon_core::step::Locator;

use crate::leak::bundle;
use crate::support::fixture::{Stand, click, one, until, webdriver_with};
use crate::support::site::Site;
use crate::support::{eventually, processes};

/// A gate that hosts and ports are enough for, as long as it is open.
#[derive(Default)]
struct OfHosts {
    is_shut: AtomicBool,
}

impl Gate for OfHosts {
    fn judge(&self, _: &Departure<'_>) -> Verdict {
        if self.is_shut.load(Ordering::SeqCst) {
            let why = "what was granted has ended".to_owned();
            return Verdict::Refuse { code: "authorisation_expired", why };
        }
        Verdict::Pass
    }

    fn needs(&self) -> Vec<Need> {
        Vec::new()
    }
}

fn driver() -> Option<WebDriver> {
    webdriver_with(|_| {})
}

fn stand(site: &Site) -> (Stand, Arc<OfHosts>) {
    let (mut stand, gate) = (Stand::new(&[&site.origin]), Arc::new(OfHosts::default()));
    stand.spec.gate = gate.clone();
    (stand, gate)
}

type Change<'a> = Box<dyn FnOnce(&mut Bundle) + 'a>;

const METHODS: [&str; 7] = ["GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"];

/// A worker's bundle for a site that grants all of its origin, and then changed.
fn changed(change: impl FnOnce(&mut Bundle)) -> Bundle {
    let mut bundle = bundle("http://127.0.0.1:9");
    let grant = &mut pass(&mut bundle).grants[0];
    (grant.methods, grant.require_signature) = (METHODS.map(str::to_owned).into(), false);
    change(&mut bundle);
    bundle
}

fn pass(bundle: &mut Bundle) -> &mut Pass {
    match &mut bundle.access {
        Access::Exempt(Some(pass)) => pass,
        other => panic!("{other:?}"),
    }
}

fn grant(bundle: &mut Bundle) -> &mut Grant {
    &mut pass(bundle).grants[0]
}

/// Why a browser does not open under the gate of a bundle.
async fn refusal(bundle: &Bundle) -> Option<String> {
    let mut stand = Stand::new(&[]);
    stand.spec.gate = Arc::new(SiteGate::new(bundle, Arc::new(SystemClock)));
    let nowhere = Some("/nowhere/chrome".into());
    let walkon = Some(env!("CARGO_BIN_EXE_walkon").into());
    let options = Options { path: nowhere, walkon, ..Options::default() };
    match WebDriver::new(options).unwrap().open(stand.spec.clone()).await.err() {
        // It looked for a browser: it would have gone on.
        Some(Error::Missing(_)) => None,
        Some(error @ Error::Unable(_)) => {
            assert!(error.remedy().unwrap().contains("`browser.driver = \"cdp\"`"));
            Some(error.to_string())
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_grant_of_a_whole_origin_is_enough_and_whatever_is_narrower_is_refused_by_name() {
    let whole = changed(|_| {});
    assert_eq!(refusal(&whole).await, None);
    let loopback = changed(|bundle| bundle.access = Access::Exempt(None));
    assert_eq!(refusal(&loopback).await, None);
    let list = |texts: &[&str]| texts.iter().map(|&text| text.to_owned()).collect::<Vec<_>>();
    let second = |bundle: &mut Bundle| {
        let narrow = Grant { paths: vec!["/p/".to_owned()], ..grant(bundle).clone() };
        pass(bundle).grants.push(narrow);
    };
    let changes: Vec<(&str, Change<'_>)> = vec![
        ("paths", Box::new(|b| grant(b).paths = list(&["/p/", "/feed"]))),
        ("paths", Box::new(|b| grant(b).deny_paths = list(&["/admin"]))),
        ("paths", Box::new(second)),
        ("methods", Box::new(|b| grant(b).methods = list(&METHODS[..6]))),
        ("hours", Box::new(|b| grant(b).limits.window = "06:00-22:00 UTC".parse().ok())),
        ("counts requests", Box::new(|b| pass(b).ceilings.requests = Some(60))),
        ("counts requests", Box::new(|b| pass(b).ceilings.submits = Some(6))),
        ("signed", Box::new(|b| grant(b).require_signature = true)),
        (
            "a name and a password",
            Box::new(|b| {
                let password = Secret::new("let me in".to_owned());
                b.login = Some(Login { username: "qa".to_owned(), password });
            }),
        ),
        (
            "other origins",
            Box::new(|b| {
                b.access = Access::Exempt(None);
                b.site.subresources = list(&["https://cdn.example"]);
            }),
        ),
        ("judges each request", Box::new(|b| b.access = Access::Unasked)),
    ];
    for (words, change) in changes {
        let told = refusal(&changed(change)).await;
        let told = told.unwrap_or_else(|| panic!("it would have opened: {words}"));
        assert!(told.contains(words), "{words}: {told}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_sees_the_accounts_device_its_zone_and_that_it_is_automated() {
    let Some(driver) = driver() else { return };
    let site = Site::start().await;
    let (mut stand, _) = stand(&site);
    stand.spec.time_zone = "Asia/Tokyo".to_owned();
    stand.spec.device.languages = vec!["de-DE".to_owned(), "de".to_owned()];
    let session = stand.open(&driver).await;
    session.navigate(&site.url("/whoami")).await.unwrap();
    until(&*session, &Read::Title, |title| title == "ready").await;
    let me = one(&*session, &Locator::css("#me")).await;
    let me = session.read(&Read::Text(me)).await.unwrap().unwrap();
    let me: Value = serde_json::from_str(&me).unwrap();
    let agent = me["agent"].as_str().unwrap();
    assert!(agent.contains(" walkon/") && agent.ends_with("(+https://fleet.test/bot)"), "{agent}");
    assert_eq!((&me["webdriver"], &me["zone"]), (&true.into(), &"Asia/Tokyo".into()));
    assert_eq!((&me["width"], &me["height"]), (&1280.into(), &720.into()));
    assert_eq!(me["languages"], serde_json::json!(["de-DE", "de"]));
    for what in ["agent", "languages", "platform", "zone"] {
        assert_eq!(me[what], me["worker"][what], "{what}");
    }
    session.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn dialogs_and_new_tabs_are_closed_and_told_of() {
    let Some(driver) = driver() else { return };
    let site = Site::start().await;
    let (stand, _) = stand(&site);
    let session = stand.open(&driver).await;
    session.navigate(&site.url("/hello")).await.unwrap();
    click(&*session, &Locator::role("button", "Ask")).await.unwrap();
    session.read(&Read::Title).await.unwrap();
    site.saw("/answered").await;
    for (role, name) in [("button", "Pop up"), ("link", "Elsewhere")] {
        click(&*session, &Locator::role(role, name)).await.unwrap();
    }
    session.navigate(&site.url("/hello")).await.unwrap();
    let told = stand.notes.sentences();
    let count = |start: &str| told.iter().filter(|text| text.starts_with(start)).count();
    assert_eq!((count("closed a dialog: Sure?"), count("closed a new tab")), (1, 2), "{told:?}");
    assert_eq!(session.read(&Read::Url).await.unwrap().unwrap(), site.url("/hello"));
    session.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_grant_that_ends_shuts_the_way_out_under_a_page_that_asks_on() {
    let Some(driver) = driver() else { return };
    let site = Site::start().await;
    let (stand, gate) = stand(&site);
    let session = stand.open(&driver).await;
    session.navigate(&site.url("/hello")).await.unwrap();
    gate.is_shut.store(true, Ordering::SeqCst);
    eventually("the relay shuts", async || {
        let told = stand.notes.sentences();
        told.iter().any(|text| text.contains("shut the way out")).then_some(())
    })
    .await;
    click(&*session, &Locator::role("button", "Like this too")).await.unwrap();
    let refused = session.navigate(&site.url("/next")).await;
    assert!(matches!(refused, Err(Error::Refused { .. })), "{refused:?}");
    session.close().await;
    let asked: Vec<_> = site.seen().into_iter().map(|seen| seen.path).collect();
    assert!(!asked.iter().any(|path| path == "/clicked-too" || path == "/next"), "{asked:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_else_on_the_host_can_get_at_the_server_and_inside_is_lo_alone() {
    let Some(driver) = driver() else { return };
    let site = Site::start().await;
    let (stand, _) = stand(&site);
    let session = stand.open(&driver).await;
    session.navigate(&site.url("/hello")).await.unwrap();
    let outside = std::net::TcpStream::connect(("127.0.0.1", 9515));
    assert!(outside.is_err(), "the server listens on the host");
    let tree = processes::tree(stand.path());
    assert!(tree.len() > 3, "{tree:?}");
    for pid in tree {
        let counters = std::fs::read_to_string(format!("/proc/{pid}/net/dev")).unwrap_or_default();
        let names = counters.lines().filter_map(|line| Some(line.split_once(':')?.0.trim()));
        assert!(names.into_iter().all(|name| name == "lo"), "{counters}");
        // The browser is spoken to by a pipe: there is no port to it, not even inside.
        let line = processes::command_line(pid);
        assert!(!line.contains("--remote-debugging-port"), "{line}");
    }
    session.close().await;
}

/// The server, and the browser that it has started.
fn two(stand: &Stand) -> (i32, i32) {
    let named = processes::naming(stand.path());
    let is_server = |pid: &&i32| processes::command_line(**pid).contains("--url-base=");
    let server = *named.iter().find(is_server).expect("a server");
    let browser = |pid: &&i32| processes::command_line(**pid).contains("--enable-automation");
    (server, *named.iter().filter(browser).min().expect("a browser"))
}

#[tokio::test(flavor = "multi_thread")]
async fn neither_server_nor_browser_outlives_the_other() {
    let Some(driver) = driver() else { return };
    let site = Site::start().await;
    for kill_server in [true, false] {
        let (stand, _) = stand(&site);
        let session = stand.open(&driver).await;
        session.navigate(&site.url("/hello")).await.unwrap();
        let tree = processes::tree(stand.path());
        let (server, browser) = two(&stand);
        let victim = if kill_server { server } else { browser };
        kill(Pid::from_raw(victim), Signal::SIGKILL).unwrap();
        eventually("it is known to be dead", async || {
            let dead = matches!(session.read(&Read::Title).await, Err(Error::Dead(_)));
            (dead && session.is_dead()).then_some(())
        })
        .await;
        processes::none_left(&tree).await;
        assert!(!stand.path().join("profile").exists() || !kill_server);
    }
}

/// Run by the next test in a process of its own, which is then killed.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "it never ends: another test starts it and kills it"]
async fn a_worker_that_is_about_to_be_killed() {
    let Some(driver) = driver() else { return };
    let site = Site::start().await;
    let (stand, _) = stand(&site);
    let session = stand.open(&driver).await;
    session.navigate(&site.url("/hello")).await.unwrap();
    println!("OPEN {}", stand.path().display());
    std::future::pending::<()>().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn killing_the_worker_leaves_neither_server_nor_browser() {
    use tokio::io::AsyncBufReadExt as _;
    if driver().is_none() {
        return;
    }
    let name = "webdriver::a_worker_that_is_about_to_be_killed";
    let mut worker = tokio::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", name, "--ignored", "--nocapture"])
        .stdout(std::process::Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut lines = tokio::io::BufReader::new(worker.stdout.take().unwrap()).lines();
    let folder = loop {
        let line = lines.next_line().await.unwrap().expect("the worker opens a session");
        if let Some((_, folder)) = line.split_once("OPEN ") {
            break PathBuf::from(folder);
        }
    };
    let tree = processes::tree(&folder);
    assert!(tree.len() > 3, "{tree:?}");
    kill(Pid::from_raw(worker.id().unwrap().cast_signed()), Signal::SIGKILL).unwrap();
    worker.wait().await.unwrap();
    processes::none_left(&tree).await;
    std::fs::remove_dir_all(folder).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_server_is_told_with_what_to_install() {
    let Some(driver) = webdriver_with(|_| {}).and_then(|_| {
        let walkon = Some(env!("CARGO_BIN_EXE_walkon").into());
        let chromedriver = Some("/nowhere/chromedriver".into());
        WebDriver::new(Options { walkon, chromedriver, ..Options::default() }).ok()
    }) else {
        return;
    };
    let site = Site::start().await;
    let error = driver.open(stand(&site).0.spec.clone()).await.err().expect("there is none");
    assert!(matches!(&error, Error::NoServer(path) if path == "/nowhere/chromedriver"), "{error}");
    assert!(error.remedy().unwrap().contains("install `chromium-driver`"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gesture_keeps_its_moments() {
    let Some(driver) = driver() else { return };
    let site = Site::start().await;
    let (stand, _) = stand(&site);
    let session = stand.open(&driver).await;
    session.navigate(&site.url("/hello")).await.unwrap();
    let begun = tokio::time::Instant::now();
    let fidelity = session.dispatch(&sweep()).await.unwrap();
    let took = begun.elapsed();
    eprintln!(
        "{} of 100 moves, {:.1} ms late at most",
        fidelity.late_ms.len(),
        fidelity.late_ms_max()
    );
    // A hundred moves in a second, whatever each costs: lateness does not add up.
    assert!((Duration::from_millis(990)..Duration::from_secs(2)).contains(&took), "{took:?}");
    session.close().await;
}

fn sweep() -> walkon_core::gesture::Gesture {
    use walkon_core::gesture::{Gesture, Input, Point, Timed};
    let to = |at: i32| Input::Move(Point { x: f64::from(at) * 5.5, y: 300.5 });
    Gesture((0..=100).map(|at| Timed { at_ms: f64::from(at) * 10.0, input: to(at) }).collect())
}
