//! Claim and finish, again and again, by many slots at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::time::Instant;
use walkon_core::id::WorkerId;
use walkon_core::lease::{Ask, Claim, Claimed, Class};
use walkon_core::outcome::{Made, Outcome, Settlement};

use super::Size;
use crate::queue::{Error, Queue, Settled};
use crate::shutdown::Shutdown;

/// How long a slot that found nothing leaves the queue alone, while others still hold work.
const PAUSE: Duration = Duration::from_millis(1);
/// A slot that finds nothing for so long, while work is left, gives up.
const PATIENCE: Duration = Duration::from_mins(1);
/// A worker's nonce is never used twice, or it would be answered what it was answered before.
static NONCE: AtomicU64 = AtomicU64::new(1);

pub(super) fn nonce() -> u64 {
    NONCE.fetch_add(1, Ordering::Relaxed)
}

/// One slot of a worker.
#[derive(Debug)]
pub struct Slot {
    ask: Ask,
}

pub(super) fn worker(number: u64) -> WorkerId {
    format!("w-{number:06}").parse().expect("a good name")
}

pub(super) fn made() -> Settlement {
    Outcome::Done { effect: Made::Made }.into()
}

impl Slot {
    /// The slot of that number.
    pub fn new(number: u64) -> Self {
        let classes = Class::ALL.to_vec();
        Self { ask: Ask { worker: worker(number), nonce: 0, classes, holds: Vec::new() } }
    }

    /// Finishes what was `done` and claims the next: the one place that says how a cycle is made.
    ///
    /// # Errors
    ///
    /// The queue's own, and [`Error::Answer`] where a lease was lost under our hands.
    pub async fn next(&mut self, queue: &Queue, done: Option<&Claimed>) -> Result<Claim, Error> {
        self.ask.nonce = nonce();
        let Some(done) = done else { return queue.claim(&self.ask).await };
        let (settled, claim) =
            queue.finish_claim(&done.lease, &done.id, &made(), false, &self.ask).await?;
        if settled == Settled::Fenced {
            return Err(Error::Answer("a bench lost its lease: the host is stalled".into()));
        }
        Ok(claim)
    }

    /// Works until `total` actions are finished, by this slot and by others.
    async fn run(
        &mut self,
        queue: &Queue,
        done_by_all: &AtomicU64,
        total: u64,
    ) -> Result<(), Error> {
        let mut done: Option<Box<Claimed>> = None;
        let mut worked = Instant::now();
        loop {
            let claim = self.next(queue, done.as_deref()).await?;
            if done.take().is_some() {
                done_by_all.fetch_add(1, Ordering::Relaxed);
            }
            match claim {
                Claim::Work(work) => {
                    (done, worked) = (Some(work), Instant::now());
                }
                Claim::Shut { why, .. } => return Err(Error::Answer(why)),
                Claim::Nothing { .. } if worked.elapsed() > PATIENCE => {
                    return Err(Error::Answer(format!("no work for {PATIENCE:?}, and some left")));
                }
                Claim::Nothing { .. } if done_by_all.load(Ordering::Relaxed) >= total => {
                    return Ok(());
                }
                Claim::Nothing { .. } => tokio::time::sleep(PAUSE).await,
            }
        }
    }
}

/// Has all actions claimed and finished; how long that took.
pub async fn work_off(queue: &Queue, size: Size) -> Result<Duration, Error> {
    let done = Arc::new(AtomicU64::new(0));
    let tasks = Shutdown::new();
    let start = Instant::now();
    let slots: Vec<_> = (0..size.workers)
        .map(|number| {
            let (queue, done) = (queue.clone(), done.clone());
            tasks.spawn(async move { Slot::new(number).run(&queue, &done, size.actions).await })
        })
        .collect();
    for slot in slots {
        slot.await.unwrap_or_else(|error| Err(Error::Answer(error.to_string())))?;
    }
    Ok(start.elapsed())
}
