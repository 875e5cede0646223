//! What the queue may be told.

use std::time::Duration;

use serde::Deserialize;

use super::{Error, Part, slots};

/// When Redis must have its log on disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Durability {
    /// Before it answers anything (`appendfsync always`).
    #[default]
    Always,
    /// Each second (`appendfsync everysec`), and before anybody acts (`WAITAOF`, Redis 7.2): what
    /// it answered else in its last seconds may be lost in a crash.
    Relaxed,
}

impl Durability {
    /// Of that name.
    pub fn named(name: &str) -> Option<Self> {
        [Self::Always, Self::Relaxed].into_iter().find(|one| one.name() == name)
    }

    /// Its name in settings.
    pub fn name(self) -> &'static str {
        match self {
            Self::Always => "always",
            Self::Relaxed => "relaxed",
        }
    }

    /// The values of `appendfsync` that will do, the one it is started with first.
    pub(super) fn fsync(self) -> &'static [&'static str] {
        match self {
            Self::Always => &["always"],
            Self::Relaxed => &["everysec", "always"],
        }
    }
}

/// The most shards: a claim that finds nothing asks all of them.
const SHARDS_MAX: u32 = 64;

/// The queue's options, `[queue]` in `walkon.toml`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Options {
    /// `redis://…`, `rediss://…` or `unix://…`; none: the coordinator starts its own server.
    pub url: Option<String>,
    /// Use a Redis that may lose what it has acknowledged. After its crash a cap can be exceeded
    /// by what was lost.
    pub accept_weak_durability: bool,
    /// When Redis must have its log on disk.
    pub durability: Durability,
    /// How long a lease lasts; workers renew it each third.
    #[serde(with = "jiff::fmt::serde::unsigned_duration::friendly::compact::required")]
    pub lease: Duration,
    /// How long after its end a lease is taken back: its worker has stopped itself by then.
    #[serde(with = "jiff::fmt::serde::unsigned_duration::friendly::compact::required")]
    pub grace: Duration,
    /// The wait before the second attempt; each further one waits twice as long.
    #[serde(with = "jiff::fmt::serde::unsigned_duration::friendly::compact::required")]
    pub retry_base: Duration,
    /// The longest wait between attempts.
    #[serde(with = "jiff::fmt::serde::unsigned_duration::friendly::compact::required")]
    pub retry_max: Duration,
    /// After how many attempts an action has failed.
    pub attempts: u32,
    /// After how many lost workers an action has failed: it may be what kills them.
    pub losses: u32,
    /// How long ended actions and their idempotency keys are kept; dead letters seven times as
    /// long.
    #[serde(with = "jiff::fmt::serde::unsigned_duration::friendly::compact::required")]
    pub retention: Duration,
    /// How many shards the queue has, fixed when it is made. One is right for one server.
    pub shards: u32,
    /// What all keys start with; the part in braces is the first shard's tag.
    pub prefix: String,
    /// What the two public streams' names start with.
    pub public: String,
    /// How many events the public stream keeps, about.
    #[serde(skip)]
    pub events_kept: usize,
    /// Whether books are kept of what is charged, so that Redis may forget: after each start of it
    /// claims wait until it was compared with them. A coordinator keeps them.
    #[serde(skip)]
    pub books: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            url: None,
            accept_weak_durability: false,
            durability: Durability::Always,
            lease: Duration::from_secs(30),
            grace: Duration::from_secs(3),
            retry_base: Duration::from_secs(10),
            retry_max: Duration::from_hours(1),
            attempts: 5,
            losses: 3,
            retention: Duration::from_hours(24),
            shards: 1,
            prefix: "wk:{0}:".to_owned(),
            public: "walkon:".to_owned(),
            events_kept: 100_000,
            books: false,
        }
    }
}

impl Options {
    /// What the keys of a shard start with. On a cluster the tag decides which server has it, so
    /// that tags are chosen to share the slots out evenly; the first shard has the slot of the
    /// intake, so that an entry of it is refused in one step.
    pub fn prefix_of(&self, part: Part, is_cluster: bool) -> String {
        let whole = || self.prefix.clone();
        let Some((before, rest)) = self.prefix.split_once('{') else { return whole() };
        let Some((tag, after)) = rest.split_once('}') else { return whole() };
        let intake = format!("{}intake", self.public);
        let tag = match part.index {
            0 if is_cluster => intake,
            0 => tag.to_owned(),
            n if is_cluster => slots::tag(&format!("{tag}-{n}"), slots::of(&intake), part),
            n => format!("{tag}-{n}"),
        };
        format!("{before}{{{tag}}}{after}")
    }

    /// Refuses what cannot work, naming the option and the remedy.
    pub fn validate(&self) -> Result<(), Error> {
        let wrong = |what: &str| Err(Error::Options(what.to_owned()));
        if self.lease < Duration::from_millis(500) {
            return wrong("`queue.lease` is below 500ms: workers could not renew it in time");
        }
        if self.retry_base.is_zero() || self.retry_max < self.retry_base {
            return wrong("`queue.retry_base` must be above 0 and not above `queue.retry_max`");
        }
        if self.attempts == 0 || self.losses == 0 {
            return wrong("`queue.attempts` and `queue.losses` must be at least 1");
        }
        if self.retention < Duration::from_mins(1) {
            return wrong("`queue.retention` is below 60s: an action's key would not outlive it");
        }
        if self.shards == 0 || self.shards > SHARDS_MAX {
            return wrong("`queue.shards` must be 1 to 64: some four for each node of a cluster");
        }
        let tag = self.prefix.split_once('{').and_then(|(_, rest)| rest.split_once('}'));
        if tag.is_none_or(|(tag, rest)| tag.is_empty() || !rest.ends_with(':')) {
            return wrong("`queue.prefix` needs a tag and a colon at its end, like `wk:{0}:`");
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_are_valid_and_each_bad_option_is_named() {
        assert!(Options::default().validate().is_ok());
        let bad = [
            (Options { lease: Duration::from_millis(1), ..Options::default() }, "lease"),
            (Options { retry_base: Duration::ZERO, ..Options::default() }, "retry_base"),
            (Options { attempts: 0, ..Options::default() }, "attempts"),
            (Options { retention: Duration::ZERO, ..Options::default() }, "retention"),
            (Options { shards: 0, ..Options::default() }, "shards"),
            (Options { shards: 65, ..Options::default() }, "shards"),
            (Options { prefix: "wk:".to_owned(), ..Options::default() }, "prefix"),
        ];
        for (options, name) in bad {
            let error = options.validate().expect_err(name).to_string();
            assert!(error.contains(name), "{error}");
        }
    }

    #[test]
    fn options_read_from_toml_with_times_as_people_write_them() {
        let options: Options = toml::from_str("lease = \"8s\"\nattempts = 2\n").unwrap();
        assert_eq!((options.lease, options.attempts), (Duration::from_secs(8), 2));
        assert!(toml::from_str::<Options>("leese = \"8s\"").is_err());
    }
}
