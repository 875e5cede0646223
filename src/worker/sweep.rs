//! Sweeping: what sessions left behind when their worker ended without a word.
//!
//! A browser dies with its worker, and its folder goes with it. This is for when that did not
//! happen: after a power cut, or a kill between the two. Whatever names an account's folder while
//! nobody holds its lock is an orphan; it is ended and counted, and the count should stay 0. The
//! lock files stay: they are empty, and one that is removed could be held by two at once.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// What a session leaves in its folder that the next one must not find.
const LEFTOVERS: [&str; 3] = ["profile", "home", "tmp"];
/// What is behind the name of an account's folder in that of its lock.
const LOCK: &str = "lock";

/// The accounts' folders that nobody has in use, each with its lock, held as long as that.
fn idle(folder: &Path) -> Vec<(PathBuf, File)> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    // What was set aside has its account's lock, and runs nothing.
    let own = entries.filter(|path| path.is_dir() && path.extension().is_none());
    let held = own.filter_map(|path| {
        let lock = File::create(path.with_extension(LOCK)).ok()?;
        lock.try_lock().ok().map(|()| (path, lock))
    });
    held.collect()
}

/// The browsers that run in a folder, by their command lines.
fn running(folder: &Path) -> Vec<Pid> {
    let Some(profile) = folder.join(LEFTOVERS[0]).to_str().map(str::to_owned) else {
        return Vec::new();
    };
    let flag = format!("--user-data-dir={profile}");
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok());
    let ours = |pid: &i32| {
        let line = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        // One that WebDriver starts has its profile in a folder below.
        let names = |word: &[u8]| {
            word.strip_prefix(flag.as_bytes()).is_some_and(|rest| matches!(rest, [] | [b'/', ..]))
        };
        line.split(|byte| *byte == 0).any(names)
    };
    pids.filter(ours).map(Pid::from_raw).collect()
}

/// How many browsers run in folders that nobody has in use.
pub fn orphans(folder: &Path) -> usize {
    idle(folder).iter().map(|(path, _lock)| running(path).len()).sum()
}

/// Ends what runs in folders that nobody has in use, clears them, and says how many it ended.
pub(super) fn sweep(folder: &Path) -> u64 {
    let mut ended = 0;
    for (path, _lock) in idle(folder) {
        for pid in running(&path) {
            tracing::warn!(%pid, folder = %path.display(), "ended a browser without its worker");
            // It may have ended by itself.
            let _ = kill(pid, Signal::SIGKILL);
            ended += 1;
        }
        for leftover in LEFTOVERS {
            let leftover = path.join(leftover);
            if leftover.exists()
                && let Err(error) = fs::remove_dir_all(&leftover)
            {
                // What still runs in it writes on for an instant: the next sweep has it.
                tracing::debug!(%error, folder = %leftover.display(), "not cleared yet");
            }
        }
    }
    ended
}

#[cfg(test)]
mod tests {
    use std::process::{Command, Stdio};

    use super::*;

    #[test]
    fn what_nobody_has_in_use_is_ended_and_cleared_and_the_rest_is_left_alone() {
        let root = tempfile::tempdir().unwrap();
        for account in ["ada", "ben"] {
            fs::create_dir_all(root.path().join(account).join("profile")).unwrap();
            fs::create_dir_all(root.path().join(account).join("cache")).unwrap();
        }
        let lock = File::create(root.path().join("ben.lock")).unwrap();
        lock.lock().unwrap();
        let start = |account: &str| {
            let profile = root.path().join(account).join("profile");
            let flag = format!("--user-data-dir={}", profile.display());
            // `read` is the shell's own: a program that it started would be a second process
            // with its command line until it had been loaded.
            let mut shell = Command::new("sh");
            shell.args(["-c", "read line", "browser", &flag]).stdin(Stdio::piped());
            shell.spawn().unwrap()
        };
        let (mut orphan, mut busy) = (start("ada"), start("ben"));
        // A process that was just made has the command line of its maker for an instant.
        while running(&root.path().join("ada")).is_empty() {
            std::thread::yield_now();
        }
        assert_eq!(orphans(root.path()), 1);
        assert_eq!(sweep(root.path()), 1);
        assert!(!orphan.wait().unwrap().success());
        assert!(busy.try_wait().unwrap().is_none(), "somebody's browser was ended");
        assert!(!root.path().join("ada/profile").exists());
        assert!(root.path().join("ada/cache").exists() && root.path().join("ben/profile").exists());
        assert_eq!(sweep(root.path()), 0);
        busy.kill().unwrap();
        busy.wait().unwrap();
    }
}
