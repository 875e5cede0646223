//! Onboardings: the latest of each account, and which coordinator is at it.
//!
//! A row is one onboarding whole, so that it is never half written. Whoever works on it beats: one
//! that has not beaten for a while has died, and another takes it up where it was.

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use sea_orm::ActiveValue::Set;
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::OnConflict;
use sea_orm::{Condition, ConnectionTrait, QueryOrder};
use walkon_core::id::AccountId;
use walkon_core::onboarding::{Onboarding, Step};

use super::Error;
use super::sql::{SqlStore, read, write};

/// Asked for, or taken by somebody who has not ended it.
const OPEN: &str = "open";
const ENDED: &str = "ended";
/// How often somebody quicker may take what we were about to take.
const TRIES: usize = 16;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "onboarding")]
pub(super) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    account: String,
    state: String,
    runner: String,
    beat_ms: i64,
    #[sea_orm(column_type = "Text")]
    document: String,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(super) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// How far the onboarding of each account is.
#[async_trait]
pub trait Onboardings: Send + Sync {
    /// Asks for an onboarding, or for one step of it. Who works on an earlier one is too late.
    async fn ask_onboarding(
        &self,
        id: &AccountId,
        only: Option<Step>,
        by: &str,
        at: Timestamp,
    ) -> Result<Onboarding, Error>;
    /// Takes one that waits, or whose runner has not beaten for so long.
    async fn take_onboarding(
        &self,
        runner: &str,
        now: Timestamp,
        stale: SignedDuration,
    ) -> Result<Option<Onboarding>, Error>;
    /// Keeps how far it is, which is a beat; `false`: it is somebody else's now, or was asked for
    /// anew.
    async fn keep_onboarding(
        &self,
        runner: &str,
        onboarding: &Onboarding,
        now: Timestamp,
    ) -> Result<bool, Error>;
    /// The latest of an account.
    async fn onboarding(&self, id: &AccountId) -> Result<Option<Onboarding>, Error>;
    /// The latest of all accounts that had one, by id.
    async fn onboardings(&self) -> Result<Vec<Onboarding>, Error>;
}

fn row(asked: &Onboarding) -> ActiveModel {
    ActiveModel {
        account: Set(asked.account.to_string()),
        state: Set(OPEN.to_owned()),
        runner: Set(String::new()),
        beat_ms: Set(0),
        document: Set(write(asked)),
    }
}

/// What asking for one does to an earlier one of the same account.
fn instead() -> OnConflict {
    let columns = [Column::State, Column::Runner, Column::BeatMs, Column::Document];
    OnConflict::column(Column::Account).update_columns(columns).to_owned()
}

/// Asks for the first onboarding of accounts that are new.
pub(super) async fn ask_all(
    on: &impl ConnectionTrait,
    ids: &[&AccountId],
    by: &str,
    at: Timestamp,
) -> Result<(), Error> {
    if ids.is_empty() {
        return Ok(());
    }
    let rows = ids.iter().map(|id| row(&Onboarding::asked(id, None, None, by, at)));
    Entity::insert_many(rows).on_conflict(instead()).exec_without_returning(on).await?;
    Ok(())
}

#[async_trait]
impl Onboardings for SqlStore {
    async fn ask_onboarding(
        &self,
        id: &AccountId,
        only: Option<Step>,
        by: &str,
        at: Timestamp,
    ) -> Result<Onboarding, Error> {
        let before = self.onboarding(id).await?;
        let asked = Onboarding::asked(id, before.as_ref(), only, by, at);
        let row = Entity::insert(row(&asked)).on_conflict(instead());
        row.exec_without_returning(&self.db).await?;
        Ok(asked)
    }

    async fn take_onboarding(
        &self,
        runner: &str,
        now: Timestamp,
        stale: SignedDuration,
    ) -> Result<Option<Onboarding>, Error> {
        let died = now.saturating_sub(stale).unwrap_or(Timestamp::MIN).as_millisecond();
        let free = Condition::any().add(Column::Runner.eq("")).add(Column::BeatMs.lt(died));
        for _ in 0..TRIES {
            let open = Entity::find().filter(Column::State.eq(OPEN)).filter(free.clone());
            let found = open.order_by_asc(Column::Account).one(&self.db).await?;
            let Some(row) = found else { return Ok(None) };
            let taken = Entity::update_many()
                .col_expr(Column::Runner, Expr::value(runner))
                .col_expr(Column::BeatMs, Expr::value(now.as_millisecond()))
                .filter(Column::Account.eq(row.account.as_str()))
                .filter(Column::State.eq(OPEN))
                .filter(Column::Runner.eq(row.runner.as_str()))
                .filter(Column::BeatMs.eq(row.beat_ms));
            if taken.exec(&self.db).await?.rows_affected > 0 {
                return read(&row.document, &row.account).map(Some);
            }
        }
        Ok(None)
    }

    async fn keep_onboarding(
        &self,
        runner: &str,
        onboarding: &Onboarding,
        now: Timestamp,
    ) -> Result<bool, Error> {
        let state = if onboarding.ended_at.is_some() { ENDED } else { OPEN };
        let kept = Entity::update_many()
            .col_expr(Column::State, Expr::value(state))
            .col_expr(Column::BeatMs, Expr::value(now.as_millisecond()))
            .col_expr(Column::Document, Expr::value(write(onboarding)))
            .filter(Column::Account.eq(onboarding.account.as_str()))
            .filter(Column::State.eq(OPEN))
            .filter(Column::Runner.eq(runner));
        Ok(kept.exec(&self.db).await?.rows_affected > 0)
    }

    async fn onboarding(&self, id: &AccountId) -> Result<Option<Onboarding>, Error> {
        let row = Entity::find_by_id(id.as_str()).one(&self.db).await?;
        row.map(|row| read(&row.document, &row.account)).transpose()
    }

    async fn onboardings(&self) -> Result<Vec<Onboarding>, Error> {
        let rows = Entity::find().order_by_asc(Column::Account).all(&self.db).await?;
        rows.iter().map(|row| read(&row.document, &row.account)).collect()
    }
}
