//! A small site on loopback that remembers every request it saw.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{ConnectInfo, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{Html, IntoResponse as _, Response};
use axum::routing::any;
use tokio::sync::watch;
use tokio::task::JoinSet;

const HEAD: &str = "<!doctype html><html lang=en>\
    <meta name=viewport content=\"width=device-width\"><title>Site</title><body>";

/// A request the site saw.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    pub(crate) path: String,
    pub(crate) from: SocketAddr,
    pub(crate) headers: HeaderMap,
}

impl Seen {
    /// A header as text; empty if it is not there.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }
}

/// The site; it ends when dropped.
pub(crate) struct Site {
    pub(crate) origin: String,
    seen: watch::Receiver<Vec<Seen>>,
    _serving: JoinSet<()>,
}

type Ledger = Arc<watch::Sender<Vec<Seen>>>;

impl Site {
    pub(crate) async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let origin = format!("http://{}", listener.local_addr().unwrap());
        let (ledger, seen) = watch::channel(Vec::new());
        let router = Router::new().fallback(any(answer)).with_state(Arc::new(ledger));
        let mut serving = JoinSet::new();
        serving.spawn(async move {
            let service = router.into_make_service_with_connect_info::<SocketAddr>();
            axum::serve(listener, service).await.unwrap();
        });
        Self { origin, seen, _serving: serving }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.origin)
    }

    /// Everything it saw so far.
    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.seen.borrow().clone()
    }

    /// The first request to a path, once it has come.
    pub(crate) async fn saw(&self, path: &str) -> Seen {
        let mut seen = self.seen.clone();
        let there = |seen: &Vec<Seen>| seen.iter().any(|seen| seen.path == path);
        let waited = tokio::time::timeout(Duration::from_secs(10), seen.wait_for(there)).await;
        let seen = waited.unwrap_or_else(|_| panic!("nobody asked for {path}")).unwrap();
        seen.iter().find(|seen| seen.path == path).cloned().unwrap()
    }
}

fn script(text: &'static str) -> Response {
    ([(header::CONTENT_TYPE, "text/javascript")], text).into_response()
}

/// Two gigabytes to be saved, as far as anybody reads them.
fn huge() -> Response {
    let piece = axum::body::Bytes::from(vec![b'x'; 64 << 10]);
    let pieces = futures_util::stream::repeat_with(move || Ok::<_, std::io::Error>(piece.clone()));
    let body = Body::from_stream(futures_util::StreamExt::take(pieces, (2 << 30) / (64 << 10)));
    let headers = [
        (header::CONTENT_DISPOSITION, "attachment; filename=huge.bin"),
        (header::CONTENT_LENGTH, "2147483648"),
    ];
    (headers, body).into_response()
}

async fn answer(
    State(ledger): State<Ledger>,
    ConnectInfo(from): ConnectInfo<SocketAddr>,
    request: Request,
) -> Response {
    let path = request.uri().path().to_owned();
    let seen = Seen { path: path.clone(), from, headers: request.headers().clone() };
    ledger.send_modify(|all| all.push(seen));
    let page = |body: &str| Html(format!("{HEAD}{body}")).into_response();
    match path.as_str() {
        "/hang" => std::future::pending().await,
        "/busy" => {
            let body = Body::from("busy");
            let headers = [(header::RETRY_AFTER, "7"), (header::CONTENT_TYPE, "text/html")];
            (StatusCode::TOO_MANY_REQUESTS, headers, body).into_response()
        }
        "/old" => (StatusCode::FOUND, [(header::LOCATION, "/hello")]).into_response(),
        "/file" => {
            let headers = [(header::CONTENT_DISPOSITION, "attachment; filename=a.bin")];
            (headers, Body::from("bytes")).into_response()
        }
        "/cached.js" => {
            let headers = [
                (header::CONTENT_TYPE, "text/javascript"),
                (header::CACHE_CONTROL, "max-age=3600"),
            ];
            (headers, "localStorage.mark = 'mine'; document.title = 'kept'").into_response()
        }
        "/keep" => {
            let mut answer = page("<script src=/cached.js></script>");
            answer.headers_mut().append(header::SET_COOKIE, "soft=1; Path=/".parse().unwrap());
            answer
        }
        "/sign-in" => {
            let mut answer = page("<p>Signed in");
            let cookie = "sid=abc; Path=/; HttpOnly; SameSite=Lax; Max-Age=3600";
            answer.headers_mut().append(header::SET_COOKIE, cookie.parse().unwrap());
            answer.headers_mut().append(header::SET_COOKIE, "soft=1; Path=/".parse().unwrap());
            answer
        }
        "/worker.js" => script(include_str!("pages/worker.js")),
        "/context.js" => script(include_str!("pages/context.js")),
        "/context-frame" => page(
            "<script type=module>import { me } from '/context.js';\
             onmessage = () => parent.postMessage(me(), '*')</script>",
        ),
        "/context-worker.js" => script("import { me } from '/context.js'; postMessage(me())"),
        "/context-shared.js" => script(
            "import { me } from '/context.js'; onconnect = (e) => e.ports[0].postMessage(me())",
        ),
        "/context-service.js" => script(
            "import { me } from '/context.js'; onmessage = (e) => e.ports[0].postMessage(me())",
        ),
        "/ticking.js" => script(include_str!("pages/ticking.js")),
        "/contexts" => page(include_str!("pages/contexts.html")),
        "/badger" => page(include_str!("pages/badger.html")),
        "/permissions" => page(include_str!("pages/permissions.html")),
        "/nested" => page(include_str!("pages/nested.html")),
        "/crowded" => page(include_str!("pages/crowded.html")),
        "/served" => page(include_str!("pages/served.html")),
        "/hoard" => page(include_str!("pages/hoard.html")),
        "/loop" => (StatusCode::FOUND, [(header::LOCATION, "/loop")]).into_response(),
        "/spin" => page("<script>onload = () => location.href = '/spin?' + Math.random()</script>"),
        "/huge" => huge(),
        "/members" => page(include_str!("pages/members.html")),
        "/hello" => page(include_str!("pages/hello.html")),
        "/tall" => page(include_str!("pages/tall.html")),
        "/whoami" => page(include_str!("pages/whoami.html")),
        "/escape" => page(include_str!("pages/escape.html")),
        _ => page("<p>ok"),
    }
}
