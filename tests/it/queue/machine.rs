//! The queue as a state machine: proptest draws operations, the model judges each answer and the
//! whole state after each few, and what fails is made as short as it can be.
//!
//! A failure prints the shortest sequence that still fails and the seed it was drawn from, and
//! keeps the seed in `tests/it/proptest-regressions/`, from where it is tried first from then on.
//! Repeat it with `cargo test --test it machine`; `WALKON_CASES` says how many sequences are
//! tried, and with `WALKON_MUTANT=<n>` the shortest sequence is shown that tells the nth mutant
//! from the queue.

use proptest::prelude::{BoxedStrategy, Just, Strategy as _};
use proptest::test_runner::{Config, FailurePersistence, FileFailurePersistence};
use proptest_state_machine::{ReferenceStateMachine, StateMachineTest, prop_state_machine};
use tokio::runtime::Runtime;

use super::mutants;
use super::seeds::asked;
use super::world::{Op, World};

/// How many sequences are tried in `make test`.
const CASES: u64 = 12;
/// Where the seeds of failures are kept.
const KEPT: &str =
    concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/proptest-regressions/machine.txt");
/// Everything is looked at after so many operations.
const LOOK: u64 = 10;

/// What proptest draws from. The rules themselves are in `model.rs`, which must know the answers:
/// which account is claimed first, and how long chance lets a retry wait, are the queue's to
/// choose. So here is only what every sequence needs: nothing, since each operation takes its
/// numbers modulo what there is, and can be left out without the next becoming impossible.
struct Anything;

impl ReferenceStateMachine for Anything {
    type State = u64;
    type Transition = Op;

    fn init_state() -> BoxedStrategy<u64> {
        Just(0).boxed()
    }

    fn transitions(_: &u64) -> BoxedStrategy<Op> {
        Op::any().boxed()
    }

    fn apply(state: u64, _: &Op) -> u64 {
        state + 1
    }
}

/// The real queue with its model, and what runs it.
struct Machine {
    runtime: Runtime,
    world: World,
}

impl StateMachineTest for Machine {
    type SystemUnderTest = Self;
    type Reference = Anything;

    fn init_test(_: &u64) -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let world = runtime.block_on(World::new(1, false, mutants::asked_for()));
        Self { runtime, world }
    }

    fn apply(mut state: Self, count: &u64, op: Op) -> Self {
        let Self { runtime, world } = &mut state;
        runtime.block_on(world.step(&op));
        if count.is_multiple_of(LOOK) {
            runtime.block_on(world.check());
        }
        state
    }

    fn teardown(mut state: Self, _: u64) {
        state.runtime.block_on(state.world.finish_all());
    }
}

fn config() -> Config {
    Config {
        cases: asked("WALKON_CASES").unwrap_or(CASES) as u32,
        max_shrink_iters: 2_000,
        failure_persistence: mutants::asked_for()
            .is_none()
            .then(|| Box::new(FileFailurePersistence::Direct(KEPT)) as Box<dyn FailurePersistence>),
        ..Config::default()
    }
}

prop_state_machine! {
    #![proptest_config(config())]

    #[test]
    fn machine_the_queue_does_what_its_rules_say(sequential 1..200 => Machine);
}
