//! The verbs of a worker, over all shards.

use std::time::Duration;

use futures_util::future::{join_all, select_all};
use jiff::Timestamp;
use tokio_util::sync::CancellationToken;
use walkon_core::charge::Charge;
use walkon_core::id::{ActionId, WorkerId};
use walkon_core::lease::{Ask, Claim, Class, HandBack, Lease};
use walkon_core::outcome::Settlement;

use super::super::charged::Bid;
use super::super::{Begun, Error, Reaped, Released, Settled, Shard, Woken, work};
use super::Queue;
use super::turns::{Turn, begin};

/// When to look again after a shard that could not be reached.
const AWAY: Duration = Duration::from_millis(500);

/// What a round through the shards has come to so far.
#[derive(Default)]
struct Round {
    next: Option<Duration>,
    /// Why the first shut one is.
    shut: Option<String>,
    /// Some shard had nothing to give and was not shut.
    is_open: bool,
    error: Option<Error>,
}

impl Round {
    fn soonest(&mut self, next: Option<Duration>) {
        self.next = [self.next, next].into_iter().flatten().min();
    }

    /// Work, or nothing where more is to be asked.
    fn take(&mut self, claim: Claim, charge: Option<Charge>) -> Option<(Claim, Option<Charge>)> {
        match claim {
            Claim::Work(_) => return Some((claim, charge)),
            Claim::Nothing { next } => {
                self.is_open = true;
                self.soonest(next);
            }
            Claim::Shut { why, next } => {
                self.shut.get_or_insert(why);
                self.soonest(Some(next));
            }
        }
        None
    }

    fn end(self) -> Result<Claim, Error> {
        match (self.error, self.shut) {
            (Some(error), _) => Err(error),
            (None, Some(why)) if !self.is_open => {
                Ok(Claim::Shut { why, next: self.next.unwrap_or_default() })
            }
            _ => Ok(Claim::Nothing { next: self.next }),
        }
    }
}

impl Queue {
    /// The next action that may be carried out, under a lease. The same nonce gets the same answer.
    pub async fn claim(&self, ask: &Ask) -> Result<Claim, Error> {
        Ok(self.claim_charged(ask).await?.0)
    }

    /// [`Queue::claim`], with what the claim took from the limits.
    ///
    /// # Errors
    ///
    /// Of several shards, one that cannot be reached is told at once, for it may have handed
    /// something out: ask again by the same nonce. Still away then, it is passed over.
    pub async fn claim_charged(&self, ask: &Ask) -> Result<(Claim, Option<Charge>), Error> {
        if let Some(only) = self.only() {
            return Ok(match only.bid(ask).await? {
                Bid::Made(claim, charge) => (claim, charge),
                Bid::Dry(next) => (Claim::Nothing { next: Some(next) }, None),
            });
        }
        let (mut round, mut dry) = (Round::default(), Vec::new());
        for at in self.order(ask) {
            let found = match self.bid_at(at, ask).await {
                Ok(Bid::Made(claim, charge)) => round.take(claim, charge),
                Ok(Bid::Dry(next)) => {
                    round.is_open = true;
                    round.soonest(Some(next));
                    dry.push(at);
                    None
                }
                Err(error) => {
                    let told = Turn { nonce: ask.nonce, shard: at, in_doubt: true };
                    if self.inner.turns.last(&ask.worker) != told {
                        self.inner.turns.note(&ask.worker, told);
                        return Err(error);
                    }
                    round.error = Some(error);
                    None
                }
            };
            if let Some(work) = found {
                self.inner
                    .turns
                    .note(&ask.worker, Turn { nonce: ask.nonce, shard: at, in_doubt: false });
                return Ok(work);
            }
        }
        // What the others do not need now is theirs no more.
        for at in dry {
            if self.level(at).await?
                && let Bid::Made(claim, charge) = self.shards()[at].bid(ask).await?
                && let Some(work) = round.take(claim, charge)
            {
                self.inner
                    .turns
                    .note(&ask.worker, Turn { nonce: ask.nonce, shard: at, in_doubt: false });
                return Ok(work);
            }
        }
        Ok((round.end()?, None))
    }

    /// The shards in the order in which a claim asks them.
    fn order(&self, ask: &Ask) -> Vec<usize> {
        let many = self.shards().len();
        let last = self.inner.turns.last(&ask.worker);
        let from = if last.nonce == ask.nonce || last.nonce == 0 && last != Turn::default() {
            last.shard
        } else {
            begin(ask, many)
        };
        let mut order: Vec<_> = (0..many).map(|n| (from + n) % many).collect();
        if last.nonce != ask.nonce {
            // The accounts whose browser it keeps go first.
            let held: Vec<_> = ask.holds.iter().map(|account| self.index_of(account)).collect();
            order.sort_by_key(|at| !held.contains(at));
        }
        order
    }

    async fn bid_at(&self, at: usize, ask: &Ask) -> Result<Bid, Error> {
        let mut ask = ask.clone();
        ask.holds.retain(|account| self.index_of(account) == at);
        let bid = self.shards()[at].bid(&ask).await?;
        // Out of its part of the fleet's caps: a new slice, and once more.
        if matches!(bid, Bid::Dry(_)) && self.draw(at).await? {
            return self.shards()[at].bid(&ask).await;
        }
        Ok(bid)
    }

    /// Says that the side effect is about to happen. Lost after this, it may have been done.
    pub async fn begin(&self, lease: &Lease, id: &ActionId) -> Result<Begun, Error> {
        Ok(self.begin_charged(lease, id).await?.0)
    }

    /// [`Queue::begin`], with what is charged for it by now.
    pub async fn begin_charged(
        &self,
        lease: &Lease,
        id: &ActionId,
    ) -> Result<(Begun, Option<Charge>), Error> {
        self.shard_of(&lease.account).begin_charged(lease, id).await
    }

    /// Leases, or what is like one, by the shards that have them.
    fn by_shard<T: Clone>(&self, all: &[T], index: impl Fn(&T) -> usize) -> Vec<(&Shard, Vec<T>)> {
        let mut parts: Vec<_> = self.shards().iter().map(|shard| (shard, Vec::new())).collect();
        for one in all {
            parts[index(one)].1.push(one.clone());
        }
        parts.retain(|(_, part)| !part.is_empty());
        parts
    }

    /// Renews leases for their full length from now; returns those that are lost.
    ///
    /// # Errors
    ///
    /// Where one shard cannot be reached; those of the others are renewed nevertheless.
    pub async fn extend(&self, leases: &[Lease]) -> Result<Vec<Lease>, Error> {
        if let Some(only) = self.only() {
            return only.extend(leases).await;
        }
        let parts = self.by_shard(leases, |lease| self.index_of(&lease.account));
        let asked = parts.iter().map(|(shard, leases)| shard.extend(leases));
        let lost: Result<Vec<_>, _> = join_all(asked).await.into_iter().collect();
        Ok(lost?.concat())
    }

    /// Which of these leases are to stop at their next step: what has not begun goes back unspent,
    /// what has begun is finished.
    pub async fn heed(&self, leases: &[Lease]) -> Result<Vec<Lease>, Error> {
        if let Some(only) = self.only() {
            return only.heed(leases).await;
        }
        let parts = self.by_shard(leases, |lease| self.index_of(&lease.account));
        let asked = parts.iter().map(|(shard, leases)| shard.heed(leases));
        let told: Result<Vec<_>, _> = join_all(asked).await.into_iter().collect();
        Ok(told?.concat())
    }

    /// Settles an attempt. With `keep` the worker goes on holding the account, for its next
    /// action, as long as it may act. Repeated with the same lease, it gives the same answer.
    ///
    /// A result above 2 KiB is dropped; the settlement stands.
    pub async fn finish(
        &self,
        lease: &Lease,
        id: &ActionId,
        settlement: &Settlement,
        keep: bool,
    ) -> Result<Settled, Error> {
        Ok(self.finish_timed(lease, id, settlement, keep).await?.0)
    }

    /// [`Queue::finish`], with when that was by the server's clock.
    pub async fn finish_timed(
        &self,
        lease: &Lease,
        id: &ActionId,
        settlement: &Settlement,
        keep: bool,
    ) -> Result<(Settled, Timestamp), Error> {
        self.shard_of(&lease.account).finish_timed(lease, id, settlement, keep).await
    }

    /// [`Queue::finish`] and [`Queue::claim`], with one shard in one call. Repeated with the same
    /// lease and nonce, it gives the same answer.
    pub async fn finish_claim(
        &self,
        lease: &Lease,
        id: &ActionId,
        settlement: &Settlement,
        keep: bool,
        ask: &Ask,
    ) -> Result<(Settled, Claim), Error> {
        let Some(only) = self.only() else {
            let settled = self.finish(lease, id, settlement, keep).await?;
            return Ok((settled, self.claim(ask).await?));
        };
        let settling = work::settling(lease, id, settlement, keep);
        match only.finish_and_ask(settling, ask).await? {
            (settled, Some(claim)) => Ok((settled, claim)),
            // It has looked at all it may at once: it goes on as a claim of the same nonce.
            (settled, None) => Ok((settled, self.claim(ask).await?)),
        }
    }

    /// Hands an action back untouched: its caps are given back and no attempt is counted. Without
    /// an action: lets a kept lease go. False: the lease was lost before.
    pub async fn release(&self, lease: &Lease, action: Option<&HandBack>) -> Result<bool, Error> {
        Ok(self.release_charged(lease, action).await? != Released::Fenced)
    }

    /// [`Queue::release`], with what became of the charge.
    pub async fn release_charged(
        &self,
        lease: &Lease,
        action: Option<&HandBack>,
    ) -> Result<Released, Error> {
        self.shard_of(&lease.account).release_charged(lease, action).await
    }

    /// Waits until something may be due for a worker that can do `classes`, or until `most` has
    /// passed (a minute at the longest). True: the bell rang, claim now.
    ///
    /// One ring wakes one waiter. After a [`Claim::Nothing`] wait for its `next`, then claim again
    /// in either case.
    ///
    /// # Cancel safety
    ///
    /// Dropped in the instant of a ring, the ring is lost and the work waits for the next one: let
    /// it end by itself where that matters, or bound the waits of all.
    pub async fn wait(
        &self,
        worker: &WorkerId,
        classes: &[Class],
        most: Duration,
    ) -> Result<bool, Error> {
        let bells = self.shards().iter().map(|shard| shard.bells_for(worker, classes));
        let bells: Vec<Vec<String>> = bells.collect();
        let rang = if self.inner.is_cluster {
            self.wait_each(&bells, most).await?
        } else {
            // One server hears all bells at once.
            let rang =
                self.home().wait_for(&bells.concat(), most, &CancellationToken::new()).await?;
            rang.and_then(|bell| bells.iter().position(|bells| bells.contains(&bell)))
        };
        if let (Some(shard), true) = (rang, self.only().is_none()) {
            self.inner.turns.note(worker, Turn { nonce: 0, shard, in_doubt: true });
        }
        Ok(rang.is_some())
    }

    /// Listens to each shard on a line of its own; the first ring ends all. Others that come in
    /// that instant are given back.
    async fn wait_each(
        &self,
        bells: &[Vec<String>],
        most: Duration,
    ) -> Result<Option<usize>, Error> {
        let stop = CancellationToken::new();
        let waits = self.shards().iter().zip(bells).map(async |(shard, bells)| {
            let rang = shard.wait_for(bells, most, &stop).await;
            if matches!(rang, Ok(Some(_))) {
                stop.cancel();
            }
            rang
        });
        let (mut first, mut error, mut silent) = (None, None, false);
        for (at, rang) in join_all(waits).await.into_iter().enumerate() {
            match rang {
                Ok(Some(_)) if first.is_none() => first = Some(at),
                Ok(Some(bell)) => self.shards()[at].ring_again(&bell).await?,
                Ok(None) => silent = true,
                Err(failed) => error = Some(failed),
            }
        }
        match error {
            Some(error) if first.is_none() && !silent => Err(error),
            _ => Ok(first),
        }
    }

    /// Waits until something may be due sooner than the last [`Queue::reap`] said. One waiter hears
    /// of it; what came while nobody waited is heard by the next.
    ///
    /// # Cancel safety
    ///
    /// Dropped, nothing is missed.
    pub async fn sooner(&self) -> Woken {
        if let Some(only) = self.only() {
            return only.sooner().await;
        }
        select_all(self.shards().iter().map(|shard| Box::pin(shard.sooner()))).await.0
    }

    /// Takes back leases that ended a grace ago and ends work whose time passed, at most `limit`
    /// of each in each shard. To be called when [`Reaped::next`] has come, a lease and a grace
    /// after the last call at the latest, and when [`Queue::sooner`] says so.
    ///
    /// # Errors
    ///
    /// Where no shard can be reached. One that is away is asked again soon.
    pub async fn reap(&self, limit: u32) -> Result<Reaped, Error> {
        if let Some(only) = self.only() {
            return only.reap(limit).await;
        }
        let (mut sum, mut away, mut error) =
            (Reaped { leases: 0, expired: 0, next: None }, 0, None);
        for reaped in join_all(self.shards().iter().map(|shard| shard.reap(limit))).await {
            let next = match reaped {
                Ok(reaped) => {
                    sum.leases += reaped.leases;
                    sum.expired += reaped.expired;
                    reaped.next
                }
                Err(failed) => {
                    away += 1;
                    error = Some(failed);
                    Some(AWAY)
                }
            };
            sum.next = [sum.next, next].into_iter().flatten().min();
        }
        match error {
            Some(error) if away == self.shards().len() || !error.is_passing() => Err(error),
            _ => Ok(sum),
        }
    }
}
