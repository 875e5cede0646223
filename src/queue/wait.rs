//! Waiting for work without asking again and again.

use std::collections::BTreeSet;
use std::sync::Mutex;
use std::time::Duration;

use redis::AsyncConnectionConfig;
use redis::aio::MultiplexedConnection;
use walkon_core::id::WorkerId;
use walkon_core::lease::Class;

use super::{CONNECT_MAX, Error, Inner, Queue};

/// The longest one wait lasts; a caller that still has nothing asks and waits again.
pub(super) const WAIT_MAX: Duration = Duration::from_mins(1);

/// Connections that wait for nothing at the moment. A waiting connection serves nobody else.
#[derive(Default)]
pub(super) struct Spare(Mutex<Vec<MultiplexedConnection>>);

impl Spare {
    fn take(&self) -> Option<MultiplexedConnection> {
        self.0.lock().expect("nothing panics while it is held").pop()
    }

    fn give(&self, connection: MultiplexedConnection) {
        self.0.lock().expect("nothing panics while it is held").push(connection);
    }
}

impl Inner {
    /// A connection on which an answer may take as long as it takes.
    pub(super) async fn patient(&self) -> Result<MultiplexedConnection, Error> {
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(CONNECT_MAX))
            .set_response_timeout(None);
        Ok(self.client.get_multiplexed_async_connection_with_config(&config).await?)
    }
}

impl Queue {
    /// Waits until something may be due for a worker that can do `classes`, or until `most` has
    /// passed ([`WAIT_MAX`] at the longest). True: the bell rang, claim now.
    ///
    /// One ring wakes one waiter. After a [`Claim::Nothing`](walkon_core::lease::Claim) wait for
    /// its `next`, then claim again in either case.
    ///
    /// # Cancel safety
    ///
    /// Dropped in the instant of a ring, the ring is lost and the work waits for the next one: let
    /// it end by itself where that matters, or bound the waits of all.
    pub async fn wait(
        &self,
        worker: &WorkerId,
        classes: &[Class],
        most: Duration,
    ) -> Result<bool, Error> {
        let most = most.clamp(Duration::from_millis(10), WAIT_MAX);
        let mut connection = match self.inner.spare.take() {
            Some(connection) => connection,
            None => self.inner.patient().await?,
        };
        let names: BTreeSet<_> = classes.iter().map(|class| class.name()).collect();
        let mut pop = redis::cmd("BLPOP");
        pop.arg(self.key(&format!("bell:w:{worker}")));
        for name in names {
            pop.arg(self.key(&format!("bell:{name}")));
        }
        pop.arg(most.as_secs_f64());
        // A server that is gone without a word must not hold us for ever.
        let slack = super::ANSWER_MAX;
        let answer = pop.query_async::<Option<(String, String)>>(&mut connection);
        let rang = match tokio::time::timeout(most + slack, answer).await {
            Ok(answer) => answer?,
            Err(_) => None,
        };
        self.inner.spare.give(connection);
        Ok(rang.is_some())
    }
}
