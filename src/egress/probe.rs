//! A look at the way out of one account, without a browser: whether it lets through, how fast, and
//! from which address it leaves.

use std::io;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::Instant;

use super::connect::{CONNECT_MAX, Failure, Purpose, straight, through, unreachable};
use super::origin::Origin;
use super::proxy::Proxy;
use super::relay::Trouble;

/// The longest answer of an echo.
const ECHO_MAX: u64 = 16 << 10;
/// How long an echo may take to answer.
const ECHO_WITHIN: Duration = Duration::from_secs(5);

/// Why there is no way.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoWay {
    /// We would not go there.
    #[error("{0}")]
    Refused(String),
    /// The site does not answer.
    #[error("{0}")]
    Site(String),
    /// The proxy is in trouble.
    #[error(transparent)]
    Proxy(#[from] Trouble),
}

impl From<Failure> for NoWay {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Refused(why) => Self::Refused(why),
            Failure::Site(why) => Self::Site(why),
            Failure::Proxy(trouble) => Self::Proxy(trouble),
        }
    }
}

/// Connects to an origin the way the account's browser would, and lets go; how long it took.
pub async fn reach(proxy: Option<&Proxy>, origin: &Origin) -> Result<Duration, NoWay> {
    let began = Instant::now();
    tunnel(proxy, origin).await?;
    Ok(began.elapsed())
}

/// Asks an echo (`http` only) from which address a request comes; what it says first that is an
/// address.
pub async fn exit_address(
    proxy: Option<&Proxy>,
    origin: &Origin,
    path: &str,
) -> Result<String, NoWay> {
    let mut stream = tunnel(proxy, origin).await?;
    let authority = origin.authority();
    let ask = async {
        let head = format!("GET {path} HTTP/1.1\r\nHost: {authority}\r\nConnection: close\r\n\r\n");
        stream.write_all(head.as_bytes()).await?;
        let mut answer = Vec::new();
        stream.take(ECHO_MAX).read_to_end(&mut answer).await?;
        Ok::<_, io::Error>(answer)
    };
    let silent = |why: &dyn std::fmt::Display| NoWay::Site(format!("the echo {origin}: {why}"));
    let answer = tokio::time::timeout(ECHO_WITHIN, ask).await;
    let answer = answer.map_err(|_| silent(&"no answer in time"))?;
    let answer = answer.map_err(|error| silent(&error))?;
    let answer = String::from_utf8_lossy(&answer);
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or_default();
    let is_good = head.split(' ').nth(1).is_some_and(|status| status.starts_with('2'));
    let address = if is_good { first_address(body) } else { None };
    address.ok_or_else(|| silent(&"its answer names no address"))
}

/// The first address in a text: an echo may answer in plain text or in JSON.
fn first_address(text: &str) -> Option<String> {
    let is_part = |c: char| c.is_ascii_hexdigit() || c == '.' || c == ':';
    let words = text.split(|c: char| !is_part(c));
    let parsed = |word: &str| word.parse::<std::net::IpAddr>().ok();
    words
        .filter_map(|word| parsed(word).or_else(|| parsed(word.trim_matches(':'))))
        .map(|address| address.to_string())
        .next()
}

async fn tunnel(proxy: Option<&Proxy>, origin: &Origin) -> Result<TcpStream, NoWay> {
    let connecting = async {
        match proxy {
            None => straight(origin, None).await,
            Some(proxy) => through(proxy, origin, None, Purpose::Tunnel).await,
        }
    };
    match (tokio::time::timeout(CONNECT_MAX, connecting).await, proxy) {
        (Ok(done), _) => done.map_err(NoWay::from),
        (Err(_), Some(proxy)) => Err(unreachable(proxy, &"no answer in time").into()),
        (Err(_), None) => Err(NoWay::Site(format!("{origin} does not answer"))),
    }
}

#[cfg(test)]
mod tests {
    use super::first_address;

    #[test]
    fn an_address_is_found_in_plain_text_and_in_json() {
        for (text, found) in [
            ("203.0.113.7\n", Some("203.0.113.7")),
            (r#"{"ip": "203.0.113.7"}"#, Some("203.0.113.7")),
            (r#"{"origin":"2001:db8::1"}"#, Some("2001:db8::1")),
            ("face: 10 of 12", None),
            ("", None),
        ] {
            assert_eq!(first_address(text).as_deref(), found, "{text}");
        }
    }
}
