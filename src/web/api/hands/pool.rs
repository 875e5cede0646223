//! How the accounts of a site, a plan or a pool stand, and what waits for them.

use axum::Json;
use axum::extract::{Query, State};
use serde::Deserialize;
use serde_json::{Value, json};

use super::super::Answer;
use crate::coordinator::Coordinator;
use crate::queue::{PoolFilter, PostView};

/// Which accounts.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Members {
    site: Option<String>,
    plan: Option<String>,
    pool: Option<String>,
}

fn waiting(post: &PostView) -> Value {
    json!({"pool": post.pool, "mission": post.mission, "waiting": post.waiting,
        "under_way": post.at_most.map(|_| post.under_way), "at_most": post.at_most})
}

pub(super) async fn pool(State(c): State<Coordinator>, Query(which): Query<Members>) -> Answer {
    let Members { site, plan, pool } = which;
    if let Some(name) = &pool {
        c.known_pool(name)?;
    }
    let mut work = c.queue.pool_work().await?;
    work.retain(|post| pool.as_ref().is_none_or(|pool| *pool == post.pool));
    let work: Vec<_> = work.iter().map(waiting).collect();
    let s = c.queue.pool(&PoolFilter { site, plan, pool }).await?;
    Ok(Json(json!({
        "total": s.total, "available": s.available, "leased": s.leased, "cooling": s.cooling,
        "capped": s.capped, "quarantined": s.quarantined, "paused": s.paused,
        "waiting": s.waiting, "without_work": s.without_work, "reasons": s.reasons,
        "next_free_at": s.next_free_at, "work": work,
    })))
}
