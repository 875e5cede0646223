//! A wire between a queue and its Redis: a test may cut it, and exchange scripts on it.
//!
//! A script is run by its hash, which is as long for every script. When a client loads one that
//! holds the text to be exchanged, the wire loads the changed one beside it and from then on turns
//! the hash of the one into that of the other: the product is the same to the last byte.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicI32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{UnixListener, UnixStream};
use tokio::task::JoinHandle;

const CALL: &[u8] = b"EVALSHA\r\n$40\r\n";
const LOAD: &[u8] = b"SCRIPT\r\n$4\r\nLOAD\r\n$";
/// How long a hash is, written in hex.
const HASH: usize = 40;

/// What happens to the next call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The connection breaks before the call arrives.
    Unsent,
    /// The call is carried out, and the connection breaks before its answer arrives.
    Unanswered,
    /// The server is killed as the call arrives.
    Killed,
}

/// A text of a script and what stands in its place.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Exchange {
    pub(crate) old: &'static str,
    pub(crate) new: &'static str,
}

#[derive(Default)]
struct Shared {
    server: PathBuf,
    pid: AtomicI32,
    armed: Mutex<Option<Fault>>,
    struck: AtomicU64,
    kills: AtomicU64,
    exchange: Option<Exchange>,
    hashes: Mutex<BTreeMap<String, String>>,
    reached: AtomicBool,
}

/// The near end of the wire; dropped, it is gone.
pub(crate) struct Wire {
    socket: PathBuf,
    shared: Arc<Shared>,
    listening: JoinHandle<()>,
}

impl Drop for Wire {
    fn drop(&mut self) {
        self.listening.abort();
        // It may be gone with its folder.
        drop(std::fs::remove_file(&self.socket));
    }
}

impl Wire {
    /// A wire to the server at `url`, with its near end at `socket`.
    #[expect(clippy::disallowed_methods, reason = "a test's own loop, aborted when it is dropped")]
    pub(crate) fn lay(url: &str, socket: &Path, exchange: Option<Exchange>) -> Self {
        let server = PathBuf::from(url.strip_prefix("unix://").expect("a socket's url"));
        let shared = Arc::new(Shared { server, exchange, ..Shared::default() });
        drop(std::fs::remove_file(socket));
        let listener = UnixListener::bind(socket).expect("a socket");
        let held = shared.clone();
        let listening = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                // How a connection ended is the client's to notice.
                tokio::spawn(carry(client, held.clone()));
            }
        });
        Self { socket: socket.to_owned(), shared, listening }
    }

    pub(crate) fn url(&self) -> String {
        format!("unix://{}", self.socket.display())
    }

    /// Lets the next call meet a fault.
    pub(crate) fn arm(&self, fault: Fault) {
        *self.shared.armed.lock().expect("nothing panics while it is held") = Some(fault);
    }

    /// Which process [`Fault::Killed`] kills.
    pub(crate) fn aim(&self, pid: u32) {
        self.shared.pid.store(pid as i32, Ordering::Relaxed);
    }

    /// How many faults have struck.
    pub(crate) fn struck(&self) -> u64 {
        self.shared.struck.load(Ordering::Relaxed)
    }

    /// How often the server was killed.
    pub(crate) fn kills(&self) -> u64 {
        self.shared.kills.load(Ordering::Relaxed)
    }

    /// Whether a script with the exchanged text was run.
    pub(crate) fn has_exchanged(&self) -> bool {
        self.shared.reached.load(Ordering::Relaxed)
    }
}

fn find(text: &[u8], what: &[u8]) -> Option<usize> {
    text.windows(what.len()).position(|some| some == what)
}

/// Carries bytes both ways until either end, or a fault, breaks the connection.
async fn carry(mut client: UnixStream, shared: Arc<Shared>) -> io::Result<()> {
    let mut server = UnixStream::connect(&shared.server).await?;
    let (mut up, mut down) = (vec![0; 1 << 16], vec![0; 1 << 16]);
    loop {
        tokio::select! {
            count = client.read(&mut up) => {
                let mut request = up[..count?].to_vec();
                if request.is_empty() {
                    return Ok(());
                }
                let fault = if find(&request, CALL).is_some() { shared.take() } else { None };
                if fault == Some(Fault::Unsent) {
                    return Ok(());
                }
                if shared.exchange.is_some() && !shared.exchange(&mut request, &mut client).await? {
                    client.write_all(b"-NOSCRIPT load it through this wire\r\n").await?;
                    continue;
                }
                server.write_all(&request).await?;
                match fault {
                    Some(Fault::Unanswered) => return server.read(&mut down).await.map(drop),
                    Some(_) => {
                        shared.kill();
                        return Ok(());
                    }
                    None => {}
                }
            }
            count = server.read(&mut down) => {
                let answer = &down[..count?];
                if answer.is_empty() {
                    return Ok(());
                }
                client.write_all(answer).await?;
            }
        }
    }
}

impl Shared {
    fn take(&self) -> Option<Fault> {
        let fault = self.armed.lock().expect("nothing panics while it is held").take();
        self.struck.fetch_add(u64::from(fault.is_some()), Ordering::Relaxed);
        fault
    }

    fn kill(&self) {
        let pid = Pid::from_raw(self.pid.load(Ordering::Relaxed));
        kill(pid, Signal::SIGKILL).expect("the server runs");
        self.kills.fetch_add(1, Ordering::Relaxed);
    }

    /// Turns the hash of a call into that of the exchanged script. False: the script has not been
    /// loaded through here yet, so that nobody has seen its text.
    async fn exchange(&self, request: &mut Vec<u8>, client: &mut UnixStream) -> io::Result<bool> {
        if let Some(at) = find(request, CALL) {
            let at = at + CALL.len();
            let hash = String::from_utf8_lossy(&request[at..at + HASH]).into_owned();
            let hashes = self.hashes.lock().expect("nothing panics while it is held");
            let Some(other) = hashes.get(&hash) else { return Ok(false) };
            self.reached.fetch_or(*other != hash, Ordering::Relaxed);
            request[at..at + HASH].copy_from_slice(other.as_bytes());
        }
        let Some(at) = find(request, LOAD) else { return Ok(true) };
        let from = at + LOAD.len();
        let line = find(&request[from..], b"\r\n").expect("a length") + from;
        let length = std::str::from_utf8(&request[from..line]).expect("a number");
        let end = line + 2 + length.parse::<usize>().expect("a number");
        while request.len() < end + 2 {
            client.read_buf(request).await?;
        }
        let text = String::from_utf8_lossy(&request[line + 2..end]).into_owned();
        let exchange = self.exchange.expect("it was asked for");
        let changed = text.replace(exchange.old, exchange.new);
        let pair = (self.load(&text).await?, self.load(&changed).await?);
        self.hashes.lock().expect("nothing panics while it is held").extend([pair]);
        Ok(true)
    }

    async fn load(&self, script: &str) -> io::Result<String> {
        let mut server = UnixStream::connect(&self.server).await?;
        let words = format!("*3\r\n$6\r\nSCRIPT\r\n$4\r\nLOAD\r\n${}\r\n", script.len());
        server.write_all(words.as_bytes()).await?;
        server.write_all(script.as_bytes()).await?;
        server.write_all(b"\r\n").await?;
        let mut answer = vec![0; 4096];
        let count = server.read(&mut answer).await?;
        let said = String::from_utf8_lossy(&answer[..count]).into_owned();
        let hash = said.strip_prefix("$40\r\n").unwrap_or_else(|| panic!("it is no Lua: {said}"));
        Ok(hash.trim_end().to_owned())
    }
}
