//! The wire: CDP over two pipes. JSON messages ended by NUL, answers found by their id.
//!
//! Events have no queue: each is handled as it is read ([`Sink`]), so a slow consumer holds the
//! browser's pipe back and our memory stays flat. What a sink answers it posts; it never waits.
//! When the pipe ends, every call in flight fails at once and every later one immediately.
//!
//! Sessions that share a browser have a [`Wire::lane`] each: one can end while the others go on.

use std::collections::{HashMap, HashSet};
use std::marker::PhantomData;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chromiumoxide_types::Command;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::unix::pipe;
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;

use crate::driver::Error;

/// The longest message taken; a screenshot of a large viewport is some MiB.
const FRAME_MAX: u64 = 64 << 20;

/// Takes events, in order, from the reading loop; must not block.
pub(super) trait Sink: Send + Sync {
    /// An event of a session (`None`: of the browser itself).
    fn event(&self, session: Option<&str>, method: &str, params: Value);
    /// The pipe ended; no event follows.
    fn ended(&self);
}

/// Sends commands; clones share one pipe.
#[derive(Clone)]
pub(super) struct Wire {
    shared: Arc<Shared>,
    /// Whose it is; [`WHOLE`]: the whole browser's.
    lane: u64,
    /// Is told when each command of this clone was written.
    stamp: Option<Stamp>,
}

/// The lane that all others end with.
const WHOLE: u64 = 0;

struct Shared {
    next_id: AtomicU64,
    frames: mpsc::UnboundedSender<Frame>,
    state: Mutex<State>,
}

/// Takes the moments at which commands were written, in their order.
pub(super) type Stamp = mpsc::UnboundedSender<Instant>;

/// A command on its way to the pipe.
pub(super) struct Frame {
    bytes: Vec<u8>,
    stamp: Option<Stamp>,
}

#[derive(Default)]
struct State {
    /// Why there is no browser any more.
    dead: Option<String>,
    /// The lanes that have ended before it.
    ended: HashSet<u64>,
    calls: HashMap<u64, Pending>,
}

struct Pending {
    lane: u64,
    session: Option<String>,
    reply: oneshot::Sender<Result<Value, Failure>>,
}

/// Why a call got no result.
enum Failure {
    Refused(String),
    Crashed,
    Dead(String),
}

#[derive(Serialize)]
struct Outgoing<'a, T> {
    id: u64,
    method: &'a str,
    #[serde(rename = "sessionId", skip_serializing_if = "Option::is_none")]
    session: Option<&'a str>,
    params: &'a T,
}

#[derive(Deserialize)]
struct Incoming {
    id: Option<u64>,
    #[serde(default)]
    method: String,
    #[serde(rename = "sessionId")]
    session: Option<String>,
    #[serde(default)]
    params: Value,
    #[serde(default)]
    result: Value,
    error: Option<Refusal>,
}

#[derive(Deserialize)]
struct Refusal {
    message: String,
}

impl Wire {
    /// A wire, and what its writing loop takes from.
    pub(super) fn new() -> (Self, mpsc::UnboundedReceiver<Frame>) {
        let (frames, outbox) = mpsc::unbounded_channel();
        let state = Mutex::default();
        let shared = Arc::new(Shared { next_id: AtomicU64::new(1), frames, state });
        (Self { shared, lane: WHOLE, stamp: None }, outbox)
    }

    /// A wire over the same pipe that can end by itself.
    pub(super) fn lane(&self) -> Self {
        Self { shared: self.shared.clone(), lane: self.next_id(), stamp: None }
    }

    /// The same wire, which tells when what is sent by it was written.
    pub(super) fn stamped(&self, stamp: Stamp) -> Self {
        Self { shared: self.shared.clone(), lane: self.lane, stamp: Some(stamp) }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.shared.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn next_id(&self) -> u64 {
        self.shared.next_id.fetch_add(1, Ordering::Relaxed)
    }

    fn send<T: Command>(&self, id: u64, session: Option<&str>, command: &T) {
        let method = command.identifier();
        let message = Outgoing { id, method: &method, session, params: command };
        let mut bytes = serde_json::to_vec(&message).expect("commands are plain data");
        bytes.push(0);
        // A closed channel means a dead wire, which the state already says.
        let _ = self.shared.frames.send(Frame { bytes, stamp: self.stamp.clone() });
    }

    /// Sends a command whose answer nobody needs.
    pub(super) fn post<T: Command>(&self, session: Option<&str>, command: &T) {
        self.send(self.next_id(), session, command);
    }

    /// Sends a command now; the answer may be awaited later.
    pub(super) fn begin<T: Command>(&self, session: Option<&str>, command: &T) -> Call<T> {
        let id = self.next_id();
        let (reply, answer) = oneshot::channel();
        {
            let mut state = self.state();
            if let Some(why) = state.why_dead(self.lane) {
                let _ = reply.send(Err(Failure::Dead(why)));
            } else {
                let session = session.map(str::to_owned);
                state.calls.insert(id, Pending { lane: self.lane, session, reply });
            }
        }
        self.send(id, session, command);
        let name = command.identifier().into_owned();
        Call { wire: self.clone(), id, name, answer, begun: Instant::now(), command: PhantomData }
    }

    /// Sends a command and waits for its answer.
    pub(super) async fn call<T: Command>(
        &self,
        session: Option<&str>,
        command: &T,
        within: Duration,
    ) -> Result<T::Response, Error> {
        self.begin(session, command).answer(within).await
    }

    /// Fails what is in flight on a session whose page crashed.
    pub(super) fn crash(&self, session: &str) {
        let crashed: Vec<Pending> = {
            let mut state = self.state();
            let ours = |pending: &Pending| pending.session.as_deref() == Some(session);
            state.calls.extract_if(|_, pending| ours(pending)).map(|(_, call)| call).collect()
        };
        for pending in crashed {
            let _ = pending.reply.send(Err(Failure::Crashed));
        }
    }

    /// Fails what is in flight on it, and everything after that.
    pub(super) fn end(&self, why: &str) {
        let ours = |lane: u64| self.lane == WHOLE || self.lane == lane;
        let calls: Vec<Pending> = {
            let mut state = self.state();
            if self.lane == WHOLE {
                state.dead.get_or_insert_with(|| why.to_owned());
            } else {
                state.ended.insert(self.lane);
            }
            state.calls.extract_if(|_, pending| ours(pending.lane)).map(|(_, call)| call).collect()
        };
        for pending in calls {
            let _ = pending.reply.send(Err(Failure::Dead(why.to_owned())));
        }
    }

    /// Whether the browser is gone, or the wire has ended.
    pub(super) fn is_dead(&self) -> bool {
        self.state().why_dead(self.lane).is_some()
    }

    fn take(&self, message: Incoming, sink: &dyn Sink) {
        let Some(id) = message.id else {
            return sink.event(message.session.as_deref(), &message.method, message.params);
        };
        let pending = self.state().calls.remove(&id);
        if let Some(pending) = pending {
            let result = message.error.map_or(Ok(message.result), |refusal| Err(refusal.message));
            let _ = pending.reply.send(result.map_err(Failure::Refused));
        }
    }
}

impl State {
    fn why_dead(&self, lane: u64) -> Option<String> {
        let ended = || self.ended.contains(&lane).then(|| "it was killed".to_owned());
        self.dead.clone().or_else(ended)
    }
}

/// A command that was sent.
///
/// Dropping it forgets its answer; the command itself may still be carried out.
pub(super) struct Call<T> {
    wire: Wire,
    id: u64,
    name: String,
    answer: oneshot::Receiver<Result<Value, Failure>>,
    begun: Instant,
    command: PhantomData<fn() -> T>,
}

impl<T: Command> Call<T> {
    /// Waits for the answer, at most so long since the command was sent.
    pub(super) async fn answer(mut self, within: Duration) -> Result<T::Response, Error> {
        let waited = tokio::time::timeout_at(self.begun + within, &mut self.answer).await;
        let call = self.name.clone();
        match waited {
            Err(_) => Err(Error::Slow { call, ms: within.as_millis() as u64 }),
            Ok(Err(_)) => Err(Error::Dead("its connection was dropped".to_owned())),
            Ok(Ok(Err(Failure::Dead(why)))) => Err(Error::Dead(why)),
            Ok(Ok(Err(Failure::Crashed))) => Err(Error::Crashed),
            Ok(Ok(Err(Failure::Refused(why)))) => Err(Error::Protocol { call, why }),
            Ok(Ok(Ok(value))) => T::response_from_value(value)
                .map_err(|error| Error::Protocol { call, why: format!("unknown answer: {error}") }),
        }
    }
}

impl<T> Drop for Call<T> {
    fn drop(&mut self) {
        self.wire.state().calls.remove(&self.id);
    }
}

/// Writes frames until the browser or the wire is gone.
pub(super) async fn write_loop(
    mut outbox: mpsc::UnboundedReceiver<Frame>,
    mut input: pipe::Sender,
) {
    while let Some(Frame { bytes, stamp }) = outbox.recv().await {
        if input.write_all(&bytes).await.is_err() {
            return;
        }
        if let Some(stamp) = stamp {
            // Nobody may care any more.
            let _ = stamp.send(Instant::now());
        }
    }
}

/// Reads messages until the browser is gone, then fails what waits.
pub(super) async fn read_loop(wire: Wire, output: pipe::Receiver, sink: Arc<dyn Sink>) {
    let mut output = BufReader::with_capacity(64 << 10, output);
    let mut frame = Vec::new();
    let why = loop {
        frame.clear();
        let mut bounded = (&mut output).take(FRAME_MAX);
        match bounded.read_until(0, &mut frame).await {
            Ok(_) if frame.last() == Some(&0) => frame.pop(),
            Ok(0) => break "its pipe closed",
            Ok(_) => break "its message was cut off or too long",
            Err(_) => break "its pipe broke",
        };
        // What is no message of the protocol concerns no call: skip it.
        if let Ok(message) = serde_json::from_slice(&frame) {
            wire.take(message, &*sink);
        }
    };
    wire.end(why);
    sink.ended();
}

#[cfg(test)]
mod tests;
