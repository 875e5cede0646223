//! The chosen moment: its picture, and over it what pointer and fingers did.

use walkon_core::gesture::{Gesture, Input, Rect};

use super::super::say;
use super::steps::ActionItem;
use super::tape::{Tape, What};

/// A press of the button or a touch.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Press {
    /// From the left.
    pub x: f64,
    /// From the top.
    pub y: f64,
}

/// A turn of the wheel, or a flick.
#[derive(Debug, Clone, PartialEq)]
pub struct Turn {
    /// From the left.
    pub x: f64,
    /// From the top.
    pub y: f64,
    /// Where its arrow ends.
    pub to: f64,
    /// In words.
    pub words: String,
}

/// What one gesture leaves on the picture.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Mark {
    /// The pointer's way: `x,y x,y`.
    pub path: String,
    /// Where it began.
    pub from: Option<Press>,
    /// Presses.
    pub presses: Vec<Press>,
    /// The element's box.
    pub over: Option<Rect>,
    /// The wheel.
    pub turn: Option<Turn>,
}

/// A fact about the moment.
pub type Fact = (&'static str, String);

/// The stage.
#[derive(Debug, Clone, PartialEq)]
pub struct Stage {
    /// The viewport's width.
    pub width: u32,
    /// The viewport's height.
    pub height: u32,
    /// The picture.
    pub blob: Option<String>,
    /// Which picture it is: `before`, and whether it is of another moment.
    pub label: String,
    /// What the moment is.
    pub title: String,
    /// The wall clock.
    pub clock: String,
    /// Since the session's start.
    pub offset: String,
    /// The page's address then.
    pub url: String,
    /// Why it failed.
    pub error: Option<String>,
    /// Gestures.
    pub marks: Vec<Mark>,
    /// Words about them.
    pub facts: Vec<Fact>,
    /// Radius of a dot, so that it is as large on each viewport.
    pub dot: f64,
}

impl Stage {
    /// Radius of a small dot.
    pub fn small_dot(&self) -> f64 {
        self.dot / 3.0
    }

    /// Radius of the ring around a press.
    pub fn ring(&self) -> f64 {
        self.dot * 2.2
    }
}

fn mark(gesture: &Gesture, over: Option<Rect>) -> Mark {
    let mut mark = Mark { over, ..Mark::default() };
    let mut points = Vec::new();
    let mut turned: Option<(f64, f64, f64)> = None;
    for timed in &gesture.0 {
        match &timed.input {
            Input::Move(at) | Input::TouchMove(at) | Input::Up(at) => points.push(*at),
            Input::Down(at) | Input::TouchStart(at) => {
                points.push(*at);
                mark.presses.push(Press { x: at.x, y: at.y });
            }
            Input::Wheel { at, dy } => {
                let sum = turned.map_or(0.0, |(.., sum)| sum);
                turned = Some((at.x, at.y, sum + dy));
            }
            _ => {}
        }
    }
    mark.from = points.first().map(|at| Press { x: at.x, y: at.y });
    if points.len() > 1 {
        let pairs: Vec<_> = points.iter().map(|at| format!("{:.1},{:.1}", at.x, at.y)).collect();
        mark.path = pairs.join(" ");
    }
    mark.turn = turned.map(|(x, y, dy)| {
        let to = y + (dy / 4.0).clamp(-160.0, 160.0);
        let way = if dy < 0.0 { "up" } else { "down" };
        Turn { x, y, to, words: format!("scrolls {:.0} px {way}", dy.abs()) }
    });
    mark
}

fn keys(gesture: &Gesture) -> usize {
    let typed = |input: &Input| matches!(input, Input::KeyDown { .. } | Input::Insert { .. });
    gesture.0.iter().filter(|timed| typed(&timed.input)).count()
}

fn gesture_facts(gesture: &Gesture, late: f64, facts: &mut Vec<Fact>) {
    let moves = gesture.0.iter().filter(|timed| matches!(timed.input, Input::Move(_))).count();
    let keys = keys(gesture);
    let mut words = vec![say::length(gesture.duration_ms())];
    if moves > 0 {
        words.push(say::many(moves as u64, "point"));
    }
    if keys > 0 {
        words.push(say::many(keys as u64, "key"));
    }
    words.push(format!("{late:.1} ms late at most"));
    facts.push(("gesture", words.join(" · ")));
}

/// The picture that shows a span best: blob and label.
fn picture(
    tape: &Tape,
    at: u64,
    span: (f64, f64),
    bad: bool,
    whole: bool,
) -> Option<(String, String)> {
    let pictures = tape.pictures();
    let exact = pictures.iter().find(|(entry, ..)| entry.seq == at);
    let mut inside = pictures.iter().filter(|(entry, ..)| (span.0..=span.1).contains(&entry.t));
    let inside = if whole { inside.next_back() } else { inside.next() };
    let failed =
        pictures.iter().find(|(entry, label, _)| bad && entry.t >= span.1 && *label == "failed");
    let before = pictures.iter().rfind(|(entry, ..)| entry.t < span.0);
    let after = pictures.iter().find(|(entry, ..)| entry.t > span.1);
    let shown = exact.or(failed).or(inside);
    let label = |label: &str, how: &str| format!("{label}{how}");
    if let Some((_, name, blob)) = shown {
        return Some(((*blob).to_owned(), label(name, "")));
    }
    let (near, how) = match (before, after) {
        (Some(before), _) => (before, ", the last one before this moment"),
        (None, after) => (after?, ", the first one after this moment"),
    };
    Some((near.2.to_owned(), label(near.1, how)))
}

/// Sets the stage for the chosen event.
pub fn stage(
    tape: &Tape,
    viewport: (u32, u32),
    actions: &[ActionItem],
    at: u64,
    span: (f64, f64),
) -> Stage {
    let action = actions.iter().find(|action| action.here);
    let step = action.and_then(|action| action.steps.iter().find(|step| step.here));
    let error = match (step, action) {
        (Some(step), _) => step.error.clone(),
        (None, Some(action)) => action.why.clone(),
        _ => None,
    };
    let whole = action.is_some_and(|action| action.seq == at);
    let shown = picture(tape, at, span, error.is_some(), whole);
    let (mut marks, mut facts, mut url) = (Vec::new(), Vec::new(), String::new());
    for entry in &tape.entries {
        match &entry.what {
            What::Navigated { url: to, .. } if entry.t <= span.1 => url.clone_from(to),
            // A note is taken at a gesture's end.
            What::Gesture { gesture, over, late_ms_max }
                if !whole && (span.0..=span.1).contains(&entry.t) =>
            {
                let mark = mark(gesture, *over);
                facts.extend(mark.turn.as_ref().map(|turn| ("wheel", turn.words.clone())));
                marks.push(mark);
                gesture_facts(gesture, *late_ms_max, &mut facts);
            }
            _ => {}
        }
    }
    facts.truncate(4);
    let title = match (step, action) {
        (Some(step), _) => step.title.clone(),
        (None, Some(action)) => action.title.clone(),
        _ => "between actions".to_owned(),
    };
    let (width, height) = (viewport.0.max(1), viewport.1.max(1));
    let (blob, label) = shown.unzip();
    Stage {
        width,
        height,
        blob,
        label: label.unwrap_or_default(),
        title,
        clock: say::fine_clock(tape.wall(span.0)),
        offset: format!("+{:.2} s", span.0 / 1000.0),
        url,
        error,
        marks,
        facts,
        dot: f64::from(width.max(height)) / 150.0,
    }
}
