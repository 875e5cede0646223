//! Mutants: one-line mistakes in the scripts, each of which the simulation must notice.
//!
//! The scripts are built into the product, and building it once a mutant would take half an hour.
//! So nothing is built: the wire between queue and Redis (`support/wire.rs`) sees every script that
//! is loaded, loads the mutated one beside it and exchanges their hashes. What runs is the product
//! as it is, on scripts as they were put together, one text apart; production has no switch for it.
//!
//! `make mutants` tries all of them and prints by which seed, step and invariant each was caught;
//! one that survives, or is caught by another invariant than the table says, fails the run.
//! `make test` tries a few, others each time (`WALKON_MUTANTS` says how many, `WALKON_SEED` which).

mod ceilings;
mod escrow;
mod guard;
mod pools;
mod table;
mod windows;

use std::path::Path;
use std::sync::Once;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::ceilings::chance as of_ceilings;
use super::pools::chance::play;
use super::seeds::{asked, in_lanes};
use super::shards::escrow as shards;
use super::simulation::simulate;
use crate::support::wire::Exchange;
use ceilings::CEILINGS;
use escrow::ESCROW;
use guard::GUARD;
use pools::POOLS;
use table::{MUTANTS, Mutant};
use windows::WINDOWS;

/// How many are tried in `make test`.
const FEW: u64 = 12;
/// How many seeds each is given, of how many steps.
const SEEDS: u64 = 12;
const STEPS: u64 = 1500;
/// The scripts that only pools come to: the simulation of pools tries their mutants.
const OF_POOLS: [&str; 4] = ["members.lua", "choose.lua", "post.lua", "bind.lua"];
const POOL_STEPS: u64 = 800;
const ESCROW_STEPS: u64 = 300;
const CEILING_STEPS: u64 = 600;
/// A run that takes longer than this hangs, which is noticed, too.
const LIMIT: Duration = Duration::from_mins(4);
/// How many are tried at once.
const LANES: usize = 3;
const LANE: &str = "mutant";

/// How one was caught.
#[derive(Debug)]
struct Caught {
    seed: u64,
    step: u64,
    by: u8,
    words: String,
}

/// The mutant that the one who runs the tests has asked for.
pub(super) fn asked_for() -> Option<Exchange> {
    let all = all();
    let mutant = all[asked("WALKON_MUTANT")? as usize % all.len()];
    Some(Exchange { old: mutant.old, new: mutant.new })
}

fn all() -> Vec<&'static Mutant> {
    MUTANTS.iter().chain(WINDOWS).chain(GUARD).chain(POOLS).chain(ESCROW).chain(CEILINGS).collect()
}

/// Every script's name and text.
fn scripts() -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/queue/lua");
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let name = |path: &Path| path.file_name().unwrap().to_string_lossy().into_owned();
    entries.map(|path| (name(&path), std::fs::read_to_string(&path).unwrap())).collect()
}

/// Where the mutant does not fit the scripts any more.
fn stale(mutant: &Mutant, scripts: &[(String, String)]) -> Option<String> {
    let found = scripts.iter().map(|(name, text)| (name, text.matches(mutant.old).count()));
    let found: Vec<_> = found.filter(|(_, count)| *count > 0).collect();
    let fits = found.len() == 1 && found[0].0 == mutant.file && found[0].1 == 1;
    let Mutant { name, file, old, .. } = mutant;
    (!fits).then(|| {
        format!(
            "the mutant is stale: {name}: `{old}` must occur once, in {file}; it occurs in \
             {found:?}. Write it anew in tests/it/queue/mutants/table.rs"
        )
    })
}

/// Panics of mutants are what is looked for, and say nothing by themselves.
fn be_quiet() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let usual = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            if std::thread::current().name() != Some(LANE) {
                usual(info);
            }
        }));
    });
}

fn words(payload: &(dyn std::any::Any + Send)) -> String {
    let text = payload.downcast_ref::<String>().cloned();
    text.or_else(|| payload.downcast_ref::<&str>().map(|text| (*text).to_owned()))
        .unwrap_or_default()
}

/// The number in brackets that a failure of the model begins with.
fn invariant(words: &str) -> u8 {
    let number = words.split_once('[').and_then(|(_, rest)| rest.split_once(']'));
    number.and_then(|(number, _)| number.parse().ok()).unwrap_or_default()
}

/// One seed against a mutant.
fn hunt(mutant: &Mutant, seed: u64) -> Result<bool, Caught> {
    let step = AtomicU64::new(0);
    let exchange = Some(Exchange { old: mutant.old, new: mutant.new });
    let run = std::panic::AssertUnwindSafe(|| {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let at = |n| step.store(n, Ordering::Relaxed);
        let run = async {
            if OF_POOLS.contains(&mutant.file) {
                return play(seed, POOL_STEPS, exchange, at).await;
            }
            if ESCROW.iter().any(|one| one.name == mutant.name) {
                return shards::play(seed, ESCROW_STEPS, exchange, at).await;
            }
            if CEILINGS.iter().any(|one| one.name == mutant.name) {
                return of_ceilings::play(seed, CEILING_STEPS, exchange, at).await;
            }
            simulate(seed, STEPS, false, exchange, at).await.reached
        };
        let run = async { tokio::time::timeout(LIMIT, run).await.expect("[18] it hangs") };
        runtime.unwrap().block_on(run)
    });
    std::panic::catch_unwind(run).map_err(|payload| {
        let words = words(&*payload);
        Caught { seed, step: step.into_inner(), by: invariant(&words), words }
    })
}

/// What became of a mutant: a line of the table, and whether it is as it should be.
fn judge(mutant: &Mutant) -> (String, bool) {
    let Mutant { name, file, caught_by, .. } = mutant;
    for seed in 1..=SEEDS {
        match hunt(mutant, seed) {
            Ok(true) => {}
            Ok(false) => return (format!("{name:44} {file:15} NEVER RUN"), false),
            Err(Caught { seed, step, by, words }) => {
                let right = caught_by.contains(&by);
                let line = words.lines().next().unwrap_or_default();
                let line: String = line.chars().take(60).collect();
                let note = if right { line } else { format!("NOT BY {caught_by:?}: {words}") };
                let place = format!("seed {seed} step {step:4}");
                return (format!("{name:44} {file:15} [{by:2}] {place} {note}"), right);
            }
        }
    }
    (format!("{name:44} {file:15} SURVIVED {SEEDS} seeds of {STEPS} steps"), false)
}

#[test]
fn mutants_fit_the_scripts_they_change() {
    fit();
}

fn fit() {
    let scripts = scripts();
    let stale: Vec<_> = all().into_iter().filter_map(|mutant| stale(mutant, &scripts)).collect();
    assert!(stale.is_empty(), "{}", stale.join("\n"));
}

#[test]
fn mutants_of_the_scripts_are_caught() {
    let count = asked("WALKON_MUTANTS").unwrap_or(FEW) as usize;
    fit();
    let first = asked("WALKON_SEED").unwrap_or(u64::from(std::process::id())) as usize;
    let all = all();
    let some = all.iter().cycle().skip(first % all.len());
    let some: Vec<_> = some.take(count.min(all.len())).copied().collect();
    be_quiet();
    let began = tokio::time::Instant::now();
    let tried = in_lanes(LANE, LANES, &some, |mutant| {
        let (line, right) = judge(mutant);
        eprintln!("{line}");
        right
    });
    let bad = tried.iter().filter(|right| !**right).count();
    let (count, took) = (tried.len(), began.elapsed());
    eprintln!("{} of {count} mutants caught in {took:.1?}", count - bad);
    let again = format!("WALKON_SEED={first} WALKON_MUTANTS={count} cargo test --test it mutants");
    assert_eq!(bad, 0, "mutants that were not caught as they should be; repeat it: {again}");
}
