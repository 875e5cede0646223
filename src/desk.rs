//! The desk: all that a worker knows of our side.
//!
//! A worker claims, begins, renews and settles here, is handed the bundle of the account it holds,
//! and gives back storage state and recordings. In one process the coordinator's desk is called
//! directly; across processes [`http`] speaks to it with a worker token.

use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use walkon_core::bundle::{Bundle, Secret};
use walkon_core::grant::{Metered, Slice};
use walkon_core::id::{ActionId, SessionId, WorkerId};
use walkon_core::lease::{Ask, Claim, HandBack, Lease, Token};
use walkon_core::outcome::Settlement;
use walkon_core::pressure::Pressure;
use walkon_core::storage_state::StorageState;

pub mod http;

/// How long one question whether a step may begin waits for its answer.
pub const STEP_PATIENCE: Duration = Duration::from_secs(5);

/// Why a desk did not do as asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case", tag = "error")]
pub enum Error {
    /// The lease is no longer ours: stop acting and write nothing more.
    #[error("the lease was lost to somebody else")]
    Fenced,
    /// A new hour or day began since the claim and its cap is used up: settle it as not run.
    #[error("the cap of the window that has begun is used up")]
    CapFull,
    /// A pause, a hold or the end of the account's hours came since the claim: settle it as not
    /// run.
    #[error("since it was claimed {why}")]
    NotNow {
        /// What came.
        why: String,
    },
    /// Nobody answered; the call may or may not have been carried out. Repeating it is safe.
    #[error("the coordinator could not be reached: {why}")]
    Unreachable {
        /// As the system says it.
        why: String,
    },
    /// The desk does not know this worker.
    #[error("the coordinator refused the worker token")]
    Unauthorized,
    /// The desk could not do it.
    #[error("the coordinator could not: {why}")]
    Failed {
        /// In a sentence.
        why: String,
    },
}

/// What there is of an account's one-time codes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "code")]
pub enum OneTime {
    /// One.
    Is {
        /// Its digits.
        digits: Secret,
        /// Seconds until another counts instead; `None`: nobody knows.
        good_for: Option<u64>,
    },
    /// None has arrived yet: ask again.
    NotYet,
    /// The account has no second factor that we know of.
    Unknown,
}

/// A piece of a recording on its way to the coordinator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chunk {
    /// Of which session.
    pub session: SessionId,
    /// Its file inside the recording's folder: `events.jsonl`, `blobs/….jpg`.
    pub file: String,
    /// Where in the file it belongs; writing it twice does no harm.
    pub offset: u64,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// The step that an action waits at, where a person walks it step by step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Next {
    /// Its number.
    pub step: u32,
    /// What it does, in words, with no secret in it.
    pub title: String,
}

/// What a person says of the step that is next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Go {
    /// It may begin.
    On,
    /// Nothing yet: ask again.
    Wait,
    /// They have left: nothing more is to be done.
    Leave,
}

/// What a worker may ask of our side.
#[async_trait]
pub trait Desk: Send + Sync {
    /// The next due work, waiting up to `patience` for some to come due.
    async fn claim(&self, ask: &Ask, patience: Duration) -> Result<Claim, Error>;
    /// Writes down that the effect is about to be made.
    async fn begin(&self, lease: &Lease, action: &ActionId) -> Result<(), Error>;
    /// Renews leases; answers the tokens of those that are lost.
    async fn extend(&self, worker: &WorkerId, leases: &[Lease]) -> Result<Vec<Token>, Error>;
    /// Whose work is to stop at its next step, for a person has paused it: what has not begun goes
    /// back unspent, what has begun is finished.
    async fn heed(&self, leases: &[Lease]) -> Result<Vec<Token>, Error>;
    /// Settles an action. With `keep` the lease stays ours for the account's next due action.
    async fn finish(
        &self,
        lease: &Lease,
        action: &ActionId,
        settlement: &Settlement,
        keep: bool,
    ) -> Result<(), Error>;
    /// Gives a lease back; an action under it goes back unspent.
    async fn release(&self, lease: &Lease, action: Option<&HandBack>) -> Result<(), Error>;
    /// Some of what the account's site allows in a minute, charged before it is used: at most so
    /// many, good for [`Slice::LASTS`] from the moment it was asked for.
    async fn slice(&self, lease: &Lease, what: Metered, many: u32) -> Result<Slice, Error>;
    /// The account's own one-time code: by the clock, or the newest that came to it since then.
    async fn code(&self, lease: &Lease, since: Timestamp) -> Result<OneTime, Error>;
    /// Everything needed to act as the lease's account.
    async fn bundle(&self, lease: &Lease) -> Result<Bundle, Error>;
    /// A file of the account's site that its behaviors may upload; `None`: there is none of that
    /// name.
    async fn file(&self, lease: &Lease, name: &str) -> Result<Option<Vec<u8>>, Error>;
    /// Whether a person who walks an action step by step lets this step begin; waits up to
    /// [`STEP_PATIENCE`] for them to say so.
    async fn step(&self, lease: &Lease, action: &ActionId, next: &Next) -> Result<Go, Error>;
    /// Keeps the account's storage state.
    async fn checkpoint(&self, lease: &Lease, state: &StorageState) -> Result<(), Error>;
    /// Hears how a worker stands.
    async fn tell(&self, worker: &WorkerId, pressure: &Pressure) -> Result<(), Error> {
        let _ = (worker, pressure);
        Ok(())
    }
    /// Keeps a piece of a recording.
    async fn upload(&self, lease: &Lease, chunk: Chunk) -> Result<(), Error>;
}
