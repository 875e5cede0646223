//! A Plaza of one's own, and members who use it.

use std::net::SocketAddr;

use plaza::{Options, Running};
use reqwest::{Client, Response, StatusCode};
use serde_json::{Value, json};

/// One Plaza and a client for its control port.
pub(crate) struct Square {
    pub(crate) running: Running,
    control: Client,
}

/// A browser of sorts: cookies, no redirects.
pub(crate) struct Browser {
    site: SocketAddr,
    client: Client,
}

pub(crate) fn client() -> Client {
    let none = reqwest::redirect::Policy::none();
    // A second one is no error.
    let _ = rustls::crypto::ring::default_provider().install_default();
    Client::builder().cookie_store(true).redirect(none).user_agent("test/1").build().unwrap()
}

impl Square {
    pub(crate) async fn open() -> Self {
        let running = plaza::start(Options::default()).await.unwrap();
        Self { running, control: client() }
    }

    pub(crate) fn stranger(&self) -> Browser {
        Browser { site: self.running.site, client: client() }
    }

    pub(crate) async fn member(&self, username: &str) -> Browser {
        let browser = self.stranger();
        let password = format!("{username}-secret");
        let answer = browser.sign_in(username, &password).await;
        assert_eq!(answer.status(), StatusCode::SEE_OTHER);
        browser
    }

    fn control(&self, path: &str) -> String {
        format!("http://{}{path}", self.running.control)
    }

    pub(crate) async fn ask(&self, path: &str) -> Value {
        self.control.get(self.control(path)).send().await.unwrap().json().await.unwrap()
    }

    /// The ledger as (account, kind, target) lines.
    pub(crate) async fn deeds(&self) -> Vec<String> {
        let ledger = self.ask("/ledger").await;
        let word = |entry: &Value, name: &str| entry[name].as_str().unwrap().to_owned();
        let line =
            |e: &Value| format!("{} {} {}", word(e, "account"), word(e, "kind"), word(e, "target"));
        ledger.as_array().unwrap().iter().map(line).collect()
    }

    pub(crate) async fn fault(&self, fault: Value) {
        let post = self.control.post(self.control("/faults")).json(&fault);
        assert_eq!(post.send().await.unwrap().status(), StatusCode::CREATED);
    }

    pub(crate) async fn clear_faults(&self) {
        self.control.delete(self.control("/faults")).send().await.unwrap();
    }

    pub(crate) async fn reset(&self) {
        self.control.post(self.control("/reset")).send().await.unwrap();
    }
}

impl Browser {
    fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.site)
    }

    pub(crate) async fn sign_in(&self, username: &str, password: &str) -> Response {
        let form = [("username", username), ("password", password)];
        self.client.post(self.url("/signin")).form(&form).send().await.unwrap()
    }

    pub(crate) fn get(&self, path: &str) -> reqwest::RequestBuilder {
        self.client.get(self.url(path))
    }

    pub(crate) fn post(&self, path: &str) -> reqwest::RequestBuilder {
        self.client.post(self.url(path))
    }

    pub(crate) fn delete(&self, path: &str) -> reqwest::RequestBuilder {
        self.client.delete(self.url(path))
    }

    pub(crate) async fn page(&self, path: &str) -> String {
        let answer = self.get(path).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK, "{path}");
        answer.text().await.unwrap()
    }

    pub(crate) async fn read(&self, path: &str) -> Value {
        self.get(path).send().await.unwrap().json().await.unwrap()
    }

    /// Presses a button as the page's script does.
    pub(crate) async fn press(&self, path: &str) -> Value {
        let press = self.post(path).header("accept", "application/json");
        press.send().await.unwrap().json().await.unwrap()
    }

    /// Sends a composer's text as the page's script does.
    pub(crate) async fn write(&self, path: &str, text: &str) -> Value {
        let write = self.post(path).header("accept", "application/json").form(&[("text", text)]);
        write.send().await.unwrap().json().await.unwrap()
    }

    /// Posts JSON to the API as `username`.
    pub(crate) async fn call(&self, username: &str, path: &str, body: Value) -> Value {
        let call = self.post(&format!("/graph/v23.0{path}")).bearer_auth(token(username));
        call.json(&body).send().await.unwrap().json().await.unwrap()
    }

    /// Reads from the API as `username`.
    pub(crate) async fn look(&self, username: &str, path: &str) -> Value {
        let call = self.get(&format!("/graph/v23.0{path}")).bearer_auth(token(username));
        call.send().await.unwrap().json().await.unwrap()
    }
}

pub(crate) fn token(username: &str) -> String {
    format!("tok-{username}")
}

/// A fault for one account.
pub(crate) fn fault(account: &str, kind: &str) -> Value {
    json!({ "account": account, "fault": kind })
}
