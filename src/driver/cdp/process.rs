//! The browser's process and all that it started: asked whether it lives, killed whole, reaped.

use std::collections::HashSet;
use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use nix::sys::signal::{Signal, kill, killpg};
use nix::unistd::Pid;
use tokio::process::Child;
use tokio::sync::watch;

use super::folder::Folder;

/// A running browser; clones speak of the same one.
#[derive(Debug, Clone)]
pub(super) struct Process {
    pid: Pid,
    killed: Arc<AtomicBool>,
    ended: watch::Receiver<bool>,
}

/// Waits for the browser's end, then clears up after it.
pub(super) struct Keeper {
    child: Child,
    process: Process,
    folder: Folder,
    ended: watch::Sender<bool>,
}

/// A browser's process, and the keeper that must be run for it.
pub(super) fn keep(child: Child, folder: Folder) -> (Process, Keeper) {
    let (sender, ended) = watch::channel(false);
    let pid = Pid::from_raw(child.id().unwrap_or_default().cast_signed());
    let process = Process { pid, killed: Arc::default(), ended };
    let keeper = Keeper { child, process: process.clone(), folder, ended: sender };
    (process, keeper)
}

impl Process {
    /// Kills it with everything it started. Safe to call again.
    pub(super) fn kill(&self) {
        if *self.ended.borrow() || self.killed.swap(true, Ordering::SeqCst) {
            return;
        }
        self.kill_tree();
    }

    fn kill_tree(&self) {
        if self.pid.as_raw() <= 1 {
            return;
        }
        let tree = descendants(self.pid);
        // It is the leader of its own session and group; what left the group is in the tree.
        let _ = killpg(self.pid, Signal::SIGKILL);
        for pid in tree {
            let _ = kill(pid, Signal::SIGKILL);
        }
    }

    /// Waits until it and all that it started are gone and its folder is cleared.
    pub(super) async fn gone(&self) {
        let mut ended = self.ended.clone();
        // An error means that the keeper is gone, and with it the process.
        let _ = ended.wait_for(|ended| *ended).await;
    }
}

impl Keeper {
    /// Runs until the browser has ended and nothing of it is left.
    pub(super) async fn run(mut self) {
        let _ = self.child.wait().await;
        // Its children end by themselves when it does; this is for those that do not.
        let _ = killpg(self.process.pid, Signal::SIGKILL);
        let folder = self.folder.clone();
        let _ =
            tokio::task::spawn_blocking(move || folder.remove().or_else(|_| folder.remove())).await;
        self.ended.send_replace(true);
    }
}

/// Every living process that descends from one.
fn descendants(root: Pid) -> Vec<Pid> {
    let Ok(entries) = fs::read_dir("/proc") else { return Vec::new() };
    let all: Vec<(i32, i32)> = entries
        .filter_map(|entry| {
            let pid: i32 = entry.ok()?.file_name().to_str()?.parse().ok()?;
            Some((pid, parent(pid)?))
        })
        .collect();
    let mut tree = HashSet::from([root.as_raw()]);
    // Parents may stand after their children, so go on until nothing is added.
    loop {
        let before = tree.len();
        tree.extend(
            all.iter().filter(|(_, up)| tree.contains(up)).map(|(pid, _)| *pid).collect::<Vec<_>>(),
        );
        if tree.len() == before {
            break;
        }
    }
    tree.remove(&root.as_raw());
    tree.into_iter().map(Pid::from_raw).collect()
}

/// The parent of a process, from `/proc/<pid>/stat`: the second field after the name in brackets.
fn parent(pid: i32) -> Option<i32> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    stat.rsplit_once(") ")?.1.split(' ').nth(1)?.parse().ok()
}
