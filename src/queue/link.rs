//! The way to the server that holds a shard.

use std::sync::{Arc, Mutex};

use redis::aio::{ConnectionManager, ConnectionManagerConfig};

use super::{ANSWER_MAX, CONNECT_MAX, Error};

/// Where a server is, and the connection that all scripts share; clones share it, too.
#[derive(Clone)]
pub(super) struct Link(Arc<Mutex<Way>>);

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
}

impl Link {
    /// Connects to one server.
    pub(super) async fn open(client: redis::Client) -> Result<Self, Error> {
        Ok(Self(Arc::new(Mutex::new(Way::to(client).await?))))
    }

    fn with<T>(&self, read: impl FnOnce(&Way) -> T) -> T {
        read(&self.0.lock().expect("nothing panics while it is held"))
    }

    /// The connection that all scripts share.
    pub(super) fn shared(&self) -> ConnectionManager {
        self.with(|way| way.shared.clone())
    }

    /// For connections of one's own.
    pub(super) fn client(&self) -> redis::Client {
        self.with(|way| way.client.clone())
    }
}
