//! What the templates show: owned, already worded values.

use askama::Template;
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Response};
use jiff::{SignedDuration, Timestamp};

use super::guard::SignedIn;
use crate::art;
use crate::world::World;
use crate::world::content::{Member, MemberId, Message, Post};

/// What every page needs.
#[derive(Debug, Clone)]
pub(crate) struct Page {
    pub(crate) title: String,
    /// The page's state in one word, for programs: `ok`, `signed_out`, `challenge`, …
    pub(crate) state: &'static str,
    /// Which entry of the navigation is this page.
    pub(crate) here: &'static str,
    pub(crate) me: Option<Person>,
    /// What the live region says on arrival.
    pub(crate) status: &'static str,
    /// Whether buttons go by other names.
    pub(crate) changed: bool,
}

impl Page {
    pub(crate) fn signed_out(title: &str, state: &'static str) -> Self {
        let title = title.to_owned();
        Self { title, state, here: "", me: None, status: "", changed: false }
    }

    pub(crate) fn signed_in(
        title: impl Into<String>,
        here: &'static str,
        who: &SignedIn,
        world: &World,
    ) -> Self {
        let me = Some(Person::of(world.member(who.member)));
        let changed = who.visitor.changed_markup;
        Self { title: title.into(), state: "ok", here, me, status: "", changed }
    }

    /// With the words for a `?done=` that a form without scripts came back with.
    pub(crate) fn after(mut self, done: Option<&str>) -> Self {
        self.status = done.map_or("", |done| super::act::words(done).unwrap_or(""));
        self
    }
}

/// A member, small.
#[derive(Debug, Clone)]
pub(crate) struct Person {
    pub(crate) username: String,
    pub(crate) name: String,
    pub(crate) bio: String,
    pub(crate) has_story: bool,
}

impl Person {
    pub(crate) fn of(member: &Member) -> Self {
        Self {
            username: member.username.clone(),
            name: member.name.clone(),
            bio: member.bio.clone(),
            has_story: !member.stories.is_empty(),
        }
    }
}

/// A moment, for a `<time>`.
#[derive(Debug, Clone)]
pub(crate) struct When {
    pub(crate) iso: String,
    pub(crate) ago: String,
}

impl When {
    pub(crate) fn of(at: Timestamp, now: Timestamp) -> Self {
        Self { iso: at.to_string(), ago: ago(now.duration_since(at)) }
    }
}

/// How long ago, in a word or two.
fn ago(passed: SignedDuration) -> String {
    let minutes = passed.as_mins();
    match minutes {
        ..1 => "just now".to_owned(),
        1..60 => format!("{minutes} min"),
        60..1440 => format!("{} h", minutes / 60),
        1440..10_080 => format!("{} d", minutes / 1440),
        _ => format!("{} wk", minutes / 10_080),
    }
}

/// A post as a card or a page.
#[derive(Debug, Clone)]
pub(crate) struct PostView {
    pub(crate) id: u64,
    pub(crate) author: Person,
    pub(crate) alt: &'static str,
    pub(crate) paragraphs: Vec<String>,
    pub(crate) when: When,
    pub(crate) liked: bool,
    pub(crate) saved: bool,
    pub(crate) likes: usize,
    pub(crate) comments: usize,
}

impl PostView {
    pub(crate) fn of(post: &Post, me: MemberId, world: &World, now: Timestamp) -> Self {
        Self {
            id: post.id,
            author: Person::of(world.member(post.author)),
            alt: art::subject(post.scene),
            paragraphs: post.caption.split("\n\n").map(str::to_owned).collect(),
            when: When::of(post.at, now),
            liked: post.likes.contains(&me),
            saved: world.is_saved(me, post.id),
            likes: post.likes.len(),
            comments: world.visible_comments(post.id, me).len(),
        }
    }
}

/// A comment under a post.
#[derive(Debug, Clone)]
pub(crate) struct CommentView {
    pub(crate) id: u64,
    pub(crate) author: Person,
    pub(crate) text: String,
    pub(crate) when: When,
    pub(crate) is_reply: bool,
}

/// A message of a thread.
#[derive(Debug, Clone)]
pub(crate) struct MessageView {
    pub(crate) id: u64,
    pub(crate) text: String,
    pub(crate) when: When,
    pub(crate) is_mine: bool,
    pub(crate) author: String,
}

impl MessageView {
    pub(crate) fn of(message: &Message, me: MemberId, world: &World, now: Timestamp) -> Self {
        Self {
            id: message.id,
            text: message.text.clone(),
            when: When::of(message.at, now),
            is_mine: message.from == me,
            author: world.member(message.from).name.clone(),
        }
    }
}

/// The sign-in form.
#[derive(Template)]
#[template(path = "signin.html")]
pub(crate) struct SignInPage {
    pub(crate) page: Page,
    pub(crate) error: String,
    pub(crate) next: String,
    pub(crate) username: String,
}

/// The form for a second factor's code.
#[derive(Template)]
#[template(path = "code.html")]
pub(crate) struct CodePage {
    pub(crate) page: Page,
    pub(crate) error: String,
    pub(crate) ticket: String,
    pub(crate) next: String,
}

/// The form by which somebody becomes a member.
#[derive(Template)]
#[template(path = "signup.html")]
pub(crate) struct SignUpPage {
    pub(crate) page: Page,
    pub(crate) error: String,
    pub(crate) name: String,
    pub(crate) username: String,
}

/// Something is in the way.
#[derive(Template)]
#[template(path = "notice.html")]
pub(crate) struct NoticePage {
    pub(crate) page: Page,
    pub(crate) heading: String,
    pub(crate) text: String,
}

/// Renders a template as an answer.
pub(crate) fn html(status: StatusCode, template: &impl Template) -> Response {
    match template.render() {
        Ok(text) => (status, Html(text)).into_response(),
        Err(error) => {
            tracing::error!(%error, "a page could not be rendered");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::ago;

    #[test]
    fn times_are_told_in_a_word_or_two() {
        let rows = [(0, "just now"), (59, "59 min"), (61, "1 h"), (1500, "1 d"), (30_000, "2 wk")];
        for (minutes, words) in rows {
            assert_eq!(ago(SignedDuration::from_mins(minutes)), words);
        }
    }
}
