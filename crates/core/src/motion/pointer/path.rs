//! The path of one movement: strokes with lognormal speed, summed.
//!
//! A stroke's progress is the distribution function of a log-normal in time (Plamondon's kinematic
//! theory), which is quick to rise and slow to settle as hands are. The shares, shapes and delays
//! were searched for against 2,356 recorded moves: peaks, asymmetry, path length and lateral
//! deviation of the sum, after a 7 Hz low-pass, are theirs.

use rand::RngExt;

use super::super::draw::{normal, normal_within, phi, pick};
use super::super::push;
use super::{SAMPLE_MS, width_of};
use crate::gesture::{Gesture, Input, Point, Rect};
use crate::persona::{Persona, Pointer, Pointing};
use crate::rng::Rng;

/// Shares of movements with one, two and three corrective strokes where `pointing.correction` is
/// people's middle, .8; the rest, .16, has none.
const CORRECTIONS: [f64; 3] = [0.58, 0.15, 0.11];
/// People's middle of `pointing.correction`, at which the shares were searched for.
const MIDDLE: f64 = 0.8;
/// How much of the way the primary stroke leaves to the corrections at that middle: it goes .83.
const SHORTFALL: f64 = 0.17;
/// Spread of how far the primary stroke goes, as a share of the distance.
const GAIN_SPREAD: f64 = 0.2;
/// Spread of the primary's end across the way, as a share of the distance.
const STRAY: f64 = 0.047;
/// Mean and spread of the primary's share of the time, and its ends.
const PRIMARY_TIME: ((f64, f64), (f64, f64)) = ((0.55, 0.22), (0.2, 0.95));
/// Mean and spread of the primary's shape (sigma of its log-normal).
const PRIMARY_SHAPE: (f64, f64) = (0.21, 0.08);
/// Mean and spread of a corrective stroke's.
const CORRECTIVE_SHAPE: (f64, f64) = (0.3, 0.08);
/// Least and most shape of any.
const SHAPES: (f64, f64) = (0.15, 0.7);
/// When the first correction begins, in primary stroke's times.
const CORRECTION_DELAY: (f64, f64) = (0.98, 1.23);
/// Mean and spread of the share of what is left that a correction takes; the last takes all.
const CORRECTION_GAIN: (f64, f64) = (0.7, 0.1);
/// Share of its slot of the remaining time that a correction takes; what is left is rest. With
/// it the last 5 % of the way take as long as recorded.
const CORRECTION_TIME: f64 = 0.65;
/// Standard deviations that are 98 % of a stroke, which is called its end.
const DONE: f64 = 2.05;
/// How much slower a trackpad gains precision. Chosen: throughputs of .99–2.9 against a mouse's
/// 3.7–4.9 bit/s are printed.
const TRACKPAD: f64 = 1.5;

/// No movement takes longer, however far a page says that its box is.
const MOVEMENT_MAX_MS: f64 = 10_000.0;

/// Where a movement ends.
#[derive(Clone, Copy)]
pub(super) struct End {
    /// The point.
    pub(super) at: Point,
    /// The box that its pixel must not leave; `None` for a miss.
    pub(super) zone: Option<Rect>,
}

impl End {
    /// The end as a mouse reports it: a whole pixel, if there is one in the zone.
    fn pixel(self) -> Point {
        let pixel = round(self.at);
        match self.zone {
            Some(zone) if !zone.contains(pixel) => self.at,
            _ => pixel,
        }
    }
}

/// How long the movement takes: Fitts's law with a person's scatter around it.
pub(super) fn movement_ms(from: Point, to: Rect, persona: &Persona, rng: &mut Rng) -> f64 {
    let center = to.center();
    let distance = (center.x - from.x).hypot(center.y - from.y);
    let difficulty = (distance / width_of(to) + 1.0).log2();
    let trackpad = if persona.pointer == Pointer::Trackpad { TRACKPAD } else { 1.0 };
    let pointing = &persona.pointing;
    let mean = pointing.a_ms + pointing.b_ms_per_bit * trackpad * difficulty;
    let sigma = pointing.sigma;
    (mean * normal(rng, -sigma * sigma / 2.0, sigma).exp()).clamp(2.0 * SAMPLE_MS, MOVEMENT_MAX_MS)
}

/// Adds the moves that reach the end point in `total_ms`.
pub(super) fn reach(
    gesture: &mut Gesture,
    (from, end): (Point, End),
    total_ms: f64,
    pointing: &Pointing,
    rng: &mut Rng,
) {
    let samples = (total_ms / SAMPLE_MS).ceil().max(1.0);
    let strokes = strokes(from, end.at, samples * SAMPLE_MS, pointing, rng);
    let start_ms = gesture.duration_ms();
    let mut last = round(from);
    for sample in 1..samples as u32 {
        let at_ms = f64::from(sample) * SAMPLE_MS;
        let here = round(position(from, &strokes, at_ms));
        // The left and upper edge hold a pointer; how far it is to the others is not known.
        let here = Point { x: here.x.max(0.0), y: here.y.max(0.0) };
        if here != last {
            let wait = start_ms + at_ms - gesture.duration_ms();
            push(gesture, wait, Input::Move(here));
            last = here;
        }
    }
    let wait = start_ms + samples * SAMPLE_MS - gesture.duration_ms();
    push(gesture, wait, Input::Move(end.pixel()));
}

/// One stroke: a straight way with a bow, and its log-normal time.
struct Stroke {
    dx: f64,
    dy: f64,
    bow: Point,
    start_ms: f64,
    mu: f64,
    sigma: f64,
    /// Progress that is reached at the movement's end, which counts as all.
    whole: f64,
}

impl Stroke {
    /// A stroke that is 98 % done `time_ms` after its start.
    fn new(
        way: Point,
        start_ms: f64,
        time_ms: f64,
        shape: (f64, f64),
        total: f64,
        rng: &mut Rng,
    ) -> Self {
        let sigma = normal_within(rng, shape, SHAPES);
        let mu = time_ms.ln() - DONE * sigma;
        let whole = phi(((total - start_ms).ln() - mu) / sigma);
        Self { dx: way.x, dy: way.y, bow: Point::default(), start_ms, mu, sigma, whole }
    }

    fn progress(&self, at_ms: f64) -> f64 {
        let since = at_ms - self.start_ms;
        if since <= 0.0 {
            return 0.0;
        }
        (phi((since.ln() - self.mu) / self.sigma) / self.whole).min(1.0)
    }
}

fn strokes(from: Point, to: Point, total: f64, pointing: &Pointing, rng: &mut Rng) -> Vec<Stroke> {
    let way = Point { x: to.x - from.x, y: to.y - from.y };
    let ready = pointing.correction / MIDDLE;
    let [one, two, three] = CORRECTIONS.map(|share| share * ready);
    let corrections = pick(rng, &[(1.0 - one - two - three).max(0.0), one, two, three]);
    let (gain, stray) = match corrections {
        0 => (1.0, 0.0),
        _ => (normal(rng, 1.0 - SHORTFALL * ready, GAIN_SPREAD), normal(rng, 0.0, STRAY)),
    };
    let primary_ms = total * normal_within(rng, PRIMARY_TIME.0, PRIMARY_TIME.1);
    let first = Point { x: gain * way.x - stray * way.y, y: gain * way.y + stray * way.x };
    let mut primary = Stroke::new(first, 0.0, primary_ms, PRIMARY_SHAPE, total, rng);
    let bow = normal(rng, 0.0, pointing.curve);
    primary.bow = Point { x: -bow * way.y, y: bow * way.x };
    let mut strokes = vec![primary];

    let mut left = Point { x: way.x - first.x, y: way.y - first.y };
    let delay = rng.random_range(CORRECTION_DELAY.0..CORRECTION_DELAY.1);
    let begin = (primary_ms * delay).min(0.9 * total);
    let each = (total - begin) / corrections.max(1) as f64;
    for nth in 0..corrections {
        let share = if nth + 1 == corrections {
            1.0
        } else {
            normal(rng, CORRECTION_GAIN.0, CORRECTION_GAIN.1)
        };
        let part = Point { x: share * left.x, y: share * left.y };
        left = Point { x: left.x - part.x, y: left.y - part.y };
        let start = begin + nth as f64 * each;
        strokes.push(Stroke::new(
            part,
            start,
            CORRECTION_TIME * each,
            CORRECTIVE_SHAPE,
            total,
            rng,
        ));
    }
    strokes
}

fn position(from: Point, strokes: &[Stroke], at_ms: f64) -> Point {
    strokes.iter().fold(from, |point, stroke| {
        let progress = stroke.progress(at_ms);
        let bend = (std::f64::consts::PI * progress).sin();
        Point {
            x: point.x + stroke.dx * progress + stroke.bow.x * bend,
            y: point.y + stroke.dy * progress + stroke.bow.y * bend,
        }
    })
}

fn round(point: Point) -> Point {
    // Adding zero turns -0 into 0.
    Point { x: point.x.round() + 0.0, y: point.y.round() + 0.0 }
}
