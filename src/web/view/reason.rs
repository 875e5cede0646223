//! *Why is this not running?*, for people: the rule, until when, and what a person can do.

use jiff::Timestamp;

use crate::queue::{Explanation, Reason};

use super::say;

/// One rule that keeps an action waiting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Why {
    /// The rule, in a few words.
    pub rule: String,
    /// Its numbers and what else there is to say.
    pub detail: String,
    /// Since when, in words; empty: not known.
    pub since: String,
    /// Until when, in words; empty: until something changes.
    pub until: String,
    /// What a person can do.
    pub remedy: &'static str,
    /// Whether it stays so until a person acts.
    pub person: bool,
}

/// One reason in words.
pub fn why(reason: &Reason, now: Timestamp) -> Why {
    let rule = reason.rule().map_or_else(|| say::plain(&reason.code), |rule| rule.title.to_owned());
    let (remedy, person) = (reason.remedy(), reason.needs_person());
    let mut detail = match (reason.code.as_str(), reason.used, reason.most) {
        (code, _, Some(0)) => format!("the {} is 0", say::plain(code)),
        (_, Some(used), Some(most)) => format!("{used} of {most} used"),
        ("queue", Some(before), _) => format!("{before} before it in its lane"),
        _ => String::new(),
    };
    if !reason.words.is_empty() {
        let gap = if detail.is_empty() { "" } else { " · " };
        detail = format!("{detail}{gap}{}", reason.words);
    }
    let until = reason.until.map_or_else(String::new, |until| {
        format!("{} ({})", say::ahead(now, until), say::day_clock(until))
    });
    let since = reason.since.map_or_else(String::new, |since| say::since(now, since));
    Why { rule, detail, since, until, remedy, person }
}

/// All of an explanation's reasons, those that need a person first.
pub fn whys(explanation: &Explanation, now: Timestamp) -> Vec<Why> {
    let mut whys: Vec<_> = explanation.reasons.iter().map(|one| why(one, now)).collect();
    whys.sort_by_key(|why| !why.person);
    whys
}

#[cfg(test)]
mod tests {
    use super::*;
    use walkon_core::clock::from_ms;

    fn reason(code: &str, until: Option<i64>) -> Reason {
        let (used, most) = (Some(20), Some(20));
        let until = until.map(from_ms);
        let (code, words) = (code.into(), String::new());
        Reason { code, until, since: Some(from_ms(0)), used, most, words }
    }

    #[test]
    fn a_reason_says_rule_numbers_end_and_remedy() {
        let why = why(&reason("daily_cap", Some(3_600_000)), from_ms(0));
        assert_eq!(why.rule, "The daily cap is used up");
        assert_eq!(why.detail, "20 of 20 used");
        assert_eq!(why.until, "in 1 h (1 Jan, 01:00)");
        assert_eq!(why.since, say::since(from_ms(0), from_ms(0)));
        assert!(!why.person && !why.remedy.is_empty());
    }

    #[test]
    fn a_hold_without_an_end_needs_a_person() {
        assert!(why(&reason("held", None), from_ms(0)).person);
        assert!(!why(&reason("held", Some(5)), from_ms(0)).person);
        assert_eq!(why(&reason("new_rule", None), from_ms(0)).rule, "new rule");
    }
}
