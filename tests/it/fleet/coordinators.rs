//! Two coordinators of one fleet.

use std::path::PathBuf;
use std::sync::Arc;

use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::Notify;
use tokio::task::JoinSet;
use walkon::queue::Library;

use crate::support::eventually;
use crate::support::fleet::Home;
use crate::support::ports::free_address;

/// A way to a Redis on which the first call of a script about an account is kept back, once that is
/// asked for, until it is let go.
struct Toll {
    socket: PathBuf,
    kept: Arc<Kept>,
    _carrying: JoinSet<()>,
}

#[derive(Default)]
struct Kept {
    about: std::sync::Mutex<Option<[String; 2]>>,
    arrived: Notify,
    go: Notify,
}

impl Toll {
    fn lay(server: PathBuf, socket: PathBuf) -> Self {
        let listener = UnixListener::bind(&socket).unwrap();
        let kept = Arc::new(Kept::default());
        let mut carrying = JoinSet::new();
        let held = kept.clone();
        carrying.spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((client, _)) = listener.accept().await {
                let server = UnixStream::connect(&server).await.unwrap();
                connections.spawn(carry(client, server, held.clone()));
            }
        });
        Self { socket, kept, _carrying: carrying }
    }

    /// Keeps the next call of that script back that names the account.
    fn keep(&self, script: &str, account: &str) {
        let script = format!("{script}_{}\r\n", Library::ours().version);
        *self.kept.about.lock().unwrap() = Some([script, format!("\r\n{account}\r\n")]);
    }

    async fn has_arrived(&self) {
        self.kept.arrived.notified().await;
    }

    fn let_go(&self) {
        self.kept.go.notify_one();
    }
}

async fn carry(client: UnixStream, server: UnixStream, kept: Arc<Kept>) {
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_server, mut to_server) = server.into_split();
    let up = async {
        let mut buffer = vec![0; 1 << 16];
        while let Ok(count @ 1..) = from_client.read(&mut buffer).await {
            let call = String::from_utf8_lossy(&buffer[..count]).into_owned();
            let is_kept = |about: &mut [String; 2]| about.iter().all(|word| call.contains(&**word));
            let taken = kept.about.lock().unwrap().take_if(is_kept);
            if taken.is_some() {
                kept.arrived.notify_one();
                kept.go.notified().await;
            }
            if to_server.write_all(&buffer[..count]).await.is_err() {
                break;
            }
        }
    };
    tokio::select! {
        () = up => {}
        _ = tokio::io::copy(&mut from_server, &mut to_client) => {}
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_read_an_account_before_a_pause_does_not_write_the_pause_away_after_it() {
    let mut fleet = Home::new().await.account("ada", "").start().await;
    let redis = fleet.home.data().join("redis/redis.sock");
    let toll = Toll::lay(redis, fleet.home.path("toll.sock"));
    let listen = free_address();
    let mut other = fleet.home.command(&["coordinator"]);
    other.env("WALKON__WEB__LISTEN", listen.to_string());
    other.env("WALKON__QUEUE__URL", format!("unix://{}", toll.socket.display()));
    let mut other = tokio::process::Command::from(other).kill_on_drop(true).spawn().unwrap();
    eventually("the other coordinator answers", async || {
        fleet.home.http.get(format!("http://{listen}/api/accounts/ada")).send().await
    })
    .await;
    let paused = fleet.home.run(&["account", "pause", "ada"]).await;
    assert_eq!(paused.code, 0, "{paused:?}");
    toll.keep("account", "ada");
    let url = format!("http://{listen}");
    let slow = ["account", "resume", "ada", "--url", &url];
    let meanwhile = async {
        toll.has_arrived().await;
        let again = fleet.home.run(&["account", "pause", "ada"]).await;
        toll.let_go();
        again
    };
    let (resumed, again) = tokio::join!(fleet.home.run(&slow), meanwhile);
    assert_eq!((resumed.code, again.code), (0, 0), "{resumed:?} {again:?}");
    let like = json!({"account": "ada", "kind": "like", "target": "post:7"});
    let id = fleet.enqueue(&like).await;
    let why = fleet.home.run(&["action", "why", &id]).await;
    assert!(why.out.contains("held (operator"), "the later pause holds: {why:?}");
    other.kill().await.unwrap();
    assert_eq!(fleet.stop().await, 0);
}
