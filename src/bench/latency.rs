//! How soon an idle fleet begins: what is due at once, and what is due later.

use std::time::Duration;

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::time::Instant;
use walkon_core::clock::from_ms;
use walkon_core::id::ActionId;
use walkon_core::lease::{Ask, Claim, Class};

use super::{Size, cycle, load};
use crate::queue::{Begun, Error, Gauge, Queue};
use crate::shutdown::Shutdown;

/// Workers that wait.
const WORKERS: u64 = 4;
/// Actions sent one after the other.
const ONE_BY_ONE: u64 = 200;
/// Actions that are due later.
const DELAYED: u64 = 100;
/// How many numbers of actions this part takes.
pub(super) const ACTIONS: u64 = ONE_BY_ONE + DELAYED;
/// When the first of them is due.
const AHEAD: Duration = Duration::from_millis(500);
/// How far apart they are due.
const APART: Duration = Duration::from_millis(15);
/// The wait that makes the fleet idle again.
const REST: Duration = Duration::from_millis(5);
/// A worker looks this often whether it may go home.
const LOOK: Duration = Duration::from_millis(500);
/// Work that does not begin within this never will.
const PATIENCE: Duration = Duration::from_secs(30);

/// Sorted times.
pub(super) struct Latency {
    /// From enqueue to begin.
    pub(super) begun: Vec<Duration>,
    /// From due to begin.
    pub(super) late: Vec<Duration>,
}

type Told = (ActionId, Instant);

/// Waits for work as a worker does, begins it, says when, and finishes it.
async fn serve(
    queue: Queue,
    number: u64,
    tell: UnboundedSender<Told>,
    stop: Shutdown,
) -> Result<(), Error> {
    let (worker, classes) = (cycle::worker(number), Class::ALL.to_vec());
    let mut ask = Ask { worker, nonce: 0, classes, holds: Vec::new() };
    while !stop.soft().is_cancelled() {
        ask.nonce = cycle::nonce();
        match queue.claim(&ask).await? {
            Claim::Work(work) => {
                if queue.begin(&work.lease, &work.id).await? == Begun::Go {
                    // Nobody listens any more: the bench is over.
                    let _ = tell.send((work.id.clone(), Instant::now()));
                }
                queue.finish(&work.lease, &work.id, &cycle::made(), false).await?;
            }
            Claim::Nothing { next } => {
                let most = next.unwrap_or(LOOK).min(LOOK);
                queue.wait(&ask.worker, &ask.classes, most).await?;
            }
            Claim::Shut { why, .. } => return Err(Error::Answer(why)),
        }
    }
    Ok(())
}

async fn told(heard: &mut UnboundedReceiver<Told>) -> Result<Told, Error> {
    let told = tokio::time::timeout(PATIENCE, heard.recv()).await.ok().flatten();
    told.ok_or_else(|| Error::Answer(format!("work did not begin within {PATIENCE:?}")))
}

async fn at_once(
    queue: &Queue,
    size: Size,
    heard: &mut UnboundedReceiver<Told>,
) -> Result<Vec<Duration>, Error> {
    let mut times = Vec::new();
    for number in size.actions..size.actions + ONE_BY_ONE {
        tokio::time::sleep(REST).await;
        let sent = Instant::now();
        load::enqueue(queue, size.accounts, number..number + 1).await?;
        times.push(told(heard).await?.1 - sent);
    }
    Ok(times)
}

async fn later(
    queue: &Queue,
    gauge: &mut Gauge,
    size: Size,
    heard: &mut UnboundedReceiver<Told>,
) -> Result<Vec<Duration>, Error> {
    // The server's clock and ours, as of one instant.
    let asked = Instant::now();
    let server = gauge.time().await?;
    let ours = asked + asked.elapsed() / 2;
    let first = size.actions + ONE_BY_ONE;
    let due = |number: u64| {
        let due = server + AHEAD + APART * (number - first) as u32;
        Duration::from_millis(due.as_millis() as u64)
    };
    let mut times = std::collections::BTreeMap::new();
    for number in first..first + DELAYED {
        let mut action = load::action(number, size.accounts);
        action.not_before = Some(from_ms(due(number).as_millis() as i64));
        queue.enqueue(&load::id(number), &action, None).await?;
        times.insert(load::id(number).to_string(), ours + due(number).saturating_sub(server));
    }
    let mut late = Vec::new();
    for _ in 0..DELAYED {
        let (id, begun) = told(heard).await?;
        let due = times.get(&id.to_string()).copied();
        late.extend(due.map(|due| begun.saturating_duration_since(due)));
    }
    Ok(late)
}

pub(super) async fn measure(
    queue: &Queue,
    gauge: &mut Gauge,
    size: Size,
) -> Result<Latency, Error> {
    let (tell, mut heard) = unbounded_channel();
    let stop = Shutdown::new();
    let workers: Vec<_> = (0..WORKERS)
        .map(|number| stop.spawn(serve(queue.clone(), number, tell.clone(), stop.clone())))
        .collect();
    let mut begun = at_once(queue, size, &mut heard).await?;
    let mut late = later(queue, gauge, size, &mut heard).await?;
    stop.stop_soon();
    for worker in workers {
        worker.await.unwrap_or_else(|error| Err(Error::Answer(error.to_string())))?;
    }
    begun.sort_unstable();
    late.sort_unstable();
    Ok(Latency { begun, late })
}
