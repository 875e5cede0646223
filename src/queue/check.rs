//! Whether a Redis is fit to hold the queue.
//!
//! A server that loses what it has acknowledged would let a cap be exceeded; one that evicts keys
//! would forget work. Both are refused at the start, with the remedy.

use std::collections::BTreeMap;
use std::time::Duration;

use redis::aio::ConnectionLike;
use redis::{FromRedisValue, cmd};

use super::Error;

/// How long a server may take to load its log.
const LOADING_MAX: Duration = Duration::from_mins(2);

/// What is known of the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerFacts {
    /// `redis` or `valkey`.
    pub name: String,
    /// Its version.
    pub version: String,
    /// Whether it keeps what it acknowledged, also through a crash.
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

/// Checks the server; `accept_weak` lets one pass that may lose what it acknowledged.
pub(super) async fn server(
    connection: &mut impl ConnectionLike,
    accept_weak: bool,
) -> Result<ServerFacts, Error> {
    wait_until_loaded(connection).await?;
    let server = info(connection, "server").await?;
    let text = |name: &str| server.get(name).cloned().unwrap_or_default();
    let version = text("redis_version");
    let major: u32 = version.split('.').next().and_then(|part| part.parse().ok()).unwrap_or(0);
    if major < 7 {
        let why = format!("its version is {version}, at least 7.0 is needed");
        return Err(refused(why, "install Redis 7 or later, or Valkey"));
    }
    if info(connection, "replication").await?.get("role").is_some_and(|role| role != "master") {
        return Err(refused("it is a replica", "name the primary in `queue.url`"));
    }
    let weakness = weakness(connection).await?;
    if let (Some((why, remedy)), false) = (&weakness, accept_weak) {
        let or = "or accept the risk with `queue.accept_weak_durability = true`";
        return Err(refused(why.clone(), format!("{remedy}, {or}")));
    }
    let name = if text("server_name") == "valkey" { "valkey" } else { "redis" };
    let version = server.get("valkey_version").cloned().unwrap_or(version);
    Ok(ServerFacts { name: name.to_owned(), version, is_durable: weakness.is_none() })
}

/// What about the server could lose acknowledged work, and what to do about it.
async fn weakness(connection: &mut impl ConnectionLike) -> Result<Option<(String, String)>, Error> {
    let wanted =
        [("appendonly", "yes"), ("appendfsync", "always"), ("maxmemory-policy", "noeviction")];
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
            return Ok(Some((why.to_owned(), "allow `CONFIG GET` to this user".to_owned())));
        }
    };
    let off = wanted.iter().find(|(name, value)| have.get(*name).is_none_or(|is| is != value));
    Ok(off.map(|(name, value)| {
        let is = have.get(*name).map_or("unknown", String::as_str);
        let why = format!("`{name}` is `{is}`, it must be `{value}`");
        (why, format!("set `{name} {value}` in redis.conf (or `CONFIG SET {name} {value}`)"))
    }))
}
