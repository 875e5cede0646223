//! What every request meets first: host and origin checks, who it is, its place among the visits,
//! and the faults that are on.

use std::net::{IpAddr, SocketAddr};

use axum::extract::{ConnectInfo, FromRequestParts, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};

use super::{notice, session};
use crate::graph;
use crate::server::App;
use crate::wire::Peer;
use crate::world::World;
use crate::world::content::MemberId;
use crate::world::faults::{Asked, TokenFacts, Verdict};
use crate::world::ledger::{Origin, Via};
use crate::world::visits::Seen;

/// Who asks, as the guard found out.
#[derive(Debug, Clone)]
pub(crate) struct Visitor {
    pub(crate) member: Option<MemberId>,
    /// The session's token, when there is a live one.
    pub(crate) session: Option<String>,
    pub(crate) remote: IpAddr,
    pub(crate) user_agent: String,
    pub(crate) request_id: Option<String>,
    /// Whether buttons are to be rendered under other names.
    pub(crate) changed_markup: bool,
    /// Whether a script asks, which wants JSON.
    pub(crate) wants_json: bool,
    pub(crate) is_api: bool,
    /// What a fault makes of its token.
    pub(crate) token: TokenFacts,
}

impl Visitor {
    fn of(headers: &HeaderMap, uri: &Uri, remote: SocketAddr, world: &World) -> Self {
        let is_api = uri.path().starts_with("/graph/");
        let session = session::cookie(headers, session::COOKIE);
        let session = session.filter(|token| world.session(token).is_some());
        let by_session = session.as_deref().and_then(|token| world.session(token));
        let by_token = || graph::bearer(headers, uri).and_then(|token| token_owner(world, &token));
        let can_bear = is_api || uri.path().starts_with("/read/");
        let member = if is_api {
            by_token()
        } else {
            by_session.or_else(|| by_token().filter(|_| can_bear))
        };
        let accept = text(headers, header::ACCEPT.as_str()).unwrap_or_default();
        Self {
            member,
            session,
            remote: remote.ip().to_canonical(),
            user_agent: text(headers, header::USER_AGENT.as_str()).unwrap_or_default(),
            request_id: text(headers, "x-request-id"),
            changed_markup: false,
            wants_json: accept.contains("application/json") || uri.path().starts_with("/read/"),
            is_api,
            token: TokenFacts::default(),
        }
    }

    /// This visitor as the author of an effect.
    pub(crate) fn origin(&self, member: MemberId) -> Origin {
        Origin {
            member,
            via: if self.is_api { Via::Api } else { Via::Page },
            remote: self.remote,
            user_agent: self.user_agent.clone(),
            request_id: self.request_id.clone(),
        }
    }
}

/// A visitor who is signed in. Others are sent to the sign-in page, or told so as JSON.
#[derive(Debug, Clone)]
pub(crate) struct SignedIn {
    pub(crate) member: MemberId,
    pub(crate) visitor: Visitor,
}

impl<S: Send + Sync> FromRequestParts<S> for SignedIn {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Response> {
        let visitor = parts.extensions.get::<Visitor>().cloned();
        let visitor = visitor.ok_or_else(|| StatusCode::INTERNAL_SERVER_ERROR.into_response())?;
        match visitor.member {
            Some(member) => Ok(Self { member, visitor }),
            None if visitor.wants_json => Err(notice::signed_out_json()),
            None if parts.method != Method::GET => Err(Redirect::to("/signin").into_response()),
            None => Err(Redirect::to(&session::sign_in_path(&parts.uri)).into_response()),
        }
    }
}

/// Runs the checks in order, then the page.
pub(crate) async fn guard(
    State(app): State<App>,
    ConnectInfo(peer): ConnectInfo<Peer>,
    request: Request,
    next: Next,
) -> Response {
    if !is_known_host(request.headers(), request.uri(), &app.hosts) {
        return (StatusCode::MISDIRECTED_REQUEST, "Plaza does not answer to this host.\n")
            .into_response();
    }
    let writes = !matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    let is_api = request.uri().path().starts_with("/graph/");
    // Programs with a token are known by it; the grant itself is for everybody.
    let apart =
        is_api || ["/read/", "/.well-known/"].iter().any(|p| request.uri().path().starts_with(p));
    let (parts, body) = request.into_parts();
    let admitted = if apart { Ok(()) } else { app.signed.admit(&parts, app.clock.now()) };
    if let Err(why) = admitted {
        return (StatusCode::UNAUTHORIZED, format!("Plaza wants signed requests: {why}.\n"))
            .into_response();
    }
    let mut request = Request::from_parts(parts, body);
    if writes && !is_api && is_cross_site(request.headers()) {
        return notice::forged();
    }
    peer.wire.begin();
    let (visitor, verdict, drops) = judge(&app, &peer, &request, writes);
    if !verdict.delay.is_zero() {
        tokio::time::sleep(verdict.delay).await;
    }
    let wants_json = visitor.wants_json;
    let mut response = match verdict.answer {
        Some(answer) if is_api => graph::fault(answer),
        Some(answer) => notice::fault(answer, wants_json),
        None => {
            request.extensions_mut().insert(visitor);
            next.run(request).await
        }
    };
    if let Some((used, minutes)) = verdict.usage {
        graph::say_used(response.headers_mut(), used, minutes);
    }
    if verdict.drop_reply {
        peer.wire.cut();
    }
    peer.wire.end();
    protect(response.headers_mut(), drops);
    response
}

/// Looks the visitor up, notes the visit and judges it, all under one lock.
fn judge(app: &App, peer: &Peer, request: &Request, writes: bool) -> (Visitor, Verdict, bool) {
    let (headers, uri) = (request.headers(), request.uri());
    let mut world = app.world.lock();
    let mut visitor = Visitor::of(headers, uri, peer.remote, &world);
    let account = visitor.member.map(|id| world.member(id).username.clone());
    let asset = ["/art/", "/assets/", "/favicon"].iter().any(|p| uri.path().starts_with(p));
    let is_page = !writes && !asset && !visitor.is_api && !visitor.wants_json;
    let seen = Seen {
        account: account.clone(),
        remote: visitor.remote,
        user_agent: visitor.user_agent.clone(),
        is_page,
        language: text(headers, header::ACCEPT_LANGUAGE.as_str()),
        brands: text(headers, "sec-ch-ua"),
        platform: text(headers, "sec-ch-ua-platform"),
        time_zone: session::cookie(headers, session::TIME_ZONE_COOKIE),
    };
    world.visits.note(seen, app.clock.now());
    let asked =
        Asked { account: account.as_deref(), path: uri.path(), writes, asset, api: visitor.is_api };
    let drops = world.faults.drops_replies();
    let verdict = world.faults.judge(asked);
    if verdict.sign_out {
        if let Some(token) = visitor.session.take() {
            world.sign_out(&token);
        }
        visitor.member = None;
    }
    visitor.changed_markup = verdict.changed_markup;
    visitor.token = verdict.token;
    (visitor, verdict, drops)
}

/// Headers that every answer carries.
fn protect(headers: &mut HeaderMap, drops: bool) {
    const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; \
        connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    if !headers.contains_key(header::CACHE_CONTROL) {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    if drops {
        headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
}

/// Whether the request names a loopback host, or one of `hosts`: no page elsewhere can then reach
/// Plaza by giving its own name a loopback address.
pub(crate) fn is_known_host(headers: &HeaderMap, uri: &Uri, hosts: &[String]) -> bool {
    let asked = text(headers, header::HOST.as_str());
    let Some(asked) = asked.or_else(|| uri.authority().map(ToString::to_string)) else {
        return false;
    };
    let name = match asked.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((address, _)) => address,
        None => asked.split(':').next().unwrap_or_default(),
    };
    let is_loopback = name.parse::<IpAddr>().is_ok_and(|ip| ip.to_canonical().is_loopback());
    is_loopback || name == "localhost" || hosts.iter().any(|h| h.eq_ignore_ascii_case(name))
}

/// Whether a page of another origin caused a request that changes something.
///
/// Browsers say so by `Sec-Fetch-Site`; on plain HTTP under a name they leave it out and `Origin`
/// is compared. A request with neither comes from no browser.
fn is_cross_site(headers: &HeaderMap) -> bool {
    match text(headers, "sec-fetch-site") {
        Some(site) => site != "same-origin" && site != "none",
        None => text(headers, header::ORIGIN.as_str()).is_some_and(|origin| {
            let host = text(headers, header::HOST.as_str()).unwrap_or_default();
            origin.split_once("://").is_none_or(|(_, authority)| authority != host)
        }),
    }
}

fn text(headers: &HeaderMap, name: &str) -> Option<String> {
    headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned)
}

fn token_owner(world: &World, token: &str) -> Option<MemberId> {
    token.strip_prefix("tok-").and_then(|name| world.find_member(name)).map(|m| m.id)
}
