//! Changing what is kept in the database, and what is refused of it.

use serde::Serialize;
use walkon_core::action::Refuse;
use walkon_core::fault::Wrong;
use walkon_core::id::{AccountId, PoolId, SettingName, SiteId};
use walkon_core::kind::nearest;
use walkon_core::plan::Plan;
use walkon_core::pool::Pool;

use super::super::{Coordinator, Error};
use crate::catalog::Catalog;
use crate::queue::Person;
use crate::store::settings::{Setting, Sort};

/// How often a change is tried again that others were quicker with.
const TRIES: usize = 5;

/// What must be there for a change to be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Condition {
    /// Whatever is there.
    Any,
    /// This revision.
    At(u64),
    /// Nothing.
    Absent,
}

impl Condition {
    fn holds(self, seen: u64) -> bool {
        match self {
            Self::Any => true,
            Self::At(revision) => revision == seen,
            Self::Absent => seen == 0,
        }
    }
}

/// A change that was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Done {
    /// Its revision.
    pub revision: u64,
    /// Whether there was none of that name before.
    pub is_new: bool,
}

fn bad(sort: Sort, Wrong { key, what, remedy }: Wrong) -> Refuse {
    Refuse::new(&format!("bad_{}", sort.name()), format!("`{key}`: {what}"), remedy)
}

impl Coordinator {
    /// Keeps a plan; accounts on it are judged by it from now on.
    pub async fn keep_plan(
        &self,
        name: &SettingName,
        plan: &Plan,
        condition: Condition,
        person: &Person,
    ) -> Result<Done, Error> {
        plan.check(name.as_str()).map_err(|wrong| bad(Sort::Plan, wrong))?;
        self.keep(Sort::Plan, name.as_str(), plan, condition, person).await
    }

    /// Keeps a pool; its members do its work from now on.
    pub async fn keep_pool(
        &self,
        name: &PoolId,
        pool: &Pool,
        condition: Condition,
        person: &Person,
    ) -> Result<Done, Error> {
        self.queue.may_have_pools()?;
        let mut pools = self.in_force().pools.clone();
        pools.pools.insert(name.clone(), pool.clone());
        pools.check().map_err(|wrong| bad(Sort::Pool, wrong))?;
        if let Some((key, what, remedy)) = self.no_member(pool).await? {
            let key = format!("pools.{name}.{key}");
            return Err(bad(Sort::Pool, Wrong { key, what, remedy }).into());
        }
        self.keep(Sort::Pool, name.as_str(), pool, condition, person).await
    }

    /// What a pool names that is not there: where, what, and what to write.
    async fn no_member(
        &self,
        pool: &Pool,
    ) -> Result<Option<(&'static str, String, String)>, Error> {
        let sites = &self.catalog.sites;
        if let Some(site) = pool.site.as_ref().filter(|site| !sites.contains_key(*site)) {
            let remedy = Catalog::known(site.as_str(), sites.keys().map(SiteId::as_str));
            return Ok(Some(("site", format!("there is no site `{site}`"), remedy)));
        }
        let plans = &self.in_force().plans;
        if let Some(plan) = pool.plan.as_ref().filter(|plan| !plans.contains_key(*plan)) {
            let remedy = Catalog::known(plan, plans.keys().map(String::as_str));
            return Ok(Some(("plan", format!("there is no plan `{plan}`"), remedy)));
        }
        if pool.accounts.is_empty() {
            return Ok(None);
        }
        let ids = self.store.account_ids().await?;
        let unknown = pool.accounts.iter().find(|id| ids.binary_search(id).is_err());
        let Some(unknown) = unknown else { return Ok(None) };
        let remedy = match nearest(unknown.as_str(), ids.iter().map(AccountId::as_str)) {
            Some(near) => format!("did you mean `{near}`?"),
            None => "`walkon account list` shows them; add the account first".to_owned(),
        };
        Ok(Some(("accounts", format!("there is no account `{unknown}`"), remedy)))
    }

    pub(super) async fn keep(
        &self,
        sort: Sort,
        name: &str,
        value: &impl Serialize,
        condition: Condition,
        person: &Person,
    ) -> Result<Done, Error> {
        let document = serde_json::to_string(value).expect("our words have string keys");
        let _turn = self.roster.turn.lock().await;
        let done = self.replace(sort, name, Some(&document), condition).await?;
        self.settle(sort, name, "set", person).await?;
        Ok(done)
    }

    /// Removes what is kept in the database and used by nobody.
    pub async fn remove_setting(
        &self,
        sort: Sort,
        name: &str,
        condition: Condition,
        person: &Person,
    ) -> Result<(), Error> {
        let _turn = self.roster.turn.lock().await;
        if self.seen(sort, name, condition).await? == 0 {
            return Err(unknown(sort, name).into());
        }
        if let Some(user) = self.user_of(sort, name).await? {
            let why = format!("the {} `{name}` is in use: {user}", sort.name());
            return Err(Refuse::new("in_use", why, "let them go on without it first").into());
        }
        self.replace(sort, name, None, condition).await?;
        if sort == Sort::Proxy {
            self.store.put_proxy_password(name, None).await?;
        }
        self.settle(sort, name, "remove", person).await
    }

    /// Has it hold here at once, and tells who did it: the clerk writes it into the audit log.
    async fn settle(&self, sort: Sort, name: &str, act: &str, who: &Person) -> Result<(), Error> {
        Box::pin(self.take_hold()).await?;
        self.tell_setting(&format!("{}.{act}", sort.name()), name, who).await
    }

    async fn replace(
        &self,
        sort: Sort,
        name: &str,
        document: Option<&str>,
        condition: Condition,
    ) -> Result<Done, Error> {
        for _ in 0..TRIES {
            let seen = self.seen(sort, name, condition).await?;
            if let Some(revision) = self.store.keep_setting(sort, name, document, seen).await? {
                return Ok(Done { revision, is_new: seen == 0 });
            }
        }
        Err(changed_meanwhile(sort, name, 0).into())
    }

    /// The revision that is there, 0 for none, if it may be replaced.
    pub(super) async fn seen(
        &self,
        sort: Sort,
        name: &str,
        condition: Condition,
    ) -> Result<u64, Error> {
        if self.in_force().is_of_file(sort, name) {
            return Err(in_file(sort, name).into());
        }
        let kept = self.store.settings().await?;
        let is_it = |one: &&Setting| one.sort == sort && one.name == name;
        let live = kept.iter().filter(is_it).find(|one| one.document.is_some());
        let seen = live.map_or(0, |one| one.revision);
        if condition.holds(seen) {
            return Ok(seen);
        }
        Err(changed_meanwhile(sort, name, seen).into())
    }
}

pub(super) fn unknown(sort: Sort, name: &str) -> Refuse {
    let sort = sort.name();
    let why = format!("there is no {sort} `{name}`");
    Refuse::new(&format!("unknown_{sort}"), why, format!("`walkon {sort} list` shows them"))
}

fn in_file(sort: Sort, name: &str) -> Refuse {
    let sort = sort.name();
    let why = format!("the {sort} `{name}` is kept in the settings' file");
    let fix = format!(
        "change `[{sort}s.{name}]` in walkon.toml and restart the coordinator, or choose another \
         name"
    );
    Refuse::new("in_file", why, fix)
}

fn changed_meanwhile(sort: Sort, name: &str, revision: u64) -> Refuse {
    let why = match revision {
        0 => format!("the {} `{name}` is not as you have seen it", sort.name()),
        _ => format!("the {} `{name}` is at revision {revision} by now", sort.name()),
    };
    Refuse::new("changed_meanwhile", why, "read it again, and send the change with its new ETag")
}
