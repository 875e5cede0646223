//! The port by which a session tells what happened, for its recording.
//!
//! Secrets are kept out before they reach a recorder: whoever types one says so in the note.

use serde::{Deserialize, Serialize};

use crate::gesture::{Gesture, Rect};

/// One thing that happened in a session.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "type")]
pub enum Note {
    /// An action begins.
    ActionBegin {
        /// Its id.
        action: String,
        /// Its kind.
        kind: String,
        /// Its target.
        target: Option<String>,
        /// Which attempt.
        attempt: u32,
    },
    /// An action ended.
    ActionEnd {
        /// Its id.
        action: String,
        /// How.
        outcome: String,
        /// Why, where it did not go as asked.
        why: Option<String>,
    },
    /// A step begins.
    StepBegin {
        /// Its number in the behavior, from 1.
        step: usize,
        /// In words: `click button "Like"`.
        title: String,
    },
    /// A step ended.
    StepEnd {
        /// Its number.
        step: usize,
        /// Why it failed, if it did.
        error: Option<String>,
    },
    /// The page went to an address.
    Navigated {
        /// Where.
        url: String,
        /// The HTTP status, if there was an answer.
        status: Option<u16>,
    },
    /// A gesture was carried out on an element.
    Gesture {
        /// What was planned; typed secrets are left out.
        gesture: Gesture,
        /// The element's box when it began.
        over: Option<Rect>,
        /// The greatest lateness of an event, in milliseconds.
        late_ms_max: f64,
    },
    /// The page wrote to its console or threw.
    Console {
        /// `log`, `warning`, `error`, `exception`.
        level: String,
        /// What.
        text: String,
    },
    /// A request ended.
    Request(Box<Exchange>),
    /// Something of note: a dialog closed, a download refused.
    Log {
        /// In a sentence.
        text: String,
    },
    /// Something was dropped to stay inside the budget.
    Gap {
        /// What and why.
        why: String,
    },
}

/// A request and its answer.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Exchange {
    /// `GET`, `POST`, …
    pub method: String,
    /// The address, without secrets in its query.
    pub url: String,
    /// The status; `None`: no answer came.
    pub status: Option<u16>,
    /// The answer's media type.
    pub mime: Option<String>,
    /// `document`, `script`, `image`, `fetch`, …
    pub resource: String,
    /// Start, in milliseconds since the session's start.
    pub start_ms: f64,
    /// How long it took, in milliseconds.
    pub duration_ms: f64,
    /// Bytes received.
    pub bytes: u64,
    /// Why it failed, if it did.
    pub error: Option<String>,
}

/// Takes down what happens in one session. It never fails the session: what it cannot keep it
/// counts as a gap.
pub trait Recorder: Send + Sync {
    /// Takes down a note.
    fn note(&self, note: Note);
    /// Takes down a picture (JPEG); `label` says of what: `before`, `after`, `failed`.
    fn picture(&self, label: &str, jpeg: &[u8]);
    /// Whether pictures are wanted at all: taking one costs the page's time.
    fn wants_pictures(&self) -> bool {
        true
    }
}

/// Keeps nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoRecorder;

impl Recorder for NoRecorder {
    fn note(&self, _: Note) {}
    fn picture(&self, _: &str, _: &[u8]) {}
    fn wants_pictures(&self) -> bool {
        false
    }
}
