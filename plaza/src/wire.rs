//! Connections that the judge can cut: the listener of the site.
//!
//! A dropped reply must look like a dropped reply. Browsers repeat a request by themselves when a
//! connection *that was used before* closes without an answer, and that would double the effect
//! through no fault of the fleet. So while replies are being dropped no connection is used twice:
//! idle ones are retired when the fault is turned on, and answers carry `Connection: close`.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::task::{Context, Poll, Waker};

use axum::extract::connect_info::Connected;
use axum::serve::{IncomingStream, Listener};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};

/// One connection, as its requests see it.
#[derive(Debug, Default)]
pub(crate) struct Wire {
    cut: AtomicBool,
    retired: AtomicBool,
    busy: AtomicUsize,
    reader: Mutex<Option<Waker>>,
}

impl Wire {
    /// Nothing more is written; the connection ends without an answer.
    pub(crate) fn cut(&self) {
        self.cut.store(true, Ordering::Release);
    }

    /// Marks a request as running, so that retiring waits for its answer.
    pub(crate) fn begin(&self) {
        self.busy.fetch_add(1, Ordering::AcqRel);
    }

    /// The opposite of [`Wire::begin`].
    pub(crate) fn end(&self) {
        self.busy.fetch_sub(1, Ordering::AcqRel);
    }

    fn retire(&self) {
        self.retired.store(true, Ordering::Release);
        if let Some(waker) = self.reader.lock().unwrap_or_else(PoisonError::into_inner).take() {
            waker.wake();
        }
    }

    fn is_over(&self) -> bool {
        self.retired.load(Ordering::Acquire) && self.busy.load(Ordering::Acquire) == 0
    }
}

/// All live connections of one listener.
#[derive(Debug, Clone, Default)]
pub(crate) struct Wires(Arc<Mutex<Vec<Weak<Wire>>>>);

impl Wires {
    /// Closes every connection that is idle, and every other as soon as it is.
    pub(crate) fn retire_all(&self) {
        let mut wires = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for wire in wires.drain(..).filter_map(|wire| wire.upgrade()) {
            wire.retire();
        }
    }

    fn open(&self) -> Arc<Wire> {
        let wire = Arc::new(Wire::default());
        let mut wires = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if wires.len() == wires.capacity() {
            wires.retain(|wire| wire.strong_count() > 0);
        }
        wires.push(Arc::downgrade(&wire));
        wire
    }
}

/// A listener whose connections are [`Cuttable`].
#[derive(Debug)]
pub(crate) struct Door {
    pub(crate) listener: TcpListener,
    pub(crate) wires: Wires,
}

impl Listener for Door {
    type Io = Cuttable;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        let (stream, remote) = Listener::accept(&mut self.listener).await;
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "could not set TCP_NODELAY");
        }
        (Cuttable { stream, wire: self.wires.open() }, remote)
    }

    fn local_addr(&self) -> io::Result<Self::Addr> {
        self.listener.local_addr()
    }
}

/// Who is at the other end of a request's connection.
#[derive(Debug, Clone)]
pub(crate) struct Peer {
    pub(crate) remote: SocketAddr,
    pub(crate) wire: Arc<Wire>,
}

impl Connected<IncomingStream<'_, Door>> for Peer {
    fn connect_info(stream: IncomingStream<'_, Door>) -> Self {
        Self { remote: *stream.remote_addr(), wire: Arc::clone(&stream.io().wire) }
    }
}

/// A stream that ends when its [`Wire`] says so.
#[derive(Debug)]
pub(crate) struct Cuttable {
    stream: TcpStream,
    wire: Arc<Wire>,
}

impl Cuttable {
    fn check(&self) -> io::Result<()> {
        if self.wire.cut.load(Ordering::Acquire) {
            return Err(io::Error::new(io::ErrorKind::BrokenPipe, "the reply is dropped"));
        }
        Ok(())
    }
}

impl AsyncRead for Cuttable {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let polled = Pin::new(&mut self.stream).poll_read(cx, buf);
        if polled.is_pending() {
            let mut reader = self.wire.reader.lock().unwrap_or_else(PoisonError::into_inner);
            *reader = Some(cx.waker().clone());
            if self.wire.is_over() {
                return Poll::Ready(Ok(()));
            }
        }
        polled
    }
}

impl AsyncWrite for Cuttable {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.check()?;
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.check()?;
        Pin::new(&mut self.stream).poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
