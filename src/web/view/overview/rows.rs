//! The overview's lists, row by row.

use std::collections::BTreeMap;

use jiff::Timestamp;
use walkon_core::receipt::Receipt;

use super::super::accounts::HoldRow;
use super::super::say;
use crate::queue::{Acting, Coming};

/// Somebody who acts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActingRow {
    /// The account.
    pub account: String,
    /// `like post:7`, or that the lease is kept.
    pub what: String,
    /// Its action.
    pub action: Option<String>,
    /// `api` or `browser`.
    pub class: &'static str,
    /// The worker.
    pub worker: String,
    /// For how long.
    pub since: String,
    /// Its live session.
    pub session: Option<String>,
}

/// Somebody who comes next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ComingRow {
    /// The account.
    pub account: String,
    /// Whether that is a pool.
    pub of_pool: bool,
    /// The kinds in its lanes.
    pub kinds: String,
    /// `api` or `browser`.
    pub class: &'static str,
    /// `in 12 s`, or `ready`.
    pub when: String,
    /// Whether it waits for a free worker only.
    pub ready: bool,
}

/// An account that is held.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldRow {
    /// The account.
    pub account: String,
    /// `suspended`, `paused`, `error`.
    pub word: &'static str,
    /// Why.
    pub holds: Vec<HoldRow>,
}

/// An ending.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ending {
    /// The action.
    pub action: String,
    /// Whether it can be looked at: a refused one never was in the queue.
    pub known: bool,
    /// The account.
    pub account: String,
    /// `like post:7`.
    pub what: String,
    /// The state's name.
    pub state: String,
    /// In words.
    pub words: String,
    /// When.
    pub ago: String,
    /// When, in full.
    pub at: String,
}

impl Ending {
    /// Its words, with what is code in them.
    pub fn marked(&self) -> say::Marked {
        say::marked(&self.words)
    }
}

/// A kind with its target.
pub(in crate::web::view) fn what(kind: &str, target: Option<&str>) -> String {
    let kind = say::plain(kind);
    target.map_or_else(|| kind.clone(), |target| format!("{kind} {target}"))
}

pub(super) fn acting_row(
    acting: &Acting,
    live: &BTreeMap<String, String>,
    now: Timestamp,
) -> ActingRow {
    let view = acting.action.as_ref();
    let what = view.map_or_else(
        || "keeps its browser for what may come".to_owned(),
        |view| {
            what(&view.action.kind, view.action.target.as_ref().map(ToString::to_string).as_deref())
        },
    );
    ActingRow {
        account: acting.account.clone(),
        what,
        action: view.map(|view| view.id.to_string()),
        class: acting.class.name(),
        worker: acting.worker.clone(),
        since: view.map(|view| say::since(now, view.updated_at)).unwrap_or_default(),
        session: live.get(&acting.account).cloned(),
    }
}

pub(super) fn coming_row(coming: &Coming, now: Timestamp) -> ComingRow {
    let kinds: Vec<_> = coming.kinds.iter().map(|kind| say::plain(kind)).collect();
    ComingRow {
        account: coming.account.clone(),
        of_pool: coming.of_pool,
        kinds: kinds.join(", "),
        class: coming.class.name(),
        when: coming.at.map_or_else(|| "ready".to_owned(), |at| say::ahead(now, at)),
        ready: coming.at.is_none(),
    }
}

/// What became of an action, for lists.
pub fn ending(receipt: &Receipt, now: Timestamp) -> Ending {
    Ending {
        action: receipt.action.clone(),
        known: receipt.state != "refused",
        account: receipt.account.clone(),
        what: what(&receipt.kind, receipt.target.as_deref()),
        state: receipt.state.clone(),
        words: say::ending(receipt),
        ago: say::ago(now, receipt.at),
        at: say::full(receipt.at),
    }
}
