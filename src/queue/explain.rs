//! Why an action is not running, and when it may.

use std::fmt;
use std::time::Duration;

use jiff::Timestamp;
use walkon_core::action::RouteWish;
use walkon_core::clock::from_ms;
use walkon_core::event::ActionState;
use walkon_core::id::{AccountId, ActionId};

use super::{Error, Shard, actions, scripts};

/// One thing that keeps an action from running now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reason {
    /// A stable word: `cooldown burst hours daily_cap hourly_cap kind_daily_cap kind_hourly_cap
    /// global_daily_cap global_hourly_cap hourly_rolling_cap daily_rolling_cap (and both with
    /// `kind_` before them) not_before backoff queue lease busy handed_back fenced
    /// held route plan zone restarted clock paused parked state`, and of a pool's work `pool
    /// no_member mission`; `site_breaker`; of what the site's grant
    /// allows `rate_ceiling outside_window`. `busy`: one of its kind is being
    /// performed by the other route. `handed_back`: the last worker's host could not do it.
    pub code: String,
    /// Until when; `None`: until something changes.
    pub until: Option<Timestamp>,
    /// Since when; `None`: not known.
    pub since: Option<Timestamp>,
    /// For a cap: how many are used. For `mission`: how many are under way. For `queue`: how many
    /// stand before it.
    pub used: Option<u64>,
    /// For a cap: of how many.
    pub most: Option<u64>,
    /// What else there is to say: the hold's reason, who has the lease.
    pub words: String,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (used, words) = (self.used.unwrap_or_default(), &self.words);
        match (self.code.as_str(), self.most) {
            ("queue", _) => write!(f, "{used} before it in its lane")?,
            (_, Some(0)) => write!(f, "{}: never allowed", self.code.replace('_', " "))?,
            (code, Some(most)) => write!(f, "{}: {used} of {most} used", code.replace('_', " "))?,
            (code, None) => f.write_str(&code.replace('_', " "))?,
        }
        if !words.is_empty() {
            write!(f, " ({words})")?;
        }
        if let Some(until) = self.until {
            write!(f, " until {until}")?;
        }
        match self.since {
            Some(since) => write!(f, ", since {since}"),
            None => Ok(()),
        }
    }
}

/// Where an action stands and what it waits for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explanation {
    /// Its state.
    pub state: ActionState,
    /// The earliest instant its limits allow it, apart from others before it; `None`: not as
    /// things are.
    pub earliest: Option<Timestamp>,
    /// All that keeps it; empty: it may be claimed now, and waits for a free worker.
    pub reasons: Vec<Reason>,
}

fn explanation(reply: &[String]) -> Result<Option<Explanation>, Error> {
    if scripts::word(reply, 0)? == "unknown" && reply.len() == 1 {
        return Ok(None);
    }
    let time = |ms: i64| (ms >= 0).then(|| from_ms(ms));
    let mut reasons = Vec::new();
    for row in reply[2..].chunks(6) {
        reasons.push(Reason {
            code: scripts::word(row, 0)?.to_owned(),
            until: time(scripts::int(row, 1)?),
            since: time(scripts::int(row, 5)?),
            used: u64::try_from(scripts::int(row, 2)?).ok(),
            most: u64::try_from(scripts::int(row, 3)?).ok(),
            words: scripts::word(row, 4)?.to_owned(),
        });
    }
    let state = actions::state(scripts::word(reply, 0)?)?;
    Ok(Some(Explanation { state, earliest: time(scripts::int(reply, 1)?), reasons }))
}

/// The first to wake in each class.
type Heads = (Vec<(String, f64)>, Vec<(String, f64)>);

impl Shard {
    /// Why an action is not running; `None`: there is no such action.
    pub async fn why(&self, id: &ActionId) -> Result<Option<Explanation>, Error> {
        let args = [id.to_string(), String::new(), String::new(), "0".to_owned()];
        explanation(&self.run(&scripts::EXPLAIN, &args).await?)
    }

    /// When a new action of this kind could be carried out at the earliest, the work before it
    /// left aside; `None`: there is no such account.
    pub async fn earliest(
        &self,
        account: &AccountId,
        kind: &str,
        route: RouteWish,
        not_before: Option<Timestamp>,
    ) -> Result<Option<Explanation>, Error> {
        let from = not_before.map_or(0, Timestamp::as_millisecond);
        let args =
            [String::new(), account.to_string(), actions::slot(kind, route), from.to_string()];
        explanation(&self.run(&scripts::EXPLAIN, &args).await?)
    }

    /// When the next of all accounts may be claimed, as far as is known; for pages.
    pub(super) async fn next_due(&self) -> Result<Option<Duration>, Error> {
        let mut pipe = redis::pipe();
        pipe.atomic();
        for name in ["wake:api", "wake:browser"] {
            pipe.cmd("ZRANGE").arg(self.key(name)).arg(0).arg(0).arg("WITHSCORES");
        }
        let (first, second): Heads = self.ask_all(&pipe).await?;
        let now = self.now().await?.as_millisecond();
        let heads = first.into_iter().chain(second).map(|(_, at)| at as i64);
        let next = heads.filter(|at| *at < 9_000_000_000_000_000).min();
        Ok(next.map(|at| Duration::from_millis((at - now).max(0) as u64)))
    }
}
