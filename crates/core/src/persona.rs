//! A persona: how a sort of person points, clicks, types, reads, scrolls and pauses
//! (`profiles/personas/<name>.toml`).
//!
//! Every number has a default, which is the middle of the people measured; a file states only what
//! differs. [`Persona::individual`] then makes one account's person from it. Where a figure comes
//! from is said at its field ([`traits`]): published tables are of lab pointing, transcription
//! typing and desk work, none of them of a social feed. [`Persona::from_seed`] makes somebody of no
//! file at all. A rhythm makes agendas, never limits: those are the plan's.

mod file;
mod individual;
mod traits;

use serde::{Deserialize, Serialize};

pub use file::Absurd;
pub use individual::age_score;
pub use traits::{Click, Pause, Pointing, Reading, Rhythm, Scroll, Typing};

use crate::device::Device;

/// The file format that this version reads and writes.
pub const VERSION: u32 = 1;

/// What it points with.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Pointer {
    /// A mouse.
    #[default]
    Mouse,
    /// A trackpad: slower to a small target, a longer click.
    Trackpad,
    /// A finger on the screen.
    Touch,
}

/// A sort of person, or (after [`Persona::individual`]) one of them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Persona {
    /// The file format; see [`VERSION`].
    pub version: u32,
    /// Its name; the file's.
    pub name: String,
    /// A line about it, for lists.
    #[serde(default)]
    pub about: String,
    /// How far its accounts differ: 1 is as far as people do, 0 makes them all alike.
    #[serde(default = "whole")]
    pub spread: f64,
    /// What it points with if the device leaves a choice; see [`Persona::on`].
    #[serde(default)]
    pub pointer: Pointer,
    /// Which letter pairs come easily to these hands; [`Persona::individual`] draws it.
    #[serde(default)]
    pub hand: u32,
    /// Moving the pointer.
    #[serde(default)]
    pub pointing: Pointing,
    /// Pressing its button.
    #[serde(default)]
    pub click: Click,
    /// Typing.
    #[serde(default)]
    pub typing: Typing,
    /// Reading.
    #[serde(default)]
    pub reading: Reading,
    /// Scrolling.
    #[serde(default)]
    pub scroll: Scroll,
    /// Pausing between steps.
    #[serde(default)]
    pub pause: Pause,
    /// Sessions over days.
    #[serde(default)]
    pub rhythm: Rhythm,
}

impl Default for Persona {
    fn default() -> Self {
        Self {
            version: VERSION,
            name: "everyone".to_owned(),
            about: "The middle of the people measured.".to_owned(),
            spread: whole(),
            pointer: Pointer::default(),
            hand: 0,
            pointing: Pointing::default(),
            click: Click::default(),
            typing: Typing::default(),
            reading: Reading::default(),
            scroll: Scroll::default(),
            pause: Pause::default(),
            rhythm: Rhythm::default(),
        }
    }
}

impl Persona {
    /// The same person at that device: its screen decides whether there is anything to point with.
    #[must_use]
    pub fn on(mut self, device: &Device) -> Self {
        self.pointer = match (device.touch, self.pointer) {
            (true, _) => Pointer::Touch,
            (false, Pointer::Touch) => Pointer::Mouse,
            (false, pointer) => pointer,
        };
        self
    }
}

fn whole() -> f64 {
    1.0
}

#[cfg(test)]
mod tests;
