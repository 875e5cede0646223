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
    /// Until when, in words; empty: until something changes.
    pub until: String,
    /// What a person can do.
    pub remedy: &'static str,
    /// Whether it stays so until a person acts.
    pub person: bool,
}

/// Rule and remedy of a stable word.
const RULES: &[(&str, &str, &str)] = &[
    ("cooldown", "Its kind is cooling down", "wait, or shorten the plan's cooldown"),
    ("burst", "The account has just done several", "wait, or widen the plan's burst"),
    ("hours", "Outside the account's active hours", "wait, or change the plan's hours"),
    ("daily_cap", "The daily cap is used up", "wait for midnight in its zone, or raise the cap"),
    ("hourly_cap", "The hourly cap is used up", "wait for the full hour, or raise the cap"),
    ("kind_daily_cap", "The kind's daily cap is used up", "wait for midnight, or raise the cap"),
    ("kind_hourly_cap", "The kind's hourly cap is used up", "wait, or raise the kind's cap"),
    ("global_daily_cap", "The fleet's daily cap is used up", "wait, or raise the fleet's cap"),
    ("global_hourly_cap", "The fleet's hourly cap is used up", "wait, or raise the fleet's cap"),
    ("not_before", "It was asked for later", "wait, or cancel it and send it anew"),
    ("backoff", "It failed and is tried again later", "wait; its last failure is shown"),
    ("queue", "Others come first", "wait, or send it with a more urgent priority"),
    ("lease", "The account is busy", "wait until that is done"),
    ("busy", "The account does one of its kind by the other route", "wait until that is done"),
    ("handed_back", "A worker's host could not do it", "mend that host, or start one that can"),
    ("fenced", "An earlier lease must end first", "wait a few seconds"),
    ("held", "The account is held", "see the account's holds, and lift them"),
    ("route", "There is no way to do it", "give the account a token, or the site a behavior"),
    ("plan", "Its plan is not known", "add the plan to walkon.toml"),
    ("zone", "Its time zone is not known", "correct the account's time_zone"),
    ("restarted", "Redis was restarted", "wait until the leases before it have ended"),
    ("clock", "The server's clock went back", "check the clock of the Redis host"),
    ("paused", "Claims are shut for the whole fleet", "open them again"),
    ("parked", "It may have been done", "look at the site, then settle it"),
    ("state", "It does not wait any more", ""),
];

/// Those that no time mends.
const NEEDS_PERSON: [&str; 7] = ["held", "route", "plan", "zone", "clock", "paused", "parked"];

/// One reason in words.
pub fn why(reason: &Reason, now: Timestamp) -> Why {
    let row = RULES.iter().find(|(code, ..)| *code == reason.code);
    let never = reason.most == Some(0);
    let (rule, remedy) = match row {
        _ if never => ("Its plan never allows this".to_owned(), "raise the cap, or cancel it"),
        Some((_, rule, remedy)) => ((*rule).to_owned(), *remedy),
        None => (say::plain(&reason.code), ""),
    };
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
    let person = reason.until.is_none() && (never || NEEDS_PERSON.contains(&reason.code.as_str()));
    let until = reason.until.map_or_else(String::new, |until| {
        format!("{} ({})", say::ahead(now, until), say::day_clock(until))
    });
    Why { rule, detail, until, remedy, person }
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
        Reason { code: code.into(), until: until.map(from_ms), used, most, words: String::new() }
    }

    #[test]
    fn a_reason_says_rule_numbers_end_and_remedy() {
        let why = why(&reason("daily_cap", Some(3_600_000)), from_ms(0));
        assert_eq!(why.rule, "The daily cap is used up");
        assert_eq!(why.detail, "20 of 20 used");
        assert_eq!(why.until, "in 1 h (1 Jan, 01:00)");
        assert!(!why.person && !why.remedy.is_empty());
    }

    #[test]
    fn a_hold_without_an_end_needs_a_person() {
        assert!(why(&reason("held", None), from_ms(0)).person);
        assert!(!why(&reason("held", Some(5)), from_ms(0)).person);
        assert_eq!(why(&reason("new_rule", None), from_ms(0)).rule, "new rule");
    }
}
