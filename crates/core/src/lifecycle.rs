//! An account's life: one table of the moves there are, with why and by whom. A move that is not in
//! it is refused.
//!
//! Holds are another thing: they come and go in any state, and an account acts only where its state
//! lets it and no hold is left ([`Standing::may_act`](crate::account::Standing::may_act)).

use std::fmt;

use crate::account::Lifecycle::{self, Active, Connecting, Error, Inactive, Ramping};

/// Who moves an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mover {
    /// An operator, by hand.
    Person,
    /// The fleet, by what it found.
    Fleet,
}

/// One move in an account's life.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Move {
    /// Where it is.
    pub from: Lifecycle,
    /// Where it goes.
    pub to: Lifecycle,
    /// Why, in a word for programs.
    pub reason: &'static str,
    /// Who may make it.
    pub by: &'static [Mover],
}

const PERSON: &[Mover] = &[Mover::Person];
const FLEET: &[Mover] = &[Mover::Fleet];
const BOTH: &[Mover] = &[Mover::Person, Mover::Fleet];

const fn row(from: Lifecycle, to: Lifecycle, reason: &'static str, by: &'static [Mover]) -> Move {
    Move { from, to, reason, by }
}

/// Every move there is.
pub const MOVES: [Move; 13] = [
    row(Inactive, Connecting, "connect", BOTH),
    // A person may take an account as connected that was connected by other means.
    row(Connecting, Ramping, "connected", BOTH),
    row(Connecting, Active, "connected", BOTH),
    row(Connecting, Error, "connect_failed", FLEET),
    row(Connecting, Inactive, "set_aside", PERSON),
    row(Ramping, Active, "ramped_up", BOTH),
    row(Active, Ramping, "ramp_again", PERSON),
    row(Ramping, Error, "broken", FLEET),
    row(Active, Error, "broken", FLEET),
    row(Ramping, Inactive, "set_aside", PERSON),
    row(Active, Inactive, "set_aside", PERSON),
    // What broke is connected anew, never declared whole.
    row(Error, Connecting, "connect", PERSON),
    row(Error, Inactive, "set_aside", PERSON),
];

/// A move that is not in the table, or not for that mover.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoMove {
    /// Where the account is.
    pub from: Lifecycle,
    /// Where it was to go.
    pub to: Lifecycle,
    /// Who asked.
    pub by: Mover,
}

/// Finds a move.
pub fn find(from: Lifecycle, to: Lifecycle, by: Mover) -> Result<&'static Move, NoMove> {
    let fits = |one: &&Move| one.from == from && one.to == to && one.by.contains(&by);
    MOVES.iter().find(fits).ok_or(NoMove { from, to, by })
}

impl fmt::Display for NoMove {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "an account that is {} does not become {}", self.from.name(), self.to.name())
    }
}

impl std::error::Error for NoMove {}

impl NoMove {
    /// Where it may go instead.
    pub fn remedy(&self) -> String {
        let fits = |one: &&Move| one.from == self.from && one.by.contains(&self.by);
        let names: Vec<_> = MOVES.iter().filter(fits).map(|one| one.to.name()).collect();
        if names.is_empty() {
            return "from there it goes nowhere by hand".to_owned();
        }
        format!("from there it may become {}", names.join(" or "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Written out again, so that a slip in the table is not its own measure: a row from each
    /// state, a column to each; `p` by a person, `f` by the fleet.
    const EXPECTED: [(Lifecycle, [&str; 5]); 5] = [
        //            inactive connecting ramping active error
        (Inactive, ["", "pf", "", "", ""]),
        (Connecting, ["p", "", "pf", "pf", "f"]),
        (Ramping, ["p", "", "", "pf", "f"]),
        (Active, ["p", "", "p", "", "f"]),
        (Error, ["p", "p", "", "", ""]),
    ];

    #[test]
    fn every_pair_is_in_the_table_for_whom_it_should_be_and_refused_for_all_others() {
        for (from, row) in EXPECTED {
            for (to, movers) in Lifecycle::ALL.into_iter().zip(row) {
                for (mover, letter) in [(Mover::Person, 'p'), (Mover::Fleet, 'f')] {
                    let found = find(from, to, mover);
                    assert_eq!(found.is_ok(), movers.contains(letter), "{from:?} {to:?} {mover:?}");
                    if let Err(refused) = found {
                        assert!(refused.to_string().contains(from.name()), "{refused}");
                        assert!(!refused.remedy().is_empty());
                    }
                }
            }
        }
    }

    #[test]
    fn no_move_stands_there_twice_and_each_has_a_reason() {
        for (at, one) in MOVES.iter().enumerate() {
            let same = |other: &Move| (other.from, other.to) == (one.from, one.to);
            assert!(!MOVES[at + 1..].iter().any(same), "{one:?}");
            assert!(!one.reason.is_empty() && !one.by.is_empty(), "{one:?}");
        }
    }

    #[test]
    fn a_refusal_says_where_it_may_go_instead() {
        let refused = find(Active, Connecting, Mover::Person).unwrap_err();
        assert_eq!(refused.to_string(), "an account that is active does not become connecting");
        assert_eq!(refused.remedy(), "from there it may become ramping or inactive");
    }
}
