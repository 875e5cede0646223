//! What waits to be written: whoever comes first writes for all who came meanwhile.
//!
//! One baton is passed on; who holds it takes everything that waits and writes it in one
//! transaction. The next in line finds that its own is written already, or takes what has come
//! since. Nothing is lost by a caller that is dropped half way: what it took goes back.

use std::collections::BTreeMap;
use std::sync::Mutex;

use jiff::Timestamp;
use tokio::sync::MutexGuard;
use walkon_core::charge::Charge;
use walkon_core::lease::Token;

/// What is to be written of one token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Entry {
    /// Its charge.
    Charge(Charge),
    /// That its attempt had ended.
    Settled(Timestamp),
    /// That it was given back.
    Refunded,
}

pub(super) type Batch = BTreeMap<Token, Entry>;

#[derive(Debug, Default)]
struct Waiting {
    batch: Batch,
    /// How many have come.
    count: u64,
}

/// What waits to be written.
#[derive(Debug, Default)]
pub(in super::super) struct Pending {
    waiting: Mutex<Waiting>,
    /// Up to which all that came is written.
    baton: tokio::sync::Mutex<u64>,
}

/// What the later says of the earlier.
fn merged(earlier: Entry, later: Entry) -> Entry {
    match (earlier, later) {
        (Entry::Charge(charge), Entry::Settled(at))
        | (Entry::Settled(at), Entry::Charge(charge)) => {
            Entry::Charge(Charge { settled: Some(at), ..charge })
        }
        (Entry::Refunded, _) => Entry::Refunded,
        (_, later) => later,
    }
}

/// The baton, and what is to be written by whoever has it. Dropped before [`Turn::done`], what it
/// took waits again.
pub(super) struct Turn<'a> {
    pending: &'a Pending,
    written: MutexGuard<'a, u64>,
    batch: Batch,
    upto: u64,
}

impl Turn<'_> {
    pub(super) fn batch(&self) -> &Batch {
        &self.batch
    }

    /// All of it is written.
    pub(super) fn done(mut self) {
        self.batch.clear();
        *self.written = self.upto;
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        let mut waiting = self.pending.waiting.lock().expect("nothing panics while it is held");
        for (token, earlier) in std::mem::take(&mut self.batch) {
            let entry = match waiting.batch.remove(&token) {
                Some(later) => merged(earlier, later),
                None => earlier,
            };
            waiting.batch.insert(token, entry);
        }
    }
}

impl Pending {
    /// Adds an entry; its number.
    pub(super) fn add(&self, token: &Token, entry: Entry) -> u64 {
        let mut waiting = self.waiting.lock().expect("nothing panics while it is held");
        let entry = match waiting.batch.remove(token) {
            Some(earlier) => merged(earlier, entry),
            None => entry,
        };
        waiting.batch.insert(token.clone(), entry);
        waiting.count += 1;
        waiting.count
    }

    /// The number of the last that came.
    pub(super) fn last(&self) -> u64 {
        self.waiting.lock().expect("nothing panics while it is held").count
    }

    /// Waits for the baton; `None`: all up to `number` was written meanwhile by another.
    pub(super) async fn turn(&self, number: u64) -> Option<Turn<'_>> {
        let written = self.baton.lock().await;
        if *written >= number {
            return None;
        }
        let mut waiting = self.waiting.lock().expect("nothing panics while it is held");
        let (batch, upto) = (std::mem::take(&mut waiting.batch), waiting.count);
        Some(Turn { pending: self, written, batch, upto })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(n: u32) -> Token {
        Token(format!("{n:016}-{n:012}"))
    }

    #[tokio::test]
    async fn what_came_while_one_wrote_is_written_at_once_by_the_next() {
        let (pending, sizes) = (Pending::default(), Mutex::new(Vec::new()));
        let one = async |n| {
            let number = pending.add(&token(n), Entry::Refunded);
            if let Some(turn) = pending.turn(number).await {
                sizes.lock().unwrap().push(turn.batch().len());
                tokio::task::yield_now().await;
                turn.done();
            }
        };
        futures_util::future::join_all((0..100).map(one)).await;
        let sizes = sizes.into_inner().unwrap();
        assert_eq!(sizes.iter().sum::<usize>(), 100);
        assert!(sizes.len() <= 3, "{sizes:?}");
    }

    #[tokio::test]
    async fn what_could_not_be_written_is_written_by_the_next_who_tries() {
        let pending = Pending::default();
        let number = pending.add(&token(1), Entry::Refunded);
        drop(pending.turn(number).await.expect("it is our turn"));
        let number = pending.add(&token(2), Entry::Settled(Timestamp::UNIX_EPOCH));
        let turn = pending.turn(number).await.expect("it is our turn");
        assert_eq!(turn.batch().len(), 2);
    }
}
