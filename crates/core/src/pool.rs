//! Pools: named sets of accounts, any of which may do what is asked of the pool; and missions, the
//! named pieces of such work of which only so many are under way at once.
//!
//! `[pools.<name>]` and `[missions.<name>]` in `walkon.toml`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::account::Account;
use crate::action::listed;
use crate::fault::Wrong;
use crate::id::{AccountId, MissionId, PoolId, SiteId};
use crate::kind::nearest;

/// Which of the accounts that may do an action now does it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Strategy {
    /// The one that has acted least recently, at whatever.
    #[default]
    Lru,
    /// Each has its turn at this pool's work.
    RoundRobin,
    /// The one that has used the least part of its daily cap.
    LeastLoaded,
    /// Any.
    Random,
}

impl Strategy {
    /// Its name in scripts and settings.
    pub fn name(self) -> &'static str {
        match self {
            Self::Lru => "lru",
            Self::RoundRobin => "round_robin",
            Self::LeastLoaded => "least_loaded",
            Self::Random => "random",
        }
    }
}

/// One pool. An account is a member when `accounts` lists it, or when all of `site`, `plan` and
/// `labels` that are given are its own.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pool {
    /// Members by name.
    #[serde(default)]
    pub accounts: Vec<AccountId>,
    /// Members by their site.
    #[serde(default)]
    pub site: Option<SiteId>,
    /// Members by their plan.
    #[serde(default)]
    pub plan: Option<String>,
    /// Members by their labels, all of these.
    #[serde(default)]
    pub labels: BTreeMap<String, String>,
    /// Which of those that may.
    #[serde(default)]
    pub strategy: Strategy,
    /// Pools that are asked in this order while no member may; their own fallbacks are not.
    #[serde(default)]
    pub fallback: Vec<PoolId>,
}

/// One mission.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mission {
    /// Whose accounts do it.
    pub pool: PoolId,
    /// How many of its actions may be with an account and not finished at any moment.
    #[serde(default)]
    pub at_most: Option<u32>,
}

/// All pools and missions, by their names.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Pools {
    /// The pools.
    pub pools: BTreeMap<PoolId, Pool>,
    /// The missions.
    pub missions: BTreeMap<MissionId, Mission>,
}

impl Pool {
    /// Whether the account is a member.
    pub fn holds(&self, account: &Account) -> bool {
        let labelled = |(name, value): (&String, &String)| account.labels.get(name) == Some(value);
        self.accounts.contains(&account.id)
            || self.is_chosen()
                && self.site.as_ref().is_none_or(|site| *site == account.site)
                && self.plan.as_ref().is_none_or(|plan| *plan == account.plan)
                && self.labels.iter().all(labelled)
    }

    /// Whether it names members by what they have in common.
    fn is_chosen(&self) -> bool {
        self.site.is_some() || self.plan.is_some() || !self.labels.is_empty()
    }
}

impl Pools {
    /// The pools an account is a member of.
    pub fn of(&self, account: &Account) -> Vec<PoolId> {
        let mine = self.pools.iter().filter(|(_, pool)| pool.holds(account));
        mine.map(|(name, _)| name.clone()).collect()
    }

    /// What to say where there is no pool, or no mission, of that name.
    pub fn known<'a>(name: &str, names: impl Iterator<Item = &'a str> + Clone) -> String {
        match nearest(name, names.clone()) {
            Some(near) => format!("did you mean `{near}`? Known: {}", listed(names)),
            None => format!("known: {}", listed(names)),
        }
    }

    /// Finds the first that could never work.
    pub fn check(&self) -> Result<(), Wrong> {
        for (name, pool) in &self.pools {
            if pool.accounts.is_empty() && !pool.is_chosen() {
                let (key, what) = (format!("pools.{name}"), "it has no member".to_owned());
                let remedy = "name `accounts`, or a `site`, `plan` or `labels`".to_owned();
                return Err(Wrong { key, what, remedy });
            }
            for other in &pool.fallback {
                let key = format!("pools.{name}.fallback");
                if other == name {
                    let what = "it is its own fallback".to_owned();
                    return Err(Wrong { key, what, remedy: "name other pools".to_owned() });
                }
                self.known_pool(key, other)?;
            }
        }
        for (name, mission) in &self.missions {
            self.known_pool(format!("missions.{name}.pool"), &mission.pool)?;
            if mission.at_most == Some(0) {
                let (key, what) = (format!("missions.{name}.at_most"), "it is 0".to_owned());
                let remedy = "write 1 or more, or leave it out for no limit".to_owned();
                return Err(Wrong { key, what, remedy });
            }
        }
        Ok(())
    }

    fn known_pool(&self, key: String, name: &PoolId) -> Result<(), Wrong> {
        if self.pools.contains_key(name) {
            return Ok(());
        }
        let remedy = Self::known(name.as_str(), self.pools.keys().map(PoolId::as_str));
        Err(Wrong { key, what: format!("there is no pool `{name}`"), remedy })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn account(toml: &str) -> Account {
        toml::from_str(&format!("site = \"plaza\"\nusername = \"u\"\n{toml}")).unwrap()
    }

    fn pools(toml: &str) -> Pools {
        #[derive(Deserialize)]
        struct File {
            #[serde(default)]
            pools: BTreeMap<PoolId, Pool>,
            #[serde(default)]
            missions: BTreeMap<MissionId, Mission>,
        }
        let File { pools, missions } = toml::from_str(toml).unwrap();
        Pools { pools, missions }
    }

    #[test]
    fn members_are_those_listed_and_those_who_have_all_that_is_asked() {
        let pools = pools(
            "[pools.crew]\naccounts = [\"ada\"]\nplan = \"shy\"\nlabels = { team = \"one\" }\n\
             [pools.all]\nsite = \"plaza\"\n",
        );
        let names = |toml: &str| {
            pools.of(&account(toml)).iter().map(ToString::to_string).collect::<Vec<_>>()
        };
        assert_eq!(names("id = \"ada\""), ["all", "crew"]);
        let shy = "id = \"ben\"\nplan = \"shy\"";
        assert_eq!(names(shy), ["all"], "its label is missing");
        assert_eq!(names(&format!("{shy}\nlabels = {{ team = \"one\" }}")), ["all", "crew"]);
    }

    #[test]
    fn what_can_never_work_is_named_with_what_to_write() {
        let cases = [
            ("[pools.crew]\n", "pools.crew", "accounts"),
            ("[pools.crew]\nsite = \"a\"\nfallback = [\"crew\"]\n", "fallback", "other pools"),
            ("[pools.crew]\nsite = \"a\"\nfallback = [\"cre\"]\n", "fallback", "mean `crew`"),
            ("[missions.hello]\npool = \"crew\"\n", "missions.hello.pool", "nothing"),
            (
                "[pools.crew]\nsite = \"a\"\n[missions.hello]\npool = \"crew\"\nat_most = 0\n",
                "at_most",
                "1 or more",
            ),
        ];
        for (toml, key, remedy) in cases {
            let wrong = pools(toml).check().unwrap_err();
            assert!(wrong.key.contains(key) && wrong.remedy.contains(remedy), "{wrong:?}");
        }
    }
}
