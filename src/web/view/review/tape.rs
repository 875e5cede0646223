//! The lines of a recording's `events.jsonl`, each with its moment.

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;
use walkon_core::clock::from_ms;
use walkon_core::gesture::{Gesture, Rect};

/// The longest raw line that is shown whole.
const RAW_CHARS: usize = 400;

/// What an event tells. Its own type rather than the recorder's: a page shows what a later or an
/// earlier Walkon wrote as far as it understands it.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "snake_case", tag = "type")]
#[expect(missing_docs, reason = "the fields are those of `walkon_core::recorder::Note`")]
pub enum What {
    /// An action begins.
    ActionBegin { action: String, kind: String, target: Option<String>, attempt: u32 },
    /// An action ended.
    ActionEnd { action: String, outcome: String, why: Option<String> },
    /// A step begins.
    StepBegin { step: usize, title: String },
    /// A step ended.
    StepEnd { step: usize, error: Option<String> },
    /// The page went to an address.
    Navigated { url: String, status: Option<u16> },
    /// A gesture was carried out.
    Gesture { gesture: Gesture, over: Option<Rect>, late_ms_max: f64 },
    /// The page wrote to its console.
    Console { level: String, text: String },
    /// Something of note.
    Log { text: String },
    /// Something was dropped.
    Gap { why: String },
    /// A picture was taken.
    Picture { label: String, blob: String },
    /// Nothing this version knows.
    #[serde(other)]
    Other,
}

/// One event.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// Its number.
    pub seq: u64,
    /// Milliseconds since the session's start.
    pub t: f64,
    /// What it tells.
    pub what: What,
    /// Its type, as it was written.
    pub name: String,
    /// The line, cut where it is long.
    pub raw: String,
}

impl Entry {
    /// Whether it tells that something went wrong.
    pub fn is_bad(&self) -> bool {
        match &self.what {
            What::ActionEnd { outcome, .. } => outcome != "done" && outcome != "stopped",
            What::StepEnd { error, .. } => error.is_some(),
            What::Console { level, .. } => matches!(level.as_str(), "error" | "exception"),
            What::Navigated { status, .. } => status.is_some_and(|status| status >= 400),
            What::Gap { .. } => true,
            _ => false,
        }
    }
}

/// A whole recording's events, in order.
#[derive(Debug, Clone, PartialEq)]
pub struct Tape {
    /// The events.
    pub entries: Vec<Entry>,
    started: Timestamp,
}

fn entry(line: Value) -> Option<Entry> {
    let (seq, t) = (line.get("seq")?.as_u64()?, line.get("t")?.as_f64()?);
    let name = line.get("type")?.as_str()?.to_owned();
    let text = line.to_string();
    let mut raw: String = text.chars().take(RAW_CHARS).collect();
    if raw.len() < text.len() {
        raw.push('…');
    }
    let what = serde_json::from_value(line).unwrap_or(What::Other);
    Some(Entry { seq, t, what, name, raw })
}

impl Tape {
    /// Reads the lines; what is not an event is left out.
    pub fn read(lines: Vec<Value>, started: Timestamp) -> Self {
        let mut entries: Vec<_> = lines.into_iter().filter_map(entry).collect();
        entries.sort_by_key(|entry| entry.seq);
        Self { entries, started }
    }

    /// The event of that number.
    pub fn entry(&self, seq: u64) -> Option<&Entry> {
        let place = self.entries.binary_search_by_key(&seq, |entry| entry.seq).ok()?;
        self.entries.get(place)
    }

    /// The moment of the last event.
    pub fn end(&self) -> f64 {
        self.entries.last().map_or(0.0, |entry| entry.t)
    }

    /// The wall clock at a moment.
    pub fn wall(&self, t: f64) -> Timestamp {
        from_ms(self.started.as_millisecond() + t.round() as i64)
    }

    /// Every picture: event, label, blob.
    pub fn pictures(&self) -> Vec<(&Entry, &str, &str)> {
        let mut pictures = Vec::new();
        for entry in &self.entries {
            if let What::Picture { label, blob } = &entry.what {
                pictures.push((entry, label.as_str(), blob.as_str()));
            }
        }
        pictures
    }
}
