//! Everything Plaza holds, in memory, behind one mutex that is never held across an await.
//!
//! Reads are here and in [`content`]; the only way to change what members see is
//! [`World::perform`], which writes the ledger in the same breath.

pub(crate) mod content;
pub(crate) mod faults;
pub(crate) mod ledger;
pub(crate) mod perform;
pub(crate) mod second;
pub(crate) mod visits;

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use sha2::{Digest, Sha256};

use self::content::{Comment, CommentId, Container, Member, MemberId, Message, Post, PostId};
use self::faults::Faults;
use self::ledger::Ledger;
use self::visits::Visits;

/// Comment ids start here, so that no comment and no post share an id in the API.
pub(crate) const FIRST_COMMENT: CommentId = 1_000_001;
/// Container ids start here, far from every other range.
const FIRST_CONTAINER: u64 = 17_910_000_000_000_001;
/// Most sessions kept; the oldest go first.
const SESSIONS_MAX: usize = 100_000;
/// Most containers kept; the oldest go first.
const CONTAINERS_MAX: usize = 10_000;

/// The whole state of one Plaza.
#[derive(Debug, Default)]
pub(crate) struct World {
    pub(crate) members: Vec<Member>,
    by_name: HashMap<String, MemberId>,
    posts: Vec<Post>,
    comments: BTreeMap<CommentId, Comment>,
    comments_by_post: HashMap<PostId, BTreeSet<CommentId>>,
    next_comment: CommentId,
    saves: HashSet<(MemberId, PostId)>,
    shares: HashMap<(MemberId, PostId), u64>,
    follows: BTreeSet<(MemberId, MemberId)>,
    messages: Vec<Message>,
    /// Places of the messages between two members, the lower id first.
    threads: BTreeMap<(MemberId, MemberId), Vec<usize>>,
    containers: BTreeMap<u64, Container>,
    next_container: u64,
    sessions: HashMap<String, MemberId>,
    /// The tokens in the order of signing in.
    session_order: VecDeque<String>,
    session_count: u64,
    /// Passwords of those who signed up; all others have their usual one.
    pub(crate) passwords: HashMap<MemberId, String>,
    /// Second factors, and those who have shown their password and not yet their code.
    pub(crate) second: second::Seconds,
    /// What members tell the app of.
    pub(crate) subscriptions: BTreeMap<MemberId, BTreeSet<String>>,
    pub(crate) ledger: Ledger,
    pub(crate) faults: Faults,
    pub(crate) visits: Visits,
}

/// One world, shared by the site, the API and the control port.
#[derive(Clone, Debug)]
pub(crate) struct Shared(Arc<Mutex<World>>);

impl Shared {
    pub(crate) fn new(world: World) -> Self {
        Self(Arc::new(Mutex::new(world)))
    }

    /// Locks the world. A request that panicked while holding it does not stop the judge.
    pub(crate) fn lock(&self) -> MutexGuard<'_, World> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl World {
    /// An empty world with its members; the seed fills it.
    pub(crate) fn new(members: Vec<Member>) -> Self {
        let by_name = members.iter().map(|m| (m.username.clone(), m.id)).collect();
        Self {
            members,
            by_name,
            next_comment: FIRST_COMMENT,
            next_container: FIRST_CONTAINER,
            ..Self::default()
        }
    }

    /// Takes the content of `fresh`, and forgets ledger, faults and visits. Sign-ins are kept:
    /// the members are the same, and a fleet should not have to sign in after each reset.
    pub(crate) fn reset(&mut self, fresh: Self) {
        let mut sessions = std::mem::take(&mut self.sessions);
        // Who signed up since is a member no more.
        sessions.retain(|_, member| *member < fresh.members.len());
        let session_order = std::mem::take(&mut self.session_order);
        let session_count = self.session_count;
        *self = Self { sessions, session_order, session_count, ..fresh };
    }

    /// Whether a password is a member's.
    pub(crate) fn is_password(&self, id: MemberId, password: &str) -> bool {
        match self.passwords.get(&id) {
            Some(own) => own == password,
            None => password == format!("{}-secret", self.members[id].username),
        }
    }

    /// Takes a new member in, without recording it.
    fn add_member(&mut self, username: &str, name: &str) -> MemberId {
        let id = self.members.len();
        self.members.push(Member {
            id,
            username: username.to_owned(),
            name: name.to_owned(),
            bio: String::new(),
            stories: Vec::new(),
        });
        self.by_name.insert(username.to_owned(), id);
        id
    }

    pub(crate) fn member(&self, id: MemberId) -> &Member {
        &self.members[id]
    }

    pub(crate) fn find_member(&self, username: &str) -> Option<&Member> {
        self.by_name.get(username).map(|id| &self.members[*id])
    }

    /// The post with this id; ids count from 1.
    pub(crate) fn post(&self, id: PostId) -> Option<&Post> {
        self.posts.get(usize::try_from(id).ok()?.checked_sub(1)?)
    }

    /// All posts, newest first.
    pub(crate) fn newest_posts(&self) -> impl Iterator<Item = &Post> {
        self.posts.iter().rev()
    }

    pub(crate) fn posts_of(&self, member: MemberId) -> impl Iterator<Item = &Post> {
        self.newest_posts().filter(move |p| p.author == member)
    }

    pub(crate) fn comment(&self, id: CommentId) -> Option<&Comment> {
        self.comments.get(&id)
    }

    /// The comments of a post, oldest first, each reply after its comment.
    pub(crate) fn comments_on(&self, post: PostId) -> Vec<&Comment> {
        let ids = self.comments_by_post.get(&post).into_iter().flatten();
        let mut found: Vec<&Comment> = ids.filter_map(|id| self.comments.get(id)).collect();
        found.sort_by_key(|c| (c.parent.unwrap_or(c.id), c.id));
        found
    }

    /// The comments of a post that `by` may see: hidden ones only if they, or the post, are theirs.
    pub(crate) fn visible_comments(&self, post: PostId, by: MemberId) -> Vec<&Comment> {
        let is_mine = self.post(post).is_some_and(|p| p.author == by);
        let mut found = self.comments_on(post);
        found.retain(|c| is_mine || !c.hidden || c.author == by);
        found
    }

    pub(crate) fn is_saved(&self, by: MemberId, post: PostId) -> bool {
        self.saves.contains(&(by, post))
    }

    pub(crate) fn shares(&self, by: MemberId, post: PostId) -> u64 {
        self.shares.get(&(by, post)).copied().unwrap_or(0)
    }

    pub(crate) fn is_following(&self, by: MemberId, whom: MemberId) -> bool {
        self.follows.contains(&(by, whom))
    }

    pub(crate) fn followers(&self, of: MemberId) -> usize {
        self.follows.iter().filter(|(_, whom)| *whom == of).count()
    }

    pub(crate) fn following(&self, by: MemberId) -> usize {
        self.follows.iter().filter(|(who, _)| *who == by).count()
    }

    /// The messages between two members, oldest first.
    pub(crate) fn thread(&self, a: MemberId, b: MemberId) -> Vec<&Message> {
        let places = self.threads.get(&(a.min(b), a.max(b))).into_iter().flatten();
        places.map(|place| &self.messages[*place]).collect()
    }

    /// The latest message with each person `me` has written with, newest first.
    pub(crate) fn inbox(&self, me: MemberId) -> Vec<(MemberId, &Message)> {
        let latest = |(pair, places): (&(MemberId, MemberId), &Vec<usize>)| {
            let other = if pair.0 == me { pair.1 } else { pair.0 };
            places.last().map(|place| (other, &self.messages[*place]))
        };
        let mine = self.threads.iter().filter(|((a, b), _)| *a == me || *b == me);
        let mut found: Vec<_> = mine.filter_map(latest).collect();
        found.sort_by_key(|(_, message)| std::cmp::Reverse(message.id));
        found
    }

    pub(crate) fn message(&self, id: u64) -> Option<&Message> {
        self.messages.get(usize::try_from(id).ok()?.checked_sub(1)?)
    }

    pub(crate) fn container(&self, id: u64) -> Option<&Container> {
        self.containers.get(&id)
    }

    /// Makes a publishing container, which nobody sees until it is published.
    pub(crate) fn add_container(&mut self, owner: MemberId, caption: String) -> u64 {
        let id = self.next_container;
        self.next_container += 1;
        self.containers.insert(id, Container { owner, caption, post: None });
        if self.containers.len() > CONTAINERS_MAX {
            self.containers.pop_first();
        }
        id
    }

    /// Signs a member in and answers the new session's token, which is not guessable from outside.
    pub(crate) fn sign_in(&mut self, member: MemberId, now: Timestamp) -> String {
        self.session_count += 1;
        let seed = format!("{}:{}:{member}", self.session_count, now.as_nanosecond());
        let token = hex(&Sha256::digest(seed.as_bytes())[..]);
        self.sessions.insert(token.clone(), member);
        self.session_order.push_back(token.clone());
        if self.session_order.len() > SESSIONS_MAX
            && let Some(oldest) = self.session_order.pop_front()
        {
            self.sessions.remove(&oldest);
        }
        token
    }

    pub(crate) fn session(&self, token: &str) -> Option<MemberId> {
        self.sessions.get(token).copied()
    }

    pub(crate) fn sign_out(&mut self, token: &str) {
        self.sessions.remove(token);
    }

    /// How much there is of each thing, for `GET /state`.
    pub(crate) fn counts(&self) -> serde_json::Value {
        serde_json::json!({
            "members": self.members.len(),
            "posts": self.posts.len(),
            "comments": self.comments.len(),
            "follows": self.follows.len(),
            "messages": self.messages.len(),
            "stories": self.members.iter().map(|m| m.stories.len()).sum::<usize>(),
            "sessions": self.sessions.len(),
            "ledger": self.ledger.len(),
            "faults": self.faults.list().len(),
        })
    }
}

/// Lower-case hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut out, byte| {
        let _ = write!(out, "{byte:02x}");
        out
    })
}
