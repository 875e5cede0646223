//! Admission: whether another browser fits, judged by what each account's own took before.
//!
//! An account's need is the most (PSS) that any of its last sessions took; one that is not known
//! yet is taken for one of the larger. What was admitted and has not shown its size yet counts as
//! taken. A worker that is short asks for no browser work, and hands back what it got.
//!
//! An account's sessions here are all dedicated or all packed as long as its access stays as it is,
//! so neither is judged by what the other took. What a packed one took is its part of the browser;
//! a shared browser's first account takes more than that, which is what the `spare` is for.

use std::collections::{HashMap, VecDeque};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use walkon_core::id::AccountId;
use walkon_core::lease::HostFault;
use walkon_core::pressure::Reason;

use super::host::Host;

/// The least disk that must be left: a session's profile and scratch take some 30 MiB.
const DISK_MIN: u64 = 256 << 20;
/// Above this share of time in which something waits for a processor, it is said; in hundredths.
const PROCESSORS_BUSY: f64 = 90.0;
/// How many sessions back an account's need goes.
const SESSIONS: usize = 8;
/// The most accounts that are remembered; then the one longest unused is forgotten.
const ACCOUNTS_MAX: usize = 2_000;

/// What browsers took.
#[derive(Debug, Default)]
struct History {
    /// Each account's last peaks, and when it was last used.
    peaks: HashMap<AccountId, (VecDeque<u64>, u64)>,
    uses: u64,
    /// What was admitted and has not shown its size.
    promised: u64,
}

/// Decides whether another browser fits.
#[derive(Debug)]
pub(super) struct Admission {
    host: Host,
    history: Arc<Mutex<History>>,
    /// What a browser takes for which nothing is known; `None`: this driver's take nothing.
    unknown: Option<u64>,
    /// What must be left beside it: the worker's own, and a page that grows.
    spare: u64,
}

/// Memory set aside for a browser until it has shown what it takes.
#[derive(Debug)]
pub(super) struct Room {
    history: Arc<Mutex<History>>,
    bytes: u64,
}

impl Drop for Room {
    fn drop(&mut self) {
        lock(&self.history).promised -= self.bytes;
    }
}

fn lock(history: &Mutex<History>) -> MutexGuard<'_, History> {
    // Every change is whole before anything can panic.
    history.lock().unwrap_or_else(PoisonError::into_inner)
}

impl History {
    /// What an account's browser is expected to take.
    fn need(&self, account: Option<&AccountId>, unknown: u64) -> u64 {
        let own = account.and_then(|account| self.peaks.get(account));
        if let Some(most) = own.and_then(|(peaks, _)| peaks.iter().max()) {
            return *most;
        }
        let mut known: Vec<u64> =
            self.peaks.values().filter_map(|(peaks, _)| peaks.iter().max().copied()).collect();
        known.sort_unstable();
        let rank = (known.len() * 95).div_ceil(100);
        known.get(rank.max(1) - 1).copied().unwrap_or(unknown)
    }

    fn took(&mut self, account: &AccountId, bytes: u64) {
        self.uses += 1;
        if self.peaks.len() == ACCOUNTS_MAX && !self.peaks.contains_key(account) {
            let oldest = self.peaks.iter().min_by_key(|(_, (_, used))| *used);
            let oldest = oldest.map(|(account, _)| account.clone());
            oldest.map(|oldest| self.peaks.remove(&oldest));
        }
        let now = self.uses;
        let (peaks, used) = self.peaks.entry(account.clone()).or_default();
        *used = now;
        if peaks.len() == SESSIONS {
            peaks.pop_front();
        }
        peaks.push_back(bytes);
    }
}

fn mib(bytes: u64) -> u64 {
    bytes >> 20
}

impl Admission {
    /// For the browsers of a driver that take so much, with so many bytes to be left beside them.
    pub(super) fn new(folder: PathBuf, unknown: Option<u64>, spare: u64) -> Self {
        Self { host: Host::new(folder), history: Arc::default(), unknown, spare }
    }

    /// Bytes of memory that are left.
    pub(super) fn headroom(&self) -> Option<u64> {
        self.host.memory()
    }

    /// Whether the browser of an account fits (`None`: of any), and memory set aside for it.
    ///
    /// # Errors
    ///
    /// What is short, and what to do about it.
    pub(super) fn admit(&self, account: Option<&AccountId>) -> Result<Room, (Reason, HostFault)> {
        let Some(unknown) = self.unknown else {
            return Ok(Room { history: self.history.clone(), bytes: 0 });
        };
        let (memory, disk) = (self.host.memory(), self.host.disk());
        if let Some(disk) = disk.filter(|disk| *disk < DISK_MIN) {
            let why = format!(
                "{} MiB of disk are left for browsers, and {} must be; make room in the data \
                 folder, or move it by `data.folder`",
                mib(disk),
                mib(DISK_MIN)
            );
            return Err((Reason::Disk, HostFault { code: "disk_short".to_owned(), why }));
        }
        let mut history = lock(&self.history);
        let bytes = history.need(account, unknown);
        let wanted = bytes.saturating_add(history.promised).saturating_add(self.spare);
        if let Some(left) = memory.filter(|left| *left < wanted) {
            let why = format!(
                "{} MiB of memory are left, and another browser wants {}; give the worker more \
                 memory, or fewer `worker.slots` and `worker.parked`",
                mib(left),
                mib(wanted)
            );
            return Err((Reason::Memory, HostFault { code: "memory_short".to_owned(), why }));
        }
        history.promised += bytes;
        Ok(Room { history: self.history.clone(), bytes })
    }

    /// Whether processors are short, which is told and nothing more.
    pub(super) fn processors(&self) -> Option<String> {
        let busy = self.host.processors().filter(|busy| *busy > PROCESSORS_BUSY)?;
        Some(format!("in {busy:.0} of 100 moments something waits for a processor"))
    }

    /// An account's session has ended; the most that its browser took.
    pub(super) fn took(&self, account: &AccountId, bytes: u64) {
        lock(&self.history).took(account, bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(name: &str) -> AccountId {
        name.parse().unwrap()
    }

    #[test]
    fn an_account_needs_the_most_of_its_own_last_sessions() {
        let mut history = History::default();
        assert_eq!(history.need(Some(&id("ada")), 7), 7);
        for bytes in [70, 300, 80] {
            history.took(&id("ada"), bytes);
        }
        assert_eq!(history.need(Some(&id("ada")), 7), 300);
        (0..SESSIONS).for_each(|_| history.took(&id("ada"), 90));
        assert_eq!(history.need(Some(&id("ada")), 7), 90, "what is long past counts no more");
    }

    #[test]
    fn one_that_is_not_known_is_taken_for_one_of_the_larger() {
        let mut history = History::default();
        (1..=100).for_each(|bytes| history.took(&id(&format!("a{bytes}")), bytes));
        assert_eq!(history.need(Some(&id("new")), 7), 95);
        assert_eq!(history.need(None, 7), 95);
    }

    #[test]
    fn only_so_many_accounts_are_remembered() {
        let mut history = History::default();
        (0..=ACCOUNTS_MAX as u64).for_each(|n| history.took(&id(&format!("a{n}")), n));
        assert_eq!(history.peaks.len(), ACCOUNTS_MAX);
        assert!(!history.peaks.contains_key(&id("a0")));
    }

    #[test]
    fn what_was_admitted_counts_as_taken_until_it_has_shown_its_size() {
        let admission = Admission::new(std::env::temp_dir(), Some(7), 0);
        let room = admission.admit(None).expect("this host has room for one");
        assert_eq!(lock(&admission.history).promised, 7);
        drop(room);
        assert_eq!(lock(&admission.history).promised, 0);
        lock(&admission.history).promised = u64::MAX >> 1;
        let (reason, fault) = admission.admit(None).expect_err("nobody has so much");
        assert_eq!((reason, fault.code.as_str()), (Reason::Memory, "memory_short"));
        assert!(fault.why.contains("`worker.slots`"), "{}", fault.why);
        lock(&admission.history).promised = 0;
    }
}
