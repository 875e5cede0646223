//! C: how long a button is held (Edmonds & Azzopardi 2026; Balabit).

use std::sync::LazyLock;

use super::super::testing::{logs, mean, median, people, quantile, sd, seeds, share, within};
use crate::gesture::{Gesture, Input, Point, Rect};
use crate::motion::pointer::click;
use crate::persona::{Persona, Pointer};
use crate::rng::{Rng, Seed};

/// Holds of one person, from whole clicks.
fn holds(persona: &Persona, rng: &mut Rng, count: usize) -> Vec<f64> {
    let to = Rect { x: 100.0, y: 100.0, w: 80.0, h: 30.0 };
    let from = Point { x: 140.0, y: 115.0 };
    let hold = |gesture: Gesture| {
        let [.., down, up] = &gesture.0[..] else { panic!("{gesture:?}") };
        assert!(matches!((&down.input, &up.input), (Input::Down(at), Input::Up(end)) if at == end));
        up.at_ms - down.at_ms
    };
    (0..count).map(|_| hold(click(from, to, persona, rng))).collect()
}

fn crowd(seed: Seed) -> Vec<Vec<f64>> {
    people(seed, 250).map(|(persona, mut rng)| holds(&persona, &mut rng, 100)).collect()
}

/// The crowd of each seed, clicked with once for all tests.
static CROWDS: LazyLock<Vec<(Seed, Vec<Vec<f64>>)>> =
    LazyLock::new(|| seeds().map(|seed| (seed, crowd(seed))).collect());

#[test]
fn c1_holds_are_as_long_and_as_varied_as_peoples() {
    for (seed, crowd) in &*CROWDS {
        let seed = *seed;
        let all = crowd.concat();
        within("C1 median, ms", seed, median(&all), 85.0, 115.0);
        within("C1 lower quartile", seed, quantile(&all, 0.25), 65.0, 135.0);
        within("C1 upper quartile", seed, quantile(&all, 0.75), 65.0, 135.0);
        within("C1 below 50 ms", seed, share(&all, |hold| hold < 50.0), 0.0, 0.05);
        within("C1 above 250 ms", seed, share(&all, |hold| hold > 250.0), 0.01, 0.05);
        let sigmas: Vec<f64> = crowd.iter().map(|own| sd(&logs(own))).collect();
        within("C1 sigma of ln within a person", seed, mean(&sigmas), 0.22, 0.38);
        let medians: Vec<f64> = crowd.iter().map(|own| median(own)).collect();
        within("C1 spread of medians", seed, sd(&medians) / mean(&medians), 0.1, 0.25);
    }
}

#[test]
fn c2_nobody_holds_for_no_time() {
    for (seed, crowd) in &*CROWDS {
        assert!(crowd.concat().iter().all(|hold| *hold >= 20.0), "{seed:?}");
    }
}

#[test]
fn c3_a_trackpad_is_held_a_little_longer() {
    for seed in seeds() {
        let [mouse, pad] = [Pointer::Mouse, Pointer::Trackpad].map(|pointer| {
            let persona = Persona { pointer, ..Persona::default() };
            median(&holds(&persona, &mut seed.rng(), 4000))
        });
        within("C3 trackpad over mouse, ms", seed, pad - mouse, 8.0, 25.0);
    }
}
