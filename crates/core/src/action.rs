//! An action: one unit of work that somebody asks for, as JSON.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::id::{AccountId, MissionId, PoolId};
use crate::kind::{self, Kind, Object};

/// The most bytes an action's JSON may have.
pub const ACTION_BYTES_MAX: usize = 16 * 1024;
/// The priority of an action that names none; 0 is the most urgent, 9 the least.
pub const PRIORITY_DEFAULT: u8 = 5;
/// The label of an action that waits before each step until a person lets it go on.
pub const LABEL_STEP: &str = "walkon.step";
/// The label of an action that is carried out at a pace of its own.
pub const LABEL_PACE: &str = "walkon.pace";
/// How far ahead an action may be planned.
pub const DAYS_AHEAD_MAX: i64 = 90;

/// Which way an action is to be carried out, as the asker wishes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RouteWish {
    /// As the rules decide.
    #[default]
    Auto,
    /// Through the official API or not at all.
    Api,
    /// In a browser or not at all.
    Browser,
}

/// An object of the site: `post:7`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Target {
    /// The word before the colon.
    pub object: String,
    /// What follows it.
    pub id: String,
}

/// A target that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a target: write the object, a colon and its id, for example `post:7`")]
pub struct NotATarget(String);

impl FromStr for Target {
    type Err = NotATarget;

    fn from_str(text: &str) -> Result<Self, NotATarget> {
        let wrong = || NotATarget(text.to_owned());
        let (object, id) = text.split_once(':').ok_or_else(wrong)?;
        // An id goes into addresses: nothing in it may mean anything there.
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        let good = |part: &str| !part.is_empty() && part.len() <= 128 && part.chars().all(plain);
        if good(object) && good(id) && id.chars().any(|c| c != '.') {
            Ok(Self { object: object.to_owned(), id: id.to_owned() })
        } else {
            Err(wrong())
        }
    }
}

impl TryFrom<String> for Target {
    type Error = NotATarget;
    fn try_from(text: String) -> Result<Self, NotATarget> {
        text.parse()
    }
}

impl From<Target> for String {
    fn from(target: Target) -> Self {
        target.to_string()
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.object, self.id)
    }
}

/// What somebody asks for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Action {
    /// Who is to do it; `None`: an account of the pool.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<AccountId>,
    /// Whose accounts may do it, instead of `account`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pool: Option<PoolId>,
    /// The mission it is part of: only so many of that are under way at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mission: Option<MissionId>,
    /// What, by the name of a [`Kind`].
    pub kind: String,
    /// To which object of the site.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<Target>,
    /// Arguments by kind, for example `{"text": "…"}`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub with: BTreeMap<String, String>,
    /// Idempotency key: the same key is the same action, and there is one copy of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// Which way.
    #[serde(default)]
    pub route: RouteWish,
    /// 0 (most urgent) to 9.
    #[serde(default = "default_priority")]
    pub priority: u8,
    /// Not before this instant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_before: Option<Timestamp>,
    /// Not after this instant: then it is expired.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
    /// Free words for finding it again.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, String>,
}

fn default_priority() -> u8 {
    PRIORITY_DEFAULT
}

/// Every field an action may have, for did-you-mean.
pub const FIELDS: &[&str] = &[
    "account",
    "pool",
    "mission",
    "kind",
    "target",
    "with",
    "key",
    "route",
    "priority",
    "not_before",
    "expires_at",
    "labels",
];

/// Why an action is refused before it has entered a lane.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{why}")]
pub struct Refuse {
    /// A stable word for programs: `unknown_kind`.
    pub code: String,
    /// What is wrong, in a sentence.
    pub why: String,
    /// What to do.
    pub remedy: String,
}

impl Refuse {
    /// A refusal in our words.
    pub fn new(code: &str, why: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { code: code.to_owned(), why: why.into(), remedy: remedy.into() }
    }
}

impl Action {
    /// Reads an action and checks all that can be checked without knowing the accounts.
    pub fn parse(json: &[u8], now: Timestamp) -> Result<Self, Refuse> {
        if json.len() > ACTION_BYTES_MAX {
            let why =
                format!("the action has {} bytes, the most is {ACTION_BYTES_MAX}", json.len());
            return Err(Refuse::new("too_large", why, "send large content by reference"));
        }
        let action: Self = serde_json::from_slice(json).map_err(|error| unreadable(&error))?;
        action.check(now)?;
        Ok(action)
    }

    /// Its kind's row in the table.
    ///
    /// # Panics
    ///
    /// Never after [`Action::parse`] or [`Action::check`] has accepted it.
    pub fn kind_row(&self) -> &'static Kind {
        kind::find(&self.kind).expect("an accepted action names a known kind")
    }

    /// SHA-256 of everything that is asked for, in hex: two of one key are the same action when
    /// theirs are equal.
    pub fn fingerprint(&self) -> String {
        // Struct fields have one order and maps are sorted: equal actions are equal JSON.
        hex(&serde_json::to_vec(self).expect("an action is plain data"))
    }

    /// SHA-256 of `with.text`, in hex: receipts and ledgers are compared by it, so that they need
    /// not hold what was written.
    pub fn text_hash(&self) -> Option<String> {
        self.with.get("text").map(|text| hex(text.as_bytes()))
    }

    /// Checks kind, target, arguments, priority and times.
    pub fn check(&self, now: Timestamp) -> Result<(), Refuse> {
        let kind = kind::find(&self.kind).ok_or_else(|| unknown_kind(&self.kind))?;
        self.check_who(kind)?;
        self.check_target(kind)?;
        self.check_with(kind)?;
        if self.priority > 9 {
            let why = format!("priority {} is out of range", self.priority);
            return Err(Refuse::new("bad_priority", why, "use 0 (most urgent) to 9"));
        }
        if self.key.as_ref().is_some_and(|key| key.is_empty() || key.len() > 200) {
            return Err(Refuse::new(
                "bad_key",
                "the idempotency key is empty or longer than 200 bytes",
                "use 1 to 200 bytes",
            ));
        }
        self.check_times(now)
    }

    /// An account, or a pool (which a mission names, too): one of the two.
    fn check_who(&self, kind: &Kind) -> Result<(), Refuse> {
        let by_pool = self.pool.is_some() || self.mission.is_some();
        let (why, remedy) = match (&self.account, by_pool) {
            (Some(_), true) => (
                "it names an account and a pool or mission".to_owned(),
                "name the account that is to do it, or the pool or mission; not both",
            ),
            (None, false) => (
                "it names nobody who is to do it".to_owned(),
                "write `\"account\": \"<id>\"`, or `\"pool\"` or `\"mission\"` with a name",
            ),
            (None, true) if ["sign_in", "sign_up"].contains(&kind.name) => {
                let why = "signing in or up is done by an account for itself".to_owned();
                (why, "name the account; other kinds sign in by themselves where they must")
            }
            _ => return Ok(()),
        };
        Err(Refuse::new("bad_account", why, remedy))
    }

    fn check_target(&self, kind: &Kind) -> Result<(), Refuse> {
        let wanted = kind.target.map(Object::word);
        let given = self.target.as_ref().map(|target| target.object.as_str());
        if wanted == given {
            return Ok(());
        }
        let why = match (wanted, given) {
            (Some(_), None) => format!("`{}` needs a target", kind.name),
            (None, Some(_)) => format!("`{}` takes no target", kind.name),
            _ => format!("`{}` cannot be done to a `{}`", kind.name, given.unwrap_or_default()),
        };
        let remedy = wanted.map_or_else(
            || "leave `target` out".to_owned(),
            |word| format!("write `\"target\": \"{word}:<id>\"`"),
        );
        Err(Refuse::new("bad_target", why, remedy))
    }

    fn check_with(&self, kind: &Kind) -> Result<(), Refuse> {
        let known = || format!("`{}` takes: {}", kind.name, listed(kind.with.iter().copied()));
        for name in self.with.keys() {
            if !kind.with.contains(&name.as_str()) {
                let why = format!("`{}` has no argument `{name}`", kind.name);
                return Err(Refuse::new("unknown_argument", why, known()));
            }
        }
        for name in kind.with {
            if self.with.get(*name).is_none_or(|value| value.trim().is_empty()) {
                let why = format!("`{}` needs `with.{name}`", kind.name);
                return Err(Refuse::new("missing_argument", why, known()));
            }
        }
        Ok(())
    }

    fn check_times(&self, now: Timestamp) -> Result<(), Refuse> {
        let start = self.not_before.unwrap_or(now);
        if self.expires_at.is_some_and(|end| end <= now) {
            return Err(Refuse::new(
                "expired",
                "`expires_at` lies in the past",
                "send it earlier, or with a later `expires_at`",
            ));
        }
        if self.expires_at.is_some_and(|end| end <= start) {
            let why = "`expires_at` is not later than `not_before`";
            return Err(Refuse::new("bad_times", why, "leave time between the two"));
        }
        let ahead_max = DAYS_AHEAD_MAX * 24 * 60 * 60 * 1000;
        if start.as_millisecond() - now.as_millisecond() > ahead_max {
            let why = format!("`not_before` is more than {DAYS_AHEAD_MAX} days ahead");
            return Err(Refuse::new("too_far_ahead", why, "send it closer to its time"));
        }
        Ok(())
    }
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    Sha256::digest(bytes).iter().fold(String::with_capacity(64), |mut out, byte| {
        write!(out, "{byte:02x}").expect("writing to a string cannot fail");
        out
    })
}

/// Known names as a sentence part: `` `a`, `b` ``, or `nothing`.
pub fn listed<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    let names: Vec<_> = names.into_iter().map(|name| format!("`{name}`")).collect();
    if names.is_empty() { "nothing".to_owned() } else { names.join(", ") }
}

fn unknown_kind(name: &str) -> Refuse {
    let names = || kind::KINDS.iter().map(|kind| kind.name);
    let remedy = match kind::nearest(name, names()) {
        Some(near) => format!("did you mean `{near}`? Known kinds: {}", listed(names())),
        None => format!("known kinds: {}", listed(names())),
    };
    Refuse::new("unknown_kind", format!("there is no kind `{name}`"), remedy)
}

fn unreadable(error: &serde_json::Error) -> Refuse {
    let message = error.to_string();
    let quoted = message.split('`').nth(1);
    if let (true, Some(field)) = (message.starts_with("unknown field"), quoted) {
        let near = kind::nearest(field, FIELDS.iter().copied());
        let hint = near.map_or(String::new(), |near| format!("did you mean `{near}`? "));
        let known = listed(FIELDS.iter().copied());
        let why = format!("an action has no field `{field}`");
        return Refuse::new("unknown_field", why, format!("{hint}Known fields: {known}"));
    }
    let why = format!("the action is not readable: {message}");
    Refuse::new("unreadable", why, "send one JSON object; see docs/action.schema.json")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::from_ms;

    const NOON: i64 = 1_790_000_000_000;

    fn refusal(json: &str) -> Refuse {
        Action::parse(json.as_bytes(), from_ms(NOON)).expect_err("it was accepted")
    }

    #[test]
    fn a_like_needs_an_account_a_kind_and_a_post() {
        let json = br#"{"account":"ada","kind":"like","target":"post:7"}"#;
        let action = Action::parse(json, from_ms(NOON)).unwrap();
        assert_eq!(action.target.unwrap().to_string(), "post:7");
        assert_eq!((action.priority, action.route), (5, RouteWish::Auto));
    }

    #[test]
    fn equal_actions_have_equal_fingerprints_and_different_ones_do_not() {
        let parse = |json: &str| Action::parse(json.as_bytes(), from_ms(NOON)).unwrap();
        let one = parse(r#"{"account":"ada","kind":"like","target":"post:7"}"#);
        let same = parse(r#"{"target":"post:7","kind":"like","account":"ada","priority":5}"#);
        let other = parse(r#"{"account":"ada","kind":"like","target":"post:8"}"#);
        assert_eq!(one.fingerprint(), same.fingerprint());
        assert_ne!(one.fingerprint(), other.fingerprint());
    }

    #[test]
    fn every_refusal_says_what_is_wrong_and_what_to_do() {
        let cases = [
            (r#"{"account":"ada","kind":"lik","target":"post:7"}"#, "unknown_kind", "`like`"),
            (r#"{"account":"ada","kind":"like","targt":"post:7"}"#, "unknown_field", "`target`"),
            (r#"{"account":"ada","kind":"like"}"#, "bad_target", "post:<id>"),
            (r#"{"kind":"like","target":"post:7"}"#, "bad_account", "\"pool\""),
            (r#"{"account":"a","pool":"b","kind":"scroll_feed"}"#, "bad_account", "not both"),
            (r#"{"account":"a","mission":"b","kind":"scroll_feed"}"#, "bad_account", "not both"),
            (r#"{"pool":"crew","kind":"sign_in"}"#, "bad_account", "name the account"),
            (r#"{"account":"ada","kind":"like","target":"member:ben"}"#, "bad_target", "post:"),
            (r#"{"account":"ada","kind":"scroll_feed","target":"post:7"}"#, "bad_target", "leave"),
            (r#"{"account":"ada","kind":"comment","target":"post:7"}"#, "missing_argument", "text"),
            (
                r#"{"account":"ada","kind":"like","target":"post:7","with":{"a":"b"}}"#,
                "unknown_argument",
                "nothing",
            ),
            (
                r#"{"account":"ada","kind":"like","target":"post:7","priority":12}"#,
                "bad_priority",
                "0",
            ),
            (
                r#"{"account":"a","kind":"scroll_feed","expires_at":"2020-01-01T00:00:00Z"}"#,
                "expired",
                "later",
            ),
            (
                r#"{"account":"a","kind":"scroll_feed","not_before":"2036-01-01T00:00:00Z"}"#,
                "too_far_ahead",
                "closer",
            ),
            (r#"{"account":"ada","kind":"like","target":"post:../7"}"#, "unreadable", "JSON"),
            ("{", "unreadable", "JSON"),
        ];
        for (json, code, remedy) in cases {
            let refuse = refusal(json);
            assert_eq!(refuse.code, code, "{json}: {refuse}");
            assert!(refuse.remedy.contains(remedy), "{json}: {}", refuse.remedy);
        }
    }

    #[test]
    fn an_oversized_action_is_refused_unread() {
        let json = format!(r#"{{"account":"ada","kind":"{}"}}"#, "x".repeat(ACTION_BYTES_MAX));
        assert_eq!(refusal(&json).code, "too_large");
    }

    #[test]
    fn the_schema_names_the_fields_and_kinds_there_are_and_its_examples_are_actions() {
        let text = include_str!("../../../docs/action.schema.json");
        let schema: serde_json::Value = serde_json::from_str(text).unwrap();
        let fields: Vec<_> = schema["properties"].as_object().unwrap().keys().collect();
        let mut known = FIELDS.to_vec();
        known.sort_unstable();
        assert_eq!(fields, known);
        let kinds: Vec<_> = kind::KINDS.iter().map(|kind| kind.name).collect();
        assert_eq!(schema["properties"]["kind"]["enum"], serde_json::json!(kinds));
        for example in schema["examples"].as_array().unwrap() {
            Action::parse(example.to_string().as_bytes(), from_ms(NOON)).unwrap();
        }
    }

    #[test]
    fn an_action_of_a_pool_or_of_a_mission_names_no_account() {
        for who in [r#""pool":"crew""#, r#""mission":"welcome""#, r#""account":null,"pool":"a""#] {
            let json = format!("{{{who},\"kind\":\"scroll_feed\"}}");
            let action = Action::parse(json.as_bytes(), from_ms(NOON)).unwrap();
            assert_eq!(action.account, None);
        }
    }
}
