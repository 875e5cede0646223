//! The browser door against a real Chromium in a real jail.

use std::time::Duration;

use futures_util::FutureExt as _;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::{Value, json};
use walkon::driver::{Driver as _, Error, Read, Session};
use walkon_core::device::{ColorScheme, Device, Form};
use walkon_core::gesture::{Gesture, Input, Timed};
use walkon_core::recorder::Note;
use walkon_core::step::Locator;

use crate::support::fixture::{Stand, click, desktop, driver, driver_with, one, until};
use crate::support::processes;
use crate::support::site::Site;
use crate::support::{PATIENCE, eventually, skip};

fn by(set: impl FnOnce(&mut Locator)) -> Locator {
    let mut locator = Locator::default();
    set(&mut locator);
    locator
}

#[tokio::test(flavor = "multi_thread")]
async fn a_click_by_role_and_name_reaches_the_page() {
    let Some(driver) = driver() else { return };
    let site = Site::start().await;
    let stand = Stand::new(&[&site.origin]);
    let session = stand.open(&driver).await;
    let arrival = session.navigate(&site.url("/hello")).await.unwrap();
    assert_eq!((arrival.url, arrival.status), (site.url("/hello"), Some(200)));
    click(&*session, &Locator::role("button", "Like this too")).await.unwrap();
    site.saw("/clicked-too").await;
    session.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wait_ends_when_the_page_changes() {
    let Some(driver) = driver() else { return };
    let site = Site::start().await;
    let stand = Stand::new(&[&site.origin]);
    let session = stand.open(&driver).await;
    session.navigate(&site.url("/hello")).await.unwrap();
    let long = 2 * PATIENCE;
    let count = Locator::role("button", "Count");
    let both = async { tokio::join!(session.changed(long), click(&*session, &count)).1 };
    let ended = tokio::time::timeout(PATIENCE / 2, both).await;
    ended.expect("it is told that the page has changed").unwrap();
    session.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_is_read_without_touching_it() {
    let Some(driver) = driver() else { return };
    let site = Site::start().await;
    let stand = Stand::new(&[&site.origin]);
    let session = stand.open(&driver).await;
    session.navigate(&site.url("/hello")).await.unwrap();
    let read = |what| {
        let session = &session;
        async move { session.read(&what).await.unwrap() }
    };
    let heading = one(&*session, &Locator::role("heading", "Hello")).await;
    let link = one(&*session, &Locator::role("link", "Next")).await;
    assert_eq!(read(Read::Url).await.unwrap(), site.url("/hello"));
    assert_eq!(read(Read::Title).await.as_deref(), Some("Site"));
    assert_eq!(read(Read::Text(heading.clone())).await.as_deref(), Some("Hello"));
    assert_eq!(read(Read::Attribute(link.clone(), "href".into())).await.as_deref(), Some("/next"));
    assert_eq!(read(Read::Attribute(link, "title".into())).await, None);
    assert_eq!(read(Read::Value(heading.clone())).await, None);
    let viewport = read(Read::Viewport).await.unwrap();
    // A desktop's scroll bar takes its 15 pixels.
    assert!(viewport.starts_with("0 0 1265 720 "), "{viewport}");
    let picture = session.capture().await.unwrap();
    assert_eq!(picture[..3], [0xff, 0xd8, 0xff]);
    session.navigate(&site.url("/other")).await.unwrap();
    assert!(matches!(session.read(&Read::Text(heading.clone())).await, Err(Error::Gone)));
    assert!(matches!(session.quad(&heading).await, Err(Error::Gone)));
    assert!(matches!(session.hittable(&heading).await, Err(Error::Gone)));
    session.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_element_is_hit_only_where_nothing_covers_it_and_it_is_in_view() {
    let Some(driver) = driver() else { return };
    let site = Site::start().await;
    let stand = Stand::new(&[&site.origin]);
    let session = stand.open(&driver).await;
    session.navigate(&site.url("/hello")).await.unwrap();
    let hit = |name: &'static str| {
        let session = &session;
        async move {
            let node = one(&**session, &Locator::role("button", name)).await;
            session.hittable(&node).await.unwrap()
        }
    };
    assert!(hit("Ask").await);
    assert!(!hit("Under").await);
    assert!(!hit("Far").await);
    let hidden = one(&*session, &Locator::css("button[hidden]")).await;
    assert_eq!(session.quad(&hidden).await.unwrap(), None);
    let at = session.quad(&one(&*session, &Locator::css("h1")).await).await.unwrap().unwrap();
    let wheel = Input::Wheel { at: at.center(), dy: 5_000.0 };
    session.dispatch(&Gesture(vec![Timed { at_ms: 0.0, input: wheel }])).await.unwrap();
    until(&*session, &Read::Viewport, |text| !text.starts_with("0 0 ")).await;
    let mut tick = tokio::time::interval(Duration::from_millis(10));
    while !hit("Far").await {
        tick.tick().await;
    }
    session.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn typing_gives_the_page_real_keys_and_signs_without_a_key_arrive_too() {
    let Some(driver) = driver() else { return };
    let site = Site::start().await;
    let stand = Stand::new(&[&site.origin]);
    let session = stand.open(&driver).await;
    session.navigate(&site.url("/hello")).await.unwrap();
    let field = by(|locator| locator.label = Some("What".to_owned()));
    click(&*session, &field).await.unwrap();
    let down = |key: &str| Input::KeyDown { key: key.to_owned() };
    let up = |key: &str| Input::KeyUp { key: key.to_owned() };
    let inputs = [
        down("Shift"),
        down("H"),
        up("H"),
        up("Shift"),
        down("i"),
        up("i"),
        down("x"),
        up("x"),
        down("Backspace"),
        up("Backspace"),
        down("!"),
        up("!"),
        Input::Insert { text: "é🙂".into() },
    ];
    let gesture =
        inputs.into_iter().zip(0..).map(|(input, at)| Timed { at_ms: f64::from(at), input });
    session.dispatch(&Gesture(gesture.collect())).await.unwrap();
    let node = one(&*session, &field).await;
    until(&*session, &Read::Value(node.clone()), |text| text == "Hi!é🙂").await;
    let keys = session.read(&Read::Attribute(node, "data-keys".into())).await.unwrap();
    assert_eq!(keys.unwrap(), "ShiftLeft KeyH KeyI KeyX Backspace Digit1 ");
    let enter = [down("Enter"), up("Enter")].map(|input| Timed { at_ms: 0.0, input });
    session.dispatch(&Gesture(enter.into())).await.unwrap();
    site.saw("/said").await;
    session.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_arrival_tells_status_redirect_and_when_to_come_back() {
    let Some(driver) = driver() else { return };
    let site = Site::start().await;
    let stand = Stand::new(&[&site.origin]);
    let session = stand.open(&driver).await;
    let busy = session.navigate(&site.url("/busy")).await.unwrap();
    assert_eq!((busy.status, busy.retry_after), (Some(429), Some(7)));
    let moved = session.navigate(&site.url("/old?token=abc&page=2")).await.unwrap();
    assert_eq!((moved.url, moved.status), (site.url("/hello"), Some(200)));
    let again = session.navigate(&site.url("/hello#part")).await.unwrap();
    assert_eq!(again.url, site.url("/hello#part"));
    session.close().await;
    let requests: Vec<_> = stand
        .notes
        .all()
        .into_iter()
        .filter_map(|note| match note {
            Note::Request(exchange) => Some((exchange.url.clone(), exchange.status)),
            _ => None,
        })
        .collect();
    assert!(requests.contains(&(site.url("/old?token=…&page=2"), Some(302))), "{requests:?}");
    assert!(requests.contains(&(site.url("/hello"), Some(200))), "{requests:?}");
    let (sent, received) = walkon_core::dial::Dial::bytes(&*stand.relay);
    assert!(sent > 500 && received > 1_000, "{sent} {received}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_gate_or_the_relay_refuses_never_reaches_a_site() {
    let Some(driver) = driver() else { return };
    let (site, other) = (Site::start().await, Site::start().await);
    let stand = Stand::new(&[&site.origin]);
    let session = stand.open(&driver).await;
    let refused = session.navigate(&site.url("/forbidden")).await;
    assert!(
        matches!(&refused, Err(Error::Refused { why, .. }) if why.contains("granted")),
        "{refused:?}"
    );
    let unlisted = session.navigate(&other.url("/hello")).await;
    assert!(
        matches!(&unlisted, Err(Error::Refused { why, .. }) if why.contains("not an origin")),
        "{unlisted:?}"
    );
    for url in ["file:///etc/passwd", "chrome://version", "javascript:1", "about:blank"] {
        assert!(matches!(session.navigate(url).await, Err(Error::Unreachable { .. })), "{url}");
    }
    session.navigate(&site.url("/hello")).await.unwrap();
    session.close().await;
    assert!(other.seen().is_empty());
    assert!(!site.seen().iter().any(|seen| seen.path == "/forbidden"));
}

#[tokio::test(flavor = "multi_thread")]
async fn dialogs_new_tabs_and_downloads_are_closed_and_told_of() {
    let Some(driver) = driver() else { return };
    let site = Site::start().await;
    let stand = Stand::new(&[&site.origin]);
    let session = stand.open(&driver).await;
    session.navigate(&site.url("/hello")).await.unwrap();
    click(&*session, &Locator::role("button", "Ask")).await.unwrap();
    site.saw("/answered").await;
    for (role, name) in [("button", "Pop up"), ("link", "Elsewhere"), ("link", "File")] {
        click(&*session, &Locator::role(role, name)).await.unwrap();
    }
    site.saw("/file").await;
    let told =
        |start: &str| stand.notes.sentences().iter().filter(|text| text.starts_with(start)).count();
    eventually("each was closed or denied, and told", async || {
        let all = told("closed a dialog: Sure?") >= 1
            && told("closed a new tab") >= 2
            && told("denied a download") >= 1;
        all.then_some(()).ok_or_else(|| stand.notes.sentences())
    })
    .await;
    assert_eq!(session.read(&Read::Url).await.unwrap().unwrap(), site.url("/hello"));
    session.close().await;
    assert!(!site.seen().iter().any(|seen| ["/popup", "/other"].contains(&seen.path.as_str())));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_killed_in_the_middle_of_a_call_fails_it_and_later_ones_without_a_wait() {
    let Some(driver) = driver() else { return };
    let site = Site::start().await;
    let stand = Stand::new(&[&site.origin]);
    let session = stand.open(&driver).await;
    let (url, tree) = (site.url("/hang"), processes::tree(stand.path()));
    let killed = async {
        site.saw("/hang").await;
        kill(Pid::from_raw(processes::first(stand.path())), Signal::SIGKILL).unwrap();
    };
    let (result, ()) = tokio::join!(session.navigate(&url), killed);
    // One that had been waited for would have been `Slow`.
    assert!(matches!(result, Err(Error::Dead(_))), "{result:?}");
    let later = session.capture().now_or_never();
    assert!(matches!(later, Some(Err(Error::Dead(_)))), "{later:?}");
    assert!(session.is_dead());
    session.close().await;
    processes::none_left(&tree).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crashed_page_says_so_and_the_next_navigation_revives_it() {
    let Some(driver) = driver() else { return };
    let site = Site::start().await;
    let stand = Stand::new(&[&site.origin]);
    let session = stand.open(&driver).await;
    session.navigate(&site.url("/hello")).await.unwrap();
    let browser = processes::first(stand.path());
    let below = processes::below(browser).into_iter();
    let renderers = below.filter(|pid| processes::command_line(*pid).contains("--type=renderer"));
    for renderer in renderers {
        kill(Pid::from_raw(renderer), Signal::SIGKILL).unwrap();
    }
    eventually("the crash is told", async || match session.read(&Read::Title).await {
        Err(Error::Crashed) => Ok(()),
        other => Err(other),
    })
    .await;
    assert!(!session.is_dead());
    let arrival = session.navigate(&site.url("/hello")).await.unwrap();
    assert_eq!(arrival.status, Some(200));
    click(&*session, &Locator::role("button", "Like this too")).await.unwrap();
    session.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_navigation_that_hangs_is_given_up_and_the_page_stays_usable() {
    let Some(driver) = driver_with(|options| {
        options.navigation_max = Some(Duration::from_secs(3));
    }) else {
        return;
    };
    let site = Site::start().await;
    let stand = Stand::new(&[&site.origin]);
    let session = stand.open(&driver).await;
    session.navigate(&site.url("/hello")).await.unwrap();
    let hung = session.navigate(&site.url("/hang")).await;
    assert!(matches!(hung, Err(Error::Slow { ms: 3000, .. })), "{hung:?}");
    let title = session.read(&Read::Title).await.unwrap();
    assert_eq!(title.as_deref(), Some("Site"));
    session.navigate(&site.url("/hello")).await.unwrap();
    session.close().await;
}

/// What a page sees of the device and of what it kept.
async fn whoami(session: &dyn Session, site: &Site) -> Value {
    session.navigate(&site.url("/whoami")).await.unwrap();
    until(session, &Read::Title, |title| title == "ready").await;
    let me = one(session, &Locator::css("#me")).await;
    serde_json::from_str(&session.read(&Read::Text(me)).await.unwrap().unwrap()).unwrap()
}

/// A telephone in German at night.
pub(crate) fn phone() -> Device {
    Device {
        form: Form::Phone,
        model: Some("Pixel 8".to_owned()),
        android: Some("15".to_owned()),
        width: 412,
        height: 915,
        scale: 2.625,
        touch: true,
        languages: vec!["de-DE".to_owned(), "de".to_owned()],
        color_scheme: ColorScheme::Dark,
        ..desktop()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_sees_the_accounts_device_its_zone_and_that_it_is_automated() {
    let Some(driver) = driver() else { return };
    let site = Site::start().await;
    let mut stand = Stand::new(&[&site.origin]);
    let session = stand.open(&driver).await;
    let me = whoami(&*session, &site).await;
    session.close().await;
    let agent = me["agent"].as_str().unwrap();
    assert!(agent.contains("X11; Linux x86_64") && agent.contains("HeadlessChrome/"), "{agent}");
    assert!(agent.ends_with(" (+https://fleet.test/bot)") && agent.contains(" walkon/"), "{agent}");
    assert_eq!(me["webdriver"], true);
    assert_eq!(me["zone"], "Europe/Berlin");
    assert_eq!((&me["width"], &me["height"]), (&json!(1280), &json!(720)));
    assert_eq!((&me["touch"], &me["dark"]), (&json!(0), &json!(false)));
    for what in ["agent", "languages", "platform", "zone"] {
        assert_eq!(me[what], me["worker"][what], "{what}");
    }

    stand.next_session();
    (stand.spec.device, stand.spec.time_zone) = (phone(), "Asia/Tokyo".to_owned());
    let session = stand.open(&driver).await;
    let me = whoami(&*session, &site).await;
    let agent = me["agent"].as_str().unwrap();
    assert!(agent.contains("Linux; Android 15; K") && agent.contains("Mobile Safari"), "{agent}");
    assert_eq!(me["zone"], "Asia/Tokyo");
    assert_eq!(me["languages"], json!(["de-DE", "de"]));
    assert_eq!((&me["width"], &me["scale"]), (&json!(412), &json!(2.625)));
    assert_eq!((&me["touch"], &me["dark"]), (&json!(5), &json!(true)));
    assert_eq!(me["hints"]["model"], "Pixel 8");
    assert_eq!(
        (&me["hints"]["mobile"], &me["hints"]["platform"]),
        (&json!(true), &json!("Android"))
    );
    for what in ["agent", "languages", "zone"] {
        assert_eq!(me[what], me["worker"][what], "{what}");
    }
    let seen = site.seen().into_iter().rfind(|seen| seen.path == "/whoami").unwrap();
    assert_eq!(seen.header("user-agent"), agent);
    assert_eq!(seen.header("accept-language"), "de-DE,de;q=0.9");
    assert!(seen.header("sec-ch-ua").contains("\"Walkon\""), "{}", seen.header("sec-ch-ua"));
    assert_eq!(seen.header("sec-ch-ua-mobile"), "?1");
    session.navigate(&site.url("/hello")).await.unwrap();
    let button = one(&*session, &Locator::role("button", "Like this too")).await;
    let at = session.quad(&button).await.unwrap().unwrap().center();
    let tap = [(0.0, Input::TouchStart(at)), (40.0, Input::TouchEnd)];
    let tap = tap.map(|(at_ms, input)| Timed { at_ms, input });
    session.dispatch(&Gesture(tap.into())).await.unwrap();
    site.saw("/clicked-too").await;
    session.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_accounts_at_once_share_nothing() {
    let Some(driver) = driver() else { return };
    let site = Site::start().await;
    let (first, mut second) = (Stand::new(&[&site.origin]), Stand::new(&[&site.origin]));
    (second.spec.device, second.spec.time_zone) = (phone(), "Asia/Tokyo".to_owned());
    let (one, two) = tokio::join!(first.open(&driver), second.open(&driver));
    one.navigate(&site.url("/keep")).await.unwrap();
    until(&*one, &Read::Title, |title| title == "kept").await;
    let (mine, theirs) = (whoami(&*one, &site).await, whoami(&*two, &site).await);
    assert_eq!((&mine["cookie"], &mine["storage"]), (&json!("soft=1"), &json!({"mark": "mine"})));
    assert_eq!((&theirs["cookie"], &theirs["storage"]), (&json!(""), &json!({})));
    for what in ["agent", "languages", "zone", "width", "touch", "dark"] {
        assert_ne!(mine[what], theirs[what], "{what}");
    }
    let requests = |path: &str| site.seen().iter().filter(|seen| seen.path == path).count();
    assert_eq!(requests("/cached.js"), 1);
    two.navigate(&site.url("/keep")).await.unwrap();
    until(&*two, &Read::Title, |title| title == "kept").await;
    assert_eq!(
        requests("/cached.js"),
        2,
        "the second account was served from the first one's cache"
    );
    tokio::join!(one.close(), two.close());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_storage_state_goes_from_one_browser_into_the_next() {
    let Some(driver) = driver() else { return };
    let site = Site::start().await;
    let mut stand = Stand::new(&[&site.origin]);
    let session = stand.open(&driver).await;
    session.navigate(&site.url("/sign-in")).await.unwrap();
    session.navigate(&site.url("/keep")).await.unwrap();
    until(&*session, &Read::Title, |title| title == "kept").await;
    let state = session.state().await.unwrap();
    assert_eq!(state, session.state().await.unwrap());
    session.close().await;
    let names: Vec<_> = state.cookies.iter().map(|cookie| cookie.name.as_str()).collect();
    assert_eq!(names, ["sid", "soft"]);
    assert!(state.cookies[0].http_only && state.cookies[0].expires > 1e9);
    assert!(state.cookies[1].expires < 0.0);
    assert_eq!(state.origins[0].local_storage, [("mark".to_owned(), "mine".to_owned())]);

    let before = site.seen().len();
    stand.next_session();
    stand.spec.state = Some(state.clone());
    let session = stand.open(&driver).await;
    assert_eq!(site.seen().len(), before, "restoring asked the site");
    assert_eq!(session.state().await.unwrap(), state);
    let me = whoami(&*session, &site).await;
    assert_eq!((&me["cookie"], &me["storage"]), (&json!("soft=1"), &json!({"mark": "mine"})));
    let seen = site.seen().into_iter().rfind(|seen| seen.path == "/whoami").unwrap();
    assert_eq!(seen.header("cookie"), "sid=abc; soft=1");
    assert_eq!(session.state().await.unwrap(), state);
    session.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_data_folder_that_the_browsers_user_cannot_reach_is_an_error_with_a_remedy() {
    use std::os::unix::fs::PermissionsExt as _;
    let Some(driver) = driver() else { return };
    if !nix::unistd::geteuid().is_root() {
        return skip("the change of user needs root");
    }
    let home = tempfile::tempdir().unwrap();
    std::fs::set_permissions(home.path(), std::fs::Permissions::from_mode(0o700)).unwrap();
    let mut stand = Stand::new(&[]);
    stand.spec.folder = home.path().join("data");
    let error = driver.open(stand.spec.clone()).await.err().expect("it is closed");
    assert!(matches!(&error, Error::Closed { path, .. } if path == home.path()), "{error}");
    assert!(error.remedy().is_some());
}
