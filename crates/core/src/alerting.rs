//! Alerting: whom to tell of an alert, and when; pure.
//!
//! A channel is told that an alert stands, told again where it has become worse or has stood long
//! enough to be forgotten, and told that it is over. One that comes and goes is told once in a
//! while; who was not told that it stands is not told that it is over.

use jiff::{SignedDuration, Timestamp};

use crate::alert::{Raised, Severity, Told};

/// How often a channel is told of the same alert.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    /// After so long it is told again that an alert still stands.
    pub repeat: SignedDuration,
    /// One that was told and comes again is not told before so long, unless it has become worse.
    pub throttle: SignedDuration,
}

/// What a channel is to be told now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tell {
    /// Nothing.
    Nothing,
    /// That it stands.
    Standing,
    /// That it is over.
    Over,
}

/// The wait after a failed try; each further one waits twice as long.
const RETRY: SignedDuration = SignedDuration::from_secs(5);
/// The longest wait after failed tries.
const RETRY_MAX: SignedDuration = SignedDuration::from_mins(10);

/// What a channel is to be told of an alert.
pub fn due(raised: &Raised, told: Option<&Told>, pace: &Pace, now: Timestamp) -> Tell {
    let nothing = Told::default();
    let told = told.unwrap_or(&nothing);
    if told.next.is_some_and(|next| next > now) {
        return Tell::Nothing;
    }
    if raised.over.is_some() {
        return if has_to_be_told_over(told) { Tell::Over } else { Tell::Nothing };
    }
    let Some(last) = told.standing else { return Tell::Standing };
    let worse = told.severity.is_none_or(|severity| raised.alert.severity > severity);
    let passed = now.duration_since(last);
    let is_again = last < raised.since;
    let due = worse || passed >= pace.repeat || (is_again && passed >= pace.throttle);
    if due { Tell::Standing } else { Tell::Nothing }
}

/// Whether a channel believes that the alert stands.
fn has_to_be_told_over(told: &Told) -> bool {
    match (told.standing, told.over) {
        (Some(standing), Some(over)) => over < standing,
        (standing, _) => standing.is_some(),
    }
}

/// Whether nobody has to be told anything any more.
pub fn is_settled<'a>(raised: &Raised, channels: impl IntoIterator<Item = &'a str>) -> bool {
    let believes = |channel: &str| raised.told.get(channel).is_some_and(has_to_be_told_over);
    raised.over.is_some() && !channels.into_iter().any(believes)
}

/// What is known of a channel after it was told.
pub fn told(before: Option<&Told>, tell: Tell, severity: Severity, now: Timestamp) -> Told {
    let before = before.cloned().unwrap_or_default();
    let fresh = Told { failures: 0, next: None, error: None, ..before };
    match tell {
        Tell::Nothing => fresh,
        Tell::Standing => Told { standing: Some(now), severity: Some(severity), ..fresh },
        Tell::Over => Told { over: Some(now), ..fresh },
    }
}

/// What is known of a channel that could not be told; `after` is what it asked us to wait.
pub fn failed(
    before: Option<&Told>,
    why: String,
    after: Option<SignedDuration>,
    now: Timestamp,
) -> Told {
    let before = before.cloned().unwrap_or_default();
    let failures = before.failures.saturating_add(1);
    let wait = RETRY.saturating_mul(1 << failures.saturating_sub(1).min(10)).min(RETRY_MAX);
    let wait = after.map_or(wait, |after| after.max(wait));
    let next = now.saturating_add(wait).unwrap_or(Timestamp::MAX);
    Told { failures, next: Some(next), error: Some(why), ..before }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::alert::Alert;
    use crate::clock::from_ms;

    const PACE: Pace =
        Pace { repeat: SignedDuration::from_hours(4), throttle: SignedDuration::from_mins(15) };

    fn at(minutes: i64) -> Timestamp {
        from_ms(minutes * 60_000)
    }

    fn raised(severity: Severity, since: i64, over: Option<i64>) -> Raised {
        let words = String::new;
        let alert = Alert {
            key: words(),
            code: words(),
            severity,
            account: None,
            title: words(),
            why: words(),
            fix: words(),
            until: None,
        };
        let (since, last, over) = (at(since), at(since), over.map(at));
        Raised { alert, since, last, times: 1, over, told: [].into() }
    }

    /// What a channel is told over time, of an alert that changes as the pairs say.
    fn story(changes: &[(i64, Raised)]) -> Vec<(i64, Tell)> {
        let (mut heard, mut said) = (None, Vec::new());
        for minute in 0..600 {
            let Some((_, now)) = changes.iter().rev().find(|(from, _)| *from <= minute) else {
                continue;
            };
            let tell = due(now, heard.as_ref(), &PACE, at(minute));
            if tell != Tell::Nothing {
                heard = Some(told(heard.as_ref(), tell, now.alert.severity, at(minute)));
                said.push((minute, tell));
            }
        }
        said
    }

    #[test]
    fn what_stands_is_told_at_once_then_seldom_and_its_end_once() {
        let over = raised(Severity::Warning, 0, Some(300));
        let said = story(&[(0, raised(Severity::Warning, 0, None)), (300, over)]);
        assert_eq!(said, [(0, Tell::Standing), (240, Tell::Standing), (300, Tell::Over)]);
    }

    #[test]
    fn what_becomes_worse_is_told_at_once_and_what_becomes_better_is_not() {
        let said = story(&[
            (0, raised(Severity::Warning, 0, None)),
            (5, raised(Severity::Critical, 0, None)),
            (9, raised(Severity::Warning, 0, None)),
        ]);
        assert_eq!(said[..2], [(0, Tell::Standing), (5, Tell::Standing)]);
        assert_eq!(said[2], (245, Tell::Standing));
    }

    #[test]
    fn what_comes_and_goes_is_told_once_in_a_while() {
        let mut changes = Vec::new();
        for from in (0..40).step_by(4) {
            changes.push((from, raised(Severity::Warning, from, None)));
            changes.push((from + 2, raised(Severity::Warning, from, Some(from + 2))));
        }
        let said = story(&changes);
        let standing = said.iter().filter(|(_, tell)| *tell == Tell::Standing).count();
        let over = said.len() - standing;
        assert_eq!((standing, over), (3, 3), "{said:?}");
    }

    #[test]
    fn who_was_never_told_that_it_stands_is_not_told_that_it_is_over() {
        let over = raised(Severity::Warning, 0, Some(1));
        assert_eq!(due(&over, None, &PACE, at(2)), Tell::Nothing);
        assert!(is_settled(&over, ["slack"]));
        assert!(!is_settled(&raised(Severity::Warning, 0, None), []));
    }

    #[test]
    fn a_channel_that_fails_is_tried_later_and_later() {
        let standing = raised(Severity::Warning, 0, None);
        let mut heard = None;
        let mut waits = Vec::new();
        let mut now = at(0);
        for _ in 0..9 {
            assert_eq!(due(&standing, heard.as_ref(), &PACE, now), Tell::Standing);
            let next = failed(heard.as_ref(), "away".to_owned(), None, now);
            let until = next.next.unwrap();
            assert_eq!(due(&standing, Some(&next), &PACE, now), Tell::Nothing);
            waits.push(until.duration_since(now).as_secs());
            (now, heard) = (until, Some(next));
        }
        assert_eq!(waits, [5, 10, 20, 40, 80, 160, 320, 600, 600]);
        let asked = failed(None, "slow down".to_owned(), Some(SignedDuration::from_mins(2)), now);
        assert_eq!(asked.next.unwrap().duration_since(now).as_mins(), 2);
        let well = told(heard.as_ref(), Tell::Standing, Severity::Warning, now);
        assert_eq!((well.failures, well.next, well.error), (0, None, None));
    }
}
