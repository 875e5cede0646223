//! What an app is told of its token and its account: what the token may do, what the account tells
//! the app of, and how much it may still publish.

use std::collections::BTreeSet;

use axum::Json;
use jiff::SignedDuration;
use serde_json::{Value, json};

use super::Caller;
use super::error::Error;
use super::params::Params;
use crate::server::App;
use crate::world::World;

type Answer = Result<Json<Value>, Error>;

/// Everything a token may do.
const SCOPES: [&str; 4] = [
    "instagram_business_basic",
    "instagram_business_manage_messages",
    "instagram_business_manage_comments",
    "instagram_business_content_publish",
];
/// What the fault `scope_lost` takes.
const LOST: &str = "instagram_business_manage_messages";
/// For how many days a token is good, unless a fault says otherwise.
const DAYS: i64 = 60;
/// How much may be published in 24 hours.
const PUBLISHED_MAX: usize = 50;

/// `GET /debug_token?input_token=…`: a token's own facts, asked for with itself.
pub(crate) fn token(app: &App, caller: &Caller, params: &Params) -> Answer {
    let asked = params.required("input_token")?;
    let member = app.world.lock().member(caller.member).clone();
    if asked != format!("tok-{}", member.username) {
        let said = "The Access Token does not belong to your app.";
        let error = json!({ "code": 190, "message": said });
        return Ok(Json(json!({ "data": { "is_valid": false, "scopes": [], "error": error } })));
    }
    let days = caller.visitor.token.days.unwrap_or(DAYS);
    let ends = app.clock.now() + SignedDuration::from_hours(24 * days);
    let lost = |scope: &&str| !(caller.visitor.token.lost_scope && *scope == LOST);
    let scopes: Vec<_> = SCOPES.into_iter().filter(lost).collect();
    Ok(Json(json!({ "data": {
        "app_id": "1",
        "type": "USER",
        "application": "Plaza",
        "expires_at": ends.as_second(),
        "is_valid": true,
        "scopes": scopes,
        "user_id": member.user_id(),
    } })))
}

/// `GET /me/subscribed_apps`
pub(crate) fn subscribed(world: &World, caller: &Caller) -> Value {
    let fields = world.subscriptions.get(&caller.member);
    let app = |fields: &BTreeSet<String>| {
        let mut app = json!({ "id": "1", "name": "Plaza" });
        app["subscribed_fields"] = json!(fields);
        app
    };
    json!({ "data": fields.map(app).into_iter().collect::<Vec<_>>() })
}

/// `POST /me/subscribed_apps?subscribed_fields=comments,messages`
pub(crate) fn subscribe(app: &App, caller: &Caller, params: &Params) -> Answer {
    let fields = params.required("subscribed_fields")?;
    let fields = fields.split(',').map(|field| field.trim().to_owned()).collect();
    app.world.lock().subscriptions.insert(caller.member, fields);
    Ok(Json(json!({ "success": true })))
}

/// `DELETE /me/subscribed_apps`
pub(crate) fn unsubscribe(app: &App, caller: &Caller) -> Json<Value> {
    app.world.lock().subscriptions.remove(&caller.member);
    Json(json!({ "success": true }))
}

/// `GET /me/content_publishing_limit`
pub(crate) fn publishing(app: &App, world: &World, caller: &Caller) -> Value {
    let since = app.clock.now() - SignedDuration::from_hours(24);
    let used = world.posts_of(caller.member).filter(|post| post.at > since).count();
    let config = json!({ "quota_total": PUBLISHED_MAX, "quota_duration": 86_400 });
    json!({ "data": [{ "quota_usage": used, "config": config }] })
}
