//! Waiting for work without asking again and again.

use std::collections::BTreeSet;
use std::sync::Mutex;
use std::time::Duration;

use redis::AsyncConnectionConfig;
use redis::aio::MultiplexedConnection;
use tokio_util::sync::CancellationToken;
use walkon_core::id::WorkerId;
use walkon_core::lease::Class;

use super::{CONNECT_MAX, Error, Inner, Shard};

/// The longest one wait lasts; a caller that still has nothing asks and waits again.
pub(super) const WAIT_MAX: Duration = Duration::from_mins(1);

/// How much later than we the server would give up by itself: it looks only ten times a second.
const SERVER_SLACK: Duration = Duration::from_millis(300);

/// A connection on which an answer may take as long as it takes, and what the server calls it.
#[derive(Clone)]
pub(super) struct Line {
    pub(super) connection: MultiplexedConnection,
    id: i64,
}

/// Lines that wait for nothing at the moment. A waiting line serves nobody else.
#[derive(Default)]
pub(super) struct Spare(Mutex<Vec<Line>>);

impl Spare {
    fn take(&self) -> Option<Line> {
        self.0.lock().expect("nothing panics while it is held").pop()
    }

    pub(super) fn give(&self, line: Line) {
        self.0.lock().expect("nothing panics while it is held").push(line);
    }
}

impl Inner {
    /// A connection on which an answer may take as long as it takes.
    pub(super) async fn patient(&self) -> Result<MultiplexedConnection, Error> {
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(CONNECT_MAX))
            .set_response_timeout(None);
        Ok(self.link.client().get_multiplexed_async_connection_with_config(&config).await?)
    }

    pub(super) async fn line(&self) -> Result<Line, Error> {
        if let Some(line) = self.spare.take() {
            return Ok(line);
        }
        let mut connection = self.patient().await?;
        let id = redis::cmd("CLIENT").arg("ID").query_async(&mut connection).await?;
        Ok(Line { connection, id })
    }

    /// Has the server answer a wait now: with a ring that has just come, or with nothing. Where it
    /// may not be asked that, it does so by itself a little later.
    async fn unblock(&self, line: &Line) {
        let mut shared = self.link.shared();
        let unblock = redis::cmd("CLIENT").arg("UNBLOCK").arg(line.id).take();
        if let Err(error) = unblock.query_async::<i64>(&mut shared).await {
            tracing::debug!(%error, "a wait goes on until the server ends it");
        }
    }
}

impl Shard {
    /// The bells that ring for a worker: its own, and one for each class.
    pub(super) fn bells_for(&self, worker: &WorkerId, classes: &[Class]) -> Vec<String> {
        let names: BTreeSet<_> = classes.iter().map(|class| class.name()).collect();
        let classes = names.into_iter().map(|name| self.key(&format!("bell:{name}")));
        [self.key(&format!("bell:w:{worker}"))].into_iter().chain(classes).collect()
    }

    /// Waits until one of these bells rings, all of them on this shard's server, until `most` has
    /// passed or until `stop`; which one rang.
    pub(super) async fn wait_for(
        &self,
        bells: &[String],
        most: Duration,
        stop: &CancellationToken,
    ) -> Result<Option<String>, Error> {
        let most = most.clamp(Duration::from_millis(1), WAIT_MAX);
        let line = self.inner.line().await?;
        let mut pop = redis::cmd("BLPOP");
        pop.arg(bells).arg((most + SERVER_SLACK).as_secs_f64());
        let mut connection = line.connection.clone();
        let answer = pop.query_async::<Option<(String, String)>>(&mut connection);
        tokio::pin!(answer);
        // Timed here: the server would be late by up to a tenth of a second.
        let in_time = tokio::select! {
            biased;
            answer = &mut answer => Some(answer),
            () = tokio::time::sleep(most) => None,
            () = stop.cancelled() => None,
        };
        let rang = if let Some(answer) = in_time {
            answer?
        } else {
            self.inner.unblock(&line).await;
            // A server that is gone without a word must not hold us for ever.
            match tokio::time::timeout(super::ANSWER_MAX, answer).await {
                Ok(answer) => answer?,
                Err(_) => return Ok(None),
            }
        };
        self.inner.spare.give(line);
        Ok(rang.map(|(bell, _)| bell))
    }

    /// Gives a ring back that nobody uses.
    pub(super) async fn ring_again(&self, bell: &str) -> Result<(), Error> {
        self.ask::<i64>(redis::cmd("LPUSH").arg(bell).arg(1)).await.map(drop)
    }
}
