//! V: speed and path of pointing against 2,356 recorded moves (quantiles of the motion reference).

use std::sync::LazyLock;

use super::super::draw::log_normal;
use super::super::testing::{
    ks_table, logs, low_pass, mean, median, peaks, people, quantile, sd, seeds, share, within,
};
use crate::gesture::{Gesture, Input, Point, Rect, Timed};
use crate::motion::pointer::{SAMPLE_MS, approach};
use crate::rng::Seed;
use rand::RngExt;

const FROM: Point = Point { x: 3000.0, y: 3000.0 };

/// What the moves show, a value a move.
#[derive(Default)]
struct Features {
    peaks: Vec<f64>,
    peaks_12_hz: Vec<f64>,
    to_peak: Vec<f64>,
    peak_over_mean: Vec<f64>,
    path: Vec<f64>,
    lateral: Vec<f64>,
    time_ms: Vec<f64>,
    top: Vec<f64>,
    near_ms: Vec<f64>,
}

/// Where the pointer is each 8 ms, from the start on.
fn resampled(gesture: &Gesture) -> Vec<Point> {
    let samples = (gesture.duration_ms() / SAMPLE_MS).round() as u32;
    let mut here = FROM;
    let mut events = gesture.0.iter().peekable();
    (0..=samples)
        .map(|sample| {
            while let Some(Timed { input: Input::Move(point), .. }) =
                events.next_if(|timed| timed.at_ms <= f64::from(sample) * SAMPLE_MS + 1e-6)
            {
                here = *point;
            }
            here
        })
        .collect()
}

fn steps(points: &[Point]) -> Vec<f64> {
    points.windows(2).map(|two| (two[1].x - two[0].x).hypot(two[1].y - two[0].y)).collect()
}

impl Features {
    /// The recordings say neither how far nor to what was pointed: the distances are chosen so that
    /// time and top speed have the recordings' middle, the widths as the recipe was fitted with.
    fn of(seed: Seed) -> Self {
        let mut features = Self::default();
        for (n, (persona, mut rng)) in people(seed, 1000).enumerate() {
            let distance = log_normal(&mut rng, 560.0, 0.5).clamp(136.0, 1800.0);
            let (width, angle) = (rng.random_range(24.0..96.0), n as f64);
            let (x, y) = (FROM.x + distance * angle.cos(), FROM.y + distance * angle.sin());
            let to = Rect { x: x - width / 2.0, y: y - width / 2.0, w: width, h: width };
            features.add(&resampled(&approach(FROM, to, &persona, &mut rng)));
        }
        features
    }

    fn add(&mut self, points: &[Point]) {
        let smooth = low_pass(points, 7.0);
        let speed = steps(&smooth);
        let top = quantile(&speed, 1.0);
        let moving = |value: &f64| *value > 0.05 * top;
        let begin = speed.iter().position(moving).unwrap();
        let end = speed.iter().rposition(moving).unwrap();
        let peak = speed.iter().position(|value| *value >= top).unwrap();
        let last = points[points.len() - 1];
        let (dx, dy) = (last.x - FROM.x, last.y - FROM.y);
        let straight = dx.hypot(dy);
        let across = |at: &Point| ((at.x - FROM.x) * dy - (at.y - FROM.y) * dx).abs() / straight;
        let far = |at: &Point| (last.x - at.x).hypot(last.y - at.y) > 0.05 * straight;
        let near = points.len() - 1 - points.iter().rposition(far).unwrap_or(0);
        self.peaks.push(peaks(&speed, 0.05) as f64);
        self.peaks_12_hz.push(peaks(&steps(&low_pass(points, 12.0)), 0.05) as f64);
        self.to_peak.push((peak - begin) as f64 / (end - begin) as f64);
        self.peak_over_mean.push(top / mean(&speed));
        self.path.push(speed.iter().sum::<f64>() / straight);
        self.lateral.push(smooth.iter().map(across).fold(0.0, f64::max) / straight);
        self.time_ms.push((points.len() - 1) as f64 * SAMPLE_MS);
        self.top.push(top / SAMPLE_MS * 1000.0);
        self.near_ms.push(near as f64 * SAMPLE_MS);
    }
}

/// The moves of each seed, planned once for all tests.
static MOVES: LazyLock<Vec<(Seed, Features)>> =
    LazyLock::new(|| seeds().map(|seed| (seed, Features::of(seed))).collect());

#[test]
fn v1_a_move_has_as_many_speed_peaks_as_a_hands() {
    for (seed, moves) in &*MOVES {
        within("V1 peaks at 7 Hz", *seed, mean(&moves.peaks), 1.6, 2.4);
        within("V1 above four", *seed, share(&moves.peaks, |count| count > 4.0), 0.0, 0.05);
        within("V1 peaks at 12 Hz", *seed, mean(&moves.peaks_12_hz), 2.0, 2.9);
    }
}

#[test]
fn v2_the_peak_comes_early() {
    for (seed, moves) in &*MOVES {
        within("V2 time to peak", *seed, median(&moves.to_peak), 0.22, 0.34);
        within("V2 before the half", *seed, share(&moves.to_peak, |time| time < 0.5), 0.8, 1.0);
    }
}

#[test]
fn v3_the_peak_is_far_above_the_mean() {
    for (seed, moves) in &*MOVES {
        within("V3 peak over mean", *seed, median(&moves.peak_over_mean), 3.4, 5.3);
    }
}

#[test]
fn v4_the_path_bows_as_a_hands() {
    for (seed, moves) in &*MOVES {
        within("V4 path over distance", *seed, median(&moves.path), 1.03, 1.12);
        within("V4 lateral over distance", *seed, median(&moves.lateral), 0.06, 0.13);
    }
}

#[test]
fn v5_every_feature_is_distributed_as_recorded() {
    let shares = [0.05, 0.25, 0.5, 0.75, 0.95];
    let table = |values: [f64; 5]| -> Vec<(f64, f64)> { shares.into_iter().zip(values).collect() };
    for (seed, moves) in &*MOVES {
        let near = |name: &str, values: &[f64], recorded: [f64; 5]| {
            within(name, *seed, ks_table(values, &table(recorded)), 0.0, 0.2);
        };
        // Shares with one, two and three peaks, and no more.
        let counts = [(0.30, 1.0), (0.78, 2.0), (0.96, 3.0)];
        let peaks: Vec<f64> = counts
            .map(|(wanted, most)| (share(&moves.peaks, |count| count <= most) - wanted).abs())
            .to_vec();
        within("V5 peaks", *seed, quantile(&peaks, 1.0), 0.0, 0.2);
        near("V5 time to peak", &moves.to_peak, [0.12, 0.20, 0.28, 0.40, 0.60]);
        near("V5 peak over mean", &moves.peak_over_mean, [2.56, 3.47, 4.33, 5.59, 8.63]);
        near("V5 path", &moves.path, [1.010, 1.030, 1.071, 1.193, 1.93]);
        near("V5 lateral", &moves.lateral, [0.026, 0.056, 0.092, 0.162, 0.485]);
        near("V5 top speed", &moves.top, [1422.0, 2829.0, 4128.0, 5763.0, 8509.0]);
        near("V5 time in the last 5 %", &moves.near_ms, [56.0, 117.0, 197.0, 283.0, 511.0]);
        let table = [(0.05, 432.0), (0.5, 712.0), (0.95, 1255.0)];
        within("V5 time", *seed, ks_table(&moves.time_ms, &table), 0.0, 0.2);
        within("V5 sd of ln time", *seed, sd(&logs(&moves.time_ms)), 0.25, 0.4);
    }
}
