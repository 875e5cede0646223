//! The sections of a persona's file, and the middle of the people measured.
//!
//! Each field says in its comment where its default comes from. "Balabit" is the Balabit Mouse
//! Dynamics Challenge: ten people's work at a desk, 65 sessions, 63,040 clicks, on a clock of
//! 15.6 ms.

use serde::{Deserialize, Serialize};

/// Moving the pointer. `MT = a + b log2(A/W + 1)`, Fitts's law in its Shannon form.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Pointing {
    /// `a`. 230: `MacKenzie` & Buxton, CHI 1992, eq. 4.
    pub a_ms: f64,
    /// `b`. 166: the same.
    pub b_ms_per_bit: f64,
    /// Standard deviation of ln MT within a person and a difficulty. .18: what is left of the .33
    /// of 2,356 recorded moves after people (.18) and distances are taken out.
    pub sigma: f64,
    /// Scatter of end points around the target's centre, as a factor on W/4.133.
    ///
    /// 1 is ISO 9241-411's effective width: 96 % within the target.
    pub precision: f64,
    /// Standard deviation of the path's bow as a share of the distance. .16: fitted to the same.
    pub curve: f64,
    /// How readily the primary stroke falls short and is corrected. .8: with it 84 % of moves are
    /// corrected once or more, fitted to the same.
    pub correction: f64,
}

/// Pressing the button.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Click {
    /// Median hold with a mouse. 95: Edmonds & Azzopardi 2026 (draft), 6,691 clicks, 227 people.
    pub hold_ms: f64,
    /// Standard deviation of ln hold. .29: within a user .23–.37, Balabit, 63,040 clicks.
    pub hold_sigma: f64,
    /// Median rest between the last move and the press. 32: Balabit.
    pub settle_ms: f64,
    /// Standard deviation of its ln. 2.7 meets Balabit's other quantiles, 203 ms (75 %) and 2.7 s
    /// (95 %).
    pub settle_sigma: f64,
}

/// Typing. Averages are over transcription typing (Dhakal et al., CHI 2018) as rebuilt from the
/// recordings of 2,329 of its people.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Typing {
    /// Mean time from press to press. 228: the median person's.
    pub iki_ms: f64,
    /// Standard deviation of its ln within a person. .58: .573 in the recordings.
    pub iki_sigma: f64,
    /// Mean time a key stays down. 106.6.
    pub hold_ms: f64,
    /// Standard deviation of its ln within a person. .285.
    pub hold_sigma: f64,
    /// Backspaces a character wanted. .064.
    pub slip_rate: f64,
    /// How much longer before a word's first letter. 1.38.
    pub word_factor: f64,
    /// How much longer before the Backspace that begins a correction. 2.8.
    pub backspace_factor: f64,
}

/// Reading.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Reading {
    /// Words a minute. 238: silent English non-fiction, Brysbaert 2019, 190 studies.
    pub wpm: f64,
    /// Median look at one item of a feed at a desk.
    ///
    /// 1750 with sigma .85 has the mean of 2.5 s that trade press quotes from Facebook IQ.
    pub glance_ms: f64,
    /// The same on a touched screen. 1200, for a mean of 1.7 s.
    pub glance_touch_ms: f64,
    /// Standard deviation of ln glance. .85, chosen.
    pub glance_sigma: f64,
    /// Scale of the Weibull after which a page is left half read. 36 s: with a spread of .8 on ln
    /// it puts 80 % of pages below 70 s (Liu, White & Dumais, SIGIR 2010, figs. 3a and 3b).
    pub stay_ms: f64,
    /// Its shape. .75: with a spread of .115, 98.5 % of pages are below 1 (the same).
    pub stay_shape: f64,
}

/// Scrolling.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Scroll {
    /// CSS pixels a wheel notch of 120 units. 100: Chrome on Linux and Windows at three lines.
    pub notch_px: f64,
    /// Median rest between two bursts of notches; looking, mostly. 2100: Balabit.
    pub rest_ms: f64,
    /// Median time a finger takes for one drag. 320, chosen.
    pub flick_ms: f64,
    /// Longest drag as a share of the viewport's height. .5, chosen.
    pub flick_reach: f64,
}

/// Pausing between steps: mostly a log-normal hesitation, sometimes a Pareto tail.
///
/// The mixture keeps the tail exponent of recorded pauses (1.91–1.94, Balabit), which a log-normal
/// alone does not.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Pause {
    /// Median of the body. 860.
    pub median_ms: f64,
    /// Standard deviation of its ln. .5.
    pub sigma: f64,
    /// Share of pauses that come from the tail. .3.
    pub tail: f64,
    /// Longest pause within an action. 30 s, chosen: longer ones belong between actions, where
    /// the account lets its browser go.
    pub max_ms: f64,
}

/// When it is there: sessions over days, and what they hold.
///
/// Starts are a Poisson process whose rate follows the hour and the weekday, each opening a session
/// of further actions: the cascading process of Malmgren et al., PNAS 105 (2008). Their fitted
/// values were not read, so those of the population here are chosen.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Rhythm {
    /// Mean session starts on a weekday. 4, chosen.
    pub starts: f64,
    /// Local hour of the day at which most begin. 20.5, chosen.
    pub peak_hour: f64,
    /// How narrow the day is around that hour (kappa of a von Mises). 1.3, chosen.
    pub focus: f64,
    /// Least of the hourly rate as a share of its most. .07, chosen.
    pub night: f64,
    /// Starts on a day of the weekend over those of a weekday. 1, chosen.
    pub weekend: f64,
    /// Mean actions that follow a session's first. 12, chosen.
    pub actions: f64,
    /// Share of actions that leave something: a like, a comment. .08: 92 % of 37,024 users'
    /// activity in four networks was browsing (Benevenuto et al., IMC 2009).
    pub acts: f64,
}

impl Default for Pointing {
    fn default() -> Self {
        Self {
            a_ms: 230.0,
            b_ms_per_bit: 166.0,
            sigma: 0.18,
            precision: 1.0,
            curve: 0.16,
            correction: 0.8,
        }
    }
}

impl Default for Click {
    fn default() -> Self {
        Self { hold_ms: 95.0, hold_sigma: 0.29, settle_ms: 32.0, settle_sigma: 2.7 }
    }
}

impl Default for Typing {
    fn default() -> Self {
        Self {
            iki_ms: 228.0,
            iki_sigma: 0.58,
            hold_ms: 106.6,
            hold_sigma: 0.285,
            slip_rate: 0.064,
            word_factor: 1.38,
            backspace_factor: 2.8,
        }
    }
}

impl Default for Reading {
    fn default() -> Self {
        Self {
            wpm: 238.0,
            glance_ms: 1750.0,
            glance_touch_ms: 1200.0,
            glance_sigma: 0.85,
            stay_ms: 36_000.0,
            stay_shape: 0.75,
        }
    }
}

impl Default for Scroll {
    fn default() -> Self {
        Self { notch_px: 100.0, rest_ms: 2100.0, flick_ms: 320.0, flick_reach: 0.5 }
    }
}

impl Default for Pause {
    fn default() -> Self {
        Self { median_ms: 860.0, sigma: 0.5, tail: 0.3, max_ms: 30_000.0 }
    }
}

impl Default for Rhythm {
    fn default() -> Self {
        Self {
            starts: 4.0,
            peak_hour: 20.5,
            focus: 1.3,
            night: 0.07,
            weekend: 1.0,
            actions: 12.0,
            acts: 0.08,
        }
    }
}
