//! What an enqueue, a claim with its finish, and a claim that finds nothing cost, one at a time.
//!
//! `cargo bench --bench queue` at 1,000 accounts; `WALKON_BENCH_ACCOUNTS=1000,1000000` at others.
//! Without `redis-server` it says so and measures nothing.

#![expect(clippy::unwrap_used, reason = "a bench that cannot go on should say where")]
#![expect(clippy::print_stderr, reason = "a skipped bench must not be silent")]
#![expect(missing_docs, reason = "criterion's macro makes a function without words")]

use std::cell::Cell;
use std::time::Duration;

use criterion::{Criterion, criterion_group, criterion_main};
use tokio::runtime::Runtime;
use tokio::time::Instant;
use walkon::bench::{PREFIX, Slot, enqueue, enroll, limits};
use walkon::queue::{Embedded, Error, Options, Queue};
use walkon_core::lease::Claim;

/// How many accounts there are, in turn.
#[expect(clippy::disallowed_methods, reason = "a bench's own switch; there is no config here")]
fn sizes() -> Vec<u64> {
    let wanted = std::env::var("WALKON_BENCH_ACCOUNTS").unwrap_or_else(|_| "1000".to_owned());
    wanted.split(',').map(|size| size.trim().parse().unwrap()).collect()
}

async fn open(redis: &Embedded) -> Queue {
    let options =
        Options { url: Some(redis.url()), prefix: PREFIX.to_owned(), ..Options::default() };
    Queue::connect(&options).await.unwrap()
}

fn measure(c: &mut Criterion, runtime: &Runtime, queue: &Queue, accounts: u64) {
    let mut group = c.benchmark_group(format!("{accounts} accounts"));
    group.sample_size(20).measurement_time(Duration::from_secs(5));
    let slot = || Slot::new(7);
    group.bench_function("idle claim", |b| {
        b.to_async(runtime).iter_custom(async |times| {
            let (mut slot, start) = (slot(), Instant::now());
            for _ in 0..times {
                assert!(matches!(slot.next(queue, None).await, Ok(Claim::Nothing { .. })));
            }
            start.elapsed()
        });
    });
    let next = Cell::new(0);
    let take = |count: u64| {
        let first = next.replace(next.get() + count);
        first..first + count
    };
    group.bench_function("enqueue", |b| {
        b.to_async(runtime).iter_custom(async |times| {
            let start = Instant::now();
            for number in take(times) {
                enqueue(queue, accounts, number..number + 1).await.unwrap();
            }
            start.elapsed()
        });
    });
    group.bench_function("claim and finish", |b| {
        b.to_async(runtime).iter_custom(async |times| {
            enqueue(queue, accounts, take(times)).await.unwrap();
            let (mut slot, mut done) = (slot(), None);
            let start = Instant::now();
            for _ in 0..times {
                match slot.next(queue, done.as_ref()).await.unwrap() {
                    Claim::Work(work) => done = Some(*work),
                    other => panic!("there is work, but: {other:?}"),
                }
            }
            slot.next(queue, done.as_ref()).await.unwrap();
            start.elapsed()
        });
    });
    group.finish();
}

fn queue(c: &mut Criterion) {
    let runtime = Runtime::new().unwrap();
    for accounts in sizes() {
        let folder = tempfile::tempdir().unwrap();
        let redis = match runtime.block_on(Embedded::start(folder.path())) {
            Ok(redis) => redis,
            Err(Error::Missing(what)) => {
                eprintln!("SKIPPED: `{what}` is not installed, so nothing was measured");
                return;
            }
            Err(error) => panic!("{error}"),
        };
        let queue = runtime.block_on(open(&redis));
        runtime.block_on(limits(&queue)).unwrap();
        runtime.block_on(enroll(&queue, accounts)).unwrap();
        measure(c, &runtime, &queue, accounts);
        runtime.block_on(redis.stop()).unwrap();
    }
}

criterion_group!(benches, queue);
criterion_main!(benches);
