//! Actions with their steps, and the moments one can go through.

use super::super::overview::what as titled;
use super::super::say;
use super::tape::{Tape, What};

/// A step in the list.
#[derive(Debug, Clone, PartialEq)]
pub struct StepItem {
    /// The event at which it begins.
    pub seq: u64,
    /// In words.
    pub title: String,
    /// How deep it is nested, from 0.
    pub depth: usize,
    /// Its beginning and end.
    pub span: (f64, f64),
    /// How long it took.
    pub length: String,
    /// Why it failed, unless a step inside it says so.
    pub error: Option<String>,
    /// Whether it failed.
    pub bad: bool,
    /// Whether it is the chosen one.
    pub here: bool,
}

/// An action in the list.
#[derive(Debug, Clone, PartialEq)]
pub struct ActionItem {
    /// The event at which it begins.
    pub seq: u64,
    /// Its id.
    pub action: String,
    /// `like post:7`.
    pub title: String,
    /// Which attempt.
    pub attempt: u32,
    /// The wall clock at its beginning.
    pub clock: String,
    /// Its beginning and end.
    pub span: (f64, f64),
    /// How long it took.
    pub length: String,
    /// `done`, `retry`, …; `running`, `interrupted`.
    pub outcome: String,
    /// Why it did not go as asked.
    pub why: Option<String>,
    /// Whether it did not go as asked.
    pub bad: bool,
    /// Whether the chosen moment lies in it.
    pub here: bool,
    /// Its steps.
    pub steps: Vec<StepItem>,
}

impl ActionItem {
    fn close(&mut self, end: f64, outcome: &str, why: Option<String>) {
        self.span.1 = end;
        self.length = say::length(end - self.span.0);
        outcome.clone_into(&mut self.outcome);
        self.bad = !matches!(outcome, "done" | "stopped" | "running");
        self.why = why;
    }
}

/// A moment one can go to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    /// Its event.
    pub seq: u64,
    /// Whether something failed in it.
    pub bad: bool,
}

/// Reads actions and steps off the tape; what was never closed is closed at its end.
pub fn actions(tape: &Tape, is_live: bool) -> Vec<ActionItem> {
    let mut actions: Vec<ActionItem> = Vec::new();
    // Steps that have begun and not ended: place in the list, number.
    let mut open: Vec<(usize, usize)> = Vec::new();
    let mut running = false;
    for entry in &tape.entries {
        let t = entry.t;
        match (&entry.what, actions.last_mut()) {
            (What::ActionBegin { action, kind, target, attempt }, _) => {
                open.clear();
                running = true;
                actions.push(ActionItem {
                    seq: entry.seq,
                    action: action.clone(),
                    title: titled(kind, target.as_deref()),
                    attempt: *attempt,
                    clock: say::clock(tape.wall(t)),
                    span: (t, t),
                    length: String::new(),
                    outcome: String::new(),
                    why: None,
                    bad: false,
                    here: false,
                    steps: Vec::new(),
                });
            }
            (What::ActionEnd { outcome, why, .. }, Some(last)) => {
                last.close(t, outcome, why.clone());
                running = false;
            }
            (What::StepBegin { step, title }, Some(last)) => {
                let depth = open.len();
                open.push((last.steps.len(), *step));
                last.steps.push(StepItem {
                    seq: entry.seq,
                    title: title.clone(),
                    depth,
                    span: (t, t),
                    length: "…".to_owned(),
                    error: None,
                    bad: false,
                    here: false,
                });
            }
            (What::StepEnd { step, error }, Some(last)) => {
                let Some(at) = open.iter().rposition(|(_, number)| number == step) else {
                    continue;
                };
                let ended = open.split_off(at);
                let Some(&(place, _)) = ended.first() else { continue };
                let item = &mut last.steps[place];
                item.span.1 = t;
                item.length = say::length(t - item.span.0);
                item.bad = error.is_some();
                let inner = last.steps[place + 1..].iter().any(|step| step.bad);
                last.steps[place].error = error.clone().filter(|_| !inner);
            }
            _ => {}
        }
    }
    if let Some(last) = actions.last_mut().filter(|_| running) {
        let end = tape.end();
        last.close(end, if is_live { "running" } else { "interrupted" }, None);
        for (place, _) in open {
            if let Some(step) = last.steps.get_mut(place) {
                step.span.1 = end;
            }
        }
    }
    actions
}

/// Actions and steps in the order they began.
pub fn moments(actions: &[ActionItem]) -> Vec<Moment> {
    let mut moments = Vec::new();
    for action in actions {
        let failed_step = action.steps.iter().any(|step| step.error.is_some());
        moments.push(Moment { seq: action.seq, bad: action.bad && !failed_step });
        let steps = action.steps.iter();
        moments.extend(steps.map(|step| Moment { seq: step.seq, bad: step.error.is_some() }));
    }
    moments
}

/// From when to when the event lasts.
pub fn span(tape: &Tape, actions: &[ActionItem], at: u64) -> (f64, f64) {
    let steps = actions.iter().flat_map(|action| &action.steps).map(|step| (step.seq, step.span));
    let all = actions.iter().map(|action| (action.seq, action.span)).chain(steps);
    let found = all.into_iter().find(|(seq, _)| *seq == at).map(|(_, span)| span);
    found.unwrap_or_else(|| {
        let t = tape.entry(at).map_or(0.0, |entry| entry.t);
        (t, t)
    })
}

/// Marks the chosen step, or the innermost one that holds the chosen event.
pub fn choose(actions: &mut [ActionItem], at: u64, span: (f64, f64)) {
    for action in actions {
        action.here = action.span.0 <= span.0 && span.1 <= action.span.1;
        if action.seq == at || !action.here {
            continue;
        }
        let exact = action.steps.iter().position(|step| step.seq == at);
        let around = |step: &StepItem| step.span.0 <= span.0 && span.0 <= step.span.1;
        if let Some(place) = exact.or_else(|| action.steps.iter().rposition(around)) {
            action.steps[place].here = true;
        }
    }
}
