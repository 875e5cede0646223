//! Dwell: how long is read, looked and hesitated.
//!
//! These are waits, not gestures: the worker lets them pass, `--pace` shortens them. Leaving a page
//! half read and pauses between actions are the business of agendas, not of a step.

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
    let pause = &persona.pause;
    let drawn = if rng.random_bool(pause.tail.clamp(0.0, 1.0)) {
        pareto(rng, TAIL_SCALE * pause.median_ms, TAIL_SHAPE, pause.max_ms)
    } else {
        log_normal(rng, pause.median_ms, pause.sigma)
    };
    drawn.min(pause.max_ms)
}

#[cfg(test)]
mod tests {
    use super::super::testing::{mean, quantile};
    use super::*;
    use crate::rng::Seed;

    fn people(count: u64) -> impl Iterator<Item = (Persona, Rng)> {
        (0..count).map(|n| (Persona::default().individual(Seed(n)), Seed(n).child("dwell").rng()))
    }

    #[test]
    fn the_same_seed_waits_the_same_time() {
        let persona = Persona::default();
        let mut rng = Seed(7).rng();
        let waits = [
            read_ms(100, &persona, &mut rng),
            glance_ms(&persona, &mut rng),
            hesitate_ms(&persona, &mut rng),
        ];
        assert_eq!(format!("{waits:.3?}"), "[27379.136, 539.942, 1029.493]");
    }

    #[test]
    fn people_read_at_the_published_speed() {
        let speeds: Vec<f64> = people(1000)
            .map(|(one, mut rng)| 250.0 / read_ms(250, &one, &mut rng) * 60_000.0)
            .collect();
        let usual = speeds.iter().filter(|speed| (175.0..300.0).contains(*speed)).count();
        println!("D2 mean {:.0} wpm, usual {:.2}", mean(&speeds), usual as f64 / 1000.0);
        assert!((mean(&speeds) / 238.0 - 1.0).abs() < 0.1 && usual >= 800);
        assert!(read_ms(0, &Persona::default(), &mut Seed(1).rng()).abs() < f64::EPSILON);
    }

    #[test]
    fn an_item_of_a_feed_gets_its_published_look() {
        for (pointer, seconds) in [(Pointer::Mouse, 2.5), (Pointer::Touch, 1.7)] {
            let looks: Vec<f64> = people(1000)
                .map(|(one, mut rng)| glance_ms(&Persona { pointer, ..one }, &mut rng) / 1000.0)
                .collect();
            println!("D3 {pointer:?} mean {:.2} median {:.2}", mean(&looks), quantile(&looks, 0.5));
            assert!((mean(&looks) / seconds - 1.0).abs() < 0.15);
            assert!(quantile(&looks, 0.5) < mean(&looks));
        }
    }

    #[test]
    fn pauses_are_mostly_short_and_never_longer_than_the_persona_says() {
        let persona = Persona::default();
        let mut rng = Seed(5).rng();
        let pauses: Vec<f64> = (0..20_000).map(|_| hesitate_ms(&persona, &mut rng)).collect();
        let [low, middle, high] = [0.25, 0.5, 0.75].map(|share| quantile(&pauses, share));
        println!("pauses {low:.0} {middle:.0} {high:.0} mean {:.0}", mean(&pauses));
        assert!(
            (560.0..780.0).contains(&low) && (900.0..1400.0).contains(&middle) && high < 2500.0
        );
        assert!(pauses.iter().all(|pause| *pause > 0.0 && *pause <= persona.pause.max_ms));
    }
}
