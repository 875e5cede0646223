//! A member's profile.

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::Response;

use super::guard::SignedIn;
use super::posts::Tile;
use super::view::{Page, Person, html};
use super::{act, notice};
use crate::server::App;

#[derive(Template)]
#[template(path = "member.html")]
struct MemberPage {
    page: Page,
    member: Person,
    is_me: bool,
    is_followed: bool,
    posts: usize,
    followers: usize,
    following: usize,
    tiles: Vec<Tile>,
}

/// `GET /m/{username}`
pub(crate) async fn page(
    State(app): State<App>,
    who: SignedIn,
    Path(username): Path<String>,
    Query(came): Query<act::Came>,
) -> Response {
    let world = app.world.lock();
    let Some(member) = world.find_member(&username) else {
        return notice::missing(who.visitor.wants_json);
    };
    let is_me = member.id == who.member;
    let tiles: Vec<Tile> = world.posts_of(member.id).map(Tile::of).collect();
    let here = if is_me { "me" } else { "" };
    let shown = MemberPage {
        page: Page::signed_in(&member.name, here, &who, &world).after(came.done.as_deref()),
        member: Person::of(member),
        is_me,
        is_followed: world.is_following(who.member, member.id),
        posts: tiles.len(),
        followers: world.followers(member.id),
        following: world.following(member.id),
        tiles,
    };
    html(StatusCode::OK, &shown)
}
