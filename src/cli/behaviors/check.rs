//! `walkon behavior check`: reads behavior files and says what is wrong with them.

use std::path::PathBuf;

use serde_json::json;
use walkon_core::behavior::Behavior;

use crate::cli::lists::print;
use crate::cli::out::say;
use crate::cli::report::{Code, Failure};
use crate::config::Config;

/// `walkon behavior check`
pub(super) fn check(config: &Config, paths: &[PathBuf], json: bool) -> Result<(), Failure> {
    let mut files = Vec::new();
    let default = [config.fleet.behaviors.clone()];
    for path in if paths.is_empty() { &default[..] } else { paths } {
        collect(path, &mut files)?;
    }
    let mut faults = Vec::new();
    let mut good = 0;
    for file in &files {
        let name = file.display().to_string();
        let read = std::fs::read_to_string(file);
        let read =
            read.map_err(|error| Failure::system(&format!("could not read {name}"), &error))?;
        match Behavior::parse(&read, &name) {
            Ok(_) => good += 1,
            Err(wrong) => faults.extend(wrong),
        }
    }
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
    let what = format!("{} in {}", count(faults.len(), "fault"), count(files.len(), "file"));
    Err(Failure::new(Code::Refused, what, "mend them where they stand"))
}

fn collect(path: &PathBuf, files: &mut Vec<PathBuf>) -> Result<(), Failure> {
    if path.is_dir() {
        let entries = std::fs::read_dir(path);
        let what = format!("could not read {}", path.display());
        let entries = entries.map_err(|error| Failure::system(&what, &error))?;
        let mut inside: Vec<_> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
        inside.sort();
        return inside.iter().try_for_each(|path| collect(path, files));
    }
    let is_behavior = path.extension().is_some_and(|extension| extension == "toml")
        && !path.ends_with("site.toml");
    if is_behavior || !path.exists() {
        files.push(path.clone());
    }
    Ok(())
}
