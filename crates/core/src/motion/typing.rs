//! Typing: presses and releases on two clocks.
//!
//! Presses follow each other in log-normal intervals, with an offset of the person's own for each
//! letter pair; each key is held for a time of its own. Where a hold outlasts the interval, keys
//! roll over, as often as people's do and without a parameter for it. A slip hits a neighbouring
//! key, is seen after a few more, taken back and typed again, so that the text always ends as
//! wanted. What has no key on a US keyboard arrives as text.

mod keys;
mod strokes;

use std::collections::BTreeMap;

use self::strokes::{Hit, Stroke, strokes};
use super::draw::{log_normal, logistic, logistic_mean, median_of, normal};
use crate::gesture::{Gesture, Input, Timed};
use crate::persona::{Persona, Pointer, Typing};
use crate::rng::{Rng, Seed};

/// Share of the within-person variance of ln interval that is not the letter pair's: standard
/// deviations of .431 and .573 (2,329 people of Dhakal et al. 2018).
const OWN_SHARE: f64 = 0.431 / 0.573;
/// Share of the median interval below which nobody is: the third parameter of the log-logistic that
/// fits key times best (Gonzalez et al., Heliyon 7 (2021) e08413). Chosen so that a person's
/// intervals are as far from a log-normal as people's.
const FLOOR: f64 = 0.3;
/// How much of an interval passes before a space, against a letter within a word: the same.
const SPACE_FACTOR: f64 = 0.91;
/// Shares of word-initial letters and of spaces in running English text, for the mean interval.
const WORD_SHARE: f64 = 0.18;
/// How much longer it takes to find a character in a panel than on a key. Chosen.
const PANEL_FACTOR: f64 = 4.0;
/// How long the hand takes from the mouse to the keys, median and sigma of ln: KLM's operator H is
/// .4 s (Card, Moran & Newell 1983); the spread is chosen.
const HOMING: (f64, f64) = (400.0, 0.3);
/// Wrong characters left in a text: 1.18 % of 2,329 people's (Dhakal et al. 2018).
const LEFT_RATE: f64 = 0.0118;
/// Least and most from press to press.
const INTERVALS_MS: (f64, f64) = (20.0, 10_000.0);
/// Least that a key stays down.
const HOLD_MIN_MS: f64 = 20.0;
/// How long Shift is down before its key, median and sigma of ln. Chosen.
const SHIFT_LEAD: (f64, f64) = (110.0, 0.3);
/// Most that Shift takes of the interval on either side, so that it never reaches the next key.
const SHIFT_SHARE: f64 = 0.6;

/// Types the text into whatever has the focus.
///
/// A line end is one Enter, however it is written; whether a page sends on Enter is the behavior's
/// to know. Everything else comes out as it stands in `text`.
pub fn type_text(text: &str, persona: &Persona, rng: &mut Rng) -> Gesture {
    strike(text, 0.0, persona, rng)
}

/// Types the text as in a typing test, where people leave 1.2 % of the characters wrong.
///
/// For load only: what an account is told to write is written as told ([`type_text`]).
pub fn transcribe(text: &str, persona: &Persona, rng: &mut Rng) -> Gesture {
    strike(text, LEFT_RATE, persona, rng)
}

fn strike(text: &str, left_rate: f64, persona: &Persona, rng: &mut Rng) -> Gesture {
    let typing = &persona.typing;
    let strokes = strokes(text, (typing.slip_rate, left_rate), rng);
    let presses = presses(&strokes, persona, rng);
    let mut events = Vec::with_capacity(2 * strokes.len());
    let releases = releases(&strokes, &presses, typing, rng);
    for (nth, stroke) in strokes.iter().enumerate() {
        let (down, up) = (presses[nth], releases[nth]);
        let next = presses.get(nth + 1).copied();
        let before = nth.checked_sub(1).map_or(0.0, |nth| presses[nth]);
        let shifted =
            |at: Option<usize>| at.and_then(|at| strokes.get(at)).is_some_and(Stroke::shifted);
        if stroke.shifted() && !shifted(nth.checked_sub(1)) {
            let lead = log_normal(rng, SHIFT_LEAD.0, SHIFT_LEAD.1);
            let at = down - lead.min(SHIFT_SHARE * (down - before));
            events.push(press("Shift", at));
        }
        match &stroke.hit {
            Hit::Insert(text) => {
                events.push(Timed { at_ms: down, input: Input::Insert { text: text.clone() } });
            }
            hit => {
                let key = hit.key();
                events.extend([press(&key, down), release(&key, up)]);
            }
        }
        if stroke.shifted() && !shifted(Some(nth + 1)) {
            let latest = next.map_or(up, |next| down + SHIFT_SHARE * (next - down));
            events.push(release("Shift", up.min(latest)));
        }
    }
    events.sort_by(|one, other| one.at_ms.total_cmp(&other.at_ms));
    Gesture(events)
}

/// Presses one key that is not part of a text: `Enter`, `Escape`, an arrow.
pub fn press_key(key: &str, persona: &Persona, rng: &mut Rng) -> Gesture {
    let typing = &persona.typing;
    let down = log_normal(rng, typing.iki_ms, typing.iki_sigma);
    let hold = log_normal(rng, typing.hold_ms, typing.hold_sigma).max(HOLD_MIN_MS);
    Gesture(vec![press(key, down), release(key, down + hold)])
}

fn press(key: &str, at_ms: f64) -> Timed {
    Timed { at_ms, input: Input::KeyDown { key: key.to_owned() } }
}

fn release(key: &str, at_ms: f64) -> Timed {
    Timed { at_ms, input: Input::KeyUp { key: key.to_owned() } }
}

/// When each stroke is pressed.
fn presses(strokes: &[Stroke], persona: &Persona, rng: &mut Rng) -> Vec<f64> {
    let typing = &persona.typing;
    let sigma = typing.iki_sigma / (1.0 - FLOOR);
    let own = sigma * OWN_SHARE;
    let pair = (sigma * sigma - own * own).max(0.0).sqrt();
    let mean = logistic_mean(own) * (pair * pair / 2.0).exp();
    let median = typing.iki_ms / (FLOOR + (1.0 - FLOOR) * mean) / usual_factor(typing);
    let mut offsets = BTreeMap::new();
    // A thumb is where the keys are.
    let mut at_ms = match persona.pointer {
        Pointer::Touch => 0.0,
        Pointer::Mouse | Pointer::Trackpad => log_normal(rng, HOMING.0, HOMING.1),
    };
    let mut before = None;
    let mut presses = Vec::with_capacity(strokes.len());
    for stroke in strokes {
        let letter = stroke.hit.letter();
        let offset = *offsets
            .entry((before, letter))
            .or_insert_with(|| pair * ease(persona.hand, before, letter));
        let over = (1.0 - FLOOR) * (offset + logistic(rng, own)).exp();
        let interval = median * factor(stroke, typing) * (FLOOR + over);
        at_ms += interval.clamp(INTERVALS_MS.0, INTERVALS_MS.1);
        presses.push(at_ms);
        before = letter;
    }
    presses
}

/// When each stroke's key comes up: before that key goes down again.
fn releases(strokes: &[Stroke], presses: &[f64], typing: &Typing, rng: &mut Rng) -> Vec<f64> {
    let median = median_of(typing.hold_ms, typing.hold_sigma);
    let mut next_press = BTreeMap::new();
    let mut releases: Vec<f64> = presses
        .iter()
        .map(|press| press + log_normal(rng, median, typing.hold_sigma).max(HOLD_MIN_MS))
        .collect();
    for ((stroke, press), up) in strokes.iter().zip(presses).zip(&mut releases).rev() {
        if let Some(again) = next_press.insert(stroke.hit.position(), *press) {
            let gap: f64 = again - press;
            *up = up.min(again - 0.2 * gap);
        }
    }
    releases
}

/// How much longer or shorter than usual the hand takes before the stroke.
fn factor(stroke: &Stroke, typing: &Typing) -> f64 {
    match &stroke.hit {
        Hit::Backspace if stroke.begins => typing.backspace_factor,
        Hit::Char(' ') => SPACE_FACTOR,
        Hit::Insert(text) if !text.chars().all(char::is_alphabetic) => PANEL_FACTOR,
        Hit::Char(_) | Hit::Insert(_) if stroke.begins => typing.word_factor,
        _ => 1.0,
    }
}

/// The factors' mean over running text, by which `iki_ms` stays the mean of all intervals.
fn usual_factor(typing: &Typing) -> f64 {
    let slips = typing.slip_rate / strokes::BACKSPACES_A_SLIP;
    let strokes = 1.0 + 2.0 * typing.slip_rate;
    let longer = WORD_SHARE * (typing.word_factor - 1.0 + SPACE_FACTOR - 1.0)
        + slips * (typing.backspace_factor - 1.0);
    1.0 + longer / strokes
}

/// How slow that pair is to these hands, in standard deviations; the same whenever it comes.
fn ease(hand: u32, before: Option<char>, letter: Option<char>) -> f64 {
    // Two characters take 21 bits each, so that every pair has a seed of its own.
    let code = |char: Option<char>| char.map_or(0, |char| u64::from(u32::from(char)) + 1);
    let seed = Seed((u64::from(hand) << 42) ^ (code(before) << 21) ^ code(letter));
    normal(&mut seed.rng(), 0.0, 1.0)
}

#[cfg(test)]
mod tests;
