//! Blocks: they exist, are done, do not do themselves, and do not nest too deep. Those that the
//! site's behaviors share are taken into a behavior that does them.

use std::collections::BTreeMap;
use std::ops::Range;

use super::super::shared::Shared;
use super::super::{Behavior, DEPTH_MAX};
use super::Found;
use crate::action::listed;
use crate::kind::nearest;
use crate::step::Step;

/// A step and where it stands.
pub(in crate::behavior) type Placed<'a> = (&'a Step, Range<usize>);

/// Where the steps of a file stand, list by list.
pub(in crate::behavior) struct Places {
    pub(in crate::behavior) top: Vec<Range<usize>>,
    pub(in crate::behavior) blocks: BTreeMap<String, Vec<Range<usize>>>,
}

impl Places {
    fn of_block(&self, name: &str) -> Range<usize> {
        self.blocks.get(name).and_then(|places| places.first()).cloned().unwrap_or(0..0)
    }
}

/// Every step with its place, in the order of [`Behavior::all_steps`].
pub(in crate::behavior) fn placed<'a>(behavior: &'a Behavior, places: &Places) -> Vec<Placed<'a>> {
    let blocks = behavior.blocks.keys().filter_map(|name| places.blocks.get(name));
    let places = places.top.iter().chain(blocks.flatten()).cloned();
    behavior.all_steps().zip(places).collect()
}

/// Everything that is wrong with the blocks of a behavior.
pub(in crate::behavior) fn check(
    behavior: &Behavior,
    places: &Places,
    shared: &Shared,
) -> Vec<Found> {
    let all: BTreeMap<&str, &Vec<Step>> = shared
        .blocks
        .iter()
        .chain(&behavior.blocks)
        .map(|(name, steps)| (name.as_str(), steps))
        .collect();
    let mut wrong = Vec::new();
    for (step, at) in placed(behavior, places) {
        for name in step.verb.blocks() {
            if !all.contains_key(name) {
                wrong.push((at.clone(), unknown(name, all.keys().copied())));
            }
        }
    }
    let lists = |name: &str| all.get(name).map(|steps| steps.as_slice());
    for name in behavior.blocks.keys() {
        let at = || places.of_block(name);
        if shared.blocks.contains_key(name) {
            let what = format!("block `{name}` is one that the site's behaviors share");
            wrong.push((at(), (what, "give this one another name".to_owned())));
        }
        let is_done = |step: &Step| step.verb.blocks().contains(&name.as_str());
        if !behavior.all_steps().any(is_done) {
            let what = format!("block `{name}` is never done");
            wrong.push((at(), (what, "remove it".to_owned())));
        }
        wrong.extend(nesting(name, &lists).map(|mistake| (at(), mistake)));
    }
    wrong
}

const FLATTER: &str = "move the innermost steps one block up";

/// The words for a block that is not there.
pub(in crate::behavior) fn unknown<'a>(
    name: &str,
    known: impl Iterator<Item = &'a str> + Clone,
) -> super::Mistake {
    let near = nearest(name, known.clone());
    let hint = near.map_or(String::new(), |near| format!("did you mean `{near}`? "));
    let remedy = format!("{hint}Known blocks: {}", listed(known));
    (format!("there is no block `{name}`"), remedy)
}

/// What is wrong with how a block nests, if anything is: it does itself, or goes too deep.
pub(in crate::behavior) fn nesting<'a>(
    name: &str,
    lists: &impl Fn(&str) -> Option<&'a [Step]>,
) -> Option<super::Mistake> {
    if let Some(path) = round(&mut vec![name.to_owned()], lists) {
        let what = format!("block `{name}` does itself: {}", path.join(" → "));
        return Some((what, "let it end: `repeat` does a block several times".to_owned()));
    }
    let what = format!("block `{name}` nests deeper than {DEPTH_MAX}");
    (depth(name, lists) > DEPTH_MAX).then(|| (what, FLATTER.to_owned()))
}

/// The way from a block back to itself, if there is one; rounds of others are theirs to tell of.
fn round<'a>(
    path: &mut Vec<String>,
    lists: &impl Fn(&str) -> Option<&'a [Step]>,
) -> Option<Vec<String>> {
    let here = lists(path.last()?)?;
    for inner in here.iter().flat_map(|step| step.verb.blocks()) {
        let known = path.iter().position(|name| name == inner);
        if known == Some(0) {
            return Some([path.as_slice(), &[inner.to_owned()]].concat());
        }
        if known.is_none() {
            path.push(inner.to_owned());
            let found = round(path, lists);
            path.pop();
            if found.is_some() {
                return found;
            }
        }
    }
    None
}

/// How many blocks stand in one another from this one on; one that goes round counts as too many.
fn depth<'a>(name: &str, lists: &impl Fn(&str) -> Option<&'a [Step]>) -> usize {
    fn go<'a>(name: &str, left: usize, lists: &impl Fn(&str) -> Option<&'a [Step]>) -> usize {
        let inner = lists(name).unwrap_or_default().iter().flat_map(|step| step.verb.blocks());
        if left == 0 {
            return 1;
        }
        1 + inner.map(|inner| go(inner, left - 1, lists)).max().unwrap_or(0)
    }
    go(name, DEPTH_MAX + 1, lists)
}

/// Takes the shared blocks that a behavior does into it; each stands where it is first done.
pub(in crate::behavior) fn borrow(behavior: &mut Behavior, places: &mut Places, shared: &Shared) {
    let mut wanted: Vec<(String, Range<usize>)> = Vec::new();
    for (step, at) in placed(behavior, places) {
        wanted.extend(step.verb.blocks().into_iter().map(|name| (name.to_owned(), at.clone())));
    }
    while let Some((name, at)) = wanted.pop() {
        let Some(steps) = shared.blocks.get(&name) else { continue };
        if behavior.blocks.contains_key(&name) {
            continue;
        }
        let inner = steps.iter().flat_map(|step| step.verb.blocks());
        wanted.extend(inner.map(|name| (name.to_owned(), at.clone())));
        places.blocks.insert(name.clone(), vec![at; steps.len()]);
        behavior.blocks.insert(name, steps.clone());
    }
}
