//! A wire between a queue and its Redis: a test may cut it, and exchange scripts on it.
//!
//! The scripts are a library whose functions bear its version in their names. To exchange a text,
//! the wire loads the changed library under another version, which is as long, and turns the one
//! version into the other in each call: the product is the same to the last byte.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicI32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use sha2::{Digest as _, Sha256};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::OnceCell;
use tokio::task::JoinHandle;
use walkon::queue::Library;

const CALL: &[u8] = b"FCALL\r\n";

/// What happens to the next call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The connection breaks before the call arrives.
    Unsent,
    /// The call is carried out, and the connection breaks before its answer arrives.
    Unanswered,
    /// The server is killed: before the call arrives and when it has been carried out, in turns.
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
    /// The version of the changed library, once it is loaded.
    version: OnceCell<String>,
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
                if let Some(exchange) = shared.exchange && find(&request, CALL).is_some() {
                    shared.exchange(&mut request, exchange).await;
                }
                if fault == Some(Fault::Killed) && shared.is_early() {
                    shared.kill();
                    return Ok(());
                }
                server.write_all(&request).await?;
                if let Some(fault) = fault {
                    let answered = server.read(&mut down).await;
                    if fault == Fault::Killed {
                        shared.kill();
                    }
                    return answered.map(drop);
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

    /// Whether the next kill comes before its call arrives.
    fn is_early(&self) -> bool {
        self.kills.load(Ordering::Relaxed).is_multiple_of(2)
    }

    fn kill(&self) {
        let pid = Pid::from_raw(self.pid.load(Ordering::Relaxed));
        kill(pid, Signal::SIGKILL).expect("the server runs");
        self.kills.fetch_add(1, Ordering::Relaxed);
    }

    /// Calls the changed library's function instead.
    async fn exchange(&self, request: &mut [u8], exchange: Exchange) {
        let version = self.version.get_or_init(|| self.load(exchange)).await;
        let (ours, end) = (&Library::ours().version, b"\r\n");
        let name = [b"_", ours.as_bytes(), end].concat();
        let at = find(request, &name).expect("a call names a function") + 1;
        request[at..at + ours.len()].copy_from_slice(version.as_bytes());
        self.reached.store(true, Ordering::Relaxed);
    }

    /// Loads the changed library; its version.
    async fn load(&self, exchange: Exchange) -> String {
        let Library { version, text } = Library::ours();
        let changed = text.replace(exchange.old, exchange.new);
        assert_ne!(*text, changed, "the library has no `{}`", exchange.old);
        let hash = Sha256::digest(&changed);
        let first: [u8; 8] = hash[..8].try_into().expect("it has more");
        let other = format!("{:016x}", u64::from_be_bytes(first))[..version.len()].to_owned();
        let client = redis::Client::open(format!("unix://{}", self.server.display()));
        let mut server = client.unwrap().get_multiplexed_async_connection().await.unwrap();
        let mut load = redis::cmd("FUNCTION");
        load.arg("LOAD").arg("REPLACE").arg(changed.replace(version.as_str(), &other));
        load.query_async::<()>(&mut server).await.expect("a mutant is Lua");
        other
    }
}
