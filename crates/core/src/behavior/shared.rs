//! Blocks that the behaviors of one site share: `behaviors/<site>/_shared.toml`.

use std::collections::{BTreeMap, BTreeSet};

use super::check::{self, Found, blocks};
use super::read::{RawShared, Source};
use super::{FORMAT, LINES_MAX};
use crate::fault::Fault;
use crate::step::Step;

/// The file they stand in.
pub const SHARED_FILE: &str = "_shared.toml";

/// Named lists of steps that any behavior of the site may do.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Shared {
    pub(super) blocks: BTreeMap<String, Vec<Step>>,
}

/// What stands beside a behavior and may be named in it.
#[derive(Debug, Clone, Default)]
pub struct Beside {
    /// The blocks that the site's behaviors share.
    pub shared: Shared,
    /// The files in the site's folder `files`; `None`: not known here, so that none is missed.
    pub files: Option<BTreeSet<String>>,
}

impl Shared {
    /// Reads the file; `file` is used in faults only.
    ///
    /// # Errors
    ///
    /// Everything that is wrong with it, with its place.
    pub fn parse(text: &str, file: &str) -> Result<Self, Vec<Fault>> {
        let source = Source { text, file };
        let raw: RawShared = source.parse().map_err(|fault| vec![fault])?;
        let mut found: Vec<Found> = Vec::new();
        let format_at = raw.format.span();
        if *raw.format.get_ref() != FORMAT {
            let what = format!("format {} is not known here", raw.format.get_ref());
            found.push((format_at.clone(), (what, format!("write `format = {FORMAT}`"))));
        }
        let lines = text.lines().count();
        if lines > LINES_MAX {
            let what = format!("{lines} lines; the most is {LINES_MAX}");
            found.push((format_at, (what, "share less".to_owned())));
        }
        let (mut all, mut places) = (BTreeMap::new(), BTreeMap::new());
        for (name, raw) in raw.block {
            let (steps, at) = check::list(raw, &mut found);
            all.insert(name.clone(), steps);
            places.insert(name, at);
        }
        for (name, steps) in &all {
            for (step, at) in steps.iter().zip(&places[name]) {
                found.extend(wrong_within(step, &all).map(|mistake| (at.clone(), mistake)));
            }
            let lists = |name: &str| all.get(name).map(Vec::as_slice);
            let at = places[name].first().cloned().unwrap_or(0..0);
            found.extend(blocks::nesting(name, &lists).map(|mistake| (at, mistake)));
        }
        if found.is_empty() {
            return Ok(Self { blocks: all });
        }
        Err(found.into_iter().map(|(at, (what, fix))| source.fault(&at, what, fix)).collect())
    }

    /// The names of its blocks.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.blocks.keys().map(String::as_str)
    }
}

/// What no shared step may be: the one that makes an effect, or one of a block that is not there.
fn wrong_within(step: &Step, all: &BTreeMap<String, Vec<Step>>) -> Option<check::Mistake> {
    if step.commit {
        let what = "a shared step cannot be the `commit` step".to_owned();
        return Some((what, "write it into the top list of the behavior".to_owned()));
    }
    let missing = step.verb.blocks().into_iter().find(|name| !all.contains_key(*name))?;
    Some(blocks::unknown(missing, all.keys().map(String::as_str)))
}
