//! The two public streams: `walkon:intake`, on which anybody may ask for work, and
//! `walkon:events`, on which everybody may follow what becomes of it.
//!
//! They are outside the shard's tag on purpose: their names are the interface.

use std::time::Duration;

use redis::streams::{StreamAutoClaimReply, StreamId, StreamRangeReply, StreamReadReply};
use walkon_core::event::Event;

use super::{Error, Queue, scripts};

/// The group by which coordinators share the intake.
const GROUP: &str = "coordinators";
/// The field that holds an action.
const FIELD: &str = "action";
/// After how long an entry that was read and never acknowledged is read by somebody else.
const STALE: Duration = Duration::from_secs(5);

/// One entry of the intake.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its `XADD` id.
    pub id: String,
    /// The action's JSON; empty where the entry has no field `action`.
    pub json: Vec<u8>,
}

/// A reader of the intake.
pub struct Intake {
    queue: Queue,
    ready: bool,
}

fn entry(read: &StreamId) -> Entry {
    Entry { id: read.id.clone(), json: read.get(FIELD).unwrap_or_default() }
}

impl Queue {
    /// A reader of `walkon:intake`.
    pub fn intake(&self) -> Intake {
        Intake { queue: self.clone(), ready: false }
    }

    /// The name of a public stream; tests of one server have each their own.
    pub(super) fn public(&self, name: &str) -> String {
        format!("{}{name}", self.inner.options.public)
    }

    /// Takes an entry off the intake and tells of it by `event`, in one step: an action that is
    /// refused has no lane, so its one event is all there is of it. False: that was done before.
    pub async fn refuse(&self, id: &str, event: &Event) -> Result<bool, Error> {
        let mut args = vec![self.public("intake"), GROUP.to_owned(), id.to_owned()];
        let set_by_the_script = ["v", "type", "at"];
        for (name, value) in fields(event) {
            if !set_by_the_script.contains(&name.as_str()) {
                args.extend([name, value]);
            }
        }
        let reply = self.run(&scripts::REFUSE, &args).await?;
        Ok(scripts::int(&reply, 0)? == 1)
    }

    /// Writes an event that no script makes.
    pub(super) async fn tell(&self, event: &Event) -> Result<(), Error> {
        let mut add = redis::cmd("XADD");
        add.arg(self.key("ev")).arg("*");
        for (name, value) in fields(event) {
            // Inside the shard an instant is a number of milliseconds, as the scripts write it.
            let at = event.at.as_millisecond().to_string();
            add.arg(&name).arg(if name == "at" { at } else { value });
        }
        self.ask::<String>(&add).await.map(drop)
    }

    /// Copies an event to the public stream, under its own id where that is still free to use; the
    /// same copied again changes nothing.
    pub async fn publish(&self, id: &str, event: &Event) -> Result<(), Error> {
        let stream = self.public("events");
        let add = |id: &str| {
            let mut add = redis::cmd("XADD");
            add.arg(&stream).arg("MAXLEN").arg("~").arg(self.inner.options.events_kept).arg(id);
            for (name, value) in fields(event) {
                add.arg(name).arg(value);
            }
            add
        };
        match self.ask::<String>(&add(id)).await {
            // A later one is there already: another clerk was quicker, or this is a second copy.
            Err(Error::Answer(why)) if why.contains("equal or smaller") => {}
            other => return other.map(drop),
        }
        let mut look = redis::cmd("XRANGE");
        look.arg(&stream).arg(id).arg(id);
        let there: StreamRangeReply = self.ask(&look).await?;
        if there.ids.is_empty() {
            self.ask::<String>(&add("*")).await?;
        }
        Ok(())
    }

    /// Public events after an id (`0`: from the first), at most so many.
    pub async fn published(&self, after: &str, most: usize) -> Result<Vec<(String, Event)>, Error> {
        let mut range = redis::cmd("XRANGE");
        range.arg(self.public("events")).arg(format!("({after}")).arg("+");
        range.arg("COUNT").arg(most);
        let read: StreamRangeReply = self.ask(&range).await?;
        Ok(read.ids.into_iter().map(decode).collect())
    }

    /// The newest public events, the newest first.
    pub async fn latest(&self, most: usize) -> Result<Vec<(String, Event)>, Error> {
        let mut range = redis::cmd("XREVRANGE");
        range.arg(self.public("events")).arg("+").arg("-").arg("COUNT").arg(most);
        let read: StreamRangeReply = self.ask(&range).await?;
        Ok(read.ids.into_iter().map(decode).collect())
    }

    /// Asks for an action as any client would.
    pub async fn post(&self, json: &str) -> Result<String, Error> {
        let mut add = redis::cmd("XADD");
        add.arg(self.public("intake")).arg("*").arg(FIELD).arg(json);
        self.ask(&add).await
    }
}

fn decode(entry: StreamId) -> (String, Event) {
    let at = entry.get::<String>("at").and_then(|at| at.parse().ok());
    let event = Event { at: at.unwrap_or_default(), ..super::events::named(&entry) };
    (entry.id, event)
}

/// An event's fields as texts.
fn fields(event: &Event) -> Vec<(String, String)> {
    let value = serde_json::to_value(event).expect("an event is plain data");
    let serde_json::Value::Object(fields) = value else { return Vec::new() };
    let text = |value: serde_json::Value| match value {
        serde_json::Value::String(text) => text,
        other => other.to_string(),
    };
    fields.into_iter().map(|(name, value)| (name, text(value))).collect()
}

impl Intake {
    /// The next entries, at most so many; none after `wait`. What another reader left
    /// unacknowledged comes first.
    ///
    /// # Cancel safety
    ///
    /// What was read and lost is read again by somebody after a few seconds.
    pub async fn read(&mut self, most: usize, wait: Duration) -> Result<Vec<Entry>, Error> {
        let stream = self.queue.public("intake");
        if !self.ready {
            let mut make = redis::cmd("XGROUP");
            make.arg("CREATE").arg(&stream).arg(GROUP).arg("0").arg("MKSTREAM");
            match self.queue.ask::<String>(&make).await {
                Err(Error::Answer(why)) if why.contains("BUSYGROUP") => {}
                other => drop(other?),
            }
            self.ready = true;
        }
        let mut claim = redis::cmd("XAUTOCLAIM");
        claim.arg(&stream).arg(GROUP).arg("one").arg(STALE.as_millis() as u64).arg("0-0");
        claim.arg("COUNT").arg(most);
        let left: StreamAutoClaimReply = match self.queue.ask(&claim).await {
            Err(Error::Answer(why)) if why.contains("NOGROUP") => {
                // Redis was emptied: the next read makes the group anew.
                self.ready = false;
                return Ok(Vec::new());
            }
            other => other?,
        };
        if !left.claimed.is_empty() {
            return Ok(left.claimed.iter().map(entry).collect());
        }
        let mut read = redis::cmd("XREADGROUP");
        read.arg("GROUP").arg(GROUP).arg("one").arg("COUNT").arg(most);
        read.arg("BLOCK").arg(wait.as_millis() as u64).arg("STREAMS").arg(&stream).arg(">");
        let mut connection = self.queue.inner.patient().await?;
        let limit = wait + super::ANSWER_MAX;
        let read = tokio::time::timeout(
            limit,
            read.query_async::<Option<StreamReadReply>>(&mut connection),
        );
        let read = read.await.map_err(|_| Error::Answer("intake".to_owned()))??;
        let streams = read.map(|read| read.keys).unwrap_or_default();
        Ok(streams.iter().flat_map(|stream| &stream.ids).map(entry).collect())
    }

    /// Says that an entry is taken care of, and removes it.
    pub async fn ack(&self, id: &str) -> Result<(), Error> {
        let stream = self.queue.public("intake");
        let mut ack = redis::cmd("XACK");
        ack.arg(&stream).arg(GROUP).arg(id);
        self.queue.ask::<i64>(&ack).await?;
        let mut delete = redis::cmd("XDEL");
        delete.arg(&stream).arg(id);
        self.queue.ask::<i64>(&delete).await.map(drop)
    }
}
