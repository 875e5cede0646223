//! Which server of a Redis Cluster has a shard.
//!
//! A shard's keys lie in one slot, so it speaks to one server, as a queue of one shard does: no
//! call is ever spread, and none is repeated behind our back, as a client of the whole cluster
//! would. All that a cluster adds is to ask where the slot is: at the start, and when a server is
//! gone or says that the slot has moved.

use std::sync::{Arc, Mutex};

use redis::{
    AsyncConnectionConfig, ConnectionAddr, ConnectionInfo, IntoConnectionInfo as _, Value,
};

use super::{ANSWER_MAX, CONNECT_MAX, Error, without_password};

/// What stands in the scheme of a cluster's address: `redis+cluster://`, `rediss+cluster://`.
const MARK: &str = "+cluster://";

/// The servers of a cluster, as far as they are known; clones share it.
#[derive(Clone)]
pub(super) struct Cluster(Arc<Inner>);

struct Inner {
    /// As they were named: with credentials.
    named: Vec<ConnectionInfo>,
    /// As the cluster last told.
    told: Mutex<Vec<ConnectionInfo>>,
}

/// Whether an address names a cluster.
pub(super) fn is_named(url: &str) -> bool {
    url.contains(MARK)
}

/// Slots from one to another, and the address of the server that has them.
type Stretch = (u16, u16, String, u16);

fn stretch(row: Value) -> Option<Stretch> {
    let Value::Array(row) = row else { return None };
    let mut row = row.into_iter();
    let slot = |value: Option<Value>| redis::from_redis_value::<u16>(value?).ok();
    let (from, to) = (slot(row.next())?, slot(row.next())?);
    let Value::Array(server) = row.next()? else { return None };
    let mut server = server.into_iter();
    let host = redis::from_redis_value::<Option<String>>(server.next()?).ok()?;
    let port = redis::from_redis_value(server.next()?).ok()?;
    Some((from, to, host.unwrap_or_default(), port))
}

/// The same credentials at another address; an empty host is the one that was asked.
fn at(asked: &ConnectionInfo, host: &str, port: u16) -> ConnectionInfo {
    let addr = match (asked.addr().clone(), host) {
        (ConnectionAddr::Tcp(asked, _), "" | "?") => ConnectionAddr::Tcp(asked, port),
        (ConnectionAddr::TcpTls { host: asked, insecure, tls_params, .. }, "" | "?") => {
            ConnectionAddr::TcpTls { host: asked, port, insecure, tls_params }
        }
        (ConnectionAddr::TcpTls { insecure, tls_params, .. }, host) => {
            ConnectionAddr::TcpTls { host: host.to_owned(), port, insecure, tls_params }
        }
        (_, host) => ConnectionAddr::Tcp(host.to_owned(), port),
    };
    asked.clone().set_addr(addr)
}

impl Cluster {
    /// Reads `redis+cluster://[user:password@]host:port[,host:port…]`.
    pub(super) fn named(url: &str) -> Result<Self, Error> {
        let wrong = |source| Error::Url { url: without_password(url), source };
        let (scheme, rest) = url.split_once(MARK).unwrap_or((url, ""));
        let (who, hosts) = rest.rsplit_once('@').map_or(("", rest), |(who, hosts)| (who, hosts));
        let named = hosts.split(',').map(|host| {
            let who = if who.is_empty() { String::new() } else { format!("{who}@") };
            let info = format!("{scheme}://{who}{host}").into_connection_info();
            info.map_err(|error| wrong(Box::new(error)))
        });
        let named = named.collect::<Result<Vec<_>, _>>()?;
        if named.iter().any(|info| info.redis_settings().db() != 0) {
            return Err(wrong("a cluster has no databases but 0".into()));
        }
        Ok(Self(Arc::new(Inner { named, told: Mutex::default() })))
    }

    /// The server that has a slot, as the first one says that answers.
    ///
    /// # Errors
    ///
    /// [`Error::Refused`] where it is no cluster; [`Error::Unreachable`] where nobody answers, or
    /// nobody has the slot.
    pub(super) async fn server_of(&self, slot: u16) -> Result<redis::Client, Error> {
        let told = self.0.told.lock().expect("nothing panics while it is held").clone();
        let mut last = Error::Unreachable("no server of the cluster has the slot".into());
        for asked in told.into_iter().chain(self.0.named.iter().cloned()) {
            let map = match map(&asked).await {
                Ok(map) => map,
                Err(error) if error.is_passing() => {
                    last = error;
                    continue;
                }
                Err(Error::Answer(words)) if words.contains("cluster support disabled") => {
                    return Err(Error::Refused {
                        why: "it is a single server, and `queue.url` says it is a cluster".into(),
                        remedy: "write `redis://…` in `queue.url`".to_owned(),
                    });
                }
                Err(error) => return Err(error),
            };
            let server = |(_, _, host, port): &Stretch| at(&asked, host, *port);
            let ours = map.iter().find(|(from, to, ..)| (*from..=*to).contains(&slot)).map(server);
            *self.0.told.lock().expect("nothing panics while it is held") =
                map.iter().map(server).collect();
            if let Some(ours) = ours {
                return Ok(redis::Client::open(ours)?);
            }
        }
        Err(last)
    }
}

/// Asks one server which one has what.
async fn map(server: &ConnectionInfo) -> Result<Vec<Stretch>, Error> {
    let config = AsyncConnectionConfig::new()
        .set_connection_timeout(Some(CONNECT_MAX))
        .set_response_timeout(Some(ANSWER_MAX));
    let client = redis::Client::open(server.clone())?;
    let mut connection = client.get_multiplexed_async_connection_with_config(&config).await?;
    let rows: Vec<Value> = redis::cmd("CLUSTER").arg("SLOTS").query_async(&mut connection).await?;
    Ok(rows.into_iter().filter_map(stretch).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cluster_is_named_by_some_of_its_servers_and_one_set_of_credentials() {
        let cluster = Cluster::named("redis+cluster://me:secret@a:7000,b:7001").unwrap();
        let at: Vec<_> = cluster.0.named.iter().map(|info| info.addr().to_string()).collect();
        assert_eq!(at, ["a:7000", "b:7001"]);
        assert!(
            cluster.0.named.iter().all(|info| info.redis_settings().password() == Some("secret"))
        );
        for bad in ["redis+cluster://", "redis+cluster://a:7000/3", "redis+cluster://a:port"] {
            let error = Cluster::named(bad).err().expect("it cannot be read");
            assert!(matches!(error, Error::Url { .. }), "{bad}: {error:?}");
        }
    }
}
