//! Whether a Redis is fit to hold the queue.
//!
//! A server that loses what it has acknowledged would let a cap be exceeded; one that evicts keys
//! would forget work. Both are refused at the start, with the remedy.

use std::collections::BTreeMap;
use std::time::Duration;

use redis::aio::ConnectionLike;
use redis::{FromRedisValue, cmd};

use super::{Durability, Error, Options};

/// How long a server may take to load its log.
const LOADING_MAX: Duration = Duration::from_mins(2);

/// What is known of the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerFacts {
    /// `redis` or `valkey`.
    pub name: String,
    /// Its version.
    pub version: String,
    /// Whether it keeps all that it acknowledged, also through a crash.
    pub is_durable: bool,
}

async fn ask<T: FromRedisValue>(
    connection: &mut impl ConnectionLike,
    command: &redis::Cmd,
) -> Result<T, Error> {
    Ok(command.query_async(connection).await?)
}

pub(super) async fn info(
    connection: &mut impl ConnectionLike,
    section: &str,
) -> Result<BTreeMap<String, String>, Error> {
    let text: String = ask(connection, cmd("INFO").arg(section)).await?;
    let pairs = text.lines().filter_map(|line| line.trim().split_once(':'));
    Ok(pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect())
}

/// The id the server gave itself when it started.
pub(super) async fn run_id(connection: &mut impl ConnectionLike) -> Result<String, Error> {
    let facts = info(connection, "server").await?;
    facts.get("run_id").cloned().ok_or_else(|| Error::Answer("INFO without run_id".to_owned()))
}

async fn wait_until_loaded(connection: &mut impl ConnectionLike) -> Result<(), Error> {
    let wait = async {
        loop {
            match ask::<String>(connection, &cmd("PING")).await {
                Err(Error::Loading) => tokio::time::sleep(Duration::from_millis(100)).await,
                other => return other.map(|_| ()),
            }
        }
    };
    tokio::time::timeout(LOADING_MAX, wait).await.unwrap_or(Err(Error::Loading))
}

fn refused(why: impl Into<String>, remedy: impl Into<String>) -> Error {
    Error::Refused { why: why.into(), remedy: remedy.into() }
}

/// Checks whether the server is what the options ask for.
pub(super) async fn server(
    connection: &mut impl ConnectionLike,
    options: &Options,
) -> Result<ServerFacts, Error> {
    wait_until_loaded(connection).await?;
    let server = info(connection, "server").await?;
    let text = |name: &str| server.get(name).cloned().unwrap_or_default();
    let version = text("redis_version");
    let mut parts = version.split('.').map(|part| part.parse().unwrap_or(0));
    let number: (u32, u32) = (parts.next().unwrap_or(0), parts.next().unwrap_or(0));
    if number < (7, 0) {
        let why = format!("its version is {version}, at least 7.0 is needed");
        return Err(refused(why, "install Redis 7 or later, or Valkey"));
    }
    if options.durability == Durability::Relaxed && number < (7, 2) {
        let why = format!(
            "its version is {version}, and `queue.durability` is `relaxed`, which waits by \
             `WAITAOF` (7.2)"
        );
        let remedy = "install Redis 7.2 or later, or Valkey; or set `queue.durability` to `always`";
        return Err(refused(why, remedy));
    }
    let is_cluster = text("redis_mode") == "cluster";
    if is_cluster && !super::cluster::is_named(options.url.as_deref().unwrap_or_default()) {
        let why = "it is a server of a cluster (`cluster-enabled yes`), and has a part of the keys";
        let remedy = "name the cluster in `queue.url`: `redis+cluster://host:port,host:port`";
        return Err(refused(why, remedy));
    }
    if info(connection, "replication").await?.get("role").is_some_and(|role| role != "master") {
        return Err(refused("it is a replica", "name the primary in `queue.url`"));
    }
    let (weakness, fsync) = weakness(connection, options.durability).await?;
    if let (Some((why, remedy)), false) = (&weakness, options.accept_weak_durability) {
        let or = "or accept the risk with `queue.accept_weak_durability = true`";
        return Err(refused(why.clone(), format!("{remedy}, {or}")));
    }
    let name = if text("server_name") == "valkey" { "valkey" } else { "redis" };
    let version = server.get("valkey_version").cloned().unwrap_or(version);
    Ok(ServerFacts {
        name: name.to_owned(),
        version,
        is_durable: weakness.is_none() && fsync == "always",
    })
}

/// What about the server could lose more than `durability` says, with what to do about it; and
/// when it brings its log to disk.
async fn weakness(
    connection: &mut impl ConnectionLike,
    durability: Durability,
) -> Result<(Option<(String, String)>, String), Error> {
    let wanted = [
        ("appendonly", &["yes"][..]),
        ("appendfsync", durability.fsync()),
        ("maxmemory-policy", &["noeviction"]),
    ];
    let mut get = cmd("CONFIG");
    get.arg("GET");
    for (name, _) in wanted {
        get.arg(name);
    }
    let have: BTreeMap<String, String> = match ask(connection, &get).await {
        Ok(have) => have,
        Err(error @ (Error::Unreachable(_) | Error::Slow(_))) => return Err(error),
        Err(_) => {
            let why = "it does not say how it is configured (`CONFIG GET` is not allowed)";
            let remedy = "allow `CONFIG GET` to this user".to_owned();
            return Ok((Some((why.to_owned(), remedy)), String::new()));
        }
    };
    let is_off =
        |name: &str, good: &[&str]| have.get(name).is_none_or(|is| !good.contains(&is.as_str()));
    let off = wanted.iter().find(|(name, good)| is_off(name, good));
    let off = off.map(|(name, good)| {
        let value = good[0];
        let is = have.get(*name).map_or("unknown", String::as_str);
        let why = format!("`{name}` is `{is}`, it must be `{value}`");
        (why, format!("set `{name} {value}` in redis.conf (or `CONFIG SET {name} {value}`)"))
    });
    Ok((off, have.get("appendfsync").cloned().unwrap_or_default()))
}
