//! A whole fleet as its user starts it: `walkon up` as a child process, with Plaza as the judge.
//!
//! Everything is private to one test: a folder under `/tmp` that the browser's user may pass,
//! ports of its own, a Plaza in this process. Dropped, it stops, and whatever still names its
//! folder is a failure of the test.

use std::fs;
use std::path::Path;
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use redis::AsyncConnectionConfig;
use redis::aio::MultiplexedConnection;
use serde_json::{Value, json};

use super::processes::naming;
use super::{PATIENCE, eventually};

mod home;

pub(crate) use home::{Home, Said, own_folder, project, replace};

/// A running fleet.
pub(crate) struct TestFleet {
    child: Option<std::process::Child>,
    pub(crate) home: Home,
}

impl TestFleet {
    /// Starts it, or starts it again after [`TestFleet::stop`].
    pub(crate) async fn restart(&mut self) {
        let home = &self.home;
        let args = ["up", "--workers", "1", "--driver", home.driver, "--die-with-parent"];
        let mut command = home.command(&args);
        let log = home.path("out.log");
        command.stdout(fs::File::create(&log).unwrap());
        command.stderr(fs::File::create(home.path("err.log")).unwrap());
        let mut child = command.spawn().unwrap();
        let up = eventually("the fleet is up", async || {
            if let Some(status) = child.try_wait().unwrap() {
                return Some(Err(status));
            }
            fs::read_to_string(&log).unwrap().contains("walkon is up").then_some(Ok(()))
        });
        let up = up.await;
        self.child = Some(child);
        assert!(up.is_ok(), "it ended instead: {up:?}");
    }

    /// A `GET` of the API.
    pub(crate) async fn get(&self, path: &str) -> Value {
        self.json(self.home.http.get(self.url(path))).await
    }

    /// A `POST` to the API: status, content type, body.
    pub(crate) async fn post(
        &self,
        path: &str,
        body: impl Into<reqwest::Body>,
    ) -> (u16, String, Value) {
        let request =
            self.home.http.post(self.url(path)).header("content-type", "application/json");
        let answer = request.body(body).send().await.unwrap();
        let header = answer.headers().get("content-type").cloned();
        let sort = header.map_or(String::new(), |sort| sort.to_str().unwrap().to_owned());
        let status = answer.status().as_u16();
        let text = answer.text().await.unwrap();
        (status, sort, serde_json::from_str(&text).unwrap_or(Value::String(text)))
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.home.listen)
    }

    async fn json(&self, request: reqwest::RequestBuilder) -> Value {
        request.send().await.unwrap().json().await.unwrap()
    }

    /// Sends an action that must be accepted; its id.
    pub(crate) async fn enqueue(&self, action: &Value) -> String {
        let (status, _, body) = self.post("/api/actions", action.to_string()).await;
        assert_eq!(status, 202, "{body}");
        body["id"].as_str().unwrap().to_owned()
    }

    /// The action, once it is as wished.
    pub(crate) async fn action(&self, id: &str, wish: impl Fn(&Value) -> bool) -> Value {
        let path = format!("/api/actions/{id}");
        eventually(&format!("{id} is as wished"), async || {
            let action = self.get(&path).await;
            if wish(&action) { Ok(action) } else { Err(action) }
        })
        .await
    }

    /// The action, once it is in that state.
    pub(crate) async fn reaches(&self, id: &str, state: &str) -> Value {
        self.action(id, |action| action["state"] == state).await
    }

    /// The account, once it is as wished.
    pub(crate) async fn account(&self, id: &str, wish: impl Fn(&Value) -> bool) -> Value {
        let path = format!("/api/accounts/{id}");
        eventually(&format!("{id} is as wished"), async || {
            let account = self.get(&path).await;
            if wish(&account) { Ok(account) } else { Err(account) }
        })
        .await
    }

    /// What Plaza saw done.
    pub(crate) async fn ledger(&self) -> Vec<Value> {
        let url = format!("http://{}/ledger", self.home.plaza.control);
        let Value::Array(entries) = self.json(self.home.http.get(url)).await else { panic!() };
        entries
    }

    /// What Plaza saw done of a kind by an account.
    pub(crate) async fn done(&self, account: &str, kind: &str) -> Vec<Value> {
        let mut entries = self.ledger().await;
        entries.retain(|entry| entry["account"] == account && entry["kind"] == kind);
        entries
    }

    /// How often Plaza was asked for something by the account's browsers.
    pub(crate) async fn asked_by(&self, account: &str) -> u64 {
        let url = format!("http://{}/requests", self.home.plaza.control);
        let seen: Value = self.home.http.get(url).send().await.unwrap().json().await.unwrap();
        let visits = seen["visitors"].as_array().unwrap().iter();
        let own = visits.filter(|visit| visit["account"] == account);
        own.filter_map(|visit| visit["requests"].as_u64()).sum()
    }

    /// Lets something go wrong on Plaza.
    pub(crate) async fn fault(&self, fault: &Value) {
        let url = format!("http://{}/faults", self.home.plaza.control);
        let sent = self.home.http.post(url).json(fault).send().await.unwrap();
        assert!(sent.status().is_success(), "{}", sent.text().await.unwrap());
    }

    /// Everything is well on Plaza again.
    pub(crate) async fn no_faults(&self) {
        let url = format!("http://{}/faults", self.home.plaza.control);
        self.home.http.delete(url).send().await.unwrap();
    }

    /// The fleet's own Redis.
    pub(crate) async fn redis(&self) -> MultiplexedConnection {
        redis_at(&self.home.data().join("redis/redis.sock")).await
    }

    /// `XADD walkon:intake`, as any Redis client would; the entry's id.
    pub(crate) async fn xadd(&self, json: &str) -> String {
        let mut add = redis::cmd("XADD");
        add.arg("walkon:intake").arg("*").arg("action").arg(json);
        add.query_async(&mut self.redis().await).await.unwrap()
    }

    /// The first event on `walkon:events` that is as wished.
    pub(crate) async fn event(&self, what: &str, wish: impl Fn(&Value) -> bool) -> Value {
        eventually(what, async || {
            let all = self.events(|_| true).await;
            all.iter().find(|event| wish(event)).cloned().ok_or(all)
        })
        .await
    }

    /// Every event on `walkon:events` that is as wished, the oldest first.
    pub(crate) async fn events(&self, wish: impl Fn(&Value) -> bool) -> Vec<Value> {
        let mut redis = self.redis().await;
        let range = redis::cmd("XRANGE").arg("walkon:events").arg("-").arg("+").to_owned();
        let read: redis::streams::StreamRangeReply = range.query_async(&mut redis).await.unwrap();
        let text = |value| redis::from_redis_value::<String>(value).unwrap_or_default();
        let event = |entry: &redis::streams::StreamId| {
            let fields = entry.map.iter().map(|(name, value)| (name, text(value.clone())));
            json!(fields.collect::<std::collections::BTreeMap<_, _>>())
        };
        read.ids.iter().map(event).filter(|event| wish(event)).collect()
    }

    /// What it wrote on standard error.
    pub(crate) fn log(&self) -> String {
        fs::read_to_string(self.home.path("err.log")).unwrap_or_default()
    }

    /// The process of `walkon up`.
    pub(crate) fn pid(&self) -> i32 {
        self.child.as_ref().expect("it runs").id() as i32
    }

    /// Asks it to stop and waits until it has; its exit code.
    pub(crate) async fn stop(&mut self) -> i32 {
        let mut child = self.child.take().expect("it is stopped once");
        terminate(&child);
        let status =
            eventually("the fleet has stopped", async || child.try_wait().unwrap().ok_or(())).await;
        assert_eq!(naming(&self.home.data()), [0; 0], "orphans");
        status.code().unwrap_or(-1)
    }
}

/// A connection to the Redis on a socket.
pub(crate) async fn redis_at(socket: &Path) -> MultiplexedConnection {
    let client = redis::Client::open(format!("unix://{}", socket.display())).unwrap();
    let config = AsyncConnectionConfig::new().set_response_timeout(Some(PATIENCE));
    client.get_multiplexed_async_connection_with_config(&config).await.unwrap()
}

fn terminate(child: &std::process::Child) {
    let _ = kill(Pid::from_raw(child.id() as i32), Signal::SIGTERM);
}

impl Drop for TestFleet {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            terminate(&child);
            for _ in 0..1_500 {
                if child.try_wait().is_ok_and(|status| status.is_some()) {
                    break;
                }
                std::thread::park_timeout(Duration::from_millis(20));
            }
            let _ = child.kill();
            let _ = child.wait();
        }
        let left = naming(self.home.folder.path());
        for pid in &left {
            let _ = kill(Pid::from_raw(*pid), Signal::SIGKILL);
        }
        if std::thread::panicking() {
            eprintln!("the fleet's own lines:\n{}", self.log());
        } else {
            assert_eq!(left, [0; 0], "orphans");
        }
    }
}
