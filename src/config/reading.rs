//! From a file and variables to one table, with the place of whatever is wrong.

use std::path::Path;

use toml::{Table, Value};
use walkon_core::action::listed;
use walkon_core::fault::Fault;
use walkon_core::kind::nearest;

use super::{DEFAULT, Error};

/// Secrets for which a file of settings is no place.
pub(super) const SECRETS: [&str; 4] =
    ["vault.master_key", "alerts.slack", "alerts.webhook_secret", "alerts.email.password"];

/// Whether a file of settings says something for a key.
pub(super) fn is_written(table: &Table, key: &str) -> bool {
    let mut found = None;
    let mut within = Some(table);
    for name in key.split('.') {
        found = within.and_then(|table| table.get(name));
        within = found.and_then(Value::as_table);
    }
    found.and_then(Value::as_str).is_some_and(|text| !text.is_empty())
}

/// Reads a file by itself, so that what is wrong in it has its place in it.
pub(super) fn parse(text: &str, path: &Path) -> Result<Table, Error> {
    let file = path.display().to_string();
    let fault = |at, what, remedy| Error::Wrong(Fault::at(&file, text, at, what, remedy));
    let table: Table = toml::from_str(text).map_err(|error| {
        let what = error.message().trim().to_owned();
        fault(error.span().map_or(0, |span| span.start), what, "mend the TOML there".to_owned())
    })?;
    let defaults: Table = toml::from_str(DEFAULT).expect("the embedded defaults are TOML");
    for (section, value) in &table {
        let known = |names: &Table, name: &str, path: String, what: &str| {
            if names.contains_key(name) {
                return Ok(());
            }
            let names = || names.keys().map(String::as_str);
            let near = nearest(name, names());
            let hint = near.map_or(String::new(), |near| format!("did you mean `{near}`? "));
            let remedy = format!("{hint}Known: {}", listed(names()));
            let what = format!("there is no {what} `{name}`");
            Err(fault(place_of(text, &path), what, remedy))
        };
        if ["sites", "plans", "pools", "missions"].contains(&section.as_str()) {
            continue;
        }
        known(&defaults, section, section.clone(), "section")?;
        if let (Some(Value::Table(names)), Value::Table(given)) = (defaults.get(section), value) {
            for name in given.keys() {
                let path = format!("{section}.{name}");
                known(names, name, path, &format!("`[{section}]` setting"))?;
            }
        }
    }
    Ok(table)
}

/// Where a key stands in the text, or what is nearest above it: `plans.shy.hours`.
pub(super) fn place_of(text: &str, wanted: &str) -> usize {
    let (mut at, mut section, mut best) = (0, String::new(), (0, 0));
    for line in text.split_inclusive('\n') {
        let bare = line.trim();
        let key = if let Some(header) = bare.strip_prefix('[') {
            let header = header.trim_start_matches('[').split(']').next();
            header.unwrap_or_default().clone_into(&mut section);
            section.clone()
        } else {
            let key = bare.split('=').next().unwrap_or_default().trim();
            if section.is_empty() { key.to_owned() } else { format!("{section}.{key}") }
        };
        let rest = wanted.strip_prefix(&key);
        let leads = rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'));
        if leads && key.len() > best.0 {
            best = (key.len(), at + (line.len() - line.trim_start().len()));
        }
        at += line.len();
    }
    best.1
}

/// The key that a reader's error is about: the path at its text's end, and the unknown one.
pub(super) fn key_of(error: &toml::de::Error) -> String {
    let text = error.to_string();
    let path = text.rsplit("in `").next().filter(|_| text.contains("in `"));
    let path = path.and_then(|rest| rest.split('`').next()).unwrap_or_default();
    let unknown = error.message().strip_prefix("unknown field `");
    let unknown = unknown.and_then(|rest| rest.split('`').next()).unwrap_or_default();
    if unknown.is_empty() || path.ends_with(unknown) {
        path.to_owned()
    } else {
        format!("{path}.{unknown}")
    }
}

pub(super) fn merge(into: &mut Table, from: Table) {
    for (key, value) in from {
        match (into.get_mut(&key), value) {
            (Some(Value::Table(into)), Value::Table(from)) => merge(into, from),
            (_, value) => {
                into.insert(key, value);
            }
        }
    }
}

/// Sets `a__b` to a value: a number or truth value where it reads as one, else a text.
pub(super) fn set(table: &mut Table, path: &str, value: &str) {
    let Some((section, rest)) = path.split_once("__") else {
        let parsed = format!("v = {value}").parse::<Table>().ok().and_then(|mut t| t.remove("v"));
        let old_is_text = matches!(table.get(path), Some(Value::String(_)));
        let text = Value::String(value.to_owned());
        let value = if old_is_text { text } else { parsed.unwrap_or(text) };
        table.insert(path.to_owned(), value);
        return;
    };
    let inner = table.entry(section).or_insert_with(|| Value::Table(Table::new()));
    if let Value::Table(inner) = inner {
        set(inner, rest, value);
    }
}
