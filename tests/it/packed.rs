//! Packed sessions: accounts that share a browser, and nothing else.

use std::path::Path;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::{Value, json};
use tempfile::TempDir;
use walkon::driver::cdp::{CdpDriver, Packed};
use walkon::driver::{Driver as _, Error, Pack, Read, Session};
use walkon_core::dial::Dial as _;
use walkon_core::step::Locator;

use crate::support::eventually;
use crate::support::fixture::{Stand, click, driver, driver_with, ground, one, until};
use crate::support::processes;
use crate::support::site::Site;

/// A session that may share its browser.
fn packed(site: &Site, ground: &TempDir) -> Stand {
    let mut stand = Stand::new(&[&site.origin]);
    let folder = ground.path().to_owned();
    stand.spec.pack = Some(Pack { site: "site".parse().unwrap(), folder });
    stand
}

fn driver_of(accounts: usize, uses: usize) -> Option<CdpDriver> {
    driver_with(|options| options.packed = Packed { accounts, uses })
}

/// The browsers that run below a folder.
fn browsers(ground: &Path) -> Vec<i32> {
    let mut all = processes::naming(ground);
    all.retain(|pid| {
        let line = processes::command_line(*pid);
        line.contains("--remote-debugging-pipe") && !line.contains("--type=")
    });
    all
}

async fn whoami(session: &dyn Session, site: &Site) -> Value {
    session.navigate(&site.url("/whoami")).await.unwrap();
    until(session, &Read::Title, |title| title == "ready").await;
    let me = one(session, &Locator::css("#me")).await;
    serde_json::from_str(&session.read(&Read::Text(me)).await.unwrap().unwrap()).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn accounts_of_one_site_and_device_share_a_browser_and_nothing_else() {
    let Some(driver) = driver() else { return };
    let (site, ground) = (Site::start().await, ground());
    let (first, second) = (packed(&site, &ground), packed(&site, &ground));
    let (one, two) = tokio::join!(first.open(&driver), second.open(&driver));
    assert_eq!(browsers(ground.path()).len(), 1, "they share one");
    one.navigate(&site.url("/sign-in")).await.unwrap();
    one.navigate(&site.url("/keep")).await.unwrap();
    until(&*one, &Read::Title, |title| title == "kept").await;
    assert_eq!(second.relay.bytes(), (0, 0), "each goes out by its own way");
    let (mine, theirs) = (whoami(&*one, &site).await, whoami(&*two, &site).await);
    assert_eq!((&mine["cookie"], &mine["storage"]), (&json!("soft=1"), &json!({"mark": "mine"})));
    assert_eq!((&theirs["cookie"], &theirs["storage"]), (&json!(""), &json!({})));
    for what in ["agent", "languages", "zone", "width", "touch", "dark", "webdriver", "worker"] {
        assert_eq!(mine[what], theirs[what], "{what}");
    }
    assert_eq!(theirs["worker"]["zone"], "Europe/Berlin");
    let (sent, received) = second.relay.bytes();
    assert!(sent > 500 && received > 1_000, "{sent} {received}");
    let requests = |path: &str| site.seen().iter().filter(|seen| seen.path == path).count();
    assert_eq!(requests("/cached.js"), 1);
    two.navigate(&site.url("/keep")).await.unwrap();
    until(&*two, &Read::Title, |title| title == "kept").await;
    assert_eq!(requests("/cached.js"), 2, "the second was served from the first one's cache");
    assert!(one.memory().await.is_some_and(|bytes| bytes > 10 << 20));
    let (mine, theirs) = (one.state().await.unwrap(), two.state().await.unwrap());
    assert_eq!((mine.cookies.len(), theirs.cookies.len()), (2, 1));
    let tree = processes::tree(ground.path());
    tokio::join!(one.close(), two.close());
    processes::none_left(&tree).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_gate_the_relay_and_the_recording_of_each_are_its_own() {
    let Some(driver) = driver() else { return };
    let (site, other, ground) = (Site::start().await, Site::start().await, ground());
    let (first, mut second) = (packed(&site, &ground), packed(&other, &ground));
    second.spec.pack.clone_from(&first.spec.pack);
    let (one, two) = tokio::join!(first.open(&driver), second.open(&driver));
    assert_eq!(browsers(ground.path()).len(), 1);
    let forbidden = one.navigate(&site.url("/forbidden")).await;
    assert!(matches!(forbidden, Err(Error::Refused { .. })), "{forbidden:?}");
    let unlisted = one.navigate(&other.url("/hello")).await;
    assert!(matches!(unlisted, Err(Error::Refused { .. })), "{unlisted:?}");
    two.navigate(&other.url("/hello")).await.unwrap();
    let unlisted = two.navigate(&site.url("/hello")).await;
    assert!(matches!(unlisted, Err(Error::Refused { .. })), "{unlisted:?}");
    tokio::join!(one.close(), two.close());
    assert!(!site.seen().iter().any(|seen| ["/forbidden", "/hello"].contains(&&*seen.path)));
    let told = |stand: &Stand, text: &str| stand.notes.sentences().iter().any(|s| s.contains(text));
    assert!(told(&first, "/forbidden") && !told(&second, "/forbidden"));
}

#[tokio::test(flavor = "multi_thread")]
async fn dialogs_new_tabs_downloads_and_prompts_of_each_are_closed_and_told_of() {
    let Some(driver) = driver() else { return };
    let (site, ground) = (Site::start().await, ground());
    let (first, second) = (packed(&site, &ground), packed(&site, &ground));
    let (one, two) = tokio::join!(first.open(&driver), second.open(&driver));
    two.navigate(&site.url("/hello")).await.unwrap();
    click(&*two, &Locator::role("button", "Ask")).await.unwrap();
    site.saw("/answered").await;
    for (role, name) in [("button", "Pop up"), ("link", "Elsewhere"), ("link", "File")] {
        click(&*two, &Locator::role(role, name)).await.unwrap();
    }
    let told = |start: &str| {
        let all = second.notes.sentences();
        all.iter().filter(|text| text.starts_with(start)).count()
    };
    let all_told = async || {
        let all = told("closed a dialog: Sure?") >= 1 && told("closed a new tab") >= 2;
        (all && told("denied a download") >= 1).then_some(()).ok_or(second.notes.sentences())
    };
    eventually("all is told of", all_told).await;
    two.navigate(&site.url("/permissions")).await.unwrap();
    let answers = until(&*two, &Read::Title, |title| title.starts_with("asked")).await;
    assert_eq!(answers, "asked: place no, notify denied, camera no, clipboard denied");
    tokio::join!(one.close(), two.close());
    assert_eq!(first.notes.sentences(), Vec::<String>::new(), "nothing of it is the other's");
    assert!(!site.seen().iter().any(|seen| ["/popup", "/other"].contains(&seen.path.as_str())));
}

#[tokio::test(flavor = "multi_thread")]
async fn every_context_of_a_page_in_a_shared_browser_sees_the_same_device() {
    let Some(driver) = driver() else { return };
    let (site, ground) = (Site::start().await, ground());
    let (mut first, mut second) = (packed(&site, &ground), packed(&site, &ground));
    for stand in [&mut first, &mut second] {
        stand.spec.time_zone = "Asia/Tokyo".to_owned();
        stand.spec.device.languages = vec!["de-DE".to_owned(), "de".to_owned()];
    }
    let (other, session) = tokio::join!(first.open(&driver), second.open(&driver));
    session.navigate(&site.url("/contexts")).await.unwrap();
    until(&*session, &Read::Title, |title| title == "ready").await;
    let text = Read::Text(one(&*session, &Locator::css("#me")).await);
    let me: Value = serde_json::from_str(&session.read(&text).await.unwrap().unwrap()).unwrap();
    tokio::join!(other.close(), session.close());
    assert_eq!(me["window"]["zone"], "Asia/Tokyo");
    for context in ["frame", "worker", "shared", "service"] {
        for what in ["agent", "languages", "zone", "locale", "platform", "brands"] {
            assert_eq!(me[context][what], me["window"][what], "{what} of {context}: {me}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn another_site_device_or_time_zone_is_another_browser() {
    let Some(driver) = driver() else { return };
    let (site, ground) = (Site::start().await, ground());
    let stand = || packed(&site, &ground);
    let mut stands = [stand(), stand(), stand(), stand(), stand()];
    stands[1].spec.pack.as_mut().unwrap().site = "elsewhere".parse().unwrap();
    stands[2].spec.device.width += 1;
    stands[3].spec.time_zone = "Asia/Tokyo".to_owned();
    let mut open = Vec::new();
    for (stand, running) in stands.iter().zip([1, 2, 3, 4, 4]) {
        open.push(stand.open(&driver).await);
        assert_eq!(browsers(ground.path()).len(), running);
    }
    for session in open {
        session.close().await;
    }
    assert_eq!(browsers(ground.path()), [0; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_takes_so_many_at_once_and_so_many_in_its_life() {
    let Some(driver) = driver_of(2, 3) else { return };
    let (site, ground) = (Site::start().await, ground());
    let stands: Vec<_> = (0..6).map(|_| packed(&site, &ground)).collect();
    let open = async |number: usize| stands[number].open(&driver).await;
    let running = || browsers(ground.path());
    let (first, second) = (open(0).await, open(1).await);
    let old = running();
    let third = open(2).await;
    assert_eq!(running().len(), 2, "the first one is full");
    third.close().await;
    first.close().await;
    assert_eq!(running(), old, "one with an account in it goes on");
    let fourth = open(3).await;
    assert_eq!(running(), old, "there was room for one more");
    fourth.close().await;
    let fifth = open(4).await;
    assert_eq!(running().len(), 2, "three sessions were its life's");
    second.navigate(&site.url("/hello")).await.unwrap();
    second.close().await;
    assert!(!running().contains(&old[0]), "it ended with its last one");
    fifth.navigate(&site.url("/hello")).await.unwrap();
    fifth.close().await;
    assert_eq!(running(), [0; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_that_dies_ends_every_session_in_it_and_the_next_one_gets_another() {
    let Some(driver) = driver() else { return };
    let (site, ground) = (Site::start().await, ground());
    let (mut first, second) = (packed(&site, &ground), packed(&site, &ground));
    let (one, two) = tokio::join!(first.open(&driver), second.open(&driver));
    two.navigate(&site.url("/hello")).await.unwrap();
    let (url, tree) = (site.url("/hang"), processes::tree(ground.path()));
    let killed = async {
        site.saw("/hang").await;
        kill(Pid::from_raw(browsers(ground.path())[0]), Signal::SIGKILL).unwrap();
    };
    let (result, ()) = tokio::join!(one.navigate(&url), killed);
    assert!(matches!(result, Err(Error::Dead(_))), "{result:?}");
    assert!(matches!(two.capture().await, Err(Error::Dead(_))));
    assert!(one.is_dead() && two.is_dead());
    first.next_session();
    let next = first.open(&driver).await;
    next.navigate(&site.url("/hello")).await.unwrap();
    tokio::join!(one.close(), two.close());
    processes::none_left(&tree).await;
    next.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_is_killed_or_whose_page_crashes_leaves_the_others_alone() {
    let Some(driver) = driver() else { return };
    let (site, ground) = (Site::start().await, ground());
    let (first, second) = (packed(&site, &ground), packed(&site, &ground));
    let one = first.open(&driver).await;
    one.navigate(&site.url("/served")).await.unwrap();
    until(&*one, &Read::Title, |title| title == "served").await;
    let browser = browsers(ground.path())[0];
    let renderers = || {
        let below = processes::below(browser).into_iter();
        below.filter(|pid| processes::command_line(*pid).contains("--type=renderer"))
    };
    let of_one: Vec<_> = renderers().collect();
    let two = second.open(&driver).await;
    two.navigate(&site.url("/hello")).await.unwrap();
    for renderer in renderers().filter(|pid| !of_one.contains(pid)) {
        kill(Pid::from_raw(renderer), Signal::SIGKILL).unwrap();
    }
    eventually("the page has crashed", async || {
        let read = two.read(&Read::Title).await;
        if matches!(read, Err(Error::Crashed)) { Ok(()) } else { Err(read) }
    })
    .await;
    assert_eq!(one.read(&Read::Title).await.unwrap().as_deref(), Some("served"));
    two.navigate(&site.url("/hello")).await.unwrap();

    let ticks = || site.seen().iter().filter(|seen| seen.path == "/tick").count();
    eventually("its service worker lives", async || (ticks() > 5).then_some(())).await;
    one.kill();
    assert!(one.is_dead() && !two.is_dead());
    assert!(matches!(one.read(&Read::Title).await, Err(Error::Dead(_))));
    eventually("its pages have ended", async || {
        let left = renderers().filter(|pid| of_one.contains(pid)).count();
        if left == 0 { Ok(()) } else { Err(left) }
    })
    .await;
    let after = ticks();
    click(&*two, &Locator::role("button", "Like this too")).await.unwrap();
    site.saw("/clicked-too").await;
    assert_eq!(ticks(), after, "what was killed goes on");
    let tree = processes::tree(ground.path());
    two.kill();
    processes::none_left(&tree).await;
    tokio::join!(one.close(), two.close());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_storage_state_goes_in_and_out_by_context() {
    let Some(driver) = driver() else { return };
    let (site, ground) = (Site::start().await, ground());
    let (mut first, second) = (packed(&site, &ground), packed(&site, &ground));
    let (session, other) = tokio::join!(first.open(&driver), second.open(&driver));
    session.navigate(&site.url("/sign-in")).await.unwrap();
    session.navigate(&site.url("/keep")).await.unwrap();
    until(&*session, &Read::Title, |title| title == "kept").await;
    let state = session.state().await.unwrap();
    session.close().await;
    let names: Vec<_> = state.cookies.iter().map(|cookie| cookie.name.as_str()).collect();
    assert_eq!(names, ["sid", "soft"]);
    assert_eq!(state.origins[0].local_storage, [("mark".to_owned(), "mine".to_owned())]);
    let before = site.seen().len();
    first.next_session();
    first.spec.state = Some(state.clone());
    let session = first.open(&driver).await;
    assert_eq!(browsers(ground.path()).len(), 1, "in the same browser");
    assert_eq!(site.seen().len(), before, "restoring asked the site");
    assert_eq!(session.state().await.unwrap(), state);
    let me = whoami(&*session, &site).await;
    assert_eq!((&me["cookie"], &me["storage"]), (&json!("soft=1"), &json!({"mark": "mine"})));
    assert_eq!(whoami(&*other, &site).await["cookie"], "");
    tokio::join!(session.close(), other.close());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_parked_account_is_empty_signed_in_and_acts_among_others() {
    let Some(driver) = driver() else { return };
    let (site, ground) = (Site::start().await, ground());
    let (first, second) = (packed(&site, &ground), packed(&site, &ground));
    let (one, two) = tokio::join!(first.open(&driver), second.open(&driver));
    for session in [&one, &two] {
        session.navigate(&site.url("/sign-in")).await.unwrap();
        session.park().await.unwrap();
    }
    assert_eq!(one.read(&Read::Url).await.unwrap().as_deref(), Some("about:blank"));
    one.navigate(&site.url("/hello")).await.unwrap();
    click(&*one, &Locator::role("button", "Like this too")).await.unwrap();
    site.saw("/clicked-too").await;
    let seen = site.seen().into_iter().rfind(|seen| seen.path == "/hello").unwrap();
    assert_eq!(seen.header("cookie"), "sid=abc; soft=1");
    tokio::join!(one.close(), two.close());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_does_not_open_gives_its_place_back() {
    let Some(driver) = driver_with(|options| {
        options.packed = Packed { accounts: 2, uses: 3 };
        options.undressed = true;
    }) else {
        return;
    };
    let (site, ground) = (Site::start().await, ground());
    let mut stand = packed(&site, &ground);
    stand.spec.device.touch = true;
    let error = driver.open(stand.spec.clone()).await.err().expect("it is not the account's");
    assert!(matches!(&error, Error::Differs(_)), "{error}");
    let tree = processes::tree(ground.path());
    processes::none_left(&tree).await;
}
