//! Alerts in words: what stands, whom it was told, what is over.

use jiff::Timestamp;
use walkon_core::alert::{Raised, Told};

use super::say::{self, Marked};

/// One alert.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlertRow {
    /// How bad it is.
    pub severity: &'static str,
    /// In a line.
    pub title: String,
    /// Why.
    pub why: Marked,
    /// What to do.
    pub fix: Marked,
    /// Whom it concerns; empty: no single account.
    pub account: String,
    /// Since when, how often, and when it ends by itself.
    pub when: String,
    /// The first moment in full.
    pub since: String,
    /// Who was told.
    pub told: Vec<String>,
    /// Who could not be told, and why.
    pub untold: Vec<String>,
}

/// The page.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AlertsPage {
    /// Those that stand, the worst first.
    pub standing: Vec<AlertRow>,
    /// Those that are over, the latest first.
    pub over: Vec<AlertRow>,
    /// Who is set to be told.
    pub channels: Vec<&'static str>,
}

fn when(raised: &Raised, now: Timestamp) -> String {
    let times = if raised.times > 1 { format!(", {} times", raised.times) } else { String::new() };
    match (raised.over, raised.alert.until) {
        (Some(over), _) => format!(
            "over for {}, after {}{times}",
            say::since(now, over),
            say::since(over, raised.since)
        ),
        (None, Some(until)) => {
            format!("for {}{times}, ends {}", say::since(now, raised.since), say::ahead(now, until))
        }
        (None, None) => format!("for {}{times}", say::since(now, raised.since)),
    }
}

fn row(raised: &Raised, now: Timestamp) -> AlertRow {
    let alert = &raised.alert;
    let is_over = raised.over.is_some();
    let heard = |told: &Told| if is_over { told.over } else { told.standing };
    let good = |(name, told): (&String, &Told)| {
        heard(told).map(|at| format!("{name} {}", say::ago(now, at)))
    };
    let bad = |(name, told): (&String, &Told)| {
        told.error.as_ref().map(|error| format!("{name}: {error}"))
    };
    AlertRow {
        severity: alert.severity.name(),
        title: alert.title.clone(),
        why: say::marked(&alert.why),
        fix: say::marked(&alert.fix),
        account: alert.account.clone().unwrap_or_default(),
        when: when(raised, now),
        since: say::full(raised.since),
        told: raised.told.iter().filter_map(good).collect(),
        untold: raised.told.iter().filter_map(bad).collect(),
    }
}

/// Alerts in words.
pub fn alerts(all: &[Raised], channels: Vec<&'static str>, now: Timestamp) -> AlertsPage {
    let (mut standing, over): (Vec<_>, Vec<_>) = all.iter().partition(|one| one.over.is_none());
    standing.sort_by_key(|one| (std::cmp::Reverse(one.alert.severity), one.since));
    let rows = |some: Vec<&Raised>| some.into_iter().map(|one| row(one, now)).collect();
    AlertsPage { standing: rows(standing), over: rows(over), channels }
}

#[cfg(test)]
mod tests {
    use super::*;
    use walkon_core::alert::{Alert, Severity};
    use walkon_core::clock::from_ms;

    fn raised(key: &str, severity: Severity, over: Option<i64>) -> Raised {
        let alert = Alert {
            key: key.to_owned(),
            code: "hold".to_owned(),
            severity,
            account: None,
            title: key.to_owned(),
            why: "why".to_owned(),
            fix: String::new(),
            until: None,
        };
        let raised = Raised::anew(&alert, None, from_ms(0));
        Raised { over: over.map(from_ms), times: 3, ..raised }
    }

    #[test]
    fn the_worst_that_stands_comes_first_and_what_is_over_says_how_long_it_stood() {
        let mut warning = raised("b", Severity::Warning, None);
        let (failed, error) = (1, Some("connection refused".to_owned()));
        warning.told.insert("slack".into(), Told { failures: failed, error, ..Told::default() });
        let all = [
            warning,
            raised("a", Severity::Critical, None),
            raised("c", Severity::Info, Some(60_000)),
        ];
        let page = alerts(&all, vec!["slack"], from_ms(180_000));
        let titles: Vec<_> = page.standing.iter().map(|row| row.title.as_str()).collect();
        assert_eq!(titles, ["a", "b"]);
        assert_eq!(page.standing[0].when, "for 3 min, 3 times");
        assert_eq!(page.standing[1].untold, ["slack: connection refused"]);
        assert_eq!(page.over[0].when, "over for 2 min, after 1 min, 3 times");
    }
}
