//! `walkon persona` and `walkon profile`, as a person uses them: no fleet, no server.

use std::path::Path;
use std::process::{Command, Output};

/// Runs the binary in a folder of its own, on the profiles that are shipped.
fn walkon(folder: &Path, words: &[&str]) -> Output {
    let profiles = Path::new(env!("CARGO_MANIFEST_DIR")).join("profiles");
    Command::new(env!("CARGO_BIN_EXE_walkon"))
        .current_dir(folder)
        .env("WALKON__FLEET__PROFILES", profiles)
        .args(words)
        .output()
        .unwrap()
}

fn json(output: &Output) -> serde_json::Value {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn a_person_is_drawn_from_a_seed_and_never_over_another() {
    let home = tempfile::tempdir().unwrap();
    let new = ["persona", "new", "ada", "--seed", "3", "--into", "."];
    assert!(walkon(home.path(), &new).status.success());
    let text = std::fs::read_to_string(home.path().join("ada.toml")).unwrap();
    assert!(text.contains("name = \"ada\"") && text.contains("[rhythm]"), "{text}");
    let again = walkon(home.path(), &new);
    assert_eq!(again.status.code(), Some(3));
    assert!(String::from_utf8_lossy(&again.stderr).contains("is there already"));
}

#[test]
fn a_persona_shows_its_day_and_draws_its_picture() {
    let home = tempfile::tempdir().unwrap();
    let day = ["--like", "casual", "--seed", "7", "--day", "2026-03-04"];
    let shown = |words: &[&str]| walkon(home.path(), &[words, &day[..]].concat());
    let told = json(&shown(&["persona", "show", "--json"]));
    assert_eq!(told["persona"]["name"], "casual");
    assert!(told["stays"].as_array().is_some_and(|stays| !stays.is_empty()), "{told}");
    assert_eq!(told, json(&shown(&["persona", "show", "--json"])), "the same day twice");
    assert!(shown(&["persona", "plot"]).status.success());
    let picture = std::fs::read_to_string(home.path().join("casual.svg")).unwrap();
    assert!(picture.starts_with("<svg") && picture.contains("Its week"));
    let unknown = walkon(home.path(), &["persona", "show", "--like", "casul"]);
    assert_eq!(unknown.status.code(), Some(3));
    assert!(String::from_utf8_lossy(&unknown.stderr).contains("did you mean `casual`?"));
}

#[test]
fn every_profile_that_is_shipped_is_good_and_a_wrong_one_is_told() {
    let home = tempfile::tempdir().unwrap();
    let checked = json(&walkon(home.path(), &["profile", "check", "--json"]));
    assert!(checked["good"].as_u64().is_some_and(|good| good >= 24), "{checked}");
    let listed = json(&walkon(home.path(), &["profile", "list", "--json"]));
    assert!(listed["devices"].as_array().is_some_and(|devices| devices.len() >= 20));

    std::fs::create_dir_all(home.path().join("own/devices")).unwrap();
    std::fs::create_dir_all(home.path().join("own/personas")).unwrap();
    let device = "form = \"phone\"\nmodel = \"Pixel 8\"\nandroid = \"15\"\nwidth = 412\n\
                  height = 700\nscale = 2.625\ntouch = true\nlanguages = [\"de-DE\"]\n";
    std::fs::write(home.path().join("own/devices/short.toml"), device).unwrap();
    let wrong = Command::new(env!("CARGO_BIN_EXE_walkon"))
        .current_dir(home.path())
        .env("WALKON__FLEET__PROFILES", "own")
        .args(["profile", "check"])
        .output()
        .unwrap();
    assert_eq!(wrong.status.code(), Some(3));
    let text = String::from_utf8_lossy(&wrong.stdout);
    assert!(text.contains("a Pixel 8 has a screen of 1080 x 2400 pixels"), "{text}");
}
