//! A Redis Cluster of three nodes, each a child of this process on a port of its own.

use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::{OnceLock, mpsc};
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{FromRedisValue, RedisError};
use walkon::queue::{Options, Part};

use super::eventually;
use super::ports::free_port;
use super::redis::{Bench, fast_folder};

const NODES: usize = 3;
/// How many slots a cluster has.
const SLOTS: usize = 16384;

/// One of its servers; dropped, it is killed.
struct Node {
    child: Child,
    port: u16,
    folder: PathBuf,
}

impl Drop for Node {
    fn drop(&mut self) {
        // Both fail only where it has ended already.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// Dies with the thread that starts it, where the system has `setpriv`.
fn spawn(port: u16, folder: &PathBuf) -> Child {
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", "KILL", "redis-server", "--bind", "127.0.0.1"]);
    command.args(["--port", &port.to_string(), "--daemonize", "no", "--save", ""]);
    command.args(["--cluster-enabled", "yes", "--cluster-node-timeout", "1000"]);
    command.args(["--appendonly", "yes", "--appendfsync", "always"]);
    command.args(["--maxmemory-policy", "noeviction", "--dir"]).arg(folder);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.spawn().expect("setpriv and redis-server")
}

pub(crate) struct Cluster {
    nodes: Vec<Node>,
}

async fn connect(port: u16) -> Result<MultiplexedConnection, RedisError> {
    let client = redis::Client::open(format!("redis://127.0.0.1:{port}"))?;
    let config = redis::AsyncConnectionConfig::new()
        .set_connection_timeout(Some(Duration::from_secs(2)))
        .set_response_timeout(Some(Duration::from_secs(10)));
    client.get_multiplexed_async_connection_with_config(&config).await
}

async fn ask<T: FromRedisValue>(port: u16, words: &[&str]) -> Result<T, RedisError> {
    let mut cmd = redis::cmd(words[0]);
    cmd.arg(&words[1..]).query_async(&mut connect(port).await?).await
}

impl Cluster {
    /// Starts three nodes, each with a third of the slots; `None`: the system cannot.
    pub(crate) async fn start(name: &str) -> Option<Self> {
        let there = |program: &str| Command::new(program).arg("--version").output().is_ok();
        if !there("setpriv") || !there("redis-server") {
            super::skip("no `setpriv` or no `redis-server` for a cluster");
            return None;
        }
        let node = |at: usize| {
            let folder = fast_folder(&format!("{name}-node{at}"));
            std::fs::create_dir_all(&folder).expect("a folder");
            let port = free_port();
            Node { child: spawn(port, &folder), port, folder }
        };
        let cluster = Self { nodes: (0..NODES).map(node).collect() };
        for (at, node) in cluster.nodes.iter().enumerate() {
            let up = async || ask::<String>(node.port, &["PING"]).await;
            eventually("a node is up", up).await;
            let (from, to) = (at * SLOTS / NODES, (at + 1) * SLOTS / NODES - 1);
            let slots = ["CLUSTER", "ADDSLOTSRANGE", &from.to_string(), &to.to_string()];
            ask::<()>(node.port, &slots).await.expect("free slots");
            let epoch = ["CLUSTER", "SET-CONFIG-EPOCH", &(at + 1).to_string()];
            ask::<()>(node.port, &epoch).await.expect("a new node");
        }
        for node in &cluster.nodes[1..] {
            let port = cluster.nodes[0].port.to_string();
            let meet = ["CLUSTER", "MEET", "127.0.0.1", &port];
            ask::<()>(node.port, &meet).await.expect("another node");
        }
        cluster.joined().await;
        Some(cluster)
    }

    /// Waits until all nodes know of all slots.
    async fn joined(&self) {
        for node in &self.nodes {
            eventually("the cluster has formed", async || {
                let info: String = ask(node.port, &["CLUSTER", "INFO"])
                    .await
                    .map_err(|error| error.to_string())?;
                let is_whole = info.contains("cluster_state:ok")
                    && info.contains(&format!("cluster_known_nodes:{NODES}"));
                if is_whole { Ok(()) } else { Err(info) }
            })
            .await;
        }
    }

    /// As `queue.url` names it, by two of its nodes.
    pub(crate) fn url(&self) -> String {
        let hosts = self.nodes[..2].iter().map(|node| format!("127.0.0.1:{}", node.port));
        format!("redis+cluster://{}", hosts.collect::<Vec<_>>().join(","))
    }

    /// One node, as somebody names it who does not know that it is one.
    pub(crate) fn url_of_one(&self) -> String {
        format!("redis://127.0.0.1:{}", self.nodes[0].port)
    }

    /// The node with a key.
    async fn node_of(&self, key: &str) -> usize {
        let slot: usize = ask(self.nodes[0].port, &["CLUSTER", "KEYSLOT", key]).await.expect("it");
        (0..NODES).rfind(|at| at * SLOTS / NODES <= slot).expect("all slots are had")
    }

    /// How many keys each node has.
    pub(crate) async fn keys(&self) -> Vec<u64> {
        let mut keys = Vec::new();
        for node in &self.nodes {
            keys.push(ask(node.port, &["DBSIZE"]).await.expect("it is up"));
        }
        keys
    }

    /// A queue on it with its clock in hand.
    pub(crate) async fn bench(&self, start: &str, options: Options) -> Bench {
        let mut places = Vec::new();
        for part in Part::all(options.shards) {
            let prefix = options.prefix_of(part, true);
            let node = self.node_of(&format!("{prefix}meta")).await;
            places.push((prefix, connect(self.nodes[node].port).await.expect("it is up")));
        }
        Bench::at_places(places, &self.url(), start, options).await
    }

    /// Kills a node as a power cut would.
    pub(crate) fn kill(&mut self, at: usize) {
        self.nodes[at].child.kill().expect("it runs");
        self.nodes[at].child.wait().expect("it has ended");
    }

    /// Starts it again on what it had.
    pub(crate) async fn revive(&mut self, at: usize) {
        let Node { port, folder, .. } = &self.nodes[at];
        self.nodes[at].child = spawn(*port, folder);
        self.joined().await;
    }
}

/// One for all tests of this process that leave it as it is.
#[expect(clippy::disallowed_methods, reason = "nodes die with their thread: this one stays")]
pub(crate) fn shared() -> Option<&'static Cluster> {
    static SHARED: OnceLock<Option<Cluster>> = OnceLock::new();
    let start = || {
        let (send, receive) = mpsc::channel();
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            let cluster = runtime.expect("a runtime").block_on(Cluster::start("shared"));
            send.send(cluster).expect("somebody waits for it");
            loop {
                std::thread::park();
            }
        });
        receive.recv().expect("the cluster came up")
    };
    SHARED.get_or_init(start).as_ref()
}
