//! Going somewhere, and being told how that went.

use walkon::driver::{Error, Read};

use super::site::Site;
use super::{Can, Subject};
use crate::support::fixture::Stand;
use crate::support::processes;

pub(super) async fn an_arrival_tells_status_redirect_and_when_to_come_back(subject: Subject) {
    let site = Site::start().await;
    let (_stand, session) = subject.enter(&site).await;
    let busy = session.navigate(&site.url("/busy")).await.unwrap();
    let when = subject.can(Can::TellWhenToReturn).then_some(7);
    assert_eq!((busy.status, busy.retry_after), (Some(429), when));
    let moved = session.navigate(&site.url("/old")).await.unwrap();
    assert_eq!((moved.url, moved.status), (site.url("/page?moved"), Some(200)));
    let none = session.navigate(&site.url("/nowhere")).await.unwrap();
    assert_eq!((none.url, none.status), (site.url("/nowhere"), Some(404)));
    session.close().await;
}

pub(super) async fn what_cannot_be_reached_is_told(subject: Subject) {
    let site = Site::start().await;
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let closed = format!("http://{closed}");
    let stand = subject.stand(&[&site.origin, &closed]);
    let session = subject.open(&stand).await;
    for url in [&closed, "file:///etc/passwd", "chrome://version", "javascript:1", "about:blank"] {
        let told = session.navigate(url).await;
        assert!(matches!(told, Err(Error::Unreachable { .. })), "{url}: {told:?}");
    }
    let arrival = session.navigate(&site.url("/page")).await.unwrap();
    assert_eq!(arrival.status, Some(200), "it is of no use any more");
    session.close().await;
}

pub(super) async fn what_the_gate_refuses_never_leaves_and_the_error_names_it(subject: Subject) {
    let site = Site::start().await;
    let (_stand, session) = subject.enter(&site).await;
    match session.navigate(&site.url("/forbidden")).await {
        Err(Error::Refused { url, why }) => {
            assert_eq!(url, site.url("/forbidden"));
            assert_eq!(why, "the path is not granted");
        }
        other => panic!("{other:?}"),
    }
    session.navigate(&site.url("/page")).await.unwrap();
    session.close().await;
    assert!(!site.was_asked("/forbidden"));
}

pub(super) async fn a_gate_that_judges_each_request_is_kept_to_or_the_browser_does_not_open(
    subject: Subject,
) {
    let site = Site::start().await;
    // Of this gate nobody has said that it needs less.
    let stand = Stand::new(&[&site.origin]);
    if !subject.can(Can::JudgeRequests) {
        let error = subject.driver.open(stand.spec.clone()).await.err().expect("it is refused");
        assert!(matches!(error, Error::Unable(_)), "{error}");
        assert!(error.to_string().contains("judges each request"), "{error}");
        assert!(error.remedy().unwrap().contains("`browser.driver = \"cdp\"`"));
        assert_eq!(processes::naming(stand.path()), [] as [i32; 0]);
        return;
    }
    let session = subject.open(&stand).await;
    session.navigate(&site.url("/reaching")).await.unwrap();
    session.close().await;
    assert!(!site.was_asked("/forbidden"));
}

pub(super) async fn what_the_relay_refuses_never_leaves_and_the_error_names_it(subject: Subject) {
    if !subject.can(Can::BeJailed) {
        return;
    }
    let (site, other) = (Site::start().await, Site::start().await);
    let (_stand, session) = subject.enter(&site).await;
    let unlisted = session.navigate(&other.url("/page")).await;
    let is_named = |why: &str| why.contains("not an origin of this account's site");
    assert!(matches!(&unlisted, Err(Error::Refused { why, .. }) if is_named(why)), "{unlisted:?}");
    session.navigate(&site.url("/page")).await.unwrap();
    session.close().await;
    assert_eq!(other.count(), 0);
}

pub(super) async fn a_page_hears_who_comes(subject: Subject) {
    let site = Site::start().await;
    let (_stand, session) = subject.on_page(&site).await;
    let seen = site.saw("/page").await;
    let agent = seen.header("user-agent");
    assert!(agent.contains(" walkon/") && agent.ends_with("(+https://fleet.test/bot)"), "{agent}");
    assert!(seen.header("accept-language").starts_with("en-US,en"), "{:?}", seen.headers);
    session.close().await;
}

pub(super) async fn a_parked_browser_is_on_an_empty_page(subject: Subject) {
    let site = Site::start().await;
    let (_stand, session) = subject.enter(&site).await;
    session.navigate(&site.url("/sign-in")).await.unwrap();
    session.park().await.unwrap();
    session.park().await.unwrap();
    assert_eq!(session.read(&Read::Url).await.unwrap().as_deref(), Some("about:blank"));
    session.navigate(&site.url("/page")).await.unwrap();
    assert!(site.saw("/page").await.header("cookie").contains("sid=abc"), "it is signed out");
    session.close().await;
}
