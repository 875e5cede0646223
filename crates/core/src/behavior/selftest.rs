//! A site's own tests: `behaviors/<site>/tests.toml`, carried out against the site itself.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use toml::Spanned;

use super::FORMAT;
use crate::action::{Action, Target, listed};
use crate::explain;
use crate::fault::Fault;
use crate::kind::{self, EffectClass};

/// The file they stand in.
pub const TESTS_FILE: &str = "tests.toml";
/// How a test may expect an action to end.
const ENDS: [&str; 4] = ["made", "already", "none", "failed"];

/// One test: an action, and how it is to end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SelfTest {
    /// What it shows, in a sentence.
    pub about: String,
    /// The kind that is done.
    pub kind: String,
    /// What it is done to.
    pub target: Option<Target>,
    /// The arguments.
    pub with: BTreeMap<String, String>,
    /// `made`, `already` or `none` for a done action; `failed`.
    pub expect: String,
    /// Of one that is to fail: the code.
    pub code: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawTests {
    format: Spanned<u32>,
    #[serde(default)]
    test: Vec<Spanned<RawTest>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawTest {
    about: String,
    kind: String,
    target: Option<String>,
    #[serde(default)]
    with: BTreeMap<String, String>,
    expect: Option<String>,
    code: Option<String>,
}

/// Reads the tests; `done_here` are the kinds that the site has a behavior for.
///
/// # Errors
///
/// Everything that is wrong with the file, with its place.
pub fn parse(text: &str, file: &str, done_here: &[&str]) -> Result<Vec<SelfTest>, Vec<Fault>> {
    let raw: RawTests =
        explain::read(text, file, "docs/behaviors.md#testing").map_err(|fault| vec![fault])?;
    let mut faults = Vec::new();
    if *raw.format.get_ref() != FORMAT {
        let what = format!("format {} is not known here", raw.format.get_ref());
        let remedy = format!("write `format = {FORMAT}`");
        faults.push(Fault::at(file, text, raw.format.span().start, what, remedy));
    }
    let mut tests = Vec::new();
    for raw in raw.test {
        let at = raw.span().start;
        match read(raw.into_inner(), done_here) {
            Ok(one) => tests.push(one),
            Err((what, remedy)) => faults.push(Fault::at(file, text, at, what, remedy)),
        }
    }
    if faults.is_empty() { Ok(tests) } else { Err(faults) }
}

fn read(raw: RawTest, done_here: &[&str]) -> Result<SelfTest, (String, String)> {
    let wrong = |what: String, remedy: String| Err((what, remedy));
    let known = || done_here.iter().copied();
    let Some(kind) = kind::find(&raw.kind).filter(|_| known().any(|name| name == raw.kind)) else {
        let near = kind::nearest(&raw.kind, known());
        let hint = near.map_or(String::new(), |near| format!("did you mean `{near}`? "));
        let what = format!("the site has no behavior for `{}`", raw.kind);
        return wrong(what, format!("{hint}Known: {}", listed(known())));
    };
    let looks = kind.effect == EffectClass::None;
    let usual = if looks { "none" } else { "made" };
    let expect = raw.expect.unwrap_or_else(|| usual.to_owned());
    if !ENDS.contains(&expect.as_str()) {
        return wrong(format!("nothing ends `{expect}`"), format!("known: {}", listed(ENDS)));
    }
    if raw.code.is_some() && expect != "failed" {
        let remedy = "write `expect = \"failed\"`, or remove it".to_owned();
        return wrong("`code` goes with what is to fail".to_owned(), remedy);
    }
    if looks != (expect == "none") && expect != "failed" {
        let what = format!("`{}` never ends `{expect}`", kind.name);
        return wrong(what, format!("write `{usual}` or `failed`"));
    }
    let target = match raw.target.as_deref().map(str::parse::<Target>) {
        Some(Err(error)) => return wrong(error.to_string(), "write `post:7`".to_owned()),
        Some(Ok(target)) => Some(target),
        None => None,
    };
    let RawTest { about, kind, with, code, .. } = raw;
    let test = SelfTest { about, kind, target, with, expect, code };
    match test.action("somebody").check(Timestamp::UNIX_EPOCH) {
        Ok(()) => Ok(test),
        Err(refuse) => wrong(refuse.why, refuse.remedy),
    }
}

impl SelfTest {
    /// The action that it asks of an account, at once and by browser.
    ///
    /// # Panics
    ///
    /// If `account` is no account's name.
    pub fn action(&self, account: &str) -> Action {
        let json = serde_json::json!({
            "account": account, "kind": self.kind, "target": self.target, "with": self.with,
            "route": "browser", "priority": 0,
        });
        serde_json::from_value(json).expect("an account's name, and words that were checked")
    }

    /// Whether an action that ended so is as expected.
    pub fn holds(&self, state: &str, outcome: Option<&str>, code: Option<&str>) -> bool {
        match self.expect.as_str() {
            "failed" => state == "failed" && (self.code.is_none() || self.code.as_deref() == code),
            wanted => state == "done" && outcome == Some(wanted),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(lines: &str) -> Result<Vec<SelfTest>, Vec<Fault>> {
        let text = format!("format = 1\n\n[[test]]\nabout = \"It works.\"\n{lines}\n");
        parse(&text, "tests.toml", &["like", "scroll_feed"])
    }

    #[test]
    fn a_test_expects_what_its_kind_leaves_unless_it_says_otherwise() {
        let tests = one("kind = \"like\"\ntarget = \"post:7\"").unwrap();
        assert!(tests[0].holds("done", Some("made"), None));
        assert!(!tests[0].holds("done", Some("already"), None));
        assert!(!tests[0].holds("failed", None, Some("element_missing")));
        let lines = "kind = \"like\"\ntarget = \"post:7\"\nexpect = \"failed\"\ncode = \"gone\"";
        let tests = one(lines).unwrap();
        assert!(tests[0].holds("failed", None, Some("gone")));
        assert!(!tests[0].holds("failed", None, Some("other")));
    }

    #[test]
    fn what_can_never_hold_is_told_with_its_place() {
        for (lines, words) in [
            ("kind = \"lkie\"", "did you mean `like`?"),
            ("kind = \"follow\"\ntarget = \"member:ben\"", "no behavior for `follow`"),
            ("kind = \"like\"", "`like` needs a target"),
            ("kind = \"scroll_feed\"\nexpect = \"made\"", "never ends `made`"),
            ("kind = \"scroll_feed\"\ncode = \"gone\"", "goes with what is to fail"),
            ("kind = \"scroll_feed\"\nexpect = \"well\"", "nothing ends `well`"),
        ] {
            let faults = one(lines).expect_err(lines);
            assert_eq!(faults[0].line, 3, "{lines}");
            assert!(faults[0].to_string().contains(words), "{}", faults[0]);
        }
    }
}
