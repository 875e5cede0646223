//! Bad behaviors: beside each `tests/it/behaviors/<case>.toml` stand the exact words about it.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::support::fleet::project;

/// Whether the words are to be written anew (`WALKON_BLESS=1`), to be read before they are kept.
#[expect(clippy::disallowed_methods, reason = "a test's own switch; there is no config here")]
fn is_blessing() -> bool {
    std::env::var("WALKON_BLESS").is_ok_and(|word| word == "1")
}

#[test]
fn each_bad_behavior_is_told_with_its_place_and_the_remedy() {
    let folder = project("tests/it/behaviors");
    let mut cases: Vec<_> = fs::read_dir(&folder)
        .unwrap()
        .filter_map(|entry| entry.unwrap().file_name().into_string().ok())
        .filter(|name| Path::new(name).extension().is_some_and(|sort| sort == "toml"))
        .collect();
    cases.sort();
    assert!(cases.len() >= 11, "{cases:?}");
    let mut differ = Vec::new();
    for name in &cases {
        let mut command = Command::new(env!("CARGO_BIN_EXE_walkon"));
        let output =
            command.args(["behavior", "check", name]).current_dir(&folder).output().unwrap();
        let said = format!(
            "{}{}exit code {}\n",
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr),
            output.status.code().unwrap_or(-1)
        );
        let file = folder.join(name).with_extension("err");
        if is_blessing() {
            fs::write(&file, &said).unwrap();
        }
        let wanted = fs::read_to_string(&file).unwrap_or_default();
        if said != wanted {
            differ.push(format!("{name}\n--- wanted\n{wanted}--- said\n{said}"));
        }
    }
    assert!(differ.is_empty(), "{}\nWALKON_BLESS=1 writes them anew.", differ.join("\n"));
}

#[test]
fn every_behavior_of_the_project_is_good() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_walkon"));
    let output = command.args(["behavior", "check", "--json"]).current_dir(project("")).output();
    let output = output.unwrap();
    let said: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert!(output.status.success(), "{said}");
    assert!(said["good"].as_u64() >= Some(11), "{said}");
}
