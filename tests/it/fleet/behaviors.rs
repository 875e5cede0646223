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

/// Runs `walkon behavior …` with its behaviors in `folder`; its words on both streams.
fn behavior(folder: &Path, words: &[&str]) -> (Option<i32>, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_walkon"));
    let command = command.arg("behavior").args(words).current_dir(folder);
    let output = command.env("WALKON__FLEET__BEHAVIORS", "sites").output().unwrap();
    let words = [output.stdout, output.stderr].concat();
    (output.status.code(), String::from_utf8(words).unwrap())
}

#[test]
fn a_draft_passes_the_check_and_never_goes_over_a_behavior_that_is_there() {
    let folder = tempfile::tempdir().unwrap();
    let (code, said) = behavior(folder.path(), &["new", "like", "--site", "shop"]);
    assert!(code == Some(3) && said.contains("there is no site in sites/shop"), "{said}");
    fs::create_dir_all(folder.path().join("sites/shop")).unwrap();
    let (code, said) = behavior(folder.path(), &["new", "lkie", "--site", "shop"]);
    assert!(code == Some(3) && said.contains("did you mean `like`?"), "{said}");
    let (code, said) = behavior(folder.path(), &["new", "like", "--site", "shop"]);
    assert!(code == Some(0) && said.starts_with("sites/shop/like.toml is written"), "{said}");
    let (code, said) = behavior(folder.path(), &["check"]);
    assert_eq!((code, said.as_str()), (Some(0), "1 behaviors are good\n"));
    let (code, said) = behavior(folder.path(), &["new", "like", "--site", "shop"]);
    assert!(code == Some(3) && said.contains("is there already"), "{said}");
}

#[test]
fn a_recording_of_devtools_becomes_a_draft_that_says_what_is_left_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let recording = r#"{"title": "Like it", "steps": [
        {"type": "navigate", "url": "http://127.0.0.1:7400/p/1"},
        {"type": "click", "selectors": [["aria/Like"], ["main button"], ["text/Like"]]}]}"#;
    fs::write(folder.path().join("like.json"), recording).unwrap();
    let words = ["import", "like.json", "--kind", "like", "--site", "shop", "--print"];
    let (code, said) = behavior(folder.path(), &words);
    assert_eq!(code, Some(0), "{said}");
    assert!(
        said.contains("click = { role = \"button\", name = \"Like\" }\ncommit = true"),
        "{said}"
    );
    assert!(said.contains("- `[effect]` is yours to write"), "{said}");
    fs::write(folder.path().join("like.json"), "nothing").unwrap();
    let (code, said) = behavior(folder.path(), &words);
    assert!(code == Some(3) && said.contains("like.json: it is no recording"), "{said}");
}
