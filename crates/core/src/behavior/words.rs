//! The words in braces: each must be one that will have a value.

use std::ops::Range;

use super::Behavior;
use super::check::Found;
use super::check::blocks::Placed;
use crate::kind::{self, Kind};
use crate::step::{Locator, Verb};

/// A mistake for each word that has no value, in whatever text of the behavior.
pub(super) fn check(
    behavior: &Behavior,
    placed: &[Placed<'_>],
    effect_at: &Range<usize>,
) -> Vec<Found> {
    let kind = kind::find(&behavior.kind);
    let effect = behavior.effect.iter().flat_map(|effect| {
        let plain = effect.containing.iter().chain([&effect.page]);
        let elements = [&effect.present, &effect.absent, &effect.items].into_iter().flatten();
        plain.chain(elements.flat_map(texts)).map(|text| (text, effect_at))
    });
    let steps = placed.iter().flat_map(|(step, at)| {
        let plain = match &step.verb {
            Verb::Open(text)
            | Verb::Type { text, .. }
            | Verb::Select { option: text, .. }
            | Verb::Upload { file: text, .. } => Some(text),
            _ => None,
        };
        plain
            .into_iter()
            .chain(step.verb.locator().into_iter().flat_map(texts))
            .map(move |text| (text, at))
    });
    let mut wrong = Vec::new();
    let found = extracted(placed);
    let steps = steps.map(|(text, at)| (text, at, found.as_slice()));
    // The effect is read before anything was extracted.
    let effect = effect.map(|(text, at)| (text, at, [].as_slice()));
    for (text, at, found) in steps.chain(effect) {
        for word in text.split('{').skip(1).filter_map(|rest| rest.split('}').next()) {
            if !has_value(word, kind, found) {
                let own: Vec<_> = found.iter().map(|name| format!("`{{found.{name}}}`")).collect();
                let known = "`{username}`, `{name}`, `{target.id}`, `{with.<argument>}`, \
                    `{secret.password}`, and `{secret.code}` to sign in or up";
                let known = [&[known.to_owned()], own.as_slice()].concat().join(", ");
                let what = format!("`{{{word}}}` has no value here");
                wrong.push((at.clone(), (what, format!("known: {known}"))));
            }
        }
    }
    wrong
}

/// The texts of a locator in which words are filled in: all but its role.
fn texts(locator: &Locator) -> impl Iterator<Item = &String> {
    locator.ways().flat_map(|way| {
        let Locator { role: _, name, label, text, test_id, css, or: _ } = way;
        [name, label, text, test_id, css].into_iter().flatten()
    })
}

/// The names under which `extract` keeps something: `{found.<name>}` from there on.
fn extracted<'a>(placed: &[Placed<'a>]) -> Vec<&'a str> {
    let name = |(step, _): &Placed<'a>| match &step.verb {
        Verb::Extract { name, .. } => Some(name.as_str()),
        _ => None,
    };
    placed.iter().filter_map(name).collect()
}

fn has_value(word: &str, kind: Option<&Kind>, found: &[&str]) -> bool {
    match word.split_once('.') {
        None => {
            ["username", "name"].contains(&word)
                || word == "target" && kind.is_some_and(takes_target)
        }
        Some(("secret", name)) => {
            name == "password" || name == "code" && kind.is_some_and(is_for_signing)
        }
        Some(("target", name)) => name == "id" && kind.is_some_and(takes_target),
        Some(("with", name)) => kind.is_some_and(|kind| kind.with.contains(&name)),
        Some(("found", name)) => found.contains(&name),
        Some(_) => false,
    }
}

/// A one-time code proves who somebody is, and is typed where that is asked.
fn is_for_signing(kind: &Kind) -> bool {
    ["sign_in", "sign_up"].contains(&kind.name)
}

fn takes_target(kind: &Kind) -> bool {
    kind.target.is_some()
}
