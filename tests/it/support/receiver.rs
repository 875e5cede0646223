//! Who is told of alerts: an HTTP server that keeps what it was sent, and a mail server of the
//! few words that a letter takes.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri};
use serde_json::Value;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

/// One message.
#[derive(Debug, Clone)]
pub(crate) struct Sent {
    pub(crate) path: String,
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) text: String,
}

impl Sent {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap()
    }
}

#[derive(Clone, Default)]
struct Kept {
    sent: Arc<Mutex<Vec<Sent>>>,
    refuses: Arc<Mutex<bool>>,
}

/// A server that keeps what it was sent; dropped, it is gone.
pub(crate) struct Receiver {
    pub(crate) address: SocketAddr,
    kept: Kept,
    _serving: JoinSet<()>,
}

async fn take(
    State(kept): State<Kept>,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> (StatusCode, &'static str) {
    if *kept.refuses.lock().unwrap() {
        return (StatusCode::SERVICE_UNAVAILABLE, "not now");
    }
    let header = |(name, value): (&axum::http::HeaderName, &axum::http::HeaderValue)| {
        (name.to_string(), value.to_str().unwrap_or_default().to_owned())
    };
    let text = String::from_utf8_lossy(&body).into_owned();
    let headers = headers.iter().map(header).collect();
    kept.sent.lock().unwrap().push(Sent { path: uri.path().to_owned(), headers, text });
    (StatusCode::OK, "ok")
}

impl Receiver {
    pub(crate) async fn http() -> Self {
        let kept = Kept::default();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let app = Router::new().fallback(take).with_state(kept.clone());
        let mut serving = JoinSet::new();
        serving.spawn(async move { axum::serve(listener, app).await.unwrap() });
        Self { address, kept, _serving: serving }
    }

    /// A mail server; the text of a message is its letter.
    pub(crate) async fn mail() -> Self {
        let kept = Kept::default();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let mut serving = JoinSet::new();
        let own = kept.clone();
        serving.spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                // A client that leaves in the middle of a word has sent nothing.
                drop(letters(stream, &own).await);
            }
        });
        Self { address, kept, _serving: serving }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Answers 503 from now on, or no longer.
    pub(crate) fn refuse(&self, refuses: bool) {
        *self.kept.refuses.lock().unwrap() = refuses;
    }

    /// What was sent to a path so far.
    pub(crate) fn sent(&self, path: &str) -> Vec<Sent> {
        let all = self.kept.sent.lock().unwrap();
        all.iter().filter(|one| one.path == path).cloned().collect()
    }
}

/// RFC 5321, as much of it as one letter takes.
async fn letters(stream: TcpStream, kept: &Kept) -> std::io::Result<()> {
    let mut stream = BufReader::new(stream);
    stream.write_all(b"220 here\r\n").await?;
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await? == 0 {
            return Ok(());
        }
        let word = line.split([' ', ':', '\r']).next().unwrap_or_default().to_uppercase();
        if word == "DATA" {
            stream.write_all(b"354 go on\r\n").await?;
            let mut text = String::new();
            while !text.ends_with("\r\n.\r\n") {
                if stream.read_line(&mut text).await? == 0 {
                    return Ok(());
                }
            }
            let (path, headers) = ("letter".to_owned(), BTreeMap::new());
            kept.sent.lock().unwrap().push(Sent { path, headers, text });
        }
        let answer: &[u8] = match word.as_str() {
            "EHLO" => b"250-here\r\n250 8BITMIME\r\n",
            "QUIT" => b"221 bye\r\n",
            _ => b"250 ok\r\n",
        };
        stream.write_all(answer).await?;
    }
}
