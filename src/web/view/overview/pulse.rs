//! The throughput: what ended, by the minute.

use jiff::Timestamp;
use walkon_core::receipt::Receipt;

/// Minutes that the throughput shows at most, one bar each.
const MINUTES: usize = 30;

/// One bar of the throughput.
#[derive(Debug, Clone, PartialEq)]
pub struct Bar {
    /// From the left.
    pub x: f64,
    /// Height of what went well, of 40.
    pub well: f64,
    /// Height of the rest, on top of it.
    pub ill: f64,
    /// In words.
    pub words: String,
}

impl Bar {
    /// Upper edge of what went well.
    pub fn well_y(&self) -> f64 {
        40.0 - self.well
    }
    /// Upper edge of the rest.
    pub fn ill_y(&self) -> f64 {
        40.0 - self.well - self.ill
    }
}

/// The throughput.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Pulse {
    /// The bars, the oldest first.
    pub bars: Vec<Bar>,
    /// `4.2 a minute`.
    pub rate: String,
    /// `last 30 min`.
    pub window: String,
}

pub(super) fn pulse(receipts: &[Receipt], now: Timestamp) -> Pulse {
    let minute = |at: Timestamp| at.as_millisecond().div_euclid(60_000);
    let last = minute(now);
    let mut bars = vec![(0_u64, 0_u64); MINUTES];
    for receipt in receipts {
        let back = last - minute(receipt.at);
        if let Some(bar) = usize::try_from(back).ok().and_then(|back| bars.get_mut(back)) {
            let well = matches!(receipt.state.as_str(), "done" | "cancelled");
            *(if well { &mut bar.0 } else { &mut bar.1 }) += 1;
        }
    }
    let most = bars.iter().map(|(well, ill)| well + ill).max().unwrap_or(0).max(1) as f64;
    let total: u64 = bars.iter().map(|(well, ill)| well + ill).sum();
    let high = |count: u64| (count as f64 / most * 380.0).round() / 10.0;
    let shown = bars.iter().enumerate().rev().map(|(back, &(well, ill))| Bar {
        x: ((MINUTES - 1 - back) * 8) as f64,
        well: high(well),
        ill: high(ill),
        words: format!("{back} min ago: {well} done, {ill} otherwise"),
    });
    Pulse {
        bars: shown.collect(),
        rate: format!("{:.1} a minute", total as f64 / MINUTES as f64),
        window: format!("last {MINUTES} min"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use walkon_core::clock::from_ms;

    #[test]
    fn the_throughput_counts_by_the_minute() {
        let at = from_ms(600_000);
        let receipt = Receipt {
            action: "a".into(),
            account: "ada".into(),
            kind: "like".into(),
            target: None,
            text_hash: None,
            class: None,
            state: "failed".into(),
            effect: None,
            code: None,
            why: None,
            attempts: 1,
            at,
            event: "1-0".into(),
        };
        let pulse = pulse(&[receipt], at);
        let last = pulse.bars.last().expect("thirty bars");
        assert_eq!((last.well, last.ill), (0.0, 38.0));
    }
}
