//! The desk of another process: JSON over HTTP with a worker token.

use std::time::Duration;

use async_trait::async_trait;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use walkon_core::bundle::{Bundle, Secret};
use walkon_core::fault::in_one_line;
use walkon_core::grant::{Metered, Slice};
use walkon_core::id::{ActionId, SessionId, WorkerId};
use walkon_core::lease::{Ask, Claim, HandBack, Lease, Token};
use walkon_core::outcome::Settlement;
use walkon_core::pressure::Pressure;
use walkon_core::storage_state::StorageState;

use super::{Chunk, Desk, Error, Go, Next, OneTime, STEP_PATIENCE};

/// How long a call may take beyond the patience it states.
const CALL_MAX: Duration = Duration::from_secs(10);

/// The desk of another process.
#[derive(Debug, Clone)]
pub struct HttpDesk {
    client: reqwest::Client,
    /// `http://127.0.0.1:7411/desk`
    base: String,
    token: Secret,
}

/// What is sent to claim.
#[derive(Debug, Serialize, Deserialize)]
pub struct ClaimCall {
    /// What the worker asks for.
    pub ask: Ask,
    /// How long it will wait, in milliseconds.
    pub patience_ms: u64,
}

/// What is sent with a lease.
#[derive(Debug, Serialize, Deserialize)]
pub struct LeaseCall<T> {
    /// The lease.
    pub lease: Lease,
    /// The rest.
    pub body: T,
}

/// What is sent to finish.
#[derive(Debug, Serialize, Deserialize)]
pub struct FinishCall {
    /// The action.
    pub action: ActionId,
    /// How it went.
    pub settlement: Settlement,
    /// Whether the lease stays.
    pub keep: bool,
}

/// What is sent to ask whether a step may begin.
#[derive(Debug, Serialize, Deserialize)]
pub struct StepCall {
    /// The action.
    pub action: ActionId,
    /// The step.
    pub next: Next,
}

/// What is sent to extend.
#[derive(Debug, Serialize, Deserialize)]
pub struct ExtendCall {
    /// Who.
    pub worker: WorkerId,
    /// What.
    pub leases: Vec<Lease>,
}

/// What is sent to ask for a slice.
#[derive(Debug, Serialize, Deserialize)]
pub struct SliceCall {
    /// Of what.
    pub what: Metered,
    /// How many at most.
    pub many: u32,
}

/// What is sent to tell.
#[derive(Debug, Serialize, Deserialize)]
pub struct TellCall {
    /// Who.
    pub worker: WorkerId,
    /// How it stands.
    pub pressure: Pressure,
}

/// What is sent to upload; the bytes are base 64.
#[derive(Debug, Serialize, Deserialize)]
pub struct UploadCall {
    /// Of which session.
    pub session: SessionId,
    /// Which file of it.
    pub file: String,
    /// Where in the file.
    pub offset: u64,
    /// The bytes.
    pub base64: String,
}

impl UploadCall {
    /// The piece it carries; `None`: its bytes are not base 64.
    pub fn chunk(self) -> Option<Chunk> {
        let bytes = STANDARD.decode(self.base64).ok()?;
        Some(Chunk { session: self.session, file: self.file, offset: self.offset, bytes })
    }
}

impl HttpDesk {
    /// A desk at the coordinator's address: `http://127.0.0.1:7411`.
    pub fn new(coordinator: &str, token: Secret) -> Result<Self, Error> {
        let client = reqwest::Client::builder()
            .no_proxy()
            .connect_timeout(Duration::from_secs(2))
            .build()
            .map_err(|error| Error::Failed { why: error.to_string() })?;
        Ok(Self { client, base: format!("{}/desk", coordinator.trim_end_matches('/')), token })
    }

    async fn call<Q, A>(&self, verb: &str, body: &Q, patience: Duration) -> Result<A, Error>
    where
        Q: Serialize + Sync,
        A: DeserializeOwned,
    {
        let unreachable = |error: reqwest::Error| Error::Unreachable { why: in_one_line(&error) };
        let answer = self
            .client
            .post(format!("{}/{verb}", self.base))
            .bearer_auth(self.token.expose())
            .timeout(patience + CALL_MAX)
            .json(body)
            .send()
            .await
            .map_err(unreachable)?;
        let status = answer.status();
        let bytes = answer.bytes().await.map_err(unreachable)?;
        let unreadable = |error: serde_json::Error| Error::Failed {
            why: format!("its answer to `{verb}` ({status}) is not readable: {error}"),
        };
        if status.is_success() {
            return serde_json::from_slice(&bytes).map_err(unreadable);
        }
        Err(serde_json::from_slice(&bytes).unwrap_or_else(unreadable))
    }
}

#[async_trait]
impl Desk for HttpDesk {
    async fn claim(&self, ask: &Ask, patience: Duration) -> Result<Claim, Error> {
        let patience_ms = patience.as_millis() as u64;
        self.call("claim", &ClaimCall { ask: ask.clone(), patience_ms }, patience).await
    }

    async fn begin(&self, lease: &Lease, action: &ActionId) -> Result<(), Error> {
        let call = LeaseCall { lease: lease.clone(), body: action.clone() };
        self.call("begin", &call, Duration::ZERO).await
    }

    async fn extend(&self, worker: &WorkerId, leases: &[Lease]) -> Result<Vec<Token>, Error> {
        let call = ExtendCall { worker: worker.clone(), leases: leases.to_vec() };
        self.call("extend", &call, Duration::ZERO).await
    }

    async fn heed(&self, leases: &[Lease]) -> Result<Vec<Token>, Error> {
        self.call("heed", &leases, Duration::ZERO).await
    }

    async fn finish(
        &self,
        lease: &Lease,
        action: &ActionId,
        settlement: &Settlement,
        keep: bool,
    ) -> Result<(), Error> {
        let body = FinishCall { action: action.clone(), settlement: settlement.clone(), keep };
        self.call("finish", &LeaseCall { lease: lease.clone(), body }, Duration::ZERO).await
    }

    async fn release(&self, lease: &Lease, action: Option<&HandBack>) -> Result<(), Error> {
        let call = LeaseCall { lease: lease.clone(), body: action.cloned() };
        self.call("release", &call, Duration::ZERO).await
    }

    async fn slice(&self, lease: &Lease, what: Metered, many: u32) -> Result<Slice, Error> {
        let call = LeaseCall { lease: lease.clone(), body: SliceCall { what, many } };
        self.call("slice", &call, Duration::ZERO).await
    }

    async fn code(&self, lease: &Lease, since: Timestamp) -> Result<OneTime, Error> {
        self.call("code", &LeaseCall { lease: lease.clone(), body: since }, Duration::ZERO).await
    }

    async fn bundle(&self, lease: &Lease) -> Result<Bundle, Error> {
        self.call("bundle", &LeaseCall { lease: lease.clone(), body: () }, Duration::ZERO).await
    }

    async fn file(&self, lease: &Lease, name: &str) -> Result<Option<Vec<u8>>, Error> {
        let call = LeaseCall { lease: lease.clone(), body: name.to_owned() };
        let base64: Option<String> = self.call("file", &call, Duration::ZERO).await?;
        let unreadable = |_| Error::Failed { why: "the file is not base 64".to_owned() };
        base64.map(|base64| STANDARD.decode(base64).map_err(unreadable)).transpose()
    }

    async fn step(&self, lease: &Lease, action: &ActionId, next: &Next) -> Result<Go, Error> {
        let body = StepCall { action: action.clone(), next: next.clone() };
        self.call("step", &LeaseCall { lease: lease.clone(), body }, STEP_PATIENCE).await
    }

    async fn checkpoint(&self, lease: &Lease, state: &StorageState) -> Result<(), Error> {
        let call = LeaseCall { lease: lease.clone(), body: state.clone() };
        self.call("checkpoint", &call, Duration::ZERO).await
    }

    async fn tell(&self, worker: &WorkerId, pressure: &Pressure) -> Result<(), Error> {
        let call = TellCall { worker: worker.clone(), pressure: pressure.clone() };
        self.call("tell", &call, Duration::ZERO).await
    }

    async fn upload(&self, lease: &Lease, chunk: Chunk) -> Result<(), Error> {
        let base64 = STANDARD.encode(&chunk.bytes);
        let Chunk { session, file, offset, .. } = chunk;
        let body = UploadCall { session, file, offset, base64 };
        self.call("upload", &LeaseCall { lease: lease.clone(), body }, Duration::ZERO).await
    }
}
