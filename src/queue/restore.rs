//! A queue that Redis has lost, or set back to an older state: what it remembers, and how it is
//! made as new as the books.
//!
//! After each start of Redis it is *due*: it says what it remembered ([`Queue::remembered`]), and
//! claims wait until somebody with books has compared the two and opened it ([`Queue::open`]).
//! Where it remembers less, claims wait besides until all leases have ended that it may have
//! forgotten ([`Queue::shut`]).

use std::sync::atomic::Ordering;
use std::time::Duration;

use jiff::Timestamp;
use walkon_core::charge::Charge;
use walkon_core::clock::from_ms;
use walkon_core::event::Event;
use walkon_core::id::{AccountId, ActionId};
use walkon_core::lease::Token;
use walkon_core::receipt::Receipt;

use super::{Error, Shard, error, scripts};

/// What Redis remembered when it was started.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remembered {
    /// The last token it had given.
    pub token: Token,
    /// The latest instant it had seen; the epoch: it held no queue.
    pub at: Timestamp,
}

/// What one account used of a kind in one pair of windows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Taken {
    /// The kind.
    pub kind: String,
    /// When the account's day ends.
    pub day: Timestamp,
    /// When its hour ends.
    pub hour: Timestamp,
    /// How many.
    pub count: u64,
    /// The kind's last use; `None`: it may still be under way.
    pub last: Option<Timestamp>,
    /// The burst's theoretical arrival time.
    pub burst: Timestamp,
}

/// What was last lost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Loss {
    /// When that was found and mended.
    pub at: Timestamp,
    /// What it was, in a sentence.
    pub why: String,
}

/// With what a queue is opened.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Opening {
    /// Its tokens are of this epoch or a later one.
    pub epoch: u64,
    /// Its clock must have reached this.
    pub at: Timestamp,
    /// What was lost: a stable word and a sentence, for the event `restored`; `None`: nothing.
    pub lost: Option<(String, String)>,
}

fn ms(at: Timestamp) -> String {
    at.as_millisecond().to_string()
}

impl Shard {
    /// The queue is gone from under our feet: whoever can make it anew is woken.
    pub(super) fn lost(&self) {
        self.inner.zones.forget();
        self.inner.shaken.store(true, Ordering::Relaxed);
        self.inner.bells.work_is_back();
    }

    /// Whether the queue has as many shards as we were told.
    pub(super) async fn check_shards(&self) -> Result<(), Error> {
        let mut get = redis::cmd("HMGET");
        get.arg(self.key("meta")).arg("epoch").arg("shards");
        let (epoch, shards): (Option<String>, Option<u32>) = self.ask(&get).await?;
        let (found, ours) = (shards.unwrap_or(1), self.inner.part.of);
        if epoch.is_none() || found == ours {
            return Ok(());
        }
        Err(error::other_shards(&found.to_string(), &ours.to_string()))
    }

    /// What Redis remembered when it was started; `None`: it was opened since.
    ///
    /// # Errors
    ///
    /// [`Error::Lost`] where it holds no queue: [`Queue::boot`] begins one.
    pub async fn remembered(&self) -> Result<Option<Remembered>, Error> {
        let mut get = redis::cmd("HMGET");
        get.arg(self.key("meta")).arg("epoch").arg("due");
        let (epoch, due): (Option<String>, Option<String>) = self.ask(&get).await?;
        if epoch.is_none() {
            self.lost();
            return Err(Error::Lost);
        }
        let Some(due) = due else { return Ok(None) };
        let wrong = || Error::Answer(format!("`{due}` where a token and a time were due"));
        let (token, at) = due.split_once(' ').ok_or_else(wrong)?;
        let at = from_ms(at.parse().map_err(|_| wrong())?);
        Ok(Some(Remembered { token: Token(token.to_owned()), at }))
    }

    /// Shuts claims until every lease has ended that Redis may have forgotten; how long that is
    /// from now, and whether nobody had done so before.
    pub async fn shut(&self) -> Result<(Duration, bool), Error> {
        let reply = self.run(&scripts::MEND, &["shut".to_owned()]).await?;
        let left = Duration::from_millis(scripts::int(&reply, 0)? as u64);
        Ok((left, scripts::int(&reply, 1)? == 1))
    }

    /// Lets claims go on; its epoch, and whether that was due still.
    pub async fn open(&self, opening: &Opening) -> Result<(u64, bool), Error> {
        let (code, why) = opening.lost.clone().unwrap_or_default();
        // An epoch, and so a token, is one shard's alone.
        let (of, index) = (u64::from(self.inner.part.of), u64::from(self.inner.part.index));
        let epoch = opening.epoch + (index + of - opening.epoch % of) % of;
        let args = ["open".to_owned(), epoch.to_string(), ms(opening.at), code, why];
        let reply = self.run(&scripts::MEND, &args).await?;
        Ok((scripts::int(&reply, 0)? as u64, scripts::int(&reply, 1)? == 1))
    }

    /// What Redis last lost, so far as was noticed.
    pub async fn last_loss(&self) -> Result<Option<Loss>, Error> {
        let mut get = redis::cmd("HGET");
        get.arg(self.key("meta")).arg("loss");
        let loss: Option<String> = self.ask(&get).await?;
        Ok(loss.as_deref().and_then(|loss| {
            let (at, why) = loss.split_once(' ')?;
            Some(Loss { at: from_ms(at.parse().ok()?), why: why.to_owned() })
        }))
    }

    /// Raises an account's counters to what it has taken, where they are below; returns how many
    /// were.
    pub async fn raise(&self, account: &AccountId, taken: &[Taken]) -> Result<u64, Error> {
        let mut args = vec![account.to_string()];
        for one in taken {
            args.extend([one.kind.clone(), ms(one.day), ms(one.hour), one.count.to_string()]);
            args.extend([one.last.map_or_else(|| "0".to_owned(), ms), ms(one.burst)]);
        }
        let reply = self.run(&scripts::RESTORE, &args).await?;
        Ok(scripts::int(&reply, 0)? as u64)
    }

    /// The same for the fleet's own caps: how many were taken in days and in hours, by their ends.
    pub async fn raise_fleet(
        &self,
        days: impl IntoIterator<Item = (Timestamp, u64)>,
        hours: impl IntoIterator<Item = (Timestamp, u64)>,
    ) -> Result<u64, Error> {
        let days = days.into_iter().map(|one| ("d", one));
        let hours = hours.into_iter().map(|one| ("h", one));
        let windows = days
            .chain(hours)
            .flat_map(|(name, (end, count))| [name.to_owned(), ms(end), count.to_string()]);
        let args: Vec<_> = [String::new()].into_iter().chain(windows).collect();
        let reply = self.run(&scripts::RESTORE, &args).await?;
        Ok(scripts::int(&reply, 0)? as u64)
    }

    /// Ends an action that has ended already, where Redis holds it as open; whether it did.
    pub async fn end_again(&self, receipt: &Receipt) -> Result<bool, Error> {
        let why = format!("it had ended {}, before redis was set back", receipt.at);
        let effect = receipt.effect.clone().unwrap_or_default();
        let code = receipt.code.clone().unwrap_or_else(|| "restored".to_owned());
        let args = [receipt.action.clone(), receipt.state.clone(), code, why, effect];
        self.recall(&args).await
    }

    /// Puts an action in doubt that began after what Redis remembers, where it holds it as open
    /// and not begun: what its kind says of a lost attempt is done about it. Whether it did.
    pub async fn doubt_again(&self, charge: &Charge) -> Result<bool, Error> {
        let why = "it began after what redis remembers".to_owned();
        let args = [charge.action.to_string(), "begun".into(), "restored".into(), why];
        self.recall(&[&args[..], &[String::new()]].concat()).await
    }

    /// The same for an action that somebody may have done since that instant.
    pub async fn doubt_since(&self, id: &ActionId, since: Timestamp) -> Result<bool, Error> {
        let why = format!("it may have been done since {since}, of which nothing is known");
        let args = [id.to_string(), "begun".into(), "restored".into(), why];
        self.recall(&[&args[..], &[String::new(), ms(since)]].concat()).await
    }

    async fn recall(&self, args: &[String]) -> Result<bool, Error> {
        let reply = self.run(&scripts::RECALL, args).await?;
        Ok(scripts::int(&reply, 0)? == 1)
    }

    /// Which of these actions Redis does not know (any more).
    pub async fn unknown_of<'a>(&self, actions: &[&'a str]) -> Result<Vec<&'a str>, Error> {
        if actions.is_empty() {
            return Ok(Vec::new());
        }
        let mut pipe = redis::pipe();
        for action in actions {
            pipe.cmd("EXISTS").arg(self.key(&format!("j:{action}")));
        }
        let known: Vec<bool> = self.ask_all(&pipe).await?;
        Ok(actions.iter().zip(known).filter(|(_, known)| !known).map(|(id, _)| *id).collect())
    }

    /// Writes events of actions that Redis has lost: it cannot tell of them by itself.
    pub async fn tell_lost(&self, events: &[Event]) -> Result<(), Error> {
        for event in events {
            self.tell(event).await?;
        }
        Ok(())
    }
}
