//! Faults: what the judge may do to a fleet to see how it takes it.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// Longest delay a fault may ask for.
const DELAY_MAX: Duration = Duration::from_mins(10);
/// Most faults at a time.
const FAULTS_MAX: usize = 1_000;

/// A sort of trouble.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum FaultKind {
    /// Answers after `ms`.
    Delay,
    /// 429 with `retry_after` seconds.
    RateLimit,
    /// 503.
    ServerError,
    /// A page that asks to confirm who you are.
    Challenge,
    /// The account is suspended.
    Ban,
    /// Drops the session; once, unless a count is given.
    SignOut,
    /// Buttons under other names, so that strict locators fail.
    ChangedMarkup,
    /// Does what was asked, then closes the connection without an answer.
    DropReply,
    /// The API token has expired.
    TokenExpired,
    /// The API token is no longer good: the member has changed the password.
    PasswordChanged,
    /// The API token ends in `days`.
    TokenEnds,
    /// The API token lacks the permission for messages.
    ScopeLost,
    /// The API says that `used` hundredths of its limits are used, and that calls are let through
    /// again in `minutes`; it lets them through nevertheless.
    Usage,
}

/// One switch, as posted to `/faults`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Fault {
    /// Whom it meets; null is everybody, signed in or not.
    #[serde(default)]
    pub(crate) account: Option<String>,
    #[serde(rename = "fault")]
    pub(crate) kind: FaultKind,
    #[serde(default)]
    pub(crate) ms: u64,
    #[serde(default)]
    pub(crate) days: i64,
    #[serde(default)]
    pub(crate) used: u64,
    #[serde(default)]
    pub(crate) minutes: u64,
    #[serde(default)]
    pub(crate) retry_after: Option<u64>,
    /// How many requests it still meets; null is until cleared.
    #[serde(default)]
    pub(crate) count: Option<u64>,
    /// Only requests whose path starts so.
    #[serde(default)]
    pub(crate) paths: Option<String>,
}

/// What a request looks like to the faults.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Asked<'a> {
    pub(crate) account: Option<&'a str>,
    pub(crate) path: &'a str,
    /// Whether the method may change something.
    pub(crate) writes: bool,
    /// Whether it is a stylesheet, script or picture, which only a `paths` prefix reaches.
    pub(crate) asset: bool,
    /// Whether it comes through the API, which has no markup.
    pub(crate) api: bool,
}

/// What the faults make of one request.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Verdict {
    pub(crate) delay: Duration,
    pub(crate) sign_out: bool,
    pub(crate) changed_markup: bool,
    pub(crate) drop_reply: bool,
    pub(crate) token: TokenFacts,
    /// Hundredths used, and minutes to wait.
    pub(crate) usage: Option<(u64, u64)>,
    pub(crate) answer: Option<Answer>,
}

/// What is unusual about an API token.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct TokenFacts {
    /// In how many days it ends.
    pub(crate) days: Option<i64>,
    /// It lacks the permission for messages.
    pub(crate) lost_scope: bool,
}

/// An answer given in place of the page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Answer {
    Limited { retry_after: u64 },
    Unavailable,
    Challenge,
    Banned,
    TokenExpired,
    PasswordChanged,
}

/// The switches that are on.
#[derive(Debug, Default)]
pub(crate) struct Faults(Vec<Fault>);

impl Faults {
    pub(crate) fn list(&self) -> &[Fault] {
        &self.0
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    /// Turns one on; false when there are too many.
    pub(crate) fn add(&mut self, mut fault: Fault) -> bool {
        if fault.kind == FaultKind::SignOut {
            fault.count = fault.count.or(Some(1));
        }
        let has_room = self.0.len() < FAULTS_MAX;
        if has_room {
            self.0.push(fault);
        }
        has_room
    }

    /// Whether any answer may be dropped, so that connections must not be used twice.
    pub(crate) fn drops_replies(&self) -> bool {
        self.0.iter().any(|f| f.kind == FaultKind::DropReply)
    }

    /// Judges one request, and uses up the counts of the faults that met it.
    ///
    /// Of several answers the earliest fault wins; the later ones keep their counts.
    pub(crate) fn judge(&mut self, asked: Asked<'_>) -> Verdict {
        let mut verdict = Verdict::default();
        for fault in &mut self.0 {
            if fault.meets(asked) && verdict.take(fault) {
                fault.count = fault.count.map(|left| left.saturating_sub(1));
            }
        }
        self.0.retain(|f| f.count != Some(0));
        verdict
    }
}

impl Fault {
    fn meets(&self, asked: Asked<'_>) -> bool {
        let whom = self.account.as_deref().is_none_or(|a| asked.account == Some(a));
        let path = match &self.paths {
            Some(prefix) => asked.path.starts_with(prefix.as_str()),
            None => !asked.asset,
        };
        let sort = match self.kind {
            FaultKind::DropReply => asked.writes,
            FaultKind::ChangedMarkup => !asked.writes && !asked.api,
            FaultKind::SignOut => asked.account.is_some(),
            FaultKind::TokenExpired
            | FaultKind::PasswordChanged
            | FaultKind::TokenEnds
            | FaultKind::ScopeLost
            | FaultKind::Usage => asked.api,
            _ => true,
        };
        whom && path && sort && self.count != Some(0)
    }
}

impl Verdict {
    /// Adds what `fault` does; false if an earlier fault already answers.
    fn take(&mut self, fault: &Fault) -> bool {
        let answer = match fault.kind {
            FaultKind::Delay => {
                self.delay = (self.delay + Duration::from_millis(fault.ms)).min(DELAY_MAX);
                return true;
            }
            FaultKind::SignOut => {
                self.sign_out = true;
                return true;
            }
            FaultKind::ChangedMarkup => {
                self.changed_markup = true;
                return true;
            }
            FaultKind::DropReply => {
                self.drop_reply = true;
                return true;
            }
            FaultKind::TokenEnds => {
                self.token.days = Some(fault.days);
                return true;
            }
            FaultKind::ScopeLost => {
                self.token.lost_scope = true;
                return true;
            }
            FaultKind::Usage => {
                self.usage = Some((fault.used, fault.minutes));
                return true;
            }
            FaultKind::TokenExpired => Answer::TokenExpired,
            FaultKind::PasswordChanged => Answer::PasswordChanged,
            FaultKind::RateLimit => {
                Answer::Limited { retry_after: fault.retry_after.unwrap_or(30) }
            }
            FaultKind::ServerError => Answer::Unavailable,
            FaultKind::Challenge => Answer::Challenge,
            FaultKind::Ban => Answer::Banned,
        };
        let is_first = self.answer.is_none();
        self.answer.get_or_insert(answer);
        is_first
    }
}

#[cfg(test)]
mod tests {
    use super::{Answer, Asked, Fault, Faults};

    fn fault(json: &str) -> Fault {
        serde_json::from_str(json).unwrap()
    }

    const PAGE: Asked<'_> =
        Asked { account: Some("ada"), path: "/p/7", writes: false, asset: false, api: false };

    #[test]
    fn a_counted_fault_is_used_up() {
        let mut faults = Faults::default();
        faults.add(fault(r#"{"account":"ada","fault":"server_error","count":2}"#));
        assert_eq!(faults.judge(PAGE).answer, Some(Answer::Unavailable));
        assert_eq!(faults.judge(PAGE).answer, Some(Answer::Unavailable));
        assert_eq!(faults.judge(PAGE).answer, None);
        assert!(faults.list().is_empty());
    }

    #[test]
    fn a_fault_meets_only_its_account_and_path() {
        let mut faults = Faults::default();
        faults.add(fault(r#"{"account":"ben","fault":"ban"}"#));
        faults.add(fault(r#"{"fault":"challenge","paths":"/messages"}"#));
        assert_eq!(faults.judge(PAGE).answer, None);
        let inbox = Asked { path: "/messages/ben", ..PAGE };
        assert_eq!(faults.judge(inbox).answer, Some(Answer::Challenge));
    }

    #[test]
    fn an_unknown_word_in_a_fault_is_refused() {
        assert!(serde_json::from_str::<Fault>(r#"{"fault":"delay","milliseconds":3}"#).is_err());
    }
}
