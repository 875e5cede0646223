//! How accounts stand and how they are: all of them a page at a time, or one with every check.

use axum::Json;
use axum::extract::{Path, Query, State};
use serde::Deserialize;
use serde_json::{Value, json};
use walkon_core::account::Standing;
use walkon_core::action::Refuse;
use walkon_core::api_token::ApiScope;
use walkon_core::health::Level;
use walkon_core::id::AccountId;

use super::super::route::{Needs, Route};
use super::{Answer, Problem, ROWS_MAX, no};
use crate::catalog::Catalog;
use crate::coordinator::Coordinator;
use crate::queue::AccountView;
use crate::store::search::Wanted;

/// How many rounds of checks one account is shown with.
const ROUNDS: u64 = 20;

/// The routes.
pub(super) fn routes() -> Vec<Route<Coordinator>> {
    const WANTED: &[(&str, &str)] = &[
        ("q", "Only with this in id or username."),
        ("state", "Only in this state: active, paused, suspended …"),
        ("health", "Only of this level: healthy, warning, critical, unknown."),
        ("site", "Only on this site."),
        ("plan", "Only on this plan."),
        ("after", "From here on: `next` of the answer before."),
        super::MOST,
    ];
    let see = Needs::Scope(ApiScope::AccountsRead);
    vec![
        Route::get("/api/accounts/status", see, all)
            .about("How accounts stand and how they are, counted and listed.")
            .query(WANTED),
        Route::get("/api/accounts/{id}/status", see, one)
            .about("The same of one, with each check."),
    ]
}

/// What is looked for.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Asked {
    q: Option<String>,
    state: Option<String>,
    health: Option<String>,
    site: Option<String>,
    plan: Option<String>,
    after: usize,
    most: Option<usize>,
}

fn first(word: &'static str, _: Level) -> u8 {
    super::super::view::accounts::rank(word)
}

fn row(standing: &Standing, level: Level, view: Option<&AccountView>) -> Value {
    let leases = view.map(|view| {
        let one = |(class, worker, action): &(
            walkon_core::lease::Class,
            String,
            Option<String>,
        )| { json!({"class": class.name(), "worker": worker, "action": action}) };
        view.leases.iter().map(one).collect::<Vec<_>>()
    });
    json!({
        "id": standing.account.id, "site": standing.account.site, "plan": standing.account.plan,
        "state": standing.word(), "may_act": standing.may_act(), "holds": standing.holds,
        "health": level.name(), "acting": leases.unwrap_or_default(),
        "waiting": view.map(|view| view.waiting), "today": view.map(|view| view.today),
        "this_hour": view.map(|view| view.this_hour), "last_acted": view.and_then(|v| v.used_at),
    })
}

async fn all(State(c): State<Coordinator>, Query(asked): Query<Asked>) -> Answer {
    let level = match &asked.health {
        None => None,
        Some(name) => Some(Level::named(name).ok_or_else(|| unknown(name))?),
    };
    let Asked { q, state, site, plan, after, most, .. } = asked;
    let found = c.store.find(&Wanted { text: q, word: state, level, site, plan }, first).await?;
    let most = most.unwrap_or(100).clamp(1, ROWS_MAX);
    let from = after.min(found.all.len());
    let some = &found.all[from..(from + most).min(found.all.len())];
    let ids: Vec<_> = some.iter().map(|one| one.id.clone()).collect();
    let (standings, views) = (c.store.these(&ids).await?, c.queue.account_views(&ids).await?);
    let rows = standings.iter().map(|standing| {
        let at = ids.iter().position(|id| *id == standing.account.id);
        let level = at.map_or(Level::Unknown, |at| some[at].level);
        row(standing, level, at.and_then(|at| views[at].as_ref()))
    });
    let next = (from + most < found.all.len()).then_some(from + most);
    Ok(Json(json!({
        "total": found.total, "matching": found.all.len(), "states": found.words,
        "health": found.levels, "accounts": rows.collect::<Vec<_>>(), "next": next,
    })))
}

fn unknown(name: &str) -> Problem {
    let names = Level::ALL.map(Level::name);
    let why = format!("there is no health `{name}`");
    Refuse::new("unknown_health", why, Catalog::known(name, names.into_iter())).into()
}

async fn one(State(c): State<Coordinator>, Path(id): Path<AccountId>) -> Answer {
    let standing = c.store.account(&id).await?.ok_or_else(|| no("account", id.as_str()))?;
    let health = c.store.health(&id).await?;
    let level = health.as_ref().map_or(Level::Unknown, |health| health.report.level);
    let view = c.queue.account(&id).await?;
    let mut answer = row(&standing, level, view.as_ref());
    answer["next"] =
        json!(c.queue.due(std::slice::from_ref(&id)).await?.first().copied().flatten());
    answer["checks"] = json!(health.as_ref().map(|health| &health.report));
    answer["history"] = json!(c.store.health_history(&id, ROUNDS).await?);
    answer["onboarding"] = json!(c.store.onboarding(&id).await?);
    Ok(Json(answer))
}
