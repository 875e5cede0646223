//! Alerts, as those who are told see them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::{Value, json};
use sha2::Sha256;

use crate::support::eventually;
use crate::support::fleet::Home;
use crate::support::receiver::{Receiver, Sent};

const KEY: &[u8] = b"a secret of twenty-four.";

/// A home that tells of alerts by every channel.
async fn telling(http: &Receiver, mail: &Receiver) -> Home {
    let home = Home::new().await;
    let secret = home.secret("webhook.secret", &format!("whsec_{}\n", STANDARD.encode(KEY)));
    home.env("WALKON__ALERTS__SLACK", &http.url("/slack"))
        .env("WALKON__ALERTS__WEBHOOK", &http.url("/hook"))
        .env("WALKON__ALERTS__WEBHOOK_SECRET_FILE", &secret.display().to_string())
        .env("WALKON__ALERTS__ALERTMANAGER", &http.url(""))
        .env("WALKON__ALERTS__GATHER", "50ms")
        .env("WALKON__ALERTS__EMAIL__HOST", "127.0.0.1")
        .env("WALKON__ALERTS__EMAIL__PORT", &mail.address.port().to_string())
        .env("WALKON__ALERTS__EMAIL__SECURITY", "none")
        .env("WALKON__ALERTS__EMAIL__FROM", "Walkon <walkon@example.com>")
        .env("WALKON__ALERTS__EMAIL__TO", "[\"ops@example.com\"]")
}

/// The first message to a path that is as wished.
async fn message(receiver: &Receiver, path: &str, wish: impl Fn(&Sent) -> bool) -> Sent {
    eventually(&format!("{path} is told"), async || {
        let all = receiver.sent(path);
        all.iter().find(|one| wish(one)).cloned().ok_or(all)
    })
    .await
}

fn says(words: &'static str) -> impl Fn(&Sent) -> bool {
    move |sent| sent.text.contains(words)
}

/// Checks a message as its receiver would.
fn verify(sent: &Sent) {
    let head = |name: &str| sent.headers[name].clone();
    let mut mac = Hmac::<Sha256>::new_from_slice(KEY).unwrap();
    let signed = format!("{}.{}.{}", head("webhook-id"), head("webhook-timestamp"), sent.text);
    mac.update(signed.as_bytes());
    let expected = format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()));
    assert_eq!(head("webhook-signature"), expected, "{sent:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_banned_account_is_told_of_by_every_channel_once_and_so_is_its_release() {
    let (http, mail) = (Receiver::http().await, Receiver::mail().await);
    let mut fleet = telling(&http, &mail).await.account("ada", "").start().await;
    fleet.fault(&json!({"fault": "ban", "account": "ada"})).await;
    let like = json!({"account": "ada", "kind": "like", "target": "post:7"});
    fleet.enqueue(&like).await;
    fleet.account("ada", |account| account["state"] == "suspended").await;
    let stopped = "ada is stopped until somebody has looked";
    message(&http, "/slack", says(stopped)).await;
    let hook = message(&http, "/hook", says(stopped)).await;
    verify(&hook);
    let told = &hook.json()["data"]["alerts"][0];
    assert_eq!((&told["status"], &told["key"]), (&json!("firing"), &json!("hold:ada:block")));
    assert!(told["fix"].as_str().unwrap().contains("walkon account release ada --hold block"));
    let fired = message(&http, "/api/v2/alerts", says(stopped)).await.json();
    assert_eq!(fired[0]["labels"]["account"], "ada", "{fired}");
    let letter = message(&mail, "letter", says(stopped)).await;
    assert!(letter.text.contains("Subject: [walkon] critical: "), "{}", letter.text);
    // Once: it stands for a while, and nobody hears of it again.
    let said = fleet.home.run(&["alerts", "list"]).await;
    assert!(said.out.contains(stopped) && said.code == 0, "{said:?}");
    let page = fleet.home.http.get(fleet.url("/alerts")).send().await.unwrap();
    let page = page.text().await.unwrap();
    assert!(page.contains(stopped) && page.contains("Told by slack"), "{page}");
    assert!(page.contains("<code>walkon account release ada --hold block</code>"), "{page}");
    let released = fleet.home.run(&["account", "release", "ada", "--hold", "block"]).await;
    assert_eq!(released.code, 0, "{released:?}");
    let over = message(&http, "/hook", says("\"resolved\"")).await;
    verify(&over);
    message(&http, "/slack", says(":white_check_mark:")).await;
    message(&http, "/api/v2/alerts", says("endsAt")).await;
    message(&mail, "letter", says("[walkon] over: ")).await;
    assert_eq!(http.sent("/hook").len(), 2, "{:?}", http.sent("/hook"));
    assert_eq!(http.sent("/slack").len(), 2, "{:?}", http.sent("/slack"));
    assert_eq!(mail.sent("letter").len(), 2, "{:?}", mail.sent("letter"));
    assert_eq!(fleet.stop().await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_test_reaches_every_channel_and_says_which_it_did_not() {
    let (http, mail) = (Receiver::http().await, Receiver::mail().await);
    let mut fleet = telling(&http, &mail).await.start().await;
    let said = fleet.home.run(&["alerts", "test"]).await;
    assert_eq!(said.code, 0, "{said:?}");
    assert_eq!(said.out.matches("was told").count(), 4, "{}", said.out);
    verify(&message(&http, "/hook", says("this is a test")).await);
    message(&mail, "letter", says("this is a test")).await;
    http.refuse(true);
    let said = fleet.home.run(&["alerts", "test", "--channel", "slack"]).await;
    assert_eq!(said.code, 4, "{said:?}");
    assert!(said.out.contains("slack refused: 503") && said.out.contains("remedy: "), "{said:?}");
    assert!(!said.out.contains(&http.address.to_string()), "its address is a secret: {said:?}");
    let said = fleet.home.run(&["alerts", "test", "--channel", "pager"]).await;
    assert!(said.code == 3 && said.err.contains("set are: "), "{said:?}");
    assert!(!fleet.log().contains("/slack"), "no log has the address");
    assert_eq!(fleet.stop().await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_could_not_be_told_is_told_later_also_by_a_coordinator_that_was_started_anew() {
    let (http, mail) = (Receiver::http().await, Receiver::mail().await);
    http.refuse(true);
    let mut fleet = telling(&http, &mail).await.account("ada", "").start().await;
    fleet.fault(&json!({"fault": "challenge", "account": "ada"})).await;
    fleet.enqueue(&json!({"account": "ada", "kind": "like", "target": "post:7"})).await;
    eventually("a channel has failed", async || {
        let alerts = fleet.get("/api/alerts").await;
        if alerts["alerts"][0]["told"]["slack"]["failures"].as_u64() >= Some(1) {
            Ok(())
        } else {
            Err(alerts)
        }
    })
    .await;
    assert_eq!(fleet.stop().await, 0);
    http.refuse(false);
    fleet.restart().await;
    message(&http, "/slack", says("ada is stopped")).await;
    assert_eq!(fleet.stop().await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cap_that_nears_its_end_is_told_of_by_level_and_is_over_with_its_window() {
    let (http, mail) = (Receiver::http().await, Receiver::mail().await);
    let home = telling(&http, &mail).await.settings("[plans.few.kinds.like]\ndaily = 5\n");
    // A lease that a busy host loses would use up one of the five.
    let home = home.env("WALKON__QUEUE__LEASE", "20s");
    let mut fleet = home.account("ada", "plan = \"few\"\n").start().await;
    for post in 1..=5 {
        let like = json!({"account": "ada", "kind": "like", "target": format!("post:{post}")});
        let id = fleet.enqueue(&like).await;
        fleet.reaches(&id, "done").await;
    }
    let last = message(&http, "/hook", says("5 of 5 used: 100 %")).await;
    let told = last.json()["data"]["alerts"][0].clone();
    assert_eq!((&told["code"], &told["severity"]), (&json!("quota"), &json!("critical")), "{told}");
    let alerts = fleet.get("/api/alerts?account=ada").await;
    let all = alerts["alerts"].as_array().unwrap();
    let quota: Vec<&Value> = all.iter().filter(|one| one["alert"]["code"] == "quota").collect();
    assert_eq!(quota.len(), 1, "one cap is one alert: {alerts}");
    assert!(quota[0]["alert"]["until"].is_string(), "{alerts}");
    assert_eq!(fleet.stop().await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn secrets_of_channels_are_no_part_of_a_file_of_settings() {
    for (toml, key) in [
        ("[alerts]\nslack = \"https://hooks.example/T0/s3cret\"\n", "alerts.slack"),
        ("[alerts]\nwebhook_secret = \"whsec_s3cret\"\n", "alerts.webhook_secret"),
        ("[alerts.email]\npassword = \"s3cret\"\n", "alerts.email.password"),
    ] {
        let home = Home::new().await.settings(toml);
        let said = home.fails_to_start().await;
        assert_eq!(said.code, 3, "{said:?}");
        assert!(said.err.contains(key) && said.err.contains("_file"), "{}", said.err);
        assert!(!said.err.contains("s3cret"), "{}", said.err);
    }
    let home = Home::new().await.settings("[alerts]\nalertmanager = \"somewhere\"\n");
    let said = home.fails_to_start().await;
    assert!(said.code == 3 && said.err.contains("alerts.alertmanager"), "{said:?}");
}
