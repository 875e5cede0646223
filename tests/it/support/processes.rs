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

/// Waits until none is left; panics after ten seconds.
pub(crate) async fn none_left(path: &Path) {
    let mut tick = tokio::time::interval(Duration::from_millis(10));
    for _ in 0..1_000 {
        if naming(path).is_empty() {
            return;
        }
        tick.tick().await;
    }
    panic!("still there: {:?}", naming(path));
}
