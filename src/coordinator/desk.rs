//! The coordinator's desk, as workers see it.

use std::path::Path;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use tokio::time::Instant;
use walkon_core::bundle::Bundle;
use walkon_core::charge::Charge;
use walkon_core::fault::in_one_line;
use walkon_core::grant::{Metered, Slice};
use walkon_core::id::{ActionId, WorkerId};
use walkon_core::kind::EffectClass;
use walkon_core::lease::{Ask, Claim, Claimed, HandBack, Lease, Token};
use walkon_core::outcome::{Outcome, Settlement};
use walkon_core::pressure::Pressure;
use walkon_core::storage_state::StorageState;

use super::Coordinator;
use crate::catalog::site::FILE_BYTES_MAX;
use crate::desk::{Chunk, Desk, Error, Go, Next, OneTime, STEP_PATIENCE};
use crate::queue::{self, Begun, Released, Settled, Shut};

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
    /// Writes a charge into the books, if there is one, before what it was taken for may happen.
    async fn book(&self, charge: Option<Charge>) -> Result<(), Error> {
        let Some(charge) = charge else { return Ok(()) };
        let booked = self.store.charge(&charge).await;
        booked.map_err(|error| Error::Failed { why: in_one_line(&error) })
    }

    /// What leaves an effect begins with a write of its own, and is booked then. What leaves none
    /// has no such moment.
    async fn book_at_claim(&self, claimed: &Claimed, charge: Option<Charge>) -> Result<(), Error> {
        let looks = claimed.action.kind_row().effect == EffectClass::None;
        if looks { self.book(charge).await } else { Ok(()) }
    }

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

/// A file that may have grown since it was listed.
async fn read_bounded(path: &Path) -> std::io::Result<Vec<u8>> {
    use tokio::io::AsyncReadExt as _;
    let mut bytes = Vec::new();
    let file = tokio::fs::File::open(path).await?;
    file.take(FILE_BYTES_MAX + 1).read_to_end(&mut bytes).await?;
    if bytes.len() as u64 > FILE_BYTES_MAX {
        return Err(std::io::Error::other(format!("it has more than {FILE_BYTES_MAX} bytes")));
    }
    Ok(bytes)
}

#[async_trait]
impl Desk for Coordinator {
    async fn claim(&self, ask: &Ask, patience: Duration) -> Result<Claim, Error> {
        let asked = Instant::now();
        let until = asked + patience.min(PATIENCE_MAX);
        loop {
            let waited = asked.elapsed();
            let claimed = self.queue.claim_charged(ask).await;
            let (mut claim, charge) = claimed.map_err(|error| queue_failed(&error))?;
            let next = match &mut claim {
                Claim::Work(claimed) => {
                    self.book_at_claim(claimed, charge).await?;
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
        let begun = self.queue.begin_charged(lease, action).await;
        let (begun, charge) = begun.map_err(|error| queue_failed(&error))?;
        match begun {
            Begun::Go => self.book(charge).await,
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
        let settled = self.queue.finish_timed(lease, action, settlement, keep).await;
        let (settled, at) = settled.map_err(|error| queue_failed(&error))?;
        if let Some(said) = &settlement.capacity
            && let Err(error) = self.note_capacity(&lease.account, said).await
        {
            // What was done is settled; the next answer says it again.
            let error = &error as &dyn std::error::Error;
            tracing::warn!(account = %lease.account, error, "its capacity was not noted");
        }
        match (settled, &settlement.outcome) {
            (Settled::Fenced, _) => {}
            // The queue has given back what it charged.
            (_, Outcome::NotRun { .. }) => self.store.refund(&lease.token),
            _ => self.store.settle(&lease.token, at),
        }
        match settled {
            Settled::Fenced => Err(Error::Fenced),
            Settled::As { kept, .. } if keep && !kept => Err(Error::Fenced),
            Settled::As { .. } => Ok(()),
        }
    }

    async fn release(&self, lease: &Lease, action: Option<&HandBack>) -> Result<(), Error> {
        let released = self.queue.release_charged(lease, action).await;
        match released.map_err(|error| queue_failed(&error))? {
            Released::Fenced => return Err(Error::Fenced),
            Released::Refunded => self.store.refund(&lease.token),
            Released::Back => {}
        }
        Ok(())
    }

    async fn slice(&self, lease: &Lease, what: Metered, many: u32) -> Result<Slice, Error> {
        let slice = self.queue.slice(lease, what, many).await;
        slice.map_err(|error| queue_failed(&error))?.ok_or(Error::Fenced)
    }

    async fn code(&self, lease: &Lease, since: Timestamp) -> Result<OneTime, Error> {
        self.prove(lease).await?;
        self.one_time(&lease.account, since).await
    }

    async fn bundle(&self, lease: &Lease) -> Result<Bundle, Error> {
        self.prove(lease).await?;
        Coordinator::bundle(self, &lease.account).await.map_err(|why| Error::Failed { why })
    }

    async fn file(&self, lease: &Lease, name: &str) -> Result<Option<Vec<u8>>, Error> {
        self.prove(lease).await?;
        let failed = |why: String| Error::Failed { why };
        let standing = self.store.account(&lease.account).await;
        let standing = standing.map_err(|error| failed(in_one_line(&error)))?;
        let site = standing.and_then(|one| self.catalog.sites.get(&one.account.site));
        // Only what stood in the folder at the start is ever read.
        let Some(path) = site.and_then(|entry| entry.files.get(name)) else { return Ok(None) };
        let read = read_bounded(path).await;
        read.map(Some).map_err(|error| failed(format!("could not read {name}: {error}")))
    }

    async fn step(&self, lease: &Lease, action: &ActionId, next: &Next) -> Result<Go, Error> {
        self.prove(lease).await?;
        Ok(self.steps.may_begin(action, next, STEP_PATIENCE).await)
    }

    async fn checkpoint(&self, lease: &Lease, state: &StorageState) -> Result<(), Error> {
        self.prove(lease).await?;
        let kept = self.store.keep_state(&lease.account, &lease.token, state).await;
        let kept = kept.map_err(|error| Error::Failed { why: in_one_line(&error) })?;
        if kept { Ok(()) } else { Err(Error::Fenced) }
    }

    async fn tell(&self, worker: &WorkerId, pressure: &Pressure) -> Result<(), Error> {
        self.crew.told(worker, pressure, Instant::now());
        Ok(())
    }

    async fn upload(&self, lease: &Lease, chunk: Chunk) -> Result<(), Error> {
        self.prove(lease).await?;
        let archive = self.archive.clone();
        let kept = tokio::task::spawn_blocking(move || archive.keep(&chunk)).await;
        let kept = kept.map_err(|panic| Error::Failed { why: panic.to_string() })?;
        kept.map_err(|error| Error::Failed { why: in_one_line(&error) })
    }
}
