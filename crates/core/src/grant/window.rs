//! The hours a site allows, each day, in UTC.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

/// From one minute of the day to another, in UTC; over midnight if the second is the earlier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Window {
    from: u16,
    to: u16,
}

/// What is no window.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no window: write it as `06:00-22:00 UTC`")]
pub struct NotAWindow(String);

impl Window {
    /// Its first minute of the day, and the minute that is no longer in it.
    pub fn minutes(self) -> (u16, u16) {
        (self.from, self.to)
    }

    /// Whether an instant lies in it.
    pub fn holds(self, now: Timestamp) -> bool {
        let time = now.to_zoned(TimeZone::UTC).time();
        let minute = i32::from(time.hour()) * 60 + i32::from(time.minute());
        let (from, to) = (i32::from(self.from), i32::from(self.to));
        if from < to { (from..to).contains(&minute) } else { minute >= from || minute < to }
    }
}

impl FromStr for Window {
    type Err = NotAWindow;

    fn from_str(text: &str) -> Result<Self, NotAWindow> {
        let wrong = || NotAWindow(text.to_owned());
        let (from, to) =
            text.strip_suffix(" UTC").and_then(|hours| hours.split_once('-')).ok_or_else(wrong)?;
        let minute = |text: &str| -> Option<u16> {
            let (hour, minute) = text.split_once(':')?;
            let digits = |part: &str| part.len() == 2 && part.bytes().all(|b| b.is_ascii_digit());
            if !digits(hour) || !digits(minute) {
                return None;
            }
            let (hour, minute): (u16, u16) = (hour.parse().ok()?, minute.parse().ok()?);
            let good = (hour < 24 && minute < 60) || (hour == 24 && minute == 0);
            good.then_some(hour * 60 + minute)
        };
        let (from, to) = (minute(from).ok_or_else(wrong)?, minute(to).ok_or_else(wrong)?);
        // The same minute twice is all day or never: nobody can tell which.
        if from == to { Err(wrong()) } else { Ok(Self { from, to }) }
    }
}

impl TryFrom<String> for Window {
    type Error = NotAWindow;
    fn try_from(text: String) -> Result<Self, NotAWindow> {
        text.parse()
    }
}

impl From<Window> for String {
    fn from(window: Window) -> Self {
        window.to_string()
    }
}

impl fmt::Display for Window {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (from, to) = (self.from, self.to);
        write!(f, "{:02}:{:02}-{:02}:{:02} UTC", from / 60, from % 60, to / 60, to % 60)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holds(window: &str, at: &str) -> bool {
        let window: Window = window.parse().unwrap();
        window.holds(format!("2026-11-21T{at}:00Z").parse().unwrap())
    }

    #[test]
    fn a_window_begins_with_its_first_minute_and_ends_before_its_last() {
        for (at, inside) in [("05:59", false), ("06:00", true), ("21:59", true), ("22:00", false)] {
            assert_eq!(holds("06:00-22:00 UTC", at), inside, "{at}");
        }
        assert!(holds("12:00-24:00 UTC", "23:59"));
    }

    #[test]
    fn a_window_may_go_over_midnight() {
        for (at, inside) in [("21:59", false), ("22:00", true), ("02:00", true), ("06:00", false)] {
            assert_eq!(holds("22:00-06:00 UTC", at), inside, "{at}");
        }
    }

    #[test]
    fn what_is_no_window_is_refused() {
        for bad in ["06:00-22:00", "6:00-22:00 UTC", "06:00-25:00 UTC", "06:00-06:00 UTC", " UTC"] {
            assert!(bad.parse::<Window>().is_err(), "{bad}");
        }
    }
}
