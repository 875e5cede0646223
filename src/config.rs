//! Settings: `walkon.toml` and the environment over `config/default.toml`, which says what each is.
//!
//! The parts do not know this module: it depends on them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Deserialize;
use toml::Table;
use walkon_core::account::Lifecycle;
use walkon_core::fault::Fault;
use walkon_core::id::{MissionId, PoolId};
use walkon_core::plan::Plan;
use walkon_core::pool::{Mission, Pool, Pools};

mod browser;
pub mod care;
mod keeping;
mod reading;
mod sites;

pub use browser::{Browser, DRIVERS};
pub use keeping::{Backup, Signing, Store, Vault};
pub use sites::{Codes, SiteLogin, SiteOverride};

use reading::{SECRETS, is_written, key_of, merge, parse, place_of, set};

/// The settings' defaults, with what each means.
pub const DEFAULT: &str = include_str!("config/default.toml");
/// The file that is read from the working folder unless another is named.
pub const FILE: &str = "walkon.toml";
/// The beginning of every variable that sets something.
const PREFIX: &str = "WALKON__";

/// All settings.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Where things are kept.
    pub data: Data,
    /// What the fleet is.
    pub fleet: Fleet,
    /// The queue.
    pub queue: Queue,
    /// The database.
    pub store: Store,
    /// The master keys.
    pub vault: Vault,
    /// Backups.
    pub backup: Backup,
    /// The keys by which sites know the fleet.
    pub signing: Signing,
    /// Pages and desk.
    pub web: Web,
    /// Workers.
    pub worker: Worker,
    /// Browsers.
    pub browser: Browser,
    /// Checks of accounts.
    pub health: care::Health,
    /// Who is told of alerts.
    pub alerts: care::Alerts,
    /// Limits by name.
    #[serde(default)]
    pub plans: BTreeMap<String, Plan>,
    /// Pools by name.
    #[serde(default)]
    pub pools: BTreeMap<PoolId, Pool>,
    /// Missions by name.
    #[serde(default)]
    pub missions: BTreeMap<MissionId, Mission>,
    /// What differs from `behaviors/<site>/site.toml`, by site.
    #[serde(default)]
    pub sites: BTreeMap<String, SiteOverride>,
}

/// `[data]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Data {
    /// Where everything that lasts is kept.
    pub folder: String,
}

/// `[fleet]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fleet {
    /// How to reach whoever runs it.
    pub contact: String,
    /// Where chance begins.
    pub seed: u64,
    /// How many times as fast as a person.
    pub pace: f64,
    /// The folder of behaviors.
    pub behaviors: PathBuf,
    /// The folder of profiles.
    pub profiles: PathBuf,
    /// The accounts' file.
    pub accounts: PathBuf,
    /// `connecting`, `active` or `inactive`.
    pub new_accounts: String,
}

impl Fleet {
    /// Where new accounts begin; `None`: nowhere that there is.
    pub fn begin(&self) -> Option<Lifecycle> {
        let begins = [Lifecycle::Connecting, Lifecycle::Active, Lifecycle::Inactive];
        Lifecycle::named(&self.new_accounts).filter(|begin| begins.contains(begin))
    }
}

/// `[queue]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Queue {
    /// An external Redis, or nothing.
    pub url: String,
    /// Whether a Redis may serve that can lose what it has acknowledged.
    pub accept_weak_durability: bool,
    /// How many shards the queue has, fixed when it is made.
    pub shards: u32,
    /// `always` or `relaxed`.
    pub durability: String,
    /// How long a lease lasts.
    #[serde(with = "jiff::fmt::serde::unsigned_duration::friendly::compact::required")]
    pub lease: Duration,
    /// How long after its end its work is taken up.
    #[serde(with = "jiff::fmt::serde::unsigned_duration::friendly::compact::required")]
    pub grace: Duration,
    /// The wait before a second attempt.
    #[serde(with = "jiff::fmt::serde::unsigned_duration::friendly::compact::required")]
    pub retry: Duration,
}

/// `[web]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Web {
    /// The address.
    pub listen: std::net::SocketAddr,
    /// What people write into their browsers to get here, or nothing.
    pub origin: String,
    /// `auto` or `always`.
    pub sign_in: String,
    /// The file of the token by which commands call the API, or nothing.
    pub token_file: PathBuf,
}

impl Web {
    /// Whether a caller must prove who they are.
    pub fn needs_sign_in(&self) -> bool {
        self.sign_in == "always" || !self.origin.is_empty() || !self.listen.ip().is_loopback()
    }

    /// Host and port of `origin`, as a browser says them.
    pub fn host(&self) -> Option<String> {
        self.origin.strip_prefix("https://").map(str::to_owned)
    }
}

/// `[worker]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Worker {
    /// How many things at once.
    pub slots: usize,
    /// The longest attempt.
    #[serde(with = "jiff::fmt::serde::unsigned_duration::friendly::compact::required")]
    pub attempt_max: Duration,
    /// How soon an account's next action must be due for its browser to wait for it.
    #[serde(with = "jiff::fmt::serde::unsigned_duration::friendly::compact::required")]
    pub park: Duration,
    /// How many browsers may wait so.
    pub parked: usize,
    /// Memory that must be left beside a browser, in MiB.
    pub spare_mib: u64,
}

/// Why settings cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file cannot be read.
    #[error("could not read {}", .0.display())]
    File(PathBuf, #[source] std::io::Error),
    /// Something in it is wrong.
    #[error("{0}")]
    Wrong(Fault),
    /// A variable is wrong.
    #[error("the variable {name} cannot be used: {why}")]
    Variable {
        /// Its name.
        name: String,
        /// What is wrong.
        why: String,
    },
    /// A value makes no sense.
    #[error("`{key}` is {value}")]
    Value {
        /// Which.
        key: String,
        /// What it is.
        value: String,
        /// What to write.
        remedy: String,
    },
}

impl Error {
    /// What to do about it.
    pub fn remedy(&self) -> String {
        match self {
            Self::File(..) => "check the path and its owner".to_owned(),
            // It is part of the fault's own text.
            Self::Wrong(_) => String::new(),
            Self::Variable { .. } => "`walkon config` lists every setting".to_owned(),
            Self::Value { remedy, .. } => remedy.clone(),
        }
    }
}

impl Config {
    /// Reads the settings; `file` must be there if it is named.
    pub fn load(
        file: Option<&Path>,
        variables: impl Iterator<Item = (String, String)>,
    ) -> Result<Self, Error> {
        let mut table: Table = toml::from_str(DEFAULT).expect("the embedded defaults are TOML");
        let path = file.map_or_else(|| PathBuf::from(FILE), Path::to_path_buf);
        let mut written = String::new();
        match std::fs::read_to_string(&path) {
            Ok(text) => {
                merge(&mut table, parse(&text, &path)?);
                written = text;
            }
            Err(error) if file.is_none() && error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => return Err(Error::File(path, error)),
        }
        if let Some(key) = SECRETS.iter().find(|key| is_written(&table, key)) {
            let variable = key.to_uppercase().replace('.', "__");
            return Err(Error::Value {
                key: (*key).to_owned(),
                value: "written in a file of settings".to_owned(),
                remedy: format!(
                    "write it into a file of its own for `{key}_file`, or set {PREFIX}{variable}"
                ),
            });
        }
        // First the file by itself: what is wrong in it is not the fault of a variable.
        let mut config = Self::of(&table, &path, &written)?;
        let plans = config.plans.iter().try_for_each(|(name, plan)| plan.check(name));
        plans.and_then(|()| config.pools().check()).map_err(|wrong| {
            let at = place_of(&written, &wrong.key);
            let what = format!("`{}`: {}", wrong.key, wrong.what);
            Error::Wrong(Fault::at(&path.display().to_string(), &written, at, what, wrong.remedy))
        })?;
        for (name, value) in variables.filter(|(name, _)| name.starts_with(PREFIX)) {
            set(&mut table, &name[PREFIX.len()..].to_lowercase(), &value);
            config = table.clone().try_into().map_err(|error: toml::de::Error| {
                Error::Variable { name, why: error.message().trim().to_owned() }
            })?;
        }
        config.validate()?;
        Ok(config)
    }

    /// All pools and missions.
    pub fn pools(&self) -> Pools {
        Pools { pools: self.pools.clone(), missions: self.missions.clone() }
    }

    /// The settings of a table; `written` is the file's part of it, for the place of a fault.
    fn of(table: &Table, path: &Path, written: &str) -> Result<Self, Error> {
        table.clone().try_into().map_err(|error: toml::de::Error| {
            let file = path.display().to_string();
            let what = error.message().trim().to_owned();
            let remedy = "`walkon config` shows how each setting is written".to_owned();
            let at = place_of(written, &key_of(&error));
            Error::Wrong(Fault::at(&file, written, at, what, remedy))
        })
    }

    fn validate(&self) -> Result<(), Error> {
        let wrong = |key: &str, value: String, remedy: &str| {
            Err(Error::Value { key: key.to_owned(), value, remedy: remedy.to_owned() })
        };
        if !(0.05..=10_000.0).contains(&self.fleet.pace) {
            return wrong("fleet.pace", self.fleet.pace.to_string(), "write 0.05 to 10000");
        }
        if self.fleet.begin().is_none() {
            let value = format!("`{}`", self.fleet.new_accounts);
            let remedy = "write `connecting` (onboarded first), `active` or `inactive`";
            return wrong("fleet.new_accounts", value, remedy);
        }
        if !(1..=64).contains(&self.worker.slots) {
            return wrong("worker.slots", self.worker.slots.to_string(), "write 1 to 64");
        }
        if !["always", "relaxed"].contains(&self.queue.durability.as_str()) {
            let value = format!("`{}`", self.queue.durability);
            return wrong("queue.durability", value, "write `always` or `relaxed`");
        }
        let directory = &self.signing.directory;
        if !directory.is_empty() && !directory.starts_with("https://") {
            let remedy = "write the https address under which sites reach the list of keys";
            return wrong("signing.directory", format!("`{directory}`"), remedy);
        }
        self.browser.validate()?;
        self.health.validate()?;
        self.alerts.validate()?;
        if !["auto", "always"].contains(&self.web.sign_in.as_str()) {
            let value = format!("`{}`", self.web.sign_in);
            return wrong("web.sign_in", value, "write `auto` or `always`");
        }
        let host = self.web.host();
        let is_host = host
            .as_ref()
            .is_some_and(|host| !host.is_empty() && !host.contains(['/', '@', '?', '#', ' ']));
        if !self.web.origin.is_empty() && !is_host {
            let value = format!("`{}`", self.web.origin);
            let remedy = "write `https://` and a host, of the proxy that brings TLS: tokens and \
                          cookies must not cross a network in clear";
            return wrong("web.origin", value, remedy);
        }
        if !self.web.listen.ip().is_loopback() && host.is_none() {
            let remedy = "set `web.origin` to the https address of the proxy in front, or listen \
                          on 127.0.0.1";
            return wrong("web.listen", self.web.listen.to_string(), remedy);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(variables: &[(&str, &str)]) -> Result<Config, Error> {
        let own = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        Config::load(None, variables.iter().map(own))
    }

    fn of(text: &str) -> Result<Table, Error> {
        parse(text, Path::new("walkon.toml"))
    }

    #[test]
    fn the_defaults_are_settings() {
        let config = with(&[]).unwrap();
        assert_eq!(config.queue.lease, Duration::from_secs(30));
        assert!(config.plans["default"].kinds.contains_key("like"));
    }

    #[test]
    fn the_environment_goes_over_the_file() {
        let config = with(&[("WALKON__QUEUE__URL", "redis://h"), ("WALKON__FLEET__PACE", "20.0")]);
        let config = config.unwrap();
        assert_eq!((config.queue.url.as_str(), config.fleet.pace), ("redis://h", 20.0));
    }

    #[test]
    fn an_unknown_setting_is_an_error_with_its_place_and_a_suggestion() {
        let error = of("[web]\n  listn = \"127.0.0.1:1\"\n").unwrap_err().to_string();
        assert!(
            error.starts_with("walkon.toml:2:3: there is no `[web]` setting `listn`"),
            "{error}"
        );
        assert!(error.contains("did you mean `listen`?"), "{error}");
        let error = with(&[("WALKON__WEB__LISTN", "x")]).unwrap_err().to_string();
        assert!(error.contains("WALKON__WEB__LISTN"), "{error}");
    }

    #[test]
    fn a_driver_that_is_none_is_told_with_the_nearest_that_is() {
        assert_eq!(with(&[]).unwrap().browser.driver, "cdp");
        assert!(with(&[("WALKON__BROWSER__DRIVER", "webdriver")]).is_ok());
        let error = with(&[("WALKON__BROWSER__DRIVER", "web-driver")]).unwrap_err();
        assert_eq!(error.to_string(), "`browser.driver` is `web-driver`");
        assert!(error.remedy().starts_with("did you mean `webdriver`?"), "{}", error.remedy());
        // The fake one is for tests, and asked for by them.
        assert!(with(&[("WALKON__BROWSER__DRIVER", "fake")]).is_err());
    }

    #[test]
    fn pages_are_offered_to_the_network_behind_tls_and_a_sign_in_alone() {
        let error = with(&[("WALKON__WEB__LISTEN", "0.0.0.0:80")]).unwrap_err();
        assert!(error.remedy().contains("web.origin"), "{error}");
        for bad in ["http://w.example", "https://", "https://w.example/", "w.example"] {
            let error = with(&[("WALKON__WEB__ORIGIN", bad)]).unwrap_err();
            assert!(error.remedy().contains("must not cross a network in clear"), "{error}");
        }
        let origin = ("WALKON__WEB__ORIGIN", "https://w.example:8443");
        let web = with(&[origin, ("WALKON__WEB__LISTEN", "0.0.0.0:80")]).unwrap().web;
        assert_eq!((web.needs_sign_in(), web.host().as_deref()), (true, Some("w.example:8443")));
        assert!(with(&[origin]).unwrap().web.needs_sign_in(), "a proxy may stand on this host");
        assert!(with(&[("WALKON__WEB__SIGN_IN", "always")]).unwrap().web.needs_sign_in());
        assert!(!with(&[]).unwrap().web.needs_sign_in());
        assert!(with(&[("WALKON__WEB__SIGN_IN", "no")]).is_err());
    }
}
