//! Answering the browser: plain requests are passed on one by one, tunnels are joined.

use std::net::TcpListener;
use std::sync::{Arc, Weak};

use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt as _, Full};
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http1::SendRequest;
use hyper::header::{CONTENT_TYPE, HOST, HeaderMap, HeaderName, HeaderValue, PROXY_AUTHORIZATION};
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode, Uri};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::sync::Mutex;

use super::connect::{Failure, Purpose, connect, refused};
use super::origin::{Origin, split_authority};
use super::proxy::{Proxy, Scheme};
use super::relay::Inner;

/// The most connections and tunnels of one browser at once; a browser opens 32 to a proxy.
const LOAD_MAX: usize = 512;

/// In the relay's own answers, why; never let through from a site.
const WORD: HeaderName = HeaderName::from_static("walkon-relay");

/// Headers that concern one connection only.
const HOP: [&str; 9] = [
    "connection",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

type Body = BoxBody<Bytes, hyper::Error>;
type Answer = Response<Body>;

/// A connection onward that is kept for the browser's next request on the same connection.
type Kept = Arc<Mutex<Option<(Origin, SendRequest<Incoming>)>>>;

/// Accepts the browser's connections as long as the relay is there.
pub(super) async fn accept(relay: Weak<Inner>, listener: TcpListener) {
    let listener =
        listener.set_nonblocking(true).and_then(|()| tokio::net::TcpListener::from_std(listener));
    let Ok(listener) = listener else { return };
    while let Ok((stream, _)) = listener.accept().await {
        let Some(relay) = relay.upgrade() else { return };
        if relay.is_open() && relay.load() < LOAD_MAX {
            relay.spawn(converse(relay.clone(), stream));
        }
    }
}

async fn converse(relay: Arc<Inner>, stream: TcpStream) {
    let _ = stream.set_nodelay(true);
    let kept = Kept::default();
    let answer = service_fn(|request| {
        let (relay, kept) = (relay.clone(), kept.clone());
        async move { Ok::<_, std::convert::Infallible>(answer(&relay, &kept, request).await) }
    });
    // An error here is a browser that went away: nobody is left to tell.
    let _ = hyper::server::conn::http1::Builder::new()
        .serve_connection(TokioIo::new(stream), answer)
        .with_upgrades()
        .await;
}

async fn answer(relay: &Arc<Inner>, kept: &Kept, request: Request<Incoming>) -> Answer {
    let result = if request.method() == Method::CONNECT {
        tunnel(relay, request).await
    } else {
        pass(relay, kept, request).await
    };
    result.unwrap_or_else(|failure| match &failure {
        Failure::Refused(why) => own(StatusCode::FORBIDDEN, why),
        Failure::Site(why) => own(StatusCode::BAD_GATEWAY, why),
        Failure::Proxy(trouble) => own(StatusCode::BAD_GATEWAY, &trouble.to_string()),
    })
}

/// An answer of the relay's own.
fn own(status: StatusCode, why: &str) -> Answer {
    let text = Full::new(Bytes::from(format!("walkon: {why}\n")));
    let mut answer = Response::new(text.map_err(|never| match never {}).boxed());
    *answer.status_mut() = status;
    let headers = answer.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    let word = HeaderValue::from_str(why);
    headers.insert(WORD, word.unwrap_or(HeaderValue::from_static("refused")));
    answer
}

fn malformed() -> Failure {
    Failure::Refused("the request names no origin".to_owned())
}

/// Joins the browser with a site, both of which encrypt what they say (or speak WebSocket).
async fn tunnel(relay: &Arc<Inner>, request: Request<Incoming>) -> Result<Answer, Failure> {
    let authority = request.uri().authority().ok_or_else(malformed)?;
    let (host, port) = split_authority(authority.as_str(), 443).ok_or_else(malformed)?;
    let origin = relay.permit_tunnel(&host, port).map_err(Failure::Refused)?;
    let mut there = connect(relay, &origin, Purpose::Tunnel).await?;
    relay.spawn(async move {
        if let Ok(here) = hyper::upgrade::on(request).await {
            // Either side may end it at any time; there is nothing to say about it.
            let _ = tokio::io::copy_bidirectional(&mut TokioIo::new(here), &mut there).await;
        }
    });
    let empty = Full::new(Bytes::new()).map_err(|never| match never {});
    Ok(Response::new(empty.boxed()))
}

/// Passes one plain request on.
async fn pass(
    relay: &Arc<Inner>,
    kept: &Kept,
    mut request: Request<Incoming>,
) -> Result<Answer, Failure> {
    let uri = request.uri().clone();
    let plain = uri.scheme_str() == Some("http");
    let authority = uri.authority().filter(|_| plain).ok_or_else(malformed)?;
    let (host, port) = split_authority(authority.as_str(), 80).ok_or_else(malformed)?;
    let origin = Origin { is_https: false, host, port };
    relay.permit(&origin).map_err(Failure::Refused)?;
    let proxy = relay.spec.proxy.as_ref().filter(|proxy| proxy.scheme == Scheme::Http);
    rewrite(&mut request, &uri, proxy)?;
    let mut kept = kept.lock().await;
    let answer = send(relay, &mut kept, &origin, request).await?;
    if let (Some(proxy), StatusCode::PROXY_AUTHENTICATION_REQUIRED) = (proxy, answer.status()) {
        let trouble = refused(proxy, &"407 Proxy Authentication Required");
        relay.set_trouble(Some(trouble.clone()));
        return Err(Failure::Proxy(trouble));
    }
    if proxy.is_some() {
        relay.set_trouble(None);
    }
    let (mut head, body) = answer.into_parts();
    strip(&mut head.headers);
    head.headers.remove(WORD);
    Ok(Response::from_parts(head, body.boxed()))
}

/// What goes onward: the origin's form, or for a proxy the whole address and the credentials.
fn rewrite(
    request: &mut Request<Incoming>,
    uri: &Uri,
    proxy: Option<&Proxy>,
) -> Result<(), Failure> {
    strip(request.headers_mut());
    let authority = uri.authority().map_or("", hyper::http::uri::Authority::as_str);
    let host = HeaderValue::from_str(authority).map_err(|_| malformed())?;
    request.headers_mut().insert(HOST, host);
    if let Some(proxy) = proxy {
        let authorization = proxy.authorization().and_then(|text| text.parse().ok());
        if let Some(authorization) = authorization {
            request.headers_mut().insert(PROXY_AUTHORIZATION, authorization);
        }
        return Ok(());
    }
    let path = uri.path_and_query().map_or("/", |path| path.as_str());
    *request.uri_mut() = path.parse().map_err(|_| malformed())?;
    Ok(())
}

fn strip(headers: &mut HeaderMap) {
    for name in HOP {
        headers.remove(name);
    }
}

/// Sends on the connection that was kept, or on a new one.
async fn send(
    relay: &Arc<Inner>,
    kept: &mut Option<(Origin, SendRequest<Incoming>)>,
    origin: &Origin,
    mut request: Request<Incoming>,
) -> Result<Response<Incoming>, Failure> {
    let site = |error: hyper::Error| Failure::Site(format!("{origin} broke off: {error}"));
    if let Some((known, mut sender)) = kept.take()
        && known == *origin
        && sender.is_ready()
    {
        match sender.try_send_request(request).await {
            Ok(answer) => {
                *kept = Some((known, sender));
                return Ok(answer);
            }
            // It was closed before a byte of this request left: a new one, without harm.
            Err(mut error) => match error.take_message() {
                Some(unsent) => request = unsent,
                None => return Err(site(error.into_error())),
            },
        }
    }
    let stream = connect(relay, origin, Purpose::Request).await?;
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.map_err(site)?;
    relay.spawn(async move {
        let _ = connection.await;
    });
    let answer = sender.send_request(request).await.map_err(site)?;
    *kept = Some((origin.clone(), sender));
    Ok(answer)
}
