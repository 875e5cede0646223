//! Capacity: how much of the platform's own limits an account has used, as the platform says it.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// For how long an account rests that has used up everything, where the platform names no time.
const REST: SignedDuration = SignedDuration::from_mins(15);
/// Shares at which somebody should know, the highest first.
pub const LEVELS: [u32; 3] = [100, 95, 80];

/// What the platform said of its limits with an answer.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Capacity {
    /// The largest share of any limit that is used, in hundredths.
    pub used: u32,
    /// Which limit: `app` (an hour's calls of the app) or a use case: `instagram`.
    pub limit: String,
    /// How long until calls are let through again, where none are now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub regain: Option<Duration>,
}

impl Capacity {
    /// Until when the account must rest; `None`: it need not.
    pub fn rests_until(&self, now: Timestamp) -> Option<Timestamp> {
        let rest = match self.regain {
            Some(regain) if !regain.is_zero() => SignedDuration::try_from(regain).unwrap_or(REST),
            _ if self.used >= 100 => REST,
            _ => return None,
        };
        Some(now.saturating_add(rest).unwrap_or(Timestamp::MAX))
    }

    /// The highest level that is reached: 100, 95 or 80.
    pub fn level(&self) -> Option<u32> {
        LEVELS.into_iter().find(|level| self.used >= *level)
    }

    /// The worse of two: what rests longer, then what has used more.
    #[must_use]
    pub fn worse(self, other: Self) -> Self {
        let rank = |one: &Self| (one.regain.unwrap_or_default(), one.used);
        if rank(&other) > rank(&self) { other } else { self }
    }
}

/// What was last said of an account's limits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Measured {
    /// What was said.
    #[serde(flatten)]
    pub capacity: Capacity,
    /// When.
    pub at: Timestamp,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::from_ms;

    fn used(used: u32, minutes: u64) -> Capacity {
        let regain = (minutes > 0).then(|| Duration::from_secs(60 * minutes));
        Capacity { used, limit: "app".to_owned(), regain }
    }

    #[test]
    fn an_account_rests_as_long_as_the_platform_says_and_a_while_where_it_says_nothing() {
        let rests = |capacity: &Capacity| {
            let until = capacity.rests_until(from_ms(0))?;
            Some(until.as_millisecond() / 60_000)
        };
        assert_eq!(rests(&used(99, 0)), None);
        assert_eq!(rests(&used(100, 0)), Some(15));
        assert_eq!(rests(&used(100, 19)), Some(19));
        assert_eq!(rests(&used(40, 3)), Some(3), "calls are refused whatever the share says");
    }

    #[test]
    fn levels_are_eighty_ninety_five_and_a_hundred() {
        let level = |share| used(share, 0).level();
        let levels = [79, 80, 94, 95, 99, 100, 140].map(level);
        let expected = [None, Some(80), Some(80), Some(95), Some(95), Some(100), Some(100)];
        assert_eq!(levels, expected);
    }

    #[test]
    fn of_two_the_one_that_rests_longer_counts() {
        assert_eq!(used(100, 0).worse(used(20, 5)), used(20, 5));
        assert_eq!(used(30, 0).worse(used(20, 0)), used(30, 0));
    }
}
