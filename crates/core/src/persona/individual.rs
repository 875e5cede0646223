//! One account's person, drawn around its persona.
//!
//! Each trait has its own score, a standard normal named by the trait, so that a new trait does not
//! change the old ones. What ages together is tied by a Gaussian copula: age slows pointing,
//! clicking and typing, and reading a little; who types slowly slips more. Ties move no trait's own
//! spread.

use rand::RngExt;
use rand_distr::{Distribution, StandardNormal};

use super::{Persona, Pointer};
use crate::rng::Seed;

/// Between-person standard deviation of ln movement time: throughputs of 3.7–4.9 bit/s in nine ISO
/// studies (Soukoreff & `MacKenzie` 2004), widened to single people.
const VIGOUR: f64 = 0.18;
/// Of ln end-point scatter. Chosen.
const PRECISION: f64 = 0.15;
/// Of ln path bow. Chosen.
const CURVE: f64 = 0.3;
/// Of the readiness to correct, as Beta(8, 2). Chosen.
const CORRECTION: f64 = 0.12;
/// Of ln click hold: per-user medians of 93–140 ms (Balabit).
const CLICK: f64 = 0.16;
/// Of ln mean inter-key interval: 2,329 people of Dhakal et al. 2018.
const IKI: f64 = 0.395;
/// Of the within-person sigma of ln interval: the same.
const IKI_SIGMA: f64 = 0.09;
/// Shape of the gamma that key holds follow: mean 106.6, standard deviation 21.3; the same.
const HOLD_SHAPE: f64 = 25.0;
/// Shape of the gamma that corrections a character follow: mean .064, standard deviation .047; the
/// same.
const SLIP_SHAPE: f64 = 1.87;
/// Of reading speed as a share: 31 of 238 words a minute puts most adults at 175–300 (Brysbaert
/// 2019).
const READING: f64 = 0.13;
/// Of ln glance. Chosen.
const GLANCE: f64 = 0.2;
/// Of ln stay: 80 % of pages below 70 s (Liu, White & Dumais 2010) around the median of 36 s.
const STAY: f64 = 0.8;
/// Of the stay's shape: 98.5 % of pages below 1; the same.
const STAY_SHAPE: f64 = 0.115;
/// Of ln pause. Chosen.
const PAUSE: f64 = 0.25;
/// Of the tail's share, as Beta(6, 14). Chosen.
const TAIL: f64 = 0.1;
/// Shape of the gamma that session starts a day follow. Chosen.
const STARTS_SHAPE: f64 = 2.0;
/// Of the day's peak, in hours. Chosen.
const PHASE: f64 = 1.5;
/// Of ln weekend. Chosen.
const WEEKEND: f64 = 0.3;
/// Of ln actions a session. Chosen.
const ACTIONS: f64 = 0.4;

/// How much of pointing and clicking is age. With .75, pointing slows to 1.3–1.5 times and the
/// median click goes from 87 to about 137 ms between the young and the old (Edmonds & Azzopardi
/// 2026, ages 25–34 and 65 on).
const AGE_MOTOR: f64 = 0.75;
/// How much of typing is age. Chosen.
const AGE_TYPING: f64 = 0.5;
/// How much of reading speed is. Chosen.
const AGE_READING: f64 = -0.3;
/// How much of slipping is slow typing: words a minute and corrections correlate by −.35 (2,329
/// people of Dhakal et al. 2018).
const SLOW_SLIPS: f64 = 0.35;

/// Shares of mouse, trackpad and touch among people of no file. Chosen.
const POINTERS: [(Pointer, f64); 3] =
    [(Pointer::Mouse, 0.35), (Pointer::Trackpad, 0.25), (Pointer::Touch, 1.0)];

impl Persona {
    /// Somebody: all fourteen traits from the seed, around the middle of people.
    #[must_use]
    pub fn from_seed(seed: Seed) -> Self {
        let mut one = Self::default().individual(seed);
        one.name = format!("seed-{}", seed.0);
        one.about = format!("Drawn from seed {}.", seed.0);
        let mut left: f64 = seed.child("pointer").rng().random();
        for (pointer, share) in POINTERS {
            one.pointer = pointer;
            left -= share;
            if left < 0.0 {
                break;
            }
        }
        one
    }

    /// The person behind the account that `seed` belongs to: its persona, a little its own.
    ///
    /// The same persona and seed give the same person. What comes back has no spread left.
    #[must_use]
    pub fn individual(&self, seed: Seed) -> Self {
        let mut one = self.clone();
        one.spread = 0.0;
        one.hand = seed.child("hand").0 as u32;
        self.hands(&mut one, seed);
        self.eyes(&mut one, seed);
        self.days(&mut one, seed);
        one
    }

    fn hands(&self, one: &mut Self, seed: Seed) {
        let by = |share: f64, score: f64| (share * self.spread * score).exp();
        let vigour = by(VIGOUR, aged(seed, "vigour", AGE_MOTOR));
        one.pointing.a_ms *= vigour;
        one.pointing.b_ms_per_bit *= vigour;
        one.pointing.precision *= by(PRECISION, score(seed, "precision"));
        one.pointing.curve *= by(CURVE, score(seed, "curve"));
        let correction =
            one.pointing.correction + CORRECTION * self.spread * score(seed, "correction");
        one.pointing.correction = correction.clamp(0.0, 0.95);
        one.click.hold_ms *= by(CLICK, aged(seed, "click", AGE_MOTOR)) * vigour.sqrt();

        let typing = &mut one.typing;
        let slowness = aged(seed, "typing", AGE_TYPING);
        typing.iki_ms *= by(IKI, slowness);
        let own_sigma = IKI_SIGMA * self.spread * score(seed, "typing evenness");
        typing.iki_sigma = (typing.iki_sigma + own_sigma).clamp(0.4, 0.85);
        typing.hold_ms *= gamma(HOLD_SHAPE, self.spread, score(seed, "key hold"));
        // The slowest release still lets go before the next key but one.
        typing.hold_ms = typing.hold_ms.min(1.5 * typing.iki_ms);
        let slips = tied(slowness, SLOW_SLIPS, score(seed, "slips"));
        typing.slip_rate = (typing.slip_rate * gamma(SLIP_SHAPE, self.spread, slips)).min(0.3);
    }

    fn eyes(&self, one: &mut Self, seed: Seed) {
        let by = |share: f64, name: &str| (share * self.spread * score(seed, name)).exp();
        let reading = &mut one.reading;
        let pace = 1.0 + READING * self.spread * aged(seed, "reading", AGE_READING);
        reading.wpm = (reading.wpm * pace).clamp(120.0, 400.0);
        let glance = by(GLANCE, "glance");
        reading.glance_ms *= glance;
        reading.glance_touch_ms *= glance;
        reading.stay_ms = (reading.stay_ms * by(STAY, "stay")).clamp(1000.0, 1_800_000.0);
        let shape = reading.stay_shape + STAY_SHAPE * self.spread * score(seed, "stay shape");
        reading.stay_shape =
            shape.clamp(self.reading.stay_shape.min(0.45), self.reading.stay_shape.max(0.98));

        one.pause.median_ms *= by(PAUSE, "pause");
        let tail = one.pause.tail + TAIL * self.spread * score(seed, "pause tail");
        one.pause.tail = tail.clamp(0.0, 0.6);
    }

    fn days(&self, one: &mut Self, seed: Seed) {
        let by = |share: f64, name: &str| (share * self.spread * score(seed, name)).exp();
        let rhythm = &mut one.rhythm;
        rhythm.starts *= gamma(STARTS_SHAPE, self.spread, score(seed, "starts"));
        rhythm.starts = rhythm.starts.min(100.0);
        let phase = PHASE * self.spread * score(seed, "phase");
        rhythm.peak_hour = (rhythm.peak_hour + phase).rem_euclid(24.0);
        rhythm.weekend = (rhythm.weekend * by(WEEKEND, "weekend")).min(10.0);
        rhythm.actions = (rhythm.actions * by(ACTIONS, "actions")).min(500.0);
    }
}

/// How old the account's person is among people, in standard deviations.
pub fn age_score(seed: Seed) -> f64 {
    score(seed, "age")
}

/// Where the account's person stands among people in that trait, in standard deviations.
fn score(seed: Seed, name: &str) -> f64 {
    let score: f64 = StandardNormal.sample(&mut seed.child(name).rng());
    score.clamp(-3.0, 3.0)
}

/// A trait's score that goes with age by that correlation.
fn aged(seed: Seed, name: &str, with: f64) -> f64 {
    tied(age_score(seed), with, score(seed, name))
}

/// A score that correlates with another by `with` and is its own for the rest.
fn tied(other: f64, with: f64, own: f64) -> f64 {
    (with * other + (1.0 - with * with).sqrt() * own).clamp(-3.0, 3.0)
}

/// A gamma factor of mean 1 at that score, by Wilson and Hilferty's cube of a normal.
///
/// A smaller spread is a larger shape, and none is 1: everybody is as the file says.
fn gamma(shape: f64, spread: f64, score: f64) -> f64 {
    let ninth = spread * spread / (9.0 * shape);
    (1.0 - ninth + score * ninth.sqrt()).max(0.0).powi(3)
}
