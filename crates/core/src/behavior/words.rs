//! The words in braces: each must be one that will have a value.

use std::ops::Range;

use super::Behavior;
use super::check::{Found, Placed};
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
            Verb::Open(text) | Verb::Type { text, .. } => Some(text),
            _ => None,
        };
        plain
            .into_iter()
            .chain(step.verb.locator().into_iter().flat_map(texts))
            .map(move |text| (text, at))
    });
    let mut wrong = Vec::new();
    for (text, at) in steps.chain(effect) {
        for word in text.split('{').skip(1).filter_map(|rest| rest.split('}').next()) {
            if !has_value(word, kind) {
                let known = "`{username}`, `{target.id}`, `{with.<argument>}`, `{secret.password}`";
                let what = format!("`{{{word}}}` has no value here");
                wrong.push((at.clone(), (what, format!("known: {known}"))));
            }
        }
    }
    wrong
}

/// The texts of a locator in which words are filled in: all but its role.
fn texts(locator: &Locator) -> impl Iterator<Item = &String> {
    let Locator { role: _, name, label, text, test_id, css } = locator;
    [name, label, text, test_id, css].into_iter().flatten()
}

fn has_value(word: &str, kind: Option<&Kind>) -> bool {
    match (word, word.strip_prefix("with.")) {
        ("username" | "secret.password", _) => true,
        ("target" | "target.id", _) => kind.is_some_and(|kind| kind.target.is_some()),
        (_, Some(name)) => kind.is_some_and(|kind| kind.with.contains(&name)),
        _ => false,
    }
}
