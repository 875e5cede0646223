//! What the planners' tests share: statistics, fingerprints, and the filter that peaks are
//! counted behind.

use sha2::{Digest, Sha256};

use crate::gesture::{Gesture, Point};

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
