//! What a path means: ids are told apart by their ranges and prefixes, then each edge is named.

use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use serde_json::{Value, json};

use super::error::Error;
use super::params::Params;
use super::{Caller, Names, account, comments, messages, own, publish};
use crate::server::App;
use crate::world::World;
use crate::world::content::{Member, PostId};

type Answer = Result<Json<Value>, Error>;

/// `GET /me`, `/{user-id}`, `/{media}`, `/{comment}`, `/{container}`, `/{thread}` and `/{message}`
pub(crate) async fn read(
    State(app): State<App>,
    caller: Caller,
    path: Names<2>,
    headers: HeaderMap,
    params: Params,
) -> Answer {
    let [_, id] = versioned(path)?;
    if id == "debug_token" {
        return account::token(&app, &caller, &params);
    }
    let world = app.world.lock();
    let host = headers.get("host").and_then(|v| v.to_str().ok()).unwrap_or_default();
    let found = if let Some(me) = own(&world, &caller, &id) {
        let defaults = "id,user_id,username,name,account_type";
        Some(params.choose(&member_node(&world, me, host), defaults))
    } else if let Some(node) = messages::read(&world, &caller, &id) {
        Some(params.choose(&node, messages::defaults(&id)))
    } else {
        let number = id.parse().map_err(|_| Error::UnknownObject(id.clone()))?;
        let media = || publish::media_node(&world, number, host).map(|n| (n, "id"));
        let container = || publish::container_node(&world, &caller, number).map(|n| (n, "id"));
        let comment = comments::node(&world, number).map(|n| (n, comments::DEFAULTS));
        comment.or_else(media).or_else(container).map(|(n, fields)| params.choose(&n, fields))
    };
    found.map(Json).ok_or(Error::UnknownObject(id))
}

/// `POST /{comment}?hide=true`
pub(crate) async fn write(
    State(app): State<App>,
    caller: Caller,
    path: Names<2>,
    params: Params,
) -> Answer {
    let [_, id] = versioned(path)?;
    let hide = params.required("hide")?;
    comments::hide(&app, &caller, &id, hide == "true" || hide == "1")
}

/// `DELETE /{comment}`
pub(crate) async fn delete(State(app): State<App>, caller: Caller, path: Names<2>) -> Answer {
    let [_, id] = versioned(path)?;
    comments::delete(&app, &caller, &id)
}

/// `GET /{media}/comments`, `/{comment}/replies`, `/me/media` and `/me/conversations`
pub(crate) async fn read_edge(
    State(app): State<App>,
    caller: Caller,
    path: Names<3>,
    headers: HeaderMap,
    params: Params,
) -> Answer {
    let [_, id, edge] = versioned(path)?;
    let world = app.world.lock();
    let host = headers.get("host").and_then(|v| v.to_str().ok()).unwrap_or_default();
    let is_own = own(&world, &caller, &id).is_some();
    let found = match edge.as_str() {
        "comments" => comments::list(&world, &caller, &id, &params),
        "replies" => comments::replies(&world, &id, &params),
        "media" if is_own => Some(publish::list(&world, &caller, &params, host)),
        "subscribed_apps" if is_own => Some(account::subscribed(&world, &caller)),
        "content_publishing_limit" if is_own => Some(account::publishing(&app, &world, &caller)),
        "conversations" if is_own => Some(messages::conversations(&world, &caller, &params)),
        _ => return Err(Error::UnknownPath),
    };
    found.map(Json).ok_or(Error::UnknownObject(id))
}

/// `POST /{media}/comments`, `/{comment}/replies`, `/me/media`, `/me/media_publish`, `/me/messages`
pub(crate) async fn write_edge(
    State(app): State<App>,
    caller: Caller,
    path: Names<3>,
    params: Params,
) -> Answer {
    let [_, id, edge] = versioned(path)?;
    let is_own = own(&app.world.lock(), &caller, &id).is_some();
    match edge.as_str() {
        "comments" => comments::comment(&app, &caller, &id, &params),
        "replies" => comments::reply(&app, &caller, &id, &params),
        "media" if is_own => publish::contain(&app, &caller, &params),
        "media_publish" if is_own => publish::publish(&app, &caller, &params),
        "messages" if is_own => messages::send(&app, &caller, &params),
        "subscribed_apps" if is_own => account::subscribe(&app, &caller, &params),
        "media" | "media_publish" | "messages" | "subscribed_apps" => Err(Error::UnknownObject(id)),
        _ => Err(Error::UnknownPath),
    }
}

/// `DELETE /me/subscribed_apps`
pub(crate) async fn delete_edge(State(app): State<App>, caller: Caller, path: Names<3>) -> Answer {
    let [_, id, edge] = versioned(path)?;
    let is_own = own(&app.world.lock(), &caller, &id).is_some();
    match edge.as_str() {
        "subscribed_apps" if is_own => Ok(account::unsubscribe(&app, &caller)),
        _ => Err(Error::UnknownPath),
    }
}

/// `GET /member/{username}`: ours, not the official API's.
pub(crate) async fn member(
    State(app): State<App>,
    _: Caller,
    path: Names<2>,
    headers: HeaderMap,
) -> Answer {
    let [_, username] = versioned(path)?;
    let world = app.world.lock();
    let host = headers.get("host").and_then(|v| v.to_str().ok()).unwrap_or_default();
    let found = world.find_member(&username).map(|m| member_node(&world, m, host));
    found.map(Json).ok_or(Error::NoSuchPerson)
}

fn versioned<const N: usize>(path: Names<N>) -> Result<[String; N], Error> {
    let numbers = path.0[0].strip_prefix('v').and_then(|v| v.split_once('.'));
    let is_version = |(a, b): (&str, &str)| a.parse::<u16>().is_ok() && b.parse::<u16>().is_ok();
    if numbers.is_some_and(is_version) { Ok(path.0) } else { Err(Error::UnknownPath) }
}

fn member_node(world: &World, member: &Member, host: &str) -> Value {
    json!({
        "id": member.user_id(),
        "user_id": member.user_id(),
        "username": member.username,
        "name": member.name,
        "account_type": "BUSINESS",
        "biography": member.bio,
        "profile_picture_url": format!("http://{host}/art/avatar/{}.svg", member.username),
        "followers_count": world.followers(member.id),
        "follows_count": world.following(member.id),
        "media_count": world.posts_of(member.id).count(),
    })
}

/// A path id as a post's.
pub(crate) fn post_id(world: &World, id: &str) -> Result<PostId, Error> {
    let known = id.parse().ok().filter(|id| world.post(*id).is_some());
    known.ok_or_else(|| Error::UnknownObject(id.to_owned()))
}
