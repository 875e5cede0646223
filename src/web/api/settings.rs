//! What limits accounts, who is in which pool, and by which proxies they go: told here, and kept
//! elsewhere. Plans and pools are settings, read when a coordinator starts; a proxy is a part of
//! its account.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::{Path, State};
use serde_json::{Value, json};
use walkon_core::account::{Account, ProxyConfig};
use walkon_core::action::Refuse;
use walkon_core::api_token::ApiScope;
use walkon_core::id::AccountId;

use super::super::access::Caller;
use super::super::route::{Needs, Route};
use super::accounts::replace;
use super::{Answer, Body, Problem, no};
use crate::coordinator::Coordinator;

/// The routes.
pub(super) fn routes() -> Vec<Route<Coordinator>> {
    let see = Needs::Scope(ApiScope::AccountsRead);
    let change = Needs::Scope(ApiScope::AccountsWrite);
    let kept = "Refused: it is kept in the settings (409 `kept_in_settings`).";
    vec![
        Route::get("/api/plans", see, plans).about("Every plan with its limits."),
        Route::get("/api/plans/{name}", see, plan).about("One plan."),
        Route::put("/api/plans/{name}", change, keep_plan).about(kept),
        Route::delete("/api/plans/{name}", change, keep_plan).about(kept),
        Route::get("/api/pools", see, pools).about("Every pool and mission."),
        Route::get("/api/pools/{name}", see, pool).about("One pool, with its members."),
        Route::put("/api/pools/{name}", change, keep_pool).about(kept),
        Route::delete("/api/pools/{name}", change, keep_pool).about(kept),
        Route::get("/api/proxies", see, proxies).about("Every proxy, and whose it is."),
        Route::put("/api/accounts/{id}/proxy", change, put_proxy)
            .about("Gives an account that is kept by hand another proxy.")
            .body(&[("url", "string*"), ("username", "string"), ("password_file", "string")]),
        Route::delete("/api/accounts/{id}/proxy", change, no_proxy)
            .about("Lets an account that is kept by hand go without a proxy."),
    ]
}

async fn plans(State(c): State<Coordinator>) -> Answer {
    Ok(Json(json!({"plans": c.options.plans, "kept": "settings"})))
}

async fn plan(State(c): State<Coordinator>, Path(name): Path<String>) -> Answer {
    let plan = c.options.plans.get(&name).ok_or_else(|| no("plan", &name))?;
    Ok(Json(json!({"name": name, "plan": plan, "kept": "settings"})))
}

fn kept(section: &str, name: &str) -> Problem {
    let why = format!("{section} are kept in the settings, not in the database");
    let fix = format!("write `[{section}.{name}]` in walkon.toml and restart the coordinator");
    Refuse::new("kept_in_settings", why, fix).into()
}

async fn keep_plan(Path(name): Path<String>) -> Problem {
    kept("plans", &name)
}

async fn pools(State(c): State<Coordinator>) -> Answer {
    let pools = &c.options.pools;
    Ok(Json(json!({"pools": pools.pools, "missions": pools.missions, "kept": "settings"})))
}

async fn pool(State(c): State<Coordinator>, Path(name): Path<String>) -> Answer {
    let mut found = c.options.pools.pools.iter().filter(|(known, _)| known.as_str() == name);
    let (_, pool) = found.next().ok_or_else(|| no("pool", &name))?;
    let all = c.store.accounts().await?;
    let own = all.iter().map(|standing| &standing.account).filter(|account| pool.holds(account));
    let members: Vec<_> = own.map(|account| &account.id).collect();
    Ok(Json(json!({"name": name, "pool": pool, "members": members, "kept": "settings"})))
}

async fn keep_pool(Path(name): Path<String>) -> Problem {
    kept("pools", &name)
}

async fn proxies(State(c): State<Coordinator>) -> Answer {
    let all = c.store.accounts().await?;
    let mut users: BTreeMap<(&str, Option<&str>), Vec<&AccountId>> = BTreeMap::new();
    for Account { id, proxy, .. } in all.iter().map(|standing| &standing.account) {
        if let Some(ProxyConfig { url, username, .. }) = proxy {
            users.entry((url, username.as_deref())).or_default().push(id);
        }
    }
    let rows: Vec<Value> = users
        .iter()
        .map(|((url, username), accounts)| {
            json!({"url": url, "username": username, "accounts": accounts, "kept": "accounts"})
        })
        .collect();
    Ok(Json(json!({"proxies": rows})))
}

async fn set_proxy(
    c: Coordinator,
    caller: Caller,
    id: AccountId,
    proxy: Option<ProxyConfig>,
) -> Answer {
    let standing = c.store.account(&id).await?.ok_or_else(|| no("account", id.as_str()))?;
    replace(&c, &caller, Account { proxy, ..standing.account }).await
}

async fn put_proxy(
    State(c): State<Coordinator>,
    caller: Caller,
    Path(id): Path<AccountId>,
    Body(proxy): Body<ProxyConfig>,
) -> Answer {
    set_proxy(c, caller, id, Some(proxy)).await
}

async fn no_proxy(
    State(c): State<Coordinator>,
    caller: Caller,
    Path(id): Path<AccountId>,
) -> Answer {
    set_proxy(c, caller, id, None).await
}
