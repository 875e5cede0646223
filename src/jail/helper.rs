//! The helper: the child that builds its own jail, step by step, and then becomes the browser.
//!
//! One thread, from start to `exec`. It comes with the browser's two pipes as standard input and
//! output and the control socket as standard error, so that even a panic's words reach the worker.
//! The order matters: the change of user clears both the dumpable mark (without which the process
//! may not map its own ids) and the wish to die with its parent, so both come after it.

use std::convert::Infallible;
use std::ffi::{CString, OsString};
use std::fs::{self, File, OpenOptions};
use std::io::{self, IoSlice, Write as _};
use std::mem::MaybeUninit;
use std::net::{Ipv4Addr, TcpListener};
use std::os::fd::{AsFd, BorrowedFd, IntoRawFd as _, OwnedFd};
use std::os::unix::ffi::OsStringExt as _;

use nix::sched::{CloneFlags, unshare};
use nix::sys::prctl;
use nix::sys::signal::Signal;
use nix::unistd::{self, Gid, Pid, Uid};
use rustix::net::{SendAncillaryBuffer, SendAncillaryMessage, SendFlags};

use super::{LISTENERS_MAX, PORT, SOCKETS_MAX, User, WAYS_IN_MAX, lo};

/// What the worker asked for on the command line.
struct Order {
    user: Option<User>,
    isolate: bool,
    listeners: usize,
    ways_in: usize,
    parent: Pid,
    log: OsString,
    command: Vec<OsString>,
}

/// `--parent P --log FILE [--uid U --gid G] [--listeners N] [--no-namespace] [--ways-in N] --
/// program argument…`
fn parse(args: impl IntoIterator<Item = OsString>) -> Option<Order> {
    let mut order = Order {
        user: None,
        isolate: true,
        listeners: 1,
        ways_in: 0,
        parent: Pid::from_raw(0),
        log: OsString::new(),
        command: Vec::new(),
    };
    let (mut uid, mut gid) = (None, None);
    let mut args = args.into_iter();
    let number = |value: Option<OsString>| value?.to_str()?.parse::<u32>().ok();
    while let Some(flag) = args.next() {
        match flag.to_str()? {
            "--parent" => order.parent = Pid::from_raw(number(args.next())?.cast_signed()),
            "--log" => order.log = args.next()?,
            "--uid" => uid = Some(number(args.next())?),
            "--gid" => gid = Some(number(args.next())?),
            "--listeners" => order.listeners = number(args.next())? as usize,
            "--no-namespace" => order.isolate = false,
            "--ways-in" => order.ways_in = number(args.next())? as usize,
            "--" => break,
            _ => return None,
        }
    }
    order.user = match (uid, gid) {
        (Some(uid), Some(gid)) => Some(User { uid, gid }),
        (None, None) => None,
        _ => return None,
    };
    order.command.extend(args);
    let some = (1..=LISTENERS_MAX).contains(&order.listeners) && order.ways_in <= WAYS_IN_MAX;
    (some && !order.command.is_empty() && !order.log.is_empty()).then_some(order)
}

/// Builds the jail and becomes the program; comes back only to say why it could not.
///
/// `args` are those after `walkon jail`. Its words on failure go to standard error, which is the
/// control socket until the very end.
pub fn run_helper(args: impl IntoIterator<Item = OsString>) -> Result<Infallible, String> {
    let order = parse(args).ok_or("this is an inner command of walkon, not one to call by hand")?;
    let result = become_program(&order);
    if let Err(why) = &result {
        // The worker may be gone; then nobody is left to tell.
        let _ = io::stderr().write_all(why.as_bytes());
    }
    result
}

fn become_program(order: &Order) -> Result<Infallible, String> {
    let step = |what: &'static str| move |error: nix::Error| format!("could not {what}: {error}");
    let file = |what: &'static str| move |error: io::Error| format!("could not {what}: {error}");

    close_strays().map_err(file("close inherited files"))?;
    unistd::setsid().map_err(step("start a session"))?;
    // Opened by its new owner's rights would be too late where the folder's parents are closed.
    let log = OpenOptions::new().create(true).append(true).open(&order.log);
    let log = log.map_err(file("open the browser's log"))?;
    if let Some(user) = order.user {
        unistd::setgroups(&[]).map_err(step("drop groups"))?;
        unistd::setgid(Gid::from_raw(user.gid)).map_err(step("change group"))?;
        unistd::setuid(Uid::from_raw(user.uid)).map_err(step("change user"))?;
    }
    prctl::set_dumpable(true).map_err(step("become dumpable"))?;
    prctl::set_pdeathsig(Signal::SIGKILL).map_err(step("ask to die with the worker"))?;
    if unistd::getppid() != order.parent {
        return Err("the worker is gone".to_owned());
    }
    if order.isolate {
        isolate()?;
    }
    let listen = |_| TcpListener::bind((Ipv4Addr::LOCALHOST, 0));
    let listeners: io::Result<Vec<_>> = (0..order.listeners).map(listen).collect();
    let listeners = listeners.map_err(file("listen inside"))?;
    let port = listeners[0].local_addr().map_err(file("listen inside"))?.port();
    let ways_in = ways_in(order.ways_in).map_err(file("make the ways in"))?;
    hand_over(&listeners, &ways_in).map_err(file("pass the listeners out"))?;
    drop((listeners, ways_in));
    let command = arguments(&order.command, port)?;
    place_streams(log).map_err(step("arrange the pipes"))?;
    unistd::execv(&command[0], &command).map_err(step("start the program"))
}

/// Closes whatever the worker did not mean to pass on, so that the next `dup` gives 3.
fn close_strays() -> io::Result<()> {
    let open: Vec<i32> = fs::read_dir("/proc/self/fd")?
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .filter(|fd| *fd > 2)
        .collect();
    for fd in open {
        // The listing's own descriptor is in the list and closed by now.
        let _ = unistd::close(fd);
    }
    Ok(())
}

/// New user and network namespaces, with this user mapped onto itself and `lo` up.
fn isolate() -> Result<(), String> {
    let file = |what: &'static str| move |error: io::Error| format!("could not {what}: {error}");
    let (uid, gid) = (unistd::geteuid(), unistd::getegid());
    unshare(CloneFlags::CLONE_NEWUSER | CloneFlags::CLONE_NEWNET)
        .map_err(|error| format!("could not make namespaces: {error}"))?;
    fs::write("/proc/self/setgroups", "deny").map_err(file("deny setgroups"))?;
    fs::write("/proc/self/uid_map", format!("{uid} {uid} 1")).map_err(file("map the user"))?;
    fs::write("/proc/self/gid_map", format!("{gid} {gid} 1")).map_err(file("map the group"))?;
    lo::raise().map_err(file("raise lo"))
}

/// Sockets that are of this namespace for good, connected to nothing yet.
fn ways_in(count: usize) -> io::Result<Vec<OwnedFd>> {
    let (family, kind) = (rustix::net::AddressFamily::INET, rustix::net::SocketType::STREAM);
    let made = |_| Ok(rustix::net::socket(family, kind, None)?);
    (0..count).map(made).collect()
}

/// Sends the listeners over the control socket, and the ways in after them.
fn hand_over(listeners: &[TcpListener], ways_in: &[OwnedFd]) -> io::Result<()> {
    let stderr = io::stderr();
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(SOCKETS_MAX))];
    let mut control = SendAncillaryBuffer::new(&mut space);
    let fds: Vec<BorrowedFd<'_>> =
        listeners.iter().map(AsFd::as_fd).chain(ways_in.iter().map(AsFd::as_fd)).collect();
    control.push(SendAncillaryMessage::ScmRights(&fds));
    let word = [IoSlice::new(b"listening")];
    rustix::net::sendmsg(stderr.as_fd(), &word, &mut control, SendFlags::empty())?;
    Ok(())
}

/// The program's arguments, with the port in its place.
fn arguments(command: &[OsString], port: u16) -> Result<Vec<CString>, String> {
    let fill = |argument: &OsString| match argument.to_str() {
        Some(text) => OsString::from(text.replace(PORT, &port.to_string())),
        None => argument.clone(),
    };
    let c_string = |argument: OsString| CString::new(argument.into_vec());
    let filled: Result<Vec<_>, _> = command.iter().map(fill).map(c_string).collect();
    filled.map_err(|_| "an argument holds a NUL".to_owned())
}

/// The log on standard error, the pipes on 3 and 4, nothing on standard input and output.
fn place_streams(log: File) -> nix::Result<()> {
    unistd::dup2_stderr(&log)?;
    drop(log);
    // Nothing above 2 is open now, so these are 3 and 4; they must survive this and `exec`.
    let pipes = (unistd::dup(io::stdin())?.into_raw_fd(), unistd::dup(io::stdout())?.into_raw_fd());
    if pipes != (3, 4) {
        return Err(nix::Error::EBADF);
    }
    let nothing = File::options().read(true).write(true).open("/dev/null");
    let nothing = nothing.map_err(|_| nix::Error::ENODEV)?;
    unistd::dup2_stdin(&nothing)?;
    unistd::dup2_stdout(&nothing)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<OsString> {
        text.split(' ').map(OsString::from).collect()
    }

    #[test]
    fn the_command_line_is_read_as_the_spawner_writes_it() {
        let order = parse(words("--parent 7 --log /l --uid 1 --gid 2 -- /bin/x --a")).unwrap();
        assert_eq!(order.user, Some(User { uid: 1, gid: 2 }));
        assert!(order.isolate);
        assert_eq!(order.command, words("/bin/x --a"));
        assert!(parse(words("--parent 7 --log /l --uid 1 -- /bin/x")).is_none());
        let order = parse(words("--parent 7 --log /l --ways-in 2 -- /bin/x")).unwrap();
        assert_eq!(order.ways_in, 2);
        assert!(parse(words("--parent 7 --log /l --ways-in 9 -- /bin/x")).is_none());
        assert!(parse(words("--parent 7 --log /l --")).is_none());
        let several = |n: &str| parse(words(&format!("--parent 7 --log /l --listeners {n} -- /x")));
        assert_eq!((order.listeners, several("200").unwrap().listeners), (1, 200));
        assert!(several("0").is_none() && several("201").is_none());
    }

    #[test]
    fn the_port_goes_where_its_mark_stands() {
        let filled = arguments(&words("x --proxy=http://127.0.0.1:{port}"), 81).unwrap();
        assert_eq!(filled[1].as_bytes(), b"--proxy=http://127.0.0.1:81");
    }
}
