//! Scrolling: notches of a wheel, drags of a finger, or flings.
//!
//! A wheel sends whole notches, and the browser smooths them. To reach a place a finger drags
//! ([`flick`]): it is put down, moves with falling speed, rests and lifts, so that the page stands
//! still where it was let go: what the finger travels is what the page scrolls, and the next tap
//! does not merely stop a fling. To get on through a feed it lets go in motion ([`fling`]), and the
//! page glides on.

mod fling;

use rand::RngExt;

pub use self::fling::{Flung, fling};

use super::draw::{log_normal, normal};
use super::dwell::read_ms;
use super::{push, px, tame_point, tame_rect};
use crate::gesture::{Gesture, Input, Point, Rect};
use crate::persona::Persona;
use crate::rng::Rng;

/// Notches a burst, median and sigma of ln: with the mean of 7.2 and 95 % below 26 of Balabit.
const BURST: (f64, f64) = (2.0, 1.6);
/// Most notches a burst. Chosen: ten seconds of turning at Balabit's median speed.
const BURST_MAX: u64 = 60;
/// Time between notches within a burst, median and sigma of ln: between Balabit's median gap of
/// 31 ms (shortened by its coarse clock) and its median speed of 6 notches a second.
const GAP: (f64, f64) = (70.0, 1.2);
/// Least and most of that time; at a second, a burst is over.
const GAPS_MS: (f64, f64) = (8.0, 900.0);
/// Sigma of ln rest between bursts. Chosen.
const REST_SIGMA: f64 = 0.6;
/// Least rest: below it, it would be the same burst.
const REST_MIN_MS: f64 = 1000.0;

/// Time between two reports of a touch screen: 60 Hz.
const TOUCH_SAMPLE_MS: f64 = 16.0;
/// How long the finger rests before it lifts, median and sigma of ln. Chosen: longer than the 40 ms
/// after which Chromium takes a finger to have stopped.
const LIFT: (f64, f64) = (90.0, 0.25);
/// Sigma of ln drag time. Chosen.
const FLICK_SIGMA: f64 = 0.25;
/// Time between two drags, median and sigma of ln: the finger's way back. Chosen.
const RETURN: (f64, f64) = (380.0, 0.35);
/// Shortest drag. A finger that travels less than the touch slop (15 px in Chromium's
/// `GestureConfiguration::max_touch_move_in_pixels_for_click`) taps what lies under it.
pub const DRAG_MIN_PX: f64 = 30.0;
/// Share of the viewport that a finger keeps away from its edges, where other things listen.
const MARGIN: f64 = 0.08;

/// Turns the wheel until the page has gone `dy_total` CSS pixels (down if positive), to the
/// nearest notch.
///
/// Longer ways come in bursts; the rests between them are looks at what has come up, so a caller
/// that plans a dwell for the same content takes the gesture's duration off it.
pub fn wheel(at: Point, dy_total: f64, persona: &Persona, rng: &mut Rng) -> Gesture {
    turn(at, dy_total, persona, rng, |_, rng| {
        log_normal(rng, persona.scroll.rest_ms, REST_SIGMA).max(REST_MIN_MS)
    })
}

/// The same through text of `words_a_px` words a pixel: each rest reads what has just come up.
pub fn wheel_reading(
    at: Point,
    dy_total: f64,
    words_a_px: f64,
    persona: &Persona,
    rng: &mut Rng,
) -> Gesture {
    turn(at, dy_total, persona, rng, |px, rng| {
        read_ms((px * words_a_px).round() as usize, persona, rng).max(REST_MIN_MS)
    })
}

/// Turns in bursts; `rest` says how long is rested after so many pixels.
fn turn(
    at: Point,
    dy_total: f64,
    persona: &Persona,
    rng: &mut Rng,
    rest: impl Fn(f64, &mut Rng) -> f64,
) -> Gesture {
    let (at, dy_total) = (tame_point(at), px(dy_total));
    let notch = persona.scroll.notch_px;
    let mut left = (dy_total.abs() / notch).round() as u64;
    let mut gesture = Gesture::default();
    let mut wait = 0.0;
    while left > 0 {
        let burst =
            (log_normal(rng, BURST.0, BURST.1).round() as u64).clamp(1, BURST_MAX.min(left));
        for _ in 0..burst {
            push(&mut gesture, wait, Input::Wheel { at, dy: notch.copysign(dy_total) });
            wait = log_normal(rng, GAP.0, GAP.1).clamp(GAPS_MS.0, GAPS_MS.1);
        }
        left -= burst;
        wait = rest(burst as f64 * notch, rng);
    }
    gesture
}

/// Drags the page by `dy` CSS pixels (down if positive: the finger goes up), in as many drags as
/// the viewport takes; by [`DRAG_MIN_PX`] where it is less, for a shorter one would be a tap.
pub fn flick(viewport: Rect, dy: f64, persona: &Persona, rng: &mut Rng) -> Gesture {
    let (viewport, dy) = (tame_rect(viewport), px(dy));
    let reach = persona.scroll.flick_reach.min(1.0 - 2.0 * MARGIN) * viewport.h;
    let mut gesture = Gesture::default();
    let mut left = dy.abs().round();
    if left > 0.0 {
        left = left.max(DRAG_MIN_PX);
    }
    let mut wait = 0.0;
    while left > 0.0 {
        let part = part((reach * rng.random_range(0.75..1.0)).ceil(), left);
        drag(&mut gesture, wait, (viewport, part.copysign(dy)), persona, rng);
        left -= part;
        wait = log_normal(rng, RETURN.0, RETURN.1);
    }
    gesture
}

/// How far the next drag goes, so that neither it nor what it leaves is too short for one.
fn part(reach: f64, left: f64) -> f64 {
    let part = reach.max(2.0 * DRAG_MIN_PX);
    if part >= left {
        return left;
    }
    part.min(left - DRAG_MIN_PX)
}

/// One drag: down, along with falling speed, a rest, up.
fn drag(
    gesture: &mut Gesture,
    wait: f64,
    (viewport, dy): (Rect, f64),
    persona: &Persona,
    rng: &mut Rng,
) {
    let (top, bottom) = band(viewport.y, viewport.h);
    let (left, right) = band(viewport.x, viewport.w);
    // The finger goes against the page, and begins where it has room.
    let room = (bottom - top - dy.abs()).max(0.0);
    let spare = (room * rng.random_range(0.2..0.8)).round();
    let y = if dy > 0.0 { bottom - spare } else { top + spare };
    // A right thumb: right of the middle, pulled a little aside as it bends.
    let x = viewport.x + viewport.w * normal(rng, 0.62, 0.07);
    let aside = normal(rng, 0.06, 0.03) * dy.abs();
    let at = |done: f64| Point {
        x: (x + aside * done * done).round().clamp(left, right),
        y: (y - dy * done).round().clamp(viewport.y, viewport.y + viewport.h),
    };
    let time = log_normal(rng, persona.scroll.flick_ms, FLICK_SIGMA);
    let samples = (time / TOUCH_SAMPLE_MS).ceil().max(4.0);

    let mut here = at(0.0);
    push(gesture, wait, Input::TouchStart(here));
    let start_ms = gesture.duration_ms();
    for sample in 1..=samples as u32 {
        let done = 1.0 - (1.0 - f64::from(sample) / samples).powi(3);
        let next = at(done);
        if next != here {
            let at_ms = start_ms + f64::from(sample) * TOUCH_SAMPLE_MS;
            push(gesture, at_ms - gesture.duration_ms(), Input::TouchMove(next));
            here = next;
        }
    }
    push(gesture, log_normal(rng, LIFT.0, LIFT.1).max(60.0), Input::TouchEnd);
}

/// The stretch of a side that a finger keeps to, in whole pixels.
fn band(from: f64, length: f64) -> (f64, f64) {
    let (low, high) = ((from + MARGIN * length).ceil(), (from + (1.0 - MARGIN) * length).floor());
    (low, high.max(low))
}

#[cfg(test)]
mod tests {
    use super::super::testing::assert_in_order;
    use super::*;
    use crate::rng::Seed;

    const PHONE: Rect = Rect { x: 0.0, y: 0.0, w: 412.0, h: 839.0 };

    fn wheeled(dy: f64, seed: u64) -> Gesture {
        let at = Point { x: 300.0, y: 300.0 };
        wheel(at, dy, &Persona::default(), &mut Seed(seed).rng())
    }

    /// How far each finger went, and that it stayed within the viewport.
    fn dragged(gesture: &Gesture, viewport: Rect) -> f64 {
        let (mut sum, mut here) = (0.0, None);
        for timed in &gesture.0 {
            here = match (&timed.input, here) {
                (Input::TouchStart(at), None) => Some(*at),
                (Input::TouchMove(at), Some(Point { y, .. })) => {
                    sum += y - at.y;
                    Some(*at)
                }
                (Input::TouchEnd, Some(_)) => None,
                (input, here) => panic!("{input:?} after {here:?}"),
            };
            assert!(here.is_none_or(|at| viewport.contains(at)), "{here:?}");
        }
        assert!(here.is_none());
        sum
    }

    #[test]
    fn notches_are_whole_and_sum_to_the_way() {
        for (seed, dy) in [0.0, 30.0, 149.0, 800.0, -1234.0, 9999.0].into_iter().enumerate() {
            let gesture = wheeled(dy, seed as u64);
            assert_in_order(&gesture);
            let mut sum = 0.0;
            for timed in &gesture.0 {
                let Input::Wheel { dy, .. } = timed.input else { panic!("{timed:?}") };
                assert!((dy.abs() - 100.0).abs() < f64::EPSILON);
                sum += dy;
            }
            assert!((sum - dy).abs() <= 100.0, "{sum} for {dy}");
        }
    }

    #[test]
    fn a_finger_stays_on_the_screen_and_goes_the_way() {
        let offset = Rect { x: 10.0, y: 50.0, w: 300.0, h: 200.5 };
        for (seed, dy) in [0.0, 30.0, 40.0, 300.0, -700.0, 3000.0].into_iter().enumerate() {
            for viewport in [PHONE, offset] {
                let gesture =
                    flick(viewport, dy, &Persona::default(), &mut Seed(seed as u64).rng());
                assert_in_order(&gesture);
                let sum = dragged(&gesture, viewport);
                assert!((sum - dy).abs() <= 1.0, "{sum} for {dy}");
            }
        }
    }

    /// How far each drag went.
    fn drags(gesture: &Gesture) -> Vec<f64> {
        let (mut from, mut to, mut drags) = (0.0, 0.0, Vec::new());
        for timed in &gesture.0 {
            match timed.input {
                Input::TouchStart(at) => (from, to) = (at.y, at.y),
                Input::TouchMove(at) => to = at.y,
                _ => drags.push((to - from).abs()),
            }
        }
        drags
    }

    #[test]
    fn no_drag_is_so_short_that_it_would_be_a_tap() {
        for seed in 0..200 {
            for dy in (1..4000).step_by(37).map(f64::from) {
                let gesture = flick(PHONE, dy, &Persona::default(), &mut Seed(seed).rng());
                let shortest = drags(&gesture).into_iter().fold(f64::MAX, f64::min);
                assert!(shortest >= DRAG_MIN_PX, "seed {seed}: {shortest} px of {dy}");
            }
        }
    }

    #[test]
    fn a_drag_slows_down_and_rests_before_the_finger_lifts() {
        let gesture = flick(PHONE, 380.0, &Persona::default(), &mut Seed(2).rng());
        let events = &gesture.0
            [..gesture.0.iter().position(|timed| timed.input == Input::TouchEnd).unwrap()];
        let ys: Vec<f64> = events
            .iter()
            .filter_map(|timed| match timed.input {
                Input::TouchStart(at) | Input::TouchMove(at) => Some(at.y),
                _ => None,
            })
            .collect();
        assert!(ys[0] - ys[1] > 4.0 * (ys[ys.len() - 2] - ys[ys.len() - 1]));
        let lifted = gesture.0.iter().find(|timed| timed.input == Input::TouchEnd).unwrap().at_ms;
        assert!(lifted - events[events.len() - 1].at_ms >= 60.0);
    }
}
