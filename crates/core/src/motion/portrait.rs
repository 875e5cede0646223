//! A portrait: what a persona does, drawn from its seed as one SVG.
//!
//! Its week and today's stays, the paths and speeds of its pointer, and how its times are
//! distributed. All of it is planned by the same functions that a session's gestures come from.

mod figures;
mod svg;
mod week;

use jiff::civil::Date;
use jiff::tz::TimeZone;

use self::svg::Canvas;
use crate::persona::{Persona, Pointer};
use crate::rng::Seed;

/// Width of the picture.
const WIDTH: f64 = 960.0;
/// What is kept free at its edges.
const MARGIN: f64 = 32.0;

/// Draws the person: `day` is the one whose stays are shown, in `zone`, in the week it lies in.
pub fn portrait(persona: &Persona, zone: &TimeZone, day: Date, seed: Seed) -> String {
    let mut canvas = Canvas::default();
    canvas.text("title", (MARGIN, 46.0), "start", &persona.name);
    canvas.text("text", (MARGIN, 70.0), "start", &persona.about);
    canvas.text("soft", (MARGIN, 90.0), "start", &summary(persona));
    let mut y = 128.0;
    y = week::draw(&mut canvas, y, persona, (zone, day), seed);
    y = figures::paths(&mut canvas, y, persona, seed);
    y = figures::distributions(&mut canvas, y, persona, seed);
    canvas.finish((WIDTH, y), &format!("Persona {}", persona.name))
}

/// Its traits in a line.
pub fn summary(persona: &Persona) -> String {
    let pointer = match persona.pointer {
        Pointer::Mouse => "mouse",
        Pointer::Trackpad => "trackpad",
        Pointer::Touch => "touch",
    };
    let Persona { pointing, typing, reading, rhythm, .. } = persona;
    format!(
        "{pointer} · points in {:.0} + {:.0} ms/bit · types {:.0} wpm, corrects {:.1} % · \
         reads {:.0} wpm · comes {:.1} times a day, mostly around {}",
        pointing.a_ms,
        pointing.b_ms_per_bit,
        words_per_minute(persona),
        100.0 * typing.slip_rate,
        reading.wpm,
        rhythm.starts,
        clock(rhythm.peak_hour),
    )
}

/// Words a minute: what the intervals alone would give, less what corrections cost.
pub fn words_per_minute(persona: &Persona) -> f64 {
    12_000.0 / (persona.typing.iki_ms * (1.0 + 2.0 * persona.typing.slip_rate))
}

fn clock(hour: f64) -> String {
    let minutes = (hour * 60.0).round() as u32;
    format!("{:02}:{:02}", minutes / 60 % 24, minutes % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: Date = Date::constant(2026, 3, 4);

    #[test]
    fn a_portrait_is_one_closed_picture_and_the_same_each_time() {
        let mut one = Persona::from_seed(Seed(7));
        one.about = "Likes <b> & \"quotes\"".to_owned();
        let draw = || portrait(&one, &TimeZone::UTC, DAY, Seed(7));
        let picture = draw();
        assert_eq!(picture, draw());
        assert!(picture.starts_with("<svg ") && picture.ends_with("</svg>\n"));
        assert!(picture.contains("Likes &lt;b&gt; &amp; &quot;quotes&quot;"));
        assert!(!picture.contains("NaN") && !picture.contains("inf"), "a number is none");
        for part in ["Its week", "Its pointer", "Its times", "between keys", "between actions"] {
            assert!(picture.contains(part), "{part} is missing");
        }
    }

    #[test]
    fn whoever_never_comes_has_a_portrait_too() {
        for seed in 0..5 {
            let mut one = Persona::from_seed(Seed(seed));
            one.rhythm.starts = 0.0;
            one.rhythm.focus = 0.0;
            let picture = portrait(&one, &TimeZone::UTC, DAY, Seed(seed));
            assert!(!picture.contains("NaN") && !picture.contains("inf"));
        }
    }

    #[test]
    fn a_clock_goes_round() {
        assert_eq!([clock(20.5), clock(23.999), clock(0.0)], ["20:30", "00:00", "00:00"]);
    }
}
