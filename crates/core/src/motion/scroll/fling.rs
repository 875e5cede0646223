//! Flings: a finger that lets go in motion, and a page that glides on.

use rand::RngExt;

use super::super::draw::normal;
use super::super::glide::Glide;
use super::super::{push, px, tame_rect};
use super::{DRAG_MIN_PX, TOUCH_SAMPLE_MS, band, flick};
use crate::gesture::{Gesture, Input, Point, Rect};
use crate::persona::Persona;
use crate::rng::Rng;

/// How long the finger is down, in milliseconds. Chosen, as the reference has it.
const PHASE_MS: (f64, f64) = (60.0, 250.0);
/// How the finger gains speed: travel as that power of time, at least and at most. Chosen: 1 would
/// be full speed from the touch on.
const GAIN: (f64, f64) = (1.1, 1.7);
/// Shortest way that is flung: below it a finger drags. With the slowest finger even iOS glides no
/// further.
const FLING_MIN_PX: f64 = 120.0;
/// How long after its last move the finger lifts: within the same report of the screen.
const RELEASE_MS: f64 = 6.0;
/// How much of the finger's last way a browser looks at (Chromium,
/// `ui/events/gesture_detection/velocity_tracker.cc`, as Android's `VelocityTracker`).
const FELT_MS: f64 = 100.0;
/// Time between a page's rest and the next touch, in milliseconds. Chosen.
const BETWEEN_MS: (f64, f64) = (120.0, 420.0);

/// A fling or several.
#[derive(Debug, Clone, PartialEq)]
pub struct Flung {
    /// What the finger does.
    pub gesture: Gesture,
    /// How far the page goes in all, glides included; down if positive.
    pub way_px: f64,
    /// How long the page still moves after the finger has lifted for the last time.
    pub glide_ms: f64,
}

/// Flings the page by `dy` CSS pixels (down if positive) where it glides as `glide` says.
///
/// Several times if the finger has no room for the speed; each waits until the page stands still.
/// What is left and too short for a fling is dragged.
pub fn fling(viewport: Rect, dy: f64, glide: Glide, persona: &Persona, rng: &mut Rng) -> Flung {
    let (viewport, dy) = (tame_rect(viewport), px(dy));
    let room = (persona.scroll.flick_reach * viewport.h).max(2.0 * DRAG_MIN_PX);
    let whole = dy.abs();
    let mut flung = Flung { gesture: Gesture::default(), way_px: 0.0, glide_ms: 0.0 };
    let mut gone = 0.0;
    let mut wait = 0.0;
    while whole - gone >= FLING_MIN_PX {
        let throw = Throw::towards(whole - gone, room, glide, rng);
        throw.add(&mut flung.gesture, wait, (viewport, dy), rng);
        gone += throw.way(glide);
        flung.glide_ms = glide.duration_ms(throw.speed);
        wait = flung.glide_ms + rng.random_range(BETWEEN_MS.0..BETWEEN_MS.1);
    }
    let left = (whole - gone).round();
    if left >= DRAG_MIN_PX {
        let begin = flung.gesture.duration_ms() + wait;
        for timed in flick(viewport, left.copysign(dy), persona, rng).0 {
            push(&mut flung.gesture, 0.0, timed.input);
            if let Some(last) = flung.gesture.0.last_mut() {
                last.at_ms = begin + timed.at_ms;
            }
        }
        gone += left;
        flung.glide_ms = 0.0;
    }
    flung.way_px = gone.copysign(dy);
    flung
}

/// One movement of the finger: `travel (t / time)^gain`.
#[derive(Clone, Copy)]
struct Throw {
    travel: f64,
    time_ms: f64,
    gain: f64,
    /// Pixels a second as it lifts, as a browser feels it.
    speed: f64,
}

impl Throw {
    fn new(travel: f64, time_ms: f64, gain: f64) -> Self {
        let last = (FELT_MS.min(time_ms) / TOUCH_SAMPLE_MS).floor() as u32;
        let samples = (0..=last).map(|back| {
            let ago = f64::from(back) * TOUCH_SAMPLE_MS;
            (-ago, travel * (1.0 - ago / time_ms).powf(gain))
        });
        Self { travel, time_ms, gain, speed: felt_speed(samples) * 1000.0 }
    }

    /// How far it brings the page.
    fn way(self, glide: Glide) -> f64 {
        self.travel + glide.distance_px(self.speed)
    }

    /// The one that brings the page `way` on, or as far as the finger's room gets it.
    fn towards(way: f64, room: f64, glide: Glide, rng: &mut Rng) -> Self {
        let mut time_ms = rng.random_range(PHASE_MS.0..PHASE_MS.1);
        let mut gain = rng.random_range(GAIN.0..GAIN.1);
        if Self::new(DRAG_MIN_PX, time_ms, gain).way(glide) > way {
            (time_ms, gain) = (PHASE_MS.1, GAIN.0);
        }
        let (mut low, mut high) = (DRAG_MIN_PX, room);
        for _ in 0..40 {
            let middle = f64::midpoint(low, high);
            if Self::new(middle, time_ms, gain).way(glide) < way {
                low = middle;
            } else {
                high = middle;
            }
        }
        Self::new(low, time_ms, gain)
    }

    fn add(self, gesture: &mut Gesture, wait: f64, (viewport, dy): (Rect, f64), rng: &mut Rng) {
        let (left, right) = band(viewport.x, viewport.w);
        let (top, bottom) = band(viewport.y, viewport.h);
        // The finger goes against the page, and begins where it has room.
        let spare = (bottom - top - self.travel).max(0.0) * rng.random_range(0.1..0.5);
        let y = if dy > 0.0 { bottom - spare } else { top + spare };
        let x = (viewport.x + viewport.w * normal(rng, 0.62, 0.07)).clamp(left, right);
        let aside = normal(rng, 0.06, 0.03) * self.travel;
        let at = |done: f64| Point {
            x: (x + aside * done * done).clamp(left, right),
            y: (y - (self.travel * done).copysign(dy)).clamp(viewport.y, viewport.y + viewport.h),
        };
        push(gesture, wait, Input::TouchStart(at(0.0)));
        let start_ms = gesture.duration_ms();
        let samples = (self.time_ms / TOUCH_SAMPLE_MS).floor();
        // The last report is at the end, so that the speed there is the whole of it.
        let first_ms = self.time_ms - samples * TOUCH_SAMPLE_MS;
        for sample in 0..=samples as u32 {
            let at_ms = first_ms + f64::from(sample) * TOUCH_SAMPLE_MS;
            let next = at((at_ms / self.time_ms).powf(self.gain));
            push(gesture, start_ms + at_ms - gesture.duration_ms(), Input::TouchMove(next));
        }
        push(gesture, RELEASE_MS, Input::TouchEnd);
    }
}

/// The slope at its end of the parabola that fits best through places at times, of which the last
/// is 0: how Chromium and Android tell a finger's speed (the same source's `LSQ2`).
fn felt_speed(samples: impl Iterator<Item = (f64, f64)>) -> f64 {
    // Sums of t^n, and of y t^n.
    let (mut t, mut y) = ([0.0; 5], [0.0; 3]);
    for (at, place) in samples {
        let mut power = 1.0;
        for n in 0..5 {
            t[n] += power;
            if n < 3 {
                y[n] += place * power;
            }
            power *= at;
        }
    }
    let det = |[a, b, c]: [[f64; 3]; 3]| {
        a[0] * (b[1] * c[2] - b[2] * c[1]) - a[1] * (b[0] * c[2] - b[2] * c[0])
            + a[2] * (b[0] * c[1] - b[1] * c[0])
    };
    let row = |n: usize| [t[n], t[n + 1], t[n + 2]];
    let with = |n: usize| [t[n], y[n], t[n + 2]];
    det([with(0), with(1), with(2)]) / det([row(0), row(1), row(2)])
}
