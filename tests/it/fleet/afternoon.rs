//! An operator's afternoon, by script: while the fleet works, fifty accounts come, five break in
//! five ways, the master key is changed, ten leave with work waiting, and the database is killed.
//! In the end the books are compared with what Plaza saw.

use serde_json::{Value, json};
use walkon::egress::{PracticeProxy, Speaks};
use walkon_core::clock::{Clock as _, SystemClock};

use crate::support::databases::{Brand, Server};
use crate::support::eventually;
use crate::support::fleet::{Home, TestFleet};

mod cast;
mod judge;

use cast::{BY_FILE, BY_HAND, REGULARS, file, username};
use judge::{Asked, is_settled};

/// Two likes a day, so that each account's third one waits; and time between comments.
const SETTINGS: &str = "\
[worker]\nslots = 12\n\n\
[plans.afternoon.kinds.like]\ndaily = 2\n\n\
[plans.afternoon.kinds.comment]\ncooldown = \"300ms\"\n";

/// Who breaks, how it is shown then, by which hold, and what the alert says of why.
const BROKEN: [(&str, &str, &str, &str, &str); 5] = [
    ("ivo", "suspended", "block", "hold:ivo:block", "suspended"),
    ("june", "suspended", "challenge", "hold:june:challenge", "prove"),
    ("gus", "suspended", "health", "health:gus", "`hana`"),
    ("hana", "paused", "health", "health:hana", "proxy"),
    ("kaito-m", "suspended", "health", "hold:kaito-m:health", "signed"),
];

/// A fleet on a day when much is done to it.
struct Afternoon {
    fleet: TestFleet,
    server: Server,
    proxy: Option<PracticeProxy>,
    asked: Asked,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fifty_come_five_break_ten_go_and_at_the_end_the_books_are_equal() {
    let Some(server) = Server::start(Brand::Postgres) else { return };
    let mut day = Afternoon::begin(server).await;
    day.work(&REGULARS, 0).await;
    day.fifty_come().await;
    let all: Vec<_> = REGULARS.iter().chain(&BY_FILE).chain(&BY_HAND).copied().collect();
    day.work(&all, 10).await;
    day.five_break().await;
    day.the_master_key_is_changed().await;
    let gone = day.ten_leave().await;
    day.the_database_is_killed().await;
    let left: Vec<_> = all.iter().copied().filter(|id| !gone.contains(id)).collect();
    day.the_books_are_equal(&left).await;
    assert_eq!(day.fleet.stop().await, 0);
}

impl Afternoon {
    async fn begin(server: Server) -> Self {
        let url = server.database("fleet").await;
        let mut home = Home::new().await.connecting().settings(SETTINGS);
        home = home.settings(&format!("[store]\nurl = \"{url}\"\n"));
        home = home.env("WALKON__HEALTH__PATIENCE", "1");
        // A host that is slow is no host that is lost.
        home = home.env("WALKON__QUEUE__LEASE", "20s");
        for id in REGULARS {
            let more = cast::more(&home, id, None);
            home = home.account(id, &more);
        }
        let fleet = home.start().await;
        let at = "127.0.0.11:0".parse().unwrap();
        let proxy = PracticeProxy::start(Speaks::Http, at, "walkon", "pw").await.unwrap();
        Self { fleet, server, proxy: Some(proxy), asked: Asked::default() }
    }

    /// Asks for the demo's kind of work for each of them.
    async fn work(&mut self, ids: &[&str], from: u32) {
        let mut lines = Vec::new();
        for (at, id) in ids.iter().enumerate() {
            let post = |n: u32| format!("post:{}", 1 + (from + at as u32 * 7 + n * 31) % 200);
            let friend = format!("member:{}", username(ids[(at + 1) % ids.len()]));
            let mut add = |kind: &str, target: String, with: Value| {
                let mut one = json!({"account": id, "kind": kind, "target": target});
                if !with.is_null() {
                    one["with"] = with;
                }
                lines.push(one);
            };
            add("comment", post(1), json!({"text": format!("Good light, {from}.")}));
            add("follow", friend, Value::Null);
            for n in 2..5 {
                add("like", post(n), Value::Null);
            }
        }
        self.ask(&lines).await;
    }

    async fn ask(&mut self, actions: &[Value]) {
        let lines: Vec<_> = actions.iter().map(ToString::to_string).collect();
        let text = lines.join("\n");
        let (status, _, answer) = self.fleet.post("/api/actions/batch", text).await;
        assert_eq!(status, 200, "{answer}");
        for line in answer["lines"].as_array().unwrap() {
            assert_eq!(line["status"], "accepted", "{line}");
            self.asked.ids.push(line["id"].as_str().unwrap().to_owned());
        }
    }

    /// Half of them by the accounts' file, half by an import; each is connected by itself.
    async fn fifty_come(&mut self) {
        let home = &self.fleet.home;
        let proxy = self.proxy.as_ref().map(PracticeProxy::address);
        let entries: Vec<_> = REGULARS.iter().chain(&BY_FILE).copied().collect();
        std::fs::write(home.path("accounts.toml"), file(home, &entries, proxy)).unwrap();
        let (csv, text) = (home.path("more.csv"), cast::csv(home, &BY_HAND));
        std::fs::write(&csv, text).unwrap();
        let words = ["account", "import", csv.to_str().unwrap(), "--json"];
        let reload = home.run(&["account", "reload", "--json"]);
        let (reloaded, imported) = tokio::join!(reload, home.run(&words));
        for (said, begin) in [(&reloaded, "connecting"), (&imported, "connecting")] {
            let told = said.json();
            assert_eq!((&told["begin"], count(&told["added"])), (&json!(begin), 25), "{said:?}");
        }
        // Ten at a time, so that a slow host has patience for each ten.
        for want in (10..=50).step_by(10).map(|come| REGULARS.len() + come) {
            eventually("they are connected", async || {
                let states = self.fleet.get("/api/accounts/status?most=1").await["states"].clone();
                let active = states["active"].as_u64().unwrap_or_default();
                if active >= want as u64 { Ok(()) } else { Err(self.unconnected().await) }
            })
            .await;
        }
    }

    /// How far those are that are not connected, and what the first of their sign-ins waits for.
    async fn unconnected(&self) -> Value {
        let told = self.fleet.get("/api/onboardings").await["onboardings"].clone();
        let open = told.as_array().into_iter().flatten().filter(|one| one["ended_at"].is_null());
        let waiting = self.fleet.get("/api/actions?state=waiting&most=1000").await;
        let mut actions = waiting["actions"].as_array().into_iter().flatten();
        let sign_in = actions.find(|one| one["action"]["kind"] == "sign_in");
        let why = match sign_in.and_then(|one| one["id"].as_str()) {
            Some(id) => self.fleet.get(&format!("/api/actions/{id}/why")).await,
            None => Value::Null,
        };
        json!({"open": open.collect::<Vec<_>>(), "first": why})
    }

    /// Each in another way, and each stops by itself.
    async fn five_break(&mut self) {
        for (id, fault) in [("ivo", "ban"), ("june", "challenge")] {
            self.fleet.fault(&json!({"fault": fault, "account": id})).await;
        }
        // Whoever has its browser open already signs in as before; again and again it cannot.
        let signed_out = json!({"fault": "sign_out", "account": username("kaito-m"), "count": 5});
        self.fleet.home.secret("gus.token", "tok-hana");
        self.fleet.home.secret("kaito-m.password", "not-his");
        let said = self.fleet.home.run(&["account", "reload", "--json"]).await;
        assert_eq!(said.json()["updated"], json!(["gus", "kaito-m"]), "{said:?}");
        self.fleet.fault(&signed_out).await;
        drop(self.proxy.take());
        let one_more = |id: &str| json!({"account": id, "kind": "save", "target": "post:9"});
        let ids = ["ivo", "june", "kaito-m"].map(one_more);
        self.ask(&ids).await;
        for id in ["gus", "hana"] {
            let (status, _, found) =
                self.fleet.post(&format!("/api/accounts/{id}/health"), "{}").await;
            assert_eq!((status, &found["level"]), (200, &json!("critical")), "{found}");
        }
        for (id, state, hold, key, why) in BROKEN {
            let account = self.fleet.account(id, |account| account["state"] == state).await;
            assert_eq!(account["holds"][0]["kind"], hold, "{account}");
            let told = eventually("its alert is there", async || {
                let alerts = self.fleet.get("/api/alerts").await["alerts"].clone();
                let own = |one: &&Value| one["alert"]["key"] == key && one["over"].is_null();
                alerts.as_array().unwrap().iter().find(own).cloned().ok_or(alerts)
            })
            .await;
            assert!(told["alert"]["why"].as_str().unwrap().contains(why), "{told}");
        }
    }

    async fn the_master_key_is_changed(&mut self) {
        assert!(self.is_working().await, "the fleet works meanwhile");
        let home = &self.fleet.home;
        let said = home.run(&["keys", "rotate", "master", "--json"]).await;
        assert_eq!(said.code, 0, "{said:?}");
        assert!(said.json()["rewrapped"].as_u64() >= Some(56), "{said:?}");
        let uses = home.run(&["keys", "list", "--json"]).await.json();
        let old = uses.as_array().unwrap().iter().filter(|one| one["current"] != true);
        assert!(old.clone().all(|one| one["secrets"] == 0), "nothing is left under it: {uses}");
    }

    async fn is_working(&self) -> bool {
        let stats = self.fleet.get("/api/stats").await;
        stats["waiting"].as_u64() > Some(0)
    }

    /// Five are taken out of the file, five by hand; what they have not begun is cancelled.
    async fn ten_leave(&mut self) -> Vec<&'static str> {
        let (by_file, by_hand) = (&BY_FILE[20..], &BY_HAND[20..]);
        let gone: Vec<_> = by_file.iter().chain(by_hand).copied().collect();
        let later = gone.iter().map(|id| {
            let soon = SystemClock.now() + jiff::SignedDuration::from_hours(48);
            json!({"account": id, "kind": "save", "target": "post:3", "not_before": soon})
        });
        self.ask(&later.collect::<Vec<_>>()).await;
        let home = &self.fleet.home;
        let entries: Vec<_> = REGULARS.iter().chain(&BY_FILE[..20]).copied().collect();
        let proxy = "127.0.0.11:1".parse().ok();
        let text = file(home, &entries, proxy);
        // Their secrets stay as they are by now.
        home.secret("gus.token", "tok-hana");
        home.secret("kaito-m.password", "not-his");
        std::fs::write(home.path("accounts.toml"), text).unwrap();
        let said = home.run(&["account", "reload", "--json"]).await;
        assert_eq!(count(&said.json()["removed"]), 5, "{said:?}");
        let removals = by_hand.iter().map(async |id| {
            let said = home.run(&["account", "remove", id, "--why", "a scripted afternoon"]).await;
            assert_eq!(said.code, 0, "{said:?}");
        });
        futures_util::future::join_all(removals).await;
        eventually("they are gone", async || {
            let gone = self.fleet.events(|event| event["type"] == "removed").await;
            if gone.len() == 10 { Ok(()) } else { Err(gone.len()) }
        })
        .await;
        let cancelled = |event: &Value| event["code"] == "account_removed";
        assert!(self.fleet.events(cancelled).await.len() >= 10);
        gone
    }

    /// With work under way; what is sent meanwhile is answered or waits on the stream.
    async fn the_database_is_killed(&mut self) {
        let late = |id: &str, post: u32| {
            let target = format!("post:{post}");
            json!({"account": id, "kind": "save", "target": target})
        };
        self.ask(&REGULARS.map(|id| late(id, 40))).await;
        self.server.kill();
        let (status, _, body) = self.fleet.post("/api/actions", late("ada", 41).to_string()).await;
        assert_eq!((status, &body["code"]), (503, &json!("store")), "{body}");
        for id in REGULARS {
            self.asked.entries.push(self.fleet.xadd(&late(id, 42).to_string()).await);
        }
        self.server.restart();
    }

    async fn the_books_are_equal(&mut self, left: &[&str]) {
        eventually("all is done that can be", async || is_settled(&self.fleet, &self.asked).await)
            .await;
        judge::ledger_and_receipts(&self.fleet).await;
        judge::no_cap_is_exceeded(&self.fleet).await;
        judge::nothing_is_lost(&self.fleet, &self.asked).await;
        judge::each_stands_as_it_is_shown(&self.fleet, left).await;
        let said = self.fleet.home.run(&["audit", "verify"]).await;
        assert_eq!(said.code, 0, "{said:?}");
    }
}

fn count(list: &Value) -> usize {
    list.as_array().map_or(0, Vec::len)
}
