//! The content of a fresh Plaza: the same members, posts, comments, follows, stories and messages
//! for the same seed. Only the times differ: they are counted back from the moment of founding.

mod people;
mod words;

use jiff::{SignedDuration, Timestamp};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::art::SCENES;
use crate::world::World;
use crate::world::content::{Member, MemberId, PostId, Story};

/// The first members of the list, who begin with no like, save, comment or follow of their own.
pub(crate) const UNTOUCHED: usize = 10;
/// How many posts there are at first.
const POSTS: u64 = 240;
/// How many members have a story.
const STORYTELLERS: usize = 22;

/// Makes the world of `seed` as founded at `founded`.
pub(crate) fn world(seed: u64, founded: Timestamp) -> World {
    let mut planter = Planter { rng: ChaCha8Rng::seed_from_u64(seed), founded };
    let members = planter.members();
    let mut world = World::new(members);
    planter.posts(&mut world);
    planter.follows(&mut world);
    planter.messages(&mut world);
    world
}

struct Planter {
    rng: ChaCha8Rng,
    founded: Timestamp,
}

impl Planter {
    fn pick<'a>(&mut self, from: &[&'a str]) -> &'a str {
        from[self.rng.random_range(0..from.len())]
    }

    fn ago(&self, minutes: i64) -> Timestamp {
        self.founded - SignedDuration::from_mins(minutes)
    }

    fn members(&mut self) -> Vec<Member> {
        let mut members: Vec<Member> = people::all()
            .enumerate()
            .map(|(id, (username, name))| Member {
                id,
                username: username.to_owned(),
                name: name.to_owned(),
                bio: self.bio(id),
                stories: Vec::new(),
            })
            .collect();
        let step = members.len() / STORYTELLERS;
        for place in (0..STORYTELLERS).map(|n| n * step + n % step) {
            members[place].stories = self.stories();
        }
        members
    }

    fn bio(&mut self, id: MemberId) -> String {
        let trade = people::TRADES[id % people::TRADES.len()];
        let place = people::PLACES[(id * 7) % people::PLACES.len()];
        match self.rng.random_range(0..3) {
            0 => format!("{trade} in {place}."),
            1 => format!("{trade}, {place}. {}", self.pick(people::TAILS)),
            _ => format!("{place}. {}", self.pick(people::TAILS)),
        }
    }

    fn stories(&mut self) -> Vec<Story> {
        let frames = self.rng.random_range(2..=5);
        let mut minutes: i64 = self.rng.random_range(60..900);
        let mut told = Vec::new();
        for _ in 0..frames {
            told.push(Story { text: self.pick(words::STORIES).to_owned(), at: self.ago(minutes) });
            minutes -= self.rng.random_range(1..=minutes / 6 + 1);
        }
        told
    }

    fn posts(&mut self, world: &mut World) {
        let people = world.members.len();
        let mut minutes: i64 = 60 * 24 * 41;
        for post in 1..=POSTS {
            let author = (post as usize * 31 + self.rng.random_range(0..people)) % people;
            let scene = self.rng.random_range(0..SCENES);
            let caption = self.caption(scene);
            world.add_post(author, caption, scene, self.ago(minutes));
            self.reactions(world, post, author, minutes);
            let left = (POSTS - post) as i64;
            let mean = if left == 0 { 1 } else { (minutes - 12) / left };
            minutes = (minutes - self.rng.random_range(mean / 2..=mean + mean / 2)).max(12);
        }
    }

    /// One to four sentences that go with the picture, and sometimes a tag or two.
    fn caption(&mut self, scene: usize) -> String {
        let mut text = self.pick(words::CAPTIONS[scene]).to_owned();
        for _ in 0..[0, 0, 0, 1, 1, 2, 4][self.rng.random_range(0..7)] {
            let next = self.pick(words::ASIDES);
            if !text.contains(next) {
                text.push(' ');
                text.push_str(next);
            }
        }
        if self.rng.random_range(0..4) == 0 {
            text.push_str("\n\n");
            text.push_str(words::TAGS[scene]);
        }
        text
    }

    fn reactions(&mut self, world: &mut World, post: PostId, author: MemberId, age: i64) {
        let people = world.members.len();
        let likes = self.rng.random_range(8..=people - UNTOUCHED) / self.rng.random_range(1..=4);
        for _ in 0..likes {
            world.add_like(self.other(people), post);
        }
        let mut minutes = age;
        for _ in 0..[0, 0, 1, 1, 2, 2, 3, 4, 6, 9][self.rng.random_range(0..10)] {
            minutes = (minutes - self.rng.random_range(1..240)).max(1);
            let by = self.other(people);
            let text = self.pick(words::COMMENTS).to_owned();
            let id = world.add_comment(by, post, None, &text, self.ago(minutes));
            if author >= UNTOUCHED && author != by && self.rng.random_range(0..4) == 0 {
                let reply = self.pick(words::REPLIES).to_owned();
                let at = self.ago((minutes - 20).max(1));
                world.add_comment(author, post, Some(id), &reply, at);
            }
        }
    }

    fn follows(&mut self, world: &mut World) {
        let people = world.members.len();
        for who in UNTOUCHED..people {
            for _ in 0..self.rng.random_range(8..24) {
                let whom = self.rng.random_range(0..people);
                if whom != who {
                    world.add_follow(who, whom);
                }
            }
        }
    }

    fn messages(&mut self, world: &mut World) {
        let people = world.members.len();
        let mut letters = Vec::new();
        for me in 0..UNTOUCHED {
            for _ in 0..3 {
                let other = self.other(people);
                let mut minutes: i64 = self.rng.random_range(300..9_000);
                for _ in 0..self.rng.random_range(1..=3) {
                    letters.push((self.ago(minutes), other, me, self.pick(words::MESSAGES)));
                    minutes -= self.rng.random_range(1..60);
                }
            }
        }
        letters.sort_by_key(|(at, ..)| *at);
        for (at, from, to, text) in letters {
            world.add_message(from, to, text, at);
        }
    }

    /// A member who is not one of the untouched.
    fn other(&mut self, people: usize) -> MemberId {
        self.rng.random_range(UNTOUCHED..people)
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::{UNTOUCHED, world};

    #[test]
    fn the_same_seed_plants_the_same_world() {
        let (a, b) = (world(7, Timestamp::UNIX_EPOCH), world(7, Timestamp::UNIX_EPOCH));
        assert_eq!(format!("{:?}", a.counts()), format!("{:?}", b.counts()));
        assert_eq!(a.post(100).unwrap().caption, b.post(100).unwrap().caption);
    }

    #[test]
    fn there_is_enough_to_look_at() {
        let world = world(1, Timestamp::UNIX_EPOCH);
        assert!(world.members.len() >= 60);
        assert!(world.newest_posts().count() >= 200);
        assert!(world.members.iter().filter(|m| !m.stories.is_empty()).count() >= 20);
        let mut names: Vec<_> = world.members.iter().map(|m| &m.username).collect();
        names.sort();
        names.dedup();
        assert_eq!(names.len(), world.members.len(), "every username is somebody's alone");
    }

    #[test]
    fn the_first_ten_have_done_nothing_yet() {
        let world = world(1, Timestamp::UNIX_EPOCH);
        for me in 0..UNTOUCHED {
            assert_eq!(world.following(me), 0);
            assert!(world.newest_posts().all(|p| !p.likes.contains(&me)));
            assert!(world.newest_posts().all(|p| !world.is_saved(me, p.id)));
        }
    }

    #[test]
    fn posts_are_in_the_order_of_their_times() {
        let world = world(3, Timestamp::UNIX_EPOCH);
        let times: Vec<_> = world.newest_posts().map(|p| p.at).collect();
        assert!(times.is_sorted_by(|newer, older| newer >= older));
    }
}
