//! A gesture: input events with the moments they are due. Plain data; [`crate::motion`] plans it,
//! a driver carries it out by absolute deadlines.

use serde::{Deserialize, Serialize};

/// A point in CSS pixels of the viewport.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Point {
    /// From the left.
    pub x: f64,
    /// From the top.
    pub y: f64,
}

/// A box in CSS pixels of the viewport.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Rect {
    /// Left edge.
    pub x: f64,
    /// Upper edge.
    pub y: f64,
    /// Width.
    pub w: f64,
    /// Height.
    pub h: f64,
}

impl Rect {
    /// The middle.
    pub fn center(self) -> Point {
        Point { x: self.x + self.w / 2.0, y: self.y + self.h / 2.0 }
    }

    /// Whether the point lies inside or on the edge.
    pub fn contains(self, point: Point) -> bool {
        (self.x..=self.x + self.w).contains(&point.x)
            && (self.y..=self.y + self.h).contains(&point.y)
    }
}

/// One input event.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "input")]
pub enum Input {
    /// The mouse is at a point.
    Move(Point),
    /// The left button goes down there.
    Down(Point),
    /// The left button comes up there.
    Up(Point),
    /// The wheel turns under the pointer, in CSS pixels; positive is down.
    Wheel {
        /// Where the pointer is.
        at: Point,
        /// How far.
        dy: f64,
    },
    /// A finger touches.
    TouchStart(Point),
    /// The finger moves.
    TouchMove(Point),
    /// The finger lifts.
    TouchEnd,
    /// A key goes down, named as `KeyboardEvent.key`: `a`, `Enter`, `Backspace`.
    KeyDown {
        /// Its name.
        key: String,
    },
    /// That key comes up.
    KeyUp {
        /// Its name.
        key: String,
    },
    /// Text arrives without a key of its own, as from an input method: `é`, `🙂`.
    Insert {
        /// The text.
        text: String,
    },
}

/// An input event with its moment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Timed {
    /// Milliseconds since the gesture's start.
    pub at_ms: f64,
    /// What happens.
    pub input: Input,
}

/// Input events in order of their moments.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Gesture(pub Vec<Timed>);

impl Gesture {
    /// How long it takes, in milliseconds.
    pub fn duration_ms(&self) -> f64 {
        self.0.last().map_or(0.0, |last| last.at_ms)
    }

    /// Where the pointer or finger is at its end, if it moved at all.
    pub fn end(&self) -> Option<Point> {
        self.0.iter().rev().find_map(|timed| match &timed.input {
            Input::Move(at)
            | Input::Down(at)
            | Input::Up(at)
            | Input::Wheel { at, .. }
            | Input::TouchStart(at)
            | Input::TouchMove(at) => Some(*at),
            _ => None,
        })
    }

    /// The same gesture `pace` times as fast.
    #[must_use]
    pub fn paced(mut self, pace: f64) -> Self {
        for timed in &mut self.0 {
            timed.at_ms /= pace;
        }
        self
    }
}
