//! A post's own page, and the posts a member saved.

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::Response;

use super::guard::SignedIn;
use super::view::{CommentView, Page, Person, PostView, When, html};
use super::{act, notice};
use crate::art;
use crate::server::App;
use crate::world::content::Post;

/// A picture of a grid.
#[derive(Debug, Clone)]
pub(crate) struct Tile {
    pub(crate) id: u64,
    pub(crate) alt: &'static str,
}

impl Tile {
    pub(crate) fn of(post: &Post) -> Self {
        Self { id: post.id, alt: art::subject(post.scene) }
    }
}

#[derive(Template)]
#[template(path = "post.html")]
struct PostPage {
    page: Page,
    post: PostView,
    comments: Vec<CommentView>,
}

#[derive(Template)]
#[template(path = "saved.html")]
struct SavedPage {
    page: Page,
    tiles: Vec<Tile>,
}

/// `GET /p/{id}`
pub(crate) async fn page(
    State(app): State<App>,
    who: SignedIn,
    Path(id): Path<String>,
    Query(came): Query<act::Came>,
) -> Response {
    let world = app.world.lock();
    let Some(post) = id.parse().ok().and_then(|id| world.post(id)) else {
        return notice::missing(who.visitor.wants_json);
    };
    let now = app.clock.now();
    let comments = world.visible_comments(post.id, who.member).into_iter().map(|c| CommentView {
        id: c.id,
        author: Person::of(world.member(c.author)),
        text: c.text.clone(),
        when: When::of(c.at, now),
        is_reply: c.parent.is_some(),
    });
    let title = format!("A post by {}", world.member(post.author).name);
    let shown = PostPage {
        page: Page::signed_in(title, "", &who, &world).after(came.done.as_deref()),
        comments: comments.collect(),
        post: PostView::of(post, who.member, &world, now),
    };
    html(StatusCode::OK, &shown)
}

/// `GET /saved`
pub(crate) async fn saved(State(app): State<App>, who: SignedIn) -> Response {
    let world = app.world.lock();
    let mine = world.newest_posts().filter(|p| world.is_saved(who.member, p.id));
    let tiles = mine.map(Tile::of).collect();
    let page = Page::signed_in("Saved", "saved", &who, &world);
    html(StatusCode::OK, &SavedPage { page, tiles })
}
