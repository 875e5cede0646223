//! What members make: plain data.

use std::collections::HashSet;

use jiff::Timestamp;

/// A member's place in [`super::World::members`].
pub(crate) type MemberId = usize;
/// A post's id, counted from 1 in the order of publishing.
pub(crate) type PostId = u64;
/// A comment's id, from [`super::FIRST_COMMENT`] on.
pub(crate) type CommentId = u64;

/// The first member's id in the API; the others follow.
const FIRST_USER_ID: u64 = 17_841_400_000_000_101;

/// A member.
#[derive(Debug, Clone)]
pub(crate) struct Member {
    pub(crate) id: MemberId,
    pub(crate) username: String,
    pub(crate) name: String,
    pub(crate) bio: String,
    pub(crate) stories: Vec<Story>,
}

impl Member {
    /// The id the API knows this member by.
    pub(crate) fn user_id(&self) -> String {
        (FIRST_USER_ID + self.id as u64).to_string()
    }

    /// The member's place for an API id, if it is in the range of member ids.
    pub(crate) fn place_of(user_id: &str) -> Option<MemberId> {
        let number = user_id.parse::<u64>().ok()?;
        usize::try_from(number.checked_sub(FIRST_USER_ID)?).ok()
    }
}

/// One frame of a member's story.
#[derive(Debug, Clone)]
pub(crate) struct Story {
    pub(crate) text: String,
    pub(crate) at: Timestamp,
}

/// A post with its picture, which is drawn from `scene` and the id.
#[derive(Debug, Clone)]
pub(crate) struct Post {
    pub(crate) id: PostId,
    pub(crate) author: MemberId,
    pub(crate) caption: String,
    pub(crate) scene: usize,
    pub(crate) at: Timestamp,
    pub(crate) likes: HashSet<MemberId>,
}

/// A comment, or a reply when it has a parent.
#[derive(Debug, Clone)]
pub(crate) struct Comment {
    pub(crate) id: CommentId,
    pub(crate) post: PostId,
    pub(crate) parent: Option<CommentId>,
    pub(crate) author: MemberId,
    pub(crate) text: String,
    pub(crate) at: Timestamp,
    pub(crate) hidden: bool,
}

/// A direct message.
#[derive(Debug, Clone)]
pub(crate) struct Message {
    pub(crate) id: u64,
    pub(crate) from: MemberId,
    pub(crate) to: MemberId,
    pub(crate) text: String,
    pub(crate) at: Timestamp,
}

/// The first half of publishing by API: what will become a post.
#[derive(Debug, Clone)]
pub(crate) struct Container {
    pub(crate) owner: MemberId,
    pub(crate) caption: String,
    pub(crate) post: Option<PostId>,
}
