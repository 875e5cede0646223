//! Connecting onward: straight, or through the account's proxy, and counting what passes.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, ReadBuf};
use tokio::net::TcpStream;
use tokio_socks::tcp::Socks5Stream;
use walkon_core::site::Private;

use super::origin::Origin;
use super::proxy::{Proxy, Scheme};
use super::relay::{Inner, Trouble};
use super::resolve::{Unresolved, resolve};

/// How long a connection may take to come about, proxy and all.
pub(super) const CONNECT_MAX: Duration = Duration::from_secs(10);
/// The longest answer to a `CONNECT`.
const HEAD_MAX: usize = 8 << 10;

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
pub(super) enum Failure {
    /// Policy.
    #[error("{0}")]
    Refused(String),
    /// The site does not answer.
    #[error("{0}")]
    Site(String),
    /// The account's proxy is in trouble.
    #[error("{0}")]
    Proxy(Trouble),
}

/// A connection to a site, whose bytes are counted.
pub(super) struct Counted {
    stream: TcpStream,
    relay: Arc<Inner>,
}

/// What is to be connected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    /// A plain request, which an HTTP proxy wants to see whole.
    Request,
    /// Bytes, of which nobody on the way understands anything.
    Tunnel,
}

/// Connects to a permitted origin.
pub(super) async fn connect(
    relay: &Arc<Inner>,
    origin: &Origin,
    purpose: Purpose,
) -> Result<Counted, Failure> {
    let connecting = async {
        match &relay.spec.proxy {
            None => straight(origin, relay.private(origin).as_ref()).await,
            Some(proxy) => through(proxy, origin, relay.private(origin).as_ref(), purpose).await,
        }
    };
    let result = match tokio::time::timeout(CONNECT_MAX, connecting).await {
        Ok(result) => result,
        Err(_) => Err(match &relay.spec.proxy {
            Some(proxy) => unreachable(proxy, &"no answer in time"),
            None => Failure::Site(format!("{origin} does not answer")),
        }),
    };
    match &result {
        Err(Failure::Proxy(trouble)) => relay.set_trouble(Some(trouble.clone())),
        Err(Failure::Refused(why)) => relay.tell(why),
        Ok(_) if purpose == Purpose::Tunnel || relay.spec.proxy.is_none() => {
            relay.set_trouble(None);
        }
        _ => {}
    }
    let stream = result?;
    // Small writes must not wait for one another; without it things are only slower.
    let _ = stream.set_nodelay(true);
    Ok(Counted { stream, relay: relay.clone() })
}

pub(super) fn unreachable(proxy: &Proxy, why: &dyn std::fmt::Display) -> Failure {
    let (proxy, why) = (proxy.to_string(), why.to_string());
    Failure::Proxy(Trouble::ProxyUnreachable { proxy, why })
}

/// The proxy refused the credentials.
pub(super) fn refused(proxy: &Proxy, why: &dyn std::fmt::Display) -> Trouble {
    Trouble::ProxyRefused { proxy: proxy.to_string(), why: why.to_string() }
}

async fn checked(origin: &Origin, private: Option<&Private>) -> Result<Vec<SocketAddr>, Failure> {
    resolve(origin, private).await.map_err(|error| match error {
        Unresolved::Private(..) => Failure::Refused(error.to_string()),
        Unresolved::Unknown(..) => Failure::Site(error.to_string()),
    })
}

/// `private` is what was vouched for, where the origin is of the operator's own network.
pub(super) async fn straight(
    origin: &Origin,
    private: Option<&Private>,
) -> Result<TcpStream, Failure> {
    let addresses = checked(origin, private).await?;
    let connected = TcpStream::connect(&addresses[..]).await;
    connected.map_err(|error| Failure::Site(format!("{origin} does not answer: {error}")))
}

pub(super) async fn through(
    proxy: &Proxy,
    origin: &Origin,
    private: Option<&Private>,
    purpose: Purpose,
) -> Result<TcpStream, Failure> {
    // Checked here although the proxy connects: a name may not lead it to what we would refuse.
    let addresses = checked(origin, private).await?;
    let connected = TcpStream::connect((proxy.host.as_str(), proxy.port)).await;
    let stream = connected.map_err(|error| unreachable(proxy, &error))?;
    match (proxy.scheme, purpose) {
        (Scheme::Http, Purpose::Request) => Ok(stream),
        (Scheme::Http, Purpose::Tunnel) => {
            let address = addresses[0].to_string();
            http_tunnel(proxy, stream, &address, origin).await
        }
        (Scheme::Socks5, _) => socks(proxy, stream, addresses[0], origin).await,
    }
}

/// Asks an HTTP proxy for a tunnel to the checked address.
async fn http_tunnel(
    proxy: &Proxy,
    mut stream: TcpStream,
    address: &str,
    origin: &Origin,
) -> Result<TcpStream, Failure> {
    let mut head = format!("CONNECT {address} HTTP/1.1\r\nHost: {address}\r\n");
    if let Some(authorization) = proxy.authorization() {
        head.push_str("Proxy-Authorization: ");
        head.push_str(&authorization);
        head.push_str("\r\n");
    }
    head.push_str("\r\n");
    let broke = |error: io::Error| unreachable(proxy, &error);
    stream.write_all(head.as_bytes()).await.map_err(broke)?;
    let answer = read_head(&mut stream).await.map_err(broke)?;
    let status = answer.split(' ').nth(1).and_then(|word| word.parse::<u16>().ok());
    match status {
        Some(200..300) => Ok(stream),
        Some(401 | 403 | 407) => {
            let line = answer.lines().next().unwrap_or_default().to_owned();
            Err(Failure::Proxy(refused(proxy, &line)))
        }
        Some(status) => Err(Failure::Site(format!("the proxy got {status} from {origin}"))),
        None => Err(unreachable(proxy, &"it does not speak HTTP")),
    }
}

/// A message's head, byte by byte: what follows it belongs to the tunnel.
pub(super) async fn read_head(stream: &mut TcpStream) -> io::Result<String> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        if head.len() == HEAD_MAX {
            return Err(io::Error::other("its answer is too long"));
        }
        head.push(stream.read_u8().await?);
    }
    Ok(String::from_utf8_lossy(&head).into_owned())
}

async fn socks(
    proxy: &Proxy,
    stream: TcpStream,
    address: SocketAddr,
    origin: &Origin,
) -> Result<TcpStream, Failure> {
    use tokio_socks::Error as Socks;
    let connected = match (&proxy.username, &proxy.password) {
        (Some(username), password) => {
            let password = password.as_deref().unwrap_or_default();
            Socks5Stream::connect_with_password_and_socket(stream, address, username, password)
                .await
        }
        (None, _) => Socks5Stream::connect_with_socket(stream, address).await,
    };
    connected.map(Socks5Stream::into_inner).map_err(|error| match error {
        Socks::PasswordAuthFailure(_)
        | Socks::NoAcceptableAuthMethods
        | Socks::AuthorizationRequired
        | Socks::InvalidAuthValues(_) => Failure::Proxy(refused(proxy, &error)),
        Socks::HostUnreachable
        | Socks::NetworkUnreachable
        | Socks::ConnectionRefused
        | Socks::TtlExpired => Failure::Site(format!("the proxy cannot reach {origin}: {error}")),
        other => unreachable(proxy, &other),
    })
}

impl AsyncRead for Counted {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(context, buffer))?;
        let read = (buffer.filled().len() - before) as u64;
        self.relay.received.fetch_add(read, Ordering::Relaxed);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Counted {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = ready!(Pin::new(&mut self.stream).poll_write(context, buffer))?;
        self.relay.sent.fetch_add(written as u64, Ordering::Relaxed);
        Poll::Ready(Ok(written))
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
