//! Staging as it is: a site's own certificate authority, names and passwords before anything is
//! shown, ceilings at the gate, proxies that mean no good.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::extract::{Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse as _, Response};
use axum::routing::any;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use walkon::desk::Desk;
use walkon::driver::Session;
use walkon::egress::{Origin, Proxy, Relay, RelaySpec};
use walkon::worker::gate::SiteGate;
use walkon_core::bundle::{Login, Secret};
use walkon_core::clock::SystemClock;
use walkon_core::gate::{Departure, Gate, Verdict};
use walkon_core::grant::{Access, Ceilings};
use walkon_core::site::Private;

use crate::grants::acceptor;
use crate::leak::bundle;
use crate::queue::ceilings::{SHOP, at_the_shop};
use crate::support::fixture::{Stand, driver};
use crate::support::redis::Bench;
use crate::support::{eventually, skip};

const CA: &str = include_str!("support/tls/ca.pem");

/// A shop with TLS, whose certificate an authority of its own has signed.
async fn shop() -> (SocketAddr, JoinSet<()>) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    let (acceptor, mut serving) = (acceptor(), JoinSet::new());
    serving.spawn(async move {
        let mut talks = JoinSet::new();
        while let Ok((stream, _)) = listener.accept().await {
            let acceptor = acceptor.clone();
            talks.spawn(async move {
                let Ok(mut stream) = acceptor.accept(stream).await else { return };
                let mut head = vec![0; 4096];
                let _ = stream.read(&mut head).await;
                let page = "HTTP/1.1 200 OK\r\ncontent-type: text/html\r\n\
                    content-length: 11\r\nconnection: close\r\n\r\n<p>The shop";
                let _ = stream.write_all(page.as_bytes()).await;
                let _ = stream.shutdown().await;
            });
        }
    });
    (address, serving)
}

/// A stand whose relay knows a private site by name, and where it is.
fn private_stand(origin: &str, roots: Option<&str>) -> Stand {
    let mut stand = Stand::new(&[origin]);
    let own: Origin = origin.parse().unwrap();
    let private = Private {
        nets: vec!["127.0.0.0/8".parse().unwrap()],
        at: Some("127.0.0.1".parse().unwrap()),
        by: "ada".to_owned(),
        ..Private::default()
    };
    stand.spec.dial = Arc::new(Relay::new(RelaySpec {
        allow: vec![own.clone()],
        granted: vec![own],
        loopback_allowed: false,
        private: Some(private),
        proxy: None,
        recorder: stand.notes.clone(),
    }));
    stand.spec.roots = roots.map(str::to_owned);
    stand
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sites_own_authority_is_trusted_by_its_accounts_browser_and_checked_as_any_other() {
    let Some(driver) = driver() else { return };
    if std::process::Command::new("certutil").arg("-H").output().is_err() {
        return skip("no certutil: install libnss3-tools");
    }
    let (address, _serving) = shop().await;
    for (host, roots, why) in [
        ("shop.test", None, "CERT_AUTHORITY_INVALID"),
        ("other.test", Some(CA), "CERT_COMMON_NAME_INVALID"),
    ] {
        let origin = format!("https://{host}:{}", address.port());
        let stand = private_stand(&origin, roots);
        let session = stand.open(&driver).await;
        let refused = session.navigate(&format!("{origin}/")).await.unwrap_err().to_string();
        assert!(refused.contains(why), "{host}: {refused}");
        session.close().await;
    }
    let origin = format!("https://shop.test:{}", address.port());
    let stand = private_stand(&origin, Some(CA));
    let session = stand.open(&driver).await;
    let arrival = session.navigate(&format!("{origin}/")).await.unwrap();
    assert_eq!(arrival.status, Some(200));
    session.close().await;
}

/// What a server was told that asks for a name and a password.
#[derive(Clone, Default)]
struct Asks(Arc<Mutex<Vec<Option<String>>>>);

impl Asks {
    async fn start(page: String) -> (Self, String, JoinSet<()>) {
        let asks = Self::default();
        let router = axum::Router::new().fallback(any(answer)).with_state((asks.clone(), page));
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let origin = format!("http://{}", listener.local_addr().unwrap());
        let mut serving = JoinSet::new();
        serving.spawn(async move { axum::serve(listener, router).await.unwrap() });
        (asks, origin, serving)
    }

    fn told(&self) -> Vec<String> {
        self.0.lock().unwrap().iter().flatten().cloned().collect()
    }

    fn count(&self) -> usize {
        self.0.lock().unwrap().len()
    }
}

async fn answer(State((asks, page)): State<(Asks, String)>, request: Request) -> Response {
    let told = request.headers().get(header::AUTHORIZATION);
    let told = told.map(|value| value.to_str().unwrap().to_owned());
    asks.0.lock().unwrap().push(told.clone());
    // `qa:let me in`
    if told.as_deref() == Some("Basic cWE6bGV0IG1lIGlu") {
        return Html(page).into_response();
    }
    let realm = HeaderValue::from_static("Basic realm=\"staging\"");
    (StatusCode::UNAUTHORIZED, [(header::WWW_AUTHENTICATE, realm)], "who?").into_response()
}

/// Lets every request leave, and logs in as the gate of a worker would.
struct Wide(SiteGate);

impl Gate for Wide {
    fn judge(&self, _: &Departure<'_>) -> Verdict {
        Verdict::Pass
    }
    fn login(&self, origin: &str) -> Option<Login> {
        self.0.login(origin)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_site_that_asks_for_a_name_and_password_is_told_them_and_nobody_else_is() {
    let Some(driver) = driver() else { return };
    let (other, elsewhere, _there) = Asks::start(String::new()).await;
    let page = format!("<p>Staging<img src=\"{elsewhere}/a.png\"><img src=/b.png>");
    let (own, origin, _here) = Asks::start(page).await;
    for (password, status) in [("let me in", 200), ("wrong", 401)] {
        let mut bundle = bundle(&origin);
        let password = Secret::new(password.to_owned());
        bundle.login = Some(Login { username: "qa".to_owned(), password });
        let mut stand = Stand::new(&[&origin, &elsewhere]);
        stand.spec.gate = Arc::new(Wide(SiteGate::new(&bundle, Arc::new(SystemClock))));
        let session: Box<dyn Session> = stand.open(&driver).await;
        let arrival = session.navigate(&format!("{origin}/")).await.unwrap();
        assert_eq!(arrival.status, Some(status));
        session.close().await;
        for note in stand.notes.sentences() {
            assert!(!note.contains("let me in") && !note.contains("cWE6"), "{note}");
        }
    }
    assert!(own.count() >= 4, "once without, then with; and once refused: {:?}", own.told());
    assert!(other.count() > 0, "the other site was not asked for its picture");
    assert_eq!(other.told(), Vec::<String>::new());
}

/// Serves a page with thirty pictures, and counts what it is asked for.
async fn gallery() -> (Arc<AtomicUsize>, String, JoinSet<()>) {
    let pictures: Vec<_> = (0..30).map(|n| format!("<img src=/{n}.svg>")).collect();
    let pictures = pictures.concat();
    let count = Arc::new(AtomicUsize::new(0));
    let counter = count.clone();
    let answer = move || async move {
        counter.fetch_add(1, Ordering::Relaxed);
        Html(pictures)
    };
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let origin = format!("http://{}", listener.local_addr().unwrap());
    let router = axum::Router::new().fallback(any(answer));
    let mut serving = JoinSet::new();
    serving.spawn(async move { axum::serve(listener, router).await.unwrap() });
    (count, origin, serving)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_asks_for_more_than_the_fleet_has_left_does_without_the_rest() {
    let Some(driver) = driver() else { return };
    let (count, origin, _here) = gallery().await;
    let bench = Bench::at("2026-06-01T12:00:00Z").await;
    let folder = tempfile::tempdir().unwrap();
    let coordinator = crate::intake::coordinator(&bench, folder.path()).await;
    let ceilings = Ceilings { requests: Some(12), ..Ceilings::default() };
    bench.open_shop(&ceilings).await;
    bench.likes("ben", 1).await;
    let work = bench.claim("w1").await;
    let mut bundle = bundle(&origin);
    let mut pass = bundle.access.pass().unwrap().clone();
    pass.ceilings = ceilings;
    bundle.access = Access::Granted(pass);
    let desk: Arc<dyn Desk> = Arc::new(coordinator);
    let gate = Arc::new(SiteGate::new(&bundle, Arc::new(SystemClock)).metered(desk));
    gate.acting(None, &work.lease);
    let mut stand = Stand::new(&[&origin]);
    stand.spec.gate = gate;
    let session = stand.open(&driver).await;
    let arrival = session.navigate(&format!("{origin}/")).await.unwrap();
    assert_eq!(arrival.status, Some(200));
    let said = || stand.notes.sentences().iter().filter(|s| s.contains("rate_ceiling")).count();
    eventually("the rest is refused", async || (said() >= 19).then_some(()).ok_or_else(said)).await;
    assert_eq!(count.load(Ordering::Relaxed), 12, "the page and eleven pictures");
    let refused = session.navigate(&format!("{origin}/more")).await.unwrap_err();
    assert!(refused.to_string().contains("ceiling is reached"), "{refused}");
    session.close().await;
}

#[tokio::test]
async fn a_gate_lets_no_more_requests_leave_than_the_fleet_has_left() {
    let bench = Bench::at("2026-06-01T12:00:00Z").await;
    let folder = tempfile::tempdir().unwrap();
    let coordinator = crate::intake::coordinator(&bench, folder.path()).await;
    let ceilings = Ceilings { requests: Some(40), navigations: Some(2), ..Ceilings::default() };
    bench.open_shop(&ceilings).await;
    bench.likes("ben", 1).await;
    let work = bench.claim("w1").await;
    let mut bundle = bundle(SHOP);
    let mut pass = bundle.access.pass().unwrap().clone();
    pass.ceilings = ceilings;
    bundle.access = Access::Granted(pass);
    let desk: Arc<dyn Desk> = Arc::new(coordinator);
    let gate = SiteGate::new(&bundle, Arc::new(SystemClock)).metered(desk);
    gate.acting(Some("like"), &work.lease);
    let leaves = async |path: &str, is_navigation: bool| {
        let url = format!("{SHOP}{path}");
        let departure = Departure { method: "GET", url: &url, is_navigation };
        gate.admit(&departure).expect("it is counted").await
    };
    let mut left = 0;
    for n in 0..60 {
        match leaves("/a.png", false).await {
            Ok(()) => left += 1,
            Err(turned) => {
                assert_eq!(turned.code, "rate_ceiling", "{turned:?}");
                assert!(n >= 40, "{n}: {turned:?}");
            }
        }
    }
    assert_eq!(left, 40);
    bench.queue.put_account(&at_the_shop("ben")).await.unwrap();
    bench.queue.extend(std::slice::from_ref(&work.lease)).await.unwrap();
    for _ in 0..3 {
        bench.pass(Duration::from_secs(25)).await;
        bench.queue.extend(std::slice::from_ref(&work.lease)).await.unwrap();
    }
    let pages = [leaves("/", true).await, leaves("/", true).await, leaves("/", true).await];
    assert!(pages[0].is_ok() && pages[1].is_ok(), "{pages:?}");
    assert_eq!(pages[2].clone().unwrap_err().code, "rate_ceiling", "a third page in a minute");
    let elsewhere = Departure { method: "GET", url: "https://cdn.test/x", is_navigation: false };
    assert!(gate.admit(&elsewhere).is_none(), "what is not the site's own is not counted");
}

/// A proxy that answers as it likes.
async fn proxy(says: &'static [u8], again: bool) -> (Proxy, JoinSet<()>) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let mut serving = JoinSet::new();
    serving.spawn(async move {
        let mut talks = JoinSet::new();
        while let Ok((mut stream, _)) = listener.accept().await {
            talks.spawn(async move {
                let mut head = vec![0; 4096];
                let _ = stream.read(&mut head).await;
                while stream.write_all(says).await.is_ok() && again {
                    tokio::task::yield_now().await;
                }
                std::future::pending::<()>().await;
            });
        }
    });
    (Proxy::new(&url, None, None).unwrap(), serving)
}

#[tokio::test]
async fn a_proxy_that_drips_hangs_or_talks_nonsense_is_in_trouble_and_nothing_goes_round_it() {
    let (site, address, _serving) = Asks::start(String::new()).await;
    let authority = address.strip_prefix("http://").unwrap();
    for (says, again) in [
        (&b"X-Drip: drop\r\n"[..], true),
        (&b"220 mail.test ESMTP\r\n\r\n"[..], false),
        (&b""[..], false),
    ] {
        let (proxy, _proxying) = proxy(says, again).await;
        let allow: Vec<Origin> = vec![address.parse().unwrap()];
        let relay = Relay::new(RelaySpec {
            granted: allow.clone(),
            allow,
            loopback_allowed: true,
            private: None,
            proxy: Some(proxy),
            recorder: Arc::new(crate::support::fixture::Notes::default()),
        });
        let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let door = listener.local_addr().unwrap();
        walkon_core::dial::Dial::serve(&relay, listener);
        walkon_core::dial::Dial::open(&relay);
        let mut stream = tokio::net::TcpStream::connect(door).await.unwrap();
        let connect = format!("CONNECT {authority} HTTP/1.1\r\nHost: {authority}\r\n\r\n");
        stream.write_all(connect.as_bytes()).await.unwrap();
        let mut answer = vec![0; 1024];
        let read = stream.read(&mut answer).await.unwrap();
        let answer = String::from_utf8_lossy(&answer[..read]).into_owned();
        assert!(!answer.starts_with("HTTP/1.1 200"), "{answer}");
        let code = relay.trouble().map(|trouble| trouble.code());
        assert_eq!(code, Some("proxy_unreachable"), "{answer}");
    }
    assert_eq!(site.count(), 0, "something went round the proxy");
}
