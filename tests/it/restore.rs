//! A Redis that forgets: emptied under our feet, set back to a backup. No cap is exceeded by it,
//! nothing is done twice, and what was lost is told.

use std::path::{Path, PathBuf};
use std::time::Duration;

use walkon::coordinator::Coordinator;
use walkon::desk::{Desk, Error};
use walkon::queue::{Embedded, Options};
use walkon::shutdown::Shutdown;
use walkon_core::id::ActionId;
use walkon_core::lease::{Ask, Claim, Claimed};

use crate::intake::coordinator_on;
use crate::support::eventually;
use crate::support::redis::{Bench, done, fast_folder, notrun, options, plan};

mod churn;
mod cost;

const NOON: &str = "2026-11-21T12:00:00Z";
/// Until every lease has ended that was forgotten.
const LEASES: Duration = Duration::from_secs(33);

/// A coordinator with books, on a Redis of its own.
struct House {
    server: Option<Embedded>,
    redis: PathBuf,
    books: tempfile::TempDir,
    limits: &'static str,
    bench: Bench,
    coordinator: Coordinator,
    shutdown: Shutdown,
    sent: u32,
    /// A worker that is started anew has a new name.
    starts: u32,
}

fn booked() -> Options {
    Options { books: true, ..options() }
}

impl House {
    async fn build(name: &str, limits: &'static str) -> Self {
        Self::with(name, limits, booked()).await
    }

    async fn with(name: &str, limits: &'static str, options: Options) -> Self {
        let redis = fast_folder(name);
        drop(std::fs::remove_dir_all(&redis));
        let server = crate::support::redis::start(&redis).await.unwrap();
        let books = tempfile::tempdir_in(redis.parent().unwrap()).unwrap();
        let bench = Bench::on(&server.url(), NOON, options).await;
        let coordinator = coordinator_on(&bench, books.path(), plan(limits)).await;
        assert_eq!(coordinator.restore().await.unwrap(), None, "a new queue is open at once");
        let house = Self {
            server: Some(server),
            redis,
            books,
            limits,
            bench,
            coordinator,
            shutdown: Shutdown::new(),
            sent: 0,
            starts: 1,
        };
        house.keep_books();
        house
    }

    fn keep_books(&self) {
        let clerk = self.coordinator.clone().keep_books(self.shutdown.clone());
        self.shutdown.spawn(clerk);
    }

    /// Stops Redis, lets `change` be made to its folder, and starts everything anew.
    async fn rebuild(&mut self, change: impl FnOnce(&Path)) {
        self.shutdown.stop_soon();
        self.shutdown.ended().await;
        self.server.take().unwrap().stop().await.unwrap();
        change(&self.redis);
        let server = crate::support::redis::start(&self.redis).await.unwrap();
        let now = self.bench.now().to_string();
        self.bench = Bench::on(&server.url(), &now, booked()).await;
        let limits = plan(self.limits);
        self.coordinator = coordinator_on(&self.bench, self.books.path(), limits).await;
        self.server = Some(server);
        self.starts += 1;
        self.shutdown = Shutdown::new();
        self.keep_books();
    }

    /// `FLUSHALL`, while the test's clock goes on.
    async fn empty(&self) {
        let now = self.bench.now().as_millisecond();
        let mut pipe = redis::pipe();
        pipe.atomic().cmd("FLUSHALL").ignore();
        pipe.cmd("HSET").arg("wk:{0}:meta").arg("allow_fake").arg(1).arg("fake").arg(now);
        pipe.query_async::<()>(&mut self.bench.raw()).await.unwrap();
    }

    async fn send(&mut self, kind: &str) -> ActionId {
        self.sent += 1;
        let n = self.sent;
        let target = match kind {
            "scroll_feed" => String::new(),
            _ => format!(r#","target":"post:{n}""#),
        };
        let with = if kind == "comment" { r#","with":{"text":"hello"}"# } else { "" };
        let json = format!(r#"{{"account":"ada","kind":"{kind}"{target}{with}}}"#);
        self.coordinator.submit(json.as_bytes(), None).await.unwrap().id
    }

    async fn try_claim(&self) -> Claim {
        let ask: Ask = self.bench.asking(&format!("w{}", self.starts));
        Desk::claim(&self.coordinator, &ask, Duration::ZERO).await.unwrap()
    }

    async fn claim(&self) -> Claimed {
        match self.try_claim().await {
            Claim::Work(claimed) => *claimed,
            other => panic!("nothing to claim: {other:?}"),
        }
    }

    async fn begin(&self, claimed: &Claimed) -> Result<(), Error> {
        Desk::begin(&self.coordinator, &claimed.lease, &claimed.id).await
    }

    async fn finish(&self, claimed: &Claimed) -> Result<(), Error> {
        Desk::finish(&self.coordinator, &claimed.lease, &claimed.id, &done(), false).await
    }

    /// Claims, begins and finishes; what it was.
    async fn act(&self) -> ActionId {
        let claimed = self.claim().await;
        self.begin(&claimed).await.unwrap();
        self.finish(&claimed).await.unwrap();
        claimed.id
    }

    /// Acts until nothing may be claimed; returns what was done.
    async fn act_all(&self) -> Vec<ActionId> {
        let mut done = Vec::new();
        while let Claim::Work(claimed) = self.try_claim().await {
            self.begin(&claimed).await.unwrap();
            self.finish(&claimed).await.unwrap();
            done.push(claimed.id);
        }
        done
    }

    /// Sees what the reaper sees, and lets the leases end that were forgotten.
    async fn restore(&self) {
        self.coordinator.queue.boot().await.unwrap();
        let left = self.coordinator.restore().await.unwrap().expect("claims are shut for a while");
        assert!(left > Duration::from_secs(30) && left <= LEASES, "{left:?}");
        assert!(matches!(self.try_claim().await, Claim::Shut { .. }), "claims wait");
        self.bench.pass(LEASES).await;
        assert_eq!(self.coordinator.restore().await.unwrap(), None);
    }

    /// All that the clerk was told is in the books.
    async fn settled(&self) {
        eventually("the clerk has read all", async || {
            let pending: Vec<redis::Value> =
                self.bench.ask(&["XPENDING", "P:ev", "clerk", "-", "+", "10"]).await;
            let groups: Vec<std::collections::BTreeMap<String, redis::Value>> =
                self.bench.ask(&["XINFO", "GROUPS", "P:ev"]).await;
            let lag = groups.iter().map(|group| format!("{:?}", group["lag"])).next();
            let is_done = pending.is_empty() && lag.as_deref() == Some("int(0)");
            if is_done { Ok(()) } else { Err((pending.len(), lag)) }
        })
        .await;
    }

    async fn stop(mut self) {
        self.shutdown.stop_soon();
        self.shutdown.ended().await;
        self.server.take().unwrap().stop().await.unwrap();
    }
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap().flatten() {
        let (from, to) = (entry.path(), to.join(entry.file_name()));
        match entry.file_type().unwrap() {
            sort if sort.is_dir() => copy(&from, &to),
            sort if sort.is_file() => drop(std::fs::copy(&from, &to).unwrap()),
            _ => {}
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_redis_emptied_under_our_feet_gives_no_second_quota_and_says_what_it_lost() {
    let mut house = House::build("emptied", "daily = 4").await;
    for _ in 0..6 {
        house.send("like").await;
    }
    house.act().await;
    house.act().await;
    let under_way = house.claim().await;
    house.begin(&under_way).await.unwrap();
    house.settled().await;
    house.empty().await;

    let Claim::Shut { why, .. } = house.try_claim().await else { panic!("claims are open") };
    assert!(why.contains("emptied"), "{why}");
    assert_eq!(house.begin(&under_way).await, Err(Error::Fenced), "its worker is fenced");
    let (worker, leases) = ("w1".parse().unwrap(), [under_way.lease.clone()]);
    let lost = Desk::extend(&house.coordinator, &worker, &leases).await.unwrap();
    assert_eq!(lost, std::slice::from_ref(&under_way.lease.token));
    assert_eq!(house.finish(&under_way).await, Err(Error::Fenced));
    house.restore().await;

    let mut restored = house.bench.events().await;
    restored.retain(|event| event.kind_of_change == "restored");
    assert_eq!(restored.len(), 1, "{restored:?}");
    assert_eq!(restored[0].code.as_deref(), Some("emptied"));
    let why = restored[0].why.clone().unwrap();
    assert!(why.contains("3 waiting actions are lost, 1 more"), "{why}");
    for _ in 0..4 {
        house.send("like").await;
    }
    let done = house.act_all().await;
    assert_eq!(done.len(), 1, "4 a day: two were done, one may have been");
    let later = house.claim_after_midnight().await;
    assert!(later.lease.token > under_way.lease.token, "tokens go on");
    house.stop().await;
}

impl House {
    async fn claim_after_midnight(&self) -> Claimed {
        self.bench.go_to("2026-11-22T00:00:01Z").await;
        self.claim().await
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_action_has_a_receipt_that_says_to_send_it_again_or_to_look_first() {
    let mut house = House::build("receipts", "daily = 4").await;
    let (waits, runs) = (house.send("like").await, house.send("comment").await);
    let claimed = loop {
        let claimed = house.claim().await;
        if claimed.id == runs {
            break claimed;
        }
        let back = walkon_core::lease::HandBack::stopping(&claimed.id);
        Desk::release(&house.coordinator, &claimed.lease, Some(&back)).await.unwrap();
        house.coordinator.queue.cancel(&waits, &crate::support::redis::person("")).await.unwrap();
    };
    let waits = house.send("like").await;
    house.begin(&claimed).await.unwrap();
    house.settled().await;
    house.empty().await;
    house.restore().await;
    for (id, state, word) in [(waits, "failed", "send it again"), (runs, "unknown", "look before")]
    {
        let receipt = eventually("its receipt is there", async || {
            let all = house.coordinator.store.receipts(Some("ada"), 100).await.unwrap();
            all.into_iter().find(|receipt| receipt.action == id.to_string())
        })
        .await;
        assert_eq!(receipt.state, state);
        assert_eq!(receipt.code.as_deref(), Some("redis_lost"));
        assert!(receipt.why.clone().unwrap().contains(word), "{receipt:?}");
    }
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_old_backup_gives_no_second_quota_and_does_nothing_twice() {
    let mut house = House::build("backup", "daily = 5\n[kinds.like]\ncooldown = \"1s\"").await;
    for _ in 0..8 {
        house.send("like").await;
    }
    house.act().await;
    let backup = tempfile::tempdir().unwrap();
    house.rebuild(|redis| copy(redis, backup.path())).await;
    assert_eq!(house.coordinator.restore().await.unwrap(), None, "nothing was lost");
    let mut done = Vec::new();
    for _ in 0..2 {
        house.bench.pass(Duration::from_secs(2)).await;
        done.push(house.act().await);
    }
    house.bench.pass(Duration::from_secs(2)).await;
    let begun = house.claim().await;
    house.begin(&begun).await.unwrap();
    let new = house.send("like").await;
    house.settled().await;
    house
        .rebuild(|redis| {
            std::fs::remove_dir_all(redis).unwrap();
            copy(backup.path(), redis);
        })
        .await;
    house.restore().await;

    for id in &done {
        let state = house.bench.state(id).await;
        assert_eq!(state, walkon_core::event::ActionState::Done, "{id} is not done twice");
    }
    let told = house.bench.events().await;
    let restored = told.iter().find(|event| event.kind_of_change == "restored").unwrap();
    assert_eq!(restored.code.as_deref(), Some("set_back"), "{restored:?}");
    let why = restored.why.clone().unwrap();
    assert!(why.contains("2 actions that had ended"), "{why}");
    assert!(why.contains("1 that had begun are in doubt; 1 waiting actions are lost"), "{why}");
    let gone = told.iter().find(|event| event.code.as_deref() == Some("redis_lost")).unwrap();
    assert_eq!(gone.action.as_deref(), Some(new.to_string().as_str()));
    let mut more = 0;
    for _ in 0..5 {
        house.bench.pass(Duration::from_secs(2)).await;
        more += house.act_all().await.len();
    }
    assert_eq!(more, 1, "5 a day, 4 of them used");
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_given_back_is_not_counted_and_looking_is() {
    let mut house = House::build("given-back", "daily = 3").await;
    for kind in ["like", "scroll_feed"] {
        house.send(kind).await;
        let claimed = house.claim().await;
        assert_eq!(claimed.action.kind, kind);
        if kind == "like" {
            house.begin(&claimed).await.unwrap();
            let finish = Desk::finish;
            finish(&house.coordinator, &claimed.lease, &claimed.id, &notrun(), false)
                .await
                .unwrap();
            let why = crate::support::redis::person("");
            house.coordinator.queue.cancel(&claimed.id, &why).await.unwrap();
        }
    }
    house.settled().await;
    house.empty().await;
    house.restore().await;
    for _ in 0..4 {
        house.send("like").await;
    }
    assert_eq!(house.act_all().await.len(), 2, "one of three a day was looked away");
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cooldown_goes_on_from_the_end_of_what_was_done() {
    let mut house = House::build("cooldown", "[kinds.like]\ncooldown = \"1h\"").await;
    house.send("like").await;
    let claimed = house.claim().await;
    house.begin(&claimed).await.unwrap();
    house.bench.pass(Duration::from_secs(20)).await;
    house.finish(&claimed).await.unwrap();
    house.settled().await;
    house.bench.pass(Duration::from_mins(30)).await;
    house.empty().await;
    house.restore().await;
    house.send("like").await;
    let Claim::Nothing { next } = house.try_claim().await else { panic!("it does not cool down") };
    assert_eq!(next, Some(Duration::from_mins(30).saturating_sub(LEASES)));
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pause_outlasts_redis() {
    let mut house = House::build("paused", "daily = 3").await;
    let drill = crate::support::redis::person("a drill");
    house.coordinator.queue.pause(&walkon::queue::Scope::Fleet, &drill).await.unwrap();
    house.settled().await;
    house.empty().await;
    house.coordinator.queue.boot().await.unwrap();
    house.coordinator.restore().await.unwrap();
    house.bench.pass(LEASES).await;
    house.coordinator.restore().await.unwrap();
    house.send("like").await;
    let Claim::Shut { why, .. } = house.try_claim().await else { panic!("claims are open") };
    assert!(why.contains("a drill"), "{why}");
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_reaper_mends_an_emptied_redis_by_itself() {
    let mut house = House::build("by-itself", "daily = 1").await;
    house.send("like").await;
    house.act().await;
    house.settled().await;
    house.shutdown.spawn(house.coordinator.clone().reap(house.shutdown.clone()));
    house.empty().await;
    assert!(matches!(house.try_claim().await, Claim::Shut { .. }));
    eventually("the queue is made anew", async || {
        let known = house.coordinator.queue.account_ids().await.unwrap();
        if known.is_empty() { Err(known) } else { Ok(()) }
    })
    .await;
    house.bench.pass(LEASES).await;
    house.send("like").await;
    eventually("claims are open", async || match house.try_claim().await {
        Claim::Nothing { next: Some(next) } => Ok(next),
        other => Err(other),
    })
    .await;
    house.stop().await;
}
