//! What each rule is called that may keep an action from running, and what a person can do.

use super::Reason;

/// One rule: a gate of the scripts, for people.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rule {
    /// The stable word, as [`Reason::code`] has it.
    pub code: &'static str,
    /// What it says, as a sentence without its full stop.
    pub title: &'static str,
    /// What a person can do, as an order without its full stop.
    pub remedy: &'static str,
    /// Whether no time mends it: somebody must act.
    pub needs_person: bool,
}

const fn passes(code: &'static str, title: &'static str, remedy: &'static str) -> Rule {
    Rule { code, title, remedy, needs_person: false }
}

const fn stays(code: &'static str, title: &'static str, remedy: &'static str) -> Rule {
    Rule { code, title, remedy, needs_person: true }
}

/// A cap of 0, whatever it counts.
const NEVER: Rule =
    stays("never", "Its plan never allows this", "raise the cap in walkon.toml, or cancel it");

/// Every code that `explain.lua` and `limits.lua` give; a test compares.
pub const RULES: &[Rule] = &[
    passes("cooldown", "Its kind is cooling down", "wait, or shorten the plan's cooldown"),
    passes("burst", "The account has just done several", "wait, or widen the plan's burst"),
    passes("hours", "Outside the account's active hours", "wait, or change the plan's hours"),
    passes(
        "daily_cap",
        "The daily cap is used up",
        "wait for midnight in its zone, or raise the plan's cap",
    ),
    passes(
        "hourly_cap",
        "The hourly cap is used up",
        "wait for the full hour, or raise the plan's cap",
    ),
    passes(
        "kind_daily_cap",
        "The kind's daily cap is used up",
        "wait for midnight in its zone, or raise the kind's cap in the plan",
    ),
    passes(
        "kind_hourly_cap",
        "The kind's hourly cap is used up",
        "wait for the full hour, or raise the kind's cap in the plan",
    ),
    passes(
        "global_daily_cap",
        "The fleet's daily cap is used up",
        "wait for midnight UTC, or raise the fleet's cap",
    ),
    passes(
        "global_hourly_cap",
        "The fleet's hourly cap is used up",
        "wait for the full hour, or raise the fleet's cap",
    ),
    passes(
        "hourly_rolling_cap",
        "The last hour's cap is used up",
        "wait until an hour has passed since, or raise the plan's hourly_rolling",
    ),
    passes(
        "daily_rolling_cap",
        "The last 24 hours' cap is used up",
        "wait until a day has passed since, or raise the plan's daily_rolling",
    ),
    passes(
        "kind_hourly_rolling_cap",
        "The kind's cap of the last hour is used up",
        "wait until an hour has passed since, or raise the kind's hourly_rolling in the plan",
    ),
    passes(
        "kind_daily_rolling_cap",
        "The kind's cap of the last 24 hours is used up",
        "wait until a day has passed since, or raise the kind's daily_rolling in the plan",
    ),
    passes("not_before", "It was asked for later", "wait, or cancel it and send it anew"),
    passes(
        "backoff",
        "It failed and is tried again later",
        "wait, or look at its last failure: walkon action show",
    ),
    passes("queue", "Others come first", "wait, or send it with a more urgent priority"),
    passes(
        "pool",
        "No account of its pool may do it now",
        "wait, add accounts to the pool, or give it a fallback",
    ),
    stays("no_member", "Its pool has no account", "add accounts to the pool in walkon.toml"),
    passes(
        "mission",
        "As much of its mission is under way as may be",
        "wait until some of it is done, or raise the mission's at_most",
    ),
    passes("lease", "The account is busy", "wait until that is done"),
    passes(
        "busy",
        "The account does one of its kind by the other route",
        "wait until that is done",
    ),
    passes(
        "breaker",
        "It rests after failures in a row",
        "wait, or mend the cause; pausing and resuming the account lets it try at once",
    ),
    passes(
        "site_breaker",
        "Too many of the site's accounts failed at once",
        "wait, or look at the site; walkon resume --site lets its accounts try at once",
    ),
    passes(
        "handed_back",
        "A worker's host could not do it",
        "mend that host (walkon doctor there), or start a worker on one that can",
    ),
    passes(
        "rate_ceiling",
        "The site allows the fleet no more for now",
        "wait; or ask the site's owner for a higher ceiling (walkon grant verify shows them)",
    ),
    passes(
        "outside_window",
        "The site allows it at other hours",
        "wait, or ask the site's owner for more hours",
    ),
    passes(
        "no_worker",
        "No worker can open a browser now",
        "give its host what it lacks, or start a worker on another",
    ),
    passes("fenced", "An earlier lease must end first", "wait a few seconds"),
    stays(
        "held",
        "The account is held",
        "look at its holds (walkon account show), then resume or release it",
    ),
    stays("route", "There is no way to do it", "give the account a token, or the site a behavior"),
    stays("plan", "Its plan is not known", "add the plan to walkon.toml and start again"),
    stays(
        "zone",
        "Its zone's days are not known",
        "give the account an IANA time zone; if it has one, start the coordinator again, which \
         writes the zone's table anew",
    ),
    passes("restarted", "Redis was restarted", "wait until the leases before it have ended"),
    stays("clock", "The server's clock went back", "check the clock of the Redis host"),
    stays(
        "paused",
        "A person has paused it",
        "ask whoever paused it, then walkon resume with --all or --site",
    ),
    stays(
        "parked",
        "It may have been done",
        "look at the site, then walkon action settle with retry, done or failed",
    ),
    passes("state", "It does not wait any more", "nothing; walkon action show says how it ended"),
];

/// The rule of a code; `None`: no script of this version gives it.
pub fn rule(code: &str) -> Option<&'static Rule> {
    RULES.iter().find(|rule| rule.code == code)
}

impl Reason {
    /// The rule it is of.
    pub fn rule(&self) -> Option<&'static Rule> {
        if self.most == Some(0) { Some(&NEVER) } else { rule(&self.code) }
    }

    /// What a person can do about it.
    pub fn remedy(&self) -> &'static str {
        self.rule().map_or("look at the queue's log", |rule| rule.remedy)
    }

    /// Whether it stays so until a person acts.
    pub fn needs_person(&self) -> bool {
        self.until.is_none() && self.rule().is_some_and(|rule| rule.needs_person)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    /// Every code in the scripts' text: what stands in quotes after one of the calls that give one.
    fn codes() -> BTreeSet<&'static str> {
        let scripts = [
            include_str!("lua/explain.lua"),
            include_str!("lua/caps.lua"),
            include_str!("lua/limits.lua"),
            include_str!("lua/wanting.lua"),
            include_str!("lua/ceiling.lua"),
        ];
        let calls = [
            "gate('",
            "gate(t, s, out, '",
            "gate(t, from, out, '",
            "shut(t, from, out, '",
            "row('",
            "cap, '",
            "k, '",
            "max, '",
            "rows + 1] = { '",
            "-1, '",
        ];
        let mut codes = BTreeSet::new();
        for call in calls {
            for script in scripts {
                let after = script.split(call).skip(1);
                codes.extend(after.filter_map(|rest| rest.split('\'').next()));
            }
        }
        // What workers say of themselves is known to coordinators alone.
        codes.insert("no_worker");
        // One call chooses between two.
        codes.extend(["backoff", "not_before"]);
        let rolling = include_str!("lua/ring.lua");
        let named = ["hourly_rolling_cap", "daily_rolling_cap"];
        assert!(named.iter().all(|code| rolling.contains(&format!("'{code}'"))));
        codes.extend(named);
        codes.extend(["kind_hourly_rolling_cap", "kind_daily_rolling_cap"]);
        codes.remove("");
        codes
    }

    #[test]
    fn every_gate_of_the_scripts_has_a_rule_and_says_what_to_do() {
        let known: BTreeSet<_> = RULES.iter().map(|rule| rule.code).collect();
        assert_eq!(known.len(), RULES.len(), "no rule is there twice");
        assert_eq!(codes(), known, "left: in the scripts, right: in the table");
        for rule in RULES {
            let sentences = [rule.title, rule.remedy];
            assert!(sentences.iter().all(|text| text.contains(' ')), "{rule:?}");
        }
    }

    #[test]
    fn a_cap_of_zero_is_never_whatever_its_code() {
        let reason = Reason {
            code: "daily_cap".into(),
            until: None,
            since: None,
            used: Some(0),
            most: Some(0),
            words: String::new(),
        };
        assert!(reason.needs_person() && reason.remedy().contains("raise the cap"));
    }
}
