//! Second factors: a code by the clock (RFC 6238) or one that is sent, after the password.

use std::collections::HashMap;

use jiff::Timestamp;
use ring::hmac;
use serde::Deserialize;

use super::content::MemberId;
use super::{World, hex};

/// How long a code by the clock counts, in seconds.
const PERIOD: i64 = 30;
/// The most sign-ins that wait for a code.
const TICKETS_MAX: usize = 10_000;

/// How a member proves itself after its password.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Second {
    /// By the clock, from these bytes.
    Clock(String),
    /// By a code that is sent to it.
    Sent,
}

/// Second factors of all members.
#[derive(Debug, Default)]
pub(crate) struct Seconds {
    of: HashMap<MemberId, Second>,
    /// Who has shown its password, by a ticket.
    tickets: HashMap<String, MemberId>,
    count: u64,
    /// The last code that was sent to each, and when.
    sent: HashMap<MemberId, (String, Timestamp)>,
    /// The last code by the clock that each has used: none counts twice.
    used: HashMap<MemberId, i64>,
}

impl World {
    /// Gives a member a second factor.
    pub(crate) fn set_second(&mut self, member: MemberId, second: Second) {
        self.second.of.insert(member, second);
    }

    /// A ticket for the second step of signing in; `None`: the member has none.
    pub(crate) fn ask_second(&mut self, member: MemberId, now: Timestamp) -> Option<String> {
        let second = self.second.of.get(&member)?.clone();
        self.second.count += 1;
        let ticket = format!("{}-{}", self.second.count, now.as_millisecond());
        if let Second::Sent = second {
            let code = format!("{:06}", (self.second.count * 7919 + 271_828) % 1_000_000);
            self.second.sent.insert(member, (code, now));
        }
        if self.second.tickets.len() >= TICKETS_MAX {
            self.second.tickets.clear();
        }
        self.second.tickets.insert(ticket.clone(), member);
        Some(ticket)
    }

    /// Whose ticket it is, if the code is right; both count once.
    pub(crate) fn take_second(
        &mut self,
        ticket: &str,
        code: &str,
        now: Timestamp,
    ) -> Option<MemberId> {
        let member = *self.second.tickets.get(ticket)?;
        let good = match self.second.of.get(&member)? {
            Second::Clock(seed) => {
                let counter = now.as_second().div_euclid(PERIOD);
                // The one before, for whoever types slowly.
                let is = |at: &i64| totp(seed.as_bytes(), *at) == code;
                let last = self.second.used.get(&member).copied().unwrap_or(i64::MIN);
                let at = [counter, counter - 1].into_iter().find(is).filter(|at| *at > last);
                at.map(|at| self.second.used.insert(member, at)).is_some()
            }
            Second::Sent => {
                let sent = self.second.sent.get(&member).is_some_and(|(sent, _)| sent == code);
                sent && self.second.sent.remove(&member).is_some()
            }
        };
        if good { self.second.tickets.remove(ticket) } else { None }
    }

    /// The newest code that was sent to a member after an instant.
    pub(crate) fn sent_since(&self, member: MemberId, since: Timestamp) -> Option<&str> {
        let (code, at) = self.second.sent.get(&member)?;
        (*at >= since).then_some(code.as_str())
    }
}

fn totp(seed: &[u8], counter: i64) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, seed);
    let tag = hex(hmac::sign(&key, &counter.to_be_bytes()).as_ref());
    let nibble = |at: usize| u32::from_str_radix(&tag[at..=at], 16).unwrap_or_default();
    let at = nibble(tag.len() - 1) as usize * 2;
    let word = (at..at + 8).fold(0_u32, |word, at| (word << 4) | nibble(at)) & 0x7fff_ffff;
    format!("{:06}", word % 1_000_000)
}

#[cfg(test)]
mod tests {
    use super::totp;

    #[test]
    fn codes_by_the_clock_are_those_of_rfc_6238() {
        for (second, code) in
            [(59, "287082"), (1_111_111_109, "081804"), (20_000_000_000, "353130")]
        {
            assert_eq!(totp(b"12345678901234567890", second / 30), code);
        }
    }
}
