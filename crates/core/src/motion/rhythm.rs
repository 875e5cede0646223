//! Rhythm: when somebody comes, how long they stay, and the gaps in between.
//!
//! Session starts are a Poisson process whose rate is the persona's curve of the day times its week
//! (Malmgren et al., PNAS 105 (2008), cascading non-homogeneous Poisson); each opens a session of
//! further actions, as many as a geometric draw says. A gap of an hour ends a session (Halfaker et
//! al., WWW 2015), so a start that falls into a session or the hour after it begins none. Each
//! local day draws from a stream of its own: today's starts do not depend on how far ahead anybody
//! looked.

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use rand::RngExt;
use rand_distr::{Distribution, Exp1};

use super::dwell::{glance_ms, pause_ms};
use crate::persona::{Persona, Rhythm};
use crate::rng::{Rng, Seed};

/// What ends a session: an hour of nothing (Halfaker et al., WWW 2015).
pub const SESSION_GAP_MS: f64 = 3_600_000.0;

/// Share of gaps in which something new is looked at; in the others, what is seen already is acted
/// on. Chosen, so that gaps are as near a log-normal as Balabit's click to click (KS .08).
const LOOKS: f64 = 0.7;

/// How often sessions begin at each moment of the local week.
#[derive(Debug, Clone)]
pub struct Curve<'a> {
    rhythm: &'a Rhythm,
    /// Starts an hour at a weekday's peak.
    peak: f64,
}

impl<'a> Curve<'a> {
    /// The curve of that rhythm.
    pub fn new(rhythm: &'a Rhythm) -> Self {
        // A periodic, smooth function: its mean over few points is exact.
        let hours = (0..96).map(|quarter| shape(rhythm, f64::from(quarter) / 4.0));
        let mean = hours.sum::<f64>() / 96.0;
        Self { rhythm, peak: rhythm.starts / (24.0 * mean) }
    }

    /// Starts an hour at that local moment.
    pub fn at(&self, local: DateTime) -> f64 {
        let hour = f64::from(local.hour())
            + f64::from(local.minute()) / 60.0
            + f64::from(local.second()) / 3600.0;
        self.peak * shape(self.rhythm, hour) * self.week(local.date())
    }

    /// Starts that are to be expected between two moments.
    pub fn expected(&self, zone: &TimeZone, from: Timestamp, until: Timestamp) -> f64 {
        let whole = until.duration_since(from).as_secs_f64();
        let steps = (whole / 300.0).ceil().max(1.0);
        let step = whole / steps;
        (0..steps as u32)
            .map(|nth| {
                let at = later(from, (f64::from(nth) + 0.5) * step * 1000.0);
                self.at(zone.to_datetime(at)) * step / 3600.0
            })
            .sum()
    }

    fn week(&self, date: Date) -> f64 {
        use jiff::civil::Weekday::{Saturday, Sunday};
        if matches!(date.weekday(), Saturday | Sunday) { self.rhythm.weekend } else { 1.0 }
    }

    fn most(&self) -> f64 {
        self.peak * self.rhythm.weekend.max(1.0)
    }
}

/// The day's shape: a von Mises around the peak, 1 there and `night` twelve hours away.
fn shape(rhythm: &Rhythm, hour: f64) -> f64 {
    let angle = (hour - rhythm.peak_hour) * std::f64::consts::TAU / 24.0;
    let least = (-2.0 * rhythm.focus).exp();
    if least > 1.0 - 1e-9 {
        return 1.0;
    }
    let bump = ((rhythm.focus * (angle.cos() - 1.0)).exp() - least) / (1.0 - least);
    rhythm.night + (1.0 - rhythm.night) * bump
}

/// The moments of a local day at which a session would begin, by thinning.
pub fn starts(persona: &Persona, zone: &TimeZone, day: Date, seed: Seed) -> Vec<Timestamp> {
    let curve = Curve::new(&persona.rhythm);
    let (Some(begin), Some(end)) = (midnight(zone, Some(day)), midnight(zone, day.tomorrow().ok()))
    else {
        return Vec::new();
    };
    let most = curve.most();
    let mut rng = seed.child(&day.to_string()).rng();
    let (mut starts, mut at) = (Vec::new(), begin);
    if most <= 0.0 {
        return starts;
    }
    loop {
        let wait: f64 = Exp1.sample(&mut rng);
        at = later(at, wait / most * 3_600_000.0);
        if at >= end {
            return starts;
        }
        if rng.random::<f64>() * most < curve.at(zone.to_datetime(at)) {
            starts.push(at);
        }
    }
}

/// The moments of a session's actions, in milliseconds after its first.
///
/// Between two lie a hesitation and a look at what came up; an hour of that ends it.
pub fn session(persona: &Persona, rng: &mut Rng) -> Vec<f64> {
    let mut at_ms = 0.0;
    let mut moments = vec![at_ms];
    let on = persona.rhythm.actions / (1.0 + persona.rhythm.actions);
    while rng.random_bool(on.clamp(0.0, 1.0)) {
        let gap = gap_ms(persona, rng);
        if gap >= SESSION_GAP_MS {
            break;
        }
        at_ms += gap;
        moments.push(at_ms);
    }
    moments
}

/// One gap between two actions of a session: a pause, and mostly a look at an item.
pub fn gap_ms(persona: &Persona, rng: &mut Rng) -> f64 {
    let look = if rng.random_bool(LOOKS) { glance_ms(persona, rng) } else { 0.0 };
    pause_ms(persona, SESSION_GAP_MS, rng) + look
}

/// The first instant of a local day.
fn midnight(zone: &TimeZone, day: Option<Date>) -> Option<Timestamp> {
    Some(day?.to_zoned(zone.clone()).ok()?.timestamp())
}

/// That many milliseconds later; what no calendar holds is its end.
pub(super) fn later(at: Timestamp, ms: f64) -> Timestamp {
    at.checked_add(SignedDuration::from_micros((ms * 1000.0) as i64)).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day() -> Date {
        Date::constant(2026, 3, 4)
    }

    #[test]
    fn the_day_peaks_at_its_hour_and_rests_opposite() {
        for focus in [0.2, 1.3, 6.0] {
            let rhythm = Rhythm { focus, ..Rhythm::default() };
            assert!((shape(&rhythm, rhythm.peak_hour) - 1.0).abs() < 1e-9);
            assert!((shape(&rhythm, rhythm.peak_hour + 12.0) - rhythm.night).abs() < 1e-9);
        }
        let flat = Rhythm { focus: 0.0, ..Rhythm::default() };
        assert!((shape(&flat, 3.0) - 1.0).abs() < 1e-9);
    }

    #[test]
    fn a_day_expects_its_starts_whatever_the_clocks_do() {
        let persona = Persona::default();
        let curve = Curve::new(&persona.rhythm);
        let zone = TimeZone::get("Europe/Berlin").unwrap();
        let expected = |day: Date| {
            let from = midnight(&zone, Some(day)).unwrap();
            curve.expected(&zone, from, midnight(&zone, day.tomorrow().ok()).unwrap())
        };
        assert!((expected(day()) - persona.rhythm.starts).abs() < 0.01);
        // The last Sunday of October has an hour twice, of March one never.
        let (long, short) = (Date::constant(2026, 10, 25), Date::constant(2026, 3, 29));
        assert!(expected(long) > expected(day()) && expected(short) < expected(day()));
    }

    #[test]
    fn who_never_comes_has_no_starts_and_a_day_is_its_own() {
        let zone = TimeZone::UTC;
        let never =
            Persona { rhythm: Rhythm { starts: 0.0, ..Rhythm::default() }, ..Persona::default() };
        assert_eq!(starts(&never, &zone, day(), Seed(1)), []);
        let busy =
            Persona { rhythm: Rhythm { starts: 30.0, ..Rhythm::default() }, ..Persona::default() };
        let one = starts(&busy, &zone, day(), Seed(1));
        assert_eq!(one, starts(&busy, &zone, day(), Seed(1)));
        assert_ne!(one, starts(&busy, &zone, day(), Seed(2)));
        assert!(one.iter().all(|at| zone.to_datetime(*at).date() == day()));
        assert!(one.windows(2).all(|pair| pair[0] < pair[1]) && one.len() > 10);
    }
}
