//! Plans: named sets of limits (`[plans.<name>]` in `walkon.toml`).
//!
//! A cap delays; it never refuses work that can still be done in time. A cap of 0 means never.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::action::listed;
use crate::fault::Wrong;
use crate::kind::{KINDS, nearest};

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

impl Plan {
    /// Finds the first thing that could never work in the plan of that name.
    ///
    /// # Errors
    ///
    /// [`Wrong`] says where it stands and what to write.
    pub fn check(&self, name: &str) -> Result<(), Wrong> {
        let names = || KINDS.iter().map(|kind| kind.name);
        for kind in self.kinds.keys() {
            if names().any(|known| known == kind) {
                continue;
            }
            let near = nearest(kind, names());
            let hint = near.map_or(String::new(), |near| format!("did you mean `{near}`? "));
            let key = format!("plans.{name}.kinds.{kind}");
            let remedy = format!("{hint}Known: {}", listed(names()));
            return Err(Wrong { key, what: format!("there is no kind `{kind}`"), remedy });
        }
        if self.burst.is_some_and(|burst| burst.size == 0) {
            let (key, what) = (format!("plans.{name}.burst"), "its size is 0".to_owned());
            let remedy = "write 1 or more, or leave `burst` out for no limit".to_owned();
            return Err(Wrong { key, what, remedy });
        }
        Ok(())
    }

    /// When nothing that was done up to `now` counts any more, for an account at home in `zone`:
    /// the windows of its caps have ended, its cooldowns and its burst are over. `now` where it
    /// limits nothing; sooner than to the second it never is.
    pub fn clear_after(&self, now: Timestamp, zone: &TimeZone) -> Timestamp {
        let of_kinds = |of: fn(&KindLimits) -> bool| self.kinds.values().any(of);
        let later = |after: Duration| {
            let after = SignedDuration::try_from(after).unwrap_or(SignedDuration::MAX);
            now.saturating_add(after).unwrap_or(Timestamp::MAX)
        };
        let mut clear = now;
        let mut wait = |is: bool, until: Timestamp| {
            if is {
                clear = clear.max(until);
            }
        };
        let (hour, day) = (Duration::from_hours(1), Duration::from_hours(24));
        let next_day = now.to_zoned(zone.clone()).tomorrow().and_then(|day| day.start_of_day());
        let next_day = next_day.map_or_else(|_| later(day), |day| day.timestamp());
        wait(self.daily.is_some() || of_kinds(|kind| kind.daily.is_some()), next_day);
        wait(self.hourly.is_some() || of_kinds(|kind| kind.hourly.is_some()), later(hour));
        let rolls = self.hourly_rolling.is_some() || of_kinds(|one| one.hourly_rolling.is_some());
        wait(rolls, later(hour + Duration::from_mins(5)));
        let rolls = self.daily_rolling.is_some() || of_kinds(|one| one.daily_rolling.is_some());
        wait(rolls, later(day + hour));
        for kind in self.kinds.values() {
            wait(true, later(kind.cooldown.unwrap_or_default()));
        }
        let burst = self.burst.map(|burst| burst.interval.saturating_mul(burst.size));
        wait(true, later(burst.unwrap_or_default()));
        clear
    }
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
    fn what_was_done_counts_until_each_limit_that_it_could_meet_is_over() {
        let now: Timestamp = "2026-06-01T10:30:00Z".parse().unwrap();
        let zone = TimeZone::get("Asia/Tokyo").unwrap();
        for (text, clear) in [
            ("", "2026-06-01T10:30:00Z"),
            ("hours = [\"08:00-23:00\"]", "2026-06-01T10:30:00Z"),
            ("hourly = 3", "2026-06-01T11:30:00Z"),
            // Midnight in Tokyo is 15:00 UTC.
            ("daily = 3\nhourly = 1", "2026-06-01T15:00:00Z"),
            ("[kinds.like]\ndaily = 0", "2026-06-01T15:00:00Z"),
            ("hourly_rolling = 3", "2026-06-01T11:35:00Z"),
            ("[kinds.like]\ndaily_rolling = 3", "2026-06-02T11:30:00Z"),
            ("[kinds.like]\ncooldown = \"2h\"", "2026-06-01T12:30:00Z"),
            ("burst = { size = 3, interval = \"20s\" }", "2026-06-01T10:31:00Z"),
        ] {
            let plan: Plan = toml::from_str(text).unwrap();
            assert_eq!(plan.clear_after(now, &zone), clear.parse().unwrap(), "{text}");
        }
    }

    #[test]
    fn a_plan_reads_from_toml() {
        let text = "daily = 40\nhours = [\"08:00-23:00\"]\n\
                    burst = { size = 3, interval = \"20s\" }\n\
                    [kinds.like]\ncooldown = \"90s\"\ndaily = 20\n";
        let plan: Plan = toml::from_str(text).unwrap();
        assert_eq!(plan.kinds["like"].cooldown, Some(Duration::from_secs(90)));
        assert_eq!(plan.burst.unwrap().interval, Duration::from_secs(20));
        assert_eq!(plan.check("shy"), Ok(()));
    }

    #[test]
    fn a_kind_that_nobody_does_and_a_bucket_that_holds_nothing_are_named() {
        let wrong = |text: &str| toml::from_str::<Plan>(text).unwrap().check("shy").unwrap_err();
        let kind = wrong("[kinds.lkie]\ndaily = 3\n");
        assert_eq!(kind.key, "plans.shy.kinds.lkie");
        assert!(kind.remedy.starts_with("did you mean `like`?"), "{kind:?}");
        let burst = wrong("burst = { size = 0, interval = \"20s\" }\n");
        assert!(burst.key == "plans.shy.burst" && burst.remedy.contains("1 or more"), "{burst:?}");
    }
}
