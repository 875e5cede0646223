//! What chance decides: so many seeds of so many steps each, and how to repeat the one that failed.
//!
//! `WALKON_SEED` runs one seed, `WALKON_SEEDS` so many from `WALKON_FIRST` on, `WALKON_STEPS` so
//! many steps of each.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

/// A simulation, and how much of it `make test` runs.
pub(crate) struct Seeds {
    /// What runs it alone: `cargo test --test it NAME`.
    pub(crate) name: &'static str,
    pub(crate) count: u64,
    pub(crate) steps: u64,
    /// How many run at once: while one waits for its Redis, another thinks.
    pub(crate) lanes: usize,
}

impl Seeds {
    /// Plays each seed, with its steps and what is told of each, on a thread's own runtime.
    pub(crate) fn play<R: Send>(
        &self,
        play: impl AsyncFn(u64, u64, &dyn Fn(u64)) -> R + Sync,
    ) -> Vec<R> {
        let steps = asked("WALKON_STEPS").unwrap_or(self.steps);
        let one = asked("WALKON_SEED");
        let first = one.or_else(|| asked("WALKON_FIRST")).unwrap_or(1);
        let count = one.map_or_else(|| asked("WALKON_SEEDS").unwrap_or(self.count), |_| 1);
        let seeds: Vec<u64> = (first..first + count).collect();
        in_lanes(self.name, self.lanes, &seeds, |seed| {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            let step = Cell::new(0);
            let at = |n| step.set(n);
            let run = || runtime.expect("a runtime").block_on(play(*seed, steps, &at));
            catch_unwind(AssertUnwindSafe(run)).unwrap_or_else(|panic| {
                let (step, name) = (step.get(), self.name);
                eprintln!("step {step}; repeat it: WALKON_SEED={seed} cargo test --test it {name}");
                resume_unwind(panic)
            })
        })
    }
}

/// A number that whoever runs the tests has asked for.
#[expect(clippy::disallowed_methods, reason = "a failed run is repeated by its seed")]
pub(crate) fn asked(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
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
