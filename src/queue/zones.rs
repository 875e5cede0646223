//! Local days of a time zone, packed for the scripts (`lua/zone.lua` says how).

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::sync::Mutex;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};

use super::{Error, Shard, scripts};

/// How many days a table reaches ahead; work may lie 90 days ahead.
const DAYS_AHEAD: i64 = 400;
/// Yesterday's day is not over everywhere.
const DAYS_BACK: i64 = 2;
/// A table is written anew after this many days.
const FRESH_DAYS: i64 = 30;

/// The zones whose tables this process has written, each with the stretch of days it was done in.
#[derive(Debug, Default)]
pub(super) struct Known(Mutex<BTreeSet<(String, i64)>>);

impl Known {
    fn has(&self, entry: &(String, i64)) -> bool {
        self.0.lock().expect("nothing panics while it is held").contains(entry)
    }

    /// They are gone from Redis.
    pub(super) fn forget(&self) {
        self.0.lock().expect("nothing panics while it is held").clear();
    }

    fn add(&self, entry: (String, i64)) {
        self.0.lock().expect("nothing panics while it is held").insert(entry);
    }
}

/// One day's record: when it starts, and by how many minutes its clocks change where they do.
fn record(zone: &TimeZone, day: Date) -> Option<(i64, i64, i64)> {
    let noon = day.at(12, 0, 0, 0).to_zoned(zone.clone()).ok()?;
    let start = noon.start_of_day().ok()?;
    let from = start.timestamp();
    let first = i64::from(start.hour()) * 60 + i64::from(start.minute());
    if first > 0 {
        // Midnight was skipped: the day begins later on the wall.
        return Some((from.as_millisecond(), 0, first));
    }
    let end = noon.tomorrow().ok()?.start_of_day().ok()?.timestamp();
    let before = zone.to_offset(from).seconds();
    let change = zone.following(from).next().filter(|change| change.timestamp() < end);
    let Some(change) = change else { return Some((from.as_millisecond(), 9999, 0)) };
    let at = (change.timestamp().as_millisecond() - from.as_millisecond()) / 60_000;
    let by = i64::from(change.offset().seconds() - before) / 60;
    Some((from.as_millisecond(), at, by))
}

/// The table of a zone from shortly before `now` on.
fn pack(name: &str, now: Timestamp) -> Result<String, Error> {
    let unknown = || Error::Zone(name.to_owned());
    let zone = TimeZone::get(name).map_err(|_| unknown())?;
    let today = now.to_zoned(zone.clone()).date();
    let days = (-DAYS_BACK..=DAYS_AHEAD).filter_map(|n| {
        let day = today.checked_add(Span::new().days(n)).ok()?;
        record(&zone, day)
    });
    Ok(days.fold(String::new(), |mut table, (from, at, by)| {
        write!(table, "{from:013}{at:04}{:03}", by + 500).expect("a string takes all");
        table
    }))
}

impl Shard {
    /// The server's clock, which is the only one that counts.
    pub async fn now(&self) -> Result<Timestamp, Error> {
        // Where a test has moved the clock, days are counted from there.
        let mut cmd = redis::cmd("HMGET");
        cmd.arg(self.key("meta")).arg("allow_fake").arg("fake");
        let (allowed, fake): (Option<String>, Option<i64>) = self.ask(&cmd).await?;
        if let (Some(_), Some(ms)) = (allowed, fake) {
            return Ok(walkon_core::clock::from_ms(ms));
        }
        let (seconds, micros): (i64, i64) = self.ask(&redis::cmd("TIME")).await?;
        Ok(walkon_core::clock::from_ms(seconds * 1000 + micros / 1000))
    }

    /// Writes a zone's table unless this process did so lately.
    pub(super) async fn put_zone(&self, name: &str) -> Result<(), Error> {
        let now = self.now().await?;
        let entry = (name.to_owned(), now.as_second() / 86_400 / FRESH_DAYS);
        if self.inner.zones.has(&entry) {
            return Ok(());
        }
        let args = vec![name.to_owned(), pack(name, now)?];
        self.run(&scripts::ZONES, &args).await?;
        self.inner.zones.add(entry);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn days(zone: &str, at: &str) -> Vec<(i64, i64, i64)> {
        let table = pack(zone, at.parse().unwrap()).unwrap();
        let number = |text: &str| text.parse::<i64>().unwrap();
        let rows = table.as_bytes().chunks(20).map(|row| std::str::from_utf8(row).unwrap());
        rows.map(|r| (number(&r[..13]), number(&r[13..17]), number(&r[17..]) - 500)).collect()
    }

    #[test]
    fn a_day_in_march_has_23_hours_and_one_in_october_25() {
        let march = days("Europe/Berlin", "2026-03-29T12:00:00Z");
        assert_eq!(march[3].0 - march[2].0, 23 * 3_600_000);
        assert_eq!((march[2].1, march[2].2), (120, 60));
        let october = days("Europe/Berlin", "2026-10-25T12:00:00Z");
        assert_eq!(october[3].0 - october[2].0, 25 * 3_600_000);
        assert_eq!((october[2].1, october[2].2), (180, -60));
    }

    #[test]
    fn a_day_whose_midnight_is_skipped_begins_at_one() {
        let cairo = days("Africa/Cairo", "2026-04-24T12:00:00Z");
        assert_eq!((cairo[2].1, cairo[2].2), (0, 60));
        assert_eq!(cairo[3].0 - cairo[2].0, 23 * 3_600_000);
    }

    #[test]
    fn an_unknown_zone_is_an_error_that_names_it() {
        let error = pack("Europe/Atlantis", Timestamp::UNIX_EPOCH).unwrap_err();
        assert!(error.to_string().contains("Europe/Atlantis"));
    }
}
