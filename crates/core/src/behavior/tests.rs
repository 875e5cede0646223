//! What stands beside a behavior: blocks that are shared, and files.

use std::collections::BTreeSet;

use super::{Behavior, Beside, Shared};
use crate::fault::Fault;
use crate::step::Verb;

const SHARED: &str = r#"format = 1

[[block.settle_in]]
when = { role = "dialog" }
do = "dismiss"

[[block.dismiss]]
click = { role = "button", name = "Got it" }

[[block.greet]]
type = "{with.text}"
into = { label = "Message" }
"#;

fn beside() -> Beside {
    let files = Some(BTreeSet::from(["cat.jpg".to_owned()]));
    Beside { shared: Shared::parse(SHARED, "_shared.toml").unwrap(), files }
}

fn read(steps: &str) -> Result<Behavior, Vec<Fault>> {
    let text = format!("format = 1\nkind = \"scroll_feed\"\nabout = \"Scrolls.\"\n\n{steps}");
    Behavior::parse_beside(&text, "scroll_feed.toml", &beside())
}

fn told(steps: &str) -> String {
    let faults = read(steps).expect_err(steps);
    faults.iter().map(Fault::to_string).collect::<Vec<_>>().join("\n")
}

#[test]
fn a_behavior_takes_the_shared_blocks_that_it_does_and_no_others() {
    let behavior = read("[[step]]\nuse = \"settle_in\"\n").unwrap();
    let names: Vec<_> = behavior.blocks.keys().map(String::as_str).collect();
    assert_eq!(names, ["dismiss", "settle_in"]);
    assert!(matches!(behavior.blocks["dismiss"][0].verb, Verb::Click(_)));
}

#[test]
fn what_a_shared_block_says_must_have_a_value_where_it_is_used() {
    let said = told("[[step]]\nopen = \"/\"\n\n[[step]]\nuse = \"greet\"\n");
    assert!(said.starts_with("scroll_feed.toml:8:1: `{with.text}` has no value here"), "{said}");
}

#[test]
fn a_slip_in_the_name_of_a_shared_block_is_told_with_the_right_one() {
    let said = told("[[step]]\nuse = \"setle_in\"\n");
    assert!(said.starts_with("scroll_feed.toml:5:1: there is no block `setle_in`"), "{said}");
    assert!(said.contains("did you mean `settle_in`?"), "{said}");
}

#[test]
fn a_block_of_ones_own_does_not_hide_a_shared_one() {
    let said = told("[[step]]\nuse = \"dismiss\"\n\n[[block.dismiss]]\npress = \"Escape\"\n");
    assert!(said.contains("8:1: block `dismiss` is one that the site's behaviors share"), "{said}");
}

#[test]
fn a_file_that_is_not_there_is_told_with_the_ones_that_are() {
    let upload =
        |file: &str| format!("[[step]]\nupload = \"{file}\"\ninto = {{ css = \"input\" }}\n");
    assert!(read(&upload("cat.jpg")).is_ok());
    // Its name is known only when the action is.
    assert!(read(&upload("{username}.jpg")).is_ok());
    let said = told(&upload("cta.jpg"));
    assert!(said.contains("there is no file `cta.jpg`"), "{said}");
    assert!(said.contains("did you mean `cat.jpg`? Known files: `cat.jpg`"), "{said}");
}

#[test]
fn shared_blocks_end_make_no_effect_and_know_each_other() {
    let wrong = |block: &str| {
        let text = format!("format = 1\n\n{block}");
        Shared::parse(&text, "_shared.toml").expect_err(block)[0].to_string()
    };
    let round = wrong("[[block.a]]\nuse = \"b\"\n\n[[block.b]]\nuse = \"a\"\n");
    assert!(round.starts_with("_shared.toml:3:1: block `a` does itself: a → b → a"), "{round}");
    let commit = wrong("[[block.a]]\npress = \"Enter\"\ncommit = true\n");
    assert!(commit.contains("a shared step cannot be the `commit` step"), "{commit}");
    let unknown = wrong("[[block.a]]\nuse = \"bb\"\n\n[[block.b]]\npress = \"Tab\"\n");
    assert!(unknown.contains("there is no block `bb`"), "{unknown}");
}

#[test]
fn a_budget_is_bounded() {
    assert_eq!(read("budget = 40\n\n[[step]]\nopen = \"/\"\n").unwrap().budget, 40);
    let said = told("budget = 0\n\n[[step]]\nopen = \"/\"\n");
    assert!(said.contains("the budget is out of range"), "{said}");
}
