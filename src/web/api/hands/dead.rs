//! Dead letters: what failed, or may have been done, and is put back.

use axum::Json;
use axum::extract::{Query, State};
use serde::{Deserialize, Serialize};
use serde_json::json;
use walkon_core::id::{AccountId, ActionId};

use super::super::{Answer, Body, row};
use super::Who;
use crate::coordinator::Coordinator;
use crate::coordinator::hands::DeadFilter;

/// The most dead letters of one answer.
const DEAD_MAX: usize = 10_000;

/// Which dead letters.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Dead {
    /// Those that may have been done, instead of those that failed.
    #[serde(default)]
    pub parked: bool,
    /// Only of this account.
    pub account: Option<AccountId>,
    /// Only of this kind.
    pub kind: Option<String>,
    /// Only those that ended with this code.
    pub code: Option<String>,
    /// At most so many.
    pub most: Option<usize>,
}

impl Dead {
    fn filter(&self) -> DeadFilter {
        let (account, kind, code) = (self.account.clone(), self.kind.clone(), self.code.clone());
        DeadFilter { parked: self.parked, account, kind, code }
    }

    fn most(&self) -> usize {
        self.most.unwrap_or(DEAD_MAX).clamp(1, DEAD_MAX)
    }
}

pub(super) async fn dead(State(c): State<Coordinator>, Query(which): Query<Dead>) -> Answer {
    let found = c.dead(&which.filter(), which.most()).await?;
    let of = |view| {
        let mut row = row(view);
        row["since"] = json!(view.updated_at);
        row
    };
    Ok(Json(json!({"dead": found.iter().map(of).collect::<Vec<_>>()})))
}

/// What is put back: these, or all that match.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PutBack {
    /// These.
    #[serde(default)]
    pub ids: Vec<ActionId>,
    /// All that match.
    #[serde(default)]
    pub matching: Option<Dead>,
    /// In a sentence.
    #[serde(default)]
    pub why: Option<String>,
}

pub(super) async fn put_back(
    State(c): State<Coordinator>,
    who: Who,
    Body(wish): Body<PutBack>,
) -> Answer {
    let mut ids = wish.ids;
    if let Some(which) = &wish.matching {
        let found = c.dead(&which.filter(), which.most()).await?;
        ids.extend(found.into_iter().map(|view| view.id));
    }
    let asked = ids.len();
    let back = c.put_back(ids, &who.person(wish.why.as_deref(), "put back by an operator")).await?;
    Ok(Json(json!({"asked": asked, "back": back})))
}
