//! Reading a persona's file: every fault has its place, and says what to write instead.

use toml::de::{DeTable, DeValue};

use super::{Persona, Pointer, VERSION};
use crate::fault::Fault;
use crate::kind::nearest;

/// A value that no person has, or two that exclude each other.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what}")]
pub struct Absurd {
    /// Which, as the file says it: `typing.iki_ms`.
    pub field: &'static str,
    what: String,
    remedy: String,
}

impl Absurd {
    /// What to write instead.
    pub fn remedy(&self) -> &str {
        &self.remedy
    }
}

/// A number of the file, and the least and most that make sense.
type Bound = (&'static str, f64, f64, f64);

impl Persona {
    /// Reads a persona from the text of its file; `file` is only for the message.
    pub fn parse(text: &str, file: &str) -> Result<Self, Fault> {
        let fault = |start, what, remedy| Fault::at(file, text, start, what, remedy);
        let persona: Self = toml::from_str(text).map_err(|error| {
            let start = error.span().map_or(0, |span| span.start);
            fault(start, error.message().to_owned(), remedy_of(error.message()))
        })?;
        persona
            .check()
            .map_err(|absurd| fault(place_of(text, absurd.field), absurd.what, absurd.remedy))?;
        Ok(persona)
    }

    /// Whether somebody could be like this.
    pub fn check(&self) -> Result<(), Absurd> {
        if self.version != VERSION {
            let what = format!("`version` is {}, and this Walkon reads {VERSION}", self.version);
            return Err(Absurd { field: "version", what, remedy: format!("write {VERSION}") });
        }
        if self.name.trim().is_empty() {
            let what = "`name` is empty".to_owned();
            let remedy = "write the file's name without `.toml`".to_owned();
            return Err(Absurd { field: "name", what, remedy });
        }
        let middle = Self::default().bounds();
        for ((field, value, least, most), (_, usual, ..)) in self.bounds().into_iter().zip(middle) {
            if !(least..=most).contains(&value) {
                let what = format!("`{field}` is {value}, and nobody is outside {least} to {most}");
                let remedy = format!("write {usual} (people's middle) or leave it out");
                return Err(Absurd { field, what, remedy });
            }
        }
        self.contradiction().map_or(Ok(()), Err)
    }

    /// The text of its file: every number, so that nothing hangs on this version's defaults.
    pub fn to_toml(&self) -> String {
        // What JSON escapes, TOML reads.
        let quoted = |text: &str| serde_json::Value::from(text).to_string();
        let pointer = match self.pointer {
            Pointer::Mouse => "mouse",
            Pointer::Trackpad => "trackpad",
            Pointer::Touch => "touch",
        };
        let mut text = format!(
            "version = {VERSION}\nname = {}\nabout = {}\npointer = \"{pointer}\"\nhand = {}\n",
            quoted(&self.name),
            quoted(&self.about),
            self.hand,
        );
        let mut section = "";
        for (field, value, ..) in self.bounds() {
            let (first, key) = field.split_once('.').unwrap_or(("", field));
            if first != section {
                section = first;
                text.extend(["\n[", section, "]\n"]);
            }
            text.extend([key, " = ", &readable(value).to_string(), "\n"]);
        }
        text
    }

    fn contradiction(&self) -> Option<Absurd> {
        let too_long = |field, value: f64, than, limit: f64| {
            (value > limit).then(|| Absurd {
                field,
                what: format!("`{field}` is {value}, which contradicts `{than}`"),
                remedy: format!("write at most {limit}, or raise `{than}`"),
            })
        };
        let Self { typing, pause, .. } = self;
        too_long("typing.hold_ms", typing.hold_ms, "typing.iki_ms", 2.0 * typing.iki_ms)
            .or_else(|| too_long("pause.median_ms", pause.median_ms, "pause.max_ms", pause.max_ms))
    }

    fn bounds(&self) -> [Bound; 39] {
        let Self { pointing, click, typing, reading, scroll, pause, rhythm, .. } = self;
        [
            ("spread", self.spread, 0.0, 1.5),
            ("pointing.a_ms", pointing.a_ms, 0.0, 1500.0),
            ("pointing.b_ms_per_bit", pointing.b_ms_per_bit, 40.0, 1000.0),
            ("pointing.sigma", pointing.sigma, 0.0, 0.6),
            ("pointing.precision", pointing.precision, 0.0, 2.0),
            ("pointing.curve", pointing.curve, 0.0, 0.6),
            ("pointing.correction", pointing.correction, 0.0, 0.95),
            ("click.hold_ms", click.hold_ms, 30.0, 500.0),
            ("click.hold_sigma", click.hold_sigma, 0.0, 0.8),
            ("click.settle_ms", click.settle_ms, 1.0, 2000.0),
            ("click.settle_sigma", click.settle_sigma, 0.0, 3.0),
            ("typing.iki_ms", typing.iki_ms, 40.0, 2000.0),
            ("typing.iki_sigma", typing.iki_sigma, 0.0, 1.0),
            ("typing.hold_ms", typing.hold_ms, 30.0, 400.0),
            ("typing.hold_sigma", typing.hold_sigma, 0.0, 0.8),
            ("typing.slip_rate", typing.slip_rate, 0.0, 0.3),
            ("typing.word_factor", typing.word_factor, 0.5, 5.0),
            ("typing.backspace_factor", typing.backspace_factor, 0.5, 10.0),
            ("reading.wpm", reading.wpm, 60.0, 700.0),
            ("reading.glance_ms", reading.glance_ms, 100.0, 60_000.0),
            ("reading.glance_touch_ms", reading.glance_touch_ms, 100.0, 60_000.0),
            ("reading.glance_sigma", reading.glance_sigma, 0.0, 1.5),
            ("reading.stay_ms", reading.stay_ms, 1000.0, 1_800_000.0),
            ("reading.stay_shape", reading.stay_shape, 0.3, 2.0),
            ("scroll.notch_px", scroll.notch_px, 20.0, 400.0),
            ("scroll.rest_ms", scroll.rest_ms, 100.0, 60_000.0),
            ("scroll.flick_ms", scroll.flick_ms, 60.0, 2000.0),
            ("scroll.flick_reach", scroll.flick_reach, 0.1, 0.8),
            ("pause.median_ms", pause.median_ms, 50.0, 60_000.0),
            ("pause.sigma", pause.sigma, 0.0, 1.5),
            ("pause.tail", pause.tail, 0.0, 0.6),
            ("pause.max_ms", pause.max_ms, 1000.0, 3_600_000.0),
            ("rhythm.starts", rhythm.starts, 0.0, 100.0),
            ("rhythm.peak_hour", rhythm.peak_hour, 0.0, 24.0),
            ("rhythm.focus", rhythm.focus, 0.0, 20.0),
            ("rhythm.night", rhythm.night, 0.0, 1.0),
            ("rhythm.weekend", rhythm.weekend, 0.0, 10.0),
            ("rhythm.actions", rhythm.actions, 0.0, 500.0),
            ("rhythm.acts", rhythm.acts, 0.0, 1.0),
        ]
    }
}

/// The value to four digits, or to the whole if it has more before the point.
fn readable(value: f64) -> f64 {
    let digits = if value > 0.0 { (3.0 - value.log10().floor()).max(0.0) } else { 0.0 };
    let scale = 10_f64.powf(digits);
    (value * scale).round() / scale
}

/// What to write, from a message that lists what would have been right in backticks.
fn remedy_of(message: &str) -> String {
    let mut words = message.split('`').skip(1).step_by(2);
    let unknown = message.starts_with("unknown").then(|| words.next()).flatten();
    let known: Vec<&str> = words.collect();
    let near = unknown.and_then(|word| nearest(word, known.iter().copied()));
    match (unknown, near) {
        (Some(_), Some(near)) => format!("write `{near}`"),
        (Some(word), None) => format!("leave `{word}` out; known are {}", known.join(", ")),
        (None, _) => "see the personas that Walkon ships".to_owned(),
    }
}

/// Where the value of `section.key` begins in a text that has parsed before.
fn place_of(text: &str, field: &str) -> usize {
    let Ok(root) = DeTable::parse(text) else { return 0 };
    let (first, second) = field.split_once('.').unwrap_or((field, ""));
    let Some(value) = root.get_ref().get(first) else { return 0 };
    match value.get_ref() {
        DeValue::Table(table) => {
            table.get(second).map_or(value.span().start, |value| value.span().start)
        }
        _ => value.span().start,
    }
}
