//! A Redis of our own: a child of this process, on a unix socket in the data folder.
//!
//! It keeps what it acknowledges (`appendfsync always`) and dies with its parent, so that nobody
//! has to install, configure or stop anything. One process uses a data folder at a time: a lock
//! file says so. What it does not do: start itself again. Whoever started it does, and calls
//! [`Queue::boot`](super::Queue::boot).

use std::fmt::Write as _;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::{Durability, Error};

/// The socket's name in its folder.
const SOCKET: &str = "redis.sock";
/// What a socket's path may have: `sun_path` holds 108 bytes with its end.
const PATH_MAX: usize = 100;
/// How long it may take to come up, its log included.
const START_MAX: Duration = Duration::from_mins(2);
/// How long it may take to stop.
const STOP_MAX: Duration = Duration::from_secs(20);
/// How long the last holder of the folder may take to be gone: a child that is just being started
/// holds our lock for an instant, too.
const HANDOVER_MAX: Duration = Duration::from_millis(500);
/// How often we look whether it has.
const LOOK: Duration = Duration::from_millis(10);

/// A running `redis-server`; dropped, it is killed. Nothing acknowledged is lost by that.
#[derive(Debug)]
pub struct Embedded {
    child: Child,
    socket: PathBuf,
    _lock: File,
}

fn at(path: &Path) -> impl FnOnce(io::Error) -> Error {
    let path = path.to_owned();
    move |source| Error::Folder { path, source }
}

async fn lock(folder: &Path) -> Result<File, Error> {
    let path = folder.join("lock");
    let file = OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&path)
        .map_err(at(&path))?;
    for _ in 0..(HANDOVER_MAX.as_millis() / LOOK.as_millis()) {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::WouldBlock) => tokio::time::sleep(LOOK).await,
            Err(TryLockError::Error(source)) => return Err(Error::Folder { path, source }),
        }
    }
    Err(Error::Locked(folder.to_owned()))
}

/// The URL of a socket: everything that is not plain is escaped.
fn url(socket: &Path) -> String {
    let mut url = String::from("unix://");
    for byte in socket.to_string_lossy().bytes() {
        if byte.is_ascii_alphanumeric() || b"/-_.~".contains(&byte) {
            url.push(char::from(byte));
        } else {
            write!(url, "%{byte:02X}").expect("writing to a string cannot fail");
        }
    }
    url
}

/// What is started.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Launch {
    /// The server: Redis or Valkey, by its name or path.
    pub program: PathBuf,
    /// When it must have its log on disk.
    pub durability: Durability,
}

impl Default for Launch {
    fn default() -> Self {
        Self { program: PROGRAM.into(), durability: Durability::Always }
    }
}

/// What is started unless another is named.
const PROGRAM: &str = "redis-server";
/// What makes a server keep nothing.
const FORGETS: &[&str] = &["--appendonly", "no"];

/// What makes a server keep what it acknowledges.
fn keeps(durability: Durability) -> Vec<&'static str> {
    let fsync = durability.fsync()[0];
    vec!["--appendonly", "yes", "--appendfsync", fsync, "--no-appendfsync-on-rewrite", "no"]
}

/// The command line; with `setpriv`, where there is one, the child dies with us.
fn command(program: &Path, folder: &Path, socket: &Path, log: &Path, keeps: &[&str]) -> Command {
    let dies_with_us = Command::new("setpriv")
        .arg("--version")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success());
    let mut command = if dies_with_us {
        let mut command = Command::new("setpriv");
        command.args(["--pdeathsig", "KILL"]).arg(program);
        command
    } else {
        Command::new(program)
    };
    let pid = folder.join("redis.pid");
    command.args(["--port", "0", "--unixsocketperm", "700", "--daemonize", "no"]);
    command.args(keeps).args(["--save", "", "--maxmemory-policy", "noeviction"]);
    command.arg("--unixsocket").arg(socket).arg("--dir").arg(folder);
    command.arg("--pidfile").arg(pid).arg("--logfile").arg(log);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command
}

/// Whether the server is to be found; `setpriv` would not say so.
fn is_installed(program: &Path) -> bool {
    let mut version = Command::new(program);
    version.arg("--version").stdout(Stdio::null()).stderr(Stdio::null());
    version.status().is_ok_and(|status| status.success())
}

fn last_words(log: &Path) -> String {
    let text = fs::read_to_string(log).unwrap_or_default();
    let lines: Vec<_> = text.lines().rev().take(3).collect();
    lines.into_iter().rev().collect::<Vec<_>>().join(" / ")
}

/// Asks the server at `url` one command.
async fn ask(url: &str, command: &redis::Cmd) -> Result<(), Error> {
    let client = redis::Client::open(url)?;
    let config = redis::AsyncConnectionConfig::new()
        .set_connection_timeout(Some(Duration::from_secs(2)))
        .set_response_timeout(Some(Duration::from_secs(5)));
    let mut connection = client.get_multiplexed_async_connection_with_config(&config).await?;
    Ok(command.query_async::<()>(&mut connection).await?)
}

/// Stops a server that outlived the process that started it: two on one log would ruin it.
async fn stop_leftover(url: &str) -> Result<(), Error> {
    for _ in 0..(STOP_MAX.as_millis() / LOOK.as_millis()) {
        match ask(url, &redis::cmd("PING")).await {
            Err(Error::Unreachable(_)) => return Ok(()),
            _ => drop(ask(url, &redis::cmd("SHUTDOWN")).await),
        }
        tokio::time::sleep(LOOK).await;
    }
    Err(Error::Start("an older server on this folder does not stop".to_owned()))
}

impl Embedded {
    /// Starts a server whose data is in `folder`, and waits until it has loaded them.
    ///
    /// The child dies with the *thread* that calls this: call it from one that lives as long as
    /// the server shall.
    ///
    /// # Errors
    ///
    /// [`Error::Missing`] without a `redis-server`, [`Error::Locked`] where another one runs.
    pub async fn start(folder: &Path) -> Result<Self, Error> {
        Self::launch(folder, &Launch::default()).await
    }

    /// The same with another server, or another durability.
    pub async fn launch(folder: &Path, launch: &Launch) -> Result<Self, Error> {
        Self::with(folder, &launch.program, &keeps(launch.durability)).await
    }

    /// Keeps everybody from starting one in that folder, for as long as the answer is held.
    ///
    /// # Errors
    ///
    /// [`Error::Locked`] where one runs.
    pub async fn hold(folder: &Path) -> Result<File, Error> {
        fs::create_dir_all(folder).map_err(at(folder))?;
        lock(folder).await
    }

    /// The same, but it keeps nothing: for what is thrown away after.
    pub(super) async fn scratch(folder: &Path) -> Result<Self, Error> {
        Self::with(folder, Path::new(PROGRAM), FORGETS).await
    }

    async fn with(folder: &Path, program: &Path, keeps: &[&str]) -> Result<Self, Error> {
        fs::create_dir_all(folder).map_err(at(folder))?;
        let folder = &folder.canonicalize().map_err(at(folder))?;
        let socket = folder.join(SOCKET);
        if socket.as_os_str().len() > PATH_MAX {
            return Err(Error::LongPath(socket));
        }
        let lock = lock(folder).await?;
        let url = url(&socket);
        stop_leftover(&url).await?;
        if !is_installed(program) {
            return Err(Error::Missing(program.display().to_string()));
        }
        let log = folder.join("redis.log");
        let child = command(program, folder, &socket, &log, keeps)
            .spawn()
            .map_err(|error| Error::Start(error.to_string()))?;
        let mut server = Self { child, socket, _lock: lock };
        let up = tokio::time::timeout(START_MAX, server.wait_until_up(&log)).await;
        up.unwrap_or(Err(Error::Loading))?;
        Ok(server)
    }

    async fn wait_until_up(&mut self, log: &Path) -> Result<(), Error> {
        let url = self.url();
        loop {
            if self.has_ended() {
                return Err(Error::Start(last_words(log)));
            }
            if ask(&url, &redis::cmd("PING")).await.is_ok() {
                return Ok(());
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    /// How to reach it, for [`Options::url`](super::Options::url).
    pub fn url(&self) -> String {
        url(&self.socket)
    }

    /// How to reach the one that another process runs in that folder.
    pub fn url_in(folder: &Path) -> String {
        url(&folder.join(SOCKET))
    }

    /// Its process.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Whether it has ended by itself.
    pub fn has_ended(&mut self) -> bool {
        !matches!(self.child.try_wait(), Ok(None))
    }

    /// Stops it, and waits until it has.
    pub async fn stop(mut self) -> Result<(), Error> {
        let pid = Pid::from_raw(self.child.id() as i32);
        // It may have ended meanwhile: then there is nobody to tell.
        let _ = kill(pid, Signal::SIGTERM);
        for _ in 0..(STOP_MAX.as_millis() / LOOK.as_millis()) {
            if self.has_ended() {
                return Ok(());
            }
            tokio::time::sleep(LOOK).await;
        }
        Err(Error::Start("redis-server does not stop; it is killed".to_owned()))
    }
}

impl Drop for Embedded {
    fn drop(&mut self) {
        // Both fail only where it has ended already.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_socket_in_a_folder_with_a_space_still_has_a_url() {
        assert_eq!(url(Path::new("/tmp/my data/r.sock")), "unix:///tmp/my%20data/r.sock");
    }
}
