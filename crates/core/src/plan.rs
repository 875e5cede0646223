//! Plans: named sets of limits (`[plans.<name>]` in `walkon.toml`).
//!
//! A cap delays; it never refuses work that can still be done in time. A cap of 0 means never.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// The limits of one kind within a plan.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KindLimits {
    /// Least time between two of this kind.
    #[serde(default, with = "jiff::fmt::serde::unsigned_duration::friendly::compact::optional")]
    pub cooldown: Option<Duration>,
    /// Most in one hour, counted on the hour in the account's zone.
    #[serde(default)]
    pub hourly: Option<u32>,
    /// Most in one day, counted from midnight in the account's zone.
    #[serde(default)]
    pub daily: Option<u32>,
    /// Most in any hour, wherever it begins.
    #[serde(default)]
    pub hourly_rolling: Option<u32>,
    /// Most in any 24 hours, wherever they begin.
    #[serde(default)]
    pub daily_rolling: Option<u32>,
}

/// How fast work may follow work: a bucket of `size` that refills by one each `interval` (GCRA).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Burst {
    /// How many may follow at once.
    pub size: u32,
    /// How long one takes to come back.
    #[serde(with = "jiff::fmt::serde::unsigned_duration::friendly::compact::required")]
    pub interval: Duration,
}

/// When an account that fails again and again rests: after so many failures in a row, for `rest`,
/// twice as long each further time up to `longest`. Then it tries one action at a time, until so
/// many `successes` in a row have closed it again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Breaker {
    /// Failures in a row that open it; 0: nothing does.
    pub failures: u32,
    /// Its first rest.
    #[serde(with = "jiff::fmt::serde::unsigned_duration::friendly::compact::required")]
    pub rest: Duration,
    /// Its longest rest.
    #[serde(with = "jiff::fmt::serde::unsigned_duration::friendly::compact::required")]
    pub longest: Duration,
    /// Successes in a row that close it.
    pub successes: u32,
}

impl Default for Breaker {
    fn default() -> Self {
        let (rest, longest) = (Duration::from_mins(5), Duration::from_hours(1));
        Self { failures: 5, rest, longest, successes: 2 }
    }
}

/// A stretch of the account's local day in minutes, `from` included, `to` not.
///
/// `from > to` runs over midnight.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Hours {
    /// First minute of the local day.
    pub from: u16,
    /// First minute that is no longer in it.
    pub to: u16,
}

/// Everything an account of this plan may do at most.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// Most actions of all kinds in one hour.
    #[serde(default)]
    pub hourly: Option<u32>,
    /// Most actions of all kinds in one day.
    #[serde(default)]
    pub daily: Option<u32>,
    /// Most actions of all kinds in any hour, wherever it begins.
    #[serde(default)]
    pub hourly_rolling: Option<u32>,
    /// Most actions of all kinds in any 24 hours, wherever they begin.
    #[serde(default)]
    pub daily_rolling: Option<u32>,
    /// How fast work may follow work.
    #[serde(default)]
    pub burst: Option<Burst>,
    /// When it rests after failures.
    #[serde(default)]
    pub breaker: Breaker,
    /// When it may act; empty: at any time.
    #[serde(default)]
    pub hours: Vec<Hours>,
    /// Limits by kind; `sign_in` is never limited, or an account could lock itself out.
    #[serde(default)]
    pub kinds: BTreeMap<String, KindLimits>,
}

/// A stretch of the day that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a stretch of the day: write for example `08:30-22:00`")]
pub struct NotHours(String);

impl TryFrom<String> for Hours {
    type Error = NotHours;

    fn try_from(text: String) -> Result<Self, NotHours> {
        let minute = |clock: &str| {
            let (hours, minutes) = clock.trim().split_once(':')?;
            let (hours, minutes): (u16, u16) = (hours.parse().ok()?, minutes.parse().ok()?);
            let minute = hours * 60 + minutes;
            (minutes < 60 && minute <= 24 * 60).then_some(minute)
        };
        let read = || {
            let (from, to) = text.split_once('-')?;
            Some(Self { from: minute(from)?, to: minute(to)? })
        };
        read().filter(|hours| hours.from != hours.to).ok_or_else(|| NotHours(text.clone()))
    }
}

impl From<Hours> for String {
    fn from(hours: Hours) -> Self {
        let clock = |minute: u16| format!("{:02}:{:02}", minute / 60, minute % 60);
        format!("{}-{}", clock(hours.from), clock(hours.to))
    }
}

impl Hours {
    /// Whether the `minute` of the local day lies inside.
    pub fn hold(self, minute: u16) -> bool {
        if self.from < self.to {
            (self.from..self.to).contains(&minute)
        } else {
            minute >= self.from || minute < self.to
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hours_are_read_and_written_as_a_person_does() {
        let hours = Hours::try_from("08:30-22:00".to_owned()).unwrap();
        assert_eq!((hours.from, hours.to), (510, 1320));
        assert_eq!(String::from(hours), "08:30-22:00");
        for bad in ["", "8-22", "08:00-08:00", "25:00-26:00", "08:61-09:00"] {
            assert!(Hours::try_from(bad.to_owned()).is_err(), "{bad}");
        }
    }

    #[test]
    fn hours_may_run_over_midnight() {
        let night = Hours::try_from("22:00-02:00".to_owned()).unwrap();
        assert!(night.hold(23 * 60) && night.hold(60) && !night.hold(12 * 60));
    }

    #[test]
    fn a_plan_reads_from_toml() {
        let text = "daily = 40\nhours = [\"08:00-23:00\"]\n\
                    burst = { size = 3, interval = \"20s\" }\n\
                    [kinds.like]\ncooldown = \"90s\"\ndaily = 20\n";
        let plan: Plan = toml::from_str(text).unwrap();
        assert_eq!(plan.kinds["like"].cooldown, Some(Duration::from_secs(90)));
        assert_eq!(plan.burst.unwrap().interval, Duration::from_secs(20));
    }
}
