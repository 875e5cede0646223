//! The story viewer: all frames of one member's story on one page, one of them visible.

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;

use super::guard::SignedIn;
use super::notice;
use super::view::{Page, Person, When, html};
use crate::art;
use crate::server::App;

#[derive(Debug, Deserialize)]
pub(crate) struct At {
    #[serde(default)]
    at: usize,
}

/// One frame.
#[derive(Debug, Clone)]
struct Frame {
    number: usize,
    text: String,
    alt: &'static str,
    when: When,
    is_shown: bool,
}

#[derive(Template)]
#[template(path = "story.html")]
struct StoryPage {
    page: Page,
    member: Person,
    frames: Vec<Frame>,
    /// Where Previous and Next lead without scripts: a path and a frame.
    previous: (String, usize),
    next: (String, usize),
    /// Where the story leads when it has ended.
    after: String,
}

/// `GET /stories/{username}`, with `?at=` counting from 0.
pub(crate) async fn page(
    State(app): State<App>,
    who: SignedIn,
    Path(username): Path<String>,
    Query(at): Query<At>,
) -> Response {
    let world = app.world.lock();
    let member = world.find_member(&username).filter(|m| !m.stories.is_empty());
    let Some(member) = member else { return notice::missing(who.visitor.wants_json) };
    let now = app.clock.now();
    let shown = at.at.min(member.stories.len() - 1);
    let frame = |(number, story): (usize, &crate::world::content::Story)| Frame {
        number,
        text: story.text.clone(),
        alt: art::subject(scene(&username, number)),
        when: When::of(story.at, now),
        is_shown: number == shown,
    };
    let following = world.members.iter().skip(member.id + 1).find(|m| !m.stories.is_empty());
    let after = following.map_or("/".to_owned(), |m| format!("/stories/{}", m.username));
    let here = format!("/stories/{username}");
    let is_last = shown + 1 == member.stories.len();
    let story = StoryPage {
        page: Page::signed_in(format!("{}’s story", member.name), "", &who, &world),
        member: Person::of(member),
        frames: member.stories.iter().enumerate().map(frame).collect(),
        previous: (here.clone(), shown.saturating_sub(1)),
        next: if is_last { (after.clone(), 0) } else { (here, shown + 1) },
        after,
    };
    html(StatusCode::OK, &story)
}

/// What a frame shows: any scene but the print, decided by whose it is.
pub(crate) fn scene(username: &str, number: usize) -> usize {
    let sum: usize = username.bytes().map(usize::from).sum();
    [0, 1, 3, 4, 8, 2, 7][(sum + number * 3) % 7]
}
