//! Pools and their missions, as a forecast copies them.
//!
//! What is known of their members' limits is not copied: it is found out anew.

use std::collections::BTreeMap;

use super::super::peek::Fields;
use super::super::{Error, Shard};
use super::copy::hash;

/// A command, what its key ends with, and its words.
type Command = (&'static str, String, Vec<String>);

/// All pools and the posts at which their work waits.
#[derive(Debug, Default)]
pub(super) struct Crews {
    pub(super) posts: Vec<String>,
    pools: BTreeMap<String, Fields>,
    /// The members' turns, by pool.
    turns: BTreeMap<String, Fields>,
    /// What of a mission is with an account, by post.
    under_way: BTreeMap<String, Vec<String>>,
}

impl Crews {
    pub(super) async fn read(shard: &Shard) -> Result<Self, Error> {
        let set = async |rest: &str| -> Result<Vec<String>, Error> {
            shard.ask(redis::cmd("SMEMBERS").arg(shard.key(rest))).await
        };
        let mut crews = Self { posts: set("posts").await?, ..Self::default() };
        crews.posts.sort();
        for post in &crews.posts {
            let members = set(&format!("un:{post}")).await?;
            crews.under_way.insert(post.clone(), members);
            let Some(name) = post.strip_prefix('@').filter(|name| !name.contains('/')) else {
                continue;
            };
            let mut pool = shard.peek_one(&format!("pool:{name}")).await?;
            pool.retain(|field, _| field != "os" && !field.starts_with("o:"));
            crews.pools.insert(name.to_owned(), pool);
            let turns = hash(shard, &format!("pt:{name}")).await?;
            crews.turns.insert(name.to_owned(), turns);
        }
        Ok(crews)
    }

    /// The pools by what their keys end with.
    pub(super) fn pools(&self) -> impl Iterator<Item = (String, Fields)> {
        let all = self.pools.iter().filter(|(_, fields)| !fields.is_empty());
        all.map(|(name, fields)| (format!("pool:{name}"), fields.clone()))
    }

    /// What writes the rest of them beside the accounts in `things`.
    pub(super) fn commands(&self, things: &BTreeMap<String, Fields>) -> Vec<Command> {
        let flat = |fields: &Fields| -> Vec<String> {
            fields.iter().flat_map(|(name, value)| [name.clone(), value.clone()]).collect()
        };
        let turns = self.turns.iter().filter(|(_, fields)| !fields.is_empty());
        let mut commands: Vec<Command> =
            turns.map(|(name, fields)| ("HSET", format!("pt:{name}"), flat(fields))).collect();
        for (post, members) in self.under_way.iter().filter(|(_, members)| !members.is_empty()) {
            commands.push(("SADD", format!("un:{post}"), members.clone()));
        }
        if !self.posts.is_empty() {
            commands.push(("SADD", "posts".to_owned(), self.posts.clone()));
        }
        for (key, fields) in things {
            let Some(id) = key.strip_prefix("a:") else { continue };
            for pool in fields.get("ps").map_or("", String::as_str).split_whitespace() {
                let member = vec!["0".to_owned(), id.to_owned()];
                commands.push(("ZADD", format!("pa:{pool}"), member));
            }
        }
        commands
    }
}
