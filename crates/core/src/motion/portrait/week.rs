//! The week: the hourly curve, and a row a day with each stay where it lies.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};

use super::svg::Canvas;
use super::{MARGIN, WIDTH};
use crate::motion::agenda::{Doing, Stay, over};
use crate::motion::rhythm::Curve;
use crate::persona::Persona;
use crate::rng::Seed;

/// Room for the names of the days.
const LABELS: f64 = 92.0;
const CURVE: f64 = 70.0;
const ROW: f64 = 24.0;
/// Least width of a stay, which would else be a hair.
const STAY_MIN: f64 = 3.0;

/// Draws the week of `day`; gives where the next part begins.
pub(super) fn draw(
    canvas: &mut Canvas,
    top: f64,
    persona: &Persona,
    (zone, day): (&TimeZone, Date),
    seed: Seed,
) -> f64 {
    let back = i64::from(day.weekday().to_monday_zero_offset());
    let monday = day.checked_sub(Span::new().days(back)).unwrap_or(day);
    let sunday = monday.checked_add(Span::new().days(6)).unwrap_or(day);
    let stays = over(persona, zone, (monday, sunday), seed);
    let expected =
        format!("starts of a session by hour, {:.1} on a weekday", persona.rhythm.starts);
    canvas.text("head", (MARGIN, top), "start", "Its week");
    canvas.text("soft", (MARGIN + 106.0, top), "start", &expected);
    let rows = top + 16.0 + CURVE + 14.0;
    curve(canvas, top + 16.0, persona, day);
    let foot = rows + 7.0 * ROW + 8.0;
    for hour in (0..=24).step_by(3) {
        let x = at(f64::from(hour));
        canvas.line("line", (x, rows - 8.0), (x, foot - 12.0));
        canvas.text("soft", (x, foot + 2.0), "middle", &format!("{hour:02}:00"));
    }
    for (nth, date) in monday.series(Span::new().days(1)).take(7).enumerate() {
        let y = rows + nth as f64 * ROW;
        let class = if date == day { "text" } else { "soft" };
        let name = date.strftime("%a %e %b").to_string();
        canvas.text(class, (MARGIN, y + 15.0), "start", &name);
        canvas.line("line", (MARGIN + LABELS, y + ROW - 6.0), (WIDTH - MARGIN, y + ROW - 6.0));
        let of_day = stays.iter().filter(|stay| starts_on(stay, zone, date));
        for stay in of_day {
            bar(canvas, y, stay, zone);
        }
    }
    canvas.text("soft", (MARGIN + LABELS, foot + 22.0), "start", &told(&stays, zone, day));
    foot + 62.0
}

fn starts_on(stay: &Stay, zone: &TimeZone, date: Date) -> bool {
    stay.span().is_some_and(|(from, _)| zone.to_datetime(from).date() == date)
}

/// Where an hour of the day is.
fn at(hour: f64) -> f64 {
    MARGIN + LABELS + (WIDTH - 2.0 * MARGIN - LABELS) * hour / 24.0
}

fn hour_of(moment: Timestamp, zone: &TimeZone) -> f64 {
    let local = zone.to_datetime(moment);
    f64::from(local.hour()) + f64::from(local.minute()) / 60.0 + f64::from(local.second()) / 3600.0
}

fn curve(canvas: &mut Canvas, top: f64, persona: &Persona, day: Date) {
    let curve = Curve::new(&persona.rhythm);
    let rate = |quarter: i32| {
        let (hour, minute) = ((quarter / 4 % 24) as i8, (quarter % 4 * 15) as i8);
        curve.at(day.at(hour, minute, 0, 0))
    };
    let most = (0..96).map(rate).fold(f64::MIN_POSITIVE, f64::max);
    let points: Vec<(f64, f64)> =
        (0..=96).map(|n| (at(f64::from(n) / 4.0), top + CURVE * (1.0 - rate(n) / most))).collect();
    let mut area = points.clone();
    area.extend([(at(24.0), top + CURVE), (at(0.0), top + CURVE)]);
    canvas.path("area", &area);
    canvas.path("main", &points);
}

/// One stay, and a dot for what it leaves.
fn bar(canvas: &mut Canvas, y: f64, stay: &Stay, zone: &TimeZone) {
    let Some((from, until)) = stay.span() else { return };
    let hours = until.duration_since(from).as_secs_f64() / 3600.0;
    let (x, end) = (at(hour_of(from, zone)), WIDTH - MARGIN);
    let width = (at(hours) - at(0.0)).max(STAY_MIN).min((end - x).max(STAY_MIN));
    canvas.rect("bar", (x, y + 2.0), (width, ROW - 9.0));
    if stay.entries.iter().any(|entry| entry.doing != Doing::Browse) {
        canvas.dot("warm", (x + width / 2.0, y - 1.5), 2.2);
    }
}

/// What the day holds, in words.
fn told(stays: &[Stay], zone: &TimeZone, day: Date) -> String {
    let today: Vec<&Stay> = stays.iter().filter(|stay| starts_on(stay, zone, day)).collect();
    let count = |doing: Doing| {
        let entries = today.iter().flat_map(|stay| &stay.entries);
        entries.filter(|entry| entry.doing == doing).count()
    };
    format!(
        "{}: {} stays, {} looks, {} reactions, {} texts. A dot marks a stay that leaves something.",
        day.strftime("%A"),
        today.len(),
        count(Doing::Browse),
        count(Doing::React),
        count(Doing::Write),
    )
}
