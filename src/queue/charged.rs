//! The verbs of a worker with what each did to the limits, for whoever keeps books of that.
//!
//! [`Queue::claim`], [`Queue::begin`], [`Queue::finish`] and [`Queue::release`] are these without
//! it.

use std::sync::atomic::Ordering;
use std::time::Duration;

use jiff::Timestamp;
use walkon_core::charge::{Charge, Windows};
use walkon_core::clock::from_ms;
use walkon_core::id::ActionId;
use walkon_core::lease::{Ask, Claim, Claimed, Duty, HandBack, Lease};
use walkon_core::outcome::Settlement;

use super::batch::Verb;
use super::work::{Begun, ROUNDS, Settled, Shut, answer, asking, of, settled, settling};
use super::{Error, Shard, scripts};

/// Where a claim's answer has its charge.
const CHARGE: usize = 10;
/// When to ask again where Redis has lost the queue.
const SOON: Duration = Duration::from_secs(1);

/// What became of a lease that was given back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Released {
    /// It was lost before.
    Fenced,
    /// It was given back.
    Back,
    /// It was, and what its action had taken from the limits, too.
    Refunded,
}

/// Reads what `charge.lua` writes; `None`: nothing was charged.
fn charge(words: &str, lease: &Lease, id: &ActionId, kind: &str) -> Result<Option<Charge>, Error> {
    if words.is_empty() {
        return Ok(None);
    }
    let numbers: Vec<i64> = words.split(' ').filter_map(|word| word.parse().ok()).collect();
    let [day, hour, fleet_day, fleet_hour, _, at, _, burst] = numbers[..] else {
        return Err(Error::Answer(format!("a charge of `{words}`")));
    };
    Ok(Some(Charge {
        token: lease.token.clone(),
        action: id.clone(),
        account: lease.account.clone(),
        kind: kind.to_owned(),
        at: from_ms(at),
        windows: Windows {
            day: from_ms(day),
            hour: from_ms(hour),
            fleet_day: from_ms(fleet_day),
            fleet_hour: from_ms(fleet_hour),
        },
        burst: from_ms(burst),
        settled: None,
    }))
}

fn claimed_charge(claim: &Claim, reply: &[String]) -> Result<Option<Charge>, Error> {
    let Claim::Work(claimed) = claim else { return Ok(None) };
    let Claimed { lease, id, action, duty, .. } = &**claimed;
    match (duty, reply.get(CHARGE)) {
        (Duty::Perform, Some(words)) => charge(words, lease, id, &action.kind),
        _ => Ok(None),
    }
}

/// What a shard answers to a claim.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "it is taken apart where it arrives")]
pub(super) enum Bid {
    /// What the claim got, and what that took from the limits.
    Made(Claim, Option<Charge>),
    /// There is work, and the shard's part of the fleet's caps is used up (`escrow.rs`); it has a
    /// new one after this time at the latest.
    Dry(Duration),
}

impl Shard {
    /// Asks for work.
    pub(super) async fn bid(&self, ask: &Ask) -> Result<Bid, Error> {
        match self.claim_once(ask).await {
            Err(Error::Lost) => {
                let why = Error::Lost.to_string();
                Ok(Bid::Made(Claim::Shut { why, next: SOON }, None))
            }
            other => other,
        }
    }

    async fn claim_once(&self, ask: &Ask) -> Result<Bid, Error> {
        let args = asking(ask).to_vec();
        // The connection broke since, or the queue was lost: it may be another run of Redis.
        if self.inner.shaken.swap(false, Ordering::Relaxed) {
            self.boot().await?;
        }
        for _ in 0..ROUNDS {
            let reply = self.call(Verb::Claim, args.clone()).await?;
            if scripts::word(&reply, 0)? == "dry" {
                return Ok(Bid::Dry(Duration::from_millis(scripts::int(&reply, 1)?.max(0) as u64)));
            }
            if let Some(claim) = answer(&reply)? {
                let charge = claimed_charge(&claim, &reply)?;
                if matches!(claim, Claim::Work(_)) {
                    self.synced().await?;
                }
                return Ok(Bid::Made(claim, charge));
            }
        }
        Ok(Bid::Made(Claim::Nothing { next: Some(Duration::from_millis(1)) }, None))
    }

    /// Says that the side effect is about to happen; with what is charged for it by now.
    pub async fn begin_charged(
        &self,
        lease: &Lease,
        id: &ActionId,
    ) -> Result<(Begun, Option<Charge>), Error> {
        let mut args = of(lease);
        args.push(id.to_string());
        let reply = match self.call(Verb::Begin, args).await {
            Err(Error::Lost) => return Ok((Begun::Fenced, None)),
            other => other?,
        };
        Ok(match scripts::word(&reply, 0)? {
            "go" => {
                self.synced().await?;
                let (words, kind) = (scripts::word(&reply, 1)?, scripts::word(&reply, 2)?);
                (Begun::Go, charge(words, lease, id, kind)?)
            }
            "full" => (Begun::Full, None),
            "paused" => (Begun::Shut(Shut::Paused), None),
            "held" => (Begun::Shut(Shut::Held), None),
            "hours" => (Begun::Shut(Shut::Hours), None),
            _ => (Begun::Fenced, None),
        })
    }

    /// Settles an attempt; with when that was by the server's clock.
    pub async fn finish_timed(
        &self,
        lease: &Lease,
        id: &ActionId,
        settlement: &Settlement,
        keep: bool,
    ) -> Result<(Settled, Timestamp), Error> {
        let args = settling(lease, id, settlement, keep);
        let reply = match self.call(Verb::Finish, args).await {
            Err(Error::Lost) => return Ok((Settled::Fenced, Timestamp::UNIX_EPOCH)),
            other => other?,
        };
        let settled = settled(&reply)?;
        self.heard(settled);
        let at = reply.last().and_then(|ms| ms.parse().ok()).unwrap_or_default();
        Ok((settled, from_ms(at)))
    }

    /// Gives a lease back; with what became of the charge.
    pub async fn release_charged(
        &self,
        lease: &Lease,
        action: Option<&HandBack>,
    ) -> Result<Released, Error> {
        let mut args = of(lease);
        args.push(action.map(|back| back.id.to_string()).unwrap_or_default());
        if let Some(fault) = action.and_then(|back| back.fault.as_ref()) {
            args.extend([fault.code.clone(), fault.why.clone()]);
        }
        let reply = match self.run(&scripts::RELEASE, &args).await {
            Err(Error::Lost) => return Ok(Released::Fenced),
            other => other?,
        };
        if action.is_some() {
            self.inner.bells.work_is_back();
        }
        Ok(match (scripts::int(&reply, 0)?, scripts::int(&reply, 1)?) {
            (1, 1) => Released::Refunded,
            (1, _) => Released::Back,
            _ => Released::Fenced,
        })
    }
}
