//! `/queue`, an action's page, and taking an action back.

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::{Redirect, Response};
use serde::Deserialize;
use walkon_core::event::ActionState;
use walkon_core::id::{AccountId, ActionId};

use crate::coordinator::Coordinator;
use crate::queue::{ActionFilter, ActionView, Person};

use super::super::access::Caller;
use super::super::chrome::{Chrome, Failed, Lost, Place, page};
use super::super::view::queue::{ActionPage, QueuePage, Watched, action_page, chips, paused, row};
use super::super::view::say;
use super::Pages;
use super::archive::{look, reading};

/// How many actions one page has.
const ROWS: usize = 40;
/// Among how many public events an action's own are looked for.
const EVENTS: usize = 3000;
/// Among how many receipts, and among how many sessions.
const RECEIPTS: u64 = 200;
const SESSIONS: usize = 200;

/// Which actions.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Which {
    state: Option<String>,
    account: Option<String>,
    from: Option<usize>,
}

impl Which {
    fn filter(&self) -> ActionFilter {
        ActionFilter {
            state: self.state.as_deref().and_then(ActionState::named),
            account: self.account.as_deref().and_then(|id| id.parse::<AccountId>().ok()),
            kind: None,
        }
    }

    /// Where these actions are listed from `from` on.
    fn href(filter: &ActionFilter, from: usize) -> String {
        let mut href = format!("/queue?from={from}");
        if let Some(state) = filter.state {
            href = format!("{href}&state={}", state.name());
        }
        if let Some(account) = &filter.account {
            href = format!("{href}&account={account}");
        }
        href
    }
}

#[derive(Template)]
#[template(path = "queue.html")]
struct List {
    chrome: Chrome,
    p: QueuePage,
}

/// `/queue`
pub(super) async fn list(
    State(pages): State<Pages>,
    caller: Caller,
    Query(which): Query<Which>,
) -> Result<Response, Failed> {
    let (queue, now) = (&pages.coordinator.queue, pages.coordinator.now());
    let filter = which.filter();
    let from = which.from.unwrap_or(0);
    let found = queue.actions(&filter, from, ROWS).await?;
    let mut rows = Vec::new();
    for view in &found.actions {
        let explained = match view.state {
            ActionState::Waiting => pages.coordinator.why(&view.id).await?,
            _ => None,
        };
        rows.push(row(view, explained.as_ref(), now));
    }
    let pauses = queue.pauses().await?.iter().map(|one| paused(one, now)).collect();
    let p = QueuePage {
        pauses,
        chips: chips(&queue.stats().await?, filter.state),
        rows,
        older: found.next.map(|next| Which::href(&filter, next)),
        newest: (from > 0).then(|| Which::href(&filter, 0)),
        account: filter.account.map(|id| id.to_string()),
    };
    Ok(page(&List { chrome: Chrome::new("Queue", Place::Queue).of(&caller), p }))
}

async fn watched(c: &Coordinator, view: &ActionView) -> Vec<Watched> {
    let (now, created) = (c.now(), view.created_at);
    let (id, account) = (view.id.to_string(), view.account.clone());
    reading(&c.archive, move |archive| {
        let heads = archive.newest(SESSIONS).unwrap_or_default().into_iter();
        let own = heads.filter(|head| {
            Some(&head.account) == account.as_ref().map(ToString::to_string).as_ref()
                && head.ended_at.is_none_or(|end| end >= created)
        });
        let found = own.filter_map(|head| {
            let seen = look(archive, head, now);
            let (_, at) = seen.glance.actions.into_iter().find(|(action, _)| *action == id)?;
            let when = say::day_clock(seen.head.started_at);
            Some(Watched { session: seen.head.session.to_string(), at, when })
        });
        found.collect()
    })
    .await
}

async fn find(c: &Coordinator, id: &str) -> Result<ActionView, Failed> {
    let missing = || Lost::missing("action", id);
    let known = id.parse::<ActionId>().map_err(|_| missing())?;
    Ok(c.queue.action(&known).await?.ok_or_else(missing)?)
}

#[derive(Template)]
#[template(path = "action.html")]
struct One {
    chrome: Chrome,
    p: ActionPage,
}

/// `/actions/{id}`
pub(super) async fn one(
    State(pages): State<Pages>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Response, Failed> {
    let c = &pages.coordinator;
    let view = find(c, &id).await?;
    let explained = match view.state {
        ActionState::Waiting | ActionState::Unknown => c.why(&view.id).await?,
        _ => None,
    };
    let receipts = c.store.receipts(view.account.as_ref().map(AccountId::as_str), RECEIPTS).await?;
    let receipt = receipts.iter().find(|receipt| receipt.action == id);
    let latest = c.queue.latest(EVENTS).await?.into_iter().rev().map(|(_, event)| event);
    let events: Vec<_> = latest.filter(|event| event.action.as_deref() == Some(&id)).collect();
    let sessions = watched(c, &view).await;
    let p = action_page(&view, explained.as_ref(), receipt, &events, sessions, c.now());
    Ok(page(&One { chrome: Chrome::new(p.row.what.clone(), Place::Queue).of(&caller), p }))
}

/// Takes an action back, if that is still possible; its page says how it stands then.
pub(super) async fn cancel(
    State(pages): State<Pages>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Redirect, Failed> {
    let view = find(&pages.coordinator, &id).await?;
    let person = Person::new(&caller.name, "cancelled on its page");
    pages.coordinator.queue.cancel(&view.id, &person).await?;
    Ok(Redirect::to(&format!("/actions/{}", view.id)))
}
