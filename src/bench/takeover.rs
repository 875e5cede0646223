//! How soon a dead worker's work is taken up, by its leases: it falls silent, and says nothing.

use std::time::Duration;

use tokio::time::Instant;
use walkon_core::lease::Claim;

use super::{Slot, load};
use crate::queue::{Error, Options, Queue};

/// Short, so that what is measured is not the lease itself.
pub(super) const LEASE: Duration = Duration::from_secs(1);
/// The same.
pub(super) const GRACE: Duration = Duration::from_millis(500);
/// Actions under way as the worker dies.
const HELD: u64 = 10;
/// What is not taken up within this never will be.
const PATIENCE: Duration = Duration::from_secs(30);
/// The longest a reaper looks away.
const LOOK: Duration = Duration::from_millis(100);

async fn claim_all(queue: &Queue, slot: &mut Slot, begin: bool) -> Result<u64, Error> {
    let mut claimed = 0;
    while let Claim::Work(work) = slot.next(queue, None).await? {
        if begin {
            queue.begin(&work.lease, &work.id).await?;
        }
        claimed += 1;
    }
    Ok(claimed)
}

/// Until the last of them was claimed by another.
pub(super) async fn measure(options: &Options) -> Result<Duration, Error> {
    let options = Options { lease: LEASE, grace: GRACE, ..options.clone() };
    let queue = Queue::connect(&options).await?;
    load::limits(&queue).await?;
    load::enroll(&queue, HELD).await?;
    load::enqueue(&queue, HELD, 0..HELD).await?;
    let alive = Instant::now();
    let held = claim_all(&queue, &mut Slot::new(1), true).await?;
    let mut heir = Slot::new(2);
    let mut taken = 0;
    while taken < held {
        if alive.elapsed() > PATIENCE {
            return Err(Error::Answer(format!("work was not taken up within {PATIENCE:?}")));
        }
        let reaped = queue.reap(100).await?;
        taken += claim_all(&queue, &mut heir, false).await?;
        let next = reaped.next.unwrap_or(LOOK).clamp(Duration::from_millis(1), LOOK);
        tokio::time::sleep(if taken < held { next } else { Duration::ZERO }).await;
    }
    Ok(alive.elapsed())
}
