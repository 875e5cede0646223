//! Tidy: who may import whom, how long things may be, and what may not stand in the tree.
//!
//! Each check gives all its breaches; they are printed together and fail once. [`table`] holds who
//! may import whom: adding a module without a row there is a breach, and says so.

#![expect(clippy::unwrap_used, reason = "a tree that cannot be read should say where")]

use std::fs;
use std::path::Path;

#[path = "tidy/checks.rs"]
mod checks;
#[path = "tidy/samples.rs"]
mod samples;
#[path = "tidy/source.rs"]
mod source;
#[path = "tidy/table.rs"]
mod table;

/// A file of the tree.
pub(crate) struct File {
    /// From the root: `src/queue/wait.rs`.
    pub(crate) path: String,
    pub(crate) text: String,
}

/// What is looked at.
const ROOTS: [&str; 7] =
    ["src", "crates/core/src", "plaza", "tests", "behaviors", "profiles", "build.rs"];
/// What of it is text of ours.
const SORTS: [&str; 5] = ["rs", "lua", "toml", "html", "js"];

fn collect(root: &Path, path: &Path, files: &mut Vec<File>) {
    if path.is_dir() {
        let mut entries: Vec<_> =
            fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()).collect();
        entries.sort();
        for entry in &entries {
            collect(root, entry, files);
        }
        return;
    }
    let sort = path.extension().and_then(|sort| sort.to_str()).unwrap_or_default();
    // Somebody else's code is kept as it came.
    let vendored = path.components().any(|part| part.as_os_str() == "vendor");
    if path.is_file() && SORTS.contains(&sort) && !vendored {
        let path_text = path.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
        files.push(File { path: path_text, text: fs::read_to_string(path).unwrap() });
    }
}

#[test]
fn the_tree_is_tidy() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    for part in ROOTS {
        collect(root, &root.join(part), &mut files);
    }
    assert!(files.len() > 100, "the tree was not found");
    let mut breaches = checks::modules(&files);
    for file in &files {
        for check in checks::EACH {
            breaches.extend(check(file));
        }
    }
    for breach in &breaches {
        eprintln!("{breach}");
    }
    assert!(breaches.is_empty(), "{} breaches, listed above", breaches.len());
}
