//! What each planner gives for fixed seeds, in `golden.txt`: a seed that changes is noticed.
//!
//! One that is meant: put what the failing test prints into the file, and say in CHANGELOG.md that
//! seeds give something else now.

use std::fmt::Write as _;

use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::glide::Glide;
use super::testing::fingerprint;
use super::{agenda, dwell, pointer, scroll, typing};
use crate::gesture::{Point, Rect};
use crate::persona::{Persona, Pointer};
use crate::rng::{Rng, Seed};

const FROM: Point = Point { x: 600.0, y: 700.0 };
const BUTTON: Rect = Rect { x: 792.0, y: 1012.0, w: 48.0, h: 24.0 };
const PHONE: Rect = Rect { x: 0.0, y: 0.0, w: 412.0, h: 839.0 };

/// Every planner's result for that person, a line each.
fn results(name: &str, one: &Persona, seed: Seed) -> Vec<String> {
    let rng = |part: &str| -> Rng { seed.child(part).rng() };
    let text = "Nice light, é 🙂! Where is it?";
    let gestures = [
        ("click", pointer::click(FROM, BUTTON, one, &mut rng("click"))),
        ("tap", pointer::tap(BUTTON, one, &mut rng("tap"))),
        ("type", typing::type_text(text, one, &mut rng("type"))),
        ("transcribe", typing::transcribe(text, one, &mut rng("transcribe"))),
        ("press", typing::press_key("Enter", one, &mut rng("press"))),
        ("wheel", scroll::wheel(FROM, 1800.0, one, &mut rng("wheel"))),
        ("read on", scroll::wheel_reading(FROM, 1800.0, 0.2, one, &mut rng("read on"))),
        ("flick", scroll::flick(PHONE, 900.0, one, &mut rng("flick"))),
        ("fling", scroll::fling(PHONE, 900.0, Glide::Android, one, &mut rng("fling")).gesture),
    ];
    let mut lines: Vec<String> = gestures
        .iter()
        .map(|(part, gesture)| format!("{name} {part}: {}", fingerprint(gesture)))
        .collect();
    let mut waits = rng("waits");
    let stay = dwell::stay(400, 1.0, one, &mut waits);
    lines.push(format!(
        "{name} waits: read {:.3} glance {:.3} hesitate {:.3} decide {:.3} stay {:.3} {}",
        dwell::read_ms(100, one, &mut waits),
        dwell::glance_ms(one, &mut waits),
        dwell::hesitate_ms(one, &mut waits),
        dwell::mental_ms(&mut waits),
        stay.ms,
        stay.to_the_end,
    ));
    let zone = TimeZone::get("Europe/Berlin").unwrap();
    let day = agenda::of_day(one, &zone, Date::constant(2026, 10, 25), seed);
    let spans = day.iter().filter_map(agenda::Stay::span);
    let times = spans.map(|(from, until)| {
        let clock = |at| zone.to_datetime(at).time();
        format!(" {}-{}", clock(from), clock(until))
    });
    lines.push(format!("{name} day:{}", times.collect::<String>()));
    lines
}

/// Everything, as the file has it.
fn everything() -> String {
    let mut text = String::new();
    for seed in [7, 8, 9].map(Seed) {
        let one = Persona::from_seed(seed);
        let name = format!("seed {}", seed.0);
        let pointer = match one.pointer {
            Pointer::Mouse => "mouse",
            Pointer::Trackpad => "trackpad",
            Pointer::Touch => "touch",
        };
        let drawn = format!(
            "{pointer} a {:.4} iki {:.4} hold {:.4} slips {:.5} wpm {:.4} stay {:.2} starts {:.4}",
            one.pointing.a_ms,
            one.typing.iki_ms,
            one.typing.hold_ms,
            one.typing.slip_rate,
            one.reading.wpm,
            one.reading.stay_ms,
            one.rhythm.starts,
        );
        writeln!(text, "{name} person: {drawn}").unwrap();
        for line in results(&name, &one, seed) {
            writeln!(text, "{line}").unwrap();
        }
    }
    text
}

#[test]
fn the_same_seeds_give_what_they_always_gave() {
    let now = everything();
    assert_eq!(now, everything(), "the same seed gave two results");
    let changed: Vec<&str> = now
        .lines()
        .filter(|line| !include_str!("golden.txt").lines().any(|known| known == *line))
        .collect();
    assert!(changed.is_empty(), "golden.txt does not have:\n{}", changed.join("\n"));
    assert_eq!(now.lines().count(), include_str!("golden.txt").lines().count());
}
