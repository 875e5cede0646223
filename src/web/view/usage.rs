//! Usage in words and bars: how attempts ended, by account, hour, kind or result.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use walkon_core::usage::UsageResult;

use crate::store::usage::{By, Line};

use super::say;

/// The most lines of one page.
const LINES_MAX: usize = 200;
/// Up to so many hours there is a column an hour, beyond it one a day.
const HOURLY_MAX: u32 = 72;
/// The width and height of the columns, in units of their picture.
pub const WIDTH: f64 = 960.0;
const HEIGHT: f64 = 60.0;

/// How a result stands in a bar: what was done, what was not, and what nobody is to blame for.
fn shade(result: &str) -> &'static str {
    match result {
        "done" => "s-done",
        "failed" | "blocked" | "challenged" | "signed_out" => "s-failed",
        "unknown" | "lost" | "limited" => "s-unknown",
        "retried" => "s-retried",
        _ => "s-cancelled",
    }
}

/// Results in the order of a bar: the good first.
fn in_order(results: &BTreeMap<String, u64>) -> Vec<(&'static str, u64)> {
    let each = UsageResult::ALL.iter().map(|result| result.name());
    each.filter_map(|name| Some((name, *results.get(name)?))).collect()
}

/// A piece of a bar: its shade, where it begins and how long it is.
#[derive(Debug, Clone, PartialEq)]
pub struct Piece {
    /// Its class.
    pub shade: &'static str,
    /// From the left, in hundredths.
    pub x: f64,
    /// Width, in hundredths.
    pub w: f64,
}

/// One line of the table.
#[derive(Debug, Clone, PartialEq)]
pub struct UsageRow {
    /// What it is of.
    pub of: String,
    /// Where more of it is; empty: nowhere.
    pub href: String,
    /// Its bar; the longest line's fills the whole width.
    pub pieces: Vec<Piece>,
    /// How many.
    pub total: String,
    /// How many of each result that any line has, in their order; empty: none.
    pub counts: Vec<String>,
}

/// A column of the picture: an hour or a day.
#[derive(Debug, Clone, PartialEq)]
pub struct Column {
    /// From the left.
    pub x: f64,
    /// Its width.
    pub w: f64,
    /// How many ended in it.
    pub total: u64,
    /// Pieces from the bottom: shade, from the top, height.
    pub pieces: Vec<(&'static str, f64, f64)>,
    /// When, and how many.
    pub words: String,
}

/// The page.
#[derive(Debug, Clone, PartialEq)]
pub struct UsagePage {
    /// In a sentence.
    pub summary: String,
    /// The picture; empty: there is nothing.
    pub columns: Vec<Column>,
    /// What stands below it: the first moment, and how high the highest column is.
    pub ends: (String, String),
    /// What the first column of the table is called.
    pub head: &'static str,
    /// The results that any line has.
    pub results: Vec<(String, &'static str)>,
    /// The lines.
    pub rows: Vec<UsageRow>,
    /// How many lines are not shown.
    pub left_out: u64,
}

/// What a count is by, for people.
pub fn head(by: By) -> &'static str {
    match by {
        By::Account => "account",
        By::Hour => "hour",
        By::Kind => "kind",
        By::Result => "result",
    }
}

fn pieces(results: &[(&'static str, u64)], most: u64) -> Vec<Piece> {
    let mut x = 0.0;
    let piece = |(name, count): &(&'static str, u64)| {
        let w = *count as f64 * 100.0 / most.max(1) as f64;
        let piece = Piece { shade: shade(name), x, w };
        x += w;
        piece
    };
    results.iter().map(piece).collect()
}

/// What a line is called on the page, and where more of it is.
fn named(by: By, of: &str) -> (String, String) {
    match by {
        By::Account => (of.to_owned(), format!("/accounts/{of}")),
        By::Hour => {
            let hour: Option<Timestamp> = of.parse().ok();
            (hour.map_or_else(|| of.to_owned(), say::day_clock), String::new())
        }
        By::Kind if of.is_empty() => ("not told".to_owned(), String::new()),
        By::Kind | By::Result => (say::plain(of), String::new()),
    }
}

fn rows(by: By, lines: &[Line]) -> (Vec<(String, &'static str)>, Vec<UsageRow>) {
    let is_there = |name: &&'static str| lines.iter().any(|line| line.results.contains_key(*name));
    let names: Vec<_> =
        UsageResult::ALL.iter().map(|result| result.name()).filter(is_there).collect();
    // Of a line a result each there is but one number.
    let names = if by == By::Result { Vec::new() } else { names };
    let most = lines.iter().map(|line| line.total).max().unwrap_or(1);
    let row = |line: &Line| {
        let (of, href) = named(by, &line.of);
        let count = |name: &&'static str| {
            line.results.get(*name).map_or_else(String::new, |count| say::count(*count))
        };
        UsageRow {
            of,
            href,
            pieces: pieces(&in_order(&line.results), most),
            total: say::count(line.total),
            counts: names.iter().map(count).collect(),
        }
    };
    let heads = names.iter().map(|name| (say::plain(name), shade(name))).collect();
    (heads, lines.iter().take(LINES_MAX).map(row).collect())
}

/// The hours between two moments, or the days where those are too many, each with what ended in it.
fn columns(hours: &[Line], since: Timestamp, now: Timestamp, back: u32) -> Vec<Column> {
    let length = if back <= HOURLY_MAX { 1 } else { 24 };
    let ms = SignedDuration::from_hours(length).as_millis() as i64;
    let first = since.as_millisecond().div_euclid(ms);
    let count = (now.as_millisecond().div_euclid(ms) - first + 1).max(1) as usize;
    let mut sums: Vec<BTreeMap<String, u64>> = vec![BTreeMap::new(); count];
    for line in hours {
        let Ok(at) = line.of.parse::<Timestamp>() else { continue };
        let place = at.as_millisecond().div_euclid(ms) - first;
        let Some(sum) = usize::try_from(place).ok().and_then(|at| sums.get_mut(at)) else {
            continue;
        };
        for (result, ends) in &line.results {
            *sum.entry(result.clone()).or_default() += ends;
        }
    }
    let total = |sum: &BTreeMap<String, u64>| sum.values().sum::<u64>();
    let most = sums.iter().map(total).max().unwrap_or(0).max(1) as f64;
    let step = WIDTH / count as f64;
    let column = |(n, sum): (usize, &BTreeMap<String, u64>)| {
        let mut top = HEIGHT;
        let piece = |(name, ends): (&'static str, u64)| {
            let height = ends as f64 * HEIGHT / most;
            top -= height;
            (shade(name), top, height)
        };
        let at = walkon_core::clock::from_ms((first + n as i64) * ms);
        let when = if length == 1 { say::day_clock(at) } else { say::day(at) };
        Column {
            x: n as f64 * step,
            w: (step * 0.82).max(0.6),
            total: total(sum),
            pieces: in_order(sum).into_iter().map(piece).collect(),
            words: format!("{when}: {}", say::many(total(sum), "attempt")),
        }
    };
    sums.iter().enumerate().map(column).collect()
}

/// The page of a count; `hours` is the same count by hour, for the picture.
pub fn usage(
    by: By,
    (mut lines, hours): (Vec<Line>, &[Line]),
    (since, now, back): (Timestamp, Timestamp, u32),
) -> UsagePage {
    match by {
        By::Hour => lines.reverse(),
        By::Account | By::Kind | By::Result => {
            lines.sort_by(|a, b| b.total.cmp(&a.total).then_with(|| a.of.cmp(&b.of)));
        }
    }
    let total: u64 = hours.iter().map(|line| line.total).sum();
    let done: u64 = hours.iter().filter_map(|line| line.results.get("done")).sum();
    let summary = match total {
        0 => "No attempt has ended in this time.".to_owned(),
        _ => format!(
            "{} ended, {} of them done",
            say::many(total, "attempt"),
            if done == total { "all".to_owned() } else { say::count(done) }
        ),
    };
    let (results, rows) = rows(by, &lines);
    let day = |at| if back <= HOURLY_MAX { say::day_clock(at) } else { say::day(at) };
    let columns = if total == 0 { Vec::new() } else { columns(hours, since, now, back) };
    let most = columns.iter().map(|column| column.total).max().unwrap_or_default();
    let each = if back <= HOURLY_MAX { "an hour" } else { "a day" };
    let most = format!("at most {} in {each}", say::count(most));
    UsagePage {
        summary,
        columns,
        ends: (day(since), most),
        head: head(by),
        results,
        rows,
        left_out: lines.len().saturating_sub(LINES_MAX) as u64,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(of: &str, results: &[(&str, u64)]) -> Line {
        let results: BTreeMap<_, _> =
            results.iter().map(|(name, count)| ((*name).to_owned(), *count)).collect();
        Line { of: of.to_owned(), total: results.values().sum(), results }
    }

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn the_busiest_comes_first_and_fills_the_width() {
        let lines = vec![line("ada", &[("done", 1)]), line("ben", &[("done", 3), ("failed", 1)])];
        let hours = [line("2026-11-21T11:00:00Z", &[("done", 4), ("failed", 1)])];
        let (since, now) = (at("2026-11-20T12:00:00Z"), at("2026-11-21T12:00:00Z"));
        let page = usage(By::Account, (lines, &hours), (since, now, 24));
        assert_eq!(page.summary, "5 attempts ended, 4 of them done");
        assert_eq!(
            (page.rows[0].of.as_str(), page.rows[0].href.as_str()),
            ("ben", "/accounts/ben")
        );
        let widths: Vec<_> = page.rows[0].pieces.iter().map(|piece| (piece.x, piece.w)).collect();
        assert_eq!(widths, [(0.0, 75.0), (75.0, 25.0)]);
        assert_eq!(page.rows[1].counts, ["1", ""]);
    }

    #[test]
    fn each_hour_has_its_column_and_a_month_a_column_a_day() {
        let hours = [
            line("2026-11-21T11:00:00Z", &[("done", 4)]),
            line("2026-11-20T23:00:00Z", &[("done", 2)]),
        ];
        let now = at("2026-11-21T12:10:00Z");
        let day = columns(&hours, at("2026-11-20T12:10:00Z"), now, 24);
        assert_eq!(day.len(), 25);
        assert_eq!(day[23].pieces, [("s-done", 0.0, 60.0)]);
        assert_eq!(day[11].pieces, [("s-done", 30.0, 30.0)]);
        let month = columns(&hours, at("2026-10-22T12:10:00Z"), now, 720);
        assert_eq!(month.len(), 31);
        assert_eq!(month[30].words, "21 Nov: 4 attempts");
    }

    #[test]
    fn nothing_is_said_plainly() {
        let now = at("2026-11-21T12:10:00Z");
        let page = usage(By::Result, (Vec::new(), &[]), (now, now, 24));
        assert_eq!(page.summary, "No attempt has ended in this time.");
        assert!(page.columns.is_empty() && page.rows.is_empty());
    }
}
