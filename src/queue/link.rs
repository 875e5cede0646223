//! The way to the server that holds a shard.

use std::sync::{Arc, Mutex};

use redis::aio::{ConnectionManager, ConnectionManagerConfig};

use super::cluster::Cluster;
use super::{ANSWER_MAX, CONNECT_MAX, Error};

/// Where a server is, and the connection that all scripts share; clones share it, too.
#[derive(Clone)]
pub(super) struct Link(Arc<Inner>);

struct Inner {
    way: Mutex<Way>,
    /// On a cluster: the slot whose server it is.
    slot: Option<(Cluster, u16)>,
    /// One looks for another server at a time.
    looking: tokio::sync::Mutex<()>,
}

#[derive(Clone)]
struct Way {
    client: redis::Client,
    shared: ConnectionManager,
}

impl Way {
    async fn to(client: redis::Client) -> Result<Self, Error> {
        let config = ConnectionManagerConfig::new()
            .set_connection_timeout(Some(CONNECT_MAX))
            .set_response_timeout(Some(ANSWER_MAX))
            .set_number_of_retries(3);
        let shared = ConnectionManager::new_with_config(client.clone(), config).await?;
        Ok(Self { client, shared })
    }

    fn leads_to(&self) -> String {
        self.client.get_connection_info().addr().to_string()
    }
}

impl Link {
    /// Connects to one server.
    pub(super) async fn open(client: redis::Client) -> Result<Self, Error> {
        Ok(Self::new(Way::to(client).await?, None))
    }

    /// Connects to the server of a cluster that has the slot.
    pub(super) async fn to_slot(cluster: &Cluster, slot: u16) -> Result<Self, Error> {
        let way = Way::to(cluster.server_of(slot).await?).await?;
        Ok(Self::new(way, Some((cluster.clone(), slot))))
    }

    fn new(way: Way, slot: Option<(Cluster, u16)>) -> Self {
        let looking = tokio::sync::Mutex::default();
        Self(Arc::new(Inner { way: Mutex::new(way), slot, looking }))
    }

    fn with<T>(&self, read: impl FnOnce(&Way) -> T) -> T {
        read(&self.0.way.lock().expect("nothing panics while it is held"))
    }

    /// The connection that all scripts share.
    pub(super) fn shared(&self) -> ConnectionManager {
        self.with(|way| way.shared.clone())
    }

    /// For connections of one's own.
    pub(super) fn client(&self) -> redis::Client {
        self.with(|way| way.client.clone())
    }

    /// Where it leads.
    pub(super) fn leads_to(&self) -> String {
        self.with(Way::leads_to)
    }

    /// After such an error: asks the cluster where the slot is by now, and goes there. Whether that
    /// is another server than before.
    pub(super) async fn look_again(&self, error: &Error) -> bool {
        let Some((cluster, slot)) = &self.0.slot else { return false };
        if !(error.is_passing() || matches!(error, Error::ReadOnly(_))) {
            return false;
        }
        let was = self.leads_to();
        let _one = self.0.looking.lock().await;
        if self.leads_to() != was {
            return true;
        }
        let found = match cluster.server_of(*slot).await {
            Ok(client) if client.get_connection_info().addr().to_string() != was => {
                Way::to(client).await
            }
            Ok(_) => return false,
            Err(error) => Err(error),
        };
        match found {
            Ok(way) => {
                tracing::warn!(from = was, to = way.leads_to(), slot, "a shard has moved");
                *self.0.way.lock().expect("nothing panics while it is held") = way;
                true
            }
            Err(error) => {
                tracing::warn!(error = &error as &dyn std::error::Error, slot, "no way to a shard");
                false
            }
        }
    }
}
