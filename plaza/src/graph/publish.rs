//! Publishing in two steps, and reading what was published.

use axum::Json;
use serde_json::{Value, json};

use super::comments::perform;
use super::error::Error;
use super::params::Params;
use super::{Caller, written};
use crate::server::App;
use crate::world::World;
use crate::world::content::PostId;
use crate::world::perform::{Effect, TEXT_MAX};

type Answer = Result<Json<Value>, Error>;

/// `POST /{user-id}/media`: a container, which is finished at once. Nothing is fetched.
pub(crate) fn contain(app: &App, caller: &Caller, params: &Params) -> Answer {
    params.required("image_url")?;
    let caption = params.text("caption").unwrap_or_default();
    if caption.len() > TEXT_MAX {
        return Err(Error::Refused("the caption is too long".into()));
    }
    let id = app.world.lock().add_container(caller.member, caption);
    Ok(Json(json!({ "id": id.to_string() })))
}

/// `POST /{user-id}/media_publish`
pub(crate) fn publish(app: &App, caller: &Caller, params: &Params) -> Answer {
    let id = params.required("creation_id")?;
    let container = id.parse().map_err(|_| Error::UnknownObject(id.clone()))?;
    let done = perform(app, caller, Effect::Publish { container })?;
    Ok(Json(json!({ "id": done.id.to_string() })))
}

/// A container, which only its owner sees.
pub(crate) fn container_node(world: &World, caller: &Caller, id: u64) -> Option<Value> {
    let container = world.container(id).filter(|c| c.owner == caller.member)?;
    let (code, status) = match container.post {
        Some(_) => ("PUBLISHED", "Published: Media has been published."),
        None => ("FINISHED", "Finished: Media has been uploaded and it is ready to be published."),
    };
    Some(json!({ "id": id.to_string(), "status": status, "status_code": code }))
}

/// A post as media.
pub(crate) fn media_node(world: &World, id: PostId, host: &str) -> Option<Value> {
    let post = world.post(id)?;
    let author = world.member(post.author);
    Some(json!({
        "id": post.id.to_string(),
        "caption": post.caption,
        "media_type": "IMAGE",
        "media_product_type": "FEED",
        "media_url": format!("http://{host}/art/post/{id}.svg"),
        "permalink": format!("http://{host}/p/{id}"),
        "timestamp": written(post.at),
        "username": author.username,
        "owner": { "id": author.user_id() },
        "like_count": post.likes.len(),
        "comments_count": world.comments_on(id).len(),
        "is_comment_enabled": true,
    }))
}

/// The caller's own posts, newest first.
pub(crate) fn list(world: &World, caller: &Caller, params: &Params, host: &str) -> Value {
    let after = params.text("after").and_then(|after| after.parse::<PostId>().ok());
    let mine = world.posts_of(caller.member).filter(|p| after.is_none_or(|after| p.id < after));
    let ids: Vec<PostId> = mine.map(|p| p.id).take(params.limit() + 1).collect();
    let shown = &ids[..ids.len().min(params.limit())];
    let nodes = shown.iter().filter_map(|id| media_node(world, *id, host));
    let data: Vec<Value> = nodes.map(|node| params.choose(&node, "id")).collect();
    let mut page = json!({ "data": data });
    if ids.len() > shown.len() {
        let after = shown.last().map(ToString::to_string);
        page["paging"] = json!({ "cursors": { "after": after } });
    }
    page
}
