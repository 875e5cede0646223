//! How a behavior names an element: strict locators, role and name first.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Names one element of a page. A locator is strict: it must match exactly one.
///
/// One of `role`, `label`, `text`, `test_id` or `css` says by what; `name` narrows a role.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Locator {
    /// Its ARIA role, as the accessibility tree has it: `button`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
    /// Its accessible name, whole and exact.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The text of its label.
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
}

impl fmt::Display for Locator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ways = [
            ("label", &self.label),
            ("text", &self.text),
            ("test id", &self.test_id),
            ("css", &self.css),
        ];
        match (&self.role, &self.name) {
            (Some(role), Some(name)) => return write!(f, "{role} \"{name}\""),
            (Some(role), None) => return write!(f, "{role}"),
            _ => {}
        }
        match ways.into_iter().find_map(|(word, value)| value.as_ref().map(|value| (word, value))) {
            Some((word, value)) => write!(f, "{word} \"{value}\""),
            None => f.write_str("nothing"),
        }
    }
}
