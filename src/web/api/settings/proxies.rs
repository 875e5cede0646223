//! Proxies that accounts may name. Their passwords are sealed, and never told.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;
use serde_json::{Value, json};
use walkon_core::account::{Account, ProxyConfig, SharedProxy};
use walkon_core::action::Refuse;
use walkon_core::api_token::ApiScope;
use walkon_core::bundle::Secret;
use walkon_core::id::{AccountId, SettingName};

use super::super::super::access::Caller;
use super::super::super::route::{Needs, Route};
use super::super::hands::Who;
use super::{After, Answer, Body, Problem, changed, named, no, read, remove, tagged, told};
use crate::coordinator::Coordinator;
use crate::coordinator::settings::proxies::Password;
use crate::store::settings::Sort;

/// The field that is no part of what is told.
const PASSWORD: &str = "password";

/// The routes.
pub(super) fn routes() -> Vec<Route<Coordinator>> {
    const PROXY: &[(&str, &str)] =
        &[("url", "string*"), ("username", "string"), ("password", "string"), ("exit", "string")];
    let see = Needs::Scope(ApiScope::AccountsRead);
    let change = Needs::Scope(ApiScope::AccountsWrite);
    vec![
        Route::get("/api/proxies", see, proxies).about("Every proxy, and whose it is."),
        Route::get("/api/proxies/{name}", see, proxy).about("One proxy that accounts may name."),
        Route::put("/api/proxies/{name}", change, put_proxy)
            .about("Puts a proxy in place of what it was. A password that is left out stays.")
            .body(PROXY),
        Route::delete("/api/proxies/{name}", change, |c, who, name, after, why| {
            remove(Sort::Proxy, c, who, name, after, why)
        })
        .about("Removes a proxy that no account names."),
        Route::post("/api/proxies/{name}/test", change, test)
            .about("Connects through it to a site that may be reached, and lets go.")
            .body(&[("site", "string")]),
    ]
}

/// Whose each proxy is: those with a name by it.
async fn users(c: &Coordinator) -> Result<BTreeMap<ProxyConfig, Vec<AccountId>>, Problem> {
    let mut users: BTreeMap<ProxyConfig, Vec<AccountId>> = BTreeMap::new();
    for Account { id, proxy, .. } in c.store.accounts().await?.into_iter().map(|s| s.account) {
        if let Some(proxy) = proxy {
            // Who of them has the password in which file is the file's affair.
            let proxy = ProxyConfig { password_file: None, ..proxy };
            users.entry(proxy).or_default().push(id);
        }
    }
    Ok(users)
}

async fn shown(
    c: &Coordinator,
    (name, proxy): (&str, &SharedProxy),
    users: &BTreeMap<ProxyConfig, Vec<AccountId>>,
) -> Value {
    let mut row = told(&c.in_force(), Sort::Proxy, name, proxy);
    // One that cannot be opened is there, too.
    let password = c.store.proxy_password(name).await;
    row[PASSWORD] = json!(!matches!(password, Ok(None)));
    let is_it = |proxy: &ProxyConfig| proxy.name.as_ref().is_some_and(|own| own.as_str() == name);
    let own = users.iter().find(|(proxy, _)| is_it(proxy)).map(|(_, accounts)| accounts);
    row["accounts"] = json!(own.map_or(&[][..], Vec::as_slice));
    row
}

async fn proxies(State(c): State<Coordinator>) -> Answer {
    let users = users(&c).await?;
    let mut rows = Vec::new();
    for (name, proxy) in &c.in_force().proxies {
        rows.push(shown(&c, (name, proxy), &users).await);
    }
    let own = users.iter().filter(|(proxy, _)| proxy.name.is_none());
    rows.extend(own.map(|(proxy, accounts)| {
        json!({"name": null, "proxy": proxy, "accounts": accounts, "kept": "accounts"})
    }));
    Ok(Json(json!({"proxies": rows})))
}

async fn proxy(
    State(c): State<Coordinator>,
    Path(name): Path<String>,
) -> Result<Response, Problem> {
    let force = c.in_force();
    let proxy = force.proxies.get(&name).ok_or_else(|| no("proxy", &name))?;
    let body = shown(&c, (&name, proxy), &users(&c).await?).await;
    Ok(tagged(StatusCode::OK, force.kept(Sort::Proxy, &name).1, body))
}

/// The password of a body, taken out of it.
fn password(body: &mut Value, caller: &Caller) -> Result<Password, Problem> {
    let given = body.as_object_mut().and_then(|fields| fields.remove(PASSWORD));
    let password = match given {
        None => return Ok(Password::AsItWas),
        Some(Value::Null) => Password::None,
        Some(Value::String(text)) if !text.is_empty() => Password::New(Secret::new(text)),
        Some(_) => {
            let why = "`password` is empty, or no text";
            let fix = "write it as a text, null for none, or leave it out to keep what is sealed";
            return Err(Refuse::new("bad_proxy", why, fix).into());
        }
    };
    if caller.may(ApiScope::SecretsWrite) {
        return Ok(password);
    }
    let why = "it holds a password, for which the scope `secrets:write` is missing";
    let fix = "leave the password out, or use a token with that scope";
    Err(Refuse::new("scope_missing", why, fix).into())
}

async fn put_proxy(
    State(c): State<Coordinator>,
    (who, caller): (Who, Caller),
    Path(name): Path<String>,
    After(condition): After,
    Body(mut body): Body<Value>,
) -> Result<Response, Problem> {
    let password = password(&mut body, &caller)?;
    let proxy: SharedProxy = read("proxy", &body)?;
    let person = who.person(None, "set by an operator");
    let id = named::<SettingName>(&name)?;
    let done = c.keep_proxy(&id, &proxy, &password, condition, &person).await?;
    Ok(changed(done, shown(&c, (&name, &proxy), &users(&c).await?).await))
}

/// Where to.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Test {
    #[serde(default)]
    site: Option<String>,
}

async fn test(
    State(c): State<Coordinator>,
    Path(name): Path<String>,
    Body(Test { site }): Body<Test>,
) -> Answer {
    Ok(Json(json!(c.try_proxy(&name, site.as_deref()).await?)))
}
