//! The fleet at one glance: counts, who acts, who comes next, who needs a person, what ended.

use std::collections::BTreeMap;

use jiff::Timestamp;
use walkon_core::account::Standing;
use walkon_core::event::ActionState;
use walkon_core::receipt::Receipt;

use super::accounts::hold_rows;
use super::say;
use crate::queue::{Acting, Coming, Stats};
use pulse::pulse;
use rows::{acting_row, coming_row};

mod pulse;
mod rows;

pub use pulse::{Bar, Pulse};
pub(super) use rows::what;
pub use rows::{ActingRow, ComingRow, Ending, HeldRow, ending};

/// How many endings are listed.
const ENDINGS: usize = 12;

/// How many of those who need a person, and of those who rest, are listed.
pub const HELD: usize = 6;
/// The words of accounts that need a person.
pub const NEED_A_PERSON: &[&str] = &["suspended", "error"];
/// The words of accounts that rest.
pub const REST: &[&str] = &["paused"];

/// Everything the overview is made from.
#[derive(Debug, Default)]
pub struct Facts {
    /// The queue as a whole.
    pub stats: Stats,
    /// Live leases.
    pub acting: Vec<Acting>,
    /// Who comes next.
    pub coming: Vec<Coming>,
    /// Some of those who need a person or rest.
    pub held: Vec<Standing>,
    /// How many accounts stand so, by the word for it.
    pub words: BTreeMap<&'static str, u64>,
    /// How many there are.
    pub accounts: u64,
    /// What ended, the latest first.
    pub receipts: Vec<Receipt>,
    /// Sessions being recorded, by account.
    pub live: BTreeMap<String, String>,
}

/// One state with how many stand in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StateCount {
    /// The state.
    pub name: &'static str,
    /// In digits.
    pub count: String,
    /// Whether there are none.
    pub none: bool,
}

/// A piece of the bar of all states, in thousandths.
#[derive(Debug, Clone, PartialEq)]
pub struct Piece {
    /// The state.
    pub name: &'static str,
    /// From the left.
    pub x: f64,
    /// Width.
    pub w: f64,
}

/// The overview.
#[derive(Debug, Clone, PartialEq)]
pub struct Overview {
    /// What matters, in one sentence.
    pub headline: String,
    /// The second sentence.
    pub subline: String,
    /// All that were ever planned.
    pub planned: String,
    /// By state.
    pub states: Vec<StateCount>,
    /// By state, as a bar.
    pub bar: Vec<Piece>,
    /// Who acts.
    pub acting: Vec<ActingRow>,
    /// Who comes next.
    pub coming: Vec<ComingRow>,
    /// Accounts that need a person, the first of them.
    pub suspended: Vec<HeldRow>,
    /// How many need one.
    pub suspended_count: u64,
    /// The same by the word for how they stand, where not all are shown.
    pub suspended_more: Vec<(&'static str, String)>,
    /// Accounts that rest, the first of them.
    pub paused: Vec<HeldRow>,
    /// How many rest.
    pub paused_count: u64,
    /// What ended.
    pub endings: Vec<Ending>,
    /// The throughput.
    pub pulse: Pulse,
    /// How many accounts there are, in words.
    pub accounts: String,
    /// As of when.
    pub at: String,
}

fn headline(acting: usize, suspended: u64, accounts: u64) -> String {
    let needs = match suspended {
        0 => "nobody needs you".to_owned(),
        1 => "one needs a person".to_owned(),
        more => format!("{} need a person", say::count(more)),
    };
    match (accounts, acting) {
        (0, _) => "No accounts yet".to_owned(),
        (_, 0) => format!("Nobody is acting, {needs}"),
        (_, 1) => format!("One account is acting, {needs}"),
        (_, more) => format!("{more} accounts are acting, {needs}"),
    }
}

fn subline(facts: &Facts, now: Timestamp) -> String {
    let waiting = facts.stats.count(ActionState::Waiting);
    if facts.accounts == 0 {
        return "Add some with `walkon account import accounts.toml`.".to_owned();
    }
    match (waiting, facts.coming.first()) {
        (0, _) => "Nothing waits. Send work with `walkon enqueue`.".to_owned(),
        (_, None) => format!("{} wait, none of which may run as things are.", say::count(waiting)),
        (_, Some(Coming { at: None, account, .. })) => {
            format!("{} wait; {account} is ready for a free worker.", say::count(waiting))
        }
        (_, Some(Coming { at: Some(at), account, .. })) => {
            let when = say::ahead(now, *at);
            format!("{} wait; the next is {account}, {when}.", say::count(waiting))
        }
    }
}

fn bar(stats: &Stats) -> Vec<Piece> {
    let total = stats.planned().max(1) as f64;
    let mut x = 0.0;
    let mut pieces = Vec::new();
    // What is settled first, what is still to come last.
    let order = [
        ActionState::Done,
        ActionState::Failed,
        ActionState::Unknown,
        ActionState::Expired,
        ActionState::Refused,
        ActionState::Cancelled,
        ActionState::Running,
        ActionState::Waiting,
    ];
    for state in order {
        let w = stats.count(state) as f64 / total * 1000.0;
        if w > 0.0 {
            pieces.push(Piece { name: state.name(), x, w });
        }
        x += w;
    }
    pieces
}

/// Makes the overview.
pub fn overview(facts: &Facts, now: Timestamp) -> Overview {
    let held = |standing: &Standing| HeldRow {
        account: standing.account.id.to_string(),
        word: standing.word(),
        holds: hold_rows(&standing.holds, now),
    };
    let of = |words: &[&str]| -> (Vec<HeldRow>, u64) {
        let some = facts.held.iter().filter(|standing| words.contains(&standing.word()));
        let count = words.iter().filter_map(|word| facts.words.get(word)).sum();
        (some.take(HELD).map(held).collect(), count)
    };
    let (suspended, suspended_count) = of(NEED_A_PERSON);
    let (paused, paused_count) = of(REST);
    let more = |word: &&'static str| {
        let count = facts.words.get(word).filter(|count| **count > 0)?;
        Some((*word, say::count(*count)))
    };
    let all = suspended_count > suspended.len() as u64;
    let suspended_more =
        if all { NEED_A_PERSON.iter().filter_map(more).collect() } else { Vec::new() };
    let busy = facts.acting.iter().filter(|one| one.action.is_some()).count();
    let state = |state: ActionState| {
        let number = facts.stats.count(state);
        StateCount { name: state.name(), count: say::count(number), none: number == 0 }
    };
    Overview {
        headline: headline(busy, suspended_count, facts.accounts),
        subline: subline(facts, now),
        planned: say::count(facts.stats.planned()),
        states: ActionState::ALL.into_iter().map(state).collect(),
        bar: bar(&facts.stats),
        acting: facts.acting.iter().map(|one| acting_row(one, &facts.live, now)).collect(),
        coming: facts.coming.iter().map(|one| coming_row(one, now)).collect(),
        suspended,
        suspended_count,
        suspended_more,
        paused,
        paused_count,
        endings: facts.receipts.iter().take(ENDINGS).map(|one| ending(one, now)).collect(),
        pulse: pulse(&facts.receipts, now),
        accounts: say::many(facts.accounts, "account"),
        at: say::clock(now),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use walkon_core::clock::from_ms;

    #[test]
    fn the_bar_adds_up_and_leaves_out_what_is_not_there() {
        let states = [(ActionState::Done, 3), (ActionState::Waiting, 1)].into();
        let bar = bar(&Stats { states, ..Stats::default() });
        assert_eq!(bar.len(), 2);
        assert_eq!((bar[1].x, bar[1].w), (750.0, 250.0));
    }

    #[test]
    fn an_empty_fleet_says_what_to_do() {
        let overview = overview(&Facts::default(), from_ms(0));
        assert_eq!(overview.headline, "No accounts yet");
        assert!(overview.subline.contains("walkon account import"));
    }
}
