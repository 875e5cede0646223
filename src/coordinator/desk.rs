//! The coordinator's desk, as workers see it.

use std::time::Duration;

use async_trait::async_trait;
use tokio::time::Instant;
use walkon_core::bundle::Bundle;
use walkon_core::fault::in_one_line;
use walkon_core::id::{ActionId, WorkerId};
use walkon_core::lease::{Ask, Claim, HandBack, Lease, Token};
use walkon_core::outcome::Settlement;
use walkon_core::storage_state::StorageState;

use super::Coordinator;
use crate::desk::{Chunk, Desk, Error};
use crate::queue::{self, Begun, Settled, Shut};

/// The longest a claim may wait at the desk.
const PATIENCE_MAX: Duration = Duration::from_secs(30);

fn queue_failed(error: &queue::Error) -> Error {
    Error::Failed { why: in_one_line(error) }
}

fn since_the_claim(by: Shut) -> &'static str {
    match by {
        Shut::Paused => "a person has paused it",
        Shut::Held => "its account was held",
        Shut::Hours => "its account's active hours have ended",
    }
}

impl Coordinator {
    /// Proves that a lease is live, by renewing it.
    async fn prove(&self, lease: &Lease) -> Result<(), Error> {
        let lost = self
            .queue
            .extend(std::slice::from_ref(lease))
            .await
            .map_err(|error| queue_failed(&error))?;
        if lost.is_empty() { Ok(()) } else { Err(Error::Fenced) }
    }
}

#[async_trait]
impl Desk for Coordinator {
    async fn claim(&self, ask: &Ask, patience: Duration) -> Result<Claim, Error> {
        let asked = Instant::now();
        let until = asked + patience.min(PATIENCE_MAX);
        loop {
            let waited = asked.elapsed();
            let mut claim = self.queue.claim(ask).await.map_err(|error| queue_failed(&error))?;
            let next = match &mut claim {
                Claim::Work(claimed) => {
                    claimed.waited = waited;
                    return Ok(claim);
                }
                Claim::Nothing { next } => *next,
                Claim::Shut { next, .. } => Some(*next),
            };
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(claim);
            }
            let wait = next.map_or(left, |next| next.min(left));
            self.queue
                .wait(&ask.worker, &ask.classes, wait)
                .await
                .map_err(|error| queue_failed(&error))?;
        }
    }

    async fn begin(&self, lease: &Lease, action: &ActionId) -> Result<(), Error> {
        match self.queue.begin(lease, action).await.map_err(|error| queue_failed(&error))? {
            Begun::Go => Ok(()),
            Begun::Fenced => Err(Error::Fenced),
            Begun::Full => Err(Error::CapFull),
            Begun::Shut(by) => Err(Error::NotNow { why: since_the_claim(by).to_owned() }),
        }
    }

    async fn extend(&self, _: &WorkerId, leases: &[Lease]) -> Result<Vec<Token>, Error> {
        let lost = self.queue.extend(leases).await.map_err(|error| queue_failed(&error))?;
        Ok(lost.into_iter().map(|lease| lease.token).collect())
    }

    async fn heed(&self, leases: &[Lease]) -> Result<Vec<Token>, Error> {
        let told = self.queue.heed(leases).await.map_err(|error| queue_failed(&error))?;
        Ok(told.into_iter().map(|lease| lease.token).collect())
    }

    async fn finish(
        &self,
        lease: &Lease,
        action: &ActionId,
        settlement: &Settlement,
        keep: bool,
    ) -> Result<(), Error> {
        let settled = self.queue.finish(lease, action, settlement, keep).await;
        match settled.map_err(|error| queue_failed(&error))? {
            Settled::Fenced => Err(Error::Fenced),
            Settled::As { kept, .. } if keep && !kept => Err(Error::Fenced),
            Settled::As { .. } => Ok(()),
        }
    }

    async fn release(&self, lease: &Lease, action: Option<&HandBack>) -> Result<(), Error> {
        let released = self.queue.release(lease, action).await;
        if released.map_err(|error| queue_failed(&error))? { Ok(()) } else { Err(Error::Fenced) }
    }

    async fn bundle(&self, lease: &Lease) -> Result<Bundle, Error> {
        self.prove(lease).await?;
        Coordinator::bundle(self, &lease.account).await.map_err(|why| Error::Failed { why })
    }

    async fn checkpoint(&self, lease: &Lease, state: &StorageState) -> Result<(), Error> {
        self.prove(lease).await?;
        let kept = self.store.keep_state(&lease.account, &lease.token, state).await;
        let kept = kept.map_err(|error| Error::Failed { why: in_one_line(&error) })?;
        if kept { Ok(()) } else { Err(Error::Fenced) }
    }

    async fn upload(&self, lease: &Lease, chunk: Chunk) -> Result<(), Error> {
        self.prove(lease).await?;
        let archive = self.archive.clone();
        let kept = tokio::task::spawn_blocking(move || archive.keep(&chunk)).await;
        let kept = kept.map_err(|panic| Error::Failed { why: panic.to_string() })?;
        kept.map_err(|error| Error::Failed { why: in_one_line(&error) })
    }
}
