//! The relaxed profile: Redis writes its log to disk once a second, and what must not be forgotten
//! is waited for.
//!
//! `WAITAOF` waits for the writes of its own connection. What a script wrote on the connection that
//! all share is older than a write that follows it on another: so that one write, and the wait for
//! it, are made on a line of their own. Whoever waits holds up nobody else.

use std::time::Duration;

use super::{ANSWER_MAX, Durability, Error, Shard};

/// How long the server may take to bring a write to its disk: it does so once a second.
const SYNC_MAX: Duration = Duration::from_secs(5);

impl Shard {
    /// Waits until all that Redis has answered so far is on its disk; at once where it answers
    /// nothing that is not.
    pub(super) async fn synced(&self) -> Result<(), Error> {
        let inner = &self.inner;
        if inner.options.durability != Durability::Relaxed || inner.facts.is_durable {
            return Ok(());
        }
        let line = inner.line().await?;
        let mut connection = line.connection.clone();
        let mut pipe = redis::pipe();
        pipe.cmd("SET").arg(self.key("synced")).arg(1).ignore();
        pipe.cmd("WAITAOF").arg(1).arg(0).arg(SYNC_MAX.as_millis() as u64);
        let waited = pipe.query_async::<((i64, i64),)>(&mut connection);
        let late = || Error::Slow("the log was not on its disk in time".into());
        let waited = tokio::time::timeout(SYNC_MAX + ANSWER_MAX, waited).await;
        let ((on_disk, _),) = waited.map_err(|_| late())??;
        inner.spare.give(line);
        if on_disk == 1 { Ok(()) } else { Err(late()) }
    }
}
