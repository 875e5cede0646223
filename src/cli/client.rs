//! The CLI's way to a running fleet: its HTTP API.

use std::path::Path;
use std::time::Duration;

use serde_json::Value;
use walkon_core::bundle::Secret;
use walkon_core::fault::causes;

use super::report::{Code, Failure};
use crate::config::Config;
use crate::web::access::BY;

/// How long an answer may take.
const ANSWER_MAX: Duration = Duration::from_secs(20);

/// A client of the coordinator's API.
pub(super) struct Client {
    http: reqwest::Client,
    base: String,
    /// Who asks.
    by: String,
    /// What proves it, where that is needed.
    token: Option<Secret>,
    /// Whether to print JSON.
    pub(super) json: bool,
}

impl Client {
    pub(super) fn new(url: Option<&str>, config: &Config, json: bool) -> Result<Self, Failure> {
        let base = url.map_or_else(|| format!("http://{}", config.web.listen), str::to_owned);
        let http = reqwest::Client::builder().no_proxy().timeout(ANSWER_MAX).build();
        let http = http.map_err(|error| Failure::system("could not make a client", &error))?;
        let user = nix::unistd::User::from_uid(nix::unistd::getuid()).ok().flatten();
        let by = user.map_or_else(|| nix::unistd::getuid().to_string(), |user| user.name);
        let file = &config.web.token_file;
        let token = if file.as_os_str().is_empty() { None } else { Some(read_token(file)?) };
        Ok(Self { http, by, token, base: base.trim_end_matches('/').to_owned(), json })
    }

    /// The address of a page.
    pub(super) fn page(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    pub(super) async fn get(&self, path: &str) -> Result<Value, Failure> {
        self.answer(self.http.get(self.page(path))).await
    }

    pub(super) async fn post(
        &self,
        path: &str,
        body: impl Into<reqwest::Body>,
    ) -> Result<Value, Failure> {
        let request = self.http.post(self.page(path)).header("content-type", "application/json");
        let request = request.header(BY, &self.by);
        self.answer(request.body(body)).await
    }

    pub(super) async fn put(
        &self,
        path: &str,
        body: impl Into<reqwest::Body>,
        only_new: bool,
    ) -> Result<Value, Failure> {
        let request = self.http.put(self.page(path)).header("content-type", "application/json");
        let request = if only_new { request.header("if-none-match", "*") } else { request };
        self.answer(request.header(BY, &self.by).body(body)).await
    }

    pub(super) async fn delete(
        &self,
        path: &str,
        body: impl Into<reqwest::Body>,
    ) -> Result<Value, Failure> {
        let request = self.http.delete(self.page(path)).header("content-type", "application/json");
        self.answer(request.header(BY, &self.by).body(body)).await
    }

    /// Whether there is something at a path.
    pub(super) async fn is_there(&self, path: &str) -> Result<bool, Failure> {
        let answer = self.shown(self.http.get(self.page(path))).send().await;
        let answer = answer.map_err(|error| self.away(error))?;
        Ok(answer.status() != reqwest::StatusCode::NOT_FOUND)
    }

    fn shown(&self, request: reqwest::RequestBuilder) -> reqwest::RequestBuilder {
        match &self.token {
            Some(token) => request.bearer_auth(token.expose()),
            None => request,
        }
    }

    fn away(&self, error: reqwest::Error) -> Failure {
        Failure {
            what: format!("no fleet answers at {}", self.base),
            causes: causes(&error.without_url()),
            remedy: Some("start one with `walkon up`, or name it with --url".to_owned()),
            code: Code::Unreachable,
        }
    }

    async fn answer(&self, request: reqwest::RequestBuilder) -> Result<Value, Failure> {
        let request = self.shown(request);
        let answer = request.send().await.map_err(|error| self.away(error))?;
        let status = answer.status();
        let body = answer.bytes().await.map_err(|error| self.away(error))?;
        let body: Value = serde_json::from_slice(&body).unwrap_or(Value::Null);
        if status.is_success() {
            return Ok(body);
        }
        let text = |name: &str| body[name].as_str().map(str::to_owned);
        let code = if status.is_server_error() { Code::Failed } else { Code::Refused };
        let what = text("why").unwrap_or_else(|| format!("the coordinator answered {status}"));
        Err(Failure { what, causes: Vec::new(), remedy: text("fix"), code })
    }
}

fn read_token(file: &Path) -> Result<Secret, Failure> {
    let text = std::fs::read_to_string(file).map_err(|error| Failure {
        what: format!("could not read `web.token_file` {}", file.display()),
        causes: vec![error.to_string()],
        remedy: Some("check the path and its owner".to_owned()),
        code: Code::Host,
    })?;
    Ok(Secret::new(text.trim().to_owned()))
}
