//! Events and the two public streams, over all shards.

use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::future::{BoxFuture, join_all, try_join_all};
use futures_util::stream::FuturesUnordered;
use walkon_core::event::Event;

use super::super::{Delivered, Error, Intake, Shard, events};
use super::Queue;

/// What stands between a shard's number and an event's place in it.
const MARK: char = '/';

/// A shard's reader and what it has read.
type Read = (usize, events::Events, Result<Vec<Delivered>, Error>);

/// One consumer of a group, which reads all shards, each on a connection of its own. Of one shard
/// events come in their order.
pub struct Events {
    /// Readers that read nothing at the moment.
    idle: Vec<(usize, events::Events)>,
    /// Reads under way: dropped, what they were given would come late.
    reading: FuturesUnordered<BoxFuture<'static, Read>>,
    shards: Vec<Shard>,
    group: String,
    consumer: String,
}

impl Queue {
    /// A consumer of the group, which is made where there is none and starts at the first event.
    pub async fn events(&self, group: &str, consumer: &str) -> Result<Events, Error> {
        let readers = self.shards().iter().map(|shard| shard.events(group, consumer));
        Ok(Events {
            idle: try_join_all(readers).await?.into_iter().enumerate().collect(),
            reading: FuturesUnordered::new(),
            shards: self.shards().to_vec(),
            group: group.to_owned(),
            consumer: consumer.to_owned(),
        })
    }

    /// Takes out of the streams what every group has acknowledged; returns how many left.
    pub async fn trim_events(&self) -> Result<u64, Error> {
        let each = try_join_all(self.shards().iter().map(Shard::trim_events)).await?;
        Ok(each.into_iter().sum())
    }

    /// Takes those out of the list of all actions that are not kept any more; returns how many.
    pub async fn sweep(&self) -> Result<u64, Error> {
        Ok(try_join_all(self.shards().iter().map(Shard::sweep)).await?.into_iter().sum())
    }

    /// A reader of `walkon:intake`.
    pub fn intake(&self) -> Intake {
        self.home().intake()
    }

    /// Takes an entry off the intake and tells of it by `event`, in one step: an action that is
    /// refused has no lane, so its one event is all there is of it. False: that was done before.
    pub async fn refuse(&self, id: &str, event: &Event) -> Result<bool, Error> {
        self.home().refuse(id, event).await
    }

    /// Copies an event to the public stream; the same copied again changes nothing. With one shard
    /// it has its own id there, where that is still free to use.
    pub async fn publish(&self, id: &str, event: &Event) -> Result<(), Error> {
        match self.only() {
            Some(_) => self.inner.board.publish(id, event).await,
            None => self.inner.board.publish_once(id, event).await,
        }
    }

    /// Public events after an id (`0`: from the first), at most so many.
    pub async fn published(&self, after: &str, most: usize) -> Result<Vec<(String, Event)>, Error> {
        self.inner.board.published(after, most).await
    }

    /// The newest public events, the newest first.
    pub async fn latest(&self, most: usize) -> Result<Vec<(String, Event)>, Error> {
        self.inner.board.latest(most).await
    }

    /// Asks for an action as any client would.
    pub async fn post(&self, json: &str) -> Result<String, Error> {
        self.home().post(json).await
    }

    /// Which of these actions Redis does not know (any more).
    pub async fn unknown_of<'a>(&self, actions: &[&'a str]) -> Result<Vec<&'a str>, Error> {
        let mut unknown = actions.to_vec();
        for shard in self.shards() {
            unknown = shard.unknown_of(&unknown).await?;
        }
        Ok(unknown)
    }
}

/// With several shards an event's place says in which it is.
fn placed(shard: usize, read: Vec<Delivered>) -> impl Iterator<Item = Delivered> {
    read.into_iter().map(move |one| Delivered { id: format!("{shard}{MARK}{}", one.id), ..one })
}

impl Events {
    /// The next events nobody of the group has had, at most `most`; waits up to `wait` for one.
    ///
    /// # Cancel safety
    ///
    /// With one shard: dropped, what was delivered and not seen is had by [`Events::reclaim`]
    /// later. With several nothing is missed.
    pub async fn read(&mut self, most: usize, wait: Duration) -> Result<Vec<Delivered>, Error> {
        if let ([(_, only)], [_]) = (&mut self.idle[..], &self.shards[..]) {
            return only.read(most, wait).await;
        }
        let until = tokio::time::Instant::now() + wait;
        loop {
            for (shard, mut events) in self.idle.drain(..) {
                self.reading.push(Box::pin(async move {
                    let read = events.read(most, wait).await;
                    (shard, events, read)
                }));
            }
            let next = tokio::time::timeout_at(until, self.reading.next()).await;
            let Ok(Some((shard, events, read))) = next else { return Ok(Vec::new()) };
            self.idle.push((shard, events));
            let read = read?;
            if !read.is_empty() {
                return Ok(placed(shard, read).collect());
            }
        }
    }

    /// Events that a consumer had and did not acknowledge within `idle`, its own included.
    pub async fn reclaim(&mut self, most: usize, idle: Duration) -> Result<Vec<Delivered>, Error> {
        let asked = self
            .shards
            .iter()
            .map(|shard| events::reclaim(shard, &self.group, &self.consumer, most, idle));
        let each = try_join_all(asked).await?;
        if let [_] = self.shards[..] {
            return Ok(each.concat());
        }
        Ok(each.into_iter().enumerate().flat_map(|(shard, read)| placed(shard, read)).collect())
    }

    /// Says that these events are dealt with for good.
    pub async fn ack(&mut self, ids: &[String]) -> Result<(), Error> {
        let mut parts = vec![Vec::new(); self.shards.len()];
        for id in ids {
            let (shard, id) = id.split_once(MARK).unwrap_or(("0", id));
            let shard = shard.parse::<usize>().ok().and_then(|at| parts.get_mut(at));
            let wrong = || Error::Answer(format!("`{id}` is no event's place"));
            shard.ok_or_else(wrong)?.push(id.to_owned());
        }
        let asked = self.shards.iter().zip(&parts);
        let acks = asked.map(|(shard, ids)| events::ack(shard, &self.group, ids));
        join_all(acks).await.into_iter().collect()
    }
}
