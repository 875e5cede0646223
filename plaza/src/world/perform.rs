//! Effects: the one way to change what members see, and the only writer of the ledger.

use jiff::Timestamp;

use super::World;
use super::content::{Comment, CommentId, MemberId, Message, Post, PostId};
use super::ledger::{Fact, Origin};

/// Most bytes of a comment, message or caption.
pub(crate) const TEXT_MAX: usize = 2200;

/// Something a member wants done.
#[derive(Debug, Clone)]
pub(crate) enum Effect {
    Like { post: PostId, on: bool },
    Save { post: PostId, on: bool },
    Follow { member: MemberId, on: bool },
    Comment { post: PostId, text: String },
    Reply { comment: CommentId, text: String },
    SendDm { to: MemberId, text: String },
    Share { post: PostId },
    Publish { container: u64 },
    HideComment { comment: CommentId, hidden: bool },
    DeleteComment { comment: CommentId },
}

/// What came of it: `made` is false when it was so already, which the ledger does not record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Done {
    pub(crate) made: bool,
    /// The id of what was made (comment, message or post), or of what was acted on.
    pub(crate) id: u64,
}

/// Why an effect was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refusal {
    #[error("there is nothing with that id")]
    Unknown,
    #[error("write something first")]
    Empty,
    #[error("that is too long")]
    TooLong,
    #[error("that is not yours to change")]
    NotYours,
    #[error("you cannot do that to yourself")]
    Yourself,
    #[error("this was published already")]
    Published,
    #[error("the ledger is full; reset Plaza")]
    LedgerFull,
}

/// Why somebody cannot become a member.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NoMember {
    #[error("That username is taken.")]
    Taken,
    #[error("A username has 2 to 30 small letters, digits, dots or underscores.")]
    Username,
    #[error("A password has 8 characters at least.")]
    Password,
    #[error("Plaza takes nobody in at the moment.")]
    Full,
}

/// The most members.
const MEMBERS_MAX: usize = 100_000;

impl World {
    /// Takes a new member in, and records it.
    pub(crate) fn sign_up(
        &mut self,
        given: (&str, &str, &str),
        origin: impl Fn(MemberId) -> Origin,
        now: Timestamp,
    ) -> Result<MemberId, NoMember> {
        let (name, username, password) = given;
        let good =
            |sign: char| sign.is_ascii_lowercase() || sign.is_ascii_digit() || "._".contains(sign);
        if !(2..=30).contains(&username.len()) || !username.chars().all(good) {
            return Err(NoMember::Username);
        }
        if password.chars().count() < 8 {
            return Err(NoMember::Password);
        }
        if self.find_member(username).is_some() {
            return Err(NoMember::Taken);
        }
        if self.ledger.is_full() || self.members.len() >= MEMBERS_MAX {
            return Err(NoMember::Full);
        }
        let name = if name.trim().is_empty() { username } else { name.trim() };
        let id = self.add_member(username, name);
        self.passwords.insert(id, password.to_owned());
        let fact = Fact {
            account: username,
            kind: "sign_up",
            target: format!("member:{username}"),
            text: None,
        };
        self.ledger.append(fact, &origin(id), now);
        Ok(id)
    }

    /// Does `effect` for `origin` and records it, or says why not.
    pub(crate) fn perform(
        &mut self,
        origin: &Origin,
        effect: Effect,
        now: Timestamp,
    ) -> Result<Done, Refusal> {
        if self.ledger.is_full() {
            return Err(Refusal::LedgerFull);
        }
        let kind = effect.kind();
        let (done, target, text) = self.apply(origin.member, effect, now)?;
        if done.made {
            let account = &self.members[origin.member].username;
            self.ledger.append(Fact { account, kind, target, text }, origin, now);
        } else {
            let account = &self.members[origin.member].username;
            self.visits.note_no_op(account, origin.remote, &origin.user_agent);
        }
        Ok(done)
    }

    fn apply(&mut self, me: MemberId, effect: Effect, now: Timestamp) -> Applied {
        match effect {
            Effect::Like { post, on } => {
                let likes = &mut self.post_mut(post)?.likes;
                let made = if on { likes.insert(me) } else { likes.remove(&me) };
                Ok((Done { made, id: post }, format!("post:{post}"), None))
            }
            Effect::Save { post, on } => {
                self.post(post).ok_or(Refusal::Unknown)?;
                let key = (me, post);
                let made = if on { self.saves.insert(key) } else { self.saves.remove(&key) };
                Ok((Done { made, id: post }, format!("post:{post}"), None))
            }
            Effect::Follow { member, on } => self.follow(me, member, on),
            Effect::Comment { post, text } => {
                self.post(post).ok_or(Refusal::Unknown)?;
                let id = self.add_comment(me, post, None, checked(&text)?, now);
                Ok((Done { made: true, id }, format!("post:{post}"), Some(text)))
            }
            Effect::Reply { comment, text } => {
                let on = self.comment(comment).ok_or(Refusal::Unknown)?;
                let (post, parent) = (on.post, on.parent.unwrap_or(comment));
                let id = self.add_comment(me, post, Some(parent), checked(&text)?, now);
                Ok((Done { made: true, id }, format!("comment:{comment}"), Some(text)))
            }
            Effect::SendDm { to, text } => {
                if to == me {
                    return Err(Refusal::Yourself);
                }
                let target = format!("member:{}", self.username(to)?);
                let id = self.add_message(me, to, checked(&text)?, now);
                Ok((Done { made: true, id }, target, Some(text)))
            }
            Effect::Share { post } => {
                self.post(post).ok_or(Refusal::Unknown)?;
                *self.shares.entry((me, post)).or_default() += 1;
                Ok((Done { made: true, id: post }, format!("post:{post}"), None))
            }
            Effect::Publish { container } => self.publish(me, container, now),
            Effect::HideComment { comment, hidden } => self.hide(me, comment, hidden),
            Effect::DeleteComment { comment } => self.delete_comment(me, comment),
        }
    }

    fn follow(&mut self, me: MemberId, member: MemberId, on: bool) -> Applied {
        if member == me {
            return Err(Refusal::Yourself);
        }
        let target = format!("member:{}", self.username(member)?);
        let key = (me, member);
        let made = if on { self.follows.insert(key) } else { self.follows.remove(&key) };
        Ok((Done { made, id: member as u64 }, target, None))
    }

    fn publish(&mut self, me: MemberId, container: u64, now: Timestamp) -> Applied {
        let id = self.posts.len() as PostId + 1;
        let found = self.containers.get_mut(&container).ok_or(Refusal::Unknown)?;
        if found.owner != me {
            return Err(Refusal::NotYours);
        }
        if found.post.is_some() {
            return Err(Refusal::Published);
        }
        found.post = Some(id);
        let caption = found.caption.clone();
        let scene = usize::try_from(id).unwrap_or(0);
        self.add_post(me, caption.clone(), scene, now);
        let text = (!caption.is_empty()).then_some(caption);
        Ok((Done { made: true, id }, format!("member:{}", self.username(me)?), text))
    }

    fn hide(&mut self, me: MemberId, id: CommentId, hidden: bool) -> Applied {
        let on = self.comment(id).ok_or(Refusal::Unknown)?.post;
        if self.post(on).is_none_or(|p| p.author != me) {
            return Err(Refusal::NotYours);
        }
        let comment = self.comments.get_mut(&id).ok_or(Refusal::Unknown)?;
        let made = std::mem::replace(&mut comment.hidden, hidden) != hidden;
        Ok((Done { made, id }, format!("comment:{id}"), None))
    }

    fn delete_comment(&mut self, me: MemberId, id: CommentId) -> Applied {
        let comment = self.comment(id).ok_or(Refusal::Unknown)?;
        if comment.author != me && self.post(comment.post).is_none_or(|p| p.author != me) {
            return Err(Refusal::NotYours);
        }
        let on_post = self.comments_by_post.entry(comment.post).or_default();
        let is_gone = |c: &Comment| c.id == id || c.parent == Some(id);
        let gone: Vec<CommentId> =
            on_post.iter().copied().filter(|c| self.comments.get(c).is_some_and(is_gone)).collect();
        for id in gone {
            on_post.remove(&id);
            self.comments.remove(&id);
        }
        Ok((Done { made: true, id }, format!("comment:{id}"), None))
    }

    /// Adds a post without recording it: for the seed, and for publishing.
    pub(crate) fn add_post(&mut self, by: MemberId, caption: String, scene: usize, at: Timestamp) {
        let id = self.posts.len() as PostId + 1;
        let likes = std::collections::HashSet::new();
        self.posts.push(Post { id, author: by, caption, scene, at, likes });
    }

    /// Adds a comment without recording it.
    pub(crate) fn add_comment(
        &mut self,
        author: MemberId,
        post: PostId,
        parent: Option<CommentId>,
        text: &str,
        at: Timestamp,
    ) -> CommentId {
        let id = self.next_comment;
        self.next_comment += 1;
        let text = text.to_owned();
        self.comments_by_post.entry(post).or_default().insert(id);
        self.comments.insert(id, Comment { id, post, parent, author, text, at, hidden: false });
        id
    }

    /// Adds a message without recording it.
    pub(crate) fn add_message(
        &mut self,
        from: MemberId,
        to: MemberId,
        text: &str,
        at: Timestamp,
    ) -> u64 {
        let place = self.messages.len();
        let id = place as u64 + 1;
        self.messages.push(Message { id, from, to, text: text.to_owned(), at });
        self.threads.entry((from.min(to), from.max(to))).or_default().push(place);
        id
    }

    /// Marks a like or a follow of the seed.
    pub(crate) fn add_like(&mut self, by: MemberId, post: PostId) {
        if let Ok(post) = self.post_mut(post) {
            post.likes.insert(by);
        }
    }

    /// Marks a follow of the seed.
    pub(crate) fn add_follow(&mut self, by: MemberId, whom: MemberId) {
        self.follows.insert((by, whom));
    }

    fn post_mut(&mut self, id: PostId) -> Result<&mut Post, Refusal> {
        let place = usize::try_from(id).ok().and_then(|id| id.checked_sub(1));
        place.and_then(|place| self.posts.get_mut(place)).ok_or(Refusal::Unknown)
    }

    fn username(&self, id: MemberId) -> Result<&str, Refusal> {
        self.members.get(id).map(|m| m.username.as_str()).ok_or(Refusal::Unknown)
    }
}

/// What was done, the ledger's target and the text it made.
type Applied = Result<(Done, String, Option<String>), Refusal>;

fn checked(text: &str) -> Result<&str, Refusal> {
    match text {
        t if t.trim().is_empty() => Err(Refusal::Empty),
        t if t.len() > TEXT_MAX => Err(Refusal::TooLong),
        t => Ok(t),
    }
}

impl Effect {
    /// The word the ledger and the fleet use for it.
    fn kind(&self) -> &'static str {
        match self {
            Self::Like { on: true, .. } => "like",
            Self::Like { on: false, .. } => "unlike",
            Self::Save { on: true, .. } => "save",
            Self::Save { on: false, .. } => "unsave",
            Self::Follow { on: true, .. } => "follow",
            Self::Follow { on: false, .. } => "unfollow",
            Self::Comment { .. } => "comment",
            Self::Reply { .. } => "reply",
            Self::SendDm { .. } => "send_dm",
            Self::Share { .. } => "share",
            Self::Publish { .. } => "publish",
            Self::HideComment { hidden: true, .. } => "hide_comment",
            Self::HideComment { hidden: false, .. } => "unhide_comment",
            Self::DeleteComment { .. } => "delete_comment",
        }
    }
}
