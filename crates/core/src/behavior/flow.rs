//! A recording of Chrome's own Recorder (a panel of its developer tools), as a behavior's draft.
//!
//! A flow is one person's way through a page: it says what was clicked, not what is meant by it. So
//! the draft is finished by a person: which step makes the effect is a guess (the last click or
//! key), and the effect itself is not in the recording at all.

use serde::Deserialize;

use crate::kind::{EffectClass, Kind};
use crate::step::Locator;

mod selector;

/// What the Recorder's `Export as a JSON file` writes, as far as a behavior can say it.
#[derive(Debug, Deserialize)]
struct Flow {
    #[serde(default)]
    title: String,
    steps: Vec<FlowStep>,
}

#[derive(Debug, Deserialize)]
struct FlowStep {
    #[serde(rename = "type")]
    what: String,
    url: Option<String>,
    value: Option<String>,
    key: Option<String>,
    #[serde(default)]
    selectors: Vec<selector::Selector>,
}

/// A draft, and what a person must know of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Imported {
    /// The behavior's file.
    pub text: String,
    /// What was left out or guessed, a sentence each.
    pub remarks: Vec<String>,
}

/// Why a recording cannot become a behavior: what, and what to do.
pub type Refusal = (String, String);

/// One step of the draft: its lines but for `[[step]]`, and whether it may make the effect.
pub(super) struct Line {
    pub(super) text: String,
    pub(super) may_commit: bool,
}

/// Turns the JSON of a flow into the draft of a behavior of `kind`.
pub fn import(json: &str, kind: &Kind) -> Result<Imported, Refusal> {
    let flow: Flow = serde_json::from_str(json).map_err(|error| {
        let remedy = "export it in DevTools: Recorder, Export, JSON file".to_owned();
        (format!("it is no recording: {error}"), remedy)
    })?;
    let mut remarks = Vec::new();
    stay_on_one_origin(&flow, &mut remarks)?;
    let mut lines = Vec::new();
    let mut text_given = false;
    for (nth, step) in flow.steps.iter().enumerate() {
        let left_out = |why: &str| format!("step {} ({}) is left out: {why}", nth + 1, step.what);
        match line(step, kind, &mut text_given) {
            Made::Line(line) => lines.push(line),
            Made::Silent => {}
            Made::LeftOut(why) => remarks.push(left_out(why)),
        }
    }
    if lines.is_empty() {
        let remedy = "record at least one click, key or text".to_owned();
        return Err(("nothing in it can be a step".to_owned(), remedy));
    }
    Ok(Imported { text: file(&flow.title, kind, &lines, &mut remarks), remarks })
}

/// A behavior stays on its site, and the first page of one with an effect is open already.
fn stay_on_one_origin(flow: &Flow, remarks: &mut Vec<String>) -> Result<(), Refusal> {
    let mut first = None;
    for url in flow.steps.iter().filter_map(|step| step.url.as_deref()) {
        let (origin, _) = parts(url);
        let Some(known) = first else {
            remarks.push(format!("it was recorded on {origin}: that is the site's `origin`"));
            first = Some(origin);
            continue;
        };
        if origin != known {
            let remedy = "record again without leaving the site".to_owned();
            return Err((format!("it leaves {known} for {origin}"), remedy));
        }
    }
    Ok(())
}

/// An address as origin and path.
fn parts(url: &str) -> (&str, &str) {
    let from = url.find("://").map_or(0, |at| at + 3);
    let end = url[from..].find('/').map_or(url.len(), |at| from + at);
    (&url[..end], if end < url.len() { &url[end..] } else { "/" })
}

enum Made {
    Line(Line),
    /// It needs no words: a behavior does that by itself.
    Silent,
    LeftOut(&'static str),
}

fn line(step: &FlowStep, kind: &Kind, text_given: &mut bool) -> Made {
    let made = |text, may_commit| Made::Line(Line { text, may_commit });
    let element = || selector::best(&step.selectors).map(|locator| inline(&locator));
    match step.what.as_str() {
        "navigate" if kind.effect == EffectClass::None => {
            let path = step.url.as_deref().map_or("/", |url| parts(url).1);
            made(format!("open = {}", quoted(path)), false)
        }
        // Moving, scrolling and the viewport come from persona and device.
        "navigate" | "setViewport" | "scroll" | "hover" | "keyUp" | "close" => Made::Silent,
        "click" => match element() {
            Some(element) => made(format!("click = {element}"), true),
            None => Made::LeftOut("no selector of it can be used"),
        },
        "waitForElement" => match element() {
            Some(element) => made(format!("wait_for = {element}"), false),
            None => Made::LeftOut("no selector of it can be used"),
        },
        "keyDown" => match step.key.as_deref() {
            Some(key @ ("Enter" | "Escape" | "Tab")) => made(format!("press = \"{key}\""), true),
            _ => Made::LeftOut("only Enter, Escape and Tab are taken from a recording"),
        },
        "change" => match selector::field(&step.selectors).map(|locator| inline(&locator)) {
            Some(element) => {
                let text = typed(step, kind, text_given);
                made(format!("type = {text}\ninto = {element}"), false)
            }
            None => Made::LeftOut("no selector of it can be used"),
        },
        "doubleClick" => Made::LeftOut("a behavior has no double click"),
        _ => Made::LeftOut("a behavior has no step of this kind"),
    }
}

/// What is typed: the kind's first argument for the first text, and never a password.
fn typed(step: &FlowStep, kind: &Kind, text_given: &mut bool) -> String {
    let is_secret = selector::field(&step.selectors).is_some_and(|field| {
        [&field.name, &field.label, &field.css].into_iter().flatten().any(|text| {
            let text = text.to_lowercase();
            text.contains("password") || text.contains("passwd")
        })
    });
    if is_secret {
        return quoted("{secret.password}");
    }
    match kind.with.first() {
        Some(argument) if !*text_given => {
            *text_given = true;
            quoted(&format!("{{with.{argument}}}"))
        }
        _ => quoted(step.value.as_deref().unwrap_or_default()),
    }
}

/// A text as TOML writes it; JSON's escapes are among TOML's.
pub(super) fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// A locator as an inline table.
pub(super) fn inline(locator: &Locator) -> String {
    let fields = [
        ("role", &locator.role),
        ("name", &locator.name),
        ("label", &locator.label),
        ("text", &locator.text),
        ("test_id", &locator.test_id),
        ("css", &locator.css),
    ];
    let set = fields.into_iter().filter_map(|(name, value)| Some((name, value.as_ref()?)));
    let mut words: Vec<_> =
        set.map(|(name, value)| format!("{name} = {}", quoted(value))).collect();
    if !locator.or.is_empty() {
        let others: Vec<_> = locator.or.iter().map(inline).collect();
        words.push(format!("or = [{}]", others.join(", ")));
    }
    format!("{{ {} }}", words.join(", "))
}

pub(super) fn file(title: &str, kind: &Kind, lines: &[Line], remarks: &mut Vec<String>) -> String {
    let about = if title.is_empty() { format!("Does a {}.", kind.name) } else { title.to_owned() };
    let mut text = format!("format = 1\nkind = \"{}\"\nabout = {}\n", kind.name, quoted(&about));
    let commits = kind.effect != EffectClass::None;
    if commits {
        text +=
            "\n# How to read whether it is done: docs/behaviors.md#effect. No recording says it.\n";
        text += "# [effect]\n";
        remarks.push("`[effect]` is yours to write: the file does not pass before".to_owned());
    }
    let last = lines.iter().rposition(|line| commits && line.may_commit);
    for (nth, line) in lines.iter().enumerate() {
        text.extend(["\n[[step]]\n", &line.text, "\n"]);
        if Some(nth) == last {
            text += "commit = true\n";
            remarks.push(format!("that step {} makes the effect is a guess", nth + 1));
        }
    }
    text
}

#[cfg(test)]
mod tests;
