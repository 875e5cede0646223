//! Asking an origin for its grant.
//!
//! One question, strictly: https with a certificate that holds, no redirect, no proxy, no cookie,
//! 64 KiB and five seconds at most, and the connection goes to the very address that was checked.

use std::time::Duration;

use reqwest::{StatusCode, header};
use walkon_core::bundle::Login;
use walkon_core::fault::in_one_line;
use walkon_core::grant::{BYTES_MAX, Code, Denied, WELL_KNOWN};
use walkon_core::origin::WebOrigin;
use walkon_core::site::Private;

use super::origin::Origin;
use super::resolve::{Unresolved, resolve};

/// How long the whole question may take.
const ASK_MAX: Duration = Duration::from_secs(5);

/// A file of grants as it came, and how long the site lets it be kept.
pub type Found = (String, Option<i64>);

/// Asks origins for their grants.
#[derive(Debug, Clone)]
pub struct WellKnown {
    /// How it says who asks.
    pub agent: String,
    /// Certificates, in PEM, that are trusted besides the system's.
    pub roots: Vec<Vec<u8>>,
    /// How long the whole question may take.
    pub patience: Duration,
}

impl Default for WellKnown {
    fn default() -> Self {
        Self { agent: "walkon".to_owned(), roots: Vec::new(), patience: ASK_MAX }
    }
}

fn unreachable(why: String) -> Denied {
    Denied::new(Code::AuthorisationUnreachable, why)
}

impl WellKnown {
    /// The file that an origin publishes, or why there is none.
    pub async fn ask(
        &self,
        origin: &WebOrigin,
        private: Option<&Private>,
    ) -> Result<Found, Denied> {
        self.ask_as(origin, private, None).await
    }

    /// The same of a site that asks for a name and a password before it shows anything.
    pub async fn ask_as(
        &self,
        origin: &WebOrigin,
        private: Option<&Private>,
        login: Option<&Login>,
    ) -> Result<Found, Denied> {
        match tokio::time::timeout(self.patience, self.answer(origin, private, login)).await {
            Ok(answer) => answer,
            Err(_) => Err(unreachable(format!("{origin} took longer than {:?}", self.patience))),
        }
    }

    async fn answer(
        &self,
        origin: &WebOrigin,
        private: Option<&Private>,
        login: Option<&Login>,
    ) -> Result<Found, Denied> {
        let plain = origin.is_loopback() || private.is_some_and(|private| private.plain_http);
        if !origin.is_https() && !plain {
            let why = format!("{origin} is not https, so nobody can tell who wrote its grant");
            return Err(Denied::new(Code::SchemeDenied, why));
        }
        let client = self.client(origin, private).await?;
        let url = format!("{origin}{WELL_KNOWN}");
        let mut asked = client.get(&url).header(header::ACCEPT, "application/json");
        if let Some(Login { username, password }) = login {
            asked = asked.basic_auth(username, Some(password.expose()));
        }
        let answer = asked.send().await.map_err(|error| {
            unreachable(format!("{url} does not answer: {}", in_one_line(&error.without_url())))
        })?;
        judged(&url, &answer)?;
        let max_age = max_age(answer.headers());
        Ok((body(&url, answer).await?, max_age))
    }

    /// A client for one origin, which knows the checked addresses and no others.
    async fn client(
        &self,
        origin: &WebOrigin,
        private: Option<&Private>,
    ) -> Result<reqwest::Client, Denied> {
        let own: Origin =
            origin.as_str().parse().map_err(|error| unreachable(format!("{error}")))?;
        // An address is checked here, too: the client would not look it up.
        let addresses = resolve(&own, private).await.map_err(|error| match error {
            Unresolved::Private(..) => Denied::new(Code::PrivateAddress, error.to_string()),
            Unresolved::Unknown(..) => unreachable(error.to_string()),
        })?;
        let mut client = reqwest::Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .referer(false)
            .user_agent(&self.agent)
            .timeout(self.patience)
            .resolve_to_addrs(&own.host, &addresses);
        let own = private.and_then(|private| private.ca.as_ref()).map(String::as_bytes);
        for root in self.roots.iter().map(Vec::as_slice).chain(own) {
            let roots = reqwest::Certificate::from_pem_bundle(root)
                .map_err(|error| unreachable(format!("a certificate to trust: {error}")))?;
            client = client.tls_certs_merge(roots);
        }
        client.build().map_err(|error| unreachable(in_one_line(&error)))
    }
}

/// Whether the answer is one.
fn judged(url: &str, answer: &reqwest::Response) -> Result<(), Denied> {
    let status = answer.status();
    if status == StatusCode::OK {
        return Ok(());
    }
    if status.is_redirection() {
        let to = answer.headers().get(header::LOCATION).and_then(|to| to.to_str().ok());
        let why = format!("{url} leads to {}", to.unwrap_or("somewhere else"));
        return Err(Denied::new(Code::AuthorisationRedirected, why));
    }
    let why = format!("{url} answers {status}");
    if status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS {
        return Err(unreachable(why));
    }
    Err(Denied::new(Code::AuthorisationMissing, why))
}

async fn body(url: &str, mut answer: reqwest::Response) -> Result<String, Denied> {
    let mut bytes = Vec::new();
    loop {
        match answer.chunk().await {
            Ok(Some(chunk)) if bytes.len() + chunk.len() > BYTES_MAX => {
                let why = format!("{url} has more than {BYTES_MAX} bytes");
                return Err(Denied::new(Code::AuthorisationTooLarge, why));
            }
            Ok(Some(chunk)) => bytes.extend_from_slice(&chunk),
            Ok(None) => break,
            Err(error) => {
                let why = in_one_line(&error.without_url());
                return Err(unreachable(format!("{url} broke off: {why}")));
            }
        }
    }
    let why = |_| Denied::new(Code::AuthorisationMalformed, format!("{url} is not UTF-8"));
    String::from_utf8(bytes).map_err(why)
}

/// How long an answer may be kept, in seconds.
fn max_age(headers: &header::HeaderMap) -> Option<i64> {
    let control = headers.get(header::CACHE_CONTROL)?.to_str().ok()?;
    let mut parts = control.split(',').map(str::trim);
    if parts.clone().any(|part| part == "no-store" || part == "no-cache") {
        return Some(0);
    }
    parts.find_map(|part| part.strip_prefix("max-age=")?.parse().ok())
}
