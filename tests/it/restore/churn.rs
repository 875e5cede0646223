//! A day of work that comes and goes leaves Redis as it was.
//!
//! `WALKON_HOURS` says how many hours are simulated; `make test-long` runs a day.

use std::time::Duration;

use walkon::coordinator::janitor::Rounds;
use walkon::desk::Desk;
use walkon::queue::Options;
use walkon_core::lease::Claim;
use walkon_core::outcome::Settlement;

use super::{House, booked};
use crate::queue::seeds::asked;
use crate::support::redis::{done, fatal, notrun, person, retry, setting, unknown};

const HOURS: u64 = 6;
/// Hours until as much leaves as comes: what failed is kept seven times as long as the rest.
const UNTIL_EVEN: usize = 3;
const KEPT: Duration = Duration::from_mins(10);
/// Actions an hour.
const ACTIONS: usize = 300;
const ACCOUNTS: usize = 20;
/// Beside the noise of its allocator, memory is flat.
const NOISE: f64 = 1.05;

fn endings() -> [Settlement; 8] {
    [done(), done(), retry(), done(), notrun(), done(), fatal(), unknown()]
}

/// Lets what Redis keeps for a time grow older: it knows nothing of the test's clock.
async fn age(house: &House, by: Duration) {
    let keys: Vec<String> = house.bench.ask(&["KEYS", "P:*"]).await;
    let mut left = redis::pipe();
    for key in &keys {
        left.cmd("PTTL").arg(key);
    }
    let left: Vec<i64> = left.query_async(&mut house.bench.raw()).await.unwrap();
    let mut pipe = redis::pipe();
    for (key, left) in keys.iter().zip(left).filter(|(_, left)| *left > 0) {
        let left = left - by.as_millis() as i64;
        pipe.cmd("PEXPIRE").arg(key).arg(left.max(0)).ignore();
    }
    pipe.query_async::<()>(&mut house.bench.raw()).await.unwrap();
}

async fn memory(house: &House) -> f64 {
    house.bench.ask::<()>(&["MEMORY", "PURGE"]).await;
    let info: String = house.bench.ask(&["INFO", "memory"]).await;
    let used = info.lines().find_map(|line| line.strip_prefix("used_memory:")).unwrap();
    used.trim().parse().unwrap()
}

async fn an_hour(house: &House, endings: &mut impl Iterator<Item = Settlement>) {
    let step = Duration::from_hours(1) / ACTIONS as u32;
    for n in 0..ACTIONS {
        let account = format!("a{}", n % ACCOUNTS);
        let now = house.bench.now();
        let ends = now.checked_add(jiff::SignedDuration::from_mins(5)).unwrap();
        let key = format!(r#","key":"{}-{n}""#, now.as_second());
        let more = match n % 10 {
            8 => format!(r#","expires_at":"{ends}","priority":9{key}"#),
            _ => key,
        };
        let kind = if n % 3 == 0 { "comment" } else { "like" };
        let id = house.bench.add(&account, kind, &more).await;
        if n % 10 == 9 {
            house.coordinator.queue.cancel(&id, &person("")).await.unwrap();
        }
        for _ in 0..4 {
            let Claim::Work(claimed) = house.try_claim().await else { break };
            if n % 50 == 49 {
                // Its worker is gone.
                continue;
            }
            house.begin(&claimed).await.unwrap();
            let ending = endings.next().unwrap();
            let (lease, id) = (&claimed.lease, &claimed.id);
            Desk::finish(&house.coordinator, lease, id, &ending, false).await.unwrap();
        }
        house.bench.pass(step).await;
        house.coordinator.queue.reap(100).await.unwrap();
    }
    // What is parked waits for a person.
    let letters = walkon::queue::Letters::Parked;
    for parked in house.coordinator.queue.dead_letters(letters, 0, 1000).await.unwrap() {
        let failed = walkon::queue::Resolution::Failed;
        house.coordinator.queue.resolve(&parked.id, failed, &person("")).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn churn_a_day_of_work_leaves_memory_flat() {
    let options = Options { retention: KEPT, attempts: 2, events_kept: 1000, ..booked() };
    let house = House::with("churn", "", options).await;
    for n in 0..ACCOUNTS {
        house.bench.queue.put_account(&setting(&format!("a{n}"), "free", "UTC")).await.unwrap();
    }
    let (mut rounds, mut used) = (Rounds::default(), Vec::new());
    let mut endings = endings().into_iter().cycle();
    for hour in 1..=asked("WALKON_HOURS").unwrap_or(HOURS) {
        an_hour(&house, &mut endings).await;
        house.settled().await;
        age(&house, Duration::from_hours(1)).await;
        house.coordinator.tidy(&mut rounds).await.unwrap();
        let (bytes, keys) = (memory(&house).await, house.bench.ask::<u64>(&["DBSIZE"]).await);
        eprintln!("hour {hour:2}: {:.0} KiB, {keys} keys", bytes / 1024.0);
        used.push(bytes);
    }
    let even = &used[UNTIL_EVEN..];
    let (first, most) = (even[0], even.iter().copied().fold(0.0, f64::max));
    assert!(most <= first * NOISE, "from {first} to {most} bytes: {used:?}");
    house.stop().await;
}
