//! The few distributions that the planners draw from.

use rand::RngExt;
use rand_distr::{Distribution, StandardNormal};

use crate::rng::Rng;

/// A normal draw.
pub(super) fn normal(rng: &mut Rng, mean: f64, sd: f64) -> f64 {
    let z: f64 = StandardNormal.sample(rng);
    mean + sd * z
}

/// A normal draw, moved to the nearer end if it falls outside.
pub(super) fn normal_within(rng: &mut Rng, (mean, sd): (f64, f64), (low, high): (f64, f64)) -> f64 {
    normal(rng, mean, sd).clamp(low, high)
}

/// A logistic draw around 0: the logarithm of a log-logistic one.
pub(super) fn logistic(rng: &mut Rng, sd: f64) -> f64 {
    let drawn = rng.random_range(f64::EPSILON..1.0);
    (drawn / (1.0 - drawn)).ln() * sd * 3_f64.sqrt() / std::f64::consts::PI
}

/// The mean of `exp` of such a draw; there is none from a standard deviation of 1.8 on.
pub(super) fn logistic_mean(sd: f64) -> f64 {
    let angle = (sd * 3_f64.sqrt()).min(3.0);
    if angle > 0.0 { angle / angle.sin() } else { 1.0 }
}

/// A log-normal draw with that median.
pub(super) fn log_normal(rng: &mut Rng, median: f64, sigma: f64) -> f64 {
    median * normal(rng, 0.0, sigma).exp()
}

/// The median of a log-normal with that mean.
pub(super) fn median_of(mean: f64, sigma: f64) -> f64 {
    mean * (-sigma * sigma / 2.0).exp()
}

/// A Pareto draw of at least `scale`, cut at `max`: as if longer ones were drawn again.
pub(super) fn pareto(rng: &mut Rng, scale: f64, shape: f64, max: f64) -> f64 {
    let kept = 1.0 - (scale / max).min(1.0).powf(shape);
    let drawn: f64 = rng.random();
    (scale * (1.0 - kept * drawn).powf(-shape.recip())).min(max)
}

/// The index of one of the weights, which sum to 1.
pub(super) fn pick(rng: &mut Rng, weights: &[f64]) -> usize {
    let mut left: f64 = rng.random();
    for (index, weight) in weights.iter().enumerate() {
        left -= weight;
        if left < 0.0 {
            return index;
        }
    }
    weights.len().saturating_sub(1)
}

/// The normal distribution function, by Abramowitz & Stegun 7.1.26 (error below 1.5e-7).
pub(super) fn phi(z: f64) -> f64 {
    const TERMS: [f64; 5] =
        [0.254_829_592, -0.284_496_736, 1.421_413_741, -1.453_152_027, 1.061_405_429];
    let x = z.abs() / std::f64::consts::SQRT_2;
    let t = 1.0 / (1.0 + 0.327_591_1 * x);
    let sum = TERMS.iter().rev().fold(0.0, |sum, term| (sum + term) * t);
    let tail = sum * (-x * x).exp() / 2.0;
    if z < 0.0 { tail } else { 1.0 - tail }
}
