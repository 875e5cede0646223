//! Keys of one day: what workers sign with, grown from the fleet's own key.
//!
//! The fleet's key never leaves coordinators. A day's key is derived from it, so that every
//! coordinator lists the same ones and none of them is kept anywhere. Whoever steals one may sign
//! as the fleet until its day has ended.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use ring::hkdf::{HKDF_SHA256, Salt};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::directory::Jwk;
use super::{KeyPair, NotAKey};

/// What else is derived from the fleet's key must not be this.
const USE: &[u8] = b"walkon day key v1";
/// How long before its day a key is listed, and how long after it: clocks differ, lists are cached.
const MARGIN_SECS: i64 = 3_600;

/// A day of the world's own time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Day(i64);

impl Day {
    /// The day of an instant.
    pub fn of(now: Timestamp) -> Self {
        Self(now.as_second().div_euclid(86_400))
    }

    /// From when to when its key is good.
    pub fn span(self) -> (Timestamp, Timestamp) {
        let at = |second| Timestamp::from_second(second).unwrap_or(Timestamp::MAX);
        let (from, to) = (self.0 * 86_400, (self.0 + 1) * 86_400);
        (at(from - MARGIN_SECS), at(to + MARGIN_SECS))
    }

    fn next(self) -> Self {
        Self(self.0 + 1)
    }

    fn before(self) -> Self {
        Self(self.0 - 1)
    }
}

impl std::fmt::Display for Day {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let day = SignedDuration::from_secs(self.0 * 86_400);
        let day = Timestamp::UNIX_EPOCH.checked_add(day).unwrap_or(Timestamp::MAX);
        write!(f, "{}", day.to_zoned(TimeZone::UTC).date())
    }
}

/// The seed of a day's key.
pub fn seed(fleet: &[u8; 32], day: Day) -> Result<Zeroizing<[u8; 32]>, NotAKey> {
    let pseudo = Salt::new(HKDF_SHA256, USE).extract(fleet);
    let day = day.0.to_be_bytes();
    let info = [day.as_slice()];
    let okm = pseudo.expand(&info, HKDF_SHA256).map_err(|_| NotAKey)?;
    let mut seed = Zeroizing::new([0; 32]);
    okm.fill(seed.as_mut_slice()).map_err(|_| NotAKey)?;
    Ok(seed)
}

/// The days' keys that are listed now: today's, and those next to it within their margins.
pub fn listed(fleet: &[u8; 32], now: Timestamp) -> Result<Vec<Jwk>, NotAKey> {
    let today = Day::of(now);
    let days = [today.before(), today, today.next()];
    let good = |day: &Day| {
        day.span().0 <= now + SignedDuration::from_secs(MARGIN_SECS) && now < day.span().1
    };
    let jwk = |day: Day| {
        let key = KeyPair::from_seed(&*seed(fleet, day)?)?;
        Ok(Jwk::new(key.public(), Some(day.span())))
    };
    days.into_iter().filter(good).map(jwk).collect()
}
