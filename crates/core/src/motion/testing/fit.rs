//! Distributions fitted by maximum likelihood, for the tests that compare them.

use super::super::draw::phi;
use super::{logs, mean, sd};

/// KS distance of the values from the log-normal that fits them best.
pub(in super::super) fn log_normal(values: &[f64]) -> f64 {
    normal(&logs(values))
}

/// The same for a normal.
pub(in super::super) fn normal(values: &[f64]) -> f64 {
    let (middle, spread) = (mean(values), sd(values));
    super::ks(values, |value| phi((value - middle) / spread))
}

/// The same for an exponential.
pub(in super::super) fn exponential(values: &[f64]) -> f64 {
    let middle = mean(values);
    super::ks(values, |value| 1.0 - (-value / middle).exp())
}

/// The same for a gamma.
pub(in super::super) fn gamma(values: &[f64]) -> f64 {
    let middle = mean(values);
    let gap = middle.ln() - mean(&logs(values));
    // Minka's start, then Newton on ln k - psi(k) = gap.
    let mut shape = (3.0 - gap + ((gap - 3.0).powi(2) + 24.0 * gap).sqrt()) / (12.0 * gap);
    for _ in 0..20 {
        let step = (shape.ln() - psi(shape) - gap) / (shape.recip() - psi_slope(shape));
        shape = (shape - step).max(shape / 2.0);
    }
    super::ks(values, |value| gamma_cdf(shape, value * shape / middle))
}

fn psi(x: f64) -> f64 {
    let h = 1e-4;
    (ln_gamma(x + h) - ln_gamma(x - h)) / (2.0 * h)
}

fn psi_slope(x: f64) -> f64 {
    let h = 1e-3;
    (ln_gamma(x + h) - 2.0 * ln_gamma(x) + ln_gamma(x - h)) / (h * h)
}

/// Stirling's series, after moving up to where it is exact.
fn ln_gamma(x: f64) -> f64 {
    let (mut x, mut below) = (x, 0.0);
    while x < 9.0 {
        below += x.ln();
        x += 1.0;
    }
    let series = (12.0 * x).recip() - (360.0 * x.powi(3)).recip() + (1260.0 * x.powi(5)).recip();
    (x - 0.5) * x.ln() - x + std::f64::consts::TAU.ln() / 2.0 + series - below
}

/// The incomplete gamma function by its series.
fn gamma_cdf(shape: f64, x: f64) -> f64 {
    if x <= 0.0 {
        return 0.0;
    }
    if x > 40.0 + 8.0 * shape {
        return 1.0;
    }
    let (mut term, mut sum, mut n) = (shape.recip(), shape.recip(), shape);
    while term > sum * 1e-12 {
        n += 1.0;
        term *= x / n;
        sum += term;
    }
    (sum.ln() + shape * x.ln() - x - ln_gamma(shape)).exp().min(1.0)
}

/// A Weibull fitted to times of which some were cut short.
pub(in super::super) struct Weibull {
    pub(in super::super) shape: f64,
    pub(in super::super) scale: f64,
    /// Standard error of the shape.
    pub(in super::super) error: f64,
}

impl Weibull {
    /// Fits `(time, whether it ended by itself)`.
    pub(in super::super) fn fit(times: &[(f64, bool)]) -> Self {
        let ended = times.iter().filter(|(_, ended)| *ended).count() as f64;
        let mean_log = times.iter().filter(|(_, ended)| *ended).map(|(time, _)| time.ln());
        let mean_log = mean_log.sum::<f64>() / ended;
        let score = |shape: f64| {
            let (mut sum, mut weighted) = (0.0, 0.0);
            for (time, _) in times {
                let power = time.powf(shape);
                sum += power;
                weighted += power * time.ln();
            }
            weighted / sum - shape.recip() - mean_log
        };
        // It rises with the shape: halve.
        let (mut low, mut high) = (0.05, 5.0);
        for _ in 0..50 {
            let middle = f64::midpoint(low, high);
            if score(middle) < 0.0 { low = middle } else { high = middle }
        }
        let shape = f64::midpoint(low, high);
        let sum: f64 = times.iter().map(|(time, _)| time.powf(shape)).sum();
        let slope = (score(shape + 1e-4) - score(shape - 1e-4)) / 2e-4;
        Self {
            shape,
            scale: (sum / ended).powf(shape.recip()),
            error: (ended * slope).sqrt().recip(),
        }
    }

    pub(in super::super) fn cdf(&self, time: f64) -> f64 {
        1.0 - (-(time / self.scale).powf(self.shape)).exp()
    }
}

#[cfg(test)]
mod tests {
    use rand::RngExt;

    use super::*;
    use crate::rng::Seed;

    #[test]
    fn fits_find_what_was_drawn() {
        let mut rng = Seed(1).rng();
        let draws: Vec<f64> = (0..4000).map(|_| -(rng.random::<f64>()).ln()).collect();
        assert!(exponential(&draws) < 0.03 && gamma(&draws) < 0.03 && normal(&draws) > 0.1);
        assert!((ln_gamma(5.0) - 24_f64.ln()).abs() < 1e-9);
        assert!((gamma_cdf(1.0, 2.0) - (1.0 - (-2_f64).exp())).abs() < 1e-9);
        let times: Vec<(f64, bool)> = draws
            .iter()
            .map(|draw| (draw.powf(1.0 / 0.7).min(2.0), draw.powf(1.0 / 0.7) < 2.0))
            .collect();
        let found = Weibull::fit(&times);
        assert!((found.shape - 0.7).abs() < 3.0 * found.error && found.error < 0.02);
        assert!((found.scale - 1.0).abs() < 0.1);
    }
}
