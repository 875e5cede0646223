//! K: typing (Dhakal, Feit, Kristensson & Oulasvirta, CHI 2018, as rebuilt from 2,329 people).

use std::sync::LazyLock;

use super::super::testing::{
    correlation, fit, logs, mean, median, people, quantile, sd, seeds, share, within,
};
use crate::gesture::{Gesture, Input};
use crate::motion::typing::transcribe;
use crate::rng::Seed;

const TEXT: &str = "The light was good this morning, so I walked down to the harbour before work. \
    Two of the boats had come in early and a few people stood around talking about the weather. \
    I took some pictures for Anna, who asked last week what the new pier looks like, and then \
    had coffee with a friend who is moving to Lisbon in spring. We should all meet again soon.";

/// What one person's typing of the text shows.
struct Typist {
    intervals: Vec<f64>,
    holds: Vec<f64>,
    rollover: f64,
    /// Backspaces a character.
    backspaces: f64,
    /// Keys a character.
    keys: f64,
    /// Share of the characters that are wrong in the end.
    wrong: f64,
    /// Interval before words, before corrections, and within words.
    medians: [f64; 3],
    wpm: f64,
}

fn strokes(gesture: &Gesture) -> Vec<(String, f64, f64)> {
    let mut strokes: Vec<(String, f64, f64)> = Vec::new();
    for timed in &gesture.0 {
        match &timed.input {
            Input::KeyDown { key } if key != "Shift" => {
                strokes.push((key.clone(), timed.at_ms, 0.0));
            }
            Input::KeyUp { key } if key != "Shift" => {
                strokes.iter_mut().rev().find(|stroke| stroke.0 == *key).unwrap().2 = timed.at_ms;
            }
            _ => {}
        }
    }
    strokes
}

/// The text that the keys leave.
fn left(strokes: &[(String, f64, f64)]) -> String {
    strokes.iter().fold(String::new(), |mut text, (key, ..)| {
        if key == "Backspace" {
            let _ = text.pop();
        } else {
            text.push_str(key);
        }
        text
    })
}

impl Typist {
    fn of(gesture: &Gesture) -> Self {
        let strokes = strokes(gesture);
        let count = TEXT.chars().count() as f64;
        let pairs = || strokes.windows(2);
        let before = |test: fn(&str, &str) -> bool| {
            let chosen = pairs().filter(|two| test(&two[0].0, &two[1].0));
            let gaps: Vec<f64> = chosen.map(|two| two[1].1 - two[0].1).collect();
            if gaps.is_empty() { f64::NAN } else { median(&gaps) }
        };
        let typed = left(&strokes);
        let wrong = typed.chars().zip(TEXT.chars()).filter(|(one, other)| one != other).count();
        let backspaces = strokes.iter().filter(|stroke| stroke.0 == "Backspace").count();
        let (first, last) = (&strokes[0], &strokes[strokes.len() - 1]);
        let overlaps = pairs().filter(|two| two[1].1 < two[0].2).count();
        Self {
            intervals: pairs().map(|two| two[1].1 - two[0].1).collect(),
            holds: strokes.iter().map(|stroke| stroke.2 - stroke.1).collect(),
            rollover: overlaps as f64 / (strokes.len() - 1) as f64,
            backspaces: backspaces as f64 / count,
            keys: strokes.len() as f64 / count,
            wrong: wrong as f64 / count,
            medians: [
                before(|one, other| one == " " && other != "Backspace"),
                before(|one, other| one != "Backspace" && other == "Backspace"),
                before(|one, other| one != " " && other != " " && other != "Backspace"),
            ],
            wpm: (count - 1.0) / 5.0 / ((last.1 - first.1) / 60_000.0),
        }
    }
}

/// A crowd a seed, typed once for all tests.
static CROWDS: LazyLock<Vec<(Seed, Vec<Typist>)>> = LazyLock::new(|| {
    let crowd = |seed| {
        people(seed, 150)
            .map(|(persona, mut rng)| Typist::of(&transcribe(TEXT, &persona, &mut rng)))
            .collect()
    };
    seeds().map(|seed| (seed, crowd(seed))).collect()
});

fn of(crowd: &[Typist], value: impl Fn(&Typist) -> f64) -> Vec<f64> {
    crowd.iter().map(value).collect()
}

#[test]
fn k1_people_type_at_their_own_speeds_around_the_published_one() {
    for (seed, crowd) in &*CROWDS {
        let means = of(crowd, |one| mean(&one.intervals));
        within("K1 mean IKI, ms", *seed, mean(&means), 0.9 * 239.0, 1.1 * 239.0);
        within("K1 sd of ln", *seed, sd(&logs(&means)), 0.33, 0.46);
        within("K1 WPM", *seed, mean(&of(crowd, |one| one.wpm)), 0.9 * 52.0, 1.1 * 52.0);
    }
}

#[test]
fn k2_a_persons_intervals_are_log_normal_rather_than_anything_else() {
    for (seed, crowd) in &*CROWDS {
        let sigmas = of(crowd, |one| sd(&logs(&one.intervals)));
        within("K2 sigma of ln", *seed, median(&sigmas), 0.45, 0.75);
        within("K2 people within", *seed, share(&sigmas, |s| (0.45..0.75).contains(&s)), 0.8, 1.0);
        let middle = |fit: fn(&[f64]) -> f64| median(&of(crowd, |one| fit(&one.intervals)));
        let distances = [fit::log_normal, fit::gamma, fit::normal, fit::exponential].map(middle);
        within("K2 KS to log-normal", *seed, distances[0], 0.04, 0.16);
        println!("K2 KS log-normal, gamma, normal, exponential {distances:.3?}");
        assert!(distances.windows(2).all(|two| two[0] < two[1]), "{distances:?} {seed:?}");
    }
}

#[test]
fn k3_keys_are_held_as_long_as_peoples() {
    for (seed, crowd) in &*CROWDS {
        let means = of(crowd, |one| mean(&one.holds));
        within("K3 mean hold, ms", *seed, mean(&means), 100.0, 120.0);
        within("K3 sd between people", *seed, sd(&means), 17.0, 27.0);
        let sigmas = of(crowd, |one| sd(&logs(&one.holds)));
        within("K3 sigma of ln within", *seed, mean(&sigmas), 0.22, 0.36);
    }
}

#[test]
fn k4_keys_roll_over_without_a_parameter_for_it() {
    for (seed, crowd) in &*CROWDS {
        let (rollover, wpm) = (of(crowd, |one| one.rollover), of(crowd, |one| one.wpm));
        within("K4 rollover", *seed, mean(&rollover), 0.15, 0.28);
        within("K4 with speed", *seed, correlation(&wpm, &rollover), 0.6, 0.9);
        let limit = quantile(&wpm, 0.9);
        let fast: Vec<f64> =
            crowd.iter().filter(|one| one.wpm >= limit).map(|one| one.rollover).collect();
        within("K4 of the fastest tenth", *seed, mean(&fast), 0.35, 0.7);
    }
}

#[test]
fn k5_people_correct_most_slips_and_leave_a_few() {
    for (seed, crowd) in &*CROWDS {
        let backspaces = of(crowd, |one| one.backspaces);
        within("K5 corrections a character", *seed, mean(&backspaces), 0.05, 0.08);
        within("K5 left wrong", *seed, mean(&of(crowd, |one| one.wrong)), 0.008, 0.016);
        within("K5 keys a character", *seed, mean(&of(crowd, |one| one.keys)), 1.1, 1.2);
        // -.35 in the recordings.
        let tie = correlation(&of(crowd, |one| one.wpm), &backspaces);
        within("K5 with speed", *seed, tie, -0.55, -0.15);
    }
}

#[test]
fn k6_words_and_corrections_take_thought() {
    for (seed, crowd) in &*CROWDS {
        let ratio = |at: usize| {
            let ratios = crowd.iter().map(|one| one.medians[at] / one.medians[2]);
            median(&ratios.filter(|ratio| ratio.is_finite()).collect::<Vec<_>>())
        };
        within("K6 before a correction", *seed, ratio(1), 2.2, 3.5);
        within("K6 before a word", *seed, ratio(0), 1.15, 1.8);
    }
}

#[test]
fn k7_an_interval_says_nothing_about_the_next() {
    for (seed, crowd) in &*CROWDS {
        let lags = of(crowd, |one| {
            let logs = logs(&one.intervals);
            correlation(&logs[1..], &logs[..logs.len() - 1])
        });
        within("K7 lag-1 autocorrelation", *seed, mean(&lags), -0.15, 0.15);
    }
}
