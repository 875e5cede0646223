//! `/accounts`, an account's page, and the forms that hold and release it.

use askama::Template;
use axum::Form;
use axum::extract::{Path, Query, State};
use axum::response::{Redirect, Response};
use serde::Deserialize;
use walkon_core::account::Standing;
use walkon_core::hold::{Hold, HoldKind};
use walkon_core::id::AccountId;

use crate::coordinator::Coordinator;
use crate::queue::Person;

use super::super::access::Caller;
use super::super::chrome::{Chrome, Failed, Lost, Place, page};
use super::super::view::accounts::{AccountPage, AccountRow, Known, Ways, rank, row};
use super::super::view::{overview, say, sessions};
use super::Pages;
use super::archive::{look, reading};

/// How many accounts one page has.
const ROWS: usize = 60;
/// How many receipts an account's page has.
const RECEIPTS: u64 = 20;
/// How many sessions an account's page has, and among how many they are looked for.
const SESSIONS: (usize, usize) = (8, 400);

async fn rows(c: &Coordinator, standings: &[Standing]) -> Result<Vec<AccountRow>, Failed> {
    let now = c.now();
    let ids: Vec<_> = standings.iter().map(|standing| standing.account.id.clone()).collect();
    let due = c.queue.due(&ids).await?;
    let mut rows = Vec::new();
    for (standing, due) in standings.iter().zip(due) {
        let account = &standing.account;
        let known = Known {
            queue: c.queue.account(&account.id).await?,
            plan: c.options.plans.get(&account.plan),
            ways: Ways::of(&c.facts(account)),
            due,
        };
        rows.push(row(standing, known, now));
    }
    Ok(rows)
}

async fn standing(c: &Coordinator, id: &str) -> Result<Standing, Failed> {
    let missing = || Lost::missing("account", id);
    let known = id.parse::<AccountId>().map_err(|_| missing())?;
    Ok(c.store.account(&known).await?.ok_or_else(missing)?)
}

#[derive(Template)]
#[template(path = "accounts.html")]
struct List {
    chrome: Chrome,
    summary: String,
    rows: Vec<AccountRow>,
    newer: Option<String>,
    older: Option<String>,
}

/// From which row on.
#[derive(Debug, Default, Deserialize)]
pub(super) struct From {
    from: Option<usize>,
}

fn summary(standings: &[Standing]) -> String {
    let words = ["active", "ramping", "paused", "suspended", "error", "connecting", "inactive"];
    let count = |word: &str| standings.iter().filter(|one| one.word() == word).count();
    let counted = words.iter().map(|word| (count(word), word)).filter(|(count, _)| *count > 0);
    let parts: Vec<_> = counted.map(|(count, word)| format!("{count} {word}")).collect();
    format!("{}: {}", say::many(standings.len() as u64, "account"), parts.join(", "))
}

/// `/accounts`
pub(super) async fn list(
    State(pages): State<Pages>,
    caller: Caller,
    Query(query): Query<From>,
) -> Result<Response, Failed> {
    let mut all = pages.coordinator.store.accounts().await?;
    all.sort_by_key(|standing| rank(standing.word()));
    let from = query.from.unwrap_or(0).min(all.len());
    let to = (from + ROWS).min(all.len());
    Ok(page(&List {
        chrome: Chrome::new("Accounts", Place::Accounts).of(&caller),
        summary: summary(&all),
        rows: rows(&pages.coordinator, &all[from..to]).await?,
        newer: (from > 0).then(|| format!("/accounts?from={}", from.saturating_sub(ROWS))),
        older: (to < all.len()).then(|| format!("/accounts?from={to}")),
    }))
}

#[derive(Template)]
#[template(path = "account.html")]
struct One {
    chrome: Chrome,
    p: AccountPage,
}

/// `/accounts/{id}`
pub(super) async fn one(
    State(pages): State<Pages>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Response, Failed> {
    let c = &pages.coordinator;
    let (now, standing) = (c.now(), standing(c, &id).await?);
    let row = rows(c, std::slice::from_ref(&standing)).await?.pop();
    let row = row.ok_or_else(|| Lost::missing("account", &id))?;
    let receipts = c.store.receipts(Some(&id), RECEIPTS).await?;
    let account = id.clone();
    let sessions = reading(&c.archive, move |archive| {
        let heads = archive.newest(SESSIONS.1).unwrap_or_default().into_iter();
        let own = heads.filter(|head| head.account == account).take(SESSIONS.0);
        let seen = own.map(|head| look(archive, head, now));
        seen.map(|seen| sessions::row(&seen.head, &seen.glance, seen.quiet_ms, now)).collect()
    });
    let endings = receipts.iter().map(|one| overview::ending(one, now)).collect();
    let p = AccountPage { row, sessions: sessions.await, endings };
    Ok(page(&One { chrome: Chrome::new(id, Place::Accounts).of(&caller), p }))
}

/// What a form says.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Wish {
    reason: Option<String>,
    kind: Option<String>,
    back: Option<String>,
}

impl Wish {
    fn back(&self, id: &AccountId) -> Redirect {
        match self.back.as_deref() {
            Some("list") => Redirect::to("/accounts"),
            _ => Redirect::to(&format!("/accounts/{id}")),
        }
    }
}

/// Pauses: a hold of the operator's own.
pub(super) async fn pause(
    State(pages): State<Pages>,
    caller: Caller,
    Path(id): Path<String>,
    Form(wish): Form<Wish>,
) -> Result<Redirect, Failed> {
    let c = &pages.coordinator;
    let id = standing(c, &id).await?.account.id;
    let reason = wish.reason.as_deref().map(str::trim).filter(|reason| !reason.is_empty());
    c.pause_account(&id, &Person::new(&caller.name, reason.unwrap_or("paused on its page")))
        .await?;
    Ok(wish.back(&id))
}

/// Resumes: lifts the operator's hold and no other.
pub(super) async fn resume(
    State(pages): State<Pages>,
    caller: Caller,
    Path(id): Path<String>,
    Form(wish): Form<Wish>,
) -> Result<Redirect, Failed> {
    let id = standing(&pages.coordinator, &id).await?.account.id;
    let person = Person::new(&caller.name, "resumed on its page");
    pages.coordinator.lift_by_hand(&id, HoldKind::Operator, &person).await?;
    Ok(wish.back(&id))
}

/// Releases: lifts one hold that somebody has looked at.
pub(super) async fn release(
    State(pages): State<Pages>,
    caller: Caller,
    Path(id): Path<String>,
    Form(wish): Form<Wish>,
) -> Result<Redirect, Failed> {
    let standing = standing(&pages.coordinator, &id).await?;
    let id = &standing.account.id;
    let named = |hold: &&Hold| Some(hold.kind.name()) == wish.kind.as_deref();
    // None of that kind: somebody was quicker.
    if let Some(hold) = standing.holds.iter().find(named) {
        let person = Person::new(&caller.name, "released on its page");
        pages.coordinator.lift_by_hand(id, hold.kind, &person).await?;
    }
    Ok(wish.back(id))
}
