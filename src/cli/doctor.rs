//! `walkon doctor`: looks at this host and says what to do about each finding.

use std::path::Path;

use serde_json::json;

use super::out::say;
use super::report::{Code, Failure};
use super::roles::{self, browser_options, data_path};
use crate::catalog::Catalog;
use crate::config::Config;
use crate::data::DataFolder;
use crate::store::schema::Schema;
use crate::store::vault::Vault;
use crate::store::vault::master::Source;

/// For how long a loss is told.
const LOSS_TOLD: jiff::SignedDuration = jiff::SignedDuration::from_hours(7 * 24);

struct Check {
    what: &'static str,
    /// What was found, or what is wrong with what to do.
    found: Result<String, (String, String)>,
}

/// `walkon doctor`
pub(super) async fn doctor(config: &Config, json: bool) -> Result<(), Failure> {
    let checks = [
        Check { what: "data folder", found: data(config) },
        Check { what: "redis", found: redis(config).await },
        Check { what: "database", found: database(config).await },
        Check { what: "master keys", found: masters(config) },
        Check { what: "what redis kept", found: kept(config).await },
        Check { what: "browser", found: browser(config) },
        Check { what: "network jail", found: jail(&kernel_says) },
        Check { what: "behaviors and profiles", found: catalog(config) },
        Check { what: "port", found: port(config).await },
    ];
    if json {
        let list = checks.iter().map(|check| match &check.found {
            Ok(found) => json!({"check": check.what, "ok": true, "found": found}),
            Err((why, fix)) => json!({"check": check.what, "ok": false, "why": why, "fix": fix}),
        });
        say(&json!({"checks": list.collect::<Vec<_>>()}).to_string());
    } else {
        for check in &checks {
            match &check.found {
                Ok(found) => say(&format!("ok      {:<24}{found}", check.what)),
                Err((why, fix)) => {
                    say(&format!("wrong   {:<24}{why}", check.what));
                    say(&format!("        {:<24}remedy: {fix}", ""));
                }
            }
        }
    }
    let wrong = checks.iter().filter(|check| check.found.is_err()).count();
    if wrong == 0 {
        return Ok(());
    }
    Err(Failure::new(Code::Host, format!("{wrong} of {} checks failed", checks.len()), ""))
}

fn of(failure: Failure) -> (String, String) {
    let causes = failure.causes.iter().fold(failure.what, |line, cause| format!("{line}: {cause}"));
    (causes, failure.remedy.unwrap_or_default())
}

fn data(config: &Config) -> Result<String, (String, String)> {
    let path = data_path(config).map_err(of)?;
    let is_there = DataFolder::look(&path).map_err(|error| of(error.into()))?;
    let note = if is_there { "" } else { " (not there yet; a fleet makes it)" };
    Ok(format!("{}{note}", path.display()))
}

async fn redis(config: &Config) -> Result<String, (String, String)> {
    if config.queue.url.is_empty() {
        let version = tokio::process::Command::new("redis-server").arg("--version").output().await;
        return match version {
            Ok(output) => Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned()),
            Err(_) => Err((
                "`redis-server` is not installed".to_owned(),
                "install Redis 7 or Valkey (`apt install redis-server`), or set `queue.url`".into(),
            )),
        };
    }
    let options = crate::queue::Options {
        url: Some(config.queue.url.clone()),
        accept_weak_durability: config.queue.accept_weak_durability,
        durability: super::roles::durability(config),
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

async fn database(config: &Config) -> Result<String, (String, String)> {
    let address = roles::database(config, &data_path(config).map_err(of)?.join("walkon.db"));
    let schema = Schema::of(&address.map_err(of)?).await.map_err(|error| of(error.into()))?;
    schema.check().map_err(|error| of(error.into()))?;
    let Schema { database, applied, pending, .. } = schema;
    Ok(format!("{database}, {} of {} changes", applied.len(), applied.len() + pending.len()))
}

fn masters(config: &Config) -> Result<String, (String, String)> {
    let path = data_path(config).map_err(of)?.join("master.key");
    let source = roles::master_keys(config, path);
    if matches!(source, Source::Embedded(_)) && source.is_missing() {
        return Ok(format!("{source} (not there yet; the first start makes it)"));
    }
    let ids = Vault::of(source.clone()).reload().map_err(|error| of(error.into()))?;
    Ok(format!("{} in {source}", ids.join(", ")))
}

/// Whether Redis has lost something of late.
async fn kept(config: &Config) -> Result<String, (String, String)> {
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
        Some(loss) => Err((
            format!("{}: {}", loss.at, loss.why),
            "send again what `walkon dead` and the receipts tell as `redis_lost`; find out who \
             emptied or set back redis, and keep others off it. This is told for 7 days"
                .to_owned(),
        )),
    }
}

fn browser(config: &Config) -> Result<String, (String, String)> {
    let options = browser_options(config).map_err(of)?;
    if let Err(error) = options.validate() {
        return Err((error.to_string(), "correct `[browser]` in walkon.toml".to_owned()));
    }
    let path = options.browser().map_err(|error| of(error.into()))?;
    Ok(path.display().to_string())
}

/// What a file of the kernel says.
fn kernel_says(path: &str) -> Option<String> {
    std::fs::read_to_string(path).ok().map(|text| text.trim().to_owned())
}

/// Whether an ordinary program may have the namespaces that jail and sandbox are made of.
fn jail(says: &dyn Fn(&str) -> Option<String>) -> Result<String, (String, String)> {
    let is = |path: &str, value: &str| says(path).as_deref() == Some(value);
    let closed = is("/proc/sys/kernel/unprivileged_userns_clone", "0")
        || is("/proc/sys/user/max_user_namespaces", "0");
    if closed || !Path::new("/proc/self/ns/user").exists() {
        return Err((
            "user namespaces are closed to ordinary users".to_owned(),
            "sysctl -w kernel.unprivileged_userns_clone=1 user.max_user_namespaces=15000"
                .to_owned(),
        ));
    }
    if is("/proc/sys/kernel/apparmor_restrict_unprivileged_userns", "1") {
        return Err((
            "AppArmor keeps user namespaces from programs without a profile that allows them"
                .to_owned(),
            "sysctl -w kernel.apparmor_restrict_unprivileged_userns=0, or load a profile with \
             `userns,` for walkon and the browser"
                .to_owned(),
        ));
    }
    Ok("user and network namespaces are open".to_owned())
}

fn catalog(config: &Config) -> Result<String, (String, String)> {
    let catalog = Catalog::load(&config.fleet.behaviors, &config.fleet.profiles);
    let catalog = catalog.map_err(|error| of(error.into()))?;
    let behaviors: usize = catalog.sites.values().map(|site| site.behaviors.len()).sum();
    let (sites, devices) = (catalog.sites.len(), catalog.devices.len());
    let personas = catalog.personas.len();
    Ok(format!("{sites} sites, {behaviors} behaviors, {devices} devices, {personas} personas"))
}

async fn port(config: &Config) -> Result<String, (String, String)> {
    match tokio::net::TcpListener::bind(config.web.listen).await {
        Ok(_) => Ok(format!("{} is free", config.web.listen)),
        Err(error) => Err((
            format!("{} cannot be listened on: {error}", config.web.listen),
            "a fleet may be up already; else set another `web.listen`".to_owned(),
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
            Err((_, remedy)) => remedy,
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
