//! After each start of Redis: does it remember what the books say?
//!
//! It does, as a rule, and claims go on at once. A Redis that was emptied (`FLUSHALL`), got an old
//! backup back, or was replaced by a replica that had fallen behind remembers less. Then claims
//! stay shut until every lease has ended that it may have forgotten; meanwhile, and once more at
//! the end, accounts and plans are enrolled anew and each counter is raised to what the books hold.
//! What it holds as open and has ended is ended again, what had begun is in doubt, and what it no
//! longer knows is told, action by action.
//!
//! Every step may be repeated, and any coordinator may go on where another was stopped.

use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::{StreamExt as _, TryStreamExt as _};
use jiff::{SignedDuration, Timestamp};
use walkon_core::charge::Charge;
use walkon_core::event::{EVENT_VERSION, Event};
use walkon_core::id::ActionId;
use walkon_core::kind::{self, EffectClass};

use super::{Coordinator, Error};
use crate::queue::{ActionFilter, Opening, Person, Remembered, Scope, Shard, Taken};
use crate::store::restores::Restored;
use crate::store::{LOST, OpenAction, Reach};

/// Rows read in one go.
const ROWS: u64 = 2_000;
/// Calls under way at once.
const AT_ONCE: usize = 32;
/// When to look again after a shard that is away.
const AWAY: Duration = Duration::from_millis(500);
/// How far Redis may have gone on after the latest instant it remembers.
const SLACK: SignedDuration = SignedDuration::from_secs(1);

/// What was found lost.
#[derive(Debug, Default)]
struct Found {
    /// Actions that were to be done again, and had ended.
    ended: u64,
    /// Actions that had begun, and may have been done.
    doubted: u64,
    /// Actions that are gone, and were not done.
    lost: u64,
    /// Actions that are gone, and may have been done.
    unknown: u64,
    /// The backup that was put in place.
    backup: Option<Restored>,
}

/// An action that somebody may have done.
#[derive(Debug)]
enum Perhaps {
    /// Its account can be asked.
    Read(ActionId),
    /// It waited for any account of a pool.
    Nobodys(ActionId),
}

/// Whether Redis remembers less than the books.
fn is_behind(remembered: &Remembered, reach: &Reach) -> bool {
    let Some(epoch) = reach.epoch else { return false };
    remembered.token.epoch().unwrap_or_default() < epoch
        || reach.token.as_ref().is_some_and(|token| *token > remembered.token)
}

/// What one account took, by kind and windows.
fn taken(charges: &[Charge]) -> Vec<Taken> {
    let mut taken = BTreeMap::new();
    for charge in charges {
        let (day, hour) = (charge.windows.day, charge.windows.hour);
        let new = || Taken {
            kind: charge.kind.clone(),
            day,
            hour,
            count: 0,
            last: Some(Timestamp::UNIX_EPOCH),
            burst: Timestamp::UNIX_EPOCH,
        };
        let one = taken.entry((&charge.kind, day, hour)).or_insert_with(new);
        one.count += 1;
        one.last = one.last.zip(charge.settled).map(|(last, ended)| last.max(ended));
        one.burst = one.burst.max(charge.burst);
    }
    taken.into_values().collect()
}

impl Coordinator {
    /// Opens the queue where that is due; `None`: it is open, else when to come again. One shard
    /// that is away keeps none of the others shut.
    pub async fn restore(&self) -> Result<Option<Duration>, Error> {
        let mut next: Option<Duration> = None;
        for shard in self.queue.shards() {
            let due = match self.restore_shard(shard).await {
                Err(Error::Queue(error)) if error.is_passing() && shard.part().of > 1 => {
                    tracing::warn!(error = &error as &dyn std::error::Error, "a shard is away");
                    Some(AWAY)
                }
                other => other?,
            };
            next = [next, due].into_iter().flatten().min();
        }
        Ok(next)
    }

    async fn restore_shard(&self, shard: &Shard) -> Result<Option<Duration>, Error> {
        let Some(remembered) = shard.remembered().await? else { return Ok(None) };
        self.store.catch_up().await?;
        let part = shard.part();
        let reach = self.store.reach(part.index, part.of).await?;
        if !is_behind(&remembered, &reach) {
            self.open(shard, &reach, None).await?;
            return Ok(None);
        }
        let (left, is_first) = shard.shut().await?;
        if is_first {
            tracing::error!(
                remembers = remembered.token.0,
                "redis has lost work that the books know; claims are shut until it is mended"
            );
        }
        if !left.is_zero() && !is_first {
            return Ok(Some(left));
        }
        self.enroll_all().await?;
        self.pause_again(shard).await?;
        let raised = self.raise_all(shard).await?;
        tracing::info!(raised, "counters below the books were raised");
        if !left.is_zero() {
            return Ok(Some(left));
        }
        let mut found = Found::default();
        self.recall(shard, &remembered, &mut found).await?;
        let restored = self.store.last_restored().await?;
        found.backup = restored.filter(|one| one.epoch.is_some() && one.epoch == reach.epoch);
        if let Some(backup) = found.backup.clone() {
            self.doubt_all(shard, backup.of, &mut found).await?;
        }
        self.tell_lost(shard, &mut found).await?;
        let is_empty = remembered.at == Timestamp::UNIX_EPOCH;
        self.open(shard, &reach, Some(found.sentence(is_empty))).await?;
        Ok(None)
    }

    /// Lets claims go on, in an epoch that the books have not seen yet.
    async fn open(
        &self,
        shard: &Shard,
        reach: &Reach,
        lost: Option<(String, String)>,
    ) -> Result<(), Error> {
        if let Some((_, why)) = &lost {
            tracing::warn!(why, "redis was mended; claims go on");
        }
        let opening = Opening {
            epoch: reach.epoch.map_or(0, |epoch| epoch + 1),
            at: reach.at.unwrap_or_default(),
            lost,
        };
        let (epoch, _) = shard.open(&opening).await?;
        Ok(self.store.keep_epoch(shard.part().index, epoch).await?)
    }

    /// A pause holds until a person ends it.
    async fn pause_again(&self, shard: &Shard) -> Result<(), Error> {
        let known = shard.pauses().await?;
        for (site, by, why) in self.store.pauses().await? {
            let scope = if site.is_empty() { Scope::Fleet } else { Scope::Site(site) };
            if !known.iter().any(|pause| pause.scope == scope) {
                shard.pause(&scope, &Person::new(&by, &why)).await?;
            }
        }
        Ok(())
    }

    /// Raises every counter of a shard, and the fleet's, to what the books hold; returns how many
    /// were below.
    async fn raise_all(&self, shard: &Shard) -> Result<u64, Error> {
        let (mut after, mut raised) = (String::new(), 0);
        let (mut days, mut hours) = (BTreeMap::new(), BTreeMap::new());
        loop {
            let page = self.store.charges(&after, ROWS).await?;
            let Some(last) = page.last() else { break };
            after = last.account.to_string();
            for charge in &page {
                *days.entry(charge.windows.fleet_day).or_default() += 1;
                *hours.entry(charge.windows.fleet_hour).or_default() += 1;
            }
            let accounts = page.chunk_by(|one, next| one.account == next.account);
            let mut ours: Vec<&[Charge]> = accounts.collect();
            ours.retain(|charges| self.is_in(shard, &charges[0]));
            let raise =
                async |charges: &[Charge]| shard.raise(&charges[0].account, &taken(charges)).await;
            let counts = futures_util::stream::iter(ours).map(raise);
            let counts: Vec<u64> = counts.buffer_unordered(AT_ONCE).try_collect().await?;
            raised += counts.iter().sum::<u64>();
        }
        Ok(raised + self.queue.raise_fleet(shard, days, hours).await?)
    }

    /// Whether the charge's account lives in the shard.
    fn is_in(&self, shard: &Shard, charge: &Charge) -> bool {
        self.queue.shard_of(&charge.account).part() == shard.part()
    }

    /// What Redis holds as open is ended where it has ended, and doubted where it had begun.
    async fn recall(
        &self,
        shard: &Shard,
        remembered: &Remembered,
        found: &mut Found,
    ) -> Result<(), Error> {
        let from = remembered.at.saturating_sub(SLACK).unwrap_or_default();
        let mut after = String::new();
        loop {
            let receipts = self.store.ended_since(from, &after, ROWS).await?;
            let Some(last) = receipts.last() else { break };
            after.clone_from(&last.action);
            for receipt in &receipts {
                found.ended += u64::from(shard.end_again(receipt).await?);
            }
        }
        let mut token = remembered.token.clone();
        loop {
            let charges = self.store.charges_since(&token, ROWS).await?;
            let Some(last) = charges.last() else { return Ok(()) };
            token.clone_from(&last.token);
            // Another shard's may be claimed, and not begun yet.
            for charge in charges.iter().filter(|charge| self.is_in(shard, charge)) {
                found.doubted += u64::from(shard.doubt_again(charge).await?);
            }
        }
    }

    /// After a backup was put in place nobody knows what was done since it was made: what would be
    /// made anew is read before it is done. A pool's, which anybody may have done, is taken back.
    async fn doubt_all(
        &self,
        shard: &Shard,
        since: Timestamp,
        found: &mut Found,
    ) -> Result<(), Error> {
        let person = Person::new("restore", "it may have been done: look, and send it again");
        for id in self.perhaps_made(shard).await? {
            match id {
                Perhaps::Read(id) => {
                    found.doubted += u64::from(shard.doubt_since(&id, since).await?);
                }
                Perhaps::Nobodys(id) => drop(self.queue.cancel(&id, &person).await?),
            }
        }
        Ok(())
    }

    /// Open actions that leave something new each time they are done.
    async fn perhaps_made(&self, shard: &Shard) -> Result<Vec<Perhaps>, Error> {
        let (mut all, mut from) = (Vec::new(), Some(0));
        while let Some(at) = from {
            let page = shard.actions(&ActionFilter::default(), at, ROWS as usize).await?;
            from = page.next;
            let is_new =
                |kind: &str| kind::find(kind).is_none_or(|row| row.effect == EffectClass::Once);
            let open = page.actions.into_iter().filter(|one| !one.state.is_final());
            all.extend(open.filter(|one| is_new(&one.action.kind)).map(|one| {
                let is_ours = one.account.is_some();
                if is_ours { Perhaps::Read(one.id) } else { Perhaps::Nobodys(one.id) }
            }));
        }
        Ok(all)
    }

    /// Tells of each action that is gone from Redis: send it again, or look first.
    async fn tell_lost(&self, shard: &Shard, found: &mut Found) -> Result<(), Error> {
        let at = self.queue.now().await?;
        let mut after = String::new();
        loop {
            let mut open = self.store.open_actions(&after, ROWS).await?;
            let Some(last) = open.last() else { return Ok(()) };
            after.clone_from(&last.action);
            // A pool's has no account, and there is one shard.
            open.retain(|one| {
                let account = one.account.parse();
                account.map_or(shard.part().index == 0, |account| {
                    self.queue.shard_of(&account).part() == shard.part()
                })
            });
            let ids: Vec<_> = open.iter().map(|one| one.action.as_str()).collect();
            let gone = shard.unknown_of(&ids).await?;
            let charged = self.store.charged(&gone).await?;
            let mut events = Vec::new();
            for one in open.iter().filter(|one| gone.contains(&one.action.as_str())) {
                let leaves =
                    kind::find(&one.kind).is_none_or(|row| row.effect != EffectClass::None);
                let perhaps = leaves && charged.contains(&one.action);
                *(if perhaps { &mut found.unknown } else { &mut found.lost }) += 1;
                events.push(lost(one, perhaps, at));
            }
            shard.tell_lost(&events).await?;
        }
    }
}

fn lost(one: &OpenAction, perhaps: bool, at: Timestamp) -> Event {
    let (state, why) = if perhaps {
        ("unknown", "redis lost it, and it may have been done: look before you send it again")
    } else {
        ("failed", "redis lost it before it was done: send it again")
    };
    Event {
        v: EVENT_VERSION,
        kind_of_change: state.to_owned(),
        at,
        action: Some(one.action.clone()),
        account: Some(one.account.clone()),
        kind: Some(one.kind.clone()),
        target: one.target.clone(),
        code: Some(LOST.to_owned()),
        why: Some(why.to_owned()),
        ..Event::default()
    }
}

impl Found {
    /// A stable word and a sentence.
    fn sentence(&self, is_empty: bool) -> (String, String) {
        let (code, what) = match &self.backup {
            Some(backup) => {
                let of = backup.of.strftime("%F %T UTC");
                ("backup", format!("a backup of {of} was put in place"))
            }
            None if is_empty => ("emptied", "redis was emptied".to_owned()),
            None => ("set_back", "redis was set back to an older state".to_owned()),
        };
        let Self { ended, doubted, lost, unknown, .. } = self;
        let why = format!(
            "{what}: counters were raised to what the books hold, {ended} actions that had ended \
             were ended again, {doubted} that had begun are in doubt; {lost} waiting actions are \
             lost, {unknown} more are lost that may have been done. Keys and breakers since then \
             are forgotten"
        );
        (code.to_owned(), why)
    }
}

#[cfg(test)]
mod tests {
    use walkon_core::lease::Token;

    use super::*;

    #[test]
    fn redis_is_behind_by_an_epoch_or_a_token_and_not_by_none() {
        let token = |epoch: u64, seq: u64| Token(format!("{epoch:016}-{seq:012}"));
        let remembered = Remembered { token: token(7, 3), at: Timestamp::UNIX_EPOCH };
        let reach = |epoch, last| Reach { epoch: Some(epoch), token: Some(last), at: None };
        assert!(!is_behind(&remembered, &Reach::default()));
        assert!(!is_behind(&remembered, &reach(7, token(7, 3))));
        assert!(!is_behind(&remembered, &reach(6, token(6, 9))));
        assert!(is_behind(&remembered, &reach(7, token(7, 4))));
        assert!(is_behind(&remembered, &reach(8, token(6, 9))));
    }
}
