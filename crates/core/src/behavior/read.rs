//! The file as it is written: one table a step, one verb each.

use std::collections::BTreeMap;
use std::ops::Range;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use toml::Spanned;

use crate::effect::Effect;
use crate::explain;
use crate::fault::Fault;
use crate::step::Locator;

/// A behavior file before it is checked.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawBehavior {
    pub(super) format: u32,
    pub(super) kind: Spanned<String>,
    pub(super) about: String,
    pub(super) budget: Option<u32>,
    pub(super) effect: Option<Spanned<Effect>>,
    #[serde(default)]
    pub(super) step: Vec<Spanned<RawStep>>,
    #[serde(default)]
    pub(super) block: BTreeMap<String, Vec<Spanned<RawStep>>>,
}

/// A file of shared blocks before it is checked.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawShared {
    pub(super) format: Spanned<u32>,
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
    pub(super) select: Option<String>,
    pub(super) upload: Option<String>,
    pub(super) wait_for: Option<Locator>,
    pub(super) when: Option<Locator>,
    pub(super) each: Option<Locator>,
    pub(super) repeat: Option<u32>,
    pub(super) pick: Option<BTreeMap<String, u32>>,
    #[serde(rename = "use")]
    pub(super) used: Option<String>,
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
    pub(super) until: Option<Locator>,
    #[serde(rename = "while")]
    pub(super) as_long_as: Option<Locator>,
    #[serde(rename = "in")]
    pub(super) within_item: Option<String>,
    #[serde(default)]
    pub(super) commit: bool,
    pub(super) within: Option<String>,
    pub(super) deadline: Option<String>,
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

    pub(super) fn parse<T: DeserializeOwned>(&self) -> Result<T, Fault> {
        explain::read(self.text, self.file, "docs/behaviors.md")
    }
}
