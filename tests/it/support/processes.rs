//! Looking at processes from outside, as an operator would.

use std::fs;
use std::path::Path;
use std::time::Duration;

/// The processes whose command line names a path, by id.
pub(crate) fn naming(path: &Path) -> Vec<i32> {
    let needle = path.to_str().unwrap();
    let entries = fs::read_dir("/proc").unwrap().filter_map(Result::ok);
    let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok());
    let named = |pid: &i32| {
        let line = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        String::from_utf8_lossy(&line).contains(needle)
    };
    pids.filter(named).collect()
}

/// The oldest of them: the browser itself.
pub(crate) fn first(path: &Path) -> i32 {
    *naming(path).iter().min().expect("a browser with that folder runs")
}

/// The browser with that folder, and all that it started.
pub(crate) fn tree(path: &Path) -> Vec<i32> {
    let named = naming(path);
    named.iter().copied().chain(named.iter().flat_map(|pid| below(*pid))).collect()
}

/// Waits until none of them is left; panics after ten seconds.
pub(crate) async fn none_left(pids: &[i32]) {
    let is_left = |pid: &&i32| Path::new(&format!("/proc/{pid}")).exists();
    let mut tick = tokio::time::interval(Duration::from_millis(10));
    for _ in 0..1_000 {
        if !pids.iter().any(|pid| is_left(&pid)) {
            return;
        }
        tick.tick().await;
    }
    let left: Vec<_> = pids.iter().filter(is_left).map(|pid| command_line(*pid)).collect();
    panic!("still there: {left:?}");
}

/// The processes that a process started, and theirs.
pub(crate) fn below(root: i32) -> Vec<i32> {
    let entries = fs::read_dir("/proc").unwrap().filter_map(Result::ok);
    let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok());
    let mut up: Vec<(i32, i32)> = pids.filter_map(|pid| Some((pid, parent(pid)?))).collect();
    let mut found = vec![root];
    let mut at = 0;
    while let Some(above) = found.get(at).copied() {
        found.extend(up.iter().filter(|(_, parent)| *parent == above).map(|(pid, _)| *pid));
        up.retain(|(_, parent)| *parent != above);
        at += 1;
    }
    found.split_off(1)
}

fn parent(pid: i32) -> Option<i32> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    stat.rsplit_once(") ")?.1.split(' ').nth(1)?.parse().ok()
}

/// A process's command line.
pub(crate) fn command_line(pid: i32) -> String {
    let line = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    String::from_utf8_lossy(&line).replace('\0', " ")
}
