//! The site that drivers are held against: forms and links, so that it works without a script too.

use std::net::Ipv4Addr;
use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{Html, IntoResponse as _, Redirect, Response};
use axum::routing::any;
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::support::PATIENCE;

/// The most bytes of a form.
const FORM_MAX: usize = 1 << 20;

/// A request that the site saw.
#[derive(Debug, Clone)]
pub(super) struct Seen {
    pub(super) path: String,
    pub(super) headers: HeaderMap,
    pub(super) body: String,
}

impl Seen {
    /// A header as text; empty if it is not there.
    pub(super) fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }
}

/// The site; it ends when dropped.
pub(super) struct Site {
    pub(super) origin: String,
    seen: watch::Receiver<Vec<Seen>>,
    _serving: JoinSet<()>,
}

type Ledger = Arc<watch::Sender<Vec<Seen>>>;

impl Site {
    pub(super) async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let origin = format!("http://{}", listener.local_addr().unwrap());
        let (ledger, seen) = watch::channel(Vec::new());
        let router = Router::new().fallback(any(answer)).with_state(Arc::new(ledger));
        let mut serving = JoinSet::new();
        serving.spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { origin, seen, _serving: serving }
    }

    pub(super) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.origin)
    }

    /// Whether anybody asked for a path.
    pub(super) fn was_asked(&self, path: &str) -> bool {
        self.seen.borrow().iter().any(|seen| seen.path == path)
    }

    /// How many requests it saw.
    pub(super) fn count(&self) -> usize {
        self.seen.borrow().len()
    }

    /// The last request to a path, once one has come.
    pub(super) async fn saw(&self, path: &str) -> Seen {
        let mut seen = self.seen.clone();
        let there = |seen: &Vec<Seen>| seen.iter().any(|seen| seen.path == path);
        let waited = tokio::time::timeout(PATIENCE, seen.wait_for(there)).await;
        let seen = waited.unwrap_or_else(|_| panic!("nobody asked for {path}")).unwrap();
        seen.iter().rfind(|seen| seen.path == path).cloned().unwrap()
    }
}

async fn answer(State(ledger): State<Ledger>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let path = head.uri.path().to_owned();
    let body = axum::body::to_bytes(body, FORM_MAX).await.unwrap_or_default();
    let body = String::from_utf8_lossy(&body).into_owned();
    ledger.send_modify(|all| all.push(Seen { path: path.clone(), headers: head.headers, body }));
    let page = || Html(include_str!("page.html")).into_response();
    match path.as_str() {
        "/old" => (StatusCode::FOUND, [(header::LOCATION, "/page?moved")]).into_response(),
        "/busy" => {
            (StatusCode::TOO_MANY_REQUESTS, [(header::RETRY_AFTER, "7")], page()).into_response()
        }
        "/sign-in" => {
            let mut answer = page();
            for cookie in [
                "sid=abc; Path=/; HttpOnly; SameSite=Lax; Max-Age=3600",
                "soft=1; Path=/",
                "deep=2; Path=/deep",
            ] {
                answer.headers_mut().append(header::SET_COOKIE, cookie.parse().unwrap());
            }
            answer
        }
        "/hang" => std::future::pending().await,
        "/like" | "/like-too" | "/say" | "/file" => Redirect::to("/page").into_response(),
        "/page" | "/deep/place" | "/forbidden" => page(),
        "/reaching" => {
            Html("<title>Reaching</title><img src=/forbidden><script>fetch('/forbidden')</script>")
                .into_response()
        }
        _ => (StatusCode::NOT_FOUND, page()).into_response(),
    }
}
