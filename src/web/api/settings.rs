//! What limits accounts, who is in which pool, and by which proxies they go. Those of the settings'
//! file are told here and are the file's; others are made here, each with a revision as its `ETag`.

use axum::Json;
use axum::extract::{FromRequestParts, Path, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::{Value, json};
use walkon_core::account::{Account, ProxyConfig};
use walkon_core::action::Refuse;
use walkon_core::api_token::ApiScope;
use walkon_core::id::{AccountId, PoolId, SettingName};
use walkon_core::plan::Plan;
use walkon_core::pool::Pool;

use super::super::access::Caller;
use super::super::route::{Needs, Route};
use super::accounts::replace;
use super::hands::Who;
use super::{Answer, Body, Problem, no};
use crate::coordinator::settings::{Condition, Done, InForce};
use crate::coordinator::{Coordinator, Error};
use crate::store::settings::Sort;

mod proxies;
mod read;

use read::read;

/// The routes.
pub(super) fn routes() -> Vec<Route<Coordinator>> {
    const PLAN: &[(&str, &str)] = &[
        ("hourly", "integer"),
        ("daily", "integer"),
        ("hourly_rolling", "integer"),
        ("daily_rolling", "integer"),
        ("burst", "object"),
        ("breaker", "object"),
        ("hours", "array"),
        ("kinds", "object"),
    ];
    const POOL: &[(&str, &str)] = &[
        ("accounts", "array"),
        ("site", "string"),
        ("plan", "string"),
        ("labels", "object"),
        ("strategy", "string"),
        ("fallback", "array"),
    ];
    let see = Needs::Scope(ApiScope::AccountsRead);
    let change = Needs::Scope(ApiScope::AccountsWrite);
    let own = vec![
        Route::get("/api/plans", see, plans).about("Every plan with its limits."),
        Route::get("/api/plans/{name}", see, plan).about("One plan, and who is on it."),
        Route::put("/api/plans/{name}", change, put_plan)
            .about("Puts a plan in place of what it was; it holds at once.")
            .body(PLAN),
        Route::delete("/api/plans/{name}", change, |c, who, name, after, why| {
            remove(Sort::Plan, c, who, name, after, why)
        })
        .about("Removes a plan that nobody is on."),
        Route::get("/api/pools", see, pools).about("Every pool and mission."),
        Route::get("/api/pools/{name}", see, pool).about("One pool, with its members."),
        Route::put("/api/pools/{name}", change, put_pool)
            .about("Puts a pool in place of what it was; its members do its work at once.")
            .body(POOL),
        Route::delete("/api/pools/{name}", change, |c, who, name, after, why| {
            remove(Sort::Pool, c, who, name, after, why)
        })
        .about("Removes a pool for which nothing waits."),
        Route::put("/api/accounts/{id}/proxy", change, put_proxy)
            .about("Gives an account that is kept by hand another proxy.")
            .body(&[
                ("name", "string"),
                ("url", "string"),
                ("username", "string"),
                ("password_file", "string"),
                ("exit", "string"),
            ]),
        Route::delete("/api/accounts/{id}/proxy", change, no_proxy)
            .about("Lets an account that is kept by hand go without a proxy."),
    ];
    [own, proxies::routes()].concat()
}

/// What a change is to be made after: `If-Match` and `If-None-Match`.
struct After(Condition);

impl<S: Send + Sync> FromRequestParts<S> for After {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        after(&parts.headers).map(Self)
    }
}

fn after(headers: &HeaderMap) -> Result<Condition, Problem> {
    let said = |name| headers.get(name).and_then(|value| value.to_str().ok()).map(str::trim);
    if said(header::IF_NONE_MATCH) == Some("*") {
        return Ok(Condition::Absent);
    }
    let Some(tag) = said(header::IF_MATCH).filter(|tag| *tag != "*") else {
        return Ok(Condition::Any);
    };
    tag.trim_matches('"').parse().map(Condition::At).map_err(|_| Problem {
        status: StatusCode::BAD_REQUEST,
        code: "unreadable".to_owned(),
        why: format!("`{tag}` is no ETag of ours"),
        fix: "send back the ETag of the answer as it was, with its quotes".to_owned(),
    })
}

/// An answer with the revision it tells of.
fn tagged(status: StatusCode, revision: u64, body: Value) -> Response {
    let mut response = (status, Json(body)).into_response();
    // The file has no revisions.
    if let (true, Ok(tag)) = (revision > 0, format!("\"{revision}\"").parse()) {
        response.headers_mut().insert(header::ETAG, tag);
    }
    response
}

fn changed(done: Done, body: Value) -> Response {
    let status = if done.is_new { StatusCode::CREATED } else { StatusCode::OK };
    tagged(status, done.revision, body)
}

/// A setting with where it is kept.
fn told(force: &InForce, sort: Sort, name: &str, value: &impl serde::Serialize) -> Value {
    let (kept, revision) = force.kept(sort, name);
    let revision = (revision > 0).then_some(revision);
    json!({"name": name, sort.name(): value, "kept": kept, "revision": revision})
}

/// Why something is removed.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Why {
    #[serde(default)]
    why: Option<String>,
}

async fn remove(
    sort: Sort,
    State(c): State<Coordinator>,
    who: Who,
    Path(name): Path<String>,
    After(condition): After,
    why: Result<Body<Why>, Problem>,
) -> Answer {
    let why = why.ok().and_then(|Body(Why { why })| why);
    let person = who.person(why.as_deref(), "removed by an operator");
    match c.remove_setting(sort, &name, condition, &person).await {
        Err(Error::Refused(refuse)) if refuse.code == format!("unknown_{}", sort.name()) => {
            return Err(no(sort.name(), &name));
        }
        done => done?,
    }
    Ok(Json(json!({"name": name, "state": "removed"})))
}

fn named<T: std::str::FromStr<Err: std::fmt::Display>>(name: &str) -> Result<T, Problem> {
    let refuse =
        |error: T::Err| Refuse::new("bad_name", error.to_string(), "choose another name").into();
    name.parse().map_err(refuse)
}

async fn plans(State(c): State<Coordinator>) -> Answer {
    let force = c.in_force();
    let mut on: std::collections::BTreeMap<String, usize> = std::collections::BTreeMap::new();
    for standing in c.store.accounts().await? {
        *on.entry(standing.account.plan).or_default() += 1;
    }
    let row = |(name, plan): (&String, &Plan)| {
        let mut row = told(&force, Sort::Plan, name, plan);
        row["accounts"] = json!(on.get(name).copied().unwrap_or_default());
        row
    };
    Ok(Json(json!({"plans": force.plans.iter().map(row).collect::<Vec<_>>()})))
}

async fn plan(State(c): State<Coordinator>, Path(name): Path<String>) -> Result<Response, Problem> {
    let force = c.in_force();
    let plan = force.plans.get(&name).ok_or_else(|| no("plan", &name))?;
    let mut body = told(&force, Sort::Plan, &name, plan);
    body["accounts"] = json!(c.ids_where(|account| account.plan == name).await?);
    Ok(tagged(StatusCode::OK, force.kept(Sort::Plan, &name).1, body))
}

async fn put_plan(
    State(c): State<Coordinator>,
    who: Who,
    Path(name): Path<String>,
    After(condition): After,
    Body(body): Body<Value>,
) -> Result<Response, Problem> {
    let plan: Plan = read("plan", &body)?;
    let person = who.person(None, "set by an operator");
    let done = c.keep_plan(&named::<SettingName>(&name)?, &plan, condition, &person).await?;
    Ok(changed(done, told(&c.in_force(), Sort::Plan, &name, &plan)))
}

async fn pools(State(c): State<Coordinator>) -> Answer {
    let force = c.in_force();
    let row = |(name, pool): (&PoolId, &Pool)| told(&force, Sort::Pool, name.as_str(), pool);
    let rows: Vec<_> = force.pools.pools.iter().map(row).collect();
    Ok(Json(json!({"pools": rows, "missions": force.pools.missions})))
}

async fn pool(State(c): State<Coordinator>, Path(name): Path<String>) -> Result<Response, Problem> {
    let force = c.in_force();
    let mut found = force.pools.pools.iter().filter(|(known, _)| known.as_str() == name);
    let (_, pool) = found.next().ok_or_else(|| no("pool", &name))?;
    let mut body = told(&force, Sort::Pool, &name, pool);
    body["members"] = json!(c.ids_where(|account| pool.holds(account)).await?);
    Ok(tagged(StatusCode::OK, force.kept(Sort::Pool, &name).1, body))
}

async fn put_pool(
    State(c): State<Coordinator>,
    who: Who,
    Path(name): Path<String>,
    After(condition): After,
    Body(body): Body<Value>,
) -> Result<Response, Problem> {
    let pool: Pool = read("pool", &body)?;
    let person = who.person(None, "set by an operator");
    let done = c.keep_pool(&named::<PoolId>(&name)?, &pool, condition, &person).await?;
    Ok(changed(done, told(&c.in_force(), Sort::Pool, &name, &pool)))
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
    Body(proxy): Body<Value>,
) -> Answer {
    set_proxy(c, caller, id, Some(read("proxy", &proxy)?)).await
}

async fn no_proxy(
    State(c): State<Coordinator>,
    caller: Caller,
    Path(id): Path<AccountId>,
) -> Answer {
    set_proxy(c, caller, id, None).await
}
