//! Chance against the queue: many workers, lost answers, broken connections, clocks that leap and
//! go back, workers that vanish, a Redis that is killed; a model judges every answer.
//!
//! With `WALKON_TELL=1` and `--nocapture` every operation is printed; `seeds.rs` says how a failure
//! is repeated.
//!
//! One operation follows the other, so that a seed repeats to the letter: a script is atomic in
//! Redis, and what can come between two calls of a worker does (`crowd.rs` runs them all at once).

use std::collections::VecDeque;

use tokio::time::Instant;
use walkon_core::rng::Seed;

use super::seeds::{Seeds, asked};
use super::world::{Op, World};
use crate::support::wire::Exchange;

/// Everything is looked at after so many steps.
const LOOK: u64 = 50;
/// How many seeds are run in `make test`, of how many steps.
const SEEDS: u64 = 6;
const STEPS: u64 = 1500;
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

#[test]
fn simulation_whatever_happens_no_limit_is_exceeded_and_no_work_is_lost() {
    let runs = Seeds { name: "simulation", count: SEEDS, steps: STEPS, lanes: LANES };
    let (began, mut all) = (Instant::now(), Ran::default());
    let ran = runs.play(async |seed, steps, at| simulate(seed, steps, true, None, at).await);
    let seeds = ran.len();
    for ran in ran {
        assert!(ran.performed as u64 > ran.steps / 100, "hardly anything was done: {ran:?}");
        all.steps += ran.steps;
        all.faults += ran.faults;
        all.kills += ran.kills;
        all.performed += ran.performed;
    }
    let Ran { steps, faults, kills, performed, .. } = all;
    let took = began.elapsed();
    let pace = steps as f64 / took.as_secs_f64();
    eprintln!(
        "{seeds} seeds, {steps} steps, {faults} faults, {kills} kills of Redis, \
         {performed} performed in {took:.1?}: {pace:.0} steps/s"
    );
}
