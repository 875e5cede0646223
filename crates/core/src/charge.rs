//! A charge: what one action took from the limits, as the books keep it for a Redis that forgets.

use jiff::Timestamp;

use crate::id::{AccountId, ActionId};
use crate::lease::Token;

/// What one attempt took from its account's and the fleet's limits, by the queue's clock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Charge {
    /// Of the lease under which it was taken: no two charges have the same.
    pub token: Token,
    /// The action it was taken for.
    pub action: ActionId,
    /// Whose limits.
    pub account: AccountId,
    /// The action's kind.
    pub kind: String,
    /// When it was taken: the kind's last use, as long as it is not known when the attempt ended.
    pub at: Timestamp,
    /// When the windows end in which it counts.
    pub windows: Windows,
    /// The burst's theoretical arrival time after it; the epoch where the plan has no burst.
    pub burst: Timestamp,
    /// When its attempt had ended; `None`: for all that is known it still runs.
    pub settled: Option<Timestamp>,
}

/// When the windows end that one charge counts in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Windows {
    /// The account's day.
    pub day: Timestamp,
    /// The account's hour.
    pub hour: Timestamp,
    /// The fleet's day.
    pub fleet_day: Timestamp,
    /// The fleet's hour.
    pub fleet_hour: Timestamp,
}

impl Token {
    /// The epoch it was given in; `None`: it is no token of ours.
    pub fn epoch(&self) -> Option<u64> {
        self.0.split_once('-')?.0.parse().ok()
    }
}

#[cfg(test)]
mod tests {
    use super::Token;

    #[test]
    fn a_token_tells_its_epoch() {
        let token = Token("0001795000000000-000000000017".into());
        assert_eq!(token.epoch(), Some(1_795_000_000_000));
        assert_eq!(Token("odd".into()).epoch(), None);
    }
}
