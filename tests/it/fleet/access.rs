//! Who is let in, and for what: each route with each scope, and people at the pages.

use std::collections::BTreeMap;

use reqwest::{Method, Response};
use serde_json::{Value, json};
use walkon::store::tokens::Tokens as _;
use walkon::web::route::Needs;
use walkon_core::api_token::{self, ApiScope, ApiToken};
use walkon_core::clock::{Clock as _, SystemClock};

use crate::fleet::sealed::store;
use crate::support::fleet::{Home, TestFleet};

async fn guarded() -> TestFleet {
    let home = Home::new().await.env("WALKON__WEB__SIGN_IN", "always").account("ada", "");
    home.start().await
}

async fn token(fleet: &TestFleet, name: &str, scopes: &[&str]) -> String {
    let mut words = vec!["token", "new", name];
    words.extend(scopes.iter().flat_map(|scope| ["--scope", scope]));
    let said = fleet.home.run(&words).await;
    assert_eq!(said.code, 0, "{said:?}");
    said.out.trim().to_owned()
}

async fn call(fleet: &TestFleet, method: &str, path: &str, token: Option<&str>) -> (u16, Value) {
    // One that no account and no action is called, so that nothing is changed.
    let path: Vec<_> =
        path.split('/').map(|p| if p.starts_with('{') { "nobody" } else { p }).collect();
    let method: Method = method.parse().unwrap();
    let mut request = fleet.home.http.request(method.clone(), fleet.url(&path.join("/")));
    if method != Method::GET {
        request = request.header("content-type", "application/json").body("{}");
    }
    if let Some(token) = token {
        request = request.bearer_auth(token);
    }
    let answer = request.send().await.unwrap();
    let status = answer.status().as_u16();
    // A stream has no end: its status is all there is to know.
    let is_stream = path.last() == Some(&"live") && token.is_some() && status == 200;
    let text = if is_stream { String::new() } else { answer.text().await.unwrap() };
    (status, serde_json::from_str(&text).unwrap_or(Value::String(text)))
}

/// Every route there is: the API's and the pages' own tables.
fn routes() -> Vec<(&'static str, &'static str, Needs)> {
    let api = walkon::web::api::routes();
    let api = api.iter().map(|route| (route.method, route.path, route.needs));
    api.chain(walkon::web::pages::table()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_route_lets_in_its_own_scope_and_admin_and_no_other() {
    let mut fleet = guarded().await;
    let mut tokens = BTreeMap::new();
    for scope in ApiScope::ALL {
        tokens.insert(scope, token(&fleet, scope.name(), &[scope.name()]).await);
    }
    let routes = routes();
    assert!(routes.len() > 50, "{}", routes.len());
    for (method, path, needs) in routes {
        let Needs::Scope(needed) = needs else {
            let (status, body) = call(&fleet, method, path, None).await;
            assert!(status != 403 && (status != 401 || path == "/sign-in"), "{path}: {body}");
            continue;
        };
        let (status, body) = call(&fleet, method, path, None).await;
        if path.starts_with("/api/") {
            assert_eq!((status, &body["code"]), (401, &json!("no_token")), "{method} {path}");
        } else {
            // Followed to where one signs in, or told so.
            assert!(matches!(status, 200 | 401), "{method} {path}: {status}");
            assert!(status == 401 || body.as_str().unwrap().contains("Sign in"), "{path}");
        }
        for (scope, token) in &tokens {
            let (status, body) = call(&fleet, method, path, Some(token)).await;
            let is_let_in = status != 401 && (status != 403 || body["code"] == "not_allowed");
            let may = *scope == needed || *scope == ApiScope::Admin;
            assert_eq!(is_let_in, may, "{method} {path} with {scope}: {status} {body}");
            assert_ne!(body["code"], "no_such_route", "{method} {path}");
            if !may && path.starts_with("/api/") {
                assert_eq!((status, &body["code"]), (403, &json!("scope_missing")), "{path}");
                assert!(body["why"].as_str().unwrap().contains(needed.name()), "{body}");
            }
        }
    }
    assert_eq!(fleet.stop().await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_description_names_what_there_is_and_what_is_not_there_is_a_problem() {
    let mut fleet = guarded().await;
    let admin = token(&fleet, "root", &["admin"]).await;
    let described = fleet.get("/api/openapi.json").await;
    assert_eq!(described["openapi"], "3.1.0");
    let mut count = 0;
    for (path, operations) in described["paths"].as_object().unwrap() {
        for (method, operation) in operations.as_object().unwrap() {
            let method = method.to_uppercase();
            let (status, body) = call(&fleet, &method, path, Some(&admin)).await;
            assert_ne!(body["code"], "no_such_route", "{method} {path}: {status}");
            assert!(!operation["summary"].as_str().unwrap().is_empty(), "{method} {path}");
            count += 1;
        }
        let others = ["GET", "POST", "PUT", "DELETE"].into_iter();
        for method in others.filter(|name| operations.get(name.to_lowercase()).is_none()) {
            let (status, body) = call(&fleet, method, path, Some(&admin)).await;
            assert_eq!(status, 405, "{method} {path} is not described: {body}");
        }
    }
    assert_eq!(count, walkon::web::api::routes().len());
    let (status, body) = call(&fleet, "GET", "/api/acounts", Some(&admin)).await;
    assert_eq!((status, &body["code"]), (404, &json!("no_such_route")), "{body}");
    let (status, body) = call(&fleet, "DELETE", "/api/stats", Some(&admin)).await;
    assert_eq!((status, &body["code"]), (405, &json!("no_such_route")), "{body}");
    assert!(body["fix"].as_str().unwrap().contains("openapi.json"), "{body}");
    assert_eq!(fleet.stop().await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_that_is_no_good_says_why_and_one_that_was_revoked_ends_at_once() {
    let mut fleet = guarded().await;
    let good = token(&fleet, "deploy", &["accounts:read", "accounts:write"]).await;
    let (head, tail) = good.split_at(20);
    let other = if good.ends_with('x') { 'y' } else { 'x' };
    let now = SystemClock.now();
    let past = api_token::mint(&[9; 32]);
    let expired = ApiToken {
        id: api_token::id(past.expose()),
        name: "old".to_owned(),
        scopes: vec![ApiScope::Admin],
        created: now,
        expires: Some(now),
        revoked: None,
        used: None,
    };
    let kept = store(&fleet.home).await;
    kept.put_token(&expired, &api_token::hash(past.expose())).await.unwrap();
    for (shown, why) in [
        (format!("{head} {tail}"), "has a blank inside: it was pasted in two pieces"),
        (head.to_owned(), "was cut off"),
        (format!("{}{other}", &good[..good.len() - 1]), "is mistyped"),
        ("secret".to_owned(), "is no token of Walkon"),
        (api_token::mint(&[1; 32]).expose().to_owned(), "nobody has been given this token"),
        (past.expose().to_owned(), "has expired"),
    ] {
        let (status, body) = call(&fleet, "GET", "/api/accounts", Some(&shown)).await;
        assert_eq!((status, &body["code"]), (401, &json!("bad_token")), "{body}");
        assert!(body["why"].as_str().unwrap().contains(why), "{why}: {body}");
        assert!(!body.to_string().contains(tail), "what was shown is not told again: {body}");
    }
    assert_eq!(call(&fleet, "GET", "/api/accounts", Some(&good)).await.0, 200);
    // Files of secrets on the coordinator's host are read for who may have them read.
    let secret = fleet.home.secret("x.token", "tok-x");
    let text = json!([{"id": "eve", "site": "plaza", "username": "eve", "token_file": secret}]);
    let import = json!({"text": text.to_string(), "file": "a.json"}).to_string();
    let sent = fleet.home.http.post(fleet.url("/api/accounts/import")).bearer_auth(&good);
    let answer = sent.header("content-type", "application/json").body(import).send().await.unwrap();
    assert_eq!(answer.status(), 403);
    let body: Value = answer.json().await.unwrap();
    assert!(body["why"].as_str().unwrap().contains("`secrets:write` is missing"), "{body}");

    let file = fleet.home.secret("cli.token", &format!("{good}\n"));
    let said = fleet.home.run(&["account", "list"]).await;
    assert_eq!(said.code, 3, "{said:?}");
    assert!(
        said.err.contains("nothing says who asks") && said.err.contains("token new"),
        "{said:?}"
    );
    let mut command = fleet.home.command(&["account", "add", "cleo", "--site", "plaza"]);
    command.env("WALKON__WEB__TOKEN_FILE", &file);
    let added = tokio::task::spawn_blocking(move || command.output()).await.unwrap().unwrap();
    assert!(added.status.success(), "{}", String::from_utf8_lossy(&added.stderr));

    let listed = fleet.home.run(&["token", "list"]).await;
    assert!(listed.out.contains(&good[..12]) && listed.out.contains("accounts:read"), "{listed:?}");
    assert!(!listed.out.contains(tail), "a token is shown once: {listed:?}");
    assert_eq!(fleet.home.run(&["token", "revoke", &good[..12]]).await.code, 0);
    let (status, body) = call(&fleet, "GET", "/api/accounts", Some(&good)).await;
    assert_eq!(status, 401, "{body}");
    assert!(body["why"].as_str().unwrap().contains("was revoked"), "{body}");
    assert_eq!(fleet.home.run(&["token", "revoke", &good[..12]]).await.code, 3);
    let said = fleet.home.run(&["token", "new", "x", "--scope", "acounts:read"]).await;
    assert!(said.code == 2 && said.err.contains("did you mean `accounts:read`?"), "{said:?}");
    let log = fleet.home.run(&["audit", "list"]).await;
    assert!(log.out.contains("token.new") && log.out.contains("token.revoke"), "{log:?}");
    assert_eq!(fleet.stop().await, 0);
}

/// A browser of a person: it keeps its cookie, and follows nothing by itself.
struct Browser<'a> {
    fleet: &'a TestFleet,
    http: reqwest::Client,
    cookie: String,
}

impl<'a> Browser<'a> {
    fn new(fleet: &'a TestFleet) -> Self {
        let policy = reqwest::redirect::Policy::none();
        let http = reqwest::Client::builder().no_proxy().redirect(policy).build().unwrap();
        Self { fleet, http, cookie: String::new() }
    }

    async fn get(&self, path: &str) -> Response {
        self.http.get(self.fleet.url(path)).header("cookie", &self.cookie).send().await.unwrap()
    }

    async fn send(&self, path: &str, fields: &[(&str, &str)]) -> Response {
        let form = self.http.post(self.fleet.url(path)).header("cookie", &self.cookie).form(fields);
        form.header("sec-fetch-site", "same-origin").send().await.unwrap()
    }

    async fn sign_in(&mut self, token: &str) -> Response {
        let answer = self.send("/sign-in", &[("token", token), ("next", "/accounts?q=a")]).await;
        if let Some(cookie) = answer.headers().get("set-cookie") {
            let text = cookie.to_str().unwrap();
            for word in ["HttpOnly", "SameSite=Strict", "Path=/"] {
                assert!(text.contains(word), "{text}");
            }
            text.split(';').next().unwrap().clone_into(&mut self.cookie);
        }
        answer
    }
}

fn place(answer: &Response) -> (u16, String) {
    let to = answer.headers().get("location").map(|to| to.to_str().unwrap().to_owned());
    (answer.status().as_u16(), to.unwrap_or_default())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_person_signs_in_acts_under_their_name_and_signs_out() {
    let mut fleet = guarded().await;
    let maria = token(&fleet, "maria", &["admin"]).await;
    let reader = token(&fleet, "rick", &["accounts:read"]).await;
    let mut browser = Browser::new(&fleet);
    assert_eq!(
        place(&browser.get("/accounts?q=a").await),
        (303, "/sign-in?next=/accounts?q=a".into())
    );
    let wrong = browser.sign_in("wko_nothing").await;
    assert_eq!(wrong.status(), 401);
    assert!(wrong.text().await.unwrap().contains("was cut off"));
    assert_eq!(
        place(&browser.sign_in(&format!(" {maria}\n")).await),
        (303, "/accounts?q=a".into())
    );
    let page = browser.get("/accounts").await.text().await.unwrap();
    assert!(page.contains("maria") && page.contains("Sign out"), "{page}");
    let word = page.split("name=\"csrf\" value=\"").nth(1).unwrap().split('"').next().unwrap();
    let pause = "/accounts/ada/pause";
    let foreign = browser.send(pause, &[("reason", "x")]).await;
    assert_eq!(foreign.status(), 403);
    assert!(foreign.text().await.unwrap().contains("not come from a page of this sign-in"));
    let other = browser.send(pause, &[("reason", "x"), ("csrf", "wko_other")]).await;
    assert_eq!(other.status(), 403);
    let done = browser.send(pause, &[("reason", "holidays"), ("csrf", word)]).await;
    assert_eq!(place(&done).0, 303);
    let answer = browser.get("/api/accounts/ada").await;
    let account: Value = answer.json().await.unwrap();
    let hold = &account["holds"][0];
    assert_eq!((&hold["actor"], &hold["reason"]), (&json!("maria"), &json!("holidays")));
    // Who may only look is shown the page, and acts in vain.
    let mut other = Browser::new(&fleet);
    other.sign_in(&reader).await;
    let page = other.get("/accounts").await.text().await.unwrap();
    let own = page.split("name=\"csrf\" value=\"").nth(1).unwrap().split('"').next().unwrap();
    let refused = other.send("/accounts/ada/resume", &[("csrf", own)]).await;
    assert_eq!(refused.status(), 403);
    assert!(refused.text().await.unwrap().contains("fleet:control"));
    assert_eq!(other.get("/queue").await.status(), 403);
    let out = browser.send("/sign-out", &[("csrf", word)]).await;
    assert_eq!(place(&out), (303, "/sign-in".into()));
    assert_eq!(browser.get("/accounts").await.status(), 303, "the old cookie opens nothing");
    assert_eq!(fleet.home.run(&["token", "revoke", &reader[..12]]).await.code, 0);
    assert_eq!(other.get("/accounts").await.status(), 303, "who signed in with it is out");
    // Somebody who tries and tries has to wait.
    let mut last = 0;
    for _ in 0..14 {
        last = browser.sign_in("wko_nothing").await.status().as_u16();
    }
    assert_eq!(last, 429);
    assert_eq!(fleet.stop().await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn open_pages_on_loopback_notice_a_proxy_that_stands_in_front() {
    let mut fleet = Home::new().await.account("ada", "").start().await;
    let get = fleet.home.http.get(fleet.url("/api/accounts"));
    let answer = get.header("x-forwarded-for", "203.0.113.9").send().await.unwrap();
    assert_eq!(answer.status(), 403);
    assert!(answer.text().await.unwrap().contains("set `web.origin`"));
    assert_eq!(fleet.get("/api/accounts").await["accounts"].as_array().unwrap().len(), 1);
    assert_eq!(fleet.stop().await, 0);
}
