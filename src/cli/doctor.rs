//! `walkon doctor`: looks at this host and says what to do about each finding.

use std::path::Path;

use serde_json::json;
use walkon_core::clock::{Clock as _, SystemClock};

use self::kept::Kept;
use super::data::{self, data_path, master_keys};
use super::out::say;
use super::report::{Code, Failure};
use super::roles;
use crate::catalog::Catalog;
use crate::config::Config;
use crate::data::DataFolder;
use crate::store::schema::Schema;
use crate::store::vault::Vault;
use crate::store::vault::master::Source;

mod browser;
mod care;
mod kept;

/// For how long a loss is told.
const LOSS_TOLD: jiff::SignedDuration = jiff::SignedDuration::from_hours(7 * 24);

/// How many things of one sort a finding names.
const NAMED: usize = 5;

/// What is not well, and what to do.
#[derive(Debug)]
struct Ill {
    why: String,
    fix: String,
    /// Whether it is wrong by now; else it will be, or needs an eye.
    is_bad: bool,
}

impl Ill {
    fn wrong(why: impl Into<String>, fix: impl Into<String>) -> Self {
        Self { why: why.into(), fix: fix.into(), is_bad: true }
    }

    fn soon(why: impl Into<String>, fix: impl Into<String>) -> Self {
        Self { why: why.into(), fix: fix.into(), is_bad: false }
    }
}

/// What was found.
type Finding = Result<String, Ill>;

struct Check {
    what: &'static str,
    found: Finding,
}

impl Check {
    fn level(&self) -> &'static str {
        match &self.found {
            Ok(_) => "ok",
            Err(Ill { is_bad: false, .. }) => "soon",
            Err(_) => "wrong",
        }
    }
}

/// The first few, and how many more there are.
fn some(mut all: Vec<String>) -> String {
    let left = all.len().saturating_sub(NAMED);
    all.truncate(NAMED);
    let more = if left > 0 { format!("; and {left} more") } else { String::new() };
    all.join("; ") + &more
}

/// `walkon doctor`
pub(super) async fn doctor(config: &Config, json: bool) -> Result<(), Failure> {
    let loaded = Catalog::load(&config.fleet.behaviors, &config.fleet.profiles);
    let kept = Kept::open(config).await;
    let checks = [
        Check { what: "data folder", found: data(config) },
        Check { what: "disk", found: kept::disk(config) },
        Check { what: "redis", found: redis(config).await },
        Check { what: "database", found: database(config).await },
        Check { what: "master keys", found: masters(config) },
        Check { what: "secrets", found: kept.secrets(loaded.as_ref().ok()).await },
        Check { what: "signing keys", found: kept::signing(config) },
        Check { what: "audit log", found: kept.audit().await },
        Check { what: "backups", found: kept.backups(config, SystemClock.now()).await },
        Check { what: "what redis kept", found: lost(config).await },
        Check { what: "browser", found: browser::browser(config) },
        Check { what: "webdriver", found: browser::webdriver(config).await },
        Check { what: "own authorities", found: browser::authorities(config) },
        Check { what: "network jail", found: jail(&kernel_says) },
        Check { what: "orphans", found: orphans(config) },
        Check { what: "behaviors and profiles", found: catalog(loaded) },
        Check { what: "port", found: port(config).await },
        Check { what: "alert channels", found: care::channels(config) },
        Check { what: "exit echo", found: care::echo(config).await },
        Check { what: "accounts", found: care::health(config).await },
        Check { what: "grants", found: care::grants(config, SystemClock.now()).await },
        Check { what: "onboardings", found: care::onboarding(config).await },
        Check { what: "alerts", found: care::told(config).await },
    ];
    if json {
        let list = checks.iter().map(|check| {
            let (what, level) = (check.what, check.level());
            match &check.found {
                Ok(found) => json!({"check": what, "ok": true, "level": level, "found": found}),
                Err(Ill { why, fix, is_bad }) => json!({
                    "check": what, "ok": !is_bad, "level": level, "why": why, "fix": fix,
                }),
            }
        });
        say(&json!({"checks": list.collect::<Vec<_>>()}).to_string());
    } else {
        for check in &checks {
            match &check.found {
                Ok(found) => say(&format!("ok      {:<24}{found}", check.what)),
                Err(Ill { why, fix, .. }) => {
                    say(&format!("{:<8}{:<24}{why}", check.level(), check.what));
                    say(&format!("        {:<24}remedy: {fix}", ""));
                }
            }
        }
    }
    let wrong = checks.iter().filter(|check| check.level() == "wrong").count();
    if wrong == 0 {
        return Ok(());
    }
    Err(Failure::new(Code::Host, format!("{wrong} of {} checks failed", checks.len()), ""))
}

fn of(failure: Failure) -> Ill {
    let causes = failure.causes.iter().fold(failure.what, |line, cause| format!("{line}: {cause}"));
    Ill::wrong(causes, failure.remedy.unwrap_or_default())
}

fn data(config: &Config) -> Finding {
    let path = data_path(config).map_err(of)?;
    let is_there = DataFolder::look(&path).map_err(|error| of(error.into()))?;
    let note = if is_there { "" } else { " (not there yet; a fleet makes it)" };
    Ok(format!("{}{note}", path.display()))
}

async fn redis(config: &Config) -> Finding {
    if config.queue.url.is_empty() {
        let version = tokio::process::Command::new("redis-server").arg("--version").output().await;
        return match version {
            Ok(output) => Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned()),
            Err(_) => Err(Ill::wrong(
                "`redis-server` is not installed",
                "install Redis 7 or Valkey (`apt install redis-server`), or set `queue.url`",
            )),
        };
    }
    let options = crate::queue::Options {
        url: Some(config.queue.url.clone()),
        accept_weak_durability: config.queue.accept_weak_durability,
        durability: roles::durability(config),
        shards: config.queue.shards,
        ..crate::queue::Options::default()
    };
    let queue = crate::queue::Queue::look(&options).await;
    let queue = queue.map_err(|error| of(error.into()))?;
    Ok(format!("{:?}, {}", queue.facts(), spread(&queue)))
}

/// How many shards there are, and on which servers.
fn spread(queue: &crate::queue::Queue) -> String {
    let shards = match queue.shards().len() {
        1 => "1 shard".to_owned(),
        many => format!("{many} shards"),
    };
    let servers = queue.servers();
    if servers.is_empty() {
        return shards;
    }
    let each = servers.iter().map(|(server, shards)| format!("{server} has {shards}"));
    format!("{shards} on a cluster: {}", each.collect::<Vec<_>>().join(", "))
}

async fn database(config: &Config) -> Finding {
    let address = data::database(config, &data_path(config).map_err(of)?.join("walkon.db"));
    let schema = Schema::of(&address.map_err(of)?).await.map_err(|error| of(error.into()))?;
    schema.check().map_err(|error| of(error.into()))?;
    let Schema { database, applied, pending, .. } = schema;
    Ok(format!("{database}, {} of {} changes", applied.len(), applied.len() + pending.len()))
}

fn masters(config: &Config) -> Finding {
    let path = data_path(config).map_err(of)?.join("master.key");
    let source = master_keys(config, path);
    if matches!(source, Source::Embedded(_)) && source.is_missing() {
        return Ok(format!("{source} (not there yet; the first start makes it)"));
    }
    let ids = Vault::of(source.clone()).reload().map_err(|error| of(error.into()))?;
    source.path().map_or(Ok(()), kept::private)?;
    Ok(format!("{} in {source}", ids.join(", ")))
}

/// Whether Redis has lost something of late.
async fn lost(config: &Config) -> Finding {
    let own = data_path(config).map_err(of)?;
    let own = crate::queue::Embedded::url_in(&own.join("redis"));
    let url = if config.queue.url.is_empty() { own } else { config.queue.url.clone() };
    let options = crate::queue::Options {
        url: Some(url),
        shards: config.queue.shards,
        accept_weak_durability: true,
        ..crate::queue::Options::default()
    };
    // What is wrong with it the check before this one says.
    let Ok(queue) = crate::queue::Queue::look(&options).await else {
        return Ok("not looked at: no redis answers".to_owned());
    };
    let loss = queue.last_loss().await.map_err(|error| of(error.into()))?;
    let now = queue.now().await.map_err(|error| of(error.into()))?;
    match loss.filter(|loss| now.duration_since(loss.at) < LOSS_TOLD) {
        None => Ok("all it was given, for all that is known".to_owned()),
        Some(loss) => Err(Ill::wrong(
            format!("{}: {}", loss.at, loss.why),
            "send again what `walkon dead` and the receipts tell as `redis_lost`; find out who \
             emptied or set back redis, and keep others off it. This is told for 7 days",
        )),
    }
}

/// Whether browsers run that no worker has.
fn orphans(config: &Config) -> Finding {
    let folder = data_path(config).map_err(of)?.join("browsers");
    match crate::worker::sweep::orphans(&folder) {
        0 => Ok("no browser without its worker".to_owned()),
        count => Err(Ill::wrong(
            format!("{count} processes of browsers run without their worker"),
            "start a worker here: it ends them; then tell us, for this should not happen",
        )),
    }
}

/// What a file of the kernel says.
fn kernel_says(path: &str) -> Option<String> {
    std::fs::read_to_string(path).ok().map(|text| text.trim().to_owned())
}

/// Whether an ordinary program may have the namespaces that jail and sandbox are made of.
fn jail(says: &dyn Fn(&str) -> Option<String>) -> Finding {
    let is = |path: &str, value: &str| says(path).as_deref() == Some(value);
    let closed = is("/proc/sys/kernel/unprivileged_userns_clone", "0")
        || is("/proc/sys/user/max_user_namespaces", "0");
    if closed || !Path::new("/proc/self/ns/user").exists() {
        return Err(Ill::wrong(
            "user namespaces are closed to ordinary users",
            "sysctl -w kernel.unprivileged_userns_clone=1 user.max_user_namespaces=15000",
        ));
    }
    if is("/proc/sys/kernel/apparmor_restrict_unprivileged_userns", "1") {
        return Err(Ill::wrong(
            "AppArmor keeps user namespaces from programs without a profile that allows them",
            "sysctl -w kernel.apparmor_restrict_unprivileged_userns=0, or load a profile with \
             `userns,` for walkon and the browser",
        ));
    }
    Ok("user and network namespaces are open".to_owned())
}

fn catalog(loaded: Result<Catalog, crate::catalog::Error>) -> Finding {
    let catalog = loaded.map_err(|error| of(error.into()))?;
    let behaviors: usize = catalog.sites.values().map(|site| site.behaviors.len()).sum();
    let (sites, devices) = (catalog.sites.len(), catalog.devices.len());
    let personas = catalog.personas.len();
    Ok(format!("{sites} sites, {behaviors} behaviors, {devices} devices, {personas} personas"))
}

async fn port(config: &Config) -> Finding {
    match tokio::net::TcpListener::bind(config.web.listen).await {
        Ok(_) => Ok(format!("{} is free", config.web.listen)),
        Err(_) if care::answers(config).await => {
            Ok(format!("a fleet answers at {}", config.web.listen))
        }
        Err(error) => Err(Ill::wrong(
            format!("{} cannot be listened on: {error}", config.web.listen),
            "stop what listens there, or set another `web.listen`",
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::jail;

    fn said(path: &str, value: &str) -> String {
        let says = |asked: &str| (asked == path).then(|| value.to_owned());
        match jail(&says) {
            Ok(found) => found,
            Err(ill) => ill.fix,
        }
    }

    #[test]
    fn each_lock_on_user_namespaces_is_told_with_what_opens_it() {
        let clone = "/proc/sys/kernel/unprivileged_userns_clone";
        assert!(said(clone, "0").contains("unprivileged_userns_clone=1"));
        assert!(said(clone, "1").contains("are open"));
        assert!(said("/proc/sys/user/max_user_namespaces", "0").contains("max_user_namespaces="));
        let apparmor = "/proc/sys/kernel/apparmor_restrict_unprivileged_userns";
        assert!(said(apparmor, "1").contains("apparmor_restrict_unprivileged_userns=0"));
        assert!(said(apparmor, "0").contains("are open"));
    }
}
