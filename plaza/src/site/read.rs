//! Reads for programs that want to know whether an effect is there: `/read/…`, as JSON; and
//! `/address`, from where they come.

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use serde_json::{Value, json};

use super::guard::{SignedIn, Visitor};
use super::notice;
use crate::server::App;

/// `GET /address`: from where the request came, as text.
pub(crate) async fn address(Extension(visitor): Extension<Visitor>) -> String {
    format!("{}\n", visitor.remote)
}

/// `GET /read/post/{id}`
pub(crate) async fn post(
    State(app): State<App>,
    who: SignedIn,
    Path(id): Path<String>,
) -> Response {
    let world = app.world.lock();
    let Some(post) = id.parse().ok().and_then(|id| world.post(id)) else {
        return notice::missing(true);
    };
    let comments = world.visible_comments(post.id, who.member);
    let comments: Vec<Value> = comments
        .into_iter()
        .map(|c| {
            json!({
                "id": c.id.to_string(),
                "author": world.member(c.author).username,
                "text": c.text,
                "at": c.at,
                "parent": c.parent.map(|id| id.to_string()),
                "hidden": c.hidden,
            })
        })
        .collect();
    let body = json!({
        "id": post.id.to_string(),
        "author": world.member(post.author).username,
        "liked": post.likes.contains(&who.member),
        "saved": world.is_saved(who.member, post.id),
        "likes": post.likes.len(),
        "comments": comments,
        "shares_by_me": world.shares(who.member, post.id),
    });
    Json(body).into_response()
}

/// `GET /read/member/{username}`
pub(crate) async fn member(
    State(app): State<App>,
    who: SignedIn,
    Path(username): Path<String>,
) -> Response {
    let world = app.world.lock();
    let Some(member) = world.find_member(&username) else { return notice::missing(true) };
    let posts: Vec<Value> = world
        .posts_of(member.id)
        .map(|p| json!({ "id": p.id.to_string(), "caption": p.caption, "at": p.at }))
        .collect();
    let body = json!({
        "id": member.user_id(),
        "username": member.username,
        "name": member.name,
        "followed": world.is_following(who.member, member.id),
        "posts": posts,
    });
    Json(body).into_response()
}

/// `GET /read/messages/{username}`
pub(crate) async fn messages(
    State(app): State<App>,
    who: SignedIn,
    Path(username): Path<String>,
) -> Response {
    let world = app.world.lock();
    let Some(other) = world.find_member(&username) else { return notice::missing(true) };
    let thread: Vec<Value> = world
        .thread(who.member, other.id)
        .into_iter()
        .map(|m| {
            json!({
                "id": m.id.to_string(),
                "from": world.member(m.from).username,
                "to": world.member(m.to).username,
                "text": m.text,
                "at": m.at,
            })
        })
        .collect();
    Json(json!({ "with": other.username, "messages": thread })).into_response()
}
