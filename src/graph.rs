//! The official API: one client for one account.
//!
//! A call that changes something ends in one of three ways, and the caller must tell them apart:
//! it was carried out, it was refused before anything was made, or nobody knows. [`Error`] says
//! which. The table of codes follows Meta's error reference for Instagram.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde_json::Value;
use walkon_core::bundle::Secret;
use walkon_core::capacity::Capacity;

mod account;
mod error;
mod usage;

pub use account::{Me, Publishing, TokenFacts};
pub use error::{Error, Refusal};

/// How long a call may take.
const CALL_MAX: Duration = Duration::from_secs(15);
/// How long connecting may take.
const CONNECT_MAX: Duration = Duration::from_secs(3);

/// What carries the calls of any number of accounts.
#[derive(Debug, Clone)]
pub struct Carrier(reqwest::Client);

/// A client of the official API for one account.
#[derive(Debug, Clone)]
pub struct Graph {
    client: reqwest::Client,
    base: String,
    token: Secret,
    /// The worst that was said of the limits.
    said: Arc<Mutex<Option<Capacity>>>,
}

impl Carrier {
    /// A carrier without connections.
    pub fn new() -> Result<Self, Error> {
        Self::trusting(None)
    }

    /// The same that trusts certificates in PEM besides the system's: for one site alone.
    pub fn trusting(roots: Option<&str>) -> Result<Self, Error> {
        let bad = |error: reqwest::Error| Error::NeverSent { why: error.to_string() };
        let roots = roots.map(|pem| reqwest::Certificate::from_pem_bundle(pem.as_bytes()));
        let roots = roots.transpose().map_err(bad)?.unwrap_or_default();
        let client = reqwest::Client::builder()
            .tls_certs_merge(roots)
            .no_proxy()
            .timeout(CALL_MAX)
            .connect_timeout(CONNECT_MAX)
            .user_agent(concat!("walkon/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(bad)?;
        Ok(Self(client))
    }

    /// A client at an API's address, version included: `http://127.0.0.1:7400/graph/v23.0`.
    pub fn of(&self, base: &str, token: Secret) -> Graph {
        let base = base.trim_end_matches('/').to_owned();
        Graph { client: self.0.clone(), base, token, said: Arc::default() }
    }
}

impl Graph {
    /// A client with a carrier of its own.
    pub fn new(base: &str, token: Secret) -> Result<Self, Error> {
        Ok(Carrier::new()?.of(base, token))
    }

    /// The worst that answers have said of the platform's limits; `None`: they said nothing.
    pub fn capacity(&self) -> Option<Capacity> {
        self.said.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Reads a node or an edge: `7/comments` with `fields=…`.
    pub async fn get(&self, path: &str, query: &[(&str, &str)]) -> Result<Value, Error> {
        self.call(self.client.get(self.url(path)).query(query)).await
    }

    /// Changes or makes something, its parameters as a form.
    pub async fn post(&self, path: &str, form: &[(&str, &str)]) -> Result<Value, Error> {
        self.call(self.client.post(self.url(path)).form(form)).await
    }

    /// Changes something by parameters in the address, as `hide` wants it.
    pub async fn post_query(&self, path: &str, query: &[(&str, &str)]) -> Result<Value, Error> {
        self.call(self.client.post(self.url(path)).query(query)).await
    }

    /// Makes something, its parameters as JSON.
    pub async fn post_json(&self, path: &str, body: &Value) -> Result<Value, Error> {
        self.call(self.client.post(self.url(path)).json(body)).await
    }

    /// Removes something.
    pub async fn delete(&self, path: &str) -> Result<Value, Error> {
        self.call(self.client.delete(self.url(path))).await
    }

    fn url(&self, path: &str) -> String {
        format!("{}/{path}", self.base)
    }

    async fn call(&self, request: reqwest::RequestBuilder) -> Result<Value, Error> {
        // The token goes into a header: addresses end up in logs.
        let sent = request.bearer_auth(self.token.expose()).send().await;
        let answer = sent.map_err(|error| Error::of_transport(&error))?;
        if let Some(said) = usage::read(answer.headers()) {
            let mut known = self.said.lock().unwrap_or_else(PoisonError::into_inner);
            *known = Some(known.take().map_or(said.clone(), |before| before.worse(said)));
        }
        let status = answer.status().as_u16();
        let retry_after = answer
            .headers()
            .get(reqwest::header::RETRY_AFTER)
            .and_then(|value| value.to_str().ok()?.parse().ok())
            .map(Duration::from_secs);
        let body = answer.bytes().await.map_err(|error| Error::of_transport(&error))?;
        // A body that is not JSON says nothing: with a good status, nobody knows.
        let body: Value = serde_json::from_slice(&body).unwrap_or(Value::Null);
        Error::check(status, retry_after, body)
    }
}
