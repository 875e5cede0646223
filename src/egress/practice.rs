//! Practice proxies: they ask for credentials and leave from an address of their own.
//!
//! The demo and the tests give each account one, so that the practice site sees accounts come from
//! different addresses. They are not for anything else: they let anyone through to anywhere.

use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tokio::io::{self, AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::task::JoinSet;

use super::connect::read_head;

/// What a practice proxy speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Speaks {
    /// HTTP: whole requests and `CONNECT`.
    Http,
    /// SOCKS 5.
    Socks5,
}

struct Rules {
    speaks: Speaks,
    leaves_from: IpAddr,
    username: String,
    password: String,
}

/// A proxy that runs until it is dropped.
pub struct PracticeProxy {
    address: SocketAddr,
    _accepting: JoinSet<()>,
}

impl PracticeProxy {
    /// Starts a proxy at `address` (port 0: any), from which its connections leave too.
    pub async fn start(
        speaks: Speaks,
        address: SocketAddr,
        username: &str,
        password: &str,
    ) -> io::Result<Self> {
        let listener = TcpListener::bind(address).await?;
        let rules = Arc::new(Rules {
            speaks,
            leaves_from: address.ip(),
            username: username.to_owned(),
            password: password.to_owned(),
        });
        let address = listener.local_addr()?;
        let mut accepting = JoinSet::new();
        accepting.spawn(accept(listener, rules));
        Ok(Self { address, _accepting: accepting })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

async fn accept(listener: TcpListener, rules: Arc<Rules>) {
    let crew = Mutex::new(JoinSet::new());
    while let Ok((stream, _)) = listener.accept().await {
        let rules = rules.clone();
        let mut crew = crew.lock().unwrap_or_else(PoisonError::into_inner);
        while crew.try_join_next().is_some() {}
        crew.spawn(async move {
            let _ = match rules.speaks {
                Speaks::Http => http(&rules, stream).await,
                Speaks::Socks5 => socks(&rules, stream).await,
            };
        });
    }
}

impl Rules {
    async fn connect(&self, to: &str) -> io::Result<TcpStream> {
        let to = tokio::net::lookup_host(to).await?.next();
        let to = to.ok_or_else(|| io::Error::other("no such name"))?;
        let socket = if to.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
        if to.is_ipv4() == self.leaves_from.is_ipv4() {
            socket.bind(SocketAddr::new(self.leaves_from, 0))?;
        }
        socket.connect(to).await
    }
}

/// One request or one tunnel; the connection ends with it.
async fn http(rules: &Rules, mut here: TcpStream) -> io::Result<()> {
    let head = read_head(&mut here).await?;
    let expected = STANDARD.encode(format!("{}:{}", rules.username, rules.password));
    let is_credential = |line: &str| {
        let (name, value) = line.split_once(": ").unwrap_or_default();
        name.eq_ignore_ascii_case("proxy-authorization") && value == format!("Basic {expected}")
    };
    if !head.lines().any(is_credential) {
        let answer = "HTTP/1.1 407 Proxy Authentication Required\r\n\
            Proxy-Authenticate: Basic realm=\"practice\"\r\nContent-Length: 0\r\n\
            Connection: close\r\n\r\n";
        return here.write_all(answer.as_bytes()).await;
    }
    let mut words = head.split(' ');
    let (method, target) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    if method == "CONNECT" {
        let mut there = rules.connect(target).await?;
        here.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n").await?;
        return io::copy_bidirectional(&mut here, &mut there).await.map(|_| ());
    }
    let rest = target.strip_prefix("http://").unwrap_or(target);
    let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
    let port = if authority.contains(':') { "" } else { ":80" };
    let mut there = rules.connect(&format!("{authority}{port}")).await?;
    let mut onward = format!("{method} /{path} HTTP/1.1\r\nConnection: close\r\n");
    for line in head.lines().skip(1).filter(|line| !line.is_empty()) {
        let name = line.split(':').next().unwrap_or_default().to_lowercase();
        if !name.starts_with("proxy-") && name != "connection" {
            onward.push_str(line);
            onward.push_str("\r\n");
        }
    }
    there.write_all((onward + "\r\n").as_bytes()).await?;
    io::copy_bidirectional(&mut here, &mut there).await.map(|_| ())
}

/// SOCKS 5 (RFC 1928) with a user name and a password (RFC 1929).
async fn socks(rules: &Rules, mut here: TcpStream) -> io::Result<()> {
    let _version = here.read_u8().await?;
    let methods = read_counted(&mut here).await?;
    if !methods.contains(&2) {
        return here.write_all(&[5, 0xff]).await;
    }
    here.write_all(&[5, 2]).await?;
    let _version = here.read_u8().await?;
    let username = read_counted(&mut here).await?;
    let password = read_counted(&mut here).await?;
    if username != rules.username.as_bytes() || password != rules.password.as_bytes() {
        return here.write_all(&[1, 1]).await;
    }
    here.write_all(&[1, 0]).await?;
    let mut ask = [0; 4];
    here.read_exact(&mut ask).await?;
    let host = match ask[3] {
        1 => IpAddr::from(read_array::<4>(&mut here).await?).to_string(),
        4 => format!("[{}]", IpAddr::from(read_array::<16>(&mut here).await?)),
        _ => String::from_utf8_lossy(&read_counted(&mut here).await?).into_owned(),
    };
    let port = here.read_u16().await?;
    match rules.connect(&format!("{host}:{port}")).await {
        Ok(mut there) => {
            here.write_all(&[5, 0, 0, 1, 0, 0, 0, 0, 0, 0]).await?;
            io::copy_bidirectional(&mut here, &mut there).await.map(|_| ())
        }
        Err(_) => here.write_all(&[5, 4, 0, 1, 0, 0, 0, 0, 0, 0]).await,
    }
}

async fn read_counted(stream: &mut TcpStream) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; usize::from(stream.read_u8().await?)];
    stream.read_exact(&mut bytes).await?;
    Ok(bytes)
}

async fn read_array<const N: usize>(stream: &mut TcpStream) -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    stream.read_exact(&mut bytes).await?;
    Ok(bytes)
}
