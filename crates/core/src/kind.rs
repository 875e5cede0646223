//! The kinds of action there are, in one table.
//!
//! Adding a kind is adding a row here and, for the browser, a behavior for it on a site.

use serde::{Deserialize, Serialize};

/// What an action leaves behind on the site.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EffectClass {
    /// Nothing: looking does not count.
    None,
    /// A state that can be read, so that doing it twice is doing it once.
    Idempotent,
    /// Something new each time: doing it twice is a mistake.
    Once,
}

impl EffectClass {
    /// Its name in scripts, events and pages.
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Idempotent => "idempotent",
            Self::Once => "once",
        }
    }
}

/// What is done with an action whose worker was lost after it began.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnLost {
    /// Do it again.
    Retry,
    /// Read whether it happened, then do it again or call it done.
    Verify,
    /// Leave it as unknown until a person has looked.
    Park,
}

impl OnLost {
    /// Its name in scripts and pages.
    pub fn name(self) -> &'static str {
        match self {
            Self::Retry => "retry",
            Self::Verify => "verify",
            Self::Park => "park",
        }
    }
}

/// What a target names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Object {
    /// `post:7`
    Post,
    /// `member:ada`
    Member,
    /// `comment:31`
    Comment,
}

impl Object {
    /// The word before the colon of a target.
    pub fn word(self) -> &'static str {
        match self {
            Self::Post => "post",
            Self::Member => "member",
            Self::Comment => "comment",
        }
    }
}

/// One sort of action.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Kind {
    /// Its name in actions, behaviors, plans and events.
    pub name: &'static str,
    /// It can be asked of the official API.
    pub api: bool,
    /// It can be done in a browser, where the site has a behavior for it.
    pub browser: bool,
    /// What it leaves behind.
    pub effect: EffectClass,
    /// What is done after a loss.
    pub on_lost: OnLost,
    /// What its target must name; `None`: it takes no target.
    pub target: Option<Object>,
    /// Arguments that `with` must hold, all of them texts.
    pub with: &'static [&'static str],
}

const fn row(name: &'static str, effect: EffectClass, target: Option<Object>) -> Kind {
    let on_lost = match effect {
        EffectClass::None | EffectClass::Idempotent => OnLost::Retry,
        EffectClass::Once => OnLost::Verify,
    };
    Kind { name, api: false, browser: true, effect, on_lost, target, with: &[] }
}

const fn both(kind: Kind) -> Kind {
    Kind { api: true, ..kind }
}

const fn api_only(kind: Kind) -> Kind {
    Kind { api: true, browser: false, ..kind }
}

const fn text(kind: Kind) -> Kind {
    Kind { with: &["text"], ..kind }
}

use EffectClass::{Idempotent, None as Nothing, Once};
use Object::{Comment, Member, Post};

/// Every kind, in the order `walkon kind list` shows them.
pub const KINDS: &[Kind] = &[
    row("sign_in", Nothing, None),
    row("sign_up", Once, None),
    row("scroll_feed", Nothing, None),
    row("view_profile", Nothing, Some(Member)),
    row("view_story", Nothing, Some(Member)),
    row("read_post", Nothing, Some(Post)),
    row("like", Idempotent, Some(Post)),
    row("unlike", Idempotent, Some(Post)),
    row("save", Idempotent, Some(Post)),
    row("unsave", Idempotent, Some(Post)),
    row("follow", Idempotent, Some(Member)),
    row("unfollow", Idempotent, Some(Member)),
    both(text(row("comment", Once, Some(Post)))),
    both(text(row("reply", Once, Some(Comment)))),
    both(text(row("send_dm", Once, Some(Member)))),
    both(text(row("publish", Once, None))),
    row("share", Once, Some(Post)),
    api_only(row("hide_comment", Idempotent, Some(Comment))),
    api_only(row("delete_comment", Idempotent, Some(Comment))),
];

/// The kind of that name.
pub fn find(name: &str) -> Option<&'static Kind> {
    KINDS.iter().find(|kind| kind.name == name)
}

/// The known name nearest to `name`, if one is near enough to be a slip of the hand.
pub fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let near = known.into_iter().map(|word| (strsim::damerau_levenshtein(name, word), word));
    near.min().filter(|(distance, word)| *distance <= 1 + word.len() / 4).map(|(_, word)| word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_made_once_is_never_blindly_done_again() {
        for kind in KINDS {
            assert_eq!(kind.effect == Once, kind.on_lost == OnLost::Verify, "{}", kind.name);
        }
    }

    #[test]
    fn a_slip_of_the_hand_finds_its_kind_and_nonsense_finds_none() {
        let names = || KINDS.iter().map(|kind| kind.name);
        assert_eq!(nearest("lkie", names()), Some("like"));
        assert_eq!(nearest("send_mail", names()), None);
    }
}
