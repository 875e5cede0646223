//! Whether what Plaza saw stays within the plans: no cap exceeded, no cooldown cut short.
//!
//! Counted from the judge's ledger alone. It holds effects only, so a plan's caps on everything
//! count here what left something behind.

use std::collections::BTreeMap;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use walkon_core::plan::Plan;

/// Redis counts in whole milliseconds, so two instants may be nearer than it knows by one.
const GRAIN: SignedDuration = SignedDuration::from_millis(1);

/// One effect of an account.
#[derive(Debug, Clone)]
pub(super) struct Act {
    pub(super) kind: String,
    pub(super) at: Timestamp,
}

/// Each way in which one account's acts go beyond its plan, in a sentence; `acts` by time.
pub(super) fn excess(acts: &[Act], plan: &Plan, zone: &TimeZone) -> Vec<String> {
    let times = |kind: Option<&str>| -> Vec<Timestamp> {
        acts.iter()
            .filter(|act| kind.is_none_or(|kind| act.kind == kind))
            .map(|act| act.at)
            .collect()
    };
    let mut found = beyond("all kinds", &times(None), plan.hourly, plan.daily, zone);
    for (kind, limits) in &plan.kinds {
        let times = times(Some(kind));
        found.extend(beyond(kind, &times, limits.hourly, limits.daily, zone));
        let Some(cooldown) = limits.cooldown else { continue };
        let least = SignedDuration::try_from(cooldown).unwrap_or(SignedDuration::MAX) - GRAIN;
        for pair in times.windows(2) {
            let gap = pair[1].duration_since(pair[0]);
            if gap < least {
                found.push(format!("{kind}: {gap:#} between two, the cooldown is {cooldown:?}"));
            }
        }
    }
    found
}

/// More than `hourly` in an hour or `daily` in a day of the zone.
fn beyond(
    what: &str,
    times: &[Timestamp],
    hourly: Option<u32>,
    daily: Option<u32>,
    zone: &TimeZone,
) -> Vec<String> {
    let (mut hours, mut days) = (BTreeMap::new(), BTreeMap::new());
    for at in times {
        let local = at.to_zoned(zone.clone());
        let day = local.date().to_string();
        let hour = format!("{day} {:02} h {}", local.hour(), local.offset());
        *hours.entry(hour).or_insert(0_u32) += 1;
        *days.entry(day).or_insert(0_u32) += 1;
    }
    let over = |windows: BTreeMap<String, u32>, cap: Option<u32>| {
        let over = windows.into_iter().filter(move |(_, n)| cap.is_some_and(|cap| *n > cap));
        over.map(move |(window, n)| format!("{what}: {n} of {} in {window}", cap.unwrap_or(0)))
    };
    over(hours, hourly).chain(over(days, daily)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn acts(kind: &str, times: &[&str]) -> Vec<Act> {
        let act = |at: &&str| Act { kind: kind.to_owned(), at: at.parse().expect("a good time") };
        times.iter().map(act).collect()
    }

    fn found(times: &[&str], plan: &str) -> Vec<String> {
        let plan: Plan = toml::from_str(plan).expect("a good plan");
        excess(&acts("like", times), &plan, &TimeZone::get("Asia/Tokyo").expect("a zone"))
    }

    #[test]
    fn a_day_is_the_accounts_own() {
        let plan = "[kinds.like]\ndaily = 1";
        // Midnight in Tokyo is 15:00 UTC.
        assert!(found(&["2026-06-01T14:59:59Z", "2026-06-01T15:00:00Z"], plan).is_empty());
        let over = found(&["2026-06-01T15:00:00Z", "2026-06-02T14:59:59Z"], plan);
        assert_eq!(over, ["like: 2 of 1 in 2026-06-02"]);
    }

    #[test]
    fn caps_on_everything_and_on_hours_are_counted() {
        let times = ["2026-06-01T10:00:00Z", "2026-06-01T10:59:59Z", "2026-06-01T11:00:00Z"];
        assert_eq!(found(&times, "hourly = 1").len(), 1);
        assert_eq!(found(&times, "daily = 2").len(), 1);
        assert!(found(&times, "hourly = 2\ndaily = 3").is_empty());
        assert!(found(&times, "[kinds.comment]\ndaily = 1").is_empty());
    }

    #[test]
    fn a_cooldown_cut_short_is_told_and_one_kept_is_not() {
        let plan = "[kinds.like]\ncooldown = \"500ms\"";
        assert!(found(&["2026-06-01T10:00:00Z", "2026-06-01T10:00:00.500Z"], plan).is_empty());
        let short = found(&["2026-06-01T10:00:00Z", "2026-06-01T10:00:00.480Z"], plan);
        assert_eq!(short.len(), 1, "{short:?}");
    }
}
