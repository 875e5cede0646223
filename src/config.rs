//! Settings: `walkon.toml` and the environment over `config/default.toml`, which says what each is.
//!
//! The parts do not know this module: it depends on them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Deserialize;
use toml::{Table, Value};
use walkon_core::action::listed;
use walkon_core::bundle::Secret;
use walkon_core::fault::Fault;
use walkon_core::id::{MissionId, PoolId};
use walkon_core::kind::nearest;
use walkon_core::plan::Plan;
use walkon_core::pool::{Mission, Pool, Pools};
use walkon_core::site::Private;

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
    /// The keys by which sites know the fleet.
    pub signing: Signing,
    /// Pages and desk.
    pub web: Web,
    /// Workers.
    pub worker: Worker,
    /// Browsers.
    pub browser: Browser,
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

/// `[store]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Store {
    /// A database server, or nothing. It may hold a password.
    pub url: Secret,
    /// The file that holds the password, or nothing.
    pub password_file: PathBuf,
    /// For how many days the usage log is kept; 0: for good.
    pub usage_days: u32,
    /// The same of the audit log.
    pub audit_days: u32,
}

/// `[vault]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Vault {
    /// The file of the master keys, or nothing.
    pub master_key_file: PathBuf,
    /// The keys themselves, or nothing: for the environment alone.
    pub master_key: Secret,
}

/// `[signing]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Signing {
    /// The file of the keys, or nothing.
    pub key_file: PathBuf,
    /// Where sites find their list, or nothing.
    pub directory: String,
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
}

/// `[browser]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Browser {
    /// The browser, or nothing.
    pub path: String,
    /// Who runs it under root.
    pub user: String,
    /// Without Chrome's sandbox.
    pub allow_no_sandbox: bool,
    /// Without the jail.
    pub allow_no_jail: bool,
}

/// `[sites.<name>]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SiteOverride {
    /// Another origin.
    pub origin: Option<String>,
    /// Another API address.
    pub api: Option<String>,
    /// That it lies in a private network.
    pub private: Option<Private>,
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
        if written_master(&table) {
            return Err(Error::Value {
                key: "vault.master_key".to_owned(),
                value: "written in a file of settings".to_owned(),
                remedy: "write it into a file of its own for `vault.master_key_file`, or set \
                         WALKON__VAULT__MASTER_KEY"
                    .to_owned(),
            });
        }
        // First the file by itself: what is wrong in it is not the fault of a variable.
        let mut config = Self::of(&table, &path, &written)?;
        config.pools().check().map_err(|wrong| {
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

/// Whether a file of settings holds a master key, which is no place for one.
fn written_master(table: &Table) -> bool {
    let key = table.get("vault").and_then(|vault| vault.get("master_key"));
    key.and_then(Value::as_str).is_some_and(|key| !key.is_empty())
}

/// Reads a file by itself, so that what is wrong in it has its place in it.
fn parse(text: &str, path: &Path) -> Result<Table, Error> {
    let file = path.display().to_string();
    let fault = |at, what, remedy| Error::Wrong(Fault::at(&file, text, at, what, remedy));
    let table: Table = toml::from_str(text).map_err(|error| {
        let what = error.message().trim().to_owned();
        fault(error.span().map_or(0, |span| span.start), what, "mend the TOML there".to_owned())
    })?;
    let defaults: Table = toml::from_str(DEFAULT).expect("the embedded defaults are TOML");
    for (section, value) in &table {
        let known = |names: &Table, name: &str, path: String, what: &str| {
            if names.contains_key(name) {
                return Ok(());
            }
            let names = || names.keys().map(String::as_str);
            let near = nearest(name, names());
            let hint = near.map_or(String::new(), |near| format!("did you mean `{near}`? "));
            let remedy = format!("{hint}Known: {}", listed(names()));
            let what = format!("there is no {what} `{name}`");
            Err(fault(place_of(text, &path), what, remedy))
        };
        if ["sites", "plans", "pools", "missions"].contains(&section.as_str()) {
            continue;
        }
        known(&defaults, section, section.clone(), "section")?;
        if let (Some(Value::Table(names)), Value::Table(given)) = (defaults.get(section), value) {
            for name in given.keys() {
                let path = format!("{section}.{name}");
                known(names, name, path, &format!("`[{section}]` setting"))?;
            }
        }
    }
    Ok(table)
}

/// Where a key stands in the text, or what is nearest above it: `plans.shy.hours`.
fn place_of(text: &str, wanted: &str) -> usize {
    let (mut at, mut section, mut best) = (0, String::new(), (0, 0));
    for line in text.split_inclusive('\n') {
        let bare = line.trim();
        let key = if let Some(header) = bare.strip_prefix('[') {
            let header = header.trim_start_matches('[').split(']').next();
            header.unwrap_or_default().clone_into(&mut section);
            section.clone()
        } else {
            let key = bare.split('=').next().unwrap_or_default().trim();
            if section.is_empty() { key.to_owned() } else { format!("{section}.{key}") }
        };
        let rest = wanted.strip_prefix(&key);
        let leads = rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'));
        if leads && key.len() > best.0 {
            best = (key.len(), at + (line.len() - line.trim_start().len()));
        }
        at += line.len();
    }
    best.1
}

/// The key that a reader's error is about: the path at its text's end, and the unknown one.
fn key_of(error: &toml::de::Error) -> String {
    let text = error.to_string();
    let path = text.rsplit("in `").next().filter(|_| text.contains("in `"));
    let path = path.and_then(|rest| rest.split('`').next()).unwrap_or_default();
    let unknown = error.message().strip_prefix("unknown field `");
    let unknown = unknown.and_then(|rest| rest.split('`').next()).unwrap_or_default();
    if unknown.is_empty() || path.ends_with(unknown) {
        path.to_owned()
    } else {
        format!("{path}.{unknown}")
    }
}

fn merge(into: &mut Table, from: Table) {
    for (key, value) in from {
        match (into.get_mut(&key), value) {
            (Some(Value::Table(into)), Value::Table(from)) => merge(into, from),
            (_, value) => {
                into.insert(key, value);
            }
        }
    }
}

/// Sets `a__b` to a value: a number or truth value where it reads as one, else a text.
fn set(table: &mut Table, path: &str, value: &str) {
    let Some((section, rest)) = path.split_once("__") else {
        let parsed = format!("v = {value}").parse::<Table>().ok().and_then(|mut t| t.remove("v"));
        let old_is_text = matches!(table.get(path), Some(Value::String(_)));
        let text = Value::String(value.to_owned());
        let value = if old_is_text { text } else { parsed.unwrap_or(text) };
        table.insert(path.to_owned(), value);
        return;
    };
    let inner = table.entry(section).or_insert_with(|| Value::Table(Table::new()));
    if let Value::Table(inner) = inner {
        set(inner, rest, value);
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
