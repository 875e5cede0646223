//! Reading the stream of events: every change of state, written by the script that made it.
//!
//! Delivery is at least once: an event is seen again until it was acknowledged, also by another
//! consumer of the group. Entries leave the stream only after every group has acknowledged them.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::streams::{StreamAutoClaimReply, StreamId, StreamReadReply};
use walkon_core::clock::from_ms;
use walkon_core::event::{EVENT_VERSION, Event};

use super::{Error, Shard, packed};

/// An event with its place in the stream, by which it is acknowledged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivered {
    /// Its place.
    pub id: String,
    /// What changed.
    pub event: Event,
}

/// One consumer of a group in one shard, on a connection of its own.
#[derive(Debug)]
pub struct Events {
    shard: Shard,
    group: String,
    consumer: String,
    connection: Option<MultiplexedConnection>,
}

/// An event that stands under its fields' own names, as in the public stream.
pub(super) fn named(entry: &StreamId) -> Event {
    let get = |name: &str| entry.get::<String>(name);
    Event {
        v: get("v").and_then(|v| v.parse().ok()).unwrap_or(EVENT_VERSION),
        kind_of_change: get("type").unwrap_or_default(),
        at: from_ms(get("at").and_then(|at| at.parse().ok()).unwrap_or_default()),
        action: get("action"),
        account: get("account"),
        attempt: get("attempt").and_then(|attempt| attempt.parse().ok()),
        outcome: get("outcome"),
        kind: get("kind"),
        target: get("target"),
        text_hash: get("text_hash"),
        effect: get("effect"),
        class: get("class"),
        duty: get("duty"),
        worker: get("worker"),
        result: get("result"),
        code: get("code"),
        why: get("why"),
        by: get("by"),
        site: get("site"),
        intake: get("intake"),
        pool: get("pool"),
        mission: get("mission"),
    }
}

/// The events of one entry: those of a script's call, or one under its own names.
pub(super) fn of(entry: &StreamId) -> Vec<Event> {
    let events = packed::events(entry);
    if events.is_empty() { vec![named(entry)] } else { events }
}

fn delivered(entries: &[StreamId]) -> Vec<Delivered> {
    let events = |entry: &StreamId| of(entry).into_iter().enumerate().collect::<Vec<_>>();
    let all = entries.iter().flat_map(|entry| {
        let id = |nth| packed::place_of(&entry.id, nth);
        events(entry).into_iter().map(move |(nth, event)| Delivered { id: id(nth), event })
    });
    all.collect()
}

/// `ms-n` as two numbers, so that places can be compared.
fn place(id: &str) -> (u64, u64) {
    let (ms, n) = id.split_once('-').unwrap_or((id, "0"));
    (ms.parse().unwrap_or_default(), n.parse().unwrap_or_default())
}

impl Shard {
    /// A consumer of the group, which is made where there is none and starts at the first event.
    pub async fn events(&self, group: &str, consumer: &str) -> Result<Events, Error> {
        let mut make = redis::cmd("XGROUP");
        make.arg("CREATE").arg(self.key("ev")).arg(group).arg("0").arg("MKSTREAM");
        match self.ask::<String>(&make).await {
            Err(Error::Answer(text)) if text.contains("BUSYGROUP") => {}
            other => drop(other?),
        }
        Ok(Events {
            shard: self.clone(),
            group: group.to_owned(),
            consumer: consumer.to_owned(),
            connection: None,
        })
    }

    /// Takes out of the stream what every group has acknowledged; returns how many left.
    pub async fn trim_events(&self) -> Result<u64, Error> {
        let Some((ms, n)) = self.first_unheard().await? else { return Ok(0) };
        let mut trim = redis::cmd("XTRIM");
        trim.arg(self.key("ev")).arg("MINID").arg(format!("{ms}-{n}"));
        self.ask(&trim).await
    }

    /// Whether every group has acknowledged all events up to a place.
    pub async fn is_heard(&self, up_to: &str) -> Result<bool, Error> {
        Ok(self.first_unheard().await?.is_none_or(|first| first > place(up_to)))
    }

    /// The place from which on some group has not acknowledged everything; `None`: there is none.
    async fn first_unheard(&self) -> Result<Option<(u64, u64)>, Error> {
        let key = self.key("ev");
        let groups: Vec<BTreeMap<String, redis::Value>> =
            match self.ask(redis::cmd("XINFO").arg("GROUPS").arg(&key)).await {
                Err(Error::Answer(text)) if text.contains("no such key") => return Ok(None),
                other => other?,
            };
        let mut keep: Option<(u64, u64)> = None;
        for group in groups {
            let text = |name: &str| {
                let value = group.get(name).cloned()?;
                redis::from_redis_value::<String>(value).ok()
            };
            let (name, seen) = (text("name").unwrap_or_default(), text("last-delivered-id"));
            let mut waiting = redis::cmd("XPENDING");
            waiting.arg(&key).arg(&name).arg("-").arg("+").arg(1);
            let oldest: Vec<(String, String, i64, i64)> = self.ask(&waiting).await?;
            // The oldest that is not acknowledged stays; else all up to the last one goes.
            let keep_from = if let Some((id, ..)) = oldest.first() {
                place(id)
            } else {
                let (ms, seen) = place(&seen.unwrap_or_default());
                (ms, seen + 1)
            };
            keep = Some(keep.map_or(keep_from, |keep| keep.min(keep_from)));
        }
        Ok(keep)
    }
}

impl Events {
    async fn connection(&mut self) -> Result<MultiplexedConnection, Error> {
        if let Some(connection) = &self.connection {
            Ok(connection.clone())
        } else {
            let fresh = self.shard.inner.patient().await?;
            self.connection = Some(fresh.clone());
            Ok(fresh)
        }
    }

    /// The next events nobody of the group has had, those of `most` calls at most; waits up to
    /// `wait` for one.
    ///
    /// # Cancel safety
    ///
    /// Dropped, what was delivered and not seen is had by [`Events::reclaim`] later.
    pub async fn read(&mut self, most: usize, wait: Duration) -> Result<Vec<Delivered>, Error> {
        let mut read = redis::cmd("XREADGROUP");
        read.arg("GROUP").arg(&self.group).arg(&self.consumer).arg("COUNT").arg(most);
        read.arg("BLOCK").arg(wait.as_millis().max(1) as u64);
        read.arg("STREAMS").arg(self.shard.key("ev")).arg(">");
        let mut connection = self.connection().await?;
        let answer = read.query_async::<Option<StreamReadReply>>(&mut connection);
        let limit = wait + super::ANSWER_MAX;
        let reply = match tokio::time::timeout(limit, answer).await {
            Ok(Ok(reply)) => reply,
            Ok(Err(error)) => {
                self.connection = None;
                return Err(error.into());
            }
            Err(_) => {
                self.connection = None;
                None
            }
        };
        let streams = reply.map(|reply| reply.keys).unwrap_or_default();
        Ok(streams.into_iter().flat_map(|stream| delivered(&stream.ids)).collect())
    }
}

/// Events that a consumer had and did not acknowledge within `idle`, its own included.
pub(super) async fn reclaim(
    shard: &Shard,
    group: &str,
    consumer: &str,
    most: usize,
    idle: Duration,
) -> Result<Vec<Delivered>, Error> {
    let mut claim = redis::cmd("XAUTOCLAIM");
    claim.arg(shard.key("ev")).arg(group).arg(consumer);
    claim.arg(idle.as_millis() as u64).arg("0-0").arg("COUNT").arg(most);
    let reply: StreamAutoClaimReply = shard.ask(&claim).await?;
    Ok(delivered(&reply.claimed))
}

/// Says that these events are dealt with for good, and with each of them all that the same call
/// told of: they are delivered together.
pub(super) async fn ack(shard: &Shard, group: &str, ids: &[String]) -> Result<(), Error> {
    if ids.is_empty() {
        return Ok(());
    }
    let entries: BTreeSet<_> = ids.iter().map(|id| packed::entry_of(id)).collect();
    let mut ack = redis::cmd("XACK");
    ack.arg(shard.key("ev")).arg(group).arg(&entries);
    shard.ask::<u64>(&ack).await.map(drop)
}

#[cfg(test)]
mod tests {
    use super::place;

    #[test]
    fn places_in_the_stream_compare_as_numbers() {
        assert!(place("99-0") < place("100-0"));
        assert!(place("100-9") < place("100-10"));
    }
}
