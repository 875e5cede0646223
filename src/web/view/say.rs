//! Times, sizes and states in words.

use jiff::Timestamp;
use walkon_core::receipt::Receipt;

/// A count with thin spaces between thousands.
pub fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push('\u{202f}');
        }
        out.push(digit);
    }
    out
}

/// A number of things: `1 action`, `2 actions`.
pub fn many(number: u64, thing: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{} {thing}{plural}", count(number))
}

/// A length of time, in its two greatest units at most.
pub fn length(ms: f64) -> String {
    let seconds = ms / 1000.0;
    if ms < 1.0 {
        return "0 ms".to_owned();
    }
    if seconds < 1.0 {
        return format!("{ms:.0} ms");
    }
    if seconds < 10.0 {
        return format!("{seconds:.1} s");
    }
    let whole = seconds.round() as u64;
    let (days, hours, minutes) = (whole / 86_400, whole / 3600 % 24, whole / 60 % 60);
    match (days, hours, minutes, whole % 60) {
        (0, 0, 0, seconds) => format!("{seconds} s"),
        (0, 0, minutes, seconds) => format!("{minutes} min {seconds:02} s"),
        (0, hours, minutes, _) => format!("{hours} h {minutes:02} min"),
        (days, hours, ..) => format!("{days} d {hours} h"),
    }
}

fn between(from: Timestamp, to: Timestamp) -> f64 {
    (to.as_millisecond() - from.as_millisecond()) as f64
}

/// A length of time for lists: one unit, no fractions.
fn roughly(ms: f64) -> String {
    let seconds = (ms / 1000.0) as u64;
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3600 => format!("{} min", seconds / 60),
        3600..172_800 => format!("{} h", seconds / 3600),
        _ => format!("{} days", seconds / 86_400),
    }
}

/// How long ago: `12 s ago`, `just now`.
pub fn ago(now: Timestamp, at: Timestamp) -> String {
    let ms = between(at, now);
    if ms < 1000.0 { "just now".to_owned() } else { format!("{} ago", roughly(ms)) }
}

/// How far ahead: `in 12 s`, `now`.
pub fn ahead(now: Timestamp, at: Timestamp) -> String {
    let ms = between(now, at);
    if ms < 1000.0 { "now".to_owned() } else { format!("in {}", roughly(ms)) }
}

/// How long something has gone on.
pub fn since(now: Timestamp, at: Timestamp) -> String {
    roughly(between(at, now).max(0.0))
}

/// The clock: `14:03:11`.
pub fn clock(at: Timestamp) -> String {
    at.strftime("%H:%M:%S").to_string()
}

/// The clock to the millisecond.
pub fn fine_clock(at: Timestamp) -> String {
    at.strftime("%H:%M:%S%.3f").to_string()
}

/// Day and clock: `21 Nov, 14:03`.
pub fn day_clock(at: Timestamp) -> String {
    at.strftime("%-d %b, %H:%M").to_string()
}

/// The day: `21 Nov`.
pub fn day(at: Timestamp) -> String {
    at.strftime("%-d %b").to_string()
}

/// The instant in full, for tooltips.
pub fn full(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M:%S UTC").to_string()
}

/// A number of bytes.
pub fn bytes(number: u64) -> String {
    let mut size = number as f64;
    for unit in ["B", "KiB", "MiB"] {
        if size < 1024.0 {
            let places = usize::from(size < 10.0 && unit != "B");
            return format!("{size:.places$} {unit}");
        }
        size /= 1024.0;
    }
    format!("{size:.1} GiB")
}

/// A sentence in which what stands between backticks is shown as code.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Marked(String);

impl Marked {
    /// Whether there is nothing to say.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl std::fmt::Display for Marked {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// All that is not our own markup has been escaped.
impl askama::filters::HtmlSafe for Marked {}

/// A sentence, escaped, with its code marked.
pub fn marked(text: &str) -> Marked {
    let mut html = String::with_capacity(text.len());
    let count = text.matches('`').count();
    for (at, part) in text.split('`').enumerate() {
        if at > 0 {
            // One that has no other to close it is a backtick.
            html.push_str(match (at % 2, at == count) {
                (1, true) => "`",
                (1, false) => "<code>",
                _ => "</code>",
            });
        }
        for c in part.chars() {
            match c {
                '&' => html.push_str("&amp;"),
                '<' => html.push_str("&lt;"),
                '>' => html.push_str("&gt;"),
                '"' => html.push_str("&quot;"),
                '\'' => html.push_str("&#39;"),
                c => html.push(c),
            }
        }
    }
    Marked(html)
}

/// A stable word for people: `daily_cap` becomes `daily cap`.
pub fn plain(word: &str) -> String {
    word.replace('_', " ")
}

/// An ending in one line, with what it left on the site.
pub fn ending(receipt: &Receipt) -> String {
    match (receipt.state.as_str(), receipt.effect.as_deref()) {
        ("done", Some("already")) => "was so already".to_owned(),
        ("done", _) => "done".to_owned(),
        (state, _) => receipt.why.clone().unwrap_or_else(|| state.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use walkon_core::clock::from_ms;

    #[test]
    fn numbers_read_well() {
        assert_eq!(count(0), "0");
        assert_eq!(count(1_234_567), "1\u{202f}234\u{202f}567");
        assert_eq!(many(1, "action"), "1 action");
        assert_eq!(bytes(900), "900 B");
        assert_eq!(bytes(1536), "1.5 KiB");
        assert_eq!(bytes(30 << 20), "30 MiB");
    }

    #[test]
    fn what_stands_in_backticks_is_code_and_nothing_in_it_is_markup() {
        let html = |text| marked(text).to_string();
        assert_eq!(html("run `walkon up` now"), "run <code>walkon up</code> now");
        assert_eq!(html("`<b>` & `x`"), "<code>&lt;b&gt;</code> &amp; <code>x</code>");
        assert_eq!(html("a ` alone"), "a ` alone");
        assert_eq!(html("`a` and ` alone"), "<code>a</code> and ` alone");
    }

    #[test]
    fn times_read_well() {
        let cases =
            [(0.2, "0 ms"), (140.4, "140 ms"), (4_700.0, "4.7 s"), (61_000.0, "1 min 01 s")];
        for (ms, words) in cases {
            assert_eq!(length(ms), words);
        }
        assert_eq!(length(7_500_000.0), "2 h 05 min");
        assert_eq!(ago(from_ms(500), from_ms(0)), "just now");
        assert_eq!(ago(from_ms(90_000), from_ms(0)), "1 min ago");
        assert_eq!(ahead(from_ms(0), from_ms(12_000)), "in 12 s");
        assert_eq!(ahead(from_ms(9), from_ms(0)), "now");
        assert_eq!(fine_clock(from_ms(1_042)), "00:00:01.042");
    }
}
