//! The checks: each reads one file and gives what is wrong with it, with its place.

use super::File;
use super::source::{code, imports, names_crate, product};
use super::table::{APP, CONFINED, CORE, Row, allows, is_known};

/// The most product lines of a Rust file.
const LINES_MAX: usize = 500;
/// The most columns of a line.
const COLUMNS_MAX: usize = 100;
/// The most lines of a script, its header included.
const LUA_MAX: usize = 100;
/// The most lines of a behavior.
const BEHAVIOR_MAX: usize = 60;

/// A check of one file.
pub(crate) type Check = fn(&File) -> Vec<String>;

/// Every check of one file.
pub(crate) const EACH: &[Check] =
    &[layers, confined, lengths, columns, described, named, scripts, behaviors, leftovers];

fn is(file: &File, sort: &str) -> bool {
    file.path.rsplit_once('.').is_some_and(|(_, found)| found == sort)
}

/// The table of a file's crate and its top module: `src/queue/wait.rs` is of `queue`.
fn module(path: &str) -> Option<(&'static [Row], &str)> {
    let (rows, rest) = match path.strip_prefix("crates/core/src/") {
        Some(rest) => (CORE, rest),
        None => (APP, path.strip_prefix("src/")?),
    };
    let top = rest.split('/').next()?;
    Some((rows, top.strip_suffix(".rs").unwrap_or(top)))
}

/// Every module stands in the table, and every row of it is a module.
pub(crate) fn modules(files: &[File]) -> Vec<String> {
    let mut breaches = Vec::new();
    for (root, rows) in [("src/", APP), ("crates/core/src/", CORE)] {
        for (name, _) in rows {
            let path = format!("{root}{name}.rs");
            if !files.iter().any(|file| file.path == path) {
                breaches.push(format!("{path}: it stands in tests/tidy/table.rs and is not there"));
            }
        }
    }
    breaches
}

/// A module imports only what its row allows.
pub(crate) fn layers(file: &File) -> Vec<String> {
    let Some((rows, module)) = module(&file.path).filter(|_| is(file, "rs")) else {
        return Vec::new();
    };
    let place = &file.path;
    if !is_known(rows, module) {
        return vec![format!("{place}: `{module}` has no row in tests/tidy/table.rs: add it")];
    }
    let bad = |(_, used): &(usize, String)| is_known(rows, used) && !allows(rows, module, used);
    let found = imports(&code(&file.text)).into_iter().filter(bad);
    found
        .map(|(line, used)| format!("{place}:{line}: `{module}` must not import `{used}`"))
        .collect()
}

/// A crate of others stays behind its door.
pub(crate) fn confined(file: &File) -> Vec<String> {
    let mut breaches = Vec::new();
    let product = file.path.starts_with("src/") || file.path.contains("/src/");
    if !product || !is(file, "rs") {
        return breaches;
    }
    for (number, line) in code(&file.text).iter().enumerate() {
        for (name, homes) in CONFINED {
            let at_home = homes.iter().any(|home| file.path.starts_with(home));
            if !at_home && names_crate(line, name) {
                let (place, home) = (&file.path, homes.join(" and "));
                breaches.push(format!("{place}:{}: `{name}` belongs to {home}", number + 1));
            }
        }
    }
    breaches
}

fn too_long(file: &File, lines: usize, most: usize) -> Vec<String> {
    let breach = || format!("{}: {lines} lines, the most is {most}", file.path);
    (lines > most).then(breach).into_iter().collect()
}

/// A Rust file has at most so many product lines.
pub(crate) fn lengths(file: &File) -> Vec<String> {
    if !is(file, "rs") {
        return Vec::new();
    }
    too_long(file, product(&file.text).lines().count(), LINES_MAX)
}

/// A line has at most so many columns; one that holds an address may be longer.
pub(crate) fn columns(file: &File) -> Vec<String> {
    if !(is(file, "rs") || is(file, "lua") || file.path.starts_with("behaviors/")) {
        return Vec::new();
    }
    let long = |(_, line): &(usize, &str)| {
        let is_address = line.contains("https://") || line.contains("http://");
        line.chars().count() > COLUMNS_MAX && !is_address
    };
    let lines = file.text.lines().enumerate().filter(long);
    let breach = |(number, line): (usize, &str)| {
        format!("{}:{}: {} columns", file.path, number + 1, line.chars().count())
    };
    lines.map(breach).collect()
}

/// A Rust file begins by saying what it is.
pub(crate) fn described(file: &File) -> Vec<String> {
    let first = file.text.lines().next().unwrap_or_default();
    let says = first.strip_prefix("//!").is_some_and(|words| words.trim().len() > 3);
    let breach = || format!("{}:1: it does not begin with `//!` and what it is", file.path);
    (is(file, "rs") && !says).then(breach).into_iter().collect()
}

/// `foo.rs` and `foo/`, never `mod.rs`.
pub(crate) fn named(file: &File) -> Vec<String> {
    let breach = || format!("{}: name it after its folder, beside it", file.path);
    file.path.ends_with("/mod.rs").then(breach).into_iter().collect()
}

/// A script is short and begins with its name and what it does.
pub(crate) fn scripts(file: &File) -> Vec<String> {
    if !is(file, "lua") {
        return Vec::new();
    }
    let name = file.path.rsplit('/').next().unwrap_or_default();
    let mut breaches = too_long(file, file.text.lines().count(), LUA_MAX);
    if !file.text.starts_with(&format!("-- {name}: ")) {
        breaches.push(format!("{}:1: it does not begin with `-- {name}: …`", file.path));
    }
    breaches
}

/// What does not fit is two behaviors.
pub(crate) fn behaviors(file: &File) -> Vec<String> {
    if !file.path.starts_with("behaviors/") {
        return Vec::new();
    }
    too_long(file, file.text.lines().count(), BEHAVIOR_MAX)
}

/// Nothing is left for later without saying so elsewhere.
pub(crate) fn leftovers(file: &File) -> Vec<String> {
    // In two parts, so that this file does not name them.
    let words = [["TO", "DO"], ["FIX", "ME"], ["XX", "X"], ["unimpl", "emented!"], ["to", "do!("]];
    let mut breaches = Vec::new();
    for (number, line) in file.text.lines().enumerate() {
        for word in words.map(|word| word.concat()) {
            if line.contains(&word) {
                breaches.push(format!("{}:{}: `{word}`", file.path, number + 1));
            }
        }
    }
    breaches
}
