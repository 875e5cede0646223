//! How fast the queue is: what `walkon bench queue` measures, and what the criterion benches share.
//! `browser` is about browsers.
//!
//! Every limit of the plan is on and none is ever reached, so that each claim checks and charges
//! them all. A bench writes under [`PREFIX`] and [`LOSSES`] alone, refuses a Redis that holds
//! anything, and removes what it wrote. Its times are told, never judged: that is for who reads.

use std::time::Duration;

use serde::Serialize;
use tokio::time::Instant;
use walkon_core::lease::Claim;

use crate::queue::{Error, Gauge, Options, Queue, Usage};

#[cfg(feature = "demo")]
pub mod browser;
mod cycle;
mod latency;
mod load;
mod takeover;

pub use cycle::{Slot, work_off};
pub use load::{action, enqueue, enroll, id, limits};

/// What all keys of the main part start with; as long as a fleet's own prefix.
pub const PREFIX: &str = "wk:{b}:";
/// What all keys of the part with a dead worker start with.
pub const LOSSES: &str = "wk:{l}:";
/// Claims that find nothing, for their mean.
const IDLE_CLAIMS: u32 = 2000;
/// How many of them come together, where they do.
const TOGETHER: u64 = 64;
/// Plain writes, one after the other.
const WRITES: usize = 200;

/// How much there is to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size {
    /// Accounts, each on the plan with every limit.
    pub accounts: u64,
    /// Actions; more than there are accounts.
    pub actions: u64,
    /// Slots that claim and finish at the same time.
    pub workers: u64,
}

/// What was measured.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    /// Claims with their finish, a second.
    pub cycles_per_s: f64,
    /// Actions taken in, a second, one call each.
    pub enqueue_per_s: f64,
    /// The server's processor time for one claim and its finish: user and system, network and log
    /// included.
    pub server_us_per_cycle: f64,
    /// Of that, the time inside scripts by the server's own clock (`INFO commandstats`).
    pub script_us_per_cycle: f64,
    /// Scripts run for one claim and its finish.
    pub scripts_per_cycle: f64,
    /// The server's processor time for one enqueue.
    pub server_us_per_enqueue: f64,
    /// Memory of an account with one action of 100 bytes, events left out.
    pub bytes_per_account: f64,
    /// Memory of each further action of its.
    pub bytes_per_further_action: f64,
    /// Time inside the script of a claim that finds nothing.
    pub idle_claim_us: f64,
    /// The server's processor time for one, network included.
    pub idle_claim_server_us: f64,
    /// As `idle_claim_us`, where 64 slots ask at once and their calls go together.
    pub idle_claim_together_us: f64,
    /// One plain write until it is acknowledged, and so on disk: the middle one.
    pub write_p50_ms: f64,
    /// The same: 99 of 100 are below.
    pub write_p99_ms: f64,
    /// From before `enqueue` to after `begin`, workers idle, three writes among it: the middle one.
    pub enqueue_to_begin_p50_ms: f64,
    /// The same: 99 of 100 are below.
    pub enqueue_to_begin_p99_ms: f64,
    /// How long after its `not_before` an action begins: the middle one.
    pub delayed_p50_ms: f64,
    /// The same: 99 of 100 are below.
    pub delayed_p99_ms: f64,
    /// From just before a worker's last claims until another has them all, by lease and grace.
    pub takeover_ms: f64,
    /// The lease in that part.
    pub takeover_lease_ms: u64,
    /// The grace in that part.
    pub takeover_grace_ms: u64,
    /// As asked.
    pub accounts: u64,
    /// As asked.
    pub actions: u64,
    /// As asked.
    pub workers: u64,
    /// `redis` or `valkey`, and its version.
    pub redis_version: String,
    /// Processors of this host.
    pub cores: usize,
    /// Whether this binary was built without optimisation: its figures then say little.
    pub debug_build: bool,
}

fn options(url: &str, accept_weak_durability: bool, prefix: &str) -> Options {
    Options {
        url: Some(url.to_owned()),
        accept_weak_durability,
        prefix: prefix.to_owned(),
        public: format!("{prefix}public:"),
        ..Options::default()
    }
}

/// A mean in microseconds.
fn micros(time: Duration, count: u64) -> f64 {
    time.as_secs_f64() * 1e6 / count.max(1) as f64
}

/// The value that `percent` of a hundred of the (sorted) values do not exceed.
fn percentile(sorted: &[Duration], percent: usize) -> Duration {
    let rank = (sorted.len() * percent).div_ceil(100);
    sorted.get(rank.max(1) - 1).copied().unwrap_or_default()
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

/// Bytes of data: what is in use without the stream of events, which a fleet's clerk trims.
async fn data_bytes(gauge: &mut Gauge) -> Result<u64, Error> {
    gauge.memory_without(&format!("{PREFIX}ev")).await
}

/// What loading told.
struct Loaded {
    time: Duration,
    usage: Usage,
    bytes_per_account: f64,
    bytes_per_further_action: f64,
}

async fn fill(queue: &Queue, gauge: &mut Gauge, size: Size) -> Result<Loaded, Error> {
    let empty = data_bytes(gauge).await?;
    enroll(queue, size.accounts).await?;
    let before = gauge.usage().await?;
    let start = Instant::now();
    enqueue(queue, size.accounts, 0..size.accounts).await?;
    let first = start.elapsed();
    let one_each = data_bytes(gauge).await?;
    let start = Instant::now();
    enqueue(queue, size.accounts, size.accounts..size.actions).await?;
    let time = first + start.elapsed();
    let usage = gauge.usage().await?.since(&before);
    let all = data_bytes(gauge).await?;
    let each = |bytes: u64, count: u64| bytes as f64 / count.max(1) as f64;
    Ok(Loaded {
        time,
        usage,
        bytes_per_account: each(one_each.saturating_sub(empty), size.accounts),
        bytes_per_further_action: each(all.saturating_sub(one_each), size.actions - size.accounts),
    })
}

/// Runs each script once, so that none is loaded, and no memory taken for it, while we measure.
async fn warm(queue: &Queue, size: Size) -> Result<(), Error> {
    enroll(queue, 1).await?;
    let (mut slot, number) = (Slot::new(0), size.actions + latency::ACTIONS);
    enqueue(queue, 1, number..number + 1).await?;
    if let Claim::Work(work) = slot.next(queue, None).await? {
        queue.begin(&work.lease, &work.id).await?;
        slot.next(queue, Some(&work)).await?;
    }
    Ok(())
}

/// The mean cost of a claim that finds nothing.
async fn idle(queue: &Queue, gauge: &mut Gauge) -> Result<Usage, Error> {
    let mut slot = Slot::new(0);
    slot.next(queue, None).await?;
    let before = gauge.usage().await?;
    for _ in 0..IDLE_CLAIMS {
        slot.next(queue, None).await?;
    }
    Ok(gauge.usage().await?.since(&before))
}

/// The same where many slots ask at once.
async fn idle_together(queue: &Queue, gauge: &mut Gauge) -> Result<Usage, Error> {
    let mut slots: Vec<_> = (0..TOGETHER).map(Slot::new).collect();
    let before = gauge.usage().await?;
    for _ in 0..u64::from(IDLE_CLAIMS) / TOGETHER {
        let asks = slots.iter_mut().map(|slot| slot.next(queue, None));
        futures_util::future::try_join_all(asks).await?;
    }
    Ok(gauge.usage().await?.since(&before))
}

/// How long plain writes take, sorted: what the disk alone asks for.
async fn writes(gauge: &mut Gauge) -> Result<Vec<Duration>, Error> {
    let mut times = Vec::with_capacity(WRITES);
    for _ in 0..WRITES {
        times.push(gauge.write(&format!("{PREFIX}write")).await?);
    }
    times.sort_unstable();
    Ok(times)
}

/// Everything `walkon bench queue` tells of the Redis at `url`, which must be empty.
pub async fn queue(url: &str, accept_weak: bool, size: Size) -> Result<Report, Error> {
    let mut gauge = Gauge::connect(url).await?;
    let queue = Queue::connect(&options(url, accept_weak, PREFIX)).await?;
    limits(&queue).await?;
    warm(&queue, size).await?;
    let loaded = fill(&queue, &mut gauge, size).await?;
    let before = gauge.usage().await?;
    let cycles = work_off(&queue, size).await?;
    let for_cycles = gauge.usage().await?.since(&before);
    let idle = idle(&queue, &mut gauge).await?;
    let together = idle_together(&queue, &mut gauge).await?;
    let writes = writes(&mut gauge).await?;
    let latency = latency::measure(&queue, &mut gauge, size).await?;
    let takeover = takeover::measure(&options(url, accept_weak, LOSSES)).await?;
    let facts = queue.facts();
    let rate = |time: Duration| size.actions as f64 / time.as_secs_f64().max(1e-9);
    Ok(Report {
        cycles_per_s: rate(cycles),
        enqueue_per_s: rate(loaded.time),
        server_us_per_cycle: micros(for_cycles.processor, size.actions),
        script_us_per_cycle: micros(for_cycles.scripts, size.actions),
        scripts_per_cycle: for_cycles.runs as f64 / size.actions as f64,
        server_us_per_enqueue: micros(loaded.usage.processor, size.actions),
        bytes_per_account: loaded.bytes_per_account,
        bytes_per_further_action: loaded.bytes_per_further_action,
        idle_claim_us: micros(idle.scripts, u64::from(IDLE_CLAIMS)),
        idle_claim_server_us: micros(idle.processor, u64::from(IDLE_CLAIMS)),
        idle_claim_together_us: micros(
            together.scripts,
            u64::from(IDLE_CLAIMS) / TOGETHER * TOGETHER,
        ),
        write_p50_ms: millis(percentile(&writes, 50)),
        write_p99_ms: millis(percentile(&writes, 99)),
        enqueue_to_begin_p50_ms: millis(percentile(&latency.begun, 50)),
        enqueue_to_begin_p99_ms: millis(percentile(&latency.begun, 99)),
        delayed_p50_ms: millis(percentile(&latency.late, 50)),
        delayed_p99_ms: millis(percentile(&latency.late, 99)),
        takeover_ms: millis(takeover),
        takeover_lease_ms: takeover::LEASE.as_millis() as u64,
        takeover_grace_ms: takeover::GRACE.as_millis() as u64,
        accounts: size.accounts,
        actions: size.actions,
        workers: size.workers,
        redis_version: format!("{} {}", facts.name, facts.version),
        cores: std::thread::available_parallelism().map_or(1, usize::from),
        debug_build: cfg!(debug_assertions),
    })
}

/// Removes what a bench wrote to the Redis at `url`, and nothing else.
pub async fn clean(url: &str) -> Result<(), Error> {
    let mut gauge = Gauge::connect(url).await?;
    gauge.remove_all(PREFIX).await?;
    gauge.remove_all(LOSSES).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentile_is_a_value_that_was_there() {
        let ms = Duration::from_millis;
        let times: Vec<_> = (1..=200).map(ms).collect();
        assert_eq!(percentile(&times, 50), ms(100));
        assert_eq!(percentile(&times, 99), ms(198));
        assert_eq!(percentile(&times[..1], 99), ms(1));
    }
}
