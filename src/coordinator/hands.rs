//! What a person does by hand, each with who and why: holds, dead letters, pauses.
//!
//! The queue writes the event of its own acts; what is done to an account is written here. The
//! clerk reads them all, and keeps them in the audit log ([`super::life`]).

use futures_util::{StreamExt as _, TryStreamExt as _};
use walkon_core::account::Standing;
use walkon_core::action::Refuse;
use walkon_core::event::{EVENT_VERSION, Event};
use walkon_core::hold::{Hold, HoldKind};
use walkon_core::id::{AccountId, ActionId};

use super::{Coordinator, Error};
use crate::catalog::Catalog;
use crate::queue::{ActionView, Letters, Person, Resolution, Scope};

/// How many dead letters are looked at in one go, and put back at once.
const LOOKED_AT: usize = 500;
const AT_ONCE: usize = 32;

/// Which dead letters.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DeadFilter {
    /// Those that may have been done, instead of those that failed.
    pub parked: bool,
    /// Only of this account.
    pub account: Option<AccountId>,
    /// Only of this kind.
    pub kind: Option<String>,
    /// Only those that ended with this code.
    pub code: Option<String>,
}

impl DeadFilter {
    fn takes(&self, view: &ActionView) -> bool {
        self.account.as_ref().is_none_or(|account| Some(account) == view.account.as_ref())
            && self.kind.as_ref().is_none_or(|kind| *kind == view.action.kind)
            && self.code.as_ref().is_none_or(|code| Some(code) == view.code.as_ref())
    }

    fn letters(&self) -> Letters {
        if self.parked { Letters::Parked } else { Letters::Failed }
    }
}

impl Coordinator {
    /// Holds an account until somebody resumes it.
    pub async fn pause_account(&self, id: &AccountId, person: &Person) -> Result<(), Error> {
        let hold = Hold {
            kind: HoldKind::Operator,
            reason: person.why.clone(),
            actor: person.name.clone(),
            since: self.now(),
            until: None,
            passes: false,
        };
        self.hold(id, &hold).await?;
        self.tell_act(id, "hold", Some(HoldKind::Operator.name()), person).await
    }

    /// Pauses or resumes many accounts, several at once; how many it concerned.
    pub async fn halt_many(
        &self,
        ids: &[AccountId],
        is_pause: bool,
        person: &Person,
    ) -> Result<usize, Error> {
        let one = async |standing: Standing| {
            let id = &standing.account.id;
            let is_held = standing.holds.iter().any(|hold| hold.kind == HoldKind::Operator);
            if is_pause && !is_held {
                self.pause_account(id, person).await?;
            } else if !is_pause && is_held {
                self.lift_by_hand(id, HoldKind::Operator, person).await?;
            }
            Ok::<_, Error>(usize::from(is_pause != is_held))
        };
        let mut count = 0;
        for some in ids.chunks(LOOKED_AT) {
            let standings = self.store.these(some).await?;
            let halts = futures_util::stream::iter(standings).map(one).buffer_unordered(AT_ONCE);
            count += halts.try_fold(0, async |sum, one| Ok(sum + one)).await?;
        }
        Ok(count)
    }

    /// Lifts one hold; `false`: there was none of that kind.
    pub async fn lift_by_hand(
        &self,
        id: &AccountId,
        kind: HoldKind,
        person: &Person,
    ) -> Result<bool, Error> {
        let lifted = self.lift(id, kind).await?;
        if lifted {
            self.tell_act(id, "lift", Some(kind.name()), person).await?;
        }
        Ok(lifted)
    }

    /// Tells what a person did to an account; the clerk writes it down.
    pub(super) async fn tell_act(
        &self,
        id: &AccountId,
        act: &str,
        outcome: Option<&str>,
        person: &Person,
    ) -> Result<(), Error> {
        let event = Event {
            v: EVENT_VERSION,
            kind_of_change: "act".to_owned(),
            at: self.now(),
            account: Some(id.to_string()),
            code: Some(act.to_owned()),
            outcome: outcome.map(str::to_owned),
            by: Some(person.name.clone()),
            why: Some(person.why.clone()),
            ..Event::default()
        };
        Ok(self.queue.note_act(&event).await?)
    }

    /// Tells what a person did to a plan, a pool or a proxy.
    pub(super) async fn tell_setting(
        &self,
        act: &str,
        name: &str,
        person: &Person,
    ) -> Result<(), Error> {
        let event = Event {
            v: EVENT_VERSION,
            kind_of_change: "act".to_owned(),
            at: self.now(),
            code: Some(act.to_owned()),
            outcome: Some(name.to_owned()),
            by: Some(person.name.clone()),
            why: Some(person.why.clone()),
            ..Event::default()
        };
        Ok(self.queue.note_act(&event).await?)
    }

    /// What is to be paused or resumed, if it is there.
    pub fn scope(&self, site: Option<&str>) -> Result<Scope, Refuse> {
        let Some(name) = site else { return Ok(Scope::Fleet) };
        let names = self.catalog.sites.keys().map(walkon_core::id::SiteId::as_str);
        if names.clone().any(|known| known == name) {
            return Ok(Scope::Site(name.to_owned()));
        }
        let remedy = Catalog::known(name, names);
        Err(Refuse::new("unknown_site", format!("there is no site `{name}`"), remedy))
    }

    /// Dead letters, the latest first, at most so many.
    pub async fn dead(&self, filter: &DeadFilter, most: usize) -> Result<Vec<ActionView>, Error> {
        let (mut found, mut from) = (Vec::new(), 0);
        while found.len() < most {
            let some = self.queue.dead_letters(filter.letters(), from, LOOKED_AT).await?;
            let is_last = some.is_empty();
            from += LOOKED_AT;
            found.extend(some.into_iter().filter(|view| filter.takes(view)));
            if is_last {
                break;
            }
        }
        found.truncate(most);
        Ok(found)
    }

    /// Puts dead letters back into their lanes, with all attempts fresh; returns those it put back.
    /// The others are none any more, or their account is gone.
    pub async fn put_back(
        &self,
        ids: Vec<ActionId>,
        person: &Person,
    ) -> Result<Vec<ActionId>, Error> {
        let back = futures_util::stream::iter(ids)
            .map(async |id| {
                let state = self.queue.resolve(&id, Resolution::Retry, person).await?;
                Ok::<_, Error>(state.map(|_| id))
            })
            .buffered(AT_ONCE);
        back.try_filter_map(async |id| Ok(id)).try_collect().await
    }
}
