//! Dwell: how long is read, looked and hesitated.
//!
//! These are waits, not gestures: the worker lets them pass, `--pace` shortens them. A step reads
//! to the end ([`read_ms`]); whoever only browses leaves most pages half read ([`stay`]).

use rand::RngExt;

use super::draw::{log_normal, normal, pareto};
use crate::persona::{Persona, Pointer};
use crate::rng::Rng;

/// Standard deviation of ln reading speed from one text to the next within a person. Chosen.
const READING_SIGMA: f64 = 0.1;
/// Least that anything is looked at: a fixation, 225–250 ms (Rayner 1998).
const FIXATION_MS: f64 = 225.0;
/// Longest look at one item of a feed, chosen: beyond it, the tail of the log-normal is idleness.
const GLANCE_MAX_MS: f64 = 30_000.0;
/// Where the tail of pauses begins, over its body's median: 1.5 s over .86 s.
const TAIL_SCALE: f64 = 1.5 / 0.86;
/// Shape of that tail. .93: with it the tail exponent stays at the 1.91–1.94 of Balabit's pauses.
const TAIL_SHAPE: f64 = 0.93;

/// Median of a decision's time and sigma of its ln: KLM's operator M is 1.35 s (Card, Moran &
/// Newell 1983); the spread is chosen.
const MENTAL: (f64, f64) = (1350.0, 0.4);

/// A look at a page.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Stay {
    /// How long.
    pub ms: f64,
    /// Whether all of it was read.
    pub to_the_end: bool,
}

/// How long a page of that many words is looked at: until it is read, or left before that.
///
/// Leaving is a Weibull with a shape below 1: the longer somebody has stayed, the likelier they
/// stay on (Liu, White & Dumais, SIGIR 2010). `interest` stretches it; 1 is the usual.
pub fn stay(words: usize, interest: f64, persona: &Persona, rng: &mut Rng) -> Stay {
    let read = read_ms(words, persona, rng);
    let drawn: f64 = rng.random();
    let scale = persona.reading.stay_ms * interest.max(0.0);
    let left = scale * (-(1.0 - drawn).ln()).powf(persona.reading.stay_shape.recip());
    Stay { ms: left.min(read), to_the_end: read <= left }
}

/// How long a decision takes before something is done.
pub fn mental_ms(rng: &mut Rng) -> f64 {
    log_normal(rng, MENTAL.0, MENTAL.1)
}

/// How long it takes to read that many words to the end; nothing for none.
pub fn read_ms(words: usize, persona: &Persona, rng: &mut Rng) -> f64 {
    if words == 0 {
        return 0.0;
    }
    let speed =
        persona.reading.wpm * normal(rng, -READING_SIGMA.powi(2) / 2.0, READING_SIGMA).exp();
    (words as f64 / speed * 60_000.0).max(FIXATION_MS)
}

/// How long one item of a feed is looked at.
pub fn glance_ms(persona: &Persona, rng: &mut Rng) -> f64 {
    let reading = &persona.reading;
    let median = match persona.pointer {
        Pointer::Touch => reading.glance_touch_ms,
        Pointer::Mouse | Pointer::Trackpad => reading.glance_ms,
    };
    log_normal(rng, median, reading.glance_sigma).clamp(FIXATION_MS, GLANCE_MAX_MS)
}

/// How long somebody pauses between two steps, at most the persona's `pause.max_ms`.
pub fn hesitate_ms(persona: &Persona, rng: &mut Rng) -> f64 {
    pause_ms(persona, persona.pause.max_ms, rng)
}

/// A pause of any length up to `max_ms`.
pub(super) fn pause_ms(persona: &Persona, max_ms: f64, rng: &mut Rng) -> f64 {
    let pause = &persona.pause;
    let drawn = if rng.random_bool(pause.tail.clamp(0.0, 1.0)) {
        pareto(rng, TAIL_SCALE * pause.median_ms, TAIL_SHAPE, max_ms)
    } else {
        log_normal(rng, pause.median_ms, pause.sigma)
    };
    drawn.min(max_ms)
}
