//! Agenda: what an account would do on a day, by its persona's rhythm.
//!
//! A proposal for load and for ranking tests, in virtual time: an agenda spends no cap, asks no
//! queue and binds nobody; what is asked for is decided by plan and queue as ever. The same
//! persona, zone, day and seed give the same agenda.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use rand::RngExt;
use rand_distr::{Distribution, Exp1};
use serde::Serialize;

use super::rhythm::{self, SESSION_GAP_MS, later};
use crate::persona::Persona;
use crate::rng::Seed;

/// Share of writing among what leaves something. Chosen.
const WRITING: f64 = 0.2;

/// What is done at a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Doing {
    /// Looks at something, scrolls, opens a page.
    Browse,
    /// Likes, follows, saves.
    React,
    /// Posts, comments, answers.
    Write,
}

/// One action of a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Entry {
    /// When.
    pub at: Timestamp,
    /// What.
    pub doing: Doing,
}

/// One stay: actions with less than an hour between them, at least one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Stay {
    /// In order of time.
    pub entries: Vec<Entry>,
}

impl Stay {
    /// When it begins and ends, the same moment for a single action.
    pub fn span(&self) -> Option<(Timestamp, Timestamp)> {
        Some((self.entries.first()?.at, self.entries.last()?.at))
    }
}

/// What an account would do on one local day, in order: the stays that begin on it.
pub fn of_day(persona: &Persona, zone: &TimeZone, day: Date, seed: Seed) -> Vec<Stay> {
    // Whoever is up late does not begin anew at midnight: yesterday is looked at, too.
    let since = day.yesterday().unwrap_or(day);
    let mut stays = over(persona, zone, (since, day), seed);
    stays.retain(|stay| stay.span().is_some_and(|(from, _)| zone.to_datetime(from).date() == day));
    stays
}

/// The stays that begin on the local days from the first to the last, both included.
pub fn over(
    persona: &Persona,
    zone: &TimeZone,
    (first, last): (Date, Date),
    seed: Seed,
) -> Vec<Stay> {
    let mut stays: Vec<Stay> = Vec::new();
    let mut free = Timestamp::MIN;
    for day in first.series(jiff::Span::new().days(1)).take_while(|day| *day <= last) {
        for begins in rhythm::starts(persona, zone, day, seed.child("starts")) {
            // Within the hour it would be the same session.
            if begins < free {
                continue;
            }
            let stay = stay(persona, begins, seed.child(&begins.to_string()));
            let end = stay.span().map_or(begins, |(_, end)| end);
            free = later(end, SESSION_GAP_MS);
            stays.push(stay);
        }
    }
    stays
}

/// One stay from that moment on.
fn stay(persona: &Persona, begins: Timestamp, seed: Seed) -> Stay {
    let mut rng = seed.rng();
    let moments = rhythm::session(persona, &mut rng);
    // Likes and comments come in clumps (Kooti et al., WWW Companion 2017): some stays have most of
    // them. Chosen: a share of its own, exponential around the persona's.
    let mood: f64 = Exp1.sample(&mut rng);
    let acts = (persona.rhythm.acts * mood).clamp(0.0, 1.0);
    let entries = moments.into_iter().map(|at_ms| {
        let doing = match (rng.random_bool(acts), rng.random_bool(WRITING)) {
            (false, _) => Doing::Browse,
            (true, false) => Doing::React,
            (true, true) => Doing::Write,
        };
        Entry { at: later(begins, at_ms), doing }
    });
    Stay { entries: entries.collect() }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: Date = Date::constant(2026, 10, 25);

    fn berlin() -> TimeZone {
        TimeZone::get("Europe/Berlin").unwrap()
    }

    #[test]
    fn a_day_is_the_same_however_often_it_is_asked_for() {
        let persona = Persona::default();
        let day = of_day(&persona, &berlin(), DAY, Seed(3));
        assert_eq!(day, of_day(&persona, &berlin(), DAY, Seed(3)));
        assert_ne!(day, of_day(&persona, &berlin(), DAY, Seed(4)));
    }

    #[test]
    fn stays_begin_on_their_day_in_order_and_an_hour_apart() {
        let mut persona = Persona::default();
        persona.rhythm.starts = 12.0;
        for seed in 0..50 {
            let stays = of_day(&persona, &berlin(), DAY, Seed(seed));
            for stay in &stays {
                assert_eq!(berlin().to_datetime(stay.entries[0].at).date(), DAY);
                let moments = stay.entries.windows(2).map(|two| (two[0].at, two[1].at));
                for (one, other) in moments {
                    assert!(one <= other && other < later(one, SESSION_GAP_MS));
                }
            }
            let spans: Vec<_> = stays.iter().filter_map(Stay::span).collect();
            assert!(spans.windows(2).all(|two| two[1].0 >= later(two[0].1, SESSION_GAP_MS)));
        }
    }

    #[test]
    fn the_ends_of_the_calendar_are_no_days_to_live_on_and_no_reason_to_panic() {
        for day in [Date::MIN, Date::MAX] {
            let _ = of_day(&Persona::default(), &TimeZone::UTC, day, Seed(1));
        }
    }
}
