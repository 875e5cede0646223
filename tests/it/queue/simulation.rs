//! Chance against the queue: many workers, lost answers, broken connections, clocks that leap and
//! go back, workers that vanish, a Redis that is killed; a model judges every answer.
//!
//! Repeat a failure with `WALKON_SEED=<seed> cargo test --test it simulation`. `WALKON_SEEDS` says
//! how many seeds are run, `WALKON_STEPS` how many steps each; with `WALKON_TELL=1` and
//! `--nocapture` every operation is printed.
//!
//! One operation follows the other, so that a seed repeats to the letter: a script is atomic in
//! Redis, and what can come between two calls of a worker does (`crowd.rs` runs them all at once).

use std::collections::VecDeque;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::time::Instant;
use walkon_core::rng::Seed;

use super::world::{Op, World};
use crate::support::wire::Exchange;

/// Everything is looked at after so many steps.
const LOOK: u64 = 50;
/// How many seeds are run in `make test`, of how many steps.
const SEEDS: u64 = 6;
const STEPS: u64 = 1500;
/// How many run at once: while one waits for its Redis, another thinks.
const LANES: usize = 3;

/// What a run did.
#[derive(Debug, Default)]
pub(crate) struct Ran {
    pub(crate) steps: u64,
    pub(crate) faults: u64,
    pub(crate) kills: u64,
    pub(crate) performed: usize,
    pub(crate) reached: bool,
}

/// Says how to repeat a run that failed.
struct Says {
    seed: u64,
    step: u64,
}

impl Drop for Says {
    #[expect(clippy::print_stdout, reason = "the one who repeats it must know the seed")]
    fn drop(&mut self) {
        if std::thread::panicking() {
            let Self { seed, step } = self;
            println!("step {step}; repeat it: WALKON_SEED={seed} cargo test --test it simulation");
        }
    }
}

/// One seed's run; `exchange` is a mutant of a script, `at` is told each step.
pub(crate) async fn simulate(
    seed: u64,
    steps: u64,
    own: bool,
    exchange: Option<Exchange>,
    at: impl Fn(u64),
) -> Ran {
    let mut world = World::new(seed, own, exchange).await;
    let mut rng = Seed(seed).rng();
    let is_told = asked("WALKON_TELL").is_some();
    let mut ops = VecDeque::new();
    for n in 1..=steps {
        at(n);
        if ops.is_empty() {
            ops.extend(Op::some(&mut rng));
        }
        let op = ops.pop_front().expect("there is always a next one");
        if is_told {
            eprintln!("{n}: {op:?}");
        }
        world.step(&op).await;
        if n % LOOK == 0 {
            world.check().await;
        }
    }
    world.finish_all().await;
    Ran {
        steps,
        faults: world.faults(),
        kills: world.kills,
        performed: world.model.performed(),
        reached: world.has_exchanged(),
    }
}

#[expect(clippy::disallowed_methods, reason = "a failed run is repeated by its seed")]
pub(crate) fn asked(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

/// Runs one seed on a thread's own runtime.
fn run(seed: u64, steps: u64) -> Ran {
    let says = std::cell::RefCell::new(Says { seed, step: 0 });
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let ran = simulate(seed, steps, true, None, |step| says.borrow_mut().step = step);
    let ran = runtime.block_on(ran);
    assert!(ran.performed as u64 > steps / 100, "seed {seed}: hardly anything was done");
    ran
}

/// Does each of these in one of a few threads; fails where one fails.
pub(crate) fn in_lanes<T: Sync, R: Send>(
    name: &str,
    lanes: usize,
    all: &[T],
    each: impl Fn(&T) -> R + Sync,
) -> Vec<R> {
    let (next, done) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..lanes {
            let lane = || {
                while let Some(one) = all.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let one = each(one);
                    done.lock().expect("nothing panics while it is held").push(one);
                }
            };
            let lane = std::thread::Builder::new().name(name.to_owned()).spawn_scoped(scope, lane);
            lane.expect("a thread");
        }
    });
    done.into_inner().expect("nothing panics while it is held")
}

#[test]
fn simulation_whatever_happens_no_limit_is_exceeded_and_no_work_is_lost() {
    let steps = asked("WALKON_STEPS").unwrap_or(STEPS);
    let seeds: Vec<u64> = match asked("WALKON_SEED") {
        Some(seed) => vec![seed],
        None => (1..=asked("WALKON_SEEDS").unwrap_or(SEEDS)).collect(),
    };
    let began = Instant::now();
    let mut all = Ran::default();
    for ran in in_lanes("simulation", LANES, &seeds, |seed| run(*seed, steps)) {
        all.steps += ran.steps;
        all.faults += ran.faults;
        all.kills += ran.kills;
        all.performed += ran.performed;
    }
    let Ran { steps, faults, kills, performed, .. } = all;
    let (took, seeds) = (began.elapsed(), seeds.len());
    let pace = steps as f64 / took.as_secs_f64();
    eprintln!(
        "{seeds} seeds, {steps} steps, {faults} faults, {kills} kills of Redis, \
         {performed} performed in {took:.1?}: {pace:.0} steps/s"
    );
}
