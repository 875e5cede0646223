//! From the file as written to a behavior that can be carried out, or to faults.

use std::collections::BTreeMap;
use std::ops::Range;

use toml::Spanned;

use super::read::{RawBehavior, RawStep, Source};
use super::{BUDGET, BUDGET_MAX, Behavior, Beside, FORMAT, LINES_MAX, words};
use crate::action::listed;
use crate::effect::Effect;
use crate::fault::Fault;
use crate::kind::{self, EffectClass, nearest};
use crate::step::{Locator, Step, Verb};

pub(super) mod blocks;
mod steps;

use blocks::{Placed, Places};

/// A mistake in words: what, and what to do.
pub(super) type Mistake = (String, String);

fn mistake<T>(what: impl Into<String>, remedy: impl Into<String>) -> Result<T, Mistake> {
    Err((what.into(), remedy.into()))
}

/// A mistake and where it stands.
pub(super) type Found = (Range<usize>, Mistake);

/// The steps of a list, each with its place; what is wrong with any goes to `faults`.
pub(super) fn list(
    steps: Vec<Spanned<RawStep>>,
    faults: &mut Vec<Found>,
) -> (Vec<Step>, Vec<Range<usize>>) {
    let mut built = (Vec::new(), Vec::new());
    for step in steps {
        let at = step.span();
        match steps::build_step(step.into_inner()) {
            Ok(step) => {
                built.0.push(step);
                built.1.push(at);
            }
            Err(wrong) => faults.push((at, wrong)),
        }
    }
    built
}

/// Builds the behavior, or says everything that is wrong with it.
pub(super) fn build(
    source: &Source<'_>,
    raw: RawBehavior,
    beside: &Beside,
) -> Result<Behavior, Vec<Fault>> {
    let mut found: Vec<Found> = Vec::new();
    let kind_at = raw.kind.span();
    if let Err(wrong) = check_head(&raw, source.text) {
        found.push((kind_at.clone(), wrong));
    }
    let (steps, step_places) = list(raw.step, &mut found);
    let mut blocks = BTreeMap::new();
    let mut places = Places { top: step_places, blocks: BTreeMap::new() };
    for (name, raw) in raw.block {
        let (steps, at) = list(raw, &mut found);
        blocks.insert(name.clone(), steps);
        places.blocks.insert(name, at);
    }
    let effect_at = raw.effect.as_ref().map_or(kind_at, Spanned::span);
    let effect = raw.effect.map(Spanned::into_inner);
    let kind = raw.kind.into_inner();
    let budget = raw.budget.unwrap_or(BUDGET);
    let mut behavior = Behavior { kind, about: raw.about, budget, effect, steps, blocks };
    let told = |found: Vec<Found>| {
        let fault = |(at, (what, remedy)): Found| source.fault(&at, what, remedy);
        found.into_iter().map(fault).collect::<Vec<_>>()
    };
    if !found.is_empty() {
        // What else would be said may only follow from these.
        return Err(told(found));
    }
    found.extend(check_effect(&behavior).err().map(|wrong| (effect_at.clone(), wrong)));
    found.extend(blocks::check(&behavior, &places, &beside.shared));
    blocks::borrow(&mut behavior, &mut places, &beside.shared);
    let all = blocks::placed(&behavior, &places);
    found.extend(words::check(&behavior, &all, &effect_at));
    found.extend(check_files(&all, beside));
    if found.is_empty() { Ok(behavior) } else { Err(told(found)) }
}

/// Files that steps upload are there, as far as the folder is known and their names are.
fn check_files(placed: &[Placed<'_>], beside: &Beside) -> Vec<Found> {
    let Some(files) = &beside.files else { return Vec::new() };
    let known = || files.iter().map(String::as_str);
    let missing = |(step, at): &Placed<'_>| {
        let Verb::Upload { file, .. } = &step.verb else { return None };
        if file.contains('{') || files.contains(file) {
            return None;
        }
        let near = nearest(file, known());
        let hint = near.map_or(String::new(), |near| format!("did you mean `{near}`? "));
        let what = format!("there is no file `{file}` in the site's folder `files`");
        Some((at.clone(), (what, format!("{hint}Known files: {}", listed(known())))))
    };
    placed.iter().filter_map(missing).collect()
}

fn check_head(raw: &RawBehavior, text: &str) -> Result<(), Mistake> {
    if raw.format != FORMAT {
        let remedy = format!("write `format = {FORMAT}`, or use the Walkon that reads it");
        return mistake(format!("format {} is not known here", raw.format), remedy);
    }
    let Some(kind) = kind::find(raw.kind.get_ref()) else {
        let names = || kind::KINDS.iter().map(|kind| kind.name);
        let near = nearest(raw.kind.get_ref(), names());
        let hint = near.map_or(String::new(), |near| format!("did you mean `{near}`? "));
        let remedy = format!("{hint}Known: {}", listed(names()));
        return mistake(format!("there is no kind `{}`", raw.kind.get_ref()), remedy);
    };
    if !kind.browser {
        return mistake(format!("`{}` has no browser route", kind.name), "remove this file");
    }
    let lines = text.lines().count();
    if lines > LINES_MAX {
        let what = format!("{lines} lines; the most is {LINES_MAX}");
        return mistake(what, "split it, or move what repeats into a block");
    }
    if raw.budget.is_some_and(|budget| !(1..=BUDGET_MAX).contains(&budget)) {
        return mistake("the budget is out of range", format!("write 1 to {BUDGET_MAX}"));
    }
    if raw.step.is_empty() {
        return mistake("it has no step", "write a `[[step]]`");
    }
    Ok(())
}

fn check_effect(behavior: &Behavior) -> Result<(), Mistake> {
    let class = behavior.effect_class();
    let commits = behavior.all_steps().filter(|step| step.commit).count();
    let wanted = usize::from(class != EffectClass::None);
    if commits != wanted {
        let what = format!("{commits} steps are marked `commit`, `{}` has {wanted}", behavior.kind);
        return mistake(what, "mark the one step that makes the effect, and no other");
    }
    if behavior.steps.iter().any(|step| step.in_item) {
        let remedy = "move it into the block that `each` does";
        return mistake("`in = \"item\"` stands outside of `each`", remedy);
    }
    if behavior.steps.iter().filter(|step| step.commit).count() != wanted {
        let remedy = "move the `commit` step to the top list";
        return mistake("a `commit` step stands in a block and may be done twice", remedy);
    }
    match (class, &behavior.effect) {
        (EffectClass::None, None) => Ok(()),
        (EffectClass::None, Some(_)) => {
            mistake(format!("`{}` has no effect to read", behavior.kind), "remove `[effect]`")
        }
        (_, None) => {
            let remedy = "add `[effect]`: docs/behaviors.md#effect says how";
            mistake("there is no `[effect]`, so a loss could never be settled", remedy)
        }
        (_, Some(effect)) if effect.sign_in => check_account(&behavior.kind, effect),
        (EffectClass::Idempotent, Some(effect)) => check_states(effect),
        (EffectClass::Once, Some(effect)) => check_items(effect),
    }
}

/// Whether an account is there is asked by signing in as it.
fn check_account(kind: &str, effect: &Effect) -> Result<(), Mistake> {
    if kind != "sign_up" {
        let remedy = "name what the page shows: docs/behaviors.md#effect";
        return mistake("`sign_in` reads what `sign_up` makes, and nothing else", remedy);
    }
    match (&effect.absent, &effect.present, &effect.items) {
        (Some(absent), None, None) => check_locator(absent),
        _ => mistake(
            "an account is read by signing in, and by what the page says where there is none",
            "write `absent = { … }`, and neither `present` nor `items`",
        ),
    }
}

fn check_states(effect: &Effect) -> Result<(), Mistake> {
    match (&effect.present, &effect.absent) {
        (Some(present), Some(absent)) => check_locator(present).and(check_locator(absent)),
        _ => mistake(
            "an idempotent effect is read by two elements",
            "write `present = { … }` and `absent = { … }`",
        ),
    }
}

fn check_items(effect: &Effect) -> Result<(), Mistake> {
    match &effect.items {
        Some(items) if !effect.containing.is_empty() => check_locator(items),
        _ => mistake(
            "an effect that is made anew is read from a list",
            "write `items = { … }` and `containing = [\"{username}\", \"{with.text}\"]`",
        ),
    }
}

fn check_locator(locator: &Locator) -> Result<(), Mistake> {
    let ways = [&locator.role, &locator.label, &locator.text, &locator.test_id, &locator.css];
    if ways.into_iter().flatten().count() != 1 {
        let known = "`role` (with `name`), `label`, `text`, `test_id` or `css`";
        return mistake("an element is named in exactly one way", format!("use one of {known}"));
    }
    if locator.name.is_some() && locator.role.is_none() {
        return mistake("`name` goes with `role`", "add `role = \"…\"`");
    }
    if locator.or.iter().any(|other| !other.or.is_empty()) {
        return mistake("an alternative has alternatives", "write them all in one `or = [ … ]`");
    }
    locator.or.iter().try_for_each(check_locator)
}
