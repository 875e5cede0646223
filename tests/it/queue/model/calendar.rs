//! Days, hours and minutes as the people who live in a zone know them.

use jiff::tz::TimeZone;
use walkon_core::clock::from_ms;

pub(crate) const SECOND: i64 = 1000;
pub(crate) const HOUR: i64 = 3600 * SECOND;
pub(crate) const DAY: i64 = 24 * HOUR;

pub(crate) fn zone(name: &str) -> TimeZone {
    TimeZone::get(name).expect("tests use known zones")
}

/// When the local day that holds `ms` starts and ends.
pub(crate) fn day(zone: &TimeZone, ms: i64) -> (i64, i64) {
    let local = from_ms(ms).to_zoned(zone.clone());
    let start = local.start_of_day().expect("it starts").timestamp();
    let next = local.tomorrow().and_then(|day| day.start_of_day()).expect("it ends").timestamp();
    (start.as_millisecond(), next.as_millisecond())
}

/// When the hour that holds `ms` ends: hours are counted from the day's start.
pub(crate) fn hour_end(zone: &TimeZone, ms: i64) -> i64 {
    let (start, end) = day(zone, ms);
    (start + ((ms - start) / HOUR + 1) * HOUR).min(end)
}

/// The minute that the clock on the wall shows.
pub(crate) fn minute(zone: &TimeZone, ms: i64) -> u16 {
    let local = from_ms(ms).to_zoned(zone.clone());
    local.hour() as u16 * 60 + local.minute() as u16
}

/// When the fleet's day and hour, which are those of UTC, end.
pub(crate) fn fleet_ends(ms: i64) -> [i64; 2] {
    [(ms / DAY + 1) * DAY, (ms / HOUR + 1) * HOUR]
}
