//! The pointer: moving to a box, clicking it, tapping it.
//!
//! Time is Fitts's law. The path is one primary stroke that mostly falls short and up to three
//! corrective strokes, each a sigma-lognormal one ([`path`]). End points scatter around the
//! middle as ISO 9241-411's effective width says; what falls outside the box is seen and corrected
//! before anything is pressed, so that a gesture always ends inside.

mod path;

use rand::RngExt;

use self::path::{End, movement_ms, reach};
use super::draw::{log_normal, normal};
use super::{push, tame_point, tame_rect};
use crate::gesture::{Gesture, Input, Point, Rect};
use crate::persona::{Persona, Pointer};
use crate::rng::Rng;

/// Time between two moves: the 125 Hz of an ordinary mouse.
pub const SAMPLE_MS: f64 = 8.0;
/// Effective width over standard deviation, so that 96 % fall within (ISO 9241-411).
const WIDTHS_PER_SD: f64 = 4.133;
/// Scatter across the approach as a share of the scatter along it; fitted with the path.
const ACROSS: f64 = 0.8;
/// Longest settling before a press: the 95th percentile of Balabit's last move → press.
const SETTLE_MAX_MS: f64 = 2700.0;
/// Share of clicks that are held two to three times as long: with it 1–5 % exceed 250 ms
/// (Edmonds & Azzopardi 2026: 3.2 %).
const LONG_HOLDS: f64 = 0.03;
/// How much longer a trackpad's click is: medians 104.5 and 88.5 ms, the same.
const TRACKPAD_HOLD_MS: f64 = 16.0;
/// No finger is faster than this.
const HOLD_MIN_MS: f64 = 20.0;

/// Moves the pointer from where it is into the box.
///
/// A pointer that rests in the box already gets one move where it stands, so that the page hears
/// of it after a scroll.
pub fn approach(from: Point, to: Rect, persona: &Persona, rng: &mut Rng) -> Gesture {
    let (from, to) = (tame_point(from), tame_rect(to));
    let zone = landing_zone(to);
    let mut gesture = Gesture::default();
    if zone.contains(from) {
        push(&mut gesture, 0.0, Input::Move(from));
        return gesture;
    }
    let aim = aim(from, to, persona, rng);
    let hit = zone.contains(aim).then_some(zone);
    travel(&mut gesture, from, End { at: aim, zone: hit }, to, persona, rng);
    let here = gesture.end().unwrap_or(aim);
    if !zone.contains(here) {
        let end = End { at: inside(zone, here, to, persona, rng), zone: Some(zone) };
        travel(&mut gesture, here, end, to, persona, rng);
    }
    gesture
}

/// Moves the pointer into the box, rests, and clicks there.
pub fn click(from: Point, to: Rect, persona: &Persona, rng: &mut Rng) -> Gesture {
    let mut gesture = approach(from, to, persona, rng);
    let at = gesture.end().unwrap_or(from);
    let settle = log_normal(rng, persona.click.settle_ms, persona.click.settle_sigma);
    push(&mut gesture, settle.clamp(1.0, SETTLE_MAX_MS), Input::Down(at));
    push(&mut gesture, hold_ms(persona, rng), Input::Up(at));
    gesture
}

/// Touches the box with a finger.
///
/// The way of the finger to the screen leaves no events; a tap that would miss is drawn again,
/// since nothing could take it back.
pub fn tap(to: Rect, persona: &Persona, rng: &mut Rng) -> Gesture {
    let to = tame_rect(to);
    // A thumb comes from below.
    let below = Point { y: to.y + 2.0 * to.h.max(1.0), ..to.center() };
    let at = inside(landing_zone(to), below, to, persona, rng);
    let mut gesture = Gesture::default();
    push(&mut gesture, 0.0, Input::TouchStart(at));
    push(&mut gesture, hold_ms(persona, rng), Input::TouchEnd);
    gesture
}

/// How long the button or the finger stays down.
fn hold_ms(persona: &Persona, rng: &mut Rng) -> f64 {
    let trackpad = if persona.pointer == Pointer::Trackpad { TRACKPAD_HOLD_MS } else { 0.0 };
    let hold = log_normal(rng, persona.click.hold_ms + trackpad, persona.click.hold_sigma);
    let longer = if rng.random_bool(LONG_HOLDS) { rng.random_range(2.0..3.0) } else { 1.0 };
    (hold * longer).max(HOLD_MIN_MS)
}

/// Adds a whole movement to the gesture.
fn travel(
    gesture: &mut Gesture,
    from: Point,
    end: End,
    to: Rect,
    persona: &Persona,
    rng: &mut Rng,
) {
    let total = movement_ms(from, to, persona, rng);
    reach(gesture, (from, end), total, &persona.pointing, rng);
}

/// Where the hand comes down: normal around the middle, wider along the approach than across.
pub(super) fn aim(from: Point, to: Rect, persona: &Persona, rng: &mut Rng) -> Point {
    let center = to.center();
    let sd = persona.pointing.precision * width_of(to) / WIDTHS_PER_SD;
    let (dx, dy) = (center.x - from.x, center.y - from.y);
    let distance = dx.hypot(dy).max(f64::EPSILON);
    let (ux, uy) = (dx / distance, dy / distance);
    let (along, across) = (normal(rng, 0.0, sd), normal(rng, 0.0, ACROSS * sd));
    Point { x: center.x + ux * along - uy * across, y: center.y + uy * along + ux * across }
}

/// A point that does not miss.
fn inside(zone: Rect, from: Point, to: Rect, persona: &Persona, rng: &mut Rng) -> Point {
    let mut tries = (0..16).map(|_| aim(from, to, persona, rng));
    tries.find(|point| zone.contains(*point)).unwrap_or_else(|| zone.center())
}

/// The smaller side: the width that Fitts's law takes for a box (`MacKenzie` & Buxton 1992).
fn width_of(to: Rect) -> f64 {
    to.w.min(to.h).max(1.0)
}

/// The box without its edge, where a pixel's rounding could fall outside.
fn landing_zone(to: Rect) -> Rect {
    let (dx, dy) = ((to.w / 4.0).min(1.0), (to.h / 4.0).min(1.0));
    Rect { x: to.x + dx, y: to.y + dy, w: to.w - 2.0 * dx, h: to.h - 2.0 * dy }
}

#[cfg(test)]
mod tests;
