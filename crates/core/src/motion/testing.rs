//! What the planners' tests share: people, statistics, fingerprints, and the filter that peaks are
//! counted behind. Distances between distributions are Kolmogorov and Smirnov's (KS), not p-values:
//! at these numbers real people fail those against every textbook distribution.

pub(super) mod fit;

use sha2::{Digest, Sha256};

use crate::gesture::{Gesture, Point};
use crate::persona::Persona;
use crate::rng::{Rng, Seed};

/// The seeds that each acceptance test must hold for: five, or as many as `WALKON_SEEDS` says.
#[expect(clippy::disallowed_methods, reason = "how long to test is asked of whoever tests")]
pub(super) fn seeds() -> impl Iterator<Item = Seed> {
    let asked = std::env::var("WALKON_SEEDS").ok().and_then(|count| count.parse().ok());
    (1..=asked.unwrap_or(5)).map(|nth| Seed(nth).child("acceptance"))
}

/// People of the middle of people, each with a generator.
pub(super) fn people(seed: Seed, count: u32) -> impl Iterator<Item = (Persona, Rng)> {
    (0..count).map(move |nth| {
        let seed = seed.child(&nth.to_string());
        (Persona::default().individual(seed), seed.child("motion").rng())
    })
}

/// That a figure lies where the literature has it.
pub(super) fn within(name: &str, seed: Seed, value: f64, low: f64, high: f64) {
    println!("{name}: {value:.3} ({low}..{high}) seed {}", seed.0);
    assert!((low..=high).contains(&value), "{name}: {value} is outside {low}..{high}, {seed:?}");
}

/// KS distance of the values from a distribution function; equal values count once.
pub(super) fn ks(values: &[f64], cdf: impl Fn(f64) -> f64) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let count = sorted.len() as f64;
    let (mut worst, mut before) = (0.0_f64, 0);
    for (at, value) in sorted.iter().enumerate() {
        if sorted.get(at + 1).is_some_and(|next| next <= value) {
            continue;
        }
        let here = cdf(*value);
        worst = worst.max((here - before as f64 / count).abs());
        worst = worst.max((here - (at + 1) as f64 / count).abs());
        before = at + 1;
    }
    worst
}

/// The largest difference from a table of shares and the values below which they lie.
pub(super) fn ks_table(values: &[f64], table: &[(f64, f64)]) -> f64 {
    let below = |limit: f64| {
        let strictly = values.iter().filter(|value| **value < limit).count();
        let at_most = values.iter().filter(|value| **value <= limit).count();
        (strictly as f64 / values.len() as f64, at_most as f64 / values.len() as f64)
    };
    table.iter().fold(0.0_f64, |worst, (share, value)| {
        let (low, high) = below(*value);
        worst.max(low - share).max(share - high)
    })
}

/// The correlation of two series.
pub(super) fn correlation(xs: &[f64], ys: &[f64]) -> f64 {
    let (mx, my) = (mean(xs), mean(ys));
    let products: Vec<f64> = xs.iter().zip(ys).map(|(x, y)| (x - mx) * (y - my)).collect();
    mean(&products) / (sd(xs) * sd(ys))
}

/// The natural logarithm of each.
pub(super) fn logs(values: &[f64]) -> Vec<f64> {
    values.iter().map(|value| value.ln()).collect()
}

/// The share of the values that pass.
pub(super) fn share(values: &[f64], test: impl Fn(f64) -> bool) -> f64 {
    values.iter().filter(|value| test(**value)).count() as f64 / values.len() as f64
}

/// The middle value.
pub(super) fn median(values: &[f64]) -> f64 {
    quantile(values, 0.5)
}

/// The value below which `share` of the values lie.
pub(super) fn quantile(values: &[f64], share: f64) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted[((sorted.len() - 1) as f64 * share).round() as usize]
}

pub(super) fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

pub(super) fn sd(values: &[f64]) -> f64 {
    let middle = mean(values);
    mean(&values.iter().map(|value| (value - middle).powi(2)).collect::<Vec<_>>()).sqrt()
}

/// Intercept, slope and R² of the least-squares line.
pub(super) fn line(xs: &[f64], ys: &[f64]) -> (f64, f64, f64) {
    let (mx, my) = (mean(xs), mean(ys));
    let sxy: f64 = xs.iter().zip(ys).map(|(x, y)| (x - mx) * (y - my)).sum();
    let sxx: f64 = xs.iter().map(|x| (x - mx).powi(2)).sum();
    let syy: f64 = ys.iter().map(|y| (y - my).powi(2)).sum();
    let slope = sxy / sxx;
    (my - slope * mx, slope, sxy * sxy / (sxx * syy))
}

/// A short name for a gesture's every event, to a thousandth of a millisecond and of a pixel.
pub(super) fn fingerprint(gesture: &Gesture) -> String {
    let mut hash = Sha256::new();
    for timed in &gesture.0 {
        hash.update(format!("{:.3} {:.3?};", timed.at_ms, timed.input));
    }
    hash.finalize()[..8].iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}

pub(super) fn assert_in_order(gesture: &Gesture) {
    for pair in gesture.0.windows(2) {
        assert!(pair[0].at_ms <= pair[1].at_ms, "{pair:?}");
    }
    assert!(gesture.0.iter().all(|timed| timed.at_ms.is_finite() && timed.at_ms >= 0.0));
}

/// A Gaussian low-pass with that -3 dB frequency, at 125 samples a second; the ends are held.
pub(super) fn low_pass(points: &[Point], cutoff_hz: f64) -> Vec<Point> {
    let sigma = 2_f64.ln().sqrt() / (std::f64::consts::TAU * cutoff_hz) * 125.0;
    let reach = (4.0 * sigma).ceil() as isize;
    let kernel: Vec<f64> =
        (-reach..=reach).map(|step| (-0.5 * (step as f64 / sigma).powi(2)).exp()).collect();
    let total: f64 = kernel.iter().sum();
    let at = |index: isize| points[index.clamp(0, points.len() as isize - 1) as usize];
    (0..points.len() as isize)
        .map(|index| {
            let mut sum = Point::default();
            for (step, weight) in (-reach..=reach).zip(&kernel) {
                sum.x += at(index + step).x * weight / total;
                sum.y += at(index + step).y * weight / total;
            }
            sum
        })
        .collect()
}

/// How many peaks stand out by at least `share` of the highest.
pub(super) fn peaks(values: &[f64], share: f64) -> usize {
    let least = share * quantile(values, 1.0);
    let (mut count, mut low, mut high, mut rising) = (0, 0.0_f64, 0.0_f64, true);
    for &value in values.iter().chain(&[0.0]) {
        if rising {
            high = high.max(value);
            if high - value >= least && high - low >= least {
                count += 1;
                (rising, low) = (false, value);
            }
        } else {
            low = low.min(value);
            if value - low >= least {
                (rising, high) = (true, value);
            }
        }
    }
    count
}
