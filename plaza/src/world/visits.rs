//! Who asked, from where and with which browser: what isolation tests look at.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use jiff::Timestamp;
use serde::Serialize;

/// Most distinct visitors remembered; later ones are only counted.
const VISITORS_MAX: usize = 10_000;
/// Most values of one sort remembered of a visitor, and most bytes of one.
const VALUES_MAX: usize = 8;
const VALUE_BYTES_MAX: usize = 200;

/// What one request said of itself.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    pub(crate) account: Option<String>,
    pub(crate) remote: IpAddr,
    pub(crate) user_agent: String,
    pub(crate) is_page: bool,
    pub(crate) language: Option<String>,
    pub(crate) brands: Option<String>,
    pub(crate) platform: Option<String>,
    pub(crate) time_zone: Option<String>,
}

/// Everything one (account, address, browser) asked for.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Visit {
    account: Option<String>,
    remote: IpAddr,
    user_agent: String,
    requests: u64,
    pages: u64,
    no_ops: u64,
    languages: BTreeSet<String>,
    sec_ch_ua: BTreeSet<String>,
    sec_ch_ua_platform: BTreeSet<String>,
    time_zones: BTreeSet<String>,
    first_at: Timestamp,
    last_at: Timestamp,
}

type Key = (Option<String>, IpAddr, String);

/// All visits since the start or the last reset.
#[derive(Debug, Default)]
pub(crate) struct Visits {
    by_key: BTreeMap<Key, Visit>,
    forgotten: u64,
}

impl Visits {
    pub(crate) fn note(&mut self, seen: Seen, now: Timestamp) {
        let key = (seen.account.clone(), seen.remote, seen.user_agent.clone());
        if self.by_key.len() >= VISITORS_MAX && !self.by_key.contains_key(&key) {
            self.forgotten += 1;
            return;
        }
        let visit = self.by_key.entry(key).or_insert_with(|| Visit::new(&seen, now));
        visit.requests += 1;
        visit.pages += u64::from(seen.is_page);
        visit.last_at = now;
        keep(&mut visit.languages, seen.language);
        keep(&mut visit.sec_ch_ua, seen.brands);
        keep(&mut visit.sec_ch_ua_platform, seen.platform);
        keep(&mut visit.time_zones, seen.time_zone);
    }

    /// Counts a request that found its wish fulfilled already.
    pub(crate) fn note_no_op(&mut self, account: &str, remote: IpAddr, user_agent: &str) {
        let key = (Some(account.to_owned()), remote, user_agent.to_owned());
        if let Some(visit) = self.by_key.get_mut(&key) {
            visit.no_ops += 1;
        }
    }

    pub(crate) fn list(&self) -> Vec<Visit> {
        self.by_key.values().cloned().collect()
    }

    pub(crate) fn forgotten(&self) -> u64 {
        self.forgotten
    }
}

impl Visit {
    fn new(seen: &Seen, now: Timestamp) -> Self {
        Self {
            account: seen.account.clone(),
            remote: seen.remote,
            user_agent: seen.user_agent.clone(),
            requests: 0,
            pages: 0,
            no_ops: 0,
            languages: BTreeSet::new(),
            sec_ch_ua: BTreeSet::new(),
            sec_ch_ua_platform: BTreeSet::new(),
            time_zones: BTreeSet::new(),
            first_at: now,
            last_at: now,
        }
    }
}

fn keep(values: &mut BTreeSet<String>, value: Option<String>) {
    if let Some(mut value) = value.filter(|_| values.len() < VALUES_MAX) {
        let end = value.floor_char_boundary(VALUE_BYTES_MAX);
        value.truncate(end);
        values.insert(value);
    }
}
