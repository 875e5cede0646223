//! Plans, pools and proxies that are made and changed while the fleet runs.

use reqwest::{Method, Response};
use serde_json::{Value, json};
use walkon::egress::{PracticeProxy, Speaks};

use crate::support::eventually;
use crate::support::fleet::{Home, TestFleet};

const POOLS: &str = "\
[pools.crew]\naccounts = [\"ada\"]\nfallback = [\"spare\"]\n\n\
[pools.spare]\nplan = \"free\"\n";

async fn ask(fleet: &TestFleet, method: Method, path: &str, body: &Value, head: &str) -> Response {
    let request = fleet.home.http.request(method, fleet.url(path));
    let request = request.header("content-type", "application/json").header("walkon-by", "lena");
    let request = match head.split_once(": ") {
        Some((name, value)) => request.header(name, value),
        None => request,
    };
    request.body(body.to_string()).send().await.unwrap()
}

async fn put(fleet: &TestFleet, path: &str, body: Value) -> (u16, Value) {
    let answer = ask(fleet, Method::PUT, path, &body, "").await;
    (answer.status().as_u16(), answer.json().await.unwrap())
}

async fn delete(fleet: &TestFleet, path: &str) -> (u16, Value) {
    let answer = ask(fleet, Method::DELETE, path, &json!({}), "").await;
    (answer.status().as_u16(), answer.json().await.unwrap())
}

/// An account that is kept by hand, on that plan.
async fn add(fleet: &TestFleet, id: &str, plan: &str) {
    let password = fleet.home.secret(&format!("{id}.password"), &format!("{id}-secret"));
    let account = json!({"id": id, "site": "plaza", "username": id, "plan": plan,
        "password_file": password});
    let (status, _, body) = fleet.post("/api/accounts", account.to_string()).await;
    assert_eq!(status, 201, "{body}");
}

async fn like(fleet: &TestFleet, who: &Value, post: u32) -> String {
    let mut action = json!({"kind": "like", "target": format!("post:{post}")});
    action.as_object_mut().unwrap().extend(who.as_object().unwrap().clone());
    fleet.enqueue(&action).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_plan_made_by_hand_holds_at_once_also_where_its_cap_falls_below_what_is_used() {
    let mut fleet = Home::new().await.account("ada", "").start().await;
    let (status, made) = put(&fleet, "/api/plans/tiny", json!({"daily": 5})).await;
    assert_eq!((status, &made["kept"]), (201, &json!("hand")), "{made}");
    add(&fleet, "ben", "tiny").await;
    let ben = json!({"account": "ben"});
    for post in 1..=2 {
        let id = like(&fleet, &ben, post).await;
        fleet.reaches(&id, "done").await;
    }
    let (status, changed) = put(&fleet, "/api/plans/tiny", json!({"daily": 1})).await;
    assert_eq!(status, 200, "{changed}");
    assert!(changed["revision"].as_u64() > made["revision"].as_u64(), "{made} {changed}");
    let waits = like(&fleet, &ben, 3).await;
    let why = fleet.get(&format!("/api/actions/{waits}/why")).await;
    assert_eq!(why["reasons"][0]["code"], "daily_cap", "{why}");
    assert!(why["reasons"][0]["why"].as_str().unwrap().contains("2 of 1"), "{why}");
    // Whoever is on another plan does not notice.
    let other = like(&fleet, &json!({"account": "ada"}), 3).await;
    fleet.reaches(&other, "done").await;
    assert_eq!(fleet.done("ben", "like").await.len(), 2);
    // It outlives its coordinator, and holds after that, too.
    assert_eq!(fleet.stop().await, 0);
    fleet.restart().await;
    let found = fleet.get("/api/plans/tiny").await;
    assert_eq!((&found["plan"]["daily"], &found["accounts"]), (&json!(1), &json!(["ben"])));
    let why = fleet.get(&format!("/api/actions/{waits}/why")).await;
    assert_eq!(why["reasons"][0]["code"], "daily_cap", "{why}");
    put(&fleet, "/api/plans/tiny", json!({"daily": 3})).await;
    fleet.reaches(&waits, "done").await;
    let told = |event: &Value| event["type"] == "act" && event["code"] == "plan.set";
    let acts = fleet.events(told).await;
    assert_eq!(acts.len(), 3, "{acts:?}");
    assert_eq!((&acts[0]["outcome"], &acts[0]["by"]), (&json!("tiny"), &json!("lena")));
    assert_eq!(fleet.stop().await, 0);
}

/// What is refused, each with its code, why, and what to do.
fn never_works() -> Vec<(&'static str, Value, &'static str, &'static str, &'static str)> {
    vec![
        ("/api/plans/shy", json!({"daily": -1}), "bad_plan", "`daily` is below 0", "0 for never"),
        ("/api/plans/shy", json!({"dayly": 1}), "bad_plan", "`dayly`", "did you mean `daily`?"),
        (
            "/api/plans/shy",
            json!({"kinds": {"lkie": {"daily": 1}}}),
            "bad_plan",
            "there is no kind `lkie`",
            "did you mean `like`?",
        ),
        ("/api/plans/shy", json!({"hours": ["8-22"]}), "bad_plan", "08:30-22:00", ""),
        ("/api/plans/Shy!", json!({}), "bad_name", "is not a name", "another name"),
        ("/api/plans/free", json!({"daily": 1}), "in_file", "settings' file", "[plans.free]"),
        ("/api/pools/spare", json!({"site": "plaza"}), "in_file", "file", "[pools.spare]"),
        ("/api/pools/new", json!({}), "bad_pool", "it has no member", "`accounts`"),
        (
            "/api/pools/new",
            json!({"accounts": ["adaa"]}),
            "bad_pool",
            "there is no account `adaa`",
            "did you mean `ada`?",
        ),
        ("/api/pools/new", json!({"site": "plasa"}), "bad_pool", "`plasa`", "`plaza`?"),
        ("/api/pools/new", json!({"plan": "fre"}), "bad_pool", "no plan `fre`", "`free`?"),
        (
            "/api/pools/new",
            json!({"site": "plaza", "fallback": ["crw"]}),
            "bad_pool",
            "there is no pool `crw`",
            "did you mean `crew`?",
        ),
        (
            "/api/pools/new",
            json!({"site": "plaza", "strategy": "lur"}),
            "bad_pool",
            "unknown variant `lur`",
            "did you mean `lru`?",
        ),
        ("/api/proxies/out", json!({"url": "ftp://h:1"}), "bad_proxy", "no proxy", "#proxies"),
        ("/api/proxies/out", json!({"url": "http://a:b@h"}), "bad_proxy", "credentials", ""),
        (
            "/api/proxies/out",
            json!({"url": "http://h:1", "password": "pw"}),
            "bad_proxy",
            "no user name",
            "",
        ),
    ]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_could_never_work_or_is_the_files_is_refused_with_what_to_do() {
    let home = Home::new().await.settings(POOLS).account("ada", "");
    let mut fleet = home.start().await;
    for (path, body, code, why, fix) in never_works() {
        let (_, said) = put(&fleet, path, body.clone()).await;
        assert_eq!(said["code"], code, "{path} {body}: {said}");
        let word = |name: &str| said[name].as_str().unwrap();
        assert!(word("why").contains(why) || word("why").contains("not a proxy"), "{body}: {said}");
        assert!(word("fix").contains(fix), "{body}: {said}");
    }
    let none = fleet.get("/api/proxies").await;
    assert_eq!(none["proxies"], json!([]), "nothing was kept");
    let sealed = fleet.get("/api/plans").await;
    let plans = sealed["plans"].as_array().unwrap();
    assert!(plans.iter().all(|plan| plan["kept"] == "file"), "{sealed}");
    assert_eq!(fleet.stop().await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_somebody_uses_is_not_removed() {
    let home = Home::new().await.settings(POOLS).account("ada", "");
    let mut fleet = home.start().await;
    put(&fleet, "/api/plans/tiny", json!({})).await;
    put(&fleet, "/api/pools/few", json!({"plan": "tiny"})).await;
    put(&fleet, "/api/pools/more", json!({"site": "plaza", "fallback": ["few"]})).await;
    add(&fleet, "ben", "tiny").await;
    for (path, status, why) in [
        ("/api/plans/tiny", 409, "in use: by the account `ben`"),
        ("/api/plans/free", 409, "kept in the settings' file"),
        ("/api/pools/spare", 409, "kept in the settings' file"),
        ("/api/pools/few", 409, "in use: by the pool `more`"),
        ("/api/plans/nothing", 404, "there is no plan `nothing`"),
        ("/api/pools/nothing", 404, "there is no pool `nothing`"),
    ] {
        let (found, said) = delete(&fleet, path).await;
        assert_eq!(found, status, "{path}: {said}");
        assert!(said["why"].as_str().unwrap().contains(why), "{path}: {said}");
    }
    let ben = json!({"id": "ben", "site": "plaza", "username": "ben", "plan": "free"});
    assert_eq!(put(&fleet, "/api/accounts/ben", ben).await.0, 200);
    let (_, said) = delete(&fleet, "/api/plans/tiny").await;
    assert!(said["why"].as_str().unwrap().contains("in use: by the pool `few`"), "{said}");
    assert_eq!(delete(&fleet, "/api/pools/more").await.0, 200);
    assert_eq!(delete(&fleet, "/api/pools/few").await.0, 200);
    assert_eq!(delete(&fleet, "/api/plans/tiny").await.0, 200);
    assert_eq!(fleet.stop().await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_has_seen_another_revision_changes_nothing() {
    let mut fleet = Home::new().await.start().await;
    let path = "/api/plans/tiny";
    let put = async |daily: u32, head: &str| {
        ask(&fleet, Method::PUT, path, &json!({"daily": daily}), head).await
    };
    let first = put(1, "if-none-match: *").await;
    assert_eq!(first.status(), 201);
    let tag = first.headers()["etag"].to_str().unwrap().to_owned();
    assert_eq!(put(2, "if-none-match: *").await.status(), 412, "there is one by now");
    let second = put(2, &format!("if-match: {tag}")).await;
    assert_eq!(second.status(), 200);
    let late = put(3, &format!("if-match: {tag}")).await;
    assert_eq!(late.status(), 412);
    let problem: Value = late.json().await.unwrap();
    assert_eq!(problem["code"], "changed_meanwhile", "{problem}");
    assert!(problem["fix"].as_str().unwrap().contains("ETag"), "{problem}");
    assert_eq!(put(3, "if-match: soon").await.status(), 400);
    let found = fleet.home.http.get(fleet.url(path)).send().await.unwrap();
    assert_eq!(found.headers()["etag"], second.headers()["etag"]);
    assert_eq!(found.json::<Value>().await.unwrap()["plan"]["daily"], 2);
    assert_eq!(fleet.stop().await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pools_members_change_while_it_works_and_one_that_is_removed_is_known_no_more() {
    let mut fleet = Home::new().await.account("ada", "").account("ben", "").start().await;
    let crew = json!({"pool": "crew"});
    for (post, who) in [(1, "ada"), (2, "ben")] {
        let (_, made) = put(&fleet, "/api/pools/crew", json!({"accounts": [who]})).await;
        assert_eq!(made["kept"], "hand", "{made}");
        let id = like(&fleet, &crew, post).await;
        assert_eq!(fleet.reaches(&id, "done").await["account"], who);
    }
    let found = fleet.get("/api/pools/crew").await;
    assert_eq!(found["members"], json!(["ben"]), "{found}");
    // What waits for it keeps it.
    let pause = json!({"reason": "a look"}).to_string();
    fleet.post("/api/accounts/ben/pause", pause).await;
    let waits = like(&fleet, &crew, 3).await;
    let (status, said) = delete(&fleet, "/api/pools/crew").await;
    assert_eq!(status, 409, "{said}");
    assert!(said["why"].as_str().unwrap().contains("actions wait for it: 1"), "{said}");
    fleet.post("/api/accounts/ben/resume", "{}").await;
    fleet.reaches(&waits, "done").await;
    let (status, said) = delete(&fleet, "/api/pools/crew").await;
    assert_eq!(status, 200, "{said}");
    let action = json!({"pool": "crew", "kind": "like", "target": "post:4"}).to_string();
    let (_, _, refused) = fleet.post("/api/actions", action).await;
    assert_eq!(refused["code"], "unknown_pool", "{refused}");
    assert_eq!(fleet.stop().await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_proxys_password_is_sealed_and_never_told_and_accounts_go_by_its_name() {
    let any = "127.0.0.1:0".parse().unwrap();
    let real = PracticeProxy::start(Speaks::Http, any, "walkon", "canary-pw").await.unwrap();
    let mut fleet = Home::new().await.start().await;
    let home = &fleet.home;
    let file = home.secret("proxy.password", "canary-pw\n").display().to_string();
    let url = format!("http://{}", real.address());
    let add = ["proxy", "add", "out", &url, "--username", "walkon"];
    let said = home.run(&add).await;
    assert_eq!(said.code, 0, "{said:?}");
    let said = home.run(&["proxy", "test", "out"]).await;
    assert_eq!(said.code, 1, "without its password: {said:?}");
    assert!(said.err.contains("does not do"), "{}", said.err);
    let said = home.run(&[&add[..], &["--password-file", &file]].concat()).await;
    assert_eq!(said.code, 0, "{said:?}");
    let said = home.run(&["proxy", "test", "out", "--json"]).await;
    assert_eq!((said.code, &said.json()["good"]), (0, &json!(true)), "{said:?}");
    // Put again without its password, it keeps it.
    let (_, kept) =
        put(&fleet, "/api/proxies/out", json!({"url": url, "username": "walkon"})).await;
    assert_eq!(kept["password"], true, "{kept}");
    assert!(!fleet.get("/api/proxies").await.to_string().contains("canary-pw"));
    let database = std::fs::read(home.data().join("walkon.db")).unwrap();
    let log = std::fs::read(home.data().join("walkon.db-wal")).unwrap_or_default();
    let bytes = [database, log].concat();
    assert!(!bytes.windows(9).any(|some| some == b"canary-pw"), "it lies open in the database");
    let ada = json!({"id": "ada", "site": "plaza", "username": "ada", "proxy": {"name": "out"},
        "plan": "free", "password_file": home.secret("ada.password", "ada-secret")});
    let (status, _, body) = fleet.post("/api/accounts", ada.to_string()).await;
    assert_eq!(status, 201, "{body}");
    let (_, _, health) = fleet.post("/api/accounts/ada/health", "{}").await;
    let checks = health["checks"].as_array().unwrap();
    let proxy = checks.iter().find(|one| one["check"] == "proxy").unwrap();
    assert!(["good", "warning"].contains(&proxy["grade"].as_str().unwrap()), "{proxy}");
    let (status, said) = delete(&fleet, "/api/proxies/out").await;
    assert_eq!((status, &said["code"]), (409, &json!("in_use")), "{said}");
    let (_, said) = put(&fleet, "/api/accounts/ada/proxy", json!({"name": "owt"})).await;
    assert!(said["why"].as_str().unwrap().contains("there is no proxy `owt`"), "{said}");
    assert!(said.to_string().contains("did you mean `out`?"), "{said}");
    delete(&fleet, "/api/accounts/ada/proxy").await;
    let said = fleet.home.run(&["proxy", "remove", "out"]).await;
    assert_eq!((said.code, said.out.trim()), (0, "proxy out is removed"), "{said:?}");
    assert_eq!(fleet.stop().await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn plans_are_set_and_removed_by_command_and_each_act_is_written_down() {
    let mut fleet = Home::new().await.account("ada", "").start().await;
    let home = &fleet.home;
    let file = home.path("tiny.toml");
    std::fs::write(&file, "daily = 2\n\n[kinds.like]\ncooldown = \"10s\"\n").unwrap();
    let file = file.display().to_string();
    let said = home.run(&["plan", "set", "tiny", "--file", &file]).await;
    assert_eq!((said.code, said.out.trim()), (0, "plan tiny holds from now on"), "{said:?}");
    let said = home.run(&["plan", "set", "tiny", "--file", &file, "--new"]).await;
    assert_eq!(said.code, 3, "{said:?}");
    let list = home.run(&["plan", "list"]).await.out;
    let words = |name: &str| {
        let line = list.lines().find(|line| line.starts_with(name)).unwrap();
        line.split_whitespace().map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(words("tiny"), ["tiny", "database", "0", "2"]);
    assert_eq!(words("free")[..3], ["free", "walkon.toml", "1"]);
    let shown = home.run(&["plan", "show", "tiny"]).await.json();
    assert_eq!(shown["plan"]["kinds"]["like"]["cooldown"], "10s");
    let said = home.run(&["plan", "remove", "tiny", "--why", "not needed"]).await;
    assert_eq!(said.code, 0, "{said:?}");
    let log = eventually("both are written down", async || {
        let said = home.run(&["audit", "list", "--json"]).await.json();
        if said.as_array().unwrap().len() >= 2 { Ok(said) } else { Err(said) }
    })
    .await;
    let line =
        |entry: &Value| [&entry["action"], &entry["outcome"], &entry["why"]].map(Value::clone);
    assert_eq!(line(&log[1])[..2], [json!("plan.set"), json!("tiny")]);
    assert_eq!(line(&log[0]), [json!("plan.remove"), json!("tiny"), json!("not needed")]);
    assert_eq!(fleet.stop().await, 0);
}
