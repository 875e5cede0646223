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
