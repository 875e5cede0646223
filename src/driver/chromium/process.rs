//! The browser's process and all that it started: asked whether it lives, killed whole, reaped.
//!
//! The jail's helper begins a session of its own, which nothing that a browser starts leaves: so
//! what lost its parent is still known for the browser's.

use std::collections::HashSet;
use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use nix::sys::signal::{Signal, kill, killpg};
use nix::unistd::Pid;
use tokio::process::Child;
use tokio::sync::watch;

use super::folder::Folder;

/// How often it is looked whether anything is left of a session, and how many times at most.
const LOOK_EVERY: Duration = Duration::from_millis(5);
const LOOKS_MAX: u32 = 400;

/// A running browser; clones speak of the same one.
#[derive(Debug, Clone)]
pub(in crate::driver) struct Process {
    pid: Pid,
    killed: Arc<AtomicBool>,
    ended: watch::Receiver<bool>,
}

/// Waits for the browser's end, then clears up after it.
pub(in crate::driver) struct Keeper {
    child: Child,
    process: Process,
    folder: Folder,
    ended: watch::Sender<bool>,
}

/// A browser's process, and the keeper that must be run for it.
pub(in crate::driver) fn keep(child: Child, folder: Folder) -> (Process, Keeper) {
    let (sender, ended) = watch::channel(false);
    let pid = Pid::from_raw(child.id().unwrap_or_default().cast_signed());
    let process = Process { pid, killed: Arc::default(), ended };
    let keeper = Keeper { child, process: process.clone(), folder, ended: sender };
    (process, keeper)
}

impl Process {
    /// Kills it with everything it started. Safe to call again.
    pub(in crate::driver) fn kill(&self) {
        if *self.ended.borrow() || self.killed.swap(true, Ordering::SeqCst) {
            return;
        }
        self.kill_tree();
    }

    fn kill_tree(&self) {
        if self.pid.as_raw() <= 1 {
            return;
        }
        let tree = tree(self.pid, true);
        // It is the leader of its own session and group; what left the group is in the tree.
        let _ = killpg(self.pid, Signal::SIGKILL);
        for pid in tree {
            let _ = kill(pid, Signal::SIGKILL);
        }
    }

    /// Whether nothing of it is left.
    pub(in crate::driver) fn has_ended(&self) -> bool {
        *self.ended.borrow()
    }

    /// Bytes of memory of it and all that it started, each shared page by its share. `None` where
    /// the system does not tell us of one of them, or it has ended.
    pub(in crate::driver) async fn memory(&self) -> Option<u64> {
        if *self.ended.borrow() {
            return None;
        }
        let pid = self.pid;
        let all = move || std::iter::once(pid).chain(tree(pid, true)).map(pss).sum();
        tokio::task::spawn_blocking(all).await.ok()?
    }

    /// Waits until it and all that it started are gone and its folder is cleared.
    pub(in crate::driver) async fn gone(&self) {
        let mut ended = self.ended.clone();
        // An error means that the keeper is gone, and with it the process.
        let _ = ended.wait_for(|ended| *ended).await;
    }
}

impl Keeper {
    /// Runs until the browser has ended and nothing of it is left.
    pub(in crate::driver) async fn run(mut self) {
        let _ = self.child.wait().await;
        // Its children end by themselves when it does; this is for those that do not, and for a
        // browser whose WebDriver server was killed: it has another parent by now.
        self.clear_session().await;
        let folder = self.folder.clone();
        let _ =
            tokio::task::spawn_blocking(move || folder.remove().or_else(|_| folder.remove())).await;
        self.ended.send_replace(true);
    }

    /// Kills what is left of its session, until nothing is.
    async fn clear_session(&self) {
        let _ = killpg(self.process.pid, Signal::SIGKILL);
        let mut tick = tokio::time::interval(LOOK_EVERY);
        for _ in 0..LOOKS_MAX {
            tick.tick().await;
            let left = tree(self.process.pid, false);
            if left.is_empty() {
                return;
            }
            for pid in left {
                let _ = kill(pid, Signal::SIGKILL);
            }
        }
    }
}

/// A living process: its id, its parent's, and its session's, which is the id of whoever began it.
struct Living {
    pid: i32,
    parent: i32,
    session: i32,
}

/// Every living process.
fn living() -> Vec<Living> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok());
    pids.filter_map(about).collect()
}

/// What `/proc/<pid>/stat` says, after the name in brackets: state, parent, group, session. One
/// that only waits to be reaped does not live.
fn about(pid: i32) -> Option<Living> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let mut fields = stat.rsplit_once(") ")?.1.split(' ');
    let state = fields.next()?;
    let parent = fields.next()?.parse().ok()?;
    let session = fields.nth(1)?.parse().ok()?;
    (state != "Z").then_some(Living { pid, parent, session })
}

/// Every living process of a leader's session, and all that descends from them; `with_leader`:
/// from the leader too, which must be alive, for its number may be another's later.
fn tree(leader: Pid, with_leader: bool) -> Vec<Pid> {
    let (all, leader) = (living(), leader.as_raw());
    let own = all.iter().filter(|one| one.session == leader && one.pid != leader);
    let mut tree: HashSet<i32> = own.map(|one| one.pid).collect();
    if with_leader {
        tree.insert(leader);
    }
    // Parents may stand after their children, so go on until nothing is added.
    loop {
        let before = tree.len();
        let below = all.iter().filter(|one| tree.contains(&one.parent)).map(|one| one.pid);
        let below: Vec<i32> = below.collect();
        tree.extend(below);
        if tree.len() == before {
            break;
        }
    }
    tree.remove(&leader);
    tree.into_iter().map(Pid::from_raw).collect()
}

/// A process's proportional set size in bytes, from `/proc/<pid>/smaps_rollup`. One that has just
/// ended takes nothing.
fn pss(pid: Pid) -> Option<u64> {
    let text = match fs::read_to_string(format!("/proc/{pid}/smaps_rollup")) {
        Ok(text) => text,
        Err(error) if error.raw_os_error() == Some(nix::libc::ESRCH) => return Some(0),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Some(0),
        Err(_) => return None,
    };
    let line = text.lines().find_map(|line| line.strip_prefix("Pss:"));
    // One that has ended and was not waited for yet has no lines.
    let Some(line) = line else { return Some(0) };
    let kib: u64 = line.trim().trim_end_matches("kB").trim().parse().ok()?;
    Some(kib << 10)
}
