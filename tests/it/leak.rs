//! The leak page: every way out that a page has, tried at once. The other site hears nothing; its
//! own site hears requests that are signed, one and all, except WebSocket.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::response::{Html, IntoResponse as _, Response};
use axum::routing::any;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::json;
use tokio::net::{TcpListener, UdpSocket};
use tokio::task::JoinSet;
use walkon::catalog::Catalog;
use walkon::driver::{Error, Read, Session};
use walkon::worker::gate::SiteGate;
use walkon_core::bundle::{Bundle, DayKey, Secret};
use walkon_core::clock::{Clock as _, SystemClock};
use walkon_core::gate::{Departure, Gate, Verdict};
use walkon_core::grant::{Access, Document};
use walkon_core::origin::WebOrigin;
use walkon_core::rng::Seed;
use walkon_core::signature::{KeyPair, Message, verify};

use crate::support::fixture::{Stand, desktop, driver, driver_with, until};
use crate::support::{eventually, processes};

mod packed;

/// The day's key of these tests.
const SEED: [u8; 32] = [7; 32];
const FLEET: &str = "the-fleet";
const DIRECTORY: &str = "https://fleet.test/keys";

/// A request that the page's own site saw.
#[derive(Debug, Clone)]
struct Seen {
    method: String,
    path: String,
    query: Option<String>,
    headers: Vec<(String, String)>,
}

impl Seen {
    fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    fn is_socket(&self) -> bool {
        self.header("upgrade").is_some_and(|value| value.eq_ignore_ascii_case("websocket"))
    }

    /// Who signed it, as the site finds out.
    fn signer(&self) -> Result<String, String> {
        let headers: Vec<_> =
            self.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let message = Message {
            method: &self.method,
            scheme: "http",
            authority: self.header("host").unwrap_or_default(),
            path: &self.path,
            query: self.query.as_deref(),
            headers: &headers,
        };
        let listed = |url: &str, _: &str| {
            (url == DIRECTORY).then(|| KeyPair::from_seed(&SEED).unwrap().public())
        };
        let verified = verify(&message, SystemClock.now(), listed);
        verified.map(|verified| verified.key).map_err(|doubt| doubt.to_string())
    }
}

type Ledger = Arc<Mutex<Vec<Seen>>>;

/// The page's own site.
struct Own {
    address: SocketAddr,
    ledger: Ledger,
    _serving: JoinSet<()>,
}

impl Own {
    async fn start() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let ledger = Ledger::default();
        let router = Router::new().fallback(any(answer)).with_state(ledger.clone());
        let mut serving = JoinSet::new();
        serving.spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { address, ledger, _serving: serving }
    }

    fn origin(&self) -> String {
        format!("http://{}", self.address)
    }

    fn seen(&self) -> Vec<Seen> {
        self.ledger.lock().unwrap().clone()
    }

    /// Waits until it was asked in each of the ways: workers may still be at it when the page is
    /// through.
    async fn asked_by_all(&self) {
        eventually("the page has tried each way, and was let", async || {
            let seen = self.seen();
            let is_missing = |path: &&str| !seen.iter().any(|seen| seen.path == **path);
            let missing: Vec<_> = CHANNELS.into_iter().filter(is_missing).collect();
            if missing.is_empty() { Ok(()) } else { Err(missing) }
        })
        .await;
    }

    /// Everything it saw is signed, WebSocket apart.
    fn all_signed(&self) {
        self.all_signed_but("");
    }

    fn all_signed_but(&self, path: &str) {
        let seen = self.seen();
        for one in seen.iter().filter(|one| !one.is_socket() && one.path != path) {
            assert!(one.signer().is_ok(), "{:?}: {} {}", one.signer(), one.method, one.path);
        }
    }
}

async fn answer(State(ledger): State<Ledger>, request: Request) -> Response {
    let uri = request.uri();
    let headers = request.headers().iter();
    let headers = headers.map(|(n, v)| (n.to_string(), v.to_str().unwrap_or_default().to_owned()));
    let path = uri.path().to_owned();
    ledger.lock().unwrap().push(Seen {
        method: request.method().to_string(),
        path: path.clone(),
        query: uri.query().map(str::to_owned),
        headers: headers.collect(),
    });
    match path.as_str() {
        "/leak" => Html(include_str!("support/pages/leak.html")).into_response(),
        "/to" => {
            let to = uri.query().and_then(|query| query.strip_prefix("u=")).unwrap_or_default();
            (StatusCode::FOUND, [(header::LOCATION, to.to_owned())]).into_response()
        }
        "/downloads" => Html(include_str!("support/pages/downloads.html")).into_response(),
        path if path.rsplit('.').next() == Some("js") => {
            let script = include_str!("support/pages/away.js");
            ([(header::CONTENT_TYPE, "text/javascript")], script).into_response()
        }
        _ => Html("<p>ok").into_response(),
    }
}

/// The other site: it counts whatever comes, a connection or a packet.
struct Other {
    address: SocketAddr,
    heard: Arc<Mutex<Vec<String>>>,
    _listening: JoinSet<()>,
}

impl Other {
    async fn start() -> Self {
        let tcp = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = tcp.local_addr().unwrap();
        let tcp6 = TcpListener::bind(("::1", address.port())).await.ok();
        let udp = UdpSocket::bind(address).await.unwrap();
        let heard = Arc::new(Mutex::new(Vec::new()));
        let mut listening = JoinSet::new();
        for tcp in [Some(tcp), tcp6].into_iter().flatten() {
            let heard = heard.clone();
            listening.spawn(async move {
                let mut talks = JoinSet::new();
                while let Ok((mut stream, _)) = tcp.accept().await {
                    let heard = heard.clone();
                    talks.spawn(async move { converse(&mut stream, &heard).await });
                }
            });
        }
        let heard_too = heard.clone();
        listening.spawn(async move {
            let mut packet = [0; 1500];
            while udp.recv_from(&mut packet).await.is_ok() {
                heard_too.lock().unwrap().push("a packet".to_owned());
            }
        });
        Self { address, heard, _listening: listening }
    }

    fn heard(&self) -> Vec<String> {
        self.heard.lock().unwrap().clone()
    }
}

async fn converse(stream: &mut tokio::net::TcpStream, heard: &Mutex<Vec<String>>) {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    heard.lock().unwrap().push("a connection".to_owned());
    let mut bytes = vec![0; 8192];
    let ok = b"HTTP/1.1 200 OK\r\naccess-control-allow-origin: *\r\n\
        access-control-allow-headers: *\r\naccess-control-allow-methods: *\r\n\
        content-length: 2\r\n\r\nok";
    while let Ok(read) = stream.read(&mut bytes).await {
        if read == 0 {
            return;
        }
        let text = String::from_utf8_lossy(&bytes[..read]).into_owned();
        let line = text.lines().next().unwrap_or_default().to_owned();
        heard.lock().unwrap().push(line);
        let _ = stream.write_all(ok).await;
    }
}

/// What a worker would be handed for a site that grants everything on its pages, signed.
pub(crate) fn bundle(origin: &str) -> Bundle {
    let now = SystemClock.now();
    let own: WebOrigin = origin.parse().unwrap();
    let file = json!({
        "version": 1,
        "origin": "self",
        "expires": now + jiff::SignedDuration::from_hours(24),
        "agents": [{"id": FLEET}],
        "grants": [{
            "agents": [FLEET],
            "kinds": ["scroll_feed"],
            "paths": ["/"],
            "methods": ["GET", "HEAD", "POST", "PUT", "OPTIONS"],
            "require_signature": true,
        }],
    });
    let document = Document::read(file.to_string().as_bytes(), &own, now).unwrap();
    let pass = document.pass(&[FLEET.to_owned()], now).unwrap();
    let catalog = Catalog::load("behaviors".as_ref(), "profiles".as_ref()).unwrap();
    let mut site = catalog.sites.values().next().unwrap().site.clone();
    origin.clone_into(&mut site.origin);
    let account = "id = \"ada\"\nsite = \"plaza\"\nusername = \"ada\"\n";
    Bundle {
        account: toml::from_str(account).unwrap(),
        site,
        device: desktop(),
        persona: catalog.personas["casual"].clone(),
        seed: Seed(1),
        behaviors: std::collections::BTreeMap::new(),
        password: None,
        token: None,
        proxy: None,
        login: None,
        state: None,
        access: Access::Exempt(Some(pass)),
        signing: Some(DayKey {
            seed: Secret::new(URL_SAFE_NO_PAD.encode(SEED)),
            directory: DIRECTORY.to_owned(),
            until: now + jiff::SignedDuration::from_hours(24),
        }),
        contact: None,
        pace: 1.0,
    }
}

/// A stand whose gate and relay are those of a worker at that site.
fn stand(origin: &str) -> Stand {
    let mut stand = Stand::new(&[origin]);
    stand.spec.gate = Arc::new(SiteGate::new(&bundle(origin), Arc::new(SystemClock)));
    stand
}

async fn tried(session: &dyn Session) {
    until(session, &Read::Title, |title| title.starts_with("tried")).await;
}

/// What the page's own site must have been asked, or the page did not try.
const CHANNELS: [&str; 14] = [
    "/img",
    "/script.js",
    "/fetch-cors",
    "/preflighted",
    "/xhr",
    "/beacon",
    "/events",
    "/socket",
    "/frame",
    "/form",
    "/refreshed",
    "/from/worker",
    "/from/shared",
    "/from/sw",
];

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_tries_every_way_out_reaches_its_own_site_signed_and_nobody_else() {
    let Some(driver) = driver() else { return };
    let (own, other) = (Own::start().await, Other::start().await);
    let stand = stand(&own.origin());
    let session = stand.open(&driver).await;
    session.navigate(&format!("{}/leak?b={}", own.origin(), other.address)).await.unwrap();
    tried(&*session).await;
    own.asked_by_all().await;
    for away in [
        format!("http://{}/top", other.address),
        format!("{}/to?u=http://{}/top", own.origin(), other.address),
        format!("http://localhost:{}/", own.address.port()),
        format!("http://2130706433:{}/", other.address.port()),
        format!("http://ada@{}/", other.address),
        "file:///etc/passwd".to_owned(),
        "https://198.51.100.7/".to_owned(),
    ] {
        let arrived = session.navigate(&away).await;
        assert!(arrived.is_err(), "{away}: {arrived:?}");
    }
    session.close().await;
    assert_eq!(other.heard(), Vec::<String>::new());
    own.all_signed();
    let seen = own.seen();
    let sockets = seen.iter().filter(|one| one.is_socket()).count();
    assert!(sockets > 0 && seen.len() > sockets + CHANNELS.len(), "{sockets} of {}", seen.len());
}

/// Lets everything pass.
struct Open;

impl Gate for Open {
    fn judge(&self, _: &Departure<'_>) -> Verdict {
        Verdict::Pass
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_page_does_reach_the_other_site_where_nothing_holds_it() {
    let Some(driver) = driver() else { return };
    let (own, other) = (Own::start().await, Other::start().await);
    let there = format!("http://{}", other.address);
    let mut stand = Stand::new(&[&own.origin(), &there]);
    stand.spec.gate = Arc::new(Open);
    let session = stand.open(&driver).await;
    session.navigate(&format!("{}/leak?b={}", own.origin(), other.address)).await.unwrap();
    for path in ["/img", "/redirected.js", "/beacon", "/socket", "/form", "/from/shared"] {
        eventually(&format!("{path} reaches it"), async || {
            let heard = other.heard();
            if heard.iter().any(|line| line.contains(path)) { Ok(()) } else { Err(heard) }
        })
        .await;
    }
    session.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_relay_that_is_not_opened_for_a_site_stops_what_the_gate_would_let_pass() {
    let Some(driver) = driver() else { return };
    let (own, other) = (Own::start().await, Other::start().await);
    let mut stand = Stand::new(&[&own.origin()]);
    stand.spec.gate = Arc::new(Open);
    let session = stand.open(&driver).await;
    session.navigate(&format!("{}/leak?b={}", own.origin(), other.address)).await.unwrap();
    tried(&*session).await;
    session.close().await;
    assert_eq!(other.heard(), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn downloads_that_leave_unjudged_end_the_browser_where_a_grant_is_about_more_than_hosts() {
    let Some(driver) = driver() else { return };
    let own = Own::start().await;
    let stand = stand(&own.origin());
    let session = stand.open(&driver).await;
    // One at a time each is judged, and nothing is the matter.
    session.navigate(&format!("{}/downloads?1", own.origin())).await.unwrap();
    let told = |words: &str| {
        let sentences = stand.notes.sentences();
        if sentences.iter().any(|said| said.contains(words)) { Ok(()) } else { Err(sentences) }
    };
    eventually("it is told of", async || told("denied a download")).await;
    assert!(!session.is_dead());
    own.all_signed();
    // Of three at once the browser asks about one.
    let _ = session.navigate(&format!("{}/downloads?3", own.origin())).await;
    eventually("it is found out", async || told("without having been judged")).await;
    let after = session.navigate(&format!("{}/downloads?0", own.origin())).await;
    assert!(
        matches!(&after, Err(Error::Dead(why)) if why.contains("without having been judged")),
        "{after:?}"
    );
    session.close().await;
    let last = own.seen().into_iter().filter(|seen| seen.query.as_deref() == Some("0"));
    assert_eq!(last.count(), 0, "after that nothing leaves");
}

/// Flags of which each alone is to be unneeded for keeping a page in.
const FLAGS: [&str; 9] = [
    "--proxy-server",
    "--proxy-bypass-list",
    "--webrtc-ip-handling-policy",
    "--force-webrtc-ip-handling-policy",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-domain-reliability",
    "--disable-features",
];

#[tokio::test(flavor = "multi_thread")]
async fn with_each_flag_removed_in_turn_no_packet_leaves_but_on_lo() {
    let other = Other::start().await;
    for flag in FLAGS {
        let Some(driver) = driver_with(|options| options.without_flags = vec![flag.to_owned()])
        else {
            return;
        };
        let own = Own::start().await;
        let stand = stand(&own.origin());
        let session = stand.open(&driver).await;
        let url = format!("{}/leak?wait=300&b={}", own.origin(), other.address);
        // Without the way to its proxy it does not even reach its own site.
        if session.navigate(&url).await.is_ok() {
            tried(&*session).await;
        }
        let browser = processes::first(stand.path());
        for pid in std::iter::once(browser).chain(processes::below(browser)) {
            let counters =
                std::fs::read_to_string(format!("/proc/{pid}/net/dev")).unwrap_or_default();
            let others: Vec<_> = counters
                .lines()
                .filter_map(|line| Some(line.split_once(':')?.0.trim()))
                .filter(|name| *name != "lo")
                .collect();
            assert!(others.is_empty(), "without {flag} there is {others:?}");
        }
        session.close().await;
        own.all_signed();
        assert_eq!(other.heard(), Vec::<String>::new(), "without {flag}");
    }
}

/// Run by the next test in a process of its own, which is then killed.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "it never ends: another test starts it and kills it"]
#[expect(clippy::disallowed_methods, reason = "its parent says where the two sites are")]
async fn a_worker_whose_page_leaks_until_it_is_killed() {
    let Some(driver) = driver() else { return };
    let sites = std::env::var("LEAK_SITES").unwrap();
    let (own, other) = sites.split_once(' ').unwrap();
    let stand = stand(own);
    let session = stand.open(&driver).await;
    println!("OPEN {}", stand.path().display());
    session.navigate(&format!("{own}/leak?forever=1&b={other}")).await.unwrap();
    std::future::pending::<()>().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_that_is_killed_takes_the_way_out_with_it() {
    use tokio::io::AsyncBufReadExt as _;
    if driver().is_none() {
        return;
    }
    let (own, other) = (Own::start().await, Other::start().await);
    let mut worker = tokio::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "leak::a_worker_whose_page_leaks_until_it_is_killed", "--ignored"])
        .arg("--nocapture")
        .env("LEAK_SITES", format!("{} {}", own.origin(), other.address))
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
    let ticks = || own.seen().iter().filter(|one| one.path == "/tick").count();
    let mut tick = tokio::time::interval(Duration::from_millis(20));
    for _ in 0..1_000 {
        if ticks() >= 10 {
            break;
        }
        tick.tick().await;
    }
    assert!(ticks() >= 10, "the page did not run: {:?}", own.seen().len());
    let tree = processes::tree(&folder);
    kill(Pid::from_raw(worker.id().unwrap().cast_signed()), Signal::SIGKILL).unwrap();
    worker.wait().await.unwrap();
    processes::none_left(&tree).await;
    assert_eq!(other.heard(), Vec::<String>::new());
    own.all_signed();
    std::fs::remove_dir_all(folder).unwrap();
}
