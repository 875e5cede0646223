//! One session, to be gone through: what was planned, what happened, what the page looked like.
//!
//! [`tape`] reads the recording's lines, [`steps`] orders actions and steps, [`stage`] shows the
//! chosen moment, [`lane`] lays time out as a bar, and this file puts them together.

use jiff::Timestamp;
use walkon_core::clock::from_ms;
use walkon_core::recorder::Exchange;

use crate::recording::Head;

use super::say;
use super::sessions::{Glance, SessionRow, row};

pub mod lane;
pub mod stage;
pub mod steps;
pub mod tape;

use lane::Lane;
use stage::Stage;
use steps::ActionItem;
use tape::{Tape, What};

/// The most rows of the raw events on one page.
const RAW_MAX: usize = 300;

/// A picture in the film strip.
#[derive(Debug, Clone, PartialEq)]
pub struct Frame {
    /// Its event.
    pub seq: u64,
    /// Its blob's name.
    pub blob: String,
    /// `before`, `after`, `failed`.
    pub label: String,
    /// The clock.
    pub clock: String,
    /// Whether it is on the stage.
    pub here: bool,
}

/// A request.
#[derive(Debug, Clone, PartialEq)]
pub struct RequestRow {
    /// The wall clock at its start.
    pub clock: String,
    /// `GET`.
    pub method: String,
    /// The status, or why there is none.
    pub status: String,
    /// The address.
    pub url: String,
    /// `document`, `fetch`.
    pub resource: String,
    /// Bytes received.
    pub size: String,
    /// How long it took.
    pub time: String,
    /// Where it lies in time, in thousandths.
    pub x: f64,
    /// How long, in thousandths.
    pub w: f64,
    /// Whether it failed.
    pub bad: bool,
    /// Whether it belongs to the chosen moment.
    pub here: bool,
}

/// A line of the console or the log.
#[derive(Debug, Clone, PartialEq)]
pub struct LineRow {
    /// Its event.
    pub seq: u64,
    /// The wall clock.
    pub clock: String,
    /// `log`, `warning`, `error`; `walkon` for our own.
    pub level: String,
    /// What.
    pub text: String,
    /// Whether something went wrong.
    pub bad: bool,
    /// Whether it belongs to the chosen moment.
    pub here: bool,
}

/// Which table is below the stage.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Tab {
    /// The requests.
    #[default]
    Network,
    /// The console.
    Console,
    /// The events as they were written.
    Raw,
}

impl Tab {
    /// The tab of that name; the first for any other.
    pub fn named(name: &str) -> Self {
        match name {
            "console" => Self::Console,
            "raw" => Self::Raw,
            _ => Self::Network,
        }
    }

    /// Its name in addresses.
    pub fn name(self) -> &'static str {
        match self {
            Self::Network => "network",
            Self::Console => "console",
            Self::Raw => "raw",
        }
    }
}

/// A session's page.
#[derive(Debug, Clone, PartialEq)]
pub struct Review {
    /// As in the list.
    pub row: SessionRow,
    /// Persona.
    pub persona: String,
    /// The way out.
    pub proxy: String,
    /// When it began, by the wall clock.
    pub began: String,
    /// The pictures.
    pub film: Vec<Frame>,
    /// Time as a bar.
    pub lane: Lane,
    /// Actions with their steps.
    pub actions: Vec<ActionItem>,
    /// The chosen moment.
    pub stage: Stage,
    /// The event of the chosen moment.
    pub at: u64,
    /// The moment before.
    pub back: Option<u64>,
    /// The moment after.
    pub on: Option<u64>,
    /// The next moment at which something failed, after the last one the first.
    pub error: Option<u64>,
    /// The table below.
    pub tab: Tab,
    /// Requests.
    pub network: Vec<RequestRow>,
    /// The console.
    pub console: Vec<LineRow>,
    /// The events.
    pub raw: Vec<LineRow>,
    /// How many events there are.
    pub events: usize,
}

impl Review {
    /// The lines of the table below, where it is not the network's.
    pub fn lines(&self) -> &[LineRow] {
        if self.tab == Tab::Console { &self.console } else { &self.raw }
    }
}

/// A recording as it lies on the disk.
#[derive(Debug)]
pub struct Recorded<'a> {
    /// Its head.
    pub head: &'a Head,
    /// The lines of `events.jsonl`.
    pub events: Vec<serde_json::Value>,
    /// The lines of `network.jsonl`.
    pub network: Vec<Exchange>,
    /// What a look through its events found.
    pub glance: &'a Glance,
    /// How long ago its last piece came, in milliseconds.
    pub quiet_ms: i64,
}

/// Makes a session's page. `at`: the chosen event; `None`: of a live session the latest step, else
/// the first failure, else the first step.
pub fn review(recorded: Recorded<'_>, at: Option<u64>, tab: Tab, now: Timestamp) -> Review {
    let Recorded { head, events, network, glance, quiet_ms } = recorded;
    let row = row(head, glance, quiet_ms, now);
    let tape = Tape::read(events, head.started_at);
    let is_live = row.status == "live";
    let mut actions = steps::actions(&tape, is_live);
    let moments = steps::moments(&actions);
    let first_bad = moments.iter().find(|moment| moment.bad).map(|moment| moment.seq);
    let first = moments.get(1).or(moments.first()).map_or(0, |moment| moment.seq);
    let latest = moments.last().filter(|_| is_live).map(|moment| moment.seq);
    let at = at.filter(|at| tape.entry(*at).is_some()).or(latest).or(first_bad).unwrap_or(first);
    let span = steps::span(&tape, &actions, at);
    steps::choose(&mut actions, at, span);
    let stage = stage::stage(&tape, head.viewport, &actions, at, span);
    let end = network.iter().map(|one| one.start_ms + one.duration_ms);
    let length = end.fold(tape.end(), f64::max).max(1.0);
    let place = moments.iter().rposition(|moment| moment.seq <= at).unwrap_or(0);
    Review {
        persona: head.persona.clone(),
        proxy: head.proxy.clone().unwrap_or_else(|| "direct".to_owned()),
        began: say::full(head.started_at),
        film: film(&tape, stage.blob.as_deref(), at),
        lane: lane::lane(&tape, &actions, &network, length, span),
        back: place.checked_sub(1).and_then(|place| moments.get(place)).map(|moment| moment.seq),
        on: moments.get(place + 1).map(|moment| moment.seq),
        error: moments
            .iter()
            .find(|one| one.bad && one.seq > at)
            .map(|moment| moment.seq)
            .or(first_bad.filter(|seq| *seq != at)),
        network: network.iter().map(|one| request(one, head.started_at, length, span)).collect(),
        console: console(&tape, span),
        raw: raw(&tape, at, span),
        events: tape.entries.len(),
        row,
        actions,
        stage,
        at,
        tab,
    }
}

fn film(tape: &Tape, shown: Option<&str>, at: u64) -> Vec<Frame> {
    let pictures = tape.pictures();
    // The same picture may come more than once: the one nearest the moment is on the stage.
    let here = pictures
        .iter()
        .filter(|(_, _, blob)| Some(*blob) == shown)
        .min_by_key(|(entry, ..)| entry.seq.abs_diff(at))
        .map(|(entry, ..)| entry.seq);
    let frame = |(entry, label, blob): &(&tape::Entry, &str, &str)| Frame {
        seq: entry.seq,
        blob: (*blob).to_owned(),
        label: (*label).to_owned(),
        clock: say::clock(tape.wall(entry.t)),
        here: here == Some(entry.seq),
    };
    pictures.iter().map(frame).collect()
}

fn request(one: &Exchange, started: Timestamp, length: f64, span: (f64, f64)) -> RequestRow {
    let bad = one.error.is_some() || one.status.is_none_or(|status| status >= 400);
    let wall = from_ms(started.as_millisecond() + one.start_ms as i64);
    let ends = one.start_ms + one.duration_ms;
    RequestRow {
        clock: say::fine_clock(wall),
        method: one.method.clone(),
        status: match (&one.error, one.status) {
            (_, Some(status)) => status.to_string(),
            (Some(error), None) => error.clone(),
            (None, None) => "no answer".to_owned(),
        },
        url: one.url.clone(),
        resource: one.resource.clone(),
        size: say::bytes(one.bytes),
        time: say::length(one.duration_ms),
        x: one.start_ms / length * 1000.0,
        w: (one.duration_ms / length * 1000.0).max(4.0),
        bad,
        here: one.start_ms <= span.1 && ends >= span.0,
    }
}

fn console(tape: &Tape, span: (f64, f64)) -> Vec<LineRow> {
    let line = |entry: &tape::Entry| {
        let (level, text) = match &entry.what {
            What::Console { level, text } => (level.as_str(), text.as_str()),
            What::Log { text } => ("walkon", text.as_str()),
            What::Gap { why } => ("gap", why.as_str()),
            What::Navigated { url, .. } => ("page", url.as_str()),
            _ => return None,
        };
        Some(LineRow {
            seq: entry.seq,
            clock: say::fine_clock(tape.wall(entry.t)),
            level: level.to_owned(),
            text: text.to_owned(),
            bad: matches!(level, "error" | "exception" | "gap"),
            here: (span.0..=span.1).contains(&entry.t),
        })
    };
    tape.entries.iter().filter_map(line).collect()
}

fn raw(tape: &Tape, at: u64, span: (f64, f64)) -> Vec<LineRow> {
    let place = tape.entries.iter().position(|entry| entry.seq >= at).unwrap_or(0);
    let from = place.saturating_sub(RAW_MAX / 2);
    let line = |entry: &tape::Entry| LineRow {
        seq: entry.seq,
        clock: say::fine_clock(tape.wall(entry.t)),
        level: entry.name.clone(),
        text: entry.raw.clone(),
        bad: entry.is_bad(),
        here: (span.0..=span.1).contains(&entry.t),
    };
    tape.entries.iter().skip(from).take(RAW_MAX).map(line).collect()
}

#[cfg(test)]
mod tests;
