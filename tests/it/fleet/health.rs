//! How accounts are, as their operator sees it: checks, stops, and what lets them go on.

use serde_json::{Value, json};
use walkon::egress::{PracticeProxy, Speaks};

use crate::support::eventually;
use crate::support::fleet::{Home, TestFleet};

/// What an account needs to act by API.
fn token(home: &Home, id: &str) -> String {
    let file = home.secret(&format!("{id}.token"), &format!("tok-{id}"));
    format!("token_file = \"{}\"\n", file.display())
}

/// A home with accounts that act by API and by browser.
async fn with_tokens(ids: &[&str]) -> Home {
    let mut home = Home::new().await;
    for id in ids {
        let token = token(&home, id);
        home = home.account(id, &token);
    }
    home
}

/// Lets Plaza tell the fleet of what happens to an account.
async fn subscribe(fleet: &TestFleet, id: &str) {
    let url = format!("http://{}/graph/v23.0/me/subscribed_apps", fleet.home.plaza.site);
    let query = [("subscribed_fields", "comments,messages")];
    let call = fleet.home.http.post(url).query(&query).bearer_auth(format!("tok-{id}"));
    assert!(call.send().await.unwrap().status().is_success());
}

async fn check(fleet: &TestFleet, id: &str) -> Value {
    let (status, _, health) = fleet.post(&format!("/api/accounts/{id}/health"), "{}").await;
    assert_eq!(status, 200, "{health}");
    health
}

/// What one check came to.
fn of<'a>(health: &'a Value, check: &str) -> &'a Value {
    let checks = health["checks"].as_array().unwrap();
    checks.iter().find(|one| one["check"] == check).unwrap_or_else(|| panic!("{health}"))
}

fn grades(health: &Value) -> Vec<(&str, &str)> {
    let checks = health["checks"].as_array().unwrap();
    let text = |value: &'_ Value| value.as_str().unwrap().to_owned();
    let pairs: Vec<_> =
        checks.iter().map(|one| (text(&one["check"]), text(&one["grade"]))).collect();
    let known = [
        "connection",
        "token",
        "permissions",
        "webhook",
        "lanes",
        "capacity",
        "proxy",
        "profile",
        "sign_in",
        "grant",
    ];
    let grades = ["good", "warning", "critical", "unknown", "skipped"];
    let own = |list: &[&'static str], name: &str| *list.iter().find(|one| **one == name).unwrap();
    pairs.iter().map(|(check, grade)| (own(&known, check), own(&grades, grade))).collect()
}

fn like(account: &str, post: u32) -> Value {
    json!({"account": account, "kind": "like", "target": format!("post:{post}")})
}

async fn alert(fleet: &TestFleet, key: &str) -> Option<Value> {
    let answer = fleet.get("/api/alerts").await;
    answer["alerts"].as_array().unwrap().iter().find(|one| one["alert"]["key"] == key).cloned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_check_on_demand_says_what_it_found_and_what_it_could_not_look_at() {
    let home = with_tokens(&["ada"]).await.account("ben", "");
    let mut fleet = home.start().await;
    let found = check(&fleet, "ada").await;
    assert_eq!(found["level"], "warning", "{found}");
    assert_eq!(of(&found, "webhook")["why"], "the site does not tell us of comments, messages");
    subscribe(&fleet, "ada").await;
    let found = check(&fleet, "ada").await;
    assert_eq!(found["level"], "healthy", "{found}");
    let expected = [
        ("connection", "good"),
        ("token", "good"),
        ("permissions", "good"),
        ("webhook", "good"),
        ("lanes", "good"),
        ("capacity", "good"),
        ("proxy", "skipped"),
        ("profile", "good"),
        ("sign_in", "skipped"),
        ("grant", "skipped"),
    ];
    assert_eq!(grades(&found), expected);
    assert!(of(&found, "connection")["ms"].is_u64(), "{found}");
    assert!(of(&found, "token")["why"].as_str().unwrap().ends_with("59 days"), "{found}");
    // By browser alone there is no token to look at; who answers is the site.
    let found = check(&fleet, "ben").await;
    assert_eq!(found["level"], "healthy", "{found}");
    assert_eq!(of(&found, "token")["grade"], "skipped");
    assert_eq!(of(&found, "token")["why"], "it has no API token");
    // Once it has signed in that is seen, too.
    let id = fleet.enqueue(&like("ben", 7)).await;
    fleet.reaches(&id, "done").await;
    assert_eq!(of(&check(&fleet, "ben").await, "sign_in")["grade"], "good");
    let said = fleet.home.run(&["account", "health", "ada"]).await;
    assert!(said.code == 0 && said.out.starts_with("ada is healthy, since "), "{said:?}");
    assert!(said.out.contains("grant        skipped  its site is on this machine"), "{}", said.out);
    let said = fleet.home.run(&["account", "health", "zoe"]).await;
    assert_eq!(said.code, 3, "{said:?}");
    let history = fleet.get("/api/accounts/ada/health").await;
    assert_eq!(history["now"]["level"], "healthy", "{history}");
    assert_eq!(history["history"][0]["level"], "warning", "{history}");
    let page = fleet.home.http.get(fleet.url("/accounts/ada")).send().await.unwrap();
    let page = page.text().await.unwrap();
    let now = page.split("<h2>Health").nth(1).unwrap();
    let (now, before) = now.split_once("<h3>Before</h3>").expect("it was a warning before");
    assert!(now.contains("healthy") && now.contains("<b>connection</b>"), "{now}");
    assert!(before.contains("<b>warning</b>"), "{before}");
    let warned = fleet.get("/api/health?level=warning").await;
    assert_eq!(warned["health"], json!([]), "{warned}");
    assert_eq!(fleet.stop().await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_critical_account_stops_in_the_middle_of_what_it_does_and_no_other_notices() {
    let home = with_tokens(&["ada", "ben"]).await.settings("[worker]\nslots = 2\n");
    let mut fleet = home.start().await;
    subscribe(&fleet, "ben").await;
    // It is at it: its browser waits for a page.
    let slow = json!({"fault": "delay", "ms": 20_000, "account": "ada", "paths": "/p/7"});
    let first = fleet.enqueue(&like("ada", 6)).await;
    fleet.reaches(&first, "done").await;
    fleet.fault(&slow).await;
    let id = fleet.enqueue(&like("ada", 7)).await;
    fleet.reaches(&id, "running").await;
    fleet.fault(&json!({"fault": "password_changed", "account": "ada"})).await;
    let found = check(&fleet, "ada").await;
    assert_eq!(
        (&found["level"], of(&found, "token")["grade"].as_str()),
        (&json!("critical"), Some("critical"))
    );
    let held = fleet.account("ada", |account| account["state"] == "suspended").await;
    assert_eq!(held["holds"][0]["kind"], "health", "{held}");
    let reason = held["holds"][0]["reason"].as_str().unwrap();
    assert!(reason.contains("changed their password"), "{held}");
    // What ran is not done, by neither route.
    fleet.no_faults().await;
    fleet.reaches(&id, "waiting").await;
    let hide = json!({"account": "ada", "kind": "comment", "target": "post:7",
        "with": {"text": "Not now."}});
    let by_api = fleet.enqueue(&hide).await;
    let other = fleet.enqueue(&like("ben", 7)).await;
    fleet.reaches(&other, "done").await;
    for id in [&id, &by_api] {
        let why = fleet.home.run(&["action", "why", id]).await;
        assert!(why.out.contains("held (health: "), "{why:?}");
    }
    assert_eq!(fleet.done("ada", "like").await.len(), 1, "only the first");
    let told = alert(&fleet, "health:ada").await.unwrap();
    assert_eq!(told["alert"]["severity"], "critical", "{told}");
    assert!(told["alert"]["why"].as_str().unwrap().contains("changed their password"), "{told}");
    assert!(alert(&fleet, "health:ben").await.is_none());
    // All is well again, and still a person must look.
    subscribe(&fleet, "ada").await;
    assert_eq!(check(&fleet, "ada").await["level"], "healthy");
    let account = fleet.get("/api/accounts/ada").await;
    assert_eq!(account["state"], "suspended", "{account}");
    let said = fleet.home.run(&["account", "release", "ada", "--hold", "health"]).await;
    assert!(said.out.contains("ada is active"), "{said:?}");
    fleet.reaches(&id, "done").await;
    fleet.reaches(&by_api, "done").await;
    assert!(alert(&fleet, "health:ada").await.unwrap()["over"].is_string());
    assert_eq!(fleet.stop().await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rounds_by_themselves_stop_what_is_away_and_let_it_go_on_and_a_ban_never_passes() {
    let home = with_tokens(&["ada", "ben", "cleo"]).await;
    let home = home.env("WALKON__HEALTH__EVERY", "200ms").env("WALKON__HEALTH__PATIENCE", "2");
    let mut fleet = home.start().await;
    fleet.fault(&json!({"fault": "server_error", "account": "ada", "paths": "/graph"})).await;
    fleet.fault(&json!({"fault": "ban", "account": "ben"})).await;
    let away = fleet.account("ada", |account| account["state"] == "paused").await;
    assert_eq!(
        (&away["holds"][0]["kind"], &away["holds"][0]["passes"]),
        (&json!("health"), &json!(true))
    );
    let banned = fleet.account("ben", |account| account["state"] == "suspended").await;
    assert_eq!(banned["holds"][0]["passes"], Value::Null, "{banned}");
    fleet.no_faults().await;
    fleet.account("ada", |account| account["state"] == "active").await;
    // Ben is seen to be well for rounds on end, and stays where he is.
    eventually("ben's checks go on", async || {
        let health = fleet.get("/api/accounts/ben/health").await;
        let now = &health["now"];
        if now["level"] != "critical" && now["rounds"].as_u64() >= Some(3) {
            Ok(())
        } else {
            Err(health)
        }
    })
    .await;
    assert_eq!(fleet.get("/api/accounts/ben").await["state"], "suspended");
    let audit = fleet.home.run(&["audit", "list", "--account", "ada", "--json"]).await;
    assert!(audit.out.contains("\"lift\"") && audit.out.contains("\"health\""), "{audit:?}");
    assert_eq!(fleet.get("/api/accounts/cleo").await["state"], "active");
    assert_eq!(fleet.stop().await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_that_ends_or_lacks_something_needs_an_eye_and_goes_on() {
    let mut fleet = with_tokens(&["ada"]).await.start().await;
    subscribe(&fleet, "ada").await;
    fleet.fault(&json!({"fault": "token_ends", "account": "ada", "days": 3})).await;
    fleet.fault(&json!({"fault": "scope_lost", "account": "ada"})).await;
    let found = check(&fleet, "ada").await;
    assert_eq!(found["level"], "warning", "{found}");
    assert_eq!(of(&found, "token")["grade"], "warning", "{found}");
    let lacks = of(&found, "permissions")["why"].as_str().unwrap();
    assert_eq!(lacks, "its token lacks instagram_business_manage_messages");
    assert_eq!(fleet.get("/api/accounts/ada").await["state"], "active");
    assert_eq!(alert(&fleet, "health:ada").await.unwrap()["alert"]["severity"], "warning");
    fleet.no_faults().await;
    assert_eq!(check(&fleet, "ada").await["level"], "healthy");
    assert!(alert(&fleet, "health:ada").await.unwrap()["over"].is_string());
    assert_eq!(fleet.stop().await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_proxy_is_held_to_the_address_it_should_leave_from() {
    let start = |at: &str| {
        let at = format!("{at}:0").parse().unwrap();
        PracticeProxy::start(Speaks::Http, at, "walkon", "pw")
    };
    let (one, other) = (start("127.0.0.11").await.unwrap(), start("127.0.0.12").await.unwrap());
    let home = Home::new().await;
    let secret = home.secret("proxy.password", "pw");
    let wrong = home.secret("wrong.password", "other");
    let through = |proxy: &PracticeProxy, secret: &std::path::Path, exit: &str| {
        format!(
            "proxy = {{ url = \"http://{}\", username = \"walkon\", exit = \"{exit}\", \
             password_file = \"{}\" }}\n",
            proxy.address(),
            secret.display()
        )
    };
    let echo = format!("http://{}/address", home.plaza.site);
    let home = home
        .env("WALKON__HEALTH__ECHO", &echo)
        .account("ada", &through(&one, &secret, "127.0.0.11"))
        .account("ben", &through(&other, &secret, "127.0.0.11"))
        .account("cleo", &through(&one, &wrong, "127.0.0.11"));
    let mut fleet = home.start().await;
    let found = check(&fleet, "ada").await;
    let proxy = of(&found, "proxy");
    assert_eq!(
        (&proxy["grade"], &proxy["seen"]),
        (&json!("good"), &json!("127.0.0.11")),
        "{found}"
    );
    let found = check(&fleet, "ben").await;
    let proxy = of(&found, "proxy");
    assert_eq!(proxy["why"], "it leaves from 127.0.0.12, not from 127.0.0.11", "{found}");
    assert_eq!(fleet.get("/api/accounts/ben").await["state"], "suspended");
    let found = check(&fleet, "cleo").await;
    assert_eq!(of(&found, "proxy")["grade"], "critical", "{found}");
    assert!(of(&found, "proxy")["why"].as_str().unwrap().contains("refused the credentials"));
    assert_eq!(of(&found, "connection")["grade"], "skipped", "{found}");
    assert_eq!(fleet.get("/api/accounts/cleo").await["state"], "suspended");
    assert_eq!(fleet.stop().await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_account_rests_when_the_platform_says_so_and_the_later_end_stands() {
    let mut fleet = with_tokens(&["ada"]).await.start().await;
    fleet.fault(&json!({"fault": "usage", "account": "ada", "used": 96, "minutes": 19})).await;
    let comment = |text: &str| {
        let with = json!({"text": text});
        json!({"account": "ada", "kind": "comment", "target": "post:7", "with": with})
    };
    let first = fleet.enqueue(&comment("One.")).await;
    fleet.reaches(&first, "done").await;
    let rests = fleet.account("ada", |account| account["state"] == "paused").await;
    assert_eq!(rests["holds"][0]["kind"], "quota", "{rests}");
    let until = rests["holds"][0]["until"].as_str().unwrap().to_owned();
    let second = fleet.enqueue(&comment("Two.")).await;
    let why = fleet.home.run(&["action", "why", &second]).await;
    assert!(why.out.contains("held (quota: "), "{why:?}");
    let told = alert(&fleet, "capacity:ada").await.unwrap();
    assert!(told["alert"]["why"].as_str().unwrap().contains("96 %"), "{told}");
    // The next answer names a nearer end: the later one stands.
    fleet.no_faults().await;
    fleet.fault(&json!({"fault": "usage", "account": "ada", "used": 100, "minutes": 1})).await;
    let found = check(&fleet, "ada").await;
    assert_eq!(of(&found, "capacity")["grade"], "warning", "{found}");
    let account = fleet.get("/api/accounts/ada").await;
    assert_eq!(account["holds"][0]["until"], until.as_str(), "{account}");
    assert_eq!(fleet.done("ada", "comment").await.len(), 1);
    assert_eq!(fleet.stop().await, 0);
}
