//! A person's hands: pauses, taking back, settling, and the event that tells of each.
//!
//! Every act writes the event `act` in the script that does it: what (`code`), who (`by`), why. Who
//! it was is as far as they were named; it proves nothing until operators sign in.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use walkon_core::clock::from_ms;
use walkon_core::event::{ActionState, Event};
use walkon_core::id::ActionId;
use walkon_core::lease::Lease;

use super::{Cancelled, Error, Resolution, Shard, actions, scripts};

/// Who has paused a site whose breaker is open.
const GUARD: &str = "its breaker";
/// How many accounts of a resumed site are put in their place in one go.
const MOVED_AT_ONCE: usize = 100;
/// The most characters of a person's name and of a reason that are kept.
const NAME_MAX: usize = 64;
const WHY_MAX: usize = 500;

/// Who does something by hand, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// The name of the operator, or of the token they used.
    pub name: String,
    /// In a sentence.
    pub why: String,
}

impl Person {
    /// Somebody of that name; both texts are cut to what an event may hold.
    pub fn new(name: &str, why: &str) -> Self {
        let cut = |text: &str, most| {
            let plain = text.chars().map(|c| if c.is_control() { ' ' } else { c });
            plain.take(most).collect::<String>()
        };
        Self { name: cut(name, NAME_MAX), why: cut(why, WHY_MAX) }
    }
}

/// A site's open breaker, as words: site, since, until, why.
pub(super) type Broken = [String; 4];

/// What is paused.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scope {
    /// Every account.
    Fleet,
    /// The accounts of one site.
    Site(String),
}

impl Scope {
    fn site(&self) -> String {
        match self {
            Self::Fleet => String::new(),
            Self::Site(site) => site.clone(),
        }
    }
}

/// One pause.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Paused {
    /// Of what.
    pub scope: Scope,
    /// Since when.
    pub since: Timestamp,
    /// Who did it.
    pub by: String,
    /// Why.
    pub why: String,
}

/// A site whose breaker is open: as if its guard had paused it.
fn broken(field: &str, value: &str) -> Option<Paused> {
    let site = field.strip_prefix("broken:")?.to_owned();
    let mut parts = value.splitn(5, '|');
    let since = from_ms(parts.next()?.parse().ok()?);
    let why = parts.nth(3)?.to_owned();
    Some(Paused { scope: Scope::Site(site), since, by: GUARD.to_owned(), why })
}

fn paused(field: &str, value: &str) -> Option<Paused> {
    let scope = match field.strip_prefix("paused")? {
        "" => Scope::Fleet,
        site => Scope::Site(site.strip_prefix(':')?.to_owned()),
    };
    let mut parts = value.splitn(3, '|');
    let since = from_ms(parts.next()?.parse().ok()?);
    let (by, why) = (parts.next()?.to_owned(), parts.next()?.to_owned());
    Some(Paused { scope, since, by, why })
}

impl Shard {
    /// Shuts claims until [`Queue::resume`], also across restarts. What runs is told to stop by
    /// [`Queue::heed`].
    pub async fn pause(&self, scope: &Scope, person: &Person) -> Result<(), Error> {
        self.hand("pause", scope, person).await?;
        Ok(())
    }

    /// Lets the fleet or a site go on; `false`: it was not paused. Each is its own pause: a site
    /// stays paused when the fleet goes on.
    pub async fn resume(&self, scope: &Scope, person: &Person) -> Result<bool, Error> {
        let done = self.hand("resume", scope, person).await?;
        self.mend_resumed().await?;
        Ok(done)
    }

    async fn hand(&self, act: &str, scope: &Scope, person: &Person) -> Result<bool, Error> {
        let told = u8::from(self.inner.part.index > 0).to_string();
        let args = [act.to_owned(), scope.site(), person.name.clone(), person.why.clone(), told];
        let reply = self.run(&scripts::HAND, &args).await?;
        Ok(scripts::int(&reply, 0)? == 1)
    }

    /// Puts the accounts of resumed sites back into the indexes. Whoever resumed does it, and every
    /// coordinator besides, from time to time: the first may have died half way.
    pub async fn mend_resumed(&self) -> Result<(), Error> {
        let key = self.key("resumed");
        let sites: BTreeSet<String> = self.ask(redis::cmd("SMEMBERS").arg(&key)).await?;
        if sites.is_empty() {
            return Ok(());
        }
        for some in self.account_ids().await?.chunks(MOVED_AT_ONCE) {
            let args: Vec<_> = [String::new()].into_iter().chain(some.iter().cloned()).collect();
            self.run(&scripts::REINDEX, &args).await?;
        }
        self.ask::<i64>(redis::cmd("SREM").arg(&key).arg(sites)).await.map(drop)
    }

    /// Everything that is paused, by a person or by a site's own breaker.
    pub async fn pauses(&self) -> Result<Vec<Paused>, Error> {
        let mut get = redis::cmd("HGETALL");
        get.arg(self.key("meta"));
        let meta: BTreeMap<String, String> = self.ask(&get).await?;
        let shut = |(field, value): (&String, &String)| {
            paused(field, value).or_else(|| broken(field, value))
        };
        Ok(meta.iter().filter_map(shut).collect())
    }

    /// The sites whose breakers are open: site, since when, until when, why.
    pub(super) async fn broken(&self) -> Result<Vec<Broken>, Error> {
        let mut count = redis::cmd("HGET");
        count.arg(self.key("meta")).arg("sites");
        if self.ask::<Option<i64>>(&count).await?.unwrap_or_default() == 0 {
            return Ok(Vec::new());
        }
        let mut get = redis::cmd("HGETALL");
        get.arg(self.key("meta"));
        let meta: BTreeMap<String, String> = self.ask(&get).await?;
        let open = |(field, value): (&String, &String)| {
            let site = field.strip_prefix("broken:")?.to_owned();
            let parts: Vec<_> = value.splitn(5, '|').map(str::to_owned).collect();
            let [since, till, _, _, why] = <[String; 5]>::try_from(parts).ok()?;
            Some([site, since, till, why])
        };
        Ok(meta.iter().filter_map(open).collect())
    }

    /// A site's breaker has opened in another shard: here it opens, too.
    pub(super) async fn spread(&self, broken: &Broken) -> Result<(), Error> {
        self.run(&scripts::SPREAD, broken).await.map(drop)
    }

    /// Which of these leases are to stop at their next step: what has not begun goes back unspent,
    /// what has begun is finished.
    pub async fn heed(&self, leases: &[Lease]) -> Result<Vec<Lease>, Error> {
        if leases.is_empty() {
            return Ok(Vec::new());
        }
        let accounts: Vec<String> = leases.iter().map(|lease| lease.account.to_string()).collect();
        let stop = self.run(&scripts::HEED, &accounts).await?;
        let told = |lease: &&Lease| stop.iter().any(|account| account == lease.account.as_str());
        Ok(leases.iter().filter(told).cloned().collect())
    }

    /// Takes an action back, if that is still possible.
    pub async fn cancel(&self, id: &ActionId, person: &Person) -> Result<Cancelled, Error> {
        let args = [id.to_string(), person.why.clone(), person.name.clone()];
        let reply = self.run(&scripts::CANCEL, &args).await?;
        Ok(match scripts::word(&reply, 0)? {
            "" => Cancelled::NoAction,
            "cancelled" => Cancelled::Yes,
            "running" | "unknown" => Cancelled::IfNotDone,
            ended => Cancelled::Ended(actions::state(ended)?),
        })
    }

    /// Settles a dead letter; `None`: it is none (or it failed, and then only
    /// [`Resolution::Retry`] is left, and that only while its account is there).
    pub async fn resolve(
        &self,
        id: &ActionId,
        resolution: Resolution,
        person: &Person,
    ) -> Result<Option<ActionState>, Error> {
        let args =
            [id.to_string(), resolution.name().into(), person.name.clone(), person.why.clone()];
        let reply = self.run(&scripts::RESOLVE, &args).await?;
        let name = scripts::word(&reply, 0)?;
        if name.is_empty() { Ok(None) } else { actions::state(name).map(Some) }
    }

    /// Writes down an act that is not the queue's own: a hold placed or lifted by hand.
    pub async fn note_act(&self, event: &Event) -> Result<(), Error> {
        self.tell(event).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pause_reads_as_it_was_written_whatever_its_reason_holds() {
        let read = paused("paused:plaza", "1000|lena|a|b: c").unwrap();
        assert_eq!((read.scope, read.by.as_str()), (Scope::Site("plaza".into()), "lena"));
        assert_eq!((read.since, read.why.as_str()), (from_ms(1000), "a|b: c"));
        assert_eq!(paused("paused", "1|x|").unwrap().scope, Scope::Fleet);
        assert_eq!(paused("lease", "30000"), None);
    }

    #[test]
    fn a_name_is_one_short_line() {
        let person = Person::new(&"x\n".repeat(100), "why\u{7}");
        assert_eq!((person.name.len(), person.why.as_str()), (NAME_MAX, "why "));
    }
}
