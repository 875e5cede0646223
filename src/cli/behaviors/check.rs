//! `walkon behavior check`: reads the files of sites and says what is wrong with them.

use std::path::{Path, PathBuf};

use serde_json::json;
use walkon_core::behavior::Behavior;
use walkon_core::fault::Fault;

use crate::catalog::site;
use crate::cli::lists::print;
use crate::cli::out::say;
use crate::cli::report::{Code, Failure};
use crate::config::Config;

/// What was read, and what is wrong with it.
#[derive(Default)]
struct Found {
    good: usize,
    files: usize,
    faults: Vec<Fault>,
}

/// `walkon behavior check`
pub(super) fn check(config: &Config, paths: &[PathBuf], json: bool) -> Result<(), Failure> {
    let default = [config.fleet.behaviors.clone()];
    let mut found = Found::default();
    for path in if paths.is_empty() { &default[..] } else { paths } {
        found.look(path)?;
    }
    let Found { good, files, faults } = found;
    if json {
        let list: Vec<_> = faults
            .iter()
            .map(|fault| {
                json!({"file": fault.file, "line": fault.line, "column": fault.column,
                       "what": fault.what, "remedy": fault.remedy})
            })
            .collect();
        print(&json!({"good": good, "faults": list}));
    } else {
        for fault in &faults {
            say(&fault.to_string());
        }
    }
    if faults.is_empty() {
        if !json {
            say(&format!("{good} behaviors are good"));
        }
        return Ok(());
    }
    let count = |count: usize, what: &str| match count {
        1 => format!("1 {what}"),
        _ => format!("{count} {what}s"),
    };
    let what = format!("{} in {}", count(faults.len(), "fault"), count(files, "file"));
    Err(Failure::new(Code::Refused, what, "mend them where they stand"))
}

impl Found {
    /// A site's folder is read whole; any other folder for what is in it.
    fn look(&mut self, path: &Path) -> Result<(), Failure> {
        if path.join("site.toml").is_file() {
            let entry = site::read(path, &mut self.faults)?;
            self.good += entry.map_or(0, |entry| entry.behaviors.len());
            self.files += toml_files(path)?.len();
            return Ok(());
        }
        if path.is_dir() {
            let inside = inside(path)?;
            let is_wanted = |path: &&PathBuf| path.is_dir() || is_toml(path);
            return inside.iter().filter(is_wanted).try_for_each(|path| self.look(path));
        }
        self.file(path)
    }

    fn file(&mut self, file: &Path) -> Result<(), Failure> {
        let name = file.display().to_string();
        let read = std::fs::read_to_string(file);
        let read =
            read.map_err(|error| Failure::system(&format!("could not read {name}"), &error))?;
        self.files += 1;
        let beside = site::beside_file(file, &mut self.faults)?;
        if !site::is_behavior(file) {
            // What behaviors share is read with each; a site's other files with its folder.
            return Ok(());
        }
        match Behavior::parse_beside(&read, &name, &beside) {
            Ok(_) => self.good += 1,
            Err(wrong) => self.faults.extend(wrong),
        }
        Ok(())
    }
}

fn is_toml(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "toml")
}

fn toml_files(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    Ok(inside(folder)?.into_iter().filter(|path| is_toml(path)).collect())
}

fn inside(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let what = format!("could not read {}", folder.display());
    let entries = std::fs::read_dir(folder).map_err(|error| Failure::system(&what, &error))?;
    let mut inside: Vec<_> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    inside.sort();
    Ok(inside)
}
