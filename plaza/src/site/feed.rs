//! The feed, a chunk at a time, and the tray of stories above it.

use askama::Template;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;

use super::guard::SignedIn;
use super::view::{Page, Person, PostView, html};
use crate::server::App;
use crate::world::World;
use crate::world::content::{MemberId, PostId};

/// Posts in one chunk: more than a screen, less than a second.
const CHUNK: usize = 8;
/// Members suggested beside the feed.
const SUGGESTIONS: usize = 5;

#[derive(Debug, Deserialize)]
pub(crate) struct From {
    after: Option<PostId>,
    done: Option<String>,
}

#[derive(Template)]
#[template(path = "feed.html")]
struct FeedPage {
    page: Page,
    tray: Vec<Person>,
    suggestions: Vec<Person>,
    posts: Vec<PostView>,
    more: Option<PostId>,
    is_first: bool,
}

#[derive(Template)]
#[template(path = "feed_chunk.html")]
struct Chunk {
    page: Page,
    posts: Vec<PostView>,
    more: Option<PostId>,
}

/// `GET /`
pub(crate) async fn home(
    State(app): State<App>,
    who: SignedIn,
    Query(from): Query<From>,
) -> Response {
    let world = app.world.lock();
    let (posts, more) = load(&app, &world, who.member, from.after);
    let told = world.members.iter().filter(|m| !m.stories.is_empty());
    let suggested = suggestions(&world, who.member);
    let feed = FeedPage {
        page: Page::signed_in("Home", "home", &who, &world).after(from.done.as_deref()),
        tray: told.map(Person::of).collect(),
        suggestions: suggested,
        posts,
        more,
        is_first: from.after.is_none(),
    };
    html(StatusCode::OK, &feed)
}

/// `GET /feed?after=…`: the next posts as a fragment.
pub(crate) async fn chunk(
    State(app): State<App>,
    who: SignedIn,
    Query(from): Query<From>,
) -> Response {
    let world = app.world.lock();
    let (posts, more) = load(&app, &world, who.member, from.after);
    let page = Page::signed_in("Home", "home", &who, &world);
    html(StatusCode::OK, &Chunk { page, posts, more })
}

fn load(
    app: &App,
    world: &World,
    me: MemberId,
    after: Option<PostId>,
) -> (Vec<PostView>, Option<PostId>) {
    let now = app.clock.now();
    let older = world.newest_posts().filter(|p| after.is_none_or(|after| p.id < after));
    let posts: Vec<_> = older.take(CHUNK).map(|p| PostView::of(p, me, world, now)).collect();
    let more = posts.last().map(|p| p.id).filter(|id| *id > 1);
    (posts, more)
}

/// Some members whom `me` does not follow; the same ones until that changes.
fn suggestions(world: &World, me: MemberId) -> Vec<Person> {
    let count = world.members.len();
    let others = (1..count).map(|step| (me + step * 17) % count);
    let strangers = others.filter(|id| *id != me && !world.is_following(me, *id));
    strangers.take(SUGGESTIONS).map(|id| Person::of(world.member(id))).collect()
}
