//! The inbox, and a thread with one member.

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::Response;

use super::guard::SignedIn;
use super::view::{MessageView, Page, Person, html};
use super::{act, notice};
use crate::server::App;
use crate::world::World;
use crate::world::content::MemberId;

/// Most messages shown of a thread: the latest ones.
const SHOWN_MAX: usize = 200;

/// A thread as the inbox lists it.
#[derive(Debug, Clone)]
struct Line {
    other: Person,
    latest: MessageView,
    is_here: bool,
}

#[derive(Template)]
#[template(path = "messages.html")]
struct MessagesPage {
    page: Page,
    lines: Vec<Line>,
    other: Option<Person>,
    messages: Vec<MessageView>,
}

/// `GET /messages`
pub(crate) async fn inbox(State(app): State<App>, who: SignedIn) -> Response {
    let world = app.world.lock();
    let shown = MessagesPage {
        page: Page::signed_in("Messages", "messages", &who, &world),
        lines: lines(&app, &world, who.member, None),
        other: None,
        messages: Vec::new(),
    };
    html(StatusCode::OK, &shown)
}

/// `GET /messages/{username}`
pub(crate) async fn thread(
    State(app): State<App>,
    who: SignedIn,
    Path(username): Path<String>,
    Query(came): Query<act::Came>,
) -> Response {
    let world = app.world.lock();
    let other = world.find_member(&username).filter(|m| m.id != who.member);
    let Some(other) = other else { return notice::missing(who.visitor.wants_json) };
    let now = app.clock.now();
    let thread = world.thread(who.member, other.id);
    let latest = &thread[thread.len().saturating_sub(SHOWN_MAX)..];
    let messages = latest.iter().map(|m| MessageView::of(m, who.member, &world, now));
    let title = format!("Messages with {}", other.name);
    let shown = MessagesPage {
        page: Page::signed_in(title, "messages", &who, &world).after(came.done.as_deref()),
        lines: lines(&app, &world, who.member, Some(other.id)),
        other: Some(Person::of(other)),
        messages: messages.collect(),
    };
    html(StatusCode::OK, &shown)
}

fn lines(app: &App, world: &World, me: MemberId, here: Option<MemberId>) -> Vec<Line> {
    let now = app.clock.now();
    let line = |(other, message): (MemberId, &_)| Line {
        other: Person::of(world.member(other)),
        latest: MessageView::of(message, me, world, now),
        is_here: here == Some(other),
    };
    world.inbox(me).into_iter().map(line).collect()
}
