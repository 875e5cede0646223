//! The worker's half: starts the helper and takes the listeners it passes out.
//!
//! A child's wish to die with its parent follows the *thread* that forked it, and a runtime's
//! threads come and go. So one thread of the spawner's own forks every child and lives as long as
//! the last of them.

use std::io::{self, IoSliceMut, Read as _};
use std::mem::MaybeUninit;
use std::net::TcpListener;
use std::os::fd::{AsFd as _, OwnedFd};
use std::os::unix::net::UnixStream;
use std::process::Stdio;
use std::sync::mpsc;
use std::time::Duration;

use rustix::net::{RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags};
use tokio::net::unix::pipe;
use tokio::process::{Child, Command};
use tokio::sync::oneshot;

use super::{Cell, Error, SOCKETS_MAX, WayIn};

/// How long a helper may take to build its jail; 2 ms is usual.
const HELPER_MAX: Duration = Duration::from_secs(10);

/// A program that runs in a jail.
#[derive(Debug)]
pub struct Inmate {
    /// Its process; dropping it kills it.
    pub child: Child,
    /// What it reads on file descriptor 3.
    pub input: pipe::Sender,
    /// What it writes on file descriptor 4.
    pub output: pipe::Receiver,
    /// The listeners inside, as many as were asked for.
    pub listeners: Vec<TcpListener>,
    /// As many as were asked for.
    pub ways_in: Vec<WayIn>,
}

struct Request {
    command: Command,
    runtime: tokio::runtime::Handle,
    reply: oneshot::Sender<io::Result<Child>>,
}

/// Starts programs in jails. Keep it as long as any of them lives: they die with it.
#[derive(Debug, Clone)]
pub struct Spawner {
    requests: mpsc::Sender<Request>,
}

impl Spawner {
    /// Starts the forking thread.
    pub fn new() -> io::Result<Self> {
        let (requests, inbox) = mpsc::channel::<Request>();
        // Not a task of the tracker's: it does nothing but fork, and ends with its last sender.
        std::thread::Builder::new().name("walkon-spawner".to_owned()).spawn(move || {
            for mut request in inbox {
                let _runtime = request.runtime.enter();
                let _ = request.reply.send(request.command.spawn());
            }
        })?;
        Ok(Self { requests })
    }

    /// Starts what the cell says.
    pub async fn spawn(&self, cell: &Cell) -> Result<Inmate, Error> {
        let (input, read) = pipe::pipe()?;
        let (write, output) = pipe::pipe()?;
        let (ours, theirs) = UnixStream::pair()?;
        let mut command = helper(cell);
        command
            .stdin(Stdio::from(read.into_blocking_fd()?))
            .stdout(Stdio::from(write.into_blocking_fd()?))
            .stderr(Stdio::from(OwnedFd::from(theirs)))
            .kill_on_drop(true);
        let (reply, answer) = oneshot::channel();
        let runtime = tokio::runtime::Handle::current();
        let request = Request { command, runtime, reply };
        self.requests.send(request).map_err(|_| Error::Silent)?;
        let child = answer.await.map_err(|_| Error::Silent)??;
        ours.set_read_timeout(Some(HELPER_MAX))?;
        let taken = tokio::task::spawn_blocking(move || take_sockets(&ours)).await;
        let mut listeners = taken.map_err(|_| Error::Silent)??;
        if listeners.len() != cell.listeners + cell.ways_in {
            return Err(Error::Silent);
        }
        let ways_in = listeners.split_off(cell.listeners).into_iter().map(WayIn::new).collect();
        let listeners = listeners.into_iter().map(TcpListener::from).collect();
        Ok(Inmate { child, input, output, listeners, ways_in })
    }
}

/// The helper's command line, which `helper::parse` reads.
fn helper(cell: &Cell) -> Command {
    let mut command = Command::new(&cell.walkon);
    command.arg("jail").arg("--parent").arg(std::process::id().to_string());
    command.arg("--log").arg(&cell.log);
    if let Some(user) = cell.user {
        command.arg("--uid").arg(user.uid.to_string()).arg("--gid").arg(user.gid.to_string());
    }
    command.arg("--listeners").arg(cell.listeners.to_string());
    if !cell.isolate {
        command.arg("--no-namespace");
    }
    if cell.ways_in > 0 {
        command.arg("--ways-in").arg(cell.ways_in.to_string());
    }
    command.arg("--").arg(&cell.program).args(&cell.args);
    command.env_clear().envs(cell.env.iter().map(|(name, value)| (name, value)));
    command
}

/// The listeners and then the ways in from the control socket, or the helper's last words.
fn take_sockets(control: &UnixStream) -> Result<Vec<OwnedFd>, Error> {
    let mut word = [0; 512];
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(SOCKETS_MAX))];
    let mut ancillary = RecvAncillaryBuffer::new(&mut space);
    let flags = RecvFlags::CMSG_CLOEXEC;
    let mut buffers = [IoSliceMut::new(&mut word)];
    let received = rustix::net::recvmsg(control.as_fd(), &mut buffers, &mut ancillary, flags);
    let length = received.map_err(|_| Error::Silent)?.bytes;
    let rights = |message| match message {
        RecvAncillaryMessage::ScmRights(fds) => Some(fds),
        _ => None,
    };
    let sockets: Vec<OwnedFd> = ancillary.drain().filter_map(rights).flatten().collect();
    if !sockets.is_empty() {
        return Ok(sockets);
    }
    let mut text = word[..length].to_vec();
    let _ = control.take(4096).read_to_end(&mut text);
    let text = String::from_utf8_lossy(&text).trim().to_owned();
    Err(if text.is_empty() { Error::Silent } else { Error::Helper(text) })
}
