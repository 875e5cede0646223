//! Grants by hand: list, verify, pin, revoke.

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use walkon_core::action::Refuse;
use walkon_core::api_token::ApiScope;
use walkon_core::grant::{Held, Standing};
use walkon_core::origin::WebOrigin;
use walkon_core::signature::PublicKey;

use super::super::route::{Needs, Route};
use super::hands::Who;
use super::{Answer, Body, Problem};
use crate::coordinator::Coordinator;

/// The routes of grants.
pub(super) fn routes() -> Vec<Route<Coordinator>> {
    const NAMED: &[(&str, &str)] = &[("origin", "string*"), ("why", "string")];
    const PINNED: &[(&str, &str)] =
        &[("origin", "string*"), ("signed", "string*"), ("key", "string*")];
    let see = Needs::Scope(ApiScope::AccountsRead);
    let control = Needs::Scope(ApiScope::FleetControl);
    // Whoever pins a key decides whose word counts.
    let admin = Needs::Scope(ApiScope::Admin);
    vec![
        Route::get("/api/grants", see, list).about("What sites let this fleet do by browser."),
        Route::post("/api/grants/verify", control, verify).about("Asks a site now.").body(NAMED),
        Route::post("/api/grants/revoke", control, revoke).about("Ends a grant here.").body(NAMED),
        Route::post("/api/grants/pin", admin, pin)
            .about("Takes up a grant that its owner signed.")
            .body(PINNED),
    ]
}

/// Which origin, and why.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Named {
    /// `https://shop.example`
    pub origin: String,
    /// Why it is revoked.
    #[serde(default)]
    pub why: Option<String>,
}

/// A grant that its owner signed.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pinned {
    /// `https://shop.example`
    pub origin: String,
    /// The compact JWS.
    pub signed: String,
    /// The owner's key, a JWK's `x`.
    pub key: String,
}

fn origin(text: &str) -> Result<WebOrigin, Problem> {
    text.parse().map_err(|error: walkon_core::origin::NotAWebOrigin| {
        let fix = "write scheme and host, and a port that is not the usual one";
        Refuse::new("bad_origin", error.to_string(), fix).into()
    })
}

/// A grant as it stands, for programs.
fn shown(c: &Coordinator, held: &Held) -> Value {
    let (state, denied, pass) = match held.standing(c.grants.ids(), c.now()) {
        Standing::Open(pass) => ("open", None, Some(pass)),
        Standing::Fading(pass, denied) => ("fading", Some(denied), Some(pass)),
        Standing::Shut(denied) => ("shut", Some(denied), None),
    };
    json!({
        "origin": held.origin,
        "state": state,
        "how": held.how,
        "looked_at": held.looked_at,
        "next_look": held.look_at(),
        "expires": pass.as_ref().map(|pass| pass.expires),
        "grants": pass.map(|pass| pass.grants),
        "code": denied.as_ref().map(|denied| denied.code),
        "why": denied.as_ref().map(|denied| denied.why.clone()),
        "fix": denied.map(|denied| denied.fix),
    })
}

async fn list(State(c): State<Coordinator>) -> Answer {
    let grants: Vec<Value> = c.list_grants().await?.iter().map(|held| shown(&c, held)).collect();
    let directory = c.grants.directory.as_ref();
    Ok(Json(json!({"fleet": c.grants.ids(), "directory": directory, "grants": grants})))
}

async fn verify(State(c): State<Coordinator>, who: Who, Body(named): Body<Named>) -> Answer {
    let held = c.verify_grant(&origin(&named.origin)?, who.name()).await?;
    Ok(Json(shown(&c, &held)))
}

async fn revoke(State(c): State<Coordinator>, who: Who, Body(named): Body<Named>) -> Answer {
    let why = named.why.as_deref().unwrap_or("revoked by hand");
    let held = c.revoke_grant(&origin(&named.origin)?, who.name(), why).await?;
    Ok(Json(shown(&c, &held)))
}

async fn pin(State(c): State<Coordinator>, who: Who, Body(pinned): Body<Pinned>) -> Answer {
    let key = PublicKey::read(&pinned.key).map_err(|error| {
        Refuse::new("bad_key", error.to_string(), "give the `x` of the owner's JWK")
    })?;
    let origin = origin(&pinned.origin)?;
    let held = c.pin_grant(&origin, &pinned.signed, &key, who.name()).await?;
    Ok(Json(shown(&c, &held)))
}
