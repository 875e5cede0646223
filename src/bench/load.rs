//! What a bench works on: a plan with every limit, accounts on it, and actions of 100 bytes.

use std::collections::BTreeMap;
use std::ops::Range;
use std::time::Duration;

use futures_util::stream::{self, StreamExt as _, TryStreamExt as _};
use walkon_core::action::{Action, RouteWish, Target};
use walkon_core::clock::from_ms;
use walkon_core::id::{AccountId, ActionId};
use walkon_core::lease::Class;
use walkon_core::plan::{Breaker, Burst, Hours, KindLimits, Plan};
use walkon_core::rng::Seed;

use crate::queue::{AccountSetting, Enqueued, Error, FleetCaps, Queue};

/// Calls under way at once while loading.
const AT_ONCE: usize = 64;
/// What an action's JSON has.
const ACTION_BYTES: usize = 100;
/// A cap that is counted and never reached.
const FAR: u32 = 1_000_000_000;
/// What all actions are, and what else accounts may do.
const KINDS: [&str; 5] = ["like", "comment", "follow", "save", "view_profile"];
const PLAN: &str = "bench";
const ZONE: &str = "Europe/Berlin";

/// Writes the plan and the fleet's caps: each limit is on, and none keeps anybody waiting. The
/// cooldown has passed before an account's turn comes round again.
pub async fn limits(queue: &Queue) -> Result<(), Error> {
    let kind = KindLimits {
        cooldown: Some(Duration::from_millis(1)),
        hourly: Some(FAR),
        daily: Some(FAR),
        ..KindLimits::default()
    };
    let plan = Plan {
        hourly: Some(FAR),
        daily: Some(FAR),
        burst: Some(Burst { size: FAR, interval: Duration::from_millis(1) }),
        // All day, in two stretches, so that each claim must look for its own.
        hours: vec![Hours { from: 0, to: 720 }, Hours { from: 720, to: 1440 }],
        breaker: Breaker::default(),
        kinds: KINDS.iter().map(|name| ((*name).to_owned(), kind.clone())).collect(),
        ..Plan::default()
    };
    queue.set_plan(PLAN, &plan).await?;
    queue.set_fleet_caps(&FleetCaps { hourly: Some(FAR), daily: Some(FAR) }).await
}

fn account(number: u64) -> AccountId {
    format!("acct-{number:07}").parse().expect("a good name")
}

fn setting(number: u64) -> AccountSetting {
    let route = |(index, name): (usize, &&str)| {
        let class = if index % 2 == 0 { Class::Browser } else { Class::Api };
        ((*name).to_owned(), Some(class))
    };
    AccountSetting {
        id: account(number),
        site: "bench".to_owned(),
        plan: PLAN.to_owned(),
        time_zone: ZONE.to_owned(),
        held: None,
        pools: Vec::new(),
        origin: None,
        routes: KINDS.iter().enumerate().map(route).collect(),
    }
}

/// The `number`th action, whose JSON has 100 bytes; accounts have their turns.
pub fn action(number: u64, accounts: u64) -> Action {
    let mut action = Action {
        account: Some(account(number % accounts.max(1))),
        pool: None,
        mission: None,
        kind: KINDS[0].to_owned(),
        target: None,
        with: BTreeMap::new(),
        key: None,
        route: RouteWish::Auto,
        priority: 5,
        not_before: None,
        expires_at: None,
        labels: BTreeMap::new(),
    };
    let target = |id: String| Some(Target { object: "post".to_owned(), id });
    action.target = target(String::new());
    let so_far = serde_json::to_string(&action).expect("an action is plain data").len();
    let width = ACTION_BYTES.saturating_sub(so_far);
    action.target = target(format!("{number:0width$}"));
    action
}

/// The `number`th action's id: no two are the same, for each has an instant of its own.
pub fn id(number: u64) -> ActionId {
    let start = 1_700_000_000_000_i64;
    ActionId::new(from_ms(start + number as i64), &mut Seed(number).rng())
}

/// Writes `accounts` accounts.
pub async fn enroll(queue: &Queue, accounts: u64) -> Result<(), Error> {
    let writes = stream::iter((0..accounts).map(Ok::<_, Error>));
    let write = |number| async move { queue.put_account(&setting(number)).await };
    writes.try_for_each_concurrent(AT_ONCE, write).await
}

/// Takes in the actions of these numbers, one call each, several under way at once.
pub async fn enqueue(queue: &Queue, accounts: u64, numbers: Range<u64>) -> Result<(), Error> {
    let mut calls =
        stream::iter(numbers)
            .map(|number| async move {
                queue.enqueue(&id(number), &action(number, accounts), None).await
            })
            .buffer_unordered(AT_ONCE);
    while let Some(taken) = calls.next().await {
        match taken? {
            Enqueued::New(_) => {}
            other => return Err(Error::Answer(format!("{other:?} for a bench's own action"))),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_action_has_a_hundred_bytes_whatever_its_number() {
        for number in [0, 7, 123_456_789] {
            let json = serde_json::to_string(&action(number, 1_000_000)).unwrap();
            assert_eq!(json.len(), ACTION_BYTES, "{json}");
            assert!(action(number, 1_000_000).check(from_ms(0)).is_ok(), "{json}");
        }
    }
}
