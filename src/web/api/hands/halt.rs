//! Pausing the fleet or a site, and letting it go on.

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use walkon_core::action::Refuse;

use super::super::{Answer, Body, Problem};
use super::Who;
use crate::coordinator::Coordinator;
use crate::queue::{Paused, Scope};

/// What is paused or goes on.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Halt {
    /// The whole fleet.
    #[serde(default)]
    pub all: bool,
    /// One site.
    #[serde(default)]
    pub site: Option<String>,
    /// Why.
    #[serde(default)]
    pub why: Option<String>,
}

impl Halt {
    fn scope(&self, c: &Coordinator) -> Result<Scope, Problem> {
        if self.all == self.site.is_some() {
            let why = "what is to be paused or to go on is not said, or said twice";
            let fix = "write either `\"all\": true` or `\"site\": \"…\"`";
            return Err(Refuse::new("no_scope", why, fix).into());
        }
        Ok(c.scope(self.site.as_deref())?)
    }
}

pub(super) async fn pauses(State(c): State<Coordinator>) -> Answer {
    let row = |one: &Paused| {
        let site = match &one.scope {
            Scope::Fleet => Value::Null,
            Scope::Site(site) => json!(site),
        };
        let all = site.is_null();
        json!({"all": all, "site": site, "since": one.since, "by": one.by, "why": one.why})
    };
    let all = c.queue.pauses().await?;
    Ok(Json(json!({"pauses": all.iter().map(row).collect::<Vec<_>>()})))
}

pub(super) async fn pause(c: State<Coordinator>, who: Who, halt: Body<Halt>) -> Answer {
    change(c, who, halt, true).await
}

pub(super) async fn resume(c: State<Coordinator>, who: Who, halt: Body<Halt>) -> Answer {
    change(c, who, halt, false).await
}

async fn change(
    State(c): State<Coordinator>,
    who: Who,
    Body(halt): Body<Halt>,
    is_pause: bool,
) -> Answer {
    let person = who.person(halt.why.as_deref(), "no reason was given");
    let scope = halt.scope(&c)?;
    if is_pause {
        c.queue.pause(&scope, &person).await?;
        return pauses(State(c)).await;
    }
    let was = c.queue.resume(&scope, &person).await?;
    let Json(mut answer) = pauses(State(c)).await?;
    answer["was_paused"] = json!(was);
    Ok(Json(answer))
}
