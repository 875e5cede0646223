//! What this host has left for another browser: memory, disk, processors.
//!
//! Memory is the least of what any cgroup above us leaves (version 2, then 1) and what the host has
//! (`MemAvailable`). What the kernel would give back at once, unused pages of files, counts as
//! left. Resident sizes are never added up: what browsers share would count many times over.

use std::fs;
use std::path::{Path, PathBuf};

/// The system's own files, and the folder whose disk counts.
#[derive(Debug, Clone)]
pub(super) struct Host {
    proc: PathBuf,
    cgroups: PathBuf,
    folder: PathBuf,
}

impl Host {
    pub(super) fn new(folder: PathBuf) -> Self {
        Self { proc: "/proc".into(), cgroups: "/sys/fs/cgroup".into(), folder }
    }

    /// Bytes of memory that are left; `None`: the system does not say.
    pub(super) fn memory(&self) -> Option<u64> {
        let groups = fs::read_to_string(self.proc.join("self/cgroup")).unwrap_or_default();
        let within = groups.lines().filter_map(|line| self.group(line)).min();
        let host = self.available();
        within.into_iter().chain(host).min()
    }

    /// What the whole host has left.
    fn available(&self) -> Option<u64> {
        let text = fs::read_to_string(self.proc.join("meminfo")).ok()?;
        field(&text, "MemAvailable:").map(|kib| kib << 10)
    }

    /// What a cgroup of ours and those above it leave: a line of `/proc/self/cgroup`.
    fn group(&self, line: &str) -> Option<u64> {
        let (_, rest) = line.split_once(':')?;
        let (controllers, path) = rest.split_once(':')?;
        let (root, files) = if controllers.is_empty() {
            (self.cgroups.clone(), V2)
        } else if controllers.split(',').any(|name| name == "memory") {
            (self.cgroups.join("memory"), V1)
        } else {
            return None;
        };
        // In a container the path may be the host's, which is not there: its root is ours then.
        let own = root.join(path.trim_start_matches('/'));
        let own = if own.is_dir() { own } else { root.clone() };
        let up = own.ancestors().take_while(|path| path.starts_with(&root));
        up.filter_map(|path| files.left(path)).min()
    }

    /// Bytes of disk that are left to the browsers' folders.
    pub(super) fn disk(&self) -> Option<u64> {
        let about = nix::sys::statvfs::statvfs(&self.folder).ok()?;
        Some(about.blocks_available() * about.fragment_size())
    }

    /// The share of the last ten seconds in which something waited for a processor, in hundredths.
    pub(super) fn processors(&self) -> Option<f64> {
        let text = fs::read_to_string(self.proc.join("pressure/cpu")).ok()?;
        let some = text.lines().find(|line| line.starts_with("some "))?;
        some.split_whitespace().find_map(|word| word.strip_prefix("avg10="))?.parse().ok()
    }
}

/// How a version of cgroups calls its files.
struct Files {
    most: &'static str,
    now: &'static str,
    /// In `memory.stat`: pages of files that nobody has used of late.
    idle: &'static str,
}

const V2: Files = Files { most: "memory.max", now: "memory.current", idle: "inactive_file" };
const V1: Files = Files {
    most: "memory.limit_in_bytes",
    now: "memory.usage_in_bytes",
    idle: "total_inactive_file",
};

impl Files {
    /// What one group leaves; `None`: it has no limit.
    fn left(&self, group: &Path) -> Option<u64> {
        let read = |name: &str| fs::read_to_string(group.join(name)).ok();
        let most: u64 = read(self.most)?.trim().parse().ok()?;
        let now: u64 = read(self.now)?.trim().parse().ok()?;
        let idle = read("memory.stat").and_then(|text| field(&text, self.idle)).unwrap_or(0);
        Some(most.saturating_sub(now.saturating_sub(idle)))
    }
}

/// The number behind a word at a line's beginning.
fn field(text: &str, name: &str) -> Option<u64> {
    text.lines().find_map(|line| {
        let mut words = line.split_whitespace();
        (words.next()? == name).then(|| words.next()?.parse().ok())?
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const GIB: u64 = 1 << 30;

    /// A host of files that say what the test wants.
    struct Made(tempfile::TempDir);

    impl Made {
        fn new(available_kib: u64, cgroup: &str) -> Self {
            let made = Self(tempfile::tempdir().unwrap());
            let meminfo = format!("MemTotal: 99999999 kB\nMemAvailable: {available_kib} kB\n");
            made.write("proc/meminfo", &meminfo);
            made.write("proc/self/cgroup", cgroup);
            made
        }

        fn write(&self, path: &str, text: &str) {
            let path = self.0.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }

        fn group(&self, path: &str, files: &Files, most: &str, now: u64, idle: u64) {
            self.write(&format!("cgroup/{path}/{}", files.most), most);
            self.write(&format!("cgroup/{path}/{}", files.now), &now.to_string());
            self.write(&format!("cgroup/{path}/memory.stat"), &format!("{} {idle}\n", files.idle));
        }

        fn host(&self) -> Host {
            let at = |name: &str| self.0.path().join(name);
            Host { proc: at("proc"), cgroups: at("cgroup"), folder: at("") }
        }
    }

    #[test]
    fn without_a_limit_what_the_host_has_is_left() {
        let made = Made::new(2 << 20, "0::/\n");
        assert_eq!(made.host().memory(), Some(2 * GIB));
        made.group("", &V2, "max", GIB, 0);
        assert_eq!(made.host().memory(), Some(2 * GIB));
    }

    #[test]
    fn the_tightest_group_on_the_way_up_counts_and_idle_files_do_not() {
        let made = Made::new(64 << 20, "0::/fleet/worker\n");
        made.group("fleet/worker", &V2, "max", 3 * GIB, 0);
        made.group("fleet", &V2, &(4 * GIB).to_string(), 3 * GIB, GIB / 2);
        assert_eq!(made.host().memory(), Some(GIB + GIB / 2));
        // Less is left on the host than the group allows.
        let made = Made::new(1 << 10, "0::/fleet\n");
        made.group("fleet", &V2, &(4 * GIB).to_string(), GIB, 0);
        assert_eq!(made.host().memory(), Some(1 << 20));
    }

    #[test]
    fn version_one_is_read_in_a_container_whose_path_is_the_hosts() {
        let made = Made::new(64 << 20, "5:memory:/docker/abc\n4:cpu:/docker/abc\n");
        made.group("memory", &V1, &GIB.to_string(), 3 * GIB / 4, GIB / 4);
        assert_eq!(made.host().memory(), Some(GIB / 2));
        // More than its limit: nothing is left.
        made.group("memory", &V1, &GIB.to_string(), 2 * GIB, 0);
        assert_eq!(made.host().memory(), Some(0));
    }

    #[test]
    fn a_host_that_does_not_say_is_not_guessed_at() {
        let made = Made(tempfile::tempdir().unwrap());
        assert_eq!((made.host().memory(), made.host().processors()), (None, None));
        made.write("proc/pressure/cpu", "some avg10=12.34 avg60=1.00 avg300=0.00 total=1\n");
        assert_eq!(made.host().processors(), Some(12.34));
    }
}
