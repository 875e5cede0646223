//! The queue's list and one action's page.

use jiff::Timestamp;
use walkon_core::event::{ActionState, Event};
use walkon_core::receipt::Receipt;

use crate::queue::{ActionView, Explanation, Paused, Scope, Stats};

use super::overview::what;
use super::reason::{Why, whys};
use super::say;

/// A choice of state above the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chip {
    /// What it says.
    pub label: &'static str,
    /// Where it leads.
    pub href: String,
    /// How many.
    pub count: String,
    /// Whether it is chosen.
    pub here: bool,
}

/// The chips: all, then each state.
pub fn chips(stats: &Stats, chosen: Option<ActionState>) -> Vec<Chip> {
    let all = Chip {
        label: "all",
        href: "/queue".to_owned(),
        count: say::count(stats.planned()),
        here: chosen.is_none(),
    };
    let of = |state: ActionState| Chip {
        label: state.name(),
        href: format!("/queue?state={}", state.name()),
        count: say::count(stats.count(state)),
        here: chosen == Some(state),
    };
    std::iter::once(all).chain(ActionState::ALL.into_iter().map(of)).collect()
}

/// One action in the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActionRow {
    /// Its id.
    pub id: String,
    /// The account; empty: none of its pool has taken it yet.
    pub account: String,
    /// The pool it was asked of, with its mission; empty: it was asked of its account.
    pub pool: String,
    /// `like post:7`.
    pub what: String,
    /// Its state.
    pub state: &'static str,
    /// How many attempts.
    pub attempts: u32,
    /// `api`, `browser` or nothing yet.
    pub class: &'static str,
    /// The last sentence said about it.
    pub words: String,
    /// Why it waits.
    pub whys: Vec<Why>,
    /// When its limits allow it at the earliest.
    pub earliest: String,
    /// When its state last changed.
    pub changed: String,
    /// The same in full.
    pub changed_at: String,
}

fn pool(view: &ActionView) -> String {
    let Some(pool) = &view.action.pool else { return String::new() };
    let of = view.action.mission.as_ref().map_or(String::new(), |name| format!(", {name}"));
    format!("pool {pool}{of}")
}

/// One action in words.
pub fn row(view: &ActionView, explained: Option<&Explanation>, now: Timestamp) -> ActionRow {
    let target = view.action.target.as_ref().map(ToString::to_string);
    let words = match (&view.why, view.outcome.as_deref()) {
        (Some(why), _) if view.state != ActionState::Done => why.clone(),
        (_, Some("already")) => "it was so already".to_owned(),
        (_, Some("made")) => "the effect was made".to_owned(),
        _ => String::new(),
    };
    let earliest = explained.and_then(|explained| explained.earliest);
    ActionRow {
        id: view.id.to_string(),
        account: view.account.as_ref().map(ToString::to_string).unwrap_or_default(),
        pool: pool(view),
        what: what(&view.action.kind, target.as_deref()),
        state: view.state.name(),
        attempts: view.attempts,
        class: view.class.map_or("", walkon_core::lease::Class::name),
        words,
        whys: explained.map(|explained| whys(explained, now)).unwrap_or_default(),
        earliest: earliest.map_or_else(String::new, |at| say::ahead(now, at)),
        changed: say::ago(now, view.updated_at),
        changed_at: say::full(view.updated_at),
    }
}

/// The list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueuePage {
    /// What a person has paused, a sentence each.
    pub pauses: Vec<String>,
    /// The choices.
    pub chips: Vec<Chip>,
    /// The actions.
    pub rows: Vec<ActionRow>,
    /// Where the next page is.
    pub older: Option<String>,
    /// Whether this is not the first page.
    pub newest: Option<String>,
    /// The account it is limited to.
    pub account: Option<String>,
}

/// A pause in a sentence: what, who, since when, why, and how it ends.
pub fn paused(pause: &Paused, now: Timestamp) -> String {
    let Paused { scope, since, by, why } = pause;
    let (what, ends) = match scope {
        Scope::Fleet => ("The fleet".to_owned(), "--all".to_owned()),
        Scope::Site(site) => (format!("Site {site}"), format!("--site {site}")),
    };
    let since = say::since(now, *since);
    format!("{what} is paused for {since} by {by}: {why}. To let it go on: walkon resume {ends}")
}

/// A session that holds an action.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Watched {
    /// The session.
    pub session: String,
    /// The event at which the action begins in it.
    pub at: u64,
    /// When the session began.
    pub when: String,
}

/// One event in an action's life.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HistoryRow {
    /// The clock.
    pub clock: String,
    /// The same in full.
    pub at: String,
    /// What changed.
    pub name: String,
    /// What else there is to say.
    pub words: String,
}

/// An action's events, the first one first.
pub fn history(events: &[Event]) -> Vec<HistoryRow> {
    let row = |event: &Event| {
        let attempt = event.attempt.map(|attempt| format!("attempt {attempt}"));
        let parts =
            [&attempt, &event.worker, &event.class, &event.outcome, &event.code, &event.why];
        let words: Vec<_> = parts.into_iter().flatten().cloned().collect();
        HistoryRow {
            clock: say::clock(event.at),
            at: say::full(event.at),
            name: event.kind_of_change.clone(),
            words: words.join(" · "),
        }
    };
    events.iter().map(row).collect()
}

/// One action's page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActionPage {
    /// As in the list.
    pub row: ActionRow,
    /// Words and values: what was asked and what became of it.
    pub asked: Vec<(&'static str, String)>,
    /// Where it stands.
    pub standing: Vec<(&'static str, String)>,
    /// Its arguments.
    pub with: Vec<(String, String)>,
    /// What was read.
    pub result: Option<String>,
    /// Its events.
    pub history: Vec<HistoryRow>,
    /// Sessions that hold it.
    pub sessions: Vec<Watched>,
    /// Whether it can still be taken back.
    pub cancellable: bool,
}

/// One action with all that is known.
pub fn action_page(
    view: &ActionView,
    explained: Option<&Explanation>,
    receipt: Option<&Receipt>,
    events: &[Event],
    sessions: Vec<Watched>,
    now: Timestamp,
) -> ActionPage {
    let action = &view.action;
    let mut asked = vec![
        ("kind", action.kind.clone()),
        ("priority", action.priority.to_string()),
        ("route", format!("{:?}", action.route).to_lowercase()),
    ];
    let mut add = |name, value: Option<String>| asked.extend(value.map(|value| (name, value)));
    add("account", action.account.as_ref().map(ToString::to_string));
    add("pool", action.pool.as_ref().map(ToString::to_string));
    add("mission", action.mission.as_ref().map(ToString::to_string));
    add("target", action.target.as_ref().map(ToString::to_string));
    add("key", action.key.clone());
    add("not before", action.not_before.map(say::full));
    add("expires at", action.expires_at.map(say::full));
    for (name, value) in &action.labels {
        add("label", Some(format!("{name} = {value}")));
    }
    let mut standing = vec![
        ("came", say::full(view.created_at)),
        ("changed", say::full(view.updated_at)),
        ("attempts", view.attempts.to_string()),
    ];
    let mut add = |name, value: Option<String>| standing.extend(value.map(|value| (name, value)));
    add("by", view.class.map(|class| class.name().to_owned()));
    add("worker", view.worker.clone());
    add("effect", view.outcome.clone());
    add("code", view.code.clone());
    add("why", view.why.clone());
    add(
        "receipt",
        receipt.map(|receipt| format!("{} at {}", receipt.state, say::full(receipt.at))),
    );
    ActionPage {
        row: row(view, explained, now),
        asked,
        standing,
        with: action.with.iter().map(|(name, value)| (name.clone(), value.clone())).collect(),
        result: view.result.clone(),
        history: history(events),
        sessions,
        cancellable: !view.state.is_final(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_chosen_state_is_marked() {
        let chips = chips(&Stats::default(), Some(ActionState::Failed));
        let here: Vec<_> = chips.iter().filter(|chip| chip.here).map(|chip| chip.label).collect();
        assert_eq!(here, ["failed"]);
        assert_eq!(chips.len(), 9);
    }
}
