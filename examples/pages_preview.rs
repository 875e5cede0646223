//! Serves the pages over a made-up fleet on port 7699: `cargo run --example pages_preview`.
//!
//! Nothing acts here: Redis and the store are its own, in a folder that is made anew. A folder of
//! JPEGs given as the argument stands for what the browsers saw.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use walkon::catalog::Catalog;
use walkon::coordinator::care::Care;
use walkon::coordinator::pools::Admitted;
use walkon::coordinator::{Coordinator, Options};
use walkon::desk::Chunk;
use walkon::queue::{self, Embedded, Queue};
use walkon::recording::archive::Archive;
use walkon::shutdown::Shutdown;
use walkon::store::sql::SqlStore;
use walkon::web;
use walkon_core::account::{Account, Lifecycle};
use walkon_core::bundle::Secret;
use walkon_core::clock::{Clock as _, SystemClock};
use walkon_core::health::{Check, Checked, Grade, Level, Report};
use walkon_core::hold::{Hold, HoldKind};
use walkon_core::lease::{Ask, Claim, Class};
use walkon_core::onboarding::{Step, StepResult, StepState};
use walkon_core::outcome::{Finding, Made, Outcome, Settlement};
use walkon_core::plan::Plan;
use walkon_core::pool::Pools;
use walkon_core::rng::Seed;

type Tried<T> = Result<T, Box<dyn std::error::Error>>;

const NAMES: [&str; 8] = ["ada", "bruno", "chioma", "dmitri", "elif", "farah", "goran", "hana"];
const PLAN: &str = "hourly = 6\ndaily = 24\n[kinds.like]\ncooldown = \"40s\"\n\
    [kinds.comment]\ndaily = 0\n[kinds.follow]\ndaily = 1\ncooldown = \"3h\"\n";

#[tokio::main]
async fn main() -> Tried<()> {
    let root = std::env::temp_dir().join("walkon-preview");
    drop(std::fs::remove_dir_all(&root));
    for folder in ["profiles/devices", "profiles/personas"] {
        std::fs::create_dir_all(root.join(folder))?;
    }
    let redis = Embedded::start(&root.join("redis")).await?;
    let options = queue::Options { url: Some(redis.url()), ..queue::Options::default() };
    let plan: Plan = toml::from_str(PLAN)?;
    let coordinator = Coordinator {
        queue: Queue::connect(&options).await?,
        store: Arc::new(SqlStore::in_folder(&root).await?),
        archive: Archive::open(root.join("recordings"))?,
        catalog: Arc::new(Catalog::load(Path::new("behaviors"), &root.join("profiles"))?),
        clock: Arc::new(SystemClock),
        options: Arc::new(Options {
            plans: BTreeMap::from([("gentle".to_owned(), plan)]),
            pools: Pools::default(),
            accounts: root.join("accounts.toml"),
            new_accounts: walkon_core::account::Lifecycle::Active,
            pace: 1.0,
            contact: None,
            seed: Seed(7),
            usage_days: 90,
            audit_days: 0,
            sites: BTreeMap::new(),
        }),
        grants: walkon::coordinator::grants::Grants::default(),
        steps: walkon::coordinator::steps::Steps::default(),
        admitted: Admitted::default(),
        care: Care::default(),
        crew: Arc::default(),
        settings: Arc::default(),
        roster: Arc::default(),
    };
    accounts(&coordinator).await?;
    let acted = act(&coordinator).await?;
    let pictures = pictures(std::env::args().nth(1).map(PathBuf::from));
    for (number, name) in NAMES.iter().enumerate().take(6) {
        record(&coordinator, number, name, &acted, &pictures)?;
    }
    let shutdown = Shutdown::new();
    shutdown.listen_to_signals()?;
    shutdown.spawn(coordinator.clone().keep_books(shutdown.clone()));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:7699").await?;
    web::serve(
        listener,
        coordinator,
        Secret::new("preview".to_owned()),
        web::access::Options::default(),
        &shutdown,
    )
    .await?;
    redis.stop().await?;
    Ok(())
}

async fn accounts(c: &Coordinator) -> Tried<()> {
    for (number, name) in NAMES.iter().enumerate() {
        let zone = ["Europe/Berlin", "Africa/Lagos"][number % 2];
        let device = ["desktop", "pixel-8", "tablet"][number % 3];
        let account: Account = serde_json::from_value(json!({
            "id": name, "site": "plaza", "username": format!("{name}.{}", 80 + number),
            "plan": "gentle", "time_zone": zone,
            "device": device, "persona": "casual",
            "proxy": (number % 3 == 1).then(|| json!({"url": "socks5://127.0.0.11:1080"})),
        }))?;
        c.store.put_account(&account).await?;
        if number == 6 {
            c.store.move_account(&account.id, Lifecycle::Active, Lifecycle::Ramping).await?;
        }
    }
    health(c).await?;
    c.enroll_all().await?;
    Ok(())
}

/// How some of them are, and one whose onboarding is under way.
async fn health(c: &Coordinator) -> Tried<()> {
    let now = SystemClock.now();
    for (number, name) in NAMES.iter().enumerate() {
        let (level, grade, why) = match number {
            1 => (Level::Warning, Grade::Warning, "the token ends in 3 days"),
            4 => (Level::Critical, Grade::Critical, "the proxy does not answer"),
            5 => continue,
            _ => (Level::Healthy, Grade::Good, "it answers in 42 ms"),
        };
        let at = now.saturating_sub(SignedDuration::from_mins(3 + number as i64))?;
        let one = Checked::new(Check::Connection, grade, why).fix("look at its proxy");
        let other = Checked::new(Check::SignIn, Grade::Good, "it is signed in");
        let (account, checks) = (name.parse()?, vec![one, other]);
        c.store.keep_health(&Report { account, at, level, checks }).await?;
    }
    let id = NAMES[5].parse()?;
    c.store.move_account(&id, Lifecycle::Active, Lifecycle::Inactive).await?;
    c.store.move_account(&id, Lifecycle::Inactive, Lifecycle::Connecting).await?;
    c.store.ask_onboarding(&id, None, "maria", now).await?;
    let long = SignedDuration::from_hours(1);
    let Some(mut onboarding) = c.store.take_onboarding("preview", now, long).await? else {
        return Ok(());
    };
    for step in &Step::ALL[..4] {
        let (step, state) = (*step, StepState::Done);
        onboarding.set(StepResult { step, state, why: None, fix: None, at: Some(now) });
    }
    c.store.keep_onboarding("preview", &onboarding, now).await?;
    Ok(())
}

async fn act(c: &Coordinator) -> Tried<Vec<String>> {
    let mut ids = Vec::new();
    for round in 0..4_u32 {
        for name in NAMES {
            let (kind, target) = [
                ("like", "post:7"),
                ("follow", "member:ada"),
                ("view_profile", "member:bo"),
                ("comment", "post:12"),
            ][round as usize % 4];
            let mut action = json!({"account": name, "kind": kind, "target": target});
            if kind == "comment" {
                action["with"] = json!({"text": "What a light! Where was this?"});
            }
            ids.push(c.submit(action.to_string().as_bytes(), None).await?.id.to_string());
        }
    }
    for nonce in 0..17 {
        let worker = format!("w-{}", ["3f9c2a", "77ab10", "k2p0x4"][nonce as usize % 3]).parse()?;
        let ask = Ask { worker, nonce, classes: vec![Class::Browser], holds: Vec::new() };
        let Claim::Work(work) = c.queue.claim(&ask).await? else { break };
        c.queue.begin(&work.lease, &work.id).await?;
        let why = "no button “Like” on the page: 0 matches".to_owned();
        let (code, mut findings) = ("not_found".to_owned(), Vec::new());
        let outcome = match nonce {
            3 => Outcome::Fatal { code, why },
            5 => {
                let why = "the browser died after it acted".to_owned();
                Outcome::Unknown { code: "cut_off".into(), why }
            }
            7 => {
                findings.push(Finding::Challenged);
                let why = "the site asks it to prove something".to_owned();
                Outcome::Fatal { code: "challenged".into(), why }
            }
            14.. => continue,
            _ => Outcome::Done { effect: if nonce % 4 == 0 { Made::Already } else { Made::Made } },
        };
        let settlement = Settlement { findings, ..outcome.into() };
        c.queue.finish(&work.lease, &work.id, &settlement, false).await?;
    }
    let since = SystemClock.now();
    let until = Some(since + SignedDuration::from_mins(25));
    let (actor, kind) = ("maria".to_owned(), HoldKind::Operator);
    let reason = "its owner is presenting it today".to_owned();
    c.hold(&"hana".parse()?, &Hold { kind, reason, actor, since, until: None, passes: false })
        .await?;
    let (actor, kind) = ("w-77ab10".to_owned(), HoldKind::Quota);
    let reason = "the site asked it to go slower".to_owned();
    c.hold(&"goran".parse()?, &Hold { kind, reason, actor, since, until, passes: false }).await?;
    Ok(ids)
}

fn pictures(folder: Option<PathBuf>) -> Vec<Vec<u8>> {
    let files = folder.and_then(|folder| std::fs::read_dir(folder).ok());
    let Some(files) = files else { return Vec::new() };
    let mut paths: Vec<_> = files.flatten().map(|entry| entry.path()).collect();
    paths.sort();
    paths.into_iter().filter_map(|path| std::fs::read(path).ok()).collect()
}

/// Points of a curved way.
fn way(from: (f64, f64), to: (f64, f64), start: f64) -> Vec<Value> {
    let at = |step: i32| {
        let s = f64::from(step) / 24.0;
        let bend = (s * std::f64::consts::PI).sin() * 46.0;
        let (x, y) = (from.0 + (to.0 - from.0) * s, from.1 + (to.1 - from.1) * s - bend);
        json!({"at_ms": start + s * 420.0, "input": {"input": "move", "x": x, "y": y}})
    };
    let mut points: Vec<_> = (0..=24).map(at).collect();
    for (input, late) in [("down", 470.0), ("up", 548.0)] {
        let input = json!({"input": input, "x": to.0, "y": to.1});
        points.push(json!({"at_ms": start + late, "input": input}));
    }
    points
}

fn events(number: usize, acted: &[String], blobs: &[String]) -> Vec<Value> {
    let ill = number == 3;
    let turn = json!({"input": "wheel", "at": {"x": 640.0, "y": 420.0}, "dy": 480.0});
    let wheel = json!([{"at_ms": 940.0, "input": turn}]);
    let click = way((820.0, 300.0), (358.0, 578.0), 0.0);
    let over = json!({"x": 312.0, "y": 560.0, "w": 92.0, "h": 36.0});
    let step = |n: u32, title: &str| json!({"type": "step_begin", "step": n, "title": title});
    let end = |n: u32, error: Option<&str>| json!({"type": "step_end", "step": n, "error": error});
    let blob = |n: usize| &blobs[n % blobs.len()];
    let shot = |label: &str, n| json!({"type": "picture", "label": label, "blob": blob(n)});
    let mut out = Vec::new();
    let mut at = |t: f64, event: Value| out.push((t, event));
    for (turn, t) in [(0_usize, 0.0), (1, 9_800.0)] {
        let id = &acted[number + turn * NAMES.len()];
        let (kind, target) = [("like", "post:7"), ("follow", "member:ada")][turn];
        let bad = (ill && turn == 1).then_some("no button “Follow” on the page: 0 matches");
        let outcome = if bad.is_some() { "retry" } else { "done" };
        let level = if ill { "error" } else { "log" };
        at(
            t,
            json!({"type": "action_begin", "action": id, "kind": kind, "target": target,
            "attempt": 1 + turn}),
        );
        at(t + 20.0, step(1, "open target"));
        let url = "http://127.0.0.1:7700/p/7";
        at(t + 610.0, json!({"type": "navigated", "url": url, "status": 200}));
        at(t + 900.0, end(1, None));
        at(t + 905.0, step(2, "do block if not pressed"));
        at(t + 1_000.0, step(3, "scroll to button “Like”"));
        at(
            t + 2_480.0,
            json!({"type": "gesture", "gesture": wheel, "over": null,
            "late_ms_max": 1.8}),
        );
        at(t + 2_500.0, end(3, None));
        at(t + 2_505.0, step(4, &format!("click button “{kind}” (commit)")));
        at(t + 2_700.0, shot("before", number + turn));
        at(
            t + 3_290.0,
            json!({"type": "gesture", "gesture": click, "over": over,
            "late_ms_max": 3.4}),
        );
        at(t + 3_300.0, end(4, bad));
        at(t + 3_310.0, end(2, bad));
        at(
            t + 3_400.0,
            json!({"type": "console", "level": level,
            "text": "GET /api/p/7/reactions 404 (Not Found)"}),
        );
        at(t + 3_500.0, shot(if bad.is_some() { "failed" } else { "after" }, number + turn + 1));
        at(
            t + 3_520.0,
            json!({"type": "action_end", "action": id, "outcome": outcome,
            "why": bad}),
        );
    }
    let number = |(seq, (t, mut event)): (usize, (f64, Value))| {
        event["seq"] = (seq + 1).into();
        event["t"] = t.into();
        event
    };
    out.into_iter().enumerate().map(number).collect()
}

fn record(
    c: &Coordinator,
    number: usize,
    account: &str,
    acted: &[String],
    jpegs: &[Vec<u8>],
) -> Tried<()> {
    let now: Timestamp = c.clock.now();
    let began = now - SignedDuration::from_secs(number as i64 * 340 + 14);
    let session: walkon_core::id::SessionId =
        walkon_core::id::SessionId::new(began, &mut Seed(number as u64).rng());
    let keep = |file: String, bytes: Vec<u8>| {
        c.archive.keep(&Chunk { session: session.clone(), file, offset: 0, bytes })
    };
    let blobs: Vec<_> = (0..jpegs.len().max(1)).map(|n| format!("{n:032x}")).collect();
    for (name, jpeg) in blobs.iter().zip(jpegs) {
        keep(format!("blobs/{name}.jpg"), jpeg.clone())?;
    }
    let lines = |rows: Vec<Value>| {
        rows.iter().fold(String::new(), |all, row| format!("{all}{row}\n")).into_bytes()
    };
    let mut rows = events(number, acted, &blobs);
    if number == 0 {
        rows.truncate(22);
    }
    keep("events.jsonl".to_owned(), lines(rows))?;
    let request = |(at, url, status, resource, ms): (f64, &str, u16, &str, f64)| {
        let (url, bytes) = (format!("http://127.0.0.1:7700{url}"), (ms * 211.0) as u64);
        json!({"method": "GET", "url": url, "status": status, "mime": null, "resource": resource,
            "start_ms": at, "duration_ms": ms, "bytes": bytes, "error": null})
    };
    let requests = [
        (30.0, "/p/7", 200, "document", 310.0),
        (350.0, "/static/site.css", 200, "stylesheet", 60.0),
        (355.0, "/static/site.js", 200, "script", 140.0),
        (520.0, "/media/7.jpg", 200, "image", 480.0),
        (3_320.0, "/api/p/7/reactions", if number == 3 { 404 } else { 200 }, "fetch", 70.0),
        (9_830.0, "/u/ada", 200, "document", 260.0),
        (13_100.0, "/api/follow", 200, "fetch", 95.0),
    ];
    let requests = lines(requests.into_iter().map(request).collect());
    keep("network.jsonl".to_owned(), requests)?;
    let live = number == 0;
    let ended = (!live).then(|| began + Duration::from_millis(13_900));
    let failed = u8::from(number == 3);
    let counts = json!({"actions": 2, "failed": failed, "pictures": 4, "requests": 7});
    let head = json!({"format": "walkon-session", "version": 1, "session": session,
        "status": if live { "recording" } else { "sealed" }, "account": account, "site": "plaza",
        "device": "desktop", "persona": "casual", "worker": "w-3f9c2a", "viewport": [1280, 800],
        "proxy": null, "started_at": began, "ended_at": ended,
        "bytes": [18_211, 884_120], "counts": counts});
    Ok(keep("manifest.json".to_owned(), head.to_string().into_bytes())?)
}
