//! Rounds: when each account is checked; pure.
//!
//! Every account has its own moment in the interval, by its name alone: the same after each start
//! and in every coordinator, and so spread that no two thousand come at once.

use std::time::Duration;

use jiff::Timestamp;

use crate::id::AccountId;
use crate::rng::Seed;

/// Whether the account's moment lies after `from` and not after `to`.
pub fn is_due(account: &AccountId, every: Duration, from: Timestamp, to: Timestamp) -> bool {
    let every = i64::try_from(every.as_millis()).unwrap_or(i64::MAX).max(1);
    let own = (Seed(0).child(account.as_str()).0 % every.unsigned_abs()) as i64;
    let round = |at: Timestamp| (at.as_millisecond() - own).div_euclid(every);
    round(to) > round(from)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::from_ms;

    const EVERY: Duration = Duration::from_mins(10);
    const EVERY_MS: i64 = 600_000;

    fn due(id: usize, from: i64, to: i64) -> bool {
        let account = format!("account-{id}").parse().unwrap();
        is_due(&account, EVERY, from_ms(from), from_ms(to))
    }

    #[test]
    fn each_account_comes_once_in_an_interval_wherever_it_begins() {
        for id in 0..200 {
            for begin in [0, 12_345, 599_999] {
                assert!(due(id, begin, begin + EVERY_MS), "{id}");
                let ticks = (0..60).filter(|tick| {
                    due(id, begin + tick * EVERY_MS / 60, begin + (tick + 1) * EVERY_MS / 60)
                });
                assert_eq!(ticks.count(), 1, "{id}");
            }
            assert!(!due(id, 5, 5));
        }
    }

    #[test]
    fn ten_thousand_are_spread_so_that_no_second_has_many() {
        let mut seconds = vec![0; 600];
        for id in 0..10_000 {
            let tick = (0..600).find(|second| due(id, second * 1_000, (second + 1) * 1_000));
            seconds[tick.unwrap() as usize] += 1;
        }
        let most = seconds.iter().max().copied().unwrap_or_default();
        assert!(most <= 45, "17 a second on average, {most} in one");
    }
}
