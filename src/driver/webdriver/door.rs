//! The door: how the client's connections come into the jail.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use futures_util::future::BoxFuture;
use hyper::Uri;
use hyper::rt::{Read, ReadBufCursor, Write};
use hyper_util::client::legacy::connect::{Connected, Connection};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tower_service::Service;

use crate::jail::WayIn;

/// Connects to the one server there is, whatever address is named: its socket knows no other.
#[derive(Clone)]
pub(super) struct Door {
    ways: Arc<[Way]>,
    port: u16,
}

struct Way {
    way_in: WayIn,
    in_use: Arc<AtomicBool>,
}

impl Door {
    /// A door of these ways, to a port inside.
    pub(super) fn new(ways_in: Vec<WayIn>, port: u16) -> Self {
        let ways = ways_in.into_iter().map(|way_in| Way { way_in, in_use: Arc::default() });
        Self { ways: ways.collect(), port }
    }

    /// Connects by a way that is not in use.
    pub(super) async fn connect(&self) -> io::Result<Passage> {
        let free = |way: &&Way| !way.in_use.swap(true, Ordering::SeqCst);
        let way = self.ways.iter().find(free);
        let way = way.ok_or_else(|| io::Error::other("all ways in are in use"))?;
        let turn = Turn(way.in_use.clone());
        let stream = way.way_in.connect(self.port).await?;
        Ok(Passage { stream: TokioIo::new(stream), _turn: turn })
    }
}

/// A way's time of use: over when dropped.
struct Turn(Arc<AtomicBool>);

impl Drop for Turn {
    fn drop(&mut self) {
        self.0.store(false, Ordering::SeqCst);
    }
}

/// A connection into the jail.
pub(super) struct Passage {
    stream: TokioIo<TcpStream>,
    _turn: Turn,
}

impl Service<Uri> for Door {
    type Response = Passage;
    type Error = io::Error;
    type Future = BoxFuture<'static, io::Result<Passage>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Uri) -> Self::Future {
        let door = self.clone();
        Box::pin(async move { door.connect().await })
    }
}

impl Connection for Passage {
    fn connected(&self) -> Connected {
        Connected::new()
    }
}

impl Read for Passage {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        into: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, into)
    }
}

impl Write for Passage {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
