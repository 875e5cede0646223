//! Chance against the queue: many workers, lost answers, broken connections, clocks that leap and
//! go back, workers that vanish, a Redis that is killed; a model judges every answer.
//!
//! Repeat a failure with `WALKON_SEED=<seed> cargo test --test it simulation`. `WALKON_SEEDS` says
//! how many seeds are run, `WALKON_STEPS` how many steps each.

use tokio::time::Instant;
use walkon_core::rng::Seed;

use super::world::{Op, World};
use crate::support::wire::Exchange;

/// Everything is looked at after so many steps.
const LOOK: u64 = 50;

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
    for n in 1..=steps {
        at(n);
        let op = Op::draw(&mut rng, true);
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

async fn run(seed: u64, steps: u64) -> Ran {
    let says = std::cell::RefCell::new(Says { seed, step: 0 });
    simulate(seed, steps, true, None, |step| says.borrow_mut().step = step).await
}

#[tokio::test]
async fn simulation_whatever_happens_no_limit_is_exceeded_and_no_work_is_lost() {
    let steps = asked("WALKON_STEPS").unwrap_or(1500);
    let seeds = match asked("WALKON_SEED") {
        Some(seed) => seed..seed + 1,
        None => 1..asked("WALKON_SEEDS").unwrap_or(4) + 1,
    };
    let began = Instant::now();
    let mut all = Ran::default();
    for seed in seeds {
        let ran = run(seed, steps).await;
        assert!(ran.performed as u64 > steps / 100, "seed {seed}: hardly anything was done");
        all.steps += ran.steps;
        all.faults += ran.faults;
        all.kills += ran.kills;
        all.performed += ran.performed;
    }
    let took = began.elapsed();
    let pace = all.steps as f64 / took.as_secs_f64();
    eprintln!("{all:?} in {took:.1?}: {pace:.0} steps/s");
}
