//! A behavior: how one kind is done on one site in a browser (`behaviors/<site>/<kind>.toml`).
//!
//! `docs/behaviors.md` is the reference of the format. [`Behavior::parse`] either gives a behavior
//! that can be carried out or faults with their place in the file; there is nothing in between.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::effect::Effect;
use crate::fault::Fault;
use crate::kind::{self, EffectClass};
use crate::step::Step;

mod check;
mod draft;
mod flow;
mod keys;
mod read;
pub mod record;
pub mod selftest;
mod shared;
mod words;

pub use draft::draft;
pub use flow::{Imported, Refusal, import};
pub use shared::{Beside, SHARED_FILE, Shared};

/// The version of the file format this build reads.
pub const FORMAT: u32 = 1;
/// The most lines a behavior may have: what does not fit is two behaviors.
pub const LINES_MAX: usize = 60;

/// How deep blocks may nest.
pub const DEPTH_MAX: usize = 3;
/// The most steps that one attempt walks, unless the behavior says otherwise.
pub const BUDGET: u32 = 500;
/// The most that it may say.
pub const BUDGET_MAX: u32 = 5_000;

/// How one kind is done on one site.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Behavior {
    /// The kind it does.
    pub kind: String,
    /// What it does, in a sentence.
    pub about: String,
    /// The most steps that one attempt walks, those of blocks counted each time.
    pub budget: u32,
    /// How to read whether it is done.
    pub effect: Option<Effect>,
    /// What to do, in order.
    pub steps: Vec<Step>,
    /// Named lists of steps for `when`, `each`, `repeat`, `pick` and `use`; the shared ones that it
    /// does are among them.
    pub blocks: BTreeMap<String, Vec<Step>>,
}

impl Behavior {
    /// Reads a behavior that stands alone; `file` is used in faults only.
    ///
    /// # Errors
    ///
    /// Everything that is wrong with it, with its place.
    pub fn parse(text: &str, file: &str) -> Result<Self, Vec<Fault>> {
        Self::parse_beside(text, file, &Beside::default())
    }

    /// Reads a behavior that may name what stands beside it.
    ///
    /// # Errors
    ///
    /// Everything that is wrong with it, with its place.
    pub fn parse_beside(text: &str, file: &str, beside: &Beside) -> Result<Self, Vec<Fault>> {
        let source = read::Source { text, file };
        let raw = source.parse().map_err(|fault| vec![fault])?;
        check::build(&source, raw, beside)
    }

    /// What its kind leaves behind.
    pub fn effect_class(&self) -> EffectClass {
        kind::find(&self.kind).map_or(EffectClass::None, |kind| kind.effect)
    }

    /// Every step, those of blocks too.
    pub fn all_steps(&self) -> impl Iterator<Item = &Step> {
        self.steps.iter().chain(self.blocks.values().flatten())
    }
}

#[cfg(test)]
mod tests;
