//! Accounts as the queue knows them: standing, plan, zone and routes.
//!
//! The coordinator judges (holds, grants, tokens) and writes its judgement here; claims read it.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use walkon_core::id::{AccountId, PoolId};
use walkon_core::lease::Class;
use walkon_core::plan::Plan;

use super::{Error, Shard, scripts};

/// Actions ended in one go when an account is removed.
const REMOVED_AT_ONCE: u32 = 200;
/// Accounts written in one round trip.
const WRITTEN_AT_ONCE: usize = 100;
/// Accounts put in their place in one go when a plan changes.
const MOVED_AT_ONCE: usize = 100;

/// Why an account may not act at present.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldFor {
    /// A stable word: the hold's kind, or the lifecycle's word.
    pub code: String,
    /// In a sentence.
    pub why: String,
    /// When it ends by itself; `None`: somebody must act.
    pub until: Option<Timestamp>,
}

/// Everything the queue needs to know of an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountSetting {
    /// Which.
    pub id: AccountId,
    /// The site it lives on.
    pub site: String,
    /// The plan that limits it, by name. Without such a plan nothing is claimed for it.
    pub plan: String,
    /// Its IANA time zone.
    pub time_zone: String,
    /// Why it may not act; `None`: it may.
    pub held: Option<HeldFor>,
    /// The pools it is a member of.
    pub pools: Vec<PoolId>,
    /// Its site's origin, where that lets the fleet do only so much
    /// ([`super::Queue::set_ceilings`]).
    pub origin: Option<String>,
    /// By which means each kind is carried out, by the kind's name; `None`, or a kind that is not
    /// in it: not at all. `like@api` says so for work that forces a route; absent, a forced route
    /// is allowed where the kind itself has any.
    pub routes: BTreeMap<String, Option<Class>>,
}

/// The most the whole fleet may do, in hours and days of UTC.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct FleetCaps {
    /// In an hour.
    pub hourly: Option<u32>,
    /// In a day.
    pub daily: Option<u32>,
}

fn plan_fields(plan: &Plan) -> Vec<String> {
    let mut fields = Vec::new();
    let mut add = |name: String, value: Option<String>| {
        if let Some(value) = value {
            fields.extend([name, value]);
        }
    };
    add("hcap".into(), plan.hourly.map(|cap| cap.to_string()));
    add("dcap".into(), plan.daily.map(|cap| cap.to_string()));
    add("rh".into(), plan.hourly_rolling.map(|cap| cap.to_string()));
    add("rd".into(), plan.daily_rolling.map(|cap| cap.to_string()));
    // A bucket that holds nothing would never open; it is taken for one that holds one.
    add("bs".into(), plan.burst.map(|burst| burst.size.max(1).to_string()));
    add("bi".into(), plan.burst.map(|burst| burst.interval.as_millis().to_string()));
    let breaker = plan.breaker;
    add("bn".into(), Some(breaker.failures.to_string()));
    add("bb".into(), Some(breaker.rest.as_millis().to_string()));
    add("bm".into(), Some(breaker.longest.as_millis().to_string()));
    add("bc".into(), Some(breaker.successes.max(1).to_string()));
    let hours: Vec<_> =
        plan.hours.iter().map(|open| format!("{}-{}", open.from, open.to)).collect();
    add("hours".into(), (!hours.is_empty()).then(|| hours.join(" ")));
    for (kind, limits) in &plan.kinds {
        add(format!("cd:{kind}"), limits.cooldown.map(|time| time.as_millis().to_string()));
        add(format!("hk:{kind}"), limits.hourly.map(|cap| cap.to_string()));
        add(format!("dk:{kind}"), limits.daily.map(|cap| cap.to_string()));
        add(format!("rh:{kind}"), limits.hourly_rolling.map(|cap| cap.to_string()));
        add(format!("rd:{kind}"), limits.daily_rolling.map(|cap| cap.to_string()));
    }
    fields
}

/// An account as its script takes it.
fn words(setting: &AccountSetting, fence: bool) -> Vec<String> {
    let held = setting.held.as_ref();
    let until = held.and_then(|held| held.until).map_or(0, Timestamp::as_millisecond);
    let mut words = vec![
        setting.id.to_string(),
        if held.is_some() { "held" } else { "active" }.to_owned(),
        until.to_string(),
        held.map_or_else(String::new, |held| held.code.clone()),
        held.map_or_else(String::new, |held| held.why.clone()),
        setting.plan.clone(),
        setting.time_zone.clone(),
        u8::from(fence).to_string(),
        setting.site.clone(),
        setting.pools.iter().map(PoolId::as_str).collect::<Vec<_>>().join(" "),
        setting.origin.clone().unwrap_or_default(),
    ];
    for (kind, route) in &setting.routes {
        words.extend([kind.clone(), route.map_or("-", Class::name).to_owned()]);
    }
    words
}

impl Shard {
    /// Writes a plan. Accounts on it are judged by it from now on.
    pub async fn set_plan(&self, name: &str, plan: &Plan) -> Result<(), Error> {
        self.revise_plan(name, Some(plan), 0).await
    }

    /// Writes a revision of a plan, or that it is gone, unless a later one is there: whoever is
    /// slow changes nothing back.
    pub async fn revise_plan(
        &self,
        name: &str,
        plan: Option<&Plan>,
        revision: u64,
    ) -> Result<(), Error> {
        let is_there = u8::from(plan.is_some());
        let mut args = vec![format!("plan:{name}"), revision.to_string(), is_there.to_string()];
        args.extend(plan.map(plan_fields).unwrap_or_default());
        self.run(&scripts::PLAN, &args).await?;
        self.move_all(name).await
    }

    /// Writes the fleet's own caps.
    pub async fn set_fleet_caps(&self, caps: &FleetCaps) -> Result<(), Error> {
        let mut args = ["g", "0", "1"].map(str::to_owned).to_vec();
        // Of several shards each has only a part of them (`escrow.lua`).
        let (hour, day) = if self.inner.part.of == 1 { ("hmax", "dmax") } else { ("gh", "gd") };
        for (name, cap) in [(hour, caps.hourly), (day, caps.daily)] {
            args.extend(cap.into_iter().flat_map(|cap| [name.to_owned(), cap.to_string()]));
        }
        self.run(&scripts::PLAN, &args).await?;
        self.move_all("").await
    }

    /// Writes the tables of all zones in use anew; to be called once a day.
    pub async fn refresh_zones(&self) -> Result<(), Error> {
        let mut zones = BTreeSet::new();
        for some in self.account_ids().await?.chunks(MOVED_AT_ONCE) {
            let keys: Vec<_> = some.iter().map(|id| format!("a:{id}")).collect();
            zones.extend(self.peek(&keys).await?.iter_mut().filter_map(|of| of.remove("tz")));
        }
        for zone in zones {
            self.put_zone(&zone).await?;
        }
        self.move_all("").await
    }

    /// Every account the queue knows, in no order.
    pub async fn account_ids(&self) -> Result<Vec<String>, Error> {
        let mut cmd = redis::cmd("SMEMBERS");
        cmd.arg(self.key("acc"));
        self.ask(&cmd).await
    }

    /// Puts every account of a plan (empty: of any) where its limits now say it belongs.
    async fn move_all(&self, plan: &str) -> Result<(), Error> {
        for some in self.account_ids().await?.chunks(MOVED_AT_ONCE) {
            let args: Vec<_> = [plan.to_owned()].into_iter().chain(some.iter().cloned()).collect();
            self.run(&scripts::REINDEX, &args).await?;
        }
        Ok(())
    }

    /// Writes what is known of an account; its waiting work moves by itself.
    pub async fn put_account(&self, setting: &AccountSetting) -> Result<(), Error> {
        self.write_account(setting, false).await
    }

    /// The same, and takes its leases away: whoever acts as it learns so at its next call. Nobody
    /// acts as it before those leases would have ended.
    pub async fn fence_account(&self, setting: &AccountSetting) -> Result<(), Error> {
        self.write_account(setting, true).await
    }

    /// Writes what is known of many accounts, a hundred in one round trip.
    pub async fn put_accounts(&self, settings: &[AccountSetting]) -> Result<(), Error> {
        let zones: BTreeSet<_> = settings.iter().map(|setting| &setting.time_zone).collect();
        for zone in zones {
            self.put_zone(zone).await?;
        }
        for some in settings.chunks(WRITTEN_AT_ONCE) {
            let calls: Vec<_> = some.iter().map(|setting| words(setting, false)).collect();
            for (reply, setting) in self.run_many(&scripts::ACCOUNT, &calls).await?.iter().zip(some)
            {
                self.written(reply, setting)?;
            }
        }
        Ok(())
    }

    async fn write_account(&self, setting: &AccountSetting, fence: bool) -> Result<(), Error> {
        self.put_zone(&setting.time_zone).await?;
        let reply = self.run(&scripts::ACCOUNT, &words(setting, fence)).await?;
        self.written(&reply, setting)
    }

    fn written(&self, reply: &[String], setting: &AccountSetting) -> Result<(), Error> {
        if scripts::int(reply, 0)? == 1 {
            self.inner.bells.account_written();
            return Ok(());
        }
        Err(Error::Zone(setting.time_zone.clone()))
    }

    /// Removes an account: its leases are revoked, its waiting work is cancelled, what may have
    /// been done is parked for a person, what it had of a pool and had not begun goes back there.
    /// False: there is none of that name.
    pub async fn remove_account(&self, id: &AccountId) -> Result<bool, Error> {
        let args = vec![id.to_string(), REMOVED_AT_ONCE.to_string()];
        loop {
            let reply = self.run(&scripts::REMOVE, &args).await?;
            match scripts::int(&reply, 0)? {
                0 => return Ok(true),
                -1 => return Ok(false),
                _ => {}
            }
        }
    }
}
