//! One account's person, drawn around its persona.
//!
//! Each trait has its own score, a standard normal named by the trait, so that a new trait does not
//! change the old ones. The scores are independent; a copula over them (age slows pointing,
//! clicking and typing together) would go into `score` and nowhere else.

use rand_distr::{Distribution, Gamma, StandardNormal};

use super::Persona;
use crate::rng::Seed;

/// Between-person standard deviation of ln movement time: throughputs of 3.7–4.9 bit/s in nine ISO
/// studies (Soukoreff & `MacKenzie` 2004), widened to single people.
const VIGOUR: f64 = 0.18;
/// Of ln end-point scatter. Chosen.
const PRECISION: f64 = 0.15;
/// Of ln path bow. Chosen.
const CURVE: f64 = 0.3;
/// Of ln click hold: per-user medians of 93–140 ms (Balabit).
const CLICK: f64 = 0.16;
/// Of ln mean inter-key interval: 2,329 people of Dhakal et al. 2018.
const IKI: f64 = 0.395;
/// Of the within-person sigma of ln interval: the same.
const IKI_SIGMA: f64 = 0.09;
/// Of ln key hold: mean 106.6, standard deviation 21.3; the same.
const HOLD: f64 = 0.2;
/// Shape of the gamma that corrections a character follow: mean .064, standard deviation .047; the
/// same.
const SLIP_SHAPE: f64 = 1.87;
/// Of reading speed as a share: 31 of 238 words a minute puts most adults at 175–300 (Brysbaert
/// 2019).
const READING: f64 = 0.13;
/// Of ln glance. Chosen.
const GLANCE: f64 = 0.2;
/// Of ln pause. Chosen.
const PAUSE: f64 = 0.25;
/// Of the tail's share, as Beta(6, 14). Chosen.
const TAIL: f64 = 0.1;

impl Persona {
    /// The person behind the account that `seed` belongs to: its persona, a little its own.
    ///
    /// The same persona and seed give the same person. What comes back has no spread left.
    #[must_use]
    pub fn individual(&self, seed: Seed) -> Self {
        let by = |share: f64, name: &str| (share * self.spread * score(seed, name)).exp();
        let mut one = self.clone();
        one.spread = 0.0;
        one.hand = seed.child("hand").0 as u32;

        let vigour = by(VIGOUR, "vigour");
        one.pointing.a_ms *= vigour;
        one.pointing.b_ms_per_bit *= vigour;
        one.pointing.precision *= by(PRECISION, "precision");
        one.pointing.curve *= by(CURVE, "curve");
        one.click.hold_ms *= by(CLICK, "click") * vigour.sqrt();

        let typing = &mut one.typing;
        typing.iki_ms *= by(IKI, "typing");
        let own_sigma = IKI_SIGMA * self.spread * score(seed, "typing evenness");
        typing.iki_sigma = (typing.iki_sigma + own_sigma).clamp(0.4, 0.85);
        // A factor with mean 1, so that the average person holds as long as the file says.
        typing.hold_ms *=
            by(HOLD, "key hold") * (-(HOLD * self.spread) * (HOLD * self.spread) / 2.0).exp();
        // The slowest release still lets go before the next key but one.
        typing.hold_ms = typing.hold_ms.min(1.5 * typing.iki_ms);
        typing.slip_rate = (typing.slip_rate * self.slips(seed)).min(0.3);

        let pace = 1.0 + READING * self.spread * score(seed, "reading");
        one.reading.wpm = (one.reading.wpm * pace).clamp(120.0, 400.0);
        let glance = by(GLANCE, "glance");
        one.reading.glance_ms *= glance;
        one.reading.glance_touch_ms *= glance;

        one.pause.median_ms *= by(PAUSE, "pause");
        let tail = one.pause.tail + TAIL * self.spread * score(seed, "pause tail");
        one.pause.tail = tail.clamp(0.0, 0.6);
        one
    }

    fn slips(&self, seed: Seed) -> f64 {
        let shape = SLIP_SHAPE / (self.spread * self.spread);
        // No spread leaves no shape to draw with: everybody slips as the file says.
        Gamma::new(shape, shape.recip())
            .map_or(1.0, |gamma| gamma.sample(&mut seed.child("slips").rng()))
    }
}

/// Where the account's person stands among people in that trait, in standard deviations.
fn score(seed: Seed, name: &str) -> f64 {
    let score: f64 = StandardNormal.sample(&mut seed.child(name).rng());
    score.clamp(-3.0, 3.0)
}
