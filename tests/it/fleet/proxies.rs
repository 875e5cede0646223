//! Proxies that are dead or refuse: the action is not run, and nobody goes out another way.

use serde_json::{Value, json};
use walkon::egress::{PracticeProxy, Speaks};

use crate::support::fixture;
use crate::support::fleet::Home;
use crate::support::ports::free_address;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dead_and_a_refusing_proxy_are_told_apart_and_nothing_is_done_without_them() {
    if fixture::driver().is_none() {
        return;
    }
    let any = "127.0.0.1:0".parse().unwrap();
    let refusing = PracticeProxy::start(Speaks::Http, any, "walkon", "another").await.unwrap();
    let socks = PracticeProxy::start(Speaks::Socks5, any, "walkon", "another").await.unwrap();
    let home = Home::new().await.chromium().settings("[worker]\nslots = 3\n");
    let secret = home.secret("proxy.password", "proxy-secret");
    let through = |url: String| {
        format!(
            "proxy = {{ url = \"{url}\", username = \"walkon\", password_file = \"{}\" }}\n",
            secret.display()
        )
    };
    let (nobody, http, socks5) = (
        through(format!("http://{}", free_address())),
        through(format!("http://{}", refusing.address())),
        through(format!("socks5://{}", socks.address())),
    );
    let home = home.account("ada", &nobody).account("ben", &http).account("cleo", &socks5);
    let mut fleet = home.start().await;
    let cases = [("ada", "proxy_unreachable"), ("ben", "proxy_refused"), ("cleo", "proxy_refused")];
    for (account, code) in cases {
        let id =
            fleet.enqueue(&json!({"account": account, "kind": "like", "target": "post:7"})).await;
        let event = fleet
            .event(code, |event| event["action"] == id.as_str() && event["code"] == code)
            .await;
        assert!(["retrying", "failed"].contains(&event["type"].as_str().unwrap()), "{event}");
        assert!(event["why"].as_str().unwrap().contains("proxy"), "{event}");
    }
    assert_eq!(fleet.ledger().await.len(), 0);
    let visitors = fleet.home.http.get(format!("http://{}/requests", fleet.home.plaza.control));
    let visitors: Value = visitors.send().await.unwrap().json().await.unwrap();
    // The coordinator asks for the site's grant, under its own name; no browser came.
    let is_browser = |visitor: &&Value| visitor["user_agent"] != "walkon/0.1.0";
    let browsers = visitors["visitors"].as_array().unwrap().iter().filter(is_browser).count();
    assert_eq!(browsers, 0, "nobody came by another way: {visitors}");
    assert_eq!(fleet.stop().await, 0);
}
