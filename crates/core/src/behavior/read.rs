//! The file as it is written: one table a step, one verb each.

use std::collections::BTreeMap;
use std::ops::Range;

use serde::Deserialize;
use toml::Spanned;

use crate::action::listed;
use crate::effect::Effect;
use crate::fault::Fault;
use crate::kind::nearest;
use crate::step::Locator;

/// A behavior file before it is checked.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawBehavior {
    pub(super) format: u32,
    pub(super) kind: Spanned<String>,
    pub(super) about: String,
    pub(super) effect: Option<Spanned<Effect>>,
    #[serde(default)]
    pub(super) step: Vec<Spanned<RawStep>>,
    #[serde(default)]
    pub(super) block: BTreeMap<String, Vec<Spanned<RawStep>>>,
}

/// A step before it is checked: exactly one of its verbs must be there.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawStep {
    pub(super) open: Option<String>,
    pub(super) scroll_until: Option<Locator>,
    pub(super) read: Option<Locator>,
    pub(super) click: Option<Locator>,
    #[serde(rename = "type")]
    pub(super) type_text: Option<String>,
    pub(super) press: Option<String>,
    pub(super) wait_for: Option<Locator>,
    pub(super) when: Option<Locator>,
    pub(super) each: Option<Locator>,
    pub(super) repeat: Option<u32>,
    pub(super) extract: Option<String>,
    pub(super) expect: Option<Locator>,
    pub(super) pause: Option<(String, String)>,
    // What goes with a verb.
    pub(super) into: Option<Locator>,
    pub(super) from: Option<Locator>,
    pub(super) attribute: Option<String>,
    #[serde(rename = "do")]
    pub(super) block: Option<String>,
    #[serde(rename = "else")]
    pub(super) otherwise: Option<String>,
    pub(super) limit: Option<u32>,
    #[serde(rename = "in")]
    pub(super) within_item: Option<String>,
    #[serde(default)]
    pub(super) commit: bool,
    pub(super) within: Option<String>,
}

/// A file's text and name, for faults.
pub(super) struct Source<'a> {
    pub(super) text: &'a str,
    pub(super) file: &'a str,
}

impl Source<'_> {
    /// A fault at the start of a span.
    pub(super) fn fault(&self, at: &Range<usize>, what: String, remedy: String) -> Fault {
        Fault::at(self.file, self.text, at.start, what, remedy)
    }

    pub(super) fn parse(&self) -> Result<RawBehavior, Fault> {
        toml::from_str(self.text).map_err(|error| self.explain(&error))
    }

    /// Says of a reader's error what to do about it.
    fn explain(&self, error: &toml::de::Error) -> Fault {
        let message = error.message().trim().to_owned();
        let at = error.span().unwrap_or(0..0);
        let quoted: Vec<_> = message.split('`').skip(1).step_by(2).collect();
        let Some((wrong, known)) = quoted.split_first() else {
            return self.fault(&at, message, "see docs/behaviors.md".to_owned());
        };
        if message.starts_with("missing field") {
            let remedy = format!("write it; see docs/behaviors.md#{wrong}");
            return self.fault(&at, message.clone(), remedy);
        }
        if !message.starts_with("unknown field") {
            return self.fault(&at, message.clone(), "see docs/behaviors.md".to_owned());
        }
        let near = nearest(wrong, known.iter().copied());
        let hint = near.map_or(String::new(), |near| format!("did you mean `{near}`? "));
        let what = format!("there is no `{wrong}` here");
        let remedy = format!("{hint}Known: {}", listed(known.iter().copied()));
        self.fault(&at, what, remedy)
    }
}
