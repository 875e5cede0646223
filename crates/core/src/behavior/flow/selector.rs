//! The Recorder's selectors, as locators: role and name first, CSS last.
//!
//! It writes several of each element, one a way of naming it: `aria/Post comment`,
//! `aria/[role="main"]`, `#send`, `[data-testid='send']`, `text/Post`, `xpath//…`, `pierce/…`. Its
//! `aria/` says a name and seldom a role; the tag that a CSS selector ends in says the role then.

use serde::Deserialize;

use crate::step::Locator;

/// One way of naming an element: a text, or its parts through shadow roots.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum Selector {
    One(String),
    Path(Vec<String>),
}

impl Selector {
    /// The innermost part; what a shadow root hides is found by role and name as well.
    fn last(&self) -> Option<&str> {
        match self {
            Self::One(text) => Some(text),
            Self::Path(parts) => parts.last().map(String::as_str),
        }
    }
}

/// What is said of an element, over all of its selectors.
#[derive(Debug, Default)]
struct Said<'a> {
    name: Option<&'a str>,
    role: Option<&'a str>,
    text: Option<&'a str>,
    css: Option<&'a str>,
    test_id: Option<&'a str>,
}

fn said(selectors: &[Selector]) -> Said<'_> {
    let mut said = Said::default();
    for selector in selectors.iter().filter_map(Selector::last) {
        match selector.split_once('/') {
            Some(("aria", rest)) => {
                let (name, role) = aria(rest);
                said.name = said.name.or(name);
                said.role = said.role.or(role);
            }
            Some(("text", rest)) => said.text = said.text.or(Some(rest)),
            Some(("xpath" | "pierce", _)) => {}
            _ => {
                said.test_id = said.test_id.or_else(|| test_id(selector));
                said.css = said.css.or(Some(selector));
            }
        }
    }
    said.role = said.role.or_else(|| said.css.and_then(role_of_tag));
    said
}

/// `Name[role="button"]`: either may be missing.
fn aria(text: &str) -> (Option<&str>, Option<&str>) {
    let (name, role) = match text.split_once("[role=") {
        Some((name, rest)) => (name, Some(rest.trim_end_matches(']').trim_matches('"'))),
        None => (text, None),
    };
    (Some(name.trim()).filter(|name| !name.is_empty()), role)
}

fn test_id(css: &str) -> Option<&str> {
    let (_, rest) = css.split_once("[data-testid=")?;
    rest.split(']').next().map(|id| id.trim_matches(['"', '\'']))
}

/// The role that the last element of a CSS path has by its tag.
fn role_of_tag(css: &str) -> Option<&'static str> {
    let last = css.rsplit([' ', '>']).next()?;
    let tag = last.split(['.', '#', ':', '[']).next()?;
    Some(match tag {
        "button" => "button",
        "a" => "link",
        "textarea" => "textbox",
        "article" => "article",
        "main" => "main",
        "nav" => "navigation",
        "h1" | "h2" | "h3" => "heading",
        _ => return None,
    })
}

/// An element by one way alone.
fn by(set: impl FnOnce(&mut Locator)) -> Locator {
    let mut locator = Locator::default();
    set(&mut locator);
    locator
}

/// The best name of an element that is clicked or waited for.
pub(super) fn best(selectors: &[Selector]) -> Option<Locator> {
    let said = said(selectors);
    Some(match said {
        Said { role: Some(role), name: Some(name), .. } => Locator::role(role, name),
        Said { test_id: Some(id), .. } => by(|locator| locator.test_id = Some(id.to_owned())),
        Said { text: Some(text), .. } | Said { name: Some(text), .. } => {
            by(|locator| locator.text = Some(text.to_owned()))
        }
        Said { css: Some(css), .. } => Locator::css(css),
        Said { role: Some(role), .. } => by(|locator| locator.role = Some(role.to_owned())),
        _ => return None,
    })
}

/// The best name of a field that is typed into: its label, where it has one.
pub(super) fn field(selectors: &[Selector]) -> Option<Locator> {
    let said = said(selectors);
    match (said.role, said.name) {
        (Some(role), Some(name)) => Some(Locator::role(role, name)),
        (None, Some(name)) => Some(by(|locator| locator.label = Some(name.to_owned()))),
        _ => best(selectors),
    }
}
