//! What pages and hosts do to a browser, each with a clear end: nothing hangs, nothing leaks, and
//! the browser goes on being of use wherever it can.
//!
//! A dead browser, a crashed page, a dialog, a popup, a small download and a navigation that hangs
//! are in `browser`; ways out of a page are in `leak`.

use std::process::{Command, Stdio};
use std::time::Duration;

use walkon::driver::{Driver as _, Error, Read, Session};
use walkon_core::dial::Dial as _;
use walkon_core::step::Locator;

use crate::support::fixture::{Stand, click, driver, driver_with, one, until};
use crate::support::processes;
use crate::support::site::Site;
use crate::support::{eventually, skip};

/// Goes where a service worker is, and waits until it lives.
async fn serve(session: &dyn Session, site: &Site) {
    session.navigate(&site.url("/served")).await.unwrap();
    until(session, &Read::Title, |title| title == "served").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_opens_dialogs_without_end_is_stopped_and_stays_usable() {
    let Some(driver) = driver() else { return };
    let site = Site::start().await;
    let stand = Stand::new(&[&site.origin]);
    let session = stand.open(&driver).await;
    session.navigate(&site.url("/badger")).await.unwrap();
    click(&*session, &Locator::role("button", "Badger")).await.unwrap();
    until(&*session, &Read::Title, |title| title == "Site").await;
    let told = stand.notes.sentences();
    assert!(told.iter().any(|text| text.contains("dialogs without end")), "{told:?}");
    session.navigate(&site.url("/hello")).await.unwrap();
    click(&*session, &Locator::role("button", "Like this too")).await.unwrap();
    site.saw("/clicked-too").await;
    session.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_download_of_two_gigabytes_is_denied_before_it_has_come() {
    let Some(driver) = driver() else { return };
    let site = Site::start().await;
    let stand = Stand::new(&[&site.origin]);
    let session = stand.open(&driver).await;
    session.navigate(&site.url("/hello")).await.unwrap();
    let refused = session.navigate(&site.url("/huge")).await;
    assert!(matches!(refused, Err(Error::Unreachable { .. })), "{refused:?}");
    let denied =
        || stand.notes.sentences().iter().any(|text| text.starts_with("denied a download"));
    eventually("the download is told of", async || denied().then_some(())).await;
    let (_, received) = stand.relay.bytes();
    assert!(received < 64 << 20, "{received} bytes came all the same");
    session.navigate(&site.url("/hello")).await.unwrap();
    session.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_download_that_a_service_worker_makes_is_denied_and_ends_the_browser() {
    let Some(driver) = driver() else { return };
    let site = Site::start().await;
    let stand = Stand::new(&[&site.origin]);
    let session = stand.open(&driver).await;
    serve(&*session, &site).await;
    let refused = session.navigate(&site.url("/made")).await;
    assert!(matches!(refused, Err(Error::Unreachable { .. } | Error::Dead(_))), "{refused:?}");
    let told = |start: &str| stand.notes.sentences().iter().any(|text| text.starts_with(start));
    eventually("the download is told of", async || told("denied a download").then_some(())).await;
    assert!(site.seen().iter().all(|seen| seen.path != "/made"), "the worker makes it");
    // No request of it came by the gate, which here is about more than hosts.
    eventually("the browser has ended", async || session.is_dead().then_some(())).await;
    assert!(told("ended the browser: a download left it"), "{:?}", stand.notes.sentences());
    session.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_asks_for_permissions_is_told_no_and_nobody_is_asked() {
    let Some(driver) = driver() else { return };
    let site = Site::start().await;
    let stand = Stand::new(&[&site.origin]);
    let session = stand.open(&driver).await;
    session.navigate(&site.url("/permissions")).await.unwrap();
    let answers = until(&*session, &Read::Title, |title| title.starts_with("asked")).await;
    assert_eq!(answers, "asked: place no, notify denied, camera no, clipboard denied");
    session.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_element_is_found_among_a_hundred_thousand() {
    let Some(driver) = driver() else { return };
    let site = Site::start().await;
    let stand = Stand::new(&[&site.origin]);
    let session = stand.open(&driver).await;
    session.navigate(&site.url("/crowded")).await.unwrap();
    click(&*session, &Locator::role("button", "The one")).await.unwrap();
    site.saw("/found").await;
    let outline = session.outline().await.unwrap();
    assert!(outline.len() <= 2_000, "{}", outline.len());
    let first = outline.iter().find(|part| part.role == "button");
    assert_eq!(first.map(|part| part.name.as_str()), Some("The one"));
    assert!(session.capture().await.is_ok());
    session.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_element_is_found_in_shadow_roots_and_among_many_of_its_role() {
    let Some(driver) = driver() else { return };
    let site = Site::start().await;
    let stand = Stand::new(&[&site.origin]);
    let session = stand.open(&driver).await;
    for what in ["open", "closed", "many"] {
        session.navigate(&site.url(&format!("/nested?{what}"))).await.unwrap();
        let [inside, plain, nothing] =
            ["Inside", "Plain", "Nothing"].map(|name| Locator::role("button", name));
        let found = session.locate_each(&[&inside, &plain, &nothing]).await.unwrap();
        let counts: Vec<_> = found.iter().map(Vec::len).collect();
        assert_eq!(counts, [1, 1, 0], "{what}");
        assert_eq!(session.locate(&inside).await.unwrap(), found[0], "{what}");
    }
    session.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endless_redirect_ends_with_its_name_and_the_page_stays_usable() {
    let Some(driver) = driver_with(|options| {
        options.navigation_max = Some(Duration::from_secs(4));
    }) else {
        return;
    };
    let site = Site::start().await;
    let stand = Stand::new(&[&site.origin]);
    let session = stand.open(&driver).await;
    let looped = session.navigate(&site.url("/loop")).await;
    let name = "TOO_MANY_REDIRECTS";
    let is_named = |why: &str| why.contains(name);
    assert!(matches!(&looped, Err(Error::Unreachable { why, .. }) if is_named(why)), "{looped:?}");
    // By script, each page loads well and leaves at once: that is never over.
    let spun = session.navigate(&site.url("/spin")).await;
    assert!(matches!(spun, Ok(_) | Err(Error::Slow { .. })), "{spun:?}");
    let arrival = session.navigate(&site.url("/hello")).await.unwrap();
    assert_eq!(arrival.url, site.url("/hello"));
    click(&*session, &Locator::role("button", "Like this too")).await.unwrap();
    session.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_worker_does_not_outlive_its_page_when_the_browser_is_parked() {
    let Some(driver) = driver() else { return };
    let site = Site::start().await;
    let stand = Stand::new(&[&site.origin]);
    let session = stand.open(&driver).await;
    serve(&*session, &site).await;
    let ticks = || site.seen().iter().filter(|seen| seen.path == "/tick").count();
    eventually("the service worker lives", async || (ticks() > 5).then_some(())).await;
    session.park().await.unwrap();
    assert_eq!(session.read(&Read::Url).await.unwrap().as_deref(), Some("about:blank"));
    // What it had under way may still arrive; then it is quiet.
    let mut tick = tokio::time::interval(Duration::from_millis(300));
    tick.tick().await;
    let mut last = usize::MAX;
    for _ in 0..20 {
        tick.tick().await;
        if ticks() == last {
            break;
        }
        last = ticks();
    }
    assert_eq!(ticks(), last, "it goes on while nobody is on the site");
    session.navigate(&site.url("/hello")).await.unwrap();
    let tree = processes::tree(stand.path());
    session.close().await;
    processes::none_left(&tree).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_parked_browser_is_empty_and_still_signed_in() {
    let Some(driver) = driver() else { return };
    let site = Site::start().await;
    let stand = Stand::new(&[&site.origin]);
    let session = stand.open(&driver).await;
    session.navigate(&site.url("/sign-in")).await.unwrap();
    session.park().await.unwrap();
    session.park().await.unwrap();
    let viewport = session.read(&Read::Viewport).await.unwrap();
    assert!(viewport.is_some(), "it answers");
    assert!(session.memory().await.is_some_and(|bytes| bytes > 10 << 20));
    session.navigate(&site.url("/hello")).await.unwrap();
    let seen = site.seen().into_iter().rfind(|seen| seen.path == "/hello").unwrap();
    assert_eq!(seen.header("cookie"), "sid=abc; soft=1");
    session.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_on_a_full_disk_is_an_error_with_a_remedy_and_leaves_nothing() {
    let Some(driver) = driver() else { return };
    let mut stand = Stand::new(&[]);
    let disk = stand.path().join("disk");
    std::fs::create_dir(&disk).unwrap();
    let mut mount = Command::new("mount");
    mount.args(["-t", "tmpfs", "-o", "size=64k,mode=0711", "none"]).arg(&disk);
    if !mount.stderr(Stdio::null()).status().is_ok_and(|status| status.success()) {
        return skip("no disk of its own to fill: this user may not mount one");
    }
    let mut filler = std::fs::File::create(disk.join("filler")).unwrap();
    while std::io::Write::write_all(&mut filler, &[b'x'; 512]).is_ok() {}
    stand.spec.folder = disk.join("ada");
    let error = driver.open(stand.spec.clone()).await.err();
    let left = processes::naming(&stand.spec.folder);
    let unmounted = Command::new("umount").arg("-l").arg(&disk).status();
    assert!(unmounted.unwrap().success());
    assert!(matches!(&error, Some(Error::Folder(_))), "{error:?}");
    assert!(error.unwrap().remedy().unwrap().contains("make room on the disk"));
    assert_eq!(left, [0; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_page_keeps_in_indexed_db_is_told_as_lost() {
    let Some(driver) = driver() else { return };
    let site = Site::start().await;
    let mut stand = Stand::new(&[&site.origin]);
    let session = stand.open(&driver).await;
    session.navigate(&site.url("/hoard")).await.unwrap();
    until(&*session, &Read::Title, |title| title == "hoarded").await;
    let state = session.state().await.unwrap();
    session.close().await;
    let lost: Vec<_> = state.lost.iter().map(|lost| (lost.origin.as_str(), &*lost.name)).collect();
    assert_eq!(lost, [(site.origin.as_str(), "drafts"), (site.origin.as_str(), "keys")]);
    let told = stand.notes.sentences();
    assert_eq!(told.iter().filter(|text| text.contains("IndexedDB")).count(), 1, "{told:?}");
    assert!(told.iter().any(|text| text.contains("`drafts`, `keys`")), "{told:?}");

    stand.next_session();
    stand.spec.state = Some(state);
    let session = stand.open(&driver).await;
    session.navigate(&site.url("/hello")).await.unwrap();
    assert_eq!(session.state().await.unwrap().lost, [], "it is not there any more");
    session.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_that_shows_another_device_does_not_act() {
    let Some(driver) = driver_with(|options| options.undressed = true) else { return };
    let mut stand = Stand::new(&[]);
    stand.spec.device.touch = true;
    stand.spec.device.scale = 2.625;
    let error = driver.open(stand.spec.clone()).await.err().expect("it is not the account's");
    assert!(matches!(&error, Error::Differs(_)), "{error}");
    let words = error.to_string();
    for what in ["touch is false, not true", "scale is 1, not 2.625"] {
        assert!(words.contains(what), "{words}");
    }
    assert!(error.remedy().is_some());
    let tree = processes::tree(stand.path());
    processes::none_left(&tree).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_context_of_a_page_sees_the_same_device() {
    let Some(driver) = driver() else { return };
    let site = Site::start().await;
    let mut stand = Stand::new(&[&site.origin]);
    stand.spec.time_zone = "Asia/Tokyo".to_owned();
    stand.spec.device.languages = vec!["de-DE".to_owned(), "de".to_owned()];
    let session = stand.open(&driver).await;
    session.navigate(&site.url("/contexts")).await.unwrap();
    until(&*session, &Read::Title, |title| title == "ready").await;
    let text = Read::Text(one(&*session, &Locator::css("#me")).await);
    let me: serde_json::Value =
        serde_json::from_str(&session.read(&text).await.unwrap().unwrap()).unwrap();
    session.close().await;
    let window = &me["window"];
    assert_eq!((&window["zone"], &window["locale"]), (&"Asia/Tokyo".into(), &"de-DE".into()));
    assert!(window["agent"].as_str().unwrap().contains(" walkon/"), "{me}");
    assert_eq!(window["brands"], true, "{me}");
    for context in ["frame", "worker", "shared", "service"] {
        for what in ["agent", "languages", "zone", "locale", "platform", "brands"] {
            assert_eq!(me[context][what], window[what], "{what} of {context}: {me}");
        }
    }
}
