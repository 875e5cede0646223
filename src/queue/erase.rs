//! What an erased account leaves in Redis, taken out: its actions, and the events that tell of it.
//!
//! The server's log still holds what was written once; [`Queue::rewrite_log`] has it written anew.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use redis::streams::StreamRangeReply;
use walkon_core::id::AccountId;

use super::{Error, Queue, scripts};

/// Actions, and events, looked at in one go.
const AT_ONCE: usize = 500;
/// How long a log may take to be written anew, and how often it is asked.
const REWRITE_MAX: Duration = Duration::from_secs(30);
const LOOK: Duration = Duration::from_millis(50);

impl Queue {
    /// Takes out every action of an account that has left; returns how many.
    pub async fn erase_actions(&self, id: &AccountId) -> Result<u64, Error> {
        let mut ids = BTreeSet::new();
        for list in ["jobs", "dlq", "parked"] {
            let mut range = redis::cmd("ZRANGE");
            range.arg(self.key(list)).arg(0).arg(-1);
            ids.extend(self.ask::<Vec<String>>(&range).await?);
        }
        let (ids, mut erased): (Vec<_>, _) = (ids.into_iter().collect(), 0);
        for some in ids.chunks(AT_ONCE) {
            let args: Vec<_> = [id.to_string()].into_iter().chain(some.iter().cloned()).collect();
            loop {
                let reply = self.run(&scripts::ERASE, &args).await?;
                erased += scripts::int(&reply, 0)?.unsigned_abs();
                if scripts::int(&reply, 1)? == 0 {
                    break;
                }
            }
        }
        Ok(erased)
    }

    /// The place of the last event; `0-0`: there is none.
    pub async fn last_event(&self) -> Result<String, Error> {
        let mut range = redis::cmd("XREVRANGE");
        range.arg(self.key("ev")).arg("+").arg("-").arg("COUNT").arg(1);
        let last: StreamRangeReply = self.ask(&range).await?;
        Ok(last.ids.into_iter().next().map_or_else(|| "0-0".to_owned(), |last| last.id))
    }

    /// Takes out every event of an account, of the shard's stream and of the public one; returns
    /// how many of the latter.
    pub async fn erase_events(&self, id: &AccountId) -> Result<u64, Error> {
        self.erase_from(&self.key("ev"), id).await?;
        self.erase_from(&self.public("events"), id).await
    }

    async fn erase_from(&self, stream: &str, id: &AccountId) -> Result<u64, Error> {
        let (mut from, mut erased) = ("-".to_owned(), 0);
        loop {
            let mut range = redis::cmd("XRANGE");
            range.arg(stream).arg(&from).arg("+").arg("COUNT").arg(AT_ONCE);
            let page: StreamRangeReply = self.ask(&range).await?;
            let own = |account: Option<String>| account.is_some_and(|name| name == id.as_str());
            let these = page.ids.iter().filter(|entry| own(entry.get("account")));
            let these: Vec<_> = these.map(|entry| entry.id.clone()).collect();
            if !these.is_empty() {
                erased += self.ask::<u64>(redis::cmd("XDEL").arg(stream).arg(&these)).await?;
            }
            match page.ids.last() {
                Some(last) if page.ids.len() == AT_ONCE => from = format!("({}", last.id),
                _ => return Ok(erased),
            }
        }
    }

    /// Has the server write its log anew, without what was taken out; `false`: it may not be asked
    /// to, or it takes longer than we wait.
    pub async fn rewrite_log(&self) -> Result<bool, Error> {
        match self.ask::<String>(&redis::cmd("BGREWRITEAOF")).await {
            // One is under way: what we took out may be in it, so another one follows.
            Err(Error::Answer(why)) if why.contains("in progress") => {}
            Err(Error::Answer(_)) => return Ok(false),
            other => drop(other?),
        }
        let done = async {
            loop {
                let mut info = redis::cmd("INFO");
                let text: String = self.ask(info.arg("persistence")).await?;
                let facts: BTreeMap<_, _> =
                    text.lines().filter_map(|line| line.trim().split_once(':')).collect();
                let waits = ["aof_rewrite_in_progress", "aof_rewrite_scheduled"];
                if waits.iter().all(|name| facts.get(name) != Some(&"1")) {
                    return Ok::<_, Error>(facts.get("aof_last_bgrewrite_status") == Some(&"ok"));
                }
                tokio::time::sleep(LOOK).await;
            }
        };
        tokio::time::timeout(REWRITE_MAX, done).await.unwrap_or(Ok(false))
    }
}
