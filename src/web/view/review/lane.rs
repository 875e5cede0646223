//! Time as a bar: actions, failures, and where nothing happened. All in thousandths of its length.

use walkon_core::recorder::Exchange;

use super::super::say;
use super::steps::ActionItem;
use super::tape::Tape;

/// A stretch without any event that is longer than this is idle.
const IDLE_MS: f64 = 4000.0;
/// The narrowest piece that can still be hit.
const NARROWEST: f64 = 3.0;

/// A stretch of the bar.
#[derive(Debug, Clone, PartialEq)]
pub struct Stretch {
    /// The event it leads to.
    pub seq: u64,
    /// From the left.
    pub x: f64,
    /// Width.
    pub w: f64,
    /// In words.
    pub words: String,
    /// Whether something failed in it.
    pub bad: bool,
    /// Whether it is the chosen one.
    pub here: bool,
}

/// The bar.
#[derive(Debug, Clone, PartialEq)]
pub struct Lane {
    /// Actions.
    pub actions: Vec<Stretch>,
    /// Steps.
    pub steps: Vec<Stretch>,
    /// Where nothing happened.
    pub idle: Vec<Stretch>,
    /// Moments at which something failed.
    pub ticks: Vec<Stretch>,
    /// The chosen moment.
    pub cursor: f64,
    /// The clock at the beginning, the middle and the end.
    pub marks: [String; 3],
}

/// Lays a session out in time.
pub fn lane(
    tape: &Tape,
    actions: &[ActionItem],
    network: &[Exchange],
    length: f64,
    span: (f64, f64),
) -> Lane {
    let at = |t: f64| (t / length * 1000.0).clamp(0.0, 1000.0);
    let stretch = |seq, span: (f64, f64), words: String, bad, here| {
        let x = at(span.0);
        let w = (at(span.1) - x).max(NARROWEST);
        Stretch { seq, x, w, words, bad, here }
    };
    let action = |one: &ActionItem| {
        let words = format!("{}: {}, {}", one.title, one.outcome, one.length);
        stretch(one.seq, one.span, words, one.bad, one.here)
    };
    let steps = actions
        .iter()
        .flat_map(|action| &action.steps)
        .map(|step| stretch(step.seq, step.span, step.title.clone(), step.bad, step.here));
    let bad = tape.entries.iter().filter(|entry| entry.is_bad());
    let mut ticks: Vec<_> = bad
        .map(|entry| stretch(entry.seq, (entry.t, entry.t), say::plain(&entry.name), true, false))
        .collect();
    let failed = network.iter().filter(|one| one.status.is_none_or(|status| status >= 400));
    ticks.extend(failed.map(|one| {
        let words = format!("{} {}", one.method, one.url);
        let near = tape.entries.iter().rfind(|entry| entry.t <= one.start_ms);
        let seq = near.map_or(0, |entry| entry.seq);
        stretch(seq, (one.start_ms, one.start_ms), words, true, false)
    }));
    let mut times: Vec<f64> = tape.entries.iter().map(|entry| entry.t).collect();
    times.extend(network.iter().flat_map(|one| [one.start_ms, one.start_ms + one.duration_ms]));
    times.extend([0.0, length]);
    times.sort_by(f64::total_cmp);
    let idle = times.windows(2).filter(|pair| pair[1] - pair[0] > IDLE_MS).map(|pair| {
        let words = format!("idle for {}", say::length(pair[1] - pair[0]));
        stretch(0, (pair[0], pair[1]), words, false, false)
    });
    let clock = |t: f64| say::clock(tape.wall(t));
    Lane {
        actions: actions.iter().map(action).collect(),
        steps: steps.collect(),
        idle: idle.collect(),
        ticks,
        cursor: at(span.0),
        marks: [clock(0.0), clock(length / 2.0), clock(length)],
    }
}
