//! A behavior's draft from what somebody did in a browser that was looked at.
//!
//! As with a recording of Chrome's own Recorder ([`super::flow`]), the draft is finished by a
//! person: which step makes the effect is a guess, and how to read the effect is not in it.

use std::fmt;

use super::flow::{Imported, Line, Refusal, file, inline, quoted};
use crate::kind::{EffectClass, Kind};
use crate::site::Site;
use crate::step::Locator;

/// One thing that somebody did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Deed {
    /// Opened a page: its path.
    Open(String),
    /// Clicked or tapped.
    Click(Locator),
    /// Typed into a field.
    Type {
        /// Where.
        into: Locator,
        /// What the field holds now; `None`: it is a secret, which never left the page.
        text: Option<String>,
    },
    /// Chose an option.
    Select {
        /// The list.
        from: Locator,
        /// The option's text.
        option: String,
    },
    /// Chose a file.
    Upload {
        /// The field.
        into: Locator,
        /// The file's name.
        file: String,
    },
    /// Pressed a key that is no part of a text.
    Press(String),
}

impl fmt::Display for Deed {
    /// As a person would say it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Open(path) => write!(f, "opened {path}"),
            Self::Click(element) => write!(f, "clicked {element}"),
            Self::Type { into, text: Some(_) } => write!(f, "typed into {into}"),
            Self::Type { into, text: None } => write!(f, "typed a secret into {into}"),
            Self::Select { from, option } => write!(f, "chose {option} from {from}"),
            Self::Upload { into, file } => write!(f, "put {file} into {into}"),
            Self::Press(key) => write!(f, "pressed {key}"),
        }
    }
}

/// As whom and where it was done: what of it stands for something in the draft.
#[derive(Debug, Clone, Copy)]
pub struct Doer<'a> {
    /// The site.
    pub site: &'a Site,
    /// The site's name for the account, if one was named.
    pub username: Option<&'a str>,
}

/// Turns what was done into the draft of a behavior of `kind`.
///
/// # Errors
///
/// Nothing of it can be a step.
pub fn record(deeds: &[Deed], kind: &Kind, doer: Doer<'_>) -> Result<Imported, Refusal> {
    let mut remarks = Vec::new();
    let mut argument = kind.with.first().copied();
    let mut lines = Vec::new();
    for (nth, deed) in deeds.iter().enumerate() {
        // What was typed on, into the same field, stands in the later one.
        let goes_on = deeds.get(nth + 1).is_some_and(|next| same_field(deed, next));
        if !goes_on {
            lines.extend(line(deed, kind, doer, &mut argument, &mut remarks));
        }
    }
    if lines.is_empty() {
        let remedy = "record at least one click, key or text".to_owned();
        return Err(("nothing was done that can be a step".to_owned(), remedy));
    }
    let text = file("", kind, &lines, &mut remarks);
    Ok(Imported { text, remarks })
}

fn same_field(one: &Deed, other: &Deed) -> bool {
    match (one, other) {
        (Deed::Type { into, .. }, Deed::Type { into: next, .. }) => into == next,
        (Deed::Select { from, .. }, Deed::Select { from: next, .. }) => from == next,
        _ => false,
    }
}

fn line(
    deed: &Deed,
    kind: &Kind,
    doer: Doer<'_>,
    argument: &mut Option<&'static str>,
    remarks: &mut Vec<String>,
) -> Option<Line> {
    let made = |text, may_commit| Some(Line { text, may_commit });
    match deed {
        // The page of what has an effect is open already.
        Deed::Open(_) if kind.effect != EffectClass::None => None,
        Deed::Open(path) => made(format!("open = {}", quoted(&page(path, kind, doer))), false),
        Deed::Click(element) => made(format!("click = {}", inline(element)), true),
        Deed::Press(key) => made(format!("press = {}", quoted(key)), true),
        Deed::Type { into, text } => {
            let text = typed(text.as_deref(), doer, argument);
            made(format!("type = {}\ninto = {}", quoted(&text), inline(into)), false)
        }
        Deed::Select { from, option } => {
            made(format!("select = {}\nfrom = {}", quoted(option), inline(from)), false)
        }
        Deed::Upload { into, file } => {
            remarks.push(format!("put the file `{file}` into the site's folder `files`"));
            made(format!("upload = {}\ninto = {}", quoted(file), inline(into)), false)
        }
    }
}

/// `target`, where a path is the page of what the kind is done to.
fn page(path: &str, kind: &Kind, doer: Doer<'_>) -> String {
    let plain = path.split(['?', '#']).next().unwrap_or(path);
    let is_target = kind.target.and_then(|object| doer.site.objects.get(object.word()));
    let is_target = is_target.is_some_and(|object| {
        let parts = object.path.split_once("{id}");
        parts.is_some_and(|(before, after)| {
            let rest = plain.strip_prefix(before).and_then(|rest| rest.strip_suffix(after));
            rest.is_some_and(|id| !id.is_empty() && !id.contains('/'))
        })
    });
    if is_target { "target".to_owned() } else { path.to_owned() }
}

/// What a text stands for: the account's name, the kind's argument (the first text that is none),
/// or itself; and never a secret.
fn typed(text: Option<&str>, doer: Doer<'_>, argument: &mut Option<&'static str>) -> String {
    let Some(text) = text else { return "{secret.password}".to_owned() };
    if doer.username == Some(text) {
        return "{username}".to_owned();
    }
    match argument.take() {
        Some(argument) => format!("{{with.{argument}}}"),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::behavior::Behavior;
    use crate::kind;

    fn site() -> Site {
        let text = "id = \"shop\"\norigin = \"http://127.0.0.1:1\"\n\
            objects = { post = { path = \"/p/{id}\" } }\n";
        Site::parse(text, "site.toml").unwrap()
    }

    fn drafted(deeds: &[Deed], kind: &str) -> String {
        let site = site();
        let doer = Doer { site: &site, username: Some("ada") };
        record(deeds, kind::find(kind).unwrap(), doer).unwrap().text
    }

    fn typing(into: &str, text: Option<&str>) -> Deed {
        Deed::Type { into: Locator::role("textbox", into), text: text.map(str::to_owned) }
    }

    #[test]
    fn a_sign_in_is_written_down_without_its_password() {
        let deeds = [
            Deed::Open("/signin".to_owned()),
            typing("Username", Some("ad")),
            typing("Username", Some("ada")),
            typing("Password", None),
            Deed::Press("Enter".to_owned()),
        ];
        let text = drafted(&deeds, "sign_in");
        let behavior = Behavior::parse(&text, "sign_in.toml").expect(&text);
        let steps: Vec<_> = behavior.steps.iter().map(ToString::to_string).collect();
        assert_eq!(
            steps,
            [
                "open /signin",
                "type {username} into textbox \"Username\"",
                "type {secret.password} into textbox \"Password\"",
                "press Enter",
            ]
        );
    }

    #[test]
    fn the_page_of_the_target_is_written_as_that() {
        let read = Deed::Click(Locator::role("button", "More"));
        let text = drafted(&[Deed::Open("/p/7?from=feed".to_owned()), read.clone()], "read_post");
        assert!(text.contains("open = \"target\""), "{text}");
        let text = drafted(&[Deed::Open("/p/7/likes".to_owned()), read], "read_post");
        assert!(text.contains("open = \"/p/7/likes\""), "{text}");
    }

    #[test]
    fn an_argument_stands_for_the_first_text_and_the_last_press_is_the_guess() {
        let send =
            Locator { or: vec![Locator::css("#send")], ..Locator::role("button", "Post comment") };
        let deeds = [typing("Add a comment", Some("Nice \"one\"")), Deed::Click(send)];
        let text = drafted(&deeds, "comment");
        assert!(text.contains("type = \"{with.text}\"\ninto = { role = \"textbox\""), "{text}");
        let last = "click = { role = \"button\", name = \"Post comment\", \
            or = [{ css = \"#send\" }] }\ncommit = true";
        assert!(text.contains(last), "{text}");
    }

    #[test]
    fn where_nothing_was_done_there_is_no_draft() {
        let site = site();
        let doer = Doer { site: &site, username: None };
        let refused = record(&[], kind::find("like").unwrap(), doer).expect_err("nothing");
        assert!(refused.1.contains("at least one click"), "{refused:?}");
    }
}
