//! Who calls, and what they may.
//!
//! A program shows a token (`Authorization: Bearer wko_…`), a person signs in to the pages with
//! one, and the browser then holds a secret of its own in a cookie that no script can read. On
//! loopback, with nothing configured, nobody has to: who can reach the port owns the machine, and
//! is let in with every scope.
//!
//! Other sites' pages are kept out by [`super::guard`]; what a signed-in browser changes must
//! besides carry the word of its sign-in, which only our own pages know.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex};

use axum::body::{Body, Bytes};
use axum::extract::{ConnectInfo, FromRequestParts, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};
use jiff::{SignedDuration, Timestamp};
use walkon_core::api_token::{self, ApiScope, ApiToken};
use walkon_core::bundle::Secret;

use super::api::Problem;
use super::chrome::Lost;
use super::route::Needs;
use crate::coordinator::{Coordinator, Error};
use crate::store::tokens::SignIn;

/// The header that says who asks, where nobody has to prove it.
pub const BY: &str = "walkon-by";
/// The header by which a script of our own pages says the word of its sign-in.
const WORD: &str = "walkon-csrf";
/// The field by which a form says it.
pub const FIELD: &str = "csrf";
/// How long a sign-in lasts, and how long it lasts unused.
const LONGEST: SignedDuration = SignedDuration::from_hours(12);
const IDLE: SignedDuration = SignedDuration::from_mins(30);
/// How exactly it is noted when something was last used.
const NOTED: SignedDuration = SignedDuration::from_mins(1);
/// So many wrong tokens a minute from one address, then it has to wait.
const WRONG_MAX: u32 = 10;
/// How many addresses are remembered at most.
const ADDRESSES: usize = 10_000;
/// The largest form.
const FORM_MAX: usize = 256 << 10;

/// How the web faces are reached.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Whether a caller must prove who they are.
    pub sign_in: bool,
    /// The host and port that people reach the pages at through a proxy with TLS, if there is one.
    pub host: Option<String>,
}

/// Lets callers in.
#[derive(Clone)]
pub struct Access {
    coordinator: Coordinator,
    pub(super) options: Arc<Options>,
    wrong: Arc<Mutex<BTreeMap<IpAddr, (Timestamp, u32)>>>,
}

/// Who calls.
#[derive(Debug, Clone)]
pub struct Caller {
    /// Their name, for the audit log.
    pub name: String,
    /// What they may; `None`: everything, as nobody has to say who they are.
    scopes: Option<Vec<ApiScope>>,
    /// The word of their sign-in, where they are signed in to the pages.
    pub word: Option<String>,
}

impl Caller {
    /// Whether they may do what takes this scope.
    pub fn may(&self, scope: ApiScope) -> bool {
        let own =
            |scopes: &Vec<ApiScope>| scopes.contains(&scope) || scopes.contains(&ApiScope::Admin);
        self.scopes.as_ref().is_none_or(own)
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Caller {
    type Rejection = StatusCode;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, StatusCode> {
        // Every route is behind `check`, which puts it there.
        parts.extensions.get::<Self>().cloned().ok_or(StatusCode::INTERNAL_SERVER_ERROR)
    }
}

/// Why somebody is not let in.
#[derive(Debug)]
pub(super) enum Refusal {
    /// They have shown nothing.
    Nobody,
    /// What they have shown is no good.
    Bad(String),
    /// They may not.
    Forbidden(ApiScope),
    /// A form that does not know the word.
    Foreign,
    /// Too many wrong tokens.
    Slower,
    /// It could not be looked up.
    Failed(Error),
}

impl Access {
    /// Access to what this coordinator serves.
    pub fn new(coordinator: Coordinator, options: Options) -> Self {
        Self { coordinator, options: Arc::new(options), wrong: Arc::default() }
    }

    pub(super) fn coordinator(&self) -> &Coordinator {
        &self.coordinator
    }

    /// The cookie's name. With TLS in front a browser sends it to this very host alone.
    fn cookie(&self) -> &'static str {
        if self.options.host.is_some() { "__Host-walkon" } else { "walkon" }
    }

    fn set_cookie(&self, value: &str, seconds: i64) -> String {
        let secure = if self.options.host.is_some() { "; Secure" } else { "" };
        let name = self.cookie();
        format!("{name}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Strict{secure}")
    }

    fn shown(&self, headers: &HeaderMap) -> Option<String> {
        let all = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
        let mut pairs = all.flat_map(|line| line.split(';')).filter_map(|one| one.split_once('='));
        pairs.find(|(name, _)| name.trim() == self.cookie()).map(|(_, value)| value.trim().into())
    }

    /// The token that was shown, if it lets anybody in. Wrong ones are counted by address.
    async fn token(&self, shown: &str, from: Option<IpAddr>) -> Result<ApiToken, Refusal> {
        let now = self.coordinator.now();
        if from.is_some_and(|from| self.wrong_count(from, now, 0) > WRONG_MAX) {
            return Err(Refusal::Slower);
        }
        let bad = |why: String| {
            if let Some(from) = from {
                self.wrong_count(from, now, 1);
            }
            Err(Refusal::Bad(why))
        };
        if let Some(what) = api_token::fault(shown) {
            return bad(format!("what was sent {what}"));
        }
        let failed = |error: crate::store::Error| Refusal::Failed(error.into());
        let store = &self.coordinator.store;
        let found = store.token_of(&api_token::hash(shown)).await.map_err(failed)?;
        let Some(token) = found else { return bad("nobody has been given this token".to_owned()) };
        if let Some(why) = token.ended(now) {
            return bad(format!("the token {} {why}", token.id));
        }
        if token.used.is_none_or(|used| now.duration_since(used) >= NOTED) {
            store.used_token(&token.id, now).await.map_err(failed)?;
        }
        Ok(token)
    }

    /// Adds to how often an address was wrong within the last minute; how often that is.
    fn wrong_count(&self, from: IpAddr, now: Timestamp, more: u32) -> u32 {
        let mut wrong = self.wrong.lock().expect("nothing panics while it is held");
        if wrong.len() > ADDRESSES {
            wrong.clear();
        }
        let (since, count) = wrong.entry(from).or_insert((now, 0));
        if now.duration_since(*since) >= SignedDuration::from_mins(1) {
            (*since, *count) = (now, 0);
        }
        *count += more;
        *count
    }

    /// Signs in with a token: the cookie to set.
    pub(super) async fn sign_in(
        &self,
        shown: &str,
        from: Option<IpAddr>,
    ) -> Result<String, Refusal> {
        let token = self.token(shown.trim(), from).await?;
        let (secret, word) = (drawn(), drawn());
        let now = self.coordinator.now();
        let one = SignIn {
            hash: api_token::hash(secret.expose()),
            token: token.id.clone(),
            csrf: word.expose().to_owned(),
            begun: now,
            seen: now,
        };
        let failed = |error: crate::store::Error| Refusal::Failed(error.into());
        let store = &self.coordinator.store;
        store.put_sign_in(&one).await.map_err(failed)?;
        let old = now.checked_sub(LONGEST).unwrap_or(now);
        store.forget_sign_ins(old).await.map_err(failed)?;
        tracing::info!(name = token.name, token = token.id, "signed in");
        Ok(self.set_cookie(secret.expose(), LONGEST.as_secs()))
    }

    /// Signs out: the cookie to set.
    pub(super) async fn sign_out(&self, headers: &HeaderMap) -> Result<String, Error> {
        if let Some(secret) = self.shown(headers) {
            self.coordinator.store.sign_out(&api_token::hash(&secret)).await?;
        }
        Ok(self.set_cookie("", 0))
    }

    /// Who is signed in with the cookie's secret.
    async fn signed_in(&self, secret: &str) -> Result<Option<Caller>, Error> {
        let (store, now) = (&self.coordinator.store, self.coordinator.now());
        let hash = api_token::hash(secret);
        let Some(one) = store.sign_in(&hash).await? else { return Ok(None) };
        let is_over =
            now.duration_since(one.begun) >= LONGEST || now.duration_since(one.seen) >= IDLE;
        let token = store.token(&one.token).await?;
        let token = token.filter(|token| !is_over && token.ended(now).is_none());
        let Some(token) = token else {
            store.sign_out(&hash).await?;
            return Ok(None);
        };
        if now.duration_since(one.seen) >= NOTED {
            store.seen_sign_in(&hash, now).await?;
        }
        let (name, scopes) = (token.name, Some(token.scopes));
        Ok(Some(Caller { name, scopes, word: Some(one.csrf) }))
    }

    async fn caller(&self, headers: &HeaderMap, from: Option<IpAddr>) -> Result<Caller, Refusal> {
        if let Some(shown) = headers.get(header::AUTHORIZATION) {
            let shown = shown.to_str().ok().and_then(|shown| shown.strip_prefix("Bearer "));
            let none =
                || Refusal::Bad("the header `authorization` is no `Bearer wko_…`".to_owned());
            let token = self.token(shown.ok_or_else(none)?.trim(), from).await?;
            return Ok(Caller { name: token.name, scopes: Some(token.scopes), word: None });
        }
        if let Some(secret) = self.shown(headers)
            && let Some(caller) = self.signed_in(&secret).await.map_err(Refusal::Failed)?
        {
            return Ok(caller);
        }
        if self.options.sign_in {
            return Err(Refusal::Nobody);
        }
        let name =
            headers.get(BY).and_then(|name| name.to_str().ok()).filter(|name| !name.is_empty());
        Ok(Caller { name: name.unwrap_or("operator").to_owned(), scopes: None, word: None })
    }
}

/// 256 bits of chance, as a cookie may hold them.
fn drawn() -> Secret {
    let mut chance = [0; 32];
    getrandom::fill(&mut chance).expect("the system has chance to give");
    api_token::mint(&chance)
}

/// Lets a call through to its route with its [`Caller`], or says why not.
pub(super) async fn check(
    State((access, needs)): State<(Access, Needs)>,
    mut request: Request,
    next: Next,
) -> Response {
    let is_api = request.uri().path().starts_with("/api/");
    let Needs::Scope(scope) = needs else { return next.run(request).await };
    let from = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip());
    let caller = match access.caller(request.headers(), from).await {
        Ok(caller) if caller.may(scope) => caller,
        Ok(_) => return refused(&Refusal::Forbidden(scope), is_api, &request),
        Err(refusal) => return refused(&refusal, is_api, &request),
    };
    if let Some(word) = caller.word.as_deref().filter(|_| !request.method().is_safe()) {
        request = match with_word(request, word).await {
            Ok(request) => request,
            Err(refusal) => {
                return refusal_of(&refusal, is_api);
            }
        };
    }
    request.extensions_mut().insert(caller);
    next.run(request).await
}

/// A request that knows the word of its sign-in.
async fn with_word(request: Request, word: &str) -> Result<Request, Refusal> {
    if request.headers().get(WORD).is_some_and(|said| said.as_bytes() == word.as_bytes()) {
        return Ok(request);
    }
    let (parts, body) = request.into_parts();
    let bytes = axum::body::to_bytes(body, FORM_MAX).await.unwrap_or_default();
    let said = url_field(&bytes, FIELD);
    // Compared by their hashes: how long that takes says nothing about the word.
    if api_token::hash(&said.unwrap_or_default()) == api_token::hash(word) {
        return Ok(Request::from_parts(parts, Body::from(bytes)));
    }
    Err(Refusal::Foreign)
}

/// A field of a form; our own words have no character that is written otherwise.
fn url_field(form: &Bytes, name: &str) -> Option<String> {
    let text = std::str::from_utf8(form).ok()?;
    let pairs = text.split('&').filter_map(|pair| pair.split_once('='));
    pairs.filter(|(key, _)| *key == name).map(|(_, value)| value.to_owned()).next()
}

fn refused(refusal: &Refusal, is_api: bool, request: &Request) -> Response {
    let wants_page = !is_api && request.method().is_safe();
    if wants_page && matches!(refusal, Refusal::Nobody) {
        let back = request.uri().path_and_query().map_or("/", |path| path.as_str());
        // Its own characters must not end the parameter.
        let back = back.replace('%', "%25").replace('&', "%26").replace('#', "%23");
        return Redirect::to(&format!("/sign-in?next={back}")).into_response();
    }
    refusal_of(refusal, is_api)
}

/// The status, a word, why, and what to do.
pub(super) fn explained(refusal: &Refusal) -> (StatusCode, &'static str, String, String) {
    let fix = |text: &str| text.to_owned();
    match refusal {
        Refusal::Nobody => (
            StatusCode::UNAUTHORIZED,
            "no_token",
            "nothing says who asks".to_owned(),
            fix("send `authorization: Bearer wko_…`; `walkon token new` makes one"),
        ),
        Refusal::Bad(why) => (
            StatusCode::UNAUTHORIZED,
            "bad_token",
            why.clone(),
            fix("send a token that `walkon token list` shows, whole and in one piece"),
        ),
        Refusal::Forbidden(scope) => (
            StatusCode::FORBIDDEN,
            "scope_missing",
            format!("that takes the scope `{scope}`, which this token has not"),
            format!("use one made by `walkon token new NAME --scope {scope}`"),
        ),
        Refusal::Foreign => (
            StatusCode::FORBIDDEN,
            "not_our_page",
            "this form does not come from a page of this sign-in".to_owned(),
            fix("open the page again and send it from there"),
        ),
        Refusal::Slower => (
            StatusCode::TOO_MANY_REQUESTS,
            "too_many",
            format!("more than {WRONG_MAX} wrong tokens came from this address within a minute"),
            fix("wait a minute"),
        ),
        Refusal::Failed(error) => (
            StatusCode::SERVICE_UNAVAILABLE,
            "store",
            walkon_core::fault::in_one_line(error),
            fix("run `walkon doctor`"),
        ),
    }
}

fn refusal_of(refusal: &Refusal, is_api: bool) -> Response {
    let (status, code, why, fix) = explained(refusal);
    let mut response = if is_api {
        Problem { status, code: code.to_owned(), why, fix }.into_response()
    } else {
        Lost::turned_away(&why, &fix).into_page(status)
    };
    let headers = response.headers_mut();
    if status == StatusCode::UNAUTHORIZED {
        headers.insert(header::WWW_AUTHENTICATE, header::HeaderValue::from_static("Bearer"));
    }
    if status == StatusCode::TOO_MANY_REQUESTS {
        headers.insert(header::RETRY_AFTER, header::HeaderValue::from_static("60"));
    }
    response
}
