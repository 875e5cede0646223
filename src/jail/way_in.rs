//! The way in: how the worker speaks to a program that listens inside a jail.
//!
//! A socket belongs to the network namespace that it was made in, for good, whoever holds it. So
//! the helper makes sockets inside, connected to nothing, and passes them out beside the relay's
//! listener; the worker connects them later, and that happens inside. Nobody else on the host can
//! come to that port: there is no forwarder, no socket in a folder and no port of the host's.

use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::os::fd::OwnedFd;

use tokio::net::TcpSocket;

/// A socket of a jail's own, that can be connected to ports of its loopback, one at a time.
#[derive(Debug)]
pub struct WayIn(OwnedFd);

impl WayIn {
    pub(super) fn new(socket: OwnedFd) -> Self {
        Self(socket)
    }

    /// Connects it to a port inside. What it was connected to before is cut off.
    pub async fn connect(&self, port: u16) -> io::Result<tokio::net::TcpStream> {
        rustix::net::connect_unspec(&self.0)?;
        let socket = TcpStream::from(self.0.try_clone()?);
        socket.set_nonblocking(true)?;
        let stream = TcpSocket::from_std_stream(socket)
            .connect(SocketAddr::from((Ipv4Addr::LOCALHOST, port)))
            .await?;
        stream.set_nodelay(true)?;
        Ok(stream)
    }
}
