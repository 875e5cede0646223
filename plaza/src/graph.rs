//! A first API in the shape of the official one, over the same data as the pages.
//!
//! It follows the official paths, field selection, error envelope and usage headers, and stays
//! small: no OAuth, no webhooks sent, no media fetching (a published picture is drawn), no
//! messaging window, and comments may be written under anybody's post. `GET /member/{username}` is
//! ours: it finds a member's id.
//!
//! | call | does |
//! |---|---|
//! | `GET /me`, `/{user-id}` | the caller; `fields=` chooses |
//! | `GET /member/{username}` | any member, by name (ours) |
//! | `POST /me/media` `image_url`, `caption` | a container, finished at once |
//! | `GET /{container}?fields=status_code` | `FINISHED` or `PUBLISHED` |
//! | `POST /me/media_publish` `creation_id` | the post; its id is the one in `/p/{id}` |
//! | `GET /me/media`, `/{media}` | own posts, one post |
//! | `GET`, `POST /{media}/comments` `message` | comments, newest first; a new one |
//! | `GET`, `POST /{comment}/replies` `message` | replies; a new one |
//! | `GET`, `DELETE /{comment}`, `POST /{comment}?hide=true` | one comment |
//! | `POST /me/messages` `recipient{id}`, `message{text}` | a message |
//! | `GET /debug_token` `input_token` | the caller's own token: its end, its scopes |
//! | `GET`, `POST`, `DELETE /me/subscribed_apps` | what the account tells the app of |
//! | `GET /me/content_publishing_limit` | how much may still be published |
//! | `GET /me/conversations[?user_id=]`, `/{thread}`, `/{message}` | what was written |
//!
//! Any `v<number>.<number>` is taken as a version. Tokens are `tok-<username>`, as a bearer or as
//! `access_token`.

mod account;
mod comments;
mod error;
mod messages;
mod node;
mod params;
mod publish;

use axum::Router;
use axum::extract::{FromRequestParts, Path};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Uri, header};
use axum::middleware::{Next, from_fn};
use axum::response::Response;
use axum::routing::get;
use jiff::Timestamp;

use self::error::Error;
use crate::server::App;
use crate::site::Visitor;
use crate::world::World;
use crate::world::content::{Member, MemberId};

pub(crate) use self::error::fault;

/// Every route under `/graph`.
pub(crate) fn router() -> Router<App> {
    Router::new()
        .route("/{version}/member/{username}", get(node::member))
        .route("/{version}/{node}", get(node::read).post(node::write).delete(node::delete))
        .route(
            "/{version}/{node}/{edge}",
            get(node::read_edge).post(node::write_edge).delete(node::delete_edge),
        )
        .fallback(async || Error::UnknownPath)
        .layer(from_fn(usage))
}

/// The token of a request: a bearer, or the query's `access_token`.
pub(crate) fn bearer(headers: &HeaderMap, uri: &Uri) -> Option<String> {
    let header = headers.get(header::AUTHORIZATION).and_then(|v| v.to_str().ok());
    let bearer = header.and_then(|v| v.strip_prefix("Bearer ")).map(|t| t.trim().to_owned());
    let in_query = || {
        let pairs = uri.query().unwrap_or_default().split('&');
        pairs.filter_map(|p| p.strip_prefix("access_token=")).map(str::to_owned).next()
    };
    bearer.or_else(in_query)
}

/// A caller whose token is good.
pub(crate) struct Caller {
    pub(crate) member: MemberId,
    pub(crate) visitor: Visitor,
}

impl<S: Send + Sync> FromRequestParts<S> for Caller {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Error> {
        let has_token = bearer(&parts.headers, &parts.uri).is_some();
        let visitor = parts.extensions.get::<Visitor>().cloned();
        let visitor = visitor.ok_or(Error::UnknownPath)?;
        match visitor.member {
            Some(member) => Ok(Self { member, visitor }),
            None if has_token => Err(Error::BadToken),
            None => Err(Error::NoToken),
        }
    }
}

/// What a path names.
type Names<const N: usize> = Path<[String; N]>;

/// The member a path id means: `me`, or the caller's own number.
fn own<'w>(world: &'w World, caller: &Caller, id: &str) -> Option<&'w Member> {
    let me = world.member(caller.member);
    (id == "me" || id == me.user_id()).then_some(me)
}

/// A time as the official API writes it.
fn written(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%S+0000").to_string()
}

const APP: HeaderName = HeaderName::from_static("x-app-usage");
const BUSINESS: HeaderName = HeaderName::from_static("x-business-use-case-usage");

/// Says by both headers that so many hundredths are used, and when calls are let through again.
pub(crate) fn say_used(headers: &mut HeaderMap, used: u64, minutes: u64) {
    let share = format!("\"call_count\":{used},\"total_cputime\":1,\"total_time\":1");
    let app = format!("{{{share}}}");
    let wait = format!("\"estimated_time_to_regain_access\":{minutes}");
    let business = format!("{{\"plaza\":[{{\"type\":\"instagram\",{share},{wait}}}]}}");
    for (name, text) in [(APP, app), (BUSINESS, business)] {
        headers.insert(name, HeaderValue::from_str(&text).expect("it is plain text"));
    }
}

/// Usage headers: present and harmless, since Plaza counts nothing here.
async fn usage(request: axum::extract::Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let calm = r#"{"call_count":1,"total_cputime":1,"total_time":1}"#;
    response.headers_mut().insert(APP, HeaderValue::from_static(calm));
    let calm = concat!(
        r#"{"plaza":[{"type":"instagram","call_count":1,"total_cputime":1,"total_time":1,"#,
        r#""estimated_time_to_regain_access":0}]}"#
    );
    response.headers_mut().insert(BUSINESS, HeaderValue::from_static(calm));
    response
}
