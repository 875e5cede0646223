//! How a behavior names an element: strict locators, role and name first.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

/// A text or a name as locators compare it: each run of white space is one space, none at the ends.
pub fn folded(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Names one element of a page. A locator is strict: it must match exactly one.
///
/// One of `role`, `label`, `text`, `test_id` or `css` says by what; `name` narrows a role; `or`
/// holds what to look for where that is not there.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Locator {
    /// Its ARIA role, as the accessibility tree has it: `button`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
    /// Its accessible name, whole, with white space folded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The text of its label, whole, with white space folded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// Its own text, whole, with white space folded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// Its `data-testid`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub test_id: Option<String>,
    /// A CSS selector: the last resort.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub css: Option<String>,
    /// Others, in order: the first that matches anything is meant.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub or: Vec<Locator>,
}

impl Locator {
    /// An element of that role and name.
    pub fn role(role: &str, name: &str) -> Self {
        Self { role: Some(role.to_owned()), name: Some(name.to_owned()), ..Self::default() }
    }

    /// An element that a CSS selector finds.
    pub fn css(selector: &str) -> Self {
        Self { css: Some(selector.to_owned()), ..Self::default() }
    }

    /// Itself, then its alternatives, in the order in which they are looked for.
    pub fn ways(&self) -> impl Iterator<Item = &Self> {
        std::iter::once(self).chain(&self.or)
    }
}

impl fmt::Display for Locator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ways = [
            ("label", &self.label),
            ("text", &self.text),
            ("test id", &self.test_id),
            ("css", &self.css),
        ];
        let mut set = ways.into_iter().filter_map(|(word, value)| Some((word, value.as_ref()?)));
        match (&self.role, &self.name, set.next()) {
            (Some(role), Some(name), _) => write!(f, "{role} \"{name}\"")?,
            (Some(role), None, _) => f.write_str(role)?,
            (None, _, Some((word, value))) => write!(f, "{word} \"{value}\"")?,
            (None, _, None) => f.write_str("nothing")?,
        }
        self.or.iter().try_for_each(|other| write!(f, " or {other}"))
    }
}

/// What a step does. The list is closed: a behavior has no code in it.
///
/// Texts may hold `{username}`, `{target}`, `{target.id}`, `{with.<name>}`, `{secret.password}`
/// and, inside `each`, refer to the item with `in = "item"`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verb {
    /// Goes to a page: `target` (the target's own page) or a path of the site.
    Open(String),
    /// Scrolls, screen by screen, until the element is well inside the viewport.
    ScrollUntil(Locator),
    /// Brings the element into view and stays as long as reading its words takes.
    Read(Locator),
    /// Brings the element into view, moves there and clicks or taps.
    Click(Locator),
    /// Clicks the field and types the text into it.
    Type {
        /// What.
        text: String,
        /// Where.
        into: Locator,
    },
    /// Presses one key: `Enter`, `Escape`, `Tab`, an arrow.
    Press(String),
    /// Chooses an option of a list by its text.
    Select {
        /// The option's text.
        option: String,
        /// The list: a `<select>`, or what opens a listbox.
        from: Locator,
    },
    /// Puts a file of the site's folder into a file field.
    Upload {
        /// The file's name in `behaviors/<site>/files`.
        file: String,
        /// The field.
        into: Locator,
    },
    /// Waits until the element is there.
    WaitFor(Locator),
    /// Does a block if the element is there now, another one (`else`) if it is not.
    When {
        /// The element.
        there: Locator,
        /// The block if it is.
        then: Option<String>,
        /// The block if it is not.
        otherwise: Option<String>,
    },
    /// Does a block for each element that matches, as they come into view, at most `limit` times.
    Each {
        /// The elements; this locator is the one that may match many.
        of: Locator,
        /// The block.
        block: String,
        /// The most times.
        limit: u32,
    },
    /// Does a block so many times, or fewer.
    Repeat {
        /// How often at most.
        times: u32,
        /// The block.
        block: String,
        /// What ends it sooner.
        ends: Option<Ends>,
    },
    /// Does one of several blocks, drawn by weight from the action's own seed.
    Pick(BTreeMap<String, u32>),
    /// Does a block once: one of this file, or one that the site's behaviors share.
    Use(String),
    /// Keeps the element's text (or attribute) under a name, as the action's result.
    Extract {
        /// The name.
        name: String,
        /// The element.
        from: Locator,
        /// The attribute instead of the text.
        attribute: Option<String>,
    },
    /// Fails the attempt unless the element is there.
    Expect(Locator),
    /// Does nothing for a time drawn between two, in milliseconds.
    Pause {
        /// The least.
        from_ms: u64,
        /// The most.
        to_ms: u64,
    },
}

/// What ends a `repeat` before its number is reached; looked at before each round.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ends {
    /// This is there (`until`).
    Until(Locator),
    /// This is not there any more (`while`).
    While(Locator),
}

impl Ends {
    /// What is looked for.
    pub fn locator(&self) -> &Locator {
        let (Self::Until(locator) | Self::While(locator)) = self;
        locator
    }

    /// Whether it ends, given whether that is there.
    pub fn ends(&self, there: bool) -> bool {
        matches!(self, Self::Until(_)) == there
    }
}

/// One step of a behavior.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Step {
    /// What it does.
    pub verb: Verb,
    /// Its locators are looked up inside the item of the `each` around it.
    pub in_item: bool,
    /// It is the step that makes the effect: `begin` is written just before it.
    pub commit: bool,
    /// How long its element may take to be ready, or its page to open, in milliseconds.
    pub within_ms: u64,
    /// How long all of it may take, its block included, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deadline_ms: Option<u64>,
}

impl Verb {
    /// The verb's key in a behavior file.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Open(_) => "open",
            Self::ScrollUntil(_) => "scroll_until",
            Self::Read(_) => "read",
            Self::Click(_) => "click",
            Self::Type { .. } => "type",
            Self::Press(_) => "press",
            Self::Select { .. } => "select",
            Self::Upload { .. } => "upload",
            Self::WaitFor(_) => "wait_for",
            Self::When { .. } => "when",
            Self::Each { .. } => "each",
            Self::Repeat { .. } => "repeat",
            Self::Pick(_) => "pick",
            Self::Use(_) => "use",
            Self::Extract { .. } => "extract",
            Self::Expect(_) => "expect",
            Self::Pause { .. } => "pause",
        }
    }

    /// The element it works on, if it works on one.
    pub fn locator(&self) -> Option<&Locator> {
        match self {
            Self::ScrollUntil(locator)
            | Self::Read(locator)
            | Self::Click(locator)
            | Self::WaitFor(locator)
            | Self::Expect(locator)
            | Self::Type { into: locator, .. }
            | Self::When { there: locator, .. }
            | Self::Each { of: locator, .. }
            | Self::Select { from: locator, .. }
            | Self::Upload { into: locator, .. }
            | Self::Extract { from: locator, .. } => Some(locator),
            Self::Repeat { ends, .. } => ends.as_ref().map(Ends::locator),
            Self::Open(_) | Self::Press(_) | Self::Pick(_) | Self::Use(_) | Self::Pause { .. } => {
                None
            }
        }
    }

    /// The blocks it may do.
    pub fn blocks(&self) -> Vec<&str> {
        match self {
            Self::When { then, otherwise, .. } => {
                then.iter().chain(otherwise).map(String::as_str).collect()
            }
            Self::Each { block, .. } | Self::Repeat { block, .. } | Self::Use(block) => vec![block],
            Self::Pick(among) => among.keys().map(String::as_str).collect(),
            _ => Vec::new(),
        }
    }
}

impl fmt::Display for Step {
    /// As a person would say it, with no secret in it: `click button "Like"`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.verb {
            Verb::Open(page) => write!(f, "open {page}"),
            Verb::Type { text, into } => write!(f, "type {text} into {into}"),
            Verb::Press(key) => write!(f, "press {key}"),
            Verb::Select { option, from } => write!(f, "select {option} from {from}"),
            Verb::Upload { file, into } => write!(f, "upload {file} into {into}"),
            Verb::Repeat { times, block, ends } => match ends {
                None => write!(f, "repeat {block} {times} times"),
                Some(Ends::Until(there)) => write!(f, "repeat {block} until there is {there}"),
                Some(Ends::While(there)) => write!(f, "repeat {block} while there is {there}"),
            },
            Verb::Pick(among) => {
                let names: Vec<_> = among.keys().map(String::as_str).collect();
                write!(f, "pick {}", names.join(" or "))
            }
            Verb::Use(block) => write!(f, "use {block}"),
            Verb::Each { of, block, .. } => write!(f, "{block} for each {of}"),
            Verb::Pause { from_ms, to_ms } => write!(f, "pause {from_ms} to {to_ms} ms"),
            Verb::Extract { name, from, .. } => write!(f, "extract {name} from {from}"),
            verb => {
                let is_item = |locator: &&Locator| self.in_item && **locator == Locator::default();
                let there = match verb.locator() {
                    Some(locator) if is_item(&locator) => "the item".to_owned(),
                    Some(locator) => locator.to_string(),
                    None => String::new(),
                };
                write!(f, "{} {there}", verb.word().replace('_', " "))
            }
        }
    }
}
