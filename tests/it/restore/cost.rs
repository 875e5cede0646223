//! What the books cost a claim: told, never judged. `cargo test --release` tells more.

use std::path::Path;
use std::time::Duration;

use futures_util::StreamExt as _;
use tokio::time::Instant;
use walkon::coordinator::Coordinator;
use walkon::desk::Desk;
use walkon_core::lease::{Ask, Claim};

use super::{NOON, booked};
use crate::intake::coordinator_on;
use crate::support::redis::{Bench, done, own_folder, plan, setting};

const CYCLES: usize = 200;

async fn cycle(coordinator: &Coordinator, ask: Ask, booked: bool) -> bool {
    let claim = if booked {
        Desk::claim(coordinator, &ask, Duration::ZERO).await.unwrap()
    } else {
        coordinator.queue.claim(&ask).await.unwrap()
    };
    let Claim::Work(claimed) = claim else { return false };
    let done = done();
    if booked {
        Desk::begin(coordinator, &claimed.lease, &claimed.id).await.unwrap();
        let finish = Desk::finish(coordinator, &claimed.lease, &claimed.id, &done, false);
        finish.await.unwrap();
    } else {
        coordinator.queue.begin(&claimed.lease, &claimed.id).await.unwrap();
        let finish = coordinator.queue.finish(&claimed.lease, &claimed.id, &done, false);
        finish.await.unwrap();
    }
    true
}

/// Milliseconds a cycle of claim, begin and finish.
async fn run(bench: &Bench, coordinator: &Coordinator, at_once: usize, booked: bool) -> f64 {
    for n in 0..CYCLES {
        bench.likes(&format!("a{}", n % 64), 1).await;
    }
    let start = Instant::now();
    let asks = (0..CYCLES).map(|n| bench.asking(&format!("w{at_once}-{n}")));
    let cycles = futures_util::stream::iter(asks);
    let cycles = cycles.map(|ask| cycle(coordinator, ask, booked)).buffer_unordered(at_once);
    let count = cycles.filter(|did| std::future::ready(*did)).count().await;
    assert!(count > CYCLES / 2, "{count} of {CYCLES}");
    bench.drain("rest").await;
    start.elapsed().as_secs_f64() * 1000.0 / count as f64
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_books_cost_a_claim_is_told() {
    let folder = own_folder("cost");
    drop(std::fs::remove_dir_all(&folder));
    let server = crate::support::redis::start(&folder).await.unwrap();
    let bench = Bench::on(&server.url(), NOON, booked()).await;
    let books = tempfile::tempdir_in(Path::new(env!("CARGO_TARGET_TMPDIR"))).unwrap();
    let coordinator = coordinator_on(&bench, books.path(), plan("")).await;
    coordinator.restore().await.unwrap();
    for n in 0..64 {
        bench.queue.put_account(&setting(&format!("a{n}"), "free", "UTC")).await.unwrap();
    }
    for at_once in [1, 16, 64] {
        let without = run(&bench, &coordinator, at_once, false).await;
        let with = run(&bench, &coordinator, at_once, true).await;
        println!(
            "claim + begin + finish, {at_once:2} at once: {without:.2} ms without books, {with:.2} \
             ms with: {:.2} ms more",
            with - without
        );
    }
    server.stop().await.unwrap();
}
