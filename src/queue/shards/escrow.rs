//! The fleet's own caps over several shards, by escrow: the first shard's ledger grants a shard a
//! slice of what is left, then the shard is credited that slice, and claims take from it.
//!
//! Both steps carry the same number and are taken once, in its order. So whatever is lost, repeated
//! or comes late between the two: used ≤ credited ≤ granted ≤ cap, in each window. What a step can
//! leave behind is a slice that nobody uses, never one that counts twice.
//!
//! A slice is half of a fair share of what is left, one at least. Where all is out and a shard has
//! nothing left, what the others do not use is taken back from them, half of it each time: a shard
//! gives it up first, then the ledger has it. What is unspent when a window ends lapses.
//!
//! A ledger that may have forgotten (its Redis was started in this window, or a shard's number says
//! so) grants nothing until all shards were asked what they have.

use futures_util::future::try_join_all;
use jiff::Timestamp;
use walkon_core::clock::from_ms;

use super::super::credit::{Credit, Grant, Step, Window};
use super::super::{Error, Reason, Shard};
use super::Queue;

/// How often a shard and the ledger are brought to one number before that is given up.
const TURNS: u32 = 4;

impl Queue {
    /// Draws a slice for a shard that has nothing left; whether it may go on.
    pub(super) async fn draw(&self, at: usize) -> Result<bool, Error> {
        for window in Window::ALL {
            if !self.fill(at, window).await? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    async fn fill(&self, at: usize, window: Window) -> Result<bool, Error> {
        let shard = &self.shards()[at];
        for _ in 0..TURNS {
            let credit = shard.credit_now(window).await?;
            let Some(cap) = credit.cap else { return Ok(true) };
            if credit.left() > 0 {
                return Ok(true);
            }
            self.enter_back(at, window, &credit).await?;
            let step = Step { window, end: credit.end, number: credit.number + 1 };
            match self.home().grant(at, step, cap).await? {
                Grant::Of(0) => return Ok(false),
                Grant::Of(many) => return Ok(shard.credit(step, many).await?.left() > 0),
                Grant::Behind(number) => {
                    shard.skip(Step { number, ..step }, false).await?;
                }
                Grant::Lost => self.ask_all_shards(window, credit.end).await?,
            }
        }
        Ok(false)
    }

    /// What a shard gave up in its last step may not be in the ledger yet.
    async fn enter_back(&self, at: usize, window: Window, credit: &Credit) -> Result<(), Error> {
        if credit.back == 0 {
            return Ok(());
        }
        let step = Step { window, end: credit.end, number: credit.number };
        self.home().give_back(at, step, credit.back).await
    }

    /// The ledger is told what all shards have. What was granted and is still on its way to one of
    /// them counts no more when it comes.
    async fn ask_all_shards(&self, window: Window, end: i64) -> Result<(), Error> {
        let asked = self.shards().iter().map(async |shard| {
            let now = shard.credit_now(window).await?;
            let number = if now.end == end { now.number + 1 } else { 1 };
            shard.skip(Step { window, end, number }, false).await
        });
        let all = try_join_all(asked).await?;
        let out = all.iter().map(|credit| credit.credited).sum();
        let steps: Vec<_> = all.iter().map(|credit| credit.number).collect();
        self.home().raise_ledger(window, end, out, Some(&steps)).await.map(drop)
    }

    /// All is out and a shard has nothing left: takes back what the others do not use. Whether it
    /// may go on.
    pub(super) async fn level(&self, at: usize) -> Result<bool, Error> {
        for window in Window::ALL {
            let mut filled = self.fill(at, window).await?;
            if filled {
                continue;
            }
            let credit = self.shards()[at].credit_now(window).await?;
            for other in (0..self.shards().len()).filter(|other| *other != at) {
                filled = self.take_from(other, window, credit.end).await?
                    && self.fill(at, window).await?;
                if filled {
                    break;
                }
            }
            if !filled {
                return Ok(false);
            }
        }
        Ok(true)
    }

    async fn take_from(&self, other: usize, window: Window, end: i64) -> Result<bool, Error> {
        let shard = &self.shards()[other];
        let credit = shard.credit_now(window).await?;
        if credit.end != end || credit.left() <= 0 {
            return Ok(false);
        }
        self.enter_back(other, window, &credit).await?;
        let step = Step { window, end, number: credit.number + 1 };
        let half = (credit.left() + 1) / 2;
        let after = shard.take_back(step, half).await?;
        if after.number == step.number {
            self.enter_back(other, window, &after).await?;
        }
        Ok(after.back > 0)
    }

    /// Which of the fleet's caps are all handed out, with nothing of it left to this shard.
    pub(super) async fn used_up(&self, shard: &Shard) -> Result<Vec<Reason>, Error> {
        let mut reasons = Vec::new();
        for window in Window::ALL {
            let credit = shard.credit_now(window).await?;
            let Some(cap) = credit.cap.filter(|_| credit.left() <= 0) else { continue };
            let (out, _) = self.home().handed_out(window, credit.end, 0).await?;
            if out >= cap {
                let of = if window == Window::Day { "daily" } else { "hourly" };
                reasons.push(Reason {
                    code: format!("global_{of}_cap"),
                    until: Some(from_ms(credit.end)),
                    since: None,
                    used: u64::try_from(out).ok(),
                    most: u64::try_from(cap).ok(),
                    words: String::new(),
                });
            }
        }
        Ok(reasons)
    }

    /// Raises what the fleet took of its own caps, in days and in hours by their ends, to what the
    /// books hold; returns how many were below. `shard` is the one that has forgotten: what it had
    /// left of its slices is void, for nobody knows how much it was.
    pub async fn raise_fleet(
        &self,
        shard: &Shard,
        days: impl IntoIterator<Item = (Timestamp, u64)>,
        hours: impl IntoIterator<Item = (Timestamp, u64)>,
    ) -> Result<u64, Error> {
        if let Some(only) = self.only() {
            return only.raise_fleet(days, hours).await;
        }
        let days = days.into_iter().map(|one| (Window::Day, one));
        let hours = hours.into_iter().map(|one| (Window::Hour, one));
        let mut raised = 0;
        for (window, (end, many)) in days.chain(hours) {
            let (end, many) = (end.as_millisecond(), i64::try_from(many).unwrap_or(i64::MAX));
            if end <= self.now().await?.as_millisecond() {
                continue;
            }
            let (out, _) = self.home().handed_out(window, end, 0).await?;
            raised += u64::from(out < many);
            self.home().raise_ledger(window, end, many, None).await?;
        }
        let index = shard.part().index as usize;
        for window in Window::ALL {
            let credit = shard.credit_now(window).await?;
            let (_, number) = self.home().handed_out(window, credit.end, index).await?;
            let number = number.max(credit.number);
            shard.skip(Step { window, end: credit.end, number }, true).await?;
        }
        Ok(raised)
    }
}
