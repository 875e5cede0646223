//! Typing against the acceptance figures (K1–K7) of the motion reference, and the text that it
//! leaves behind.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use proptest::prelude::*;

use super::super::testing::{assert_in_order, fingerprint, mean, quantile, sd};
use super::keys::key_of;
use super::*;

const TEXT: &str = "The light was good this morning, so I walked down to the harbour before work. \
    Two of the boats had come in early and a few people stood around talking about the weather. \
    I took some pictures for Anna, who asked last week what the new pier looks like, and then \
    had coffee with a friend who is moving to Lisbon in spring. We should all meet again soon.";

/// A text field: what the keys and the inserted text leave in it.
fn typed(gesture: &Gesture) -> String {
    let mut text: Vec<char> = Vec::new();
    let mut down: BTreeSet<String> = BTreeSet::new();
    for timed in &gesture.0 {
        match &timed.input {
            Input::KeyDown { key } => {
                let position = |key: &str| {
                    let mut chars = key.chars();
                    chars.next().filter(|_| chars.next().is_none()).and_then(key_of)
                };
                if let Some(found) = position(key) {
                    assert_eq!(found.shift, down.contains("Shift"), "Shift at {key}");
                    let same = |other: &String| {
                        position(other).is_some_and(|other| other.plain == found.plain)
                    };
                    assert!(!down.iter().any(same), "{key} is down");
                    text.push(key.chars().next().unwrap());
                } else if key == "Enter" {
                    text.push('\n');
                } else if key == "Backspace" {
                    text.pop().unwrap();
                } else {
                    assert_eq!(key, "Shift");
                }
                assert!(down.insert(key.clone()), "{key} is down");
            }
            Input::KeyUp { key } => assert!(down.remove(key), "{key} is not down"),
            Input::Insert { text: inserted } => text.extend(inserted.chars()),
            other => panic!("{other:?}"),
        }
    }
    assert!(down.is_empty(), "{down:?} stay down");
    text.into_iter().collect()
}

fn clumsy() -> Persona {
    let mut persona = Persona::default();
    persona.typing.slip_rate = 0.3;
    persona
}

proptest! {
    #[test]
    fn any_text_arrives_as_it_is_wanted(text in any::<String>(), seed in any::<u64>()) {
        let gesture = type_text(&text, &clumsy(), &mut Seed(seed).rng());
        assert_in_order(&gesture);
        prop_assert_eq!(typed(&gesture), text.replace("\r\n", "\n").replace('\r', "\n"));
    }

    #[test]
    fn text_of_keys_and_emoji_arrives_as_it_is_wanted(
        text in "([a-zA-Z0-9 ,.!?'@#:;\n]|é|🙂|👩‍👧|e\u{301}){0,80}", seed in any::<u64>(),
    ) {
        let person = clumsy().individual(Seed(seed));
        let gesture = type_text(&text, &person, &mut Seed(seed).rng()).paced(20.0);
        assert_in_order(&gesture);
        prop_assert_eq!(typed(&gesture), text);
    }
}

#[test]
fn the_same_seed_types_the_same_way() {
    let plan = |seed| type_text("Nice light, é 🙂!", &Persona::default(), &mut Seed(seed).rng());
    assert_eq!(plan(7), plan(7));
    assert_ne!(plan(7), plan(8));
    assert_eq!(fingerprint(&plan(7)), "0ccb3c70688bf38c");
}

#[test]
fn nothing_to_type_is_nothing_to_do() {
    assert_eq!(type_text("", &Persona::default(), &mut Seed(1).rng()), Gesture::default());
}

/// What one person's typing of the text shows.
struct Sample {
    intervals: Vec<f64>,
    holds: Vec<f64>,
    rollover: f64,
    backspaces: f64,
    /// Mean interval before words, before corrections, and within words.
    medians: [f64; 3],
    wpm: f64,
}

fn sample(seed: u64) -> Sample {
    let person = Persona::default().individual(Seed(seed));
    let gesture = type_text(TEXT, &person, &mut Seed(seed).child("typing").rng());
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
    let pairs = || strokes.windows(2);
    let before = |test: fn(&str, &str) -> bool| {
        let chosen = pairs().filter(|pair| test(&pair[0].0, &pair[1].0));
        quantile(&chosen.map(|pair| pair[1].1 - pair[0].1).collect::<Vec<_>>(), 0.5)
    };
    let backspace = |key: &str| key == "Backspace";
    let count = TEXT.chars().count() as f64;
    Sample {
        intervals: pairs().map(|pair| pair[1].1 - pair[0].1).collect(),
        holds: strokes.iter().map(|stroke| stroke.2 - stroke.1).collect(),
        rollover: pairs().filter(|pair| pair[1].1 < pair[0].2).count() as f64
            / (strokes.len() - 1) as f64,
        backspaces: strokes.iter().filter(|stroke| backspace(&stroke.0)).count() as f64 / count,
        medians: [
            before(|one, other| one == " " && other != "Backspace"),
            if strokes.iter().any(|stroke| backspace(&stroke.0)) {
                before(|one, other| one != "Backspace" && other == "Backspace")
            } else {
                f64::NAN
            },
            before(|one, other| one != " " && other != " " && other != "Backspace"),
        ],
        wpm: count / 5.0 / (gesture.duration_ms() / 60_000.0),
    }
}

/// A crowd, typed once for all tests.
static PEOPLE: LazyLock<Vec<Sample>> = LazyLock::new(|| (0..200).map(sample).collect());

#[test]
fn people_type_at_the_published_speed_with_the_published_rollover() {
    let people = &*PEOPLE;
    let of = |value: fn(&Sample) -> f64| people.iter().map(value).collect::<Vec<f64>>();
    let logs = |values: &[f64]| values.iter().map(|value| value.ln()).collect::<Vec<f64>>();
    let means = of(|one| mean(&one.intervals));
    let wpm = of(|one| one.wpm);
    let holds = of(|one| mean(&one.holds));
    let within = mean(&people.iter().map(|one| sd(&logs(&one.intervals))).collect::<Vec<_>>());
    let hold_within = mean(&people.iter().map(|one| sd(&logs(&one.holds))).collect::<Vec<_>>());
    let rollover = of(|one| one.rollover);
    let fast: Vec<f64> = people
        .iter()
        .filter(|one| one.wpm >= quantile(&wpm, 0.9))
        .map(|one| one.rollover)
        .collect();
    let (wm, rm) = (mean(&wpm), mean(&rollover));
    let joint = mean(&of_pairs(&wpm, &rollover, wm, rm)) / (sd(&wpm) * sd(&rollover));
    println!("K1 IKI {:.0} sd ln {:.2} WPM {wm:.1}", mean(&means), sd(&logs(&means)));
    println!(
        "K2 within {within:.2}; K3 hold {:.0} sd {:.0} within {hold_within:.2}",
        mean(&holds),
        sd(&holds)
    );
    println!("K4 rollover {rm:.2} corr {joint:.2} fastest {:.2}", mean(&fast));
    assert!((mean(&means) / 239.0 - 1.0).abs() < 0.1 && (0.33..0.46).contains(&sd(&logs(&means))));
    assert!((wm / 52.0 - 1.0).abs() < 0.1);
    assert!((0.45..0.75).contains(&within) && (0.22..0.36).contains(&hold_within));
    assert!((100.0..120.0).contains(&mean(&holds)) && (17.0..27.0).contains(&sd(&holds)));
    assert!((0.15..0.28).contains(&rm) && (0.6..0.9).contains(&joint));
    assert!((0.35..0.7).contains(&mean(&fast)));
}

fn of_pairs(xs: &[f64], ys: &[f64], mx: f64, my: f64) -> Vec<f64> {
    xs.iter().zip(ys).map(|(x, y)| (x - mx) * (y - my)).collect()
}

#[test]
fn corrections_and_words_take_their_time() {
    let people = &*PEOPLE;
    let backspaces = mean(&people.iter().map(|one| one.backspaces).collect::<Vec<_>>());
    let ratio = |at: usize| {
        let ratios = people.iter().map(|one| one.medians[at] / one.medians[2]);
        quantile(&ratios.filter(|ratio| ratio.is_finite()).collect::<Vec<_>>(), 0.5)
    };
    println!("K5 {backspaces:.3}; K6 word {:.2} Backspace {:.2}", ratio(0), ratio(1));
    assert!((0.05..0.08).contains(&backspaces));
    assert!((1.15..1.8).contains(&ratio(0)) && (2.2..3.5).contains(&ratio(1)));
    let lags = people.iter().map(|one| {
        let logs: Vec<f64> = one.intervals.iter().map(|gap| gap.ln()).collect();
        let middle = mean(&logs);
        mean(&of_pairs(&logs[1..], &logs[..logs.len() - 1], middle, middle)) / sd(&logs).powi(2)
    });
    let lag = mean(&lags.collect::<Vec<_>>());
    println!("K7 {lag:.3}");
    assert!(lag.abs() <= 0.15);
}
