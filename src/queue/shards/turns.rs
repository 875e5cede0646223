//! With which shard a worker's next claim begins.

use std::collections::BTreeMap;
use std::sync::Mutex;

use walkon_core::id::WorkerId;
use walkon_core::lease::Ask;

/// So many workers are remembered; a worker that is forgotten begins anywhere.
const WORKERS: usize = 10_000;

/// What is remembered of a worker.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Turn {
    /// The claim that an answer, or none, came to from that shard; 0: of none.
    pub(super) nonce: u64,
    /// The shard.
    pub(super) shard: usize,
    /// No answer came: what it did is not known.
    pub(super) in_doubt: bool,
}

/// The last turn of each worker.
///
/// The same nonce must get the same answer: so it begins where the first one got to. What this
/// process does not know (another coordinator had it) costs an attempt at most: the first lease
/// ends unused, and its action goes back.
#[derive(Debug, Default)]
pub(super) struct Turns(Mutex<BTreeMap<WorkerId, Turn>>);

impl Turns {
    /// The worker's last turn, if it was this claim's or the one before it has ended.
    pub(super) fn last(&self, worker: &WorkerId) -> Turn {
        let turns = self.0.lock().expect("nothing panics while it is held");
        turns.get(worker).copied().unwrap_or_default()
    }

    pub(super) fn note(&self, worker: &WorkerId, turn: Turn) {
        let mut turns = self.0.lock().expect("nothing panics while it is held");
        if turns.len() >= WORKERS && !turns.contains_key(worker) {
            turns.clear();
        }
        turns.insert(worker.clone(), turn);
    }
}

/// Where a claim begins that nothing speaks for one shard or another: with each in turn.
pub(super) fn begin(ask: &Ask, shards: usize) -> usize {
    let worker = super::Part::of_account(ask.worker.as_str(), shards as u32).index;
    ((u64::from(worker) + ask.nonce) % shards as u64) as usize
}
