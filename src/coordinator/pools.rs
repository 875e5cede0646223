//! Work for whoever of a pool may do it: what is refused of it, and why.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use jiff::{SignedDuration, Timestamp};
use walkon_core::action::{Action, Refuse};
use walkon_core::id::{MissionId, PoolId};
use walkon_core::pool::{Pool, Pools};
use walkon_core::routing;

use super::{Coordinator, Error};

/// For how long it is believed that some account of a pool can do a kind.
const BELIEVED: SignedDuration = SignedDuration::from_secs(5);

/// What was found out a moment ago: a file of a thousand actions does not read all accounts as
/// often. Where it has become wrong, the action waits and says why.
#[derive(Debug, Clone, Default)]
pub struct Admitted(Arc<Mutex<BTreeMap<String, (Timestamp, String)>>>);

impl Admitted {
    fn reason(&self, what: &str, now: Timestamp) -> Option<String> {
        let known = self.0.lock().expect("nothing panics while it is held");
        let (at, reason) = known.get(what)?;
        (now.duration_since(*at).abs() < BELIEVED).then(|| reason.clone())
    }

    fn note(&self, what: String, now: Timestamp, reason: &str) {
        let mut known = self.0.lock().expect("nothing panics while it is held");
        known.insert(what, (now, reason.to_owned()));
    }
}

impl Coordinator {
    /// A mission names its pool: from here on the action does, too.
    pub(super) fn named(&self, mut action: Action) -> Result<Action, Refuse> {
        let Some(name) = &action.mission else { return Ok(action) };
        let force = self.in_force();
        let missions = &force.pools.missions;
        let Some(mission) = missions.get(name) else {
            let remedy = Pools::known(name.as_str(), missions.keys().map(MissionId::as_str));
            let why = format!("there is no mission `{name}`");
            return Err(Refuse::new("unknown_mission", why, remedy));
        };
        if action.pool.as_ref().is_some_and(|pool| *pool != mission.pool) {
            let why = format!("mission `{name}` is for pool `{}`", mission.pool);
            return Err(Refuse::new("bad_mission", why, "leave `pool` out, or name that one"));
        }
        action.pool = Some(mission.pool.clone());
        Ok(action)
    }

    /// Refuses a name that no pool has.
    pub fn known_pool(&self, name: &str) -> Result<(), Refuse> {
        let found = self.in_force().pools.pools.keys().any(|pool| pool.as_str() == name);
        if found { Ok(()) } else { Err(self.unknown_pool(name)) }
    }

    pub(super) fn no_pool(&self, action: &Action) -> Refuse {
        self.unknown_pool(action.pool.as_ref().map(PoolId::as_str).unwrap_or_default())
    }

    fn unknown_pool(&self, name: &str) -> Refuse {
        let force = self.in_force();
        let names = force.pools.pools.keys().map(PoolId::as_str);
        let why = format!("there is no pool `{name}`");
        Refuse::new("unknown_pool", why, Pools::known(name, names))
    }

    /// Refuses what no account of the pool, nor of those it falls back to, could ever do.
    pub(super) async fn admit_to_pool(&self, action: &Action) -> Result<String, Error> {
        let force = self.in_force();
        let pools = &force.pools.pools;
        let pool = action.pool.as_ref().and_then(|name| Some((name, pools.get(name)?)));
        let Some((name, pool)) = pool else { return Err(self.no_pool(action).into()) };
        let what = format!("{name} {} {:?}", action.kind, action.route);
        let now = self.now();
        if let Some(reason) = self.admitted.reason(&what, now) {
            return Ok(reason);
        }
        let drawn: Vec<&Pool> =
            [pool].into_iter().chain(pool.fallback.iter().filter_map(|of| pools.get(of))).collect();
        let mut first = None;
        for standing in self.store.accounts().await? {
            let account = &standing.account;
            if !drawn.iter().any(|pool| pool.holds(account)) {
                continue;
            }
            let routed = routing::route(action.kind_row(), action.route, &self.facts(account));
            let Err(refuse) = routed else {
                let reason = format!("by an account of pool {name}, when one may");
                self.admitted.note(what, now, &reason);
                return Ok(reason);
            };
            first.get_or_insert(refuse);
        }
        let Some(Refuse { why, remedy, .. }) = first else {
            let why = format!("pool `{name}` has no account at present");
            let remedy = "add accounts to it: its `accounts`, `site`, `plan` or `labels`";
            return Err(Refuse::new("empty_pool", why, remedy).into());
        };
        let why = format!("no account of pool `{name}` could do it: {why}");
        Err(Refuse::new("no_route", why, remedy).into())
    }
}
