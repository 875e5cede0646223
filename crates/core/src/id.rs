//! Names and ids: strings that cannot be mistaken for one another.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use rand::Rng as _;
use serde::{Deserialize, Serialize};

use crate::rng::Rng;

/// The most characters a name may have.
pub const NAME_MAX: usize = 63;

/// A name that breaks the rule for names.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is not a name: use 1 to {NAME_MAX} of a-z, 0-9, `-` and `_`, the first a letter or digit"
)]
pub struct NotAName(pub String);

fn check(text: &str) -> Result<(), NotAName> {
    let alnum = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let mut bytes = text.bytes();
    let first = bytes.next().is_some_and(alnum);
    let rest = bytes.all(|byte| alnum(byte) || byte == b'-' || byte == b'_');
    if first && rest && text.len() <= NAME_MAX { Ok(()) } else { Err(NotAName(text.to_owned())) }
}

/// Declares a newtype over a checked name.
macro_rules! name {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// The name as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = NotAName;
            fn from_str(text: &str) -> Result<Self, NotAName> {
                check(text).map(|()| Self(text.to_owned()))
            }
        }

        impl TryFrom<String> for $name {
            type Error = NotAName;
            fn try_from(text: String) -> Result<Self, NotAName> {
                check(&text).map(|()| Self(text))
            }
        }

        impl From<$name> for String {
            fn from(name: $name) -> String {
                name.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

name!(
    /// One identity on one site, chosen by the operator: `ada`.
    AccountId
);
name!(
    /// A site by its folder under `behaviors/`: `plaza`.
    SiteId
);
name!(
    /// A named set of accounts, chosen by the operator: `crew`.
    PoolId
);
name!(
    /// A named piece of work that any account of a pool may do a part of: `welcome`.
    MissionId
);
name!(
    /// A plan or a proxy that is kept in the database: `careful`.
    SettingName
);
name!(
    /// One worker process, new at every start: `w-3f9c2a`.
    WorkerId
);
name!(
    /// One action, in order of arrival: `0g4k2v9x7q-5t1zr8`.
    ActionId
);
name!(
    /// One recorded session of one account.
    SessionId
);

/// Crockford's base 32 in lower case: no `i`, `l`, `o`, `u`, so that an id can be read aloud.
const DIGITS: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

fn base32(mut value: u64, digits: usize) -> String {
    let mut out = vec![b'0'; digits];
    for slot in out.iter_mut().rev() {
        *slot = DIGITS[(value & 31) as usize];
        value >>= 5;
    }
    String::from_utf8(out).expect("base 32 digits are ASCII")
}

/// Ten digits of the instant, then six of chance: sorts by time, and two in one millisecond differ.
fn stamped(now: Timestamp, rng: &mut Rng) -> String {
    let ms = now.as_millisecond().max(0) as u64;
    format!("{}-{}", base32(ms, 10), base32(rng.next_u64(), 6))
}

impl ActionId {
    /// A new id, made at `now`.
    pub fn new(now: Timestamp, rng: &mut Rng) -> Self {
        Self(stamped(now, rng))
    }
}

impl SessionId {
    /// A new id, made at `now`.
    pub fn new(now: Timestamp, rng: &mut Rng) -> Self {
        Self(stamped(now, rng))
    }
}

impl WorkerId {
    /// A new id; a worker is never the same one twice, so a stale reply cannot be taken for ours.
    pub fn new(rng: &mut Rng) -> Self {
        Self(format!("w-{}", base32(rng.next_u64(), 6)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::from_ms;
    use crate::rng::Seed;

    #[test]
    fn names_are_short_lower_case_and_start_with_a_letter_or_digit() {
        for good in ["ada", "a", "7", "shop-01", "a_b"] {
            assert_eq!(good.parse::<AccountId>().unwrap().as_str(), good);
        }
        for bad in ["", "Ada", "-a", "a b", "ä", &"x".repeat(64)] {
            assert!(bad.parse::<AccountId>().is_err(), "{bad:?} was taken for a name");
        }
    }

    #[test]
    fn ids_sort_by_the_instant_they_were_made() {
        let mut rng = Seed(1).rng();
        let early = ActionId::new(from_ms(1_000), &mut rng);
        let late = ActionId::new(from_ms(1_001), &mut rng);
        assert!(early < late);
        assert_ne!(late, ActionId::new(from_ms(1_001), &mut rng));
    }
}
