//! A persona: how a sort of person points, clicks, types, reads, scrolls and pauses
//! (`profiles/personas/<name>.toml`).
//!
//! Every number has a default, which is the middle of the people measured; a file states only what
//! differs. [`Persona::individual`] then makes one account's person from it. Where a figure comes
//! from is said at its field: published tables are of lab pointing, transcription typing and desk
//! work, none of them of a social feed. Rhythm (when it starts a session) is not in here yet.

mod file;
mod individual;

use serde::{Deserialize, Serialize};

pub use file::{Absurd, Error};

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
}

/// Moving the pointer. `MT = a + b log2(A/W + 1)`, Fitts's law in its Shannon form.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Pointing {
    /// `a`. 230: `MacKenzie` & Buxton, CHI 1992, eq. 4.
    pub a_ms: f64,
    /// `b`. 166: the same.
    pub b_ms_per_bit: f64,
    /// Standard deviation of ln MT. .32: fitted to 2,356 recorded moves.
    pub sigma: f64,
    /// Scatter of end points around the target's centre, as a factor on W/4.133.
    ///
    /// 1 is ISO 9241-411's effective width: 96 % within the target.
    pub precision: f64,
    /// Standard deviation of the path's bow as a share of the distance. .16: fitted to the same.
    pub curve: f64,
}

/// Pressing the button.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Click {
    /// Median hold with a mouse. 95: Edmonds & Azzopardi 2026 (draft), 6,691 clicks, 227 people.
    pub hold_ms: f64,
    /// Standard deviation of ln hold. .29: within a user .23–.37, Balabit, 63,040 clicks.
    pub hold_sigma: f64,
    /// Median rest between the last move and the press. 32: Balabit.
    pub settle_ms: f64,
    /// Standard deviation of its ln. 2.7 meets Balabit's other quantiles, 203 ms (75 %) and 2.7 s
    /// (95 %).
    pub settle_sigma: f64,
}

/// Typing. Averages are over transcription typing (Dhakal et al., CHI 2018) as rebuilt from the
/// recordings of 2,329 of its people.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Typing {
    /// Mean time from press to press. 228: the median person's.
    pub iki_ms: f64,
    /// Standard deviation of its ln within a person. .58: .573 in the recordings.
    pub iki_sigma: f64,
    /// Mean time a key stays down. 106.6.
    pub hold_ms: f64,
    /// Standard deviation of its ln within a person. .285.
    pub hold_sigma: f64,
    /// Backspaces a character wanted. .064.
    pub slip_rate: f64,
    /// How much longer before a word's first letter. 1.38.
    pub word_factor: f64,
    /// How much longer before the Backspace that begins a correction. 2.8.
    pub backspace_factor: f64,
}

/// Reading.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Reading {
    /// Words a minute. 238: silent English non-fiction, Brysbaert 2019, 190 studies.
    pub wpm: f64,
    /// Median look at one item of a feed at a desk.
    ///
    /// 1750 with sigma .85 has the mean of 2.5 s that trade press quotes from Facebook IQ.
    pub glance_ms: f64,
    /// The same on a touched screen. 1200, for a mean of 1.7 s.
    pub glance_touch_ms: f64,
    /// Standard deviation of ln glance. .85, chosen.
    pub glance_sigma: f64,
}

/// Scrolling.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Scroll {
    /// CSS pixels a wheel notch of 120 units. 100: Chrome on Linux and Windows at three lines.
    pub notch_px: f64,
    /// Median rest between two bursts of notches; looking, mostly. 2100: Balabit.
    pub rest_ms: f64,
    /// Median time a finger takes for one drag. 320, chosen.
    pub flick_ms: f64,
    /// Longest drag as a share of the viewport's height. .5, chosen.
    pub flick_reach: f64,
}

/// Pausing between steps: mostly a log-normal hesitation, sometimes a Pareto tail.
///
/// The mixture keeps the tail exponent of recorded pauses (1.91–1.94, Balabit), which a log-normal
/// alone does not.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Pause {
    /// Median of the body. 860.
    pub median_ms: f64,
    /// Standard deviation of its ln. .5.
    pub sigma: f64,
    /// Share of pauses that come from the tail. .3.
    pub tail: f64,
    /// Longest pause within an action. 30 s, chosen: longer ones belong between actions, where
    /// the account lets its browser go.
    pub max_ms: f64,
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
        }
    }
}

impl Default for Pointing {
    fn default() -> Self {
        Self { a_ms: 230.0, b_ms_per_bit: 166.0, sigma: 0.32, precision: 1.0, curve: 0.16 }
    }
}

impl Default for Click {
    fn default() -> Self {
        Self { hold_ms: 95.0, hold_sigma: 0.29, settle_ms: 32.0, settle_sigma: 2.7 }
    }
}

impl Default for Typing {
    fn default() -> Self {
        Self {
            iki_ms: 228.0,
            iki_sigma: 0.58,
            hold_ms: 106.6,
            hold_sigma: 0.285,
            slip_rate: 0.064,
            word_factor: 1.38,
            backspace_factor: 2.8,
        }
    }
}

impl Default for Reading {
    fn default() -> Self {
        Self { wpm: 238.0, glance_ms: 1750.0, glance_touch_ms: 1200.0, glance_sigma: 0.85 }
    }
}

impl Default for Scroll {
    fn default() -> Self {
        Self { notch_px: 100.0, rest_ms: 2100.0, flick_ms: 320.0, flick_reach: 0.5 }
    }
}

impl Default for Pause {
    fn default() -> Self {
        Self { median_ms: 860.0, sigma: 0.5, tail: 0.3, max_ms: 30_000.0 }
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
