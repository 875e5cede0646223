//! An account's page, and the forms that hold and release it.

use askama::Template;
use axum::Form;
use axum::extract::{Path, State};
use axum::response::{Redirect, Response};
use serde::Deserialize;
use walkon_core::hold::{Hold, HoldKind};
use walkon_core::id::AccountId;

use super::super::Pages;
use super::super::archive::{look, reading};
use super::{rows, standing};
use crate::queue::Person;
use crate::web::access::Caller;
use crate::web::chrome::{Chrome, Failed, Lost, Place, page};
use crate::web::view::accounts::AccountPage;
use crate::web::view::alerts::alerts;
use crate::web::view::health::past;
use crate::web::view::{overview, sessions};

/// How much of the past of its health, and how many alerts, an account's page has.
const PAST: u64 = 12;

/// How many receipts an account's page has.
const RECEIPTS: u64 = 20;

/// How many sessions an account's page has, and among how many they are looked for.
const SESSIONS: (usize, usize) = (8, 400);

#[derive(Template)]
#[template(path = "account.html")]
struct One {
    chrome: Chrome,
    p: AccountPage,
}

/// `/accounts/{id}`
pub(in crate::web::pages) async fn one(
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
    let history = c.store.health_history(&standing.account.id, PAST).await?;
    let mut told = c.store.alerts(Some(&id), PAST).await?;
    // What is said as a hold is not said again.
    told.retain(|one| standing.holds.iter().all(|hold| hold.reason != one.alert.why));
    let alerts = alerts(&told, Vec::new(), now).standing;
    let (sessions, past) = (sessions.await, past(&history, now));
    let p = AccountPage { row, sessions, endings, past, alerts };
    Ok(page(&One { chrome: Chrome::new(id, Place::Accounts).of(&caller), p }))
}

/// What a form says.
#[derive(Debug, Default, Deserialize)]
pub(in crate::web::pages) struct Wish {
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
pub(in crate::web::pages) async fn pause(
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
pub(in crate::web::pages) async fn resume(
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
pub(in crate::web::pages) async fn release(
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
