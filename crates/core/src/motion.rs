//! Motion: what pointer, wheel, finger and keys will do, and how long is looked and hesitated.
//!
//! Each planner is a pure function of a persona, the geometry and a generator, in virtual time from
//! the gesture's start. It knows no page, no clock and no browser: a driver carries the
//! [`Gesture`] out by absolute deadlines, and `Gesture::paced` makes it faster without changing
//! its shape. The models and the published figures behind them are named where they are used; give
//! each gesture a generator of its own ([`Seed::child`](crate::rng::Seed::child)), so that a
//! longer text does not move the mouse.

pub mod agenda;
pub mod dwell;
pub mod glide;
pub mod pointer;
pub mod portrait;
pub mod rhythm;
pub mod scroll;
pub mod typing;

#[cfg(test)]
mod acceptance;
#[cfg(test)]
mod anything;
mod draw;
#[cfg(test)]
mod golden;
#[cfg(test)]
mod testing;

use crate::gesture::{Gesture, Input, Point, Rect, Timed};

/// Farthest that anything on a page may be said to be.
const FAR_PX: f64 = 1_000_000.0;

/// A number of pixels from a page: what is none counts as nothing.
fn px(said: f64) -> f64 {
    if said.is_nan() { 0.0 } else { said.clamp(-FAR_PX, FAR_PX) }
}

fn tame_point(said: Point) -> Point {
    Point { x: px(said.x), y: px(said.y) }
}

fn tame_rect(said: Rect) -> Rect {
    Rect { x: px(said.x), y: px(said.y), w: px(said.w).max(0.0), h: px(said.h).max(0.0) }
}

/// Puts `input` after the gesture's last event, `wait_ms` later.
fn push(gesture: &mut Gesture, wait_ms: f64, input: Input) {
    let at_ms = gesture.duration_ms() + wait_ms;
    gesture.0.push(Timed { at_ms, input });
}
