//! Recordings as Chrome exports them, and what becomes of them.

use super::import;
use crate::behavior::Behavior;
use crate::kind;

/// As Chrome exports it, shortened.
const COMMENT: &str = r##"{
    "title": "Comment on a post",
    "steps": [
        {"type": "setViewport", "width": 1280, "height": 720},
        {"type": "navigate", "url": "https://staging.example.com/p/7",
         "assertedEvents": [{"type": "navigation", "title": "A post"}]},
        {"type": "change", "value": "How nice", "target": "main",
         "selectors": [["aria/Add a comment"], ["#text"], ["xpath///*[@id='text']"]]},
        {"type": "hover", "selectors": [["aria/Post"]]},
        {"type": "doubleClick", "selectors": [["aria/Post"]], "offsetX": 1, "offsetY": 1},
        {"type": "click", "target": "main", "offsetX": 10, "offsetY": 12,
         "selectors": [["aria/Post comment"], ["form > button.primary"], ["text/Post"]]}
    ]
}"##;

fn imported(json: &str, kind: &str) -> super::Imported {
    import(json, kind::find(kind).expect("a known kind")).expect("it is a recording")
}

#[test]
fn a_recording_becomes_a_draft_by_role_and_name_that_lacks_only_its_effect() {
    let made = imported(COMMENT, "comment");
    let effect = "[effect]\nitems = { css = \"li\" }\ncontaining = [\"{username}\"]\n";
    let finished = made.text.replace("# [effect]\n", effect);
    let read = Behavior::parse(&finished, "comment.toml").expect(&finished);
    let steps: Vec<_> = read.steps.iter().map(ToString::to_string).collect();
    let typed = "type {with.text} into label \"Add a comment\"";
    assert_eq!(steps, [typed, "click button \"Post comment\""]);
    assert!(read.steps[1].commit, "the last click makes the effect");
    let faults = Behavior::parse(&made.text, "comment.toml").expect_err("no recording says it");
    assert!(faults[0].what.contains("no `[effect]`"), "{faults:?}");
}

#[test]
fn what_is_left_out_or_guessed_is_said() {
    let remarks = imported(COMMENT, "comment").remarks;
    let said = |part: &str| remarks.iter().any(|remark| remark.contains(part));
    assert!(said("https://staging.example.com"), "{remarks:?}");
    assert!(said("step 5 (doubleClick) is left out"), "{remarks:?}");
    assert!(said("step 2 makes the effect is a guess"), "{remarks:?}");
}

#[test]
fn a_kind_without_an_effect_opens_its_page_itself() {
    let made = imported(
        r#"{"title": "", "steps": [
            {"type": "navigate", "url": "https://staging.example.com"},
            {"type": "click", "selectors": [["aria/[role=\"main\"]"], ["[data-testid='more']"]]}
        ]}"#,
        "scroll_feed",
    );
    let read = Behavior::parse(&made.text, "scroll_feed.toml").expect("whole as it is");
    let steps: Vec<_> = read.steps.iter().map(ToString::to_string).collect();
    assert_eq!(steps, ["open /", "click test id \"more\""]);
}

#[test]
fn a_password_that_was_recorded_does_not_reach_the_file() {
    let made = imported(
        r##"{"title": "", "steps": [
            {"type": "navigate", "url": "https://staging.example.com/signin"},
            {"type": "change", "value": "hunter2", "selectors": [["aria/Password"], ["#p"]]},
            {"type": "keyDown", "key": "Enter"}, {"type": "keyUp", "key": "Enter"}
        ]}"##,
        "sign_in",
    );
    assert!(!made.text.contains("hunter2") && made.text.contains("{secret.password}"));
}

#[test]
fn a_recording_that_leaves_its_site_is_refused_with_the_remedy() {
    let json = r#"{"steps": [{"type": "navigate", "url": "https://a.example/x"},
        {"type": "navigate", "url": "https://b.example/y"}]}"#;
    let (what, remedy) = import(json, kind::find("like").unwrap()).expect_err("two sites");
    assert_eq!(what, "it leaves https://a.example for https://b.example");
    assert!(remedy.contains("record again"));
    assert!(import("{}", kind::find("like").unwrap()).is_err());
}
