//! Comments and replies.

use axum::Json;
use serde_json::{Value, json};

use super::error::Error;
use super::node::post_id;
use super::params::{Params, select};
use super::{Caller, written};
use crate::server::App;
use crate::world::World;
use crate::world::content::{Comment, CommentId};
use crate::world::perform::{Done, Effect};

/// What a comment shows when no fields are asked for.
pub(crate) const DEFAULTS: &str = "timestamp,text,id";

pub(crate) fn node(world: &World, id: CommentId) -> Option<Value> {
    world.comment(id).map(|comment| shape(world, comment))
}

fn shape(world: &World, comment: &Comment) -> Value {
    let author = world.member(comment.author);
    let mut node = json!({
        "id": comment.id.to_string(),
        "text": comment.text,
        "timestamp": written(comment.at),
        "username": author.username,
        "from": { "id": author.user_id(), "username": author.username },
        "hidden": comment.hidden,
        "like_count": 0,
        "media": { "id": comment.post.to_string() },
    });
    if let Some(parent) = comment.parent {
        node["parent_id"] = parent.to_string().into();
    } else {
        let all = world.comments_on(comment.post);
        let replies = all.into_iter().filter(|c| c.parent == Some(comment.id));
        let replies: Vec<Value> = replies.map(|c| shape(world, c)).collect();
        node["replies"] = json!({ "data": replies });
    }
    node
}

/// The top-level comments of a post, newest first.
pub(crate) fn list(world: &World, caller: &Caller, id: &str, params: &Params) -> Option<Value> {
    let post = post_id(world, id).ok()?;
    let mut found = world.visible_comments(post, caller.member);
    found.retain(|c| c.parent.is_none());
    found.sort_by_key(|c| std::cmp::Reverse(c.id));
    let after = params.text("after").and_then(|after| after.parse::<CommentId>().ok());
    found.retain(|c| after.is_none_or(|after| c.id < after));
    let more = found.len() > params.limit();
    found.truncate(params.limit());
    let last = found.last().map(|c| c.id.to_string());
    let data: Vec<_> =
        found.into_iter().map(|c| params.choose(&shape(world, c), DEFAULTS)).collect();
    let mut page = json!({ "data": data });
    if let (true, Some(after)) = (more, last) {
        page["paging"] = json!({ "cursors": { "after": after } });
    }
    Some(page)
}

/// The replies to a comment, oldest first.
pub(crate) fn replies(world: &World, id: &str, params: &Params) -> Option<Value> {
    let node = node(world, id.parse().ok()?)?;
    let fields = params.text("fields").unwrap_or_else(|| DEFAULTS.to_owned());
    let data = node["replies"]["data"].as_array().cloned().unwrap_or_default();
    let data: Vec<_> = data.iter().map(|reply| select(reply, &fields)).collect();
    Some(json!({ "data": data }))
}

/// `POST /{media}/comments`
pub(crate) fn comment(app: &App, caller: &Caller, id: &str, params: &Params) -> Answer {
    let text = params.required("message")?;
    let post = post_id(&app.world.lock(), id)?;
    perform(app, caller, Effect::Comment { post, text }).map(created)
}

/// `POST /{comment}/replies`
pub(crate) fn reply(app: &App, caller: &Caller, id: &str, params: &Params) -> Answer {
    let text = params.required("message")?;
    let comment = number(id)?;
    perform(app, caller, Effect::Reply { comment, text }).map(created)
}

/// `POST /{comment}?hide=…`
pub(crate) fn hide(app: &App, caller: &Caller, id: &str, hidden: bool) -> Answer {
    let effect = Effect::HideComment { comment: number(id)?, hidden };
    perform(app, caller, effect).map(|_| Json(json!({ "success": true })))
}

/// `DELETE /{comment}`
pub(crate) fn delete(app: &App, caller: &Caller, id: &str) -> Answer {
    let effect = Effect::DeleteComment { comment: number(id)? };
    perform(app, caller, effect).map(|_| Json(json!({ "success": true })))
}

/// Does `effect` as the caller.
pub(crate) fn perform(app: &App, caller: &Caller, effect: Effect) -> Result<Done, Error> {
    let origin = caller.visitor.origin(caller.member);
    Ok(app.world.lock().perform(&origin, effect, app.clock.now())?)
}

type Answer = Result<Json<Value>, Error>;

fn created(done: Done) -> Json<Value> {
    Json(json!({ "id": done.id.to_string() }))
}

fn number(id: &str) -> Result<CommentId, Error> {
    id.parse().map_err(|_| Error::UnknownObject(id.to_owned()))
}
