//! From the file as written to a behavior that can be carried out, or to faults.

use std::collections::BTreeMap;
use std::ops::Range;

use jiff::SignedDuration;
use toml::Spanned;

use super::read::{RawBehavior, RawStep, Source};
use super::{Behavior, FORMAT, LINES_MAX, keys, words};
use crate::action::listed;
use crate::effect::Effect;
use crate::fault::Fault;
use crate::kind::{self, EffectClass, nearest};
use crate::step::{Locator, Step, Verb};

/// How long an element may take to appear, unless the step says otherwise.
const WITHIN_MS: u64 = 5_000;
/// The most times a block may be done by one step.
const TIMES_MAX: u32 = 100;
/// How often `each` does its block, unless it says otherwise.
const EACH_LIMIT: u32 = 10;

/// A mistake in words: what, and what to do.
pub(super) type Mistake = (String, String);

fn mistake<T>(what: impl Into<String>, remedy: impl Into<String>) -> Result<T, Mistake> {
    Err((what.into(), remedy.into()))
}

/// Builds the behavior, or says everything that is wrong with it.
pub(super) fn build(source: &Source<'_>, raw: RawBehavior) -> Result<Behavior, Vec<Fault>> {
    let mut faults = Vec::new();
    let mut places = Vec::new();
    let mut found = |at: &Range<usize>, (what, remedy): Mistake| {
        faults.push(source.fault(at, what, remedy));
    };
    let kind_at = raw.kind.span();
    if let Err(wrong) = check_head(&raw, source.text) {
        found(&kind_at, wrong);
    }
    let mut list = |steps: Vec<Spanned<RawStep>>| {
        let mut built = Vec::new();
        for step in steps {
            let at = step.span();
            match build_step(step.into_inner()) {
                Ok(step) => {
                    built.push(step);
                    places.push(at);
                }
                Err(wrong) => found(&at, wrong),
            }
        }
        built
    };
    let steps = list(raw.step);
    let blocks: BTreeMap<_, _> =
        raw.block.into_iter().map(|(name, steps)| (name, list(steps))).collect();
    let effect_at = raw.effect.as_ref().map_or(kind_at, Spanned::span);
    let effect = raw.effect.map(Spanned::into_inner);
    let kind = raw.kind.into_inner();
    let behavior = Behavior { kind, about: raw.about, effect, steps, blocks };
    if !faults.is_empty() {
        // What else would be said may only follow from these.
        return Err(faults);
    }
    // The places stand in the order of `all_steps`.
    let steps: Vec<_> = behavior.all_steps().zip(places).collect();
    let effect = check_effect(&behavior).err().map(|wrong| (effect_at.clone(), wrong));
    let blocks = check_blocks(&behavior, &steps);
    let words = words::check(&behavior, &steps, &effect_at);
    for (at, (what, remedy)) in effect.into_iter().chain(blocks).chain(words) {
        faults.push(source.fault(&at, what, remedy));
    }
    if faults.is_empty() { Ok(behavior) } else { Err(faults) }
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
        (EffectClass::Idempotent, Some(effect)) => check_states(effect),
        (EffectClass::Once, Some(effect)) => check_items(effect),
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

fn milliseconds(text: &str) -> Result<u64, Mistake> {
    let wrong = || (format!("`{text}` is not a time"), "write for example `800ms` or `2s`".into());
    let parsed: SignedDuration = text.parse().map_err(|_| wrong())?;
    u64::try_from(parsed.as_millis()).map_err(|_| wrong())
}

fn build_step(raw: RawStep) -> Result<Step, Mistake> {
    let within_ms = raw.within.as_deref().map_or(Ok(WITHIN_MS), milliseconds)?;
    let in_item = match raw.within_item.as_deref() {
        None => false,
        Some("item") => true,
        Some(other) => {
            return mistake(format!("nothing is called `{other}`"), "write `in = \"item\"`");
        }
    };
    let (commit, given) = (raw.commit, raw.given());
    let verb = one_verb(raw)?;
    if let Some(wrong) = keys::foreign(&given, &verb) {
        return Err(wrong);
    }
    if let Some(locator) = verb.locator() {
        let is_item = in_item && *locator == Locator::default();
        if !is_item {
            check_locator(locator)?;
        }
    }
    if commit && !matches!(verb, Verb::Click(_) | Verb::Press(_)) {
        return mistake(
            format!("`{}` cannot be the `commit` step", verb.word()),
            "mark the `click` or `press` that sends it",
        );
    }
    Ok(Step { verb, in_item, commit, within_ms })
}

/// The one verb of a step.
fn one_verb(raw: RawStep) -> Result<Verb, Mistake> {
    let need = |value: Option<String>, what: &str| {
        value.ok_or_else(|| (format!("`{what}` is missing"), format!("add `{what} = \"…\"`")))
    };
    let block = raw.block.clone();
    let mut verbs = Vec::new();
    verbs.extend(raw.open.map(Verb::Open));
    verbs.extend(raw.scroll_until.map(Verb::ScrollUntil));
    verbs.extend(raw.read.map(Verb::Read));
    verbs.extend(raw.click.map(Verb::Click));
    verbs.extend(raw.press.map(known_key).transpose()?.map(Verb::Press));
    verbs.extend(raw.wait_for.map(Verb::WaitFor));
    verbs.extend(raw.expect.map(Verb::Expect));
    if let Some(text) = raw.type_text {
        let into = raw.into.ok_or_else(|| {
            ("`type` needs a field".to_owned(), "add `into = { label = \"…\" }`".to_owned())
        })?;
        verbs.push(Verb::Type { text, into });
    }
    if let Some(there) = raw.when {
        if block.is_none() && raw.otherwise.is_none() {
            return mistake("`when` does nothing", "add `do = \"…\"` or `else = \"…\"`");
        }
        verbs.push(Verb::When { there, then: block.clone(), otherwise: raw.otherwise });
    }
    if let Some(of) = raw.each {
        let limit = bounded(raw.limit.unwrap_or(EACH_LIMIT))?;
        verbs.push(Verb::Each { of, block: need(block.clone(), "do")?, limit });
    }
    if let Some(times) = raw.repeat {
        verbs.push(Verb::Repeat { times: bounded(times)?, block: need(block, "do")? });
    }
    if let Some(name) = raw.extract {
        let from = raw.from.unwrap_or_default();
        verbs.push(Verb::Extract { name, from, attribute: raw.attribute });
    }
    if let Some((from, to)) = raw.pause {
        let (from_ms, to_ms) = (milliseconds(&from)?, milliseconds(&to)?);
        verbs.push(Verb::Pause { from_ms: from_ms.min(to_ms), to_ms: from_ms.max(to_ms) });
    }
    if verbs.len() > 1 {
        let words: Vec<_> = verbs.iter().map(Verb::word).collect();
        return mistake(format!("one step says {}", words.join(" and ")), "make them two steps");
    }
    verbs.pop().ok_or_else(|| {
        let known = "open, scroll_until, read, click, type, press, wait_for, when, each, repeat, \
                     extract, expect, pause";
        ("the step says nothing to do".to_owned(), format!("write one of: {known}"))
    })
}

/// Keys that may be pressed beside those of a text.
const KEYS: [&str; 13] = [
    "Enter",
    "Escape",
    "Tab",
    "Backspace",
    "Delete",
    "ArrowUp",
    "ArrowDown",
    "ArrowLeft",
    "ArrowRight",
    "PageUp",
    "PageDown",
    "Home",
    "End",
];

/// A key that drivers know: a slip here would show only after `begin`.
fn known_key(key: String) -> Result<String, Mistake> {
    let is_sign = key.len() == 1 && key.bytes().all(|byte| (b' '..=b'~').contains(&byte));
    if is_sign || KEYS.contains(&key.as_str()) {
        return Ok(key);
    }
    let near = nearest(&key, KEYS);
    let hint = near.map_or(String::new(), |near| format!("did you mean `{near}`? "));
    let remedy = format!("{hint}Known: one sign of a US keyboard, or {}", listed(KEYS));
    mistake(format!("there is no key `{key}`"), remedy)
}

fn bounded(times: u32) -> Result<u32, Mistake> {
    if (1..=TIMES_MAX).contains(&times) {
        return Ok(times);
    }
    mistake(format!("{times} times is out of range"), format!("write 1 to {TIMES_MAX}"))
}

/// A step and where it stands.
pub(super) type Placed<'a> = (&'a Step, Range<usize>);
/// A mistake and where it stands.
pub(super) type Found = (Range<usize>, Mistake);

/// Blocks exist, are used, and do not do blocks that do blocks.
fn check_blocks(behavior: &Behavior, placed: &[Placed<'_>]) -> Vec<Found> {
    let mut wrong = Vec::new();
    let known = || behavior.blocks.keys().map(String::as_str);
    for (step, at) in placed {
        for name in step.verb.blocks() {
            if !behavior.blocks.contains_key(name) {
                let near = nearest(name, known());
                let hint = near.map_or(String::new(), |near| format!("did you mean `{near}`? "));
                let remedy = format!("{hint}Known blocks: {}", listed(known()));
                wrong.push((at.clone(), (format!("there is no block `{name}`"), remedy)));
            }
        }
    }
    for (name, steps) in &behavior.blocks {
        let first =
            |(step, _): &&Placed<'_>| steps.first().is_some_and(|one| std::ptr::eq(one, *step));
        let at = placed.iter().find(first).map_or(0..0, |(_, at)| at.clone());
        let inner = steps.iter().flat_map(|step| step.verb.blocks());
        let too_deep = inner
            .filter_map(|inner| behavior.blocks.get(inner))
            .any(|steps| steps.iter().any(|step| !step.verb.blocks().is_empty()));
        if too_deep {
            let remedy = "let a block do steps, or blocks of steps".to_owned();
            let what = format!("block `{name}` nests deeper than two");
            wrong.push((at.clone(), (what, remedy)));
        }
        let used = behavior.all_steps().any(|step| step.verb.blocks().contains(&name.as_str()));
        if !used {
            wrong.push((at, (format!("block `{name}` is never done"), "remove it".to_owned())));
        }
    }
    wrong
}
