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
mod words;

pub use draft::draft;
pub use flow::{Imported, Refusal, import};

/// The version of the file format this build reads.
pub const FORMAT: u32 = 1;
/// The most lines a behavior may have: what does not fit is two behaviors.
pub const LINES_MAX: usize = 60;

/// How one kind is done on one site.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Behavior {
    /// The kind it does.
    pub kind: String,
    /// What it does, in a sentence.
    pub about: String,
    /// How to read whether it is done.
    pub effect: Option<Effect>,
    /// What to do, in order.
    pub steps: Vec<Step>,
    /// Named lists of steps for `when`, `each` and `repeat`.
    pub blocks: BTreeMap<String, Vec<Step>>,
}

impl Behavior {
    /// Reads a behavior; `file` is used in faults only.
    pub fn parse(text: &str, file: &str) -> Result<Self, Vec<Fault>> {
        let source = read::Source { text, file };
        let raw = source.parse().map_err(|fault| vec![fault])?;
        check::build(&source, raw)
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
