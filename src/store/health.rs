//! How accounts are, and how they were: one row for as long as nothing changes.
//!
//! A fleet of ten thousand makes a million checks a day, nearly all of which find what the one
//! before found. So a round that finds the same rewrites its account's one row, and only a change
//! adds one to the past.

use std::collections::BTreeMap;

use async_trait::async_trait;
use jiff::Timestamp;
use sea_orm::ActiveValue::Set;
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::OnConflict;
use sea_orm::{QueryOrder, QuerySelect};
use walkon_core::health::{Health, Report};
use walkon_core::id::AccountId;

use super::Error;
use super::sql::{SqlStore, read, write};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "health")]
pub(super) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub(super) account: String,
    pub(super) level: String,
    since_ms: i64,
    #[sea_orm(column_type = "Text")]
    document: String,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(super) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// What was before.
pub(super) mod past {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "health_past")]
    pub(in crate::store) struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub(super) account: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub(super) since_ms: i64,
        #[sea_orm(column_type = "Text")]
        pub(super) document: String,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub(in crate::store) enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// How accounts are.
#[async_trait]
pub trait HealthLog: Send + Sync {
    /// Keeps a round of checks and returns what it is a part of: as long as rounds find the same,
    /// they are one.
    async fn keep_health(&self, report: &Report) -> Result<Health, Error>;
    /// How an account is; `None`: it was never checked.
    async fn health(&self, id: &AccountId) -> Result<Option<Health>, Error>;
    /// How these accounts are, as far as they were ever checked.
    async fn healths_of(&self, ids: &[AccountId]) -> Result<BTreeMap<AccountId, Health>, Error>;
    /// How all accounts are that were ever checked, by id.
    async fn healths(&self) -> Result<Vec<Health>, Error>;
    /// How an account was, the latest first, what is now included.
    async fn health_history(&self, id: &AccountId, most: u64) -> Result<Vec<Health>, Error>;
    /// Forgets what began before then and is over; returns how many.
    async fn forget_health(&self, before: Timestamp) -> Result<u64, Error>;
}

impl SqlStore {
    async fn move_to_past(&self, health: &Health) -> Result<(), Error> {
        let account = health.report.account.to_string();
        let row = past::ActiveModel {
            account: Set(account),
            since_ms: Set(health.since.as_millisecond()),
            document: Set(write(health)),
        };
        let mut same = OnConflict::columns([past::Column::Account, past::Column::SinceMs]);
        let same = same.update_column(past::Column::Document).to_owned();
        past::Entity::insert(row).on_conflict(same).exec_without_returning(&self.db).await?;
        Ok(())
    }
}

#[async_trait]
impl HealthLog for SqlStore {
    async fn keep_health(&self, report: &Report) -> Result<Health, Error> {
        let before = self.health(&report.account).await?;
        let (since, rounds) = match &before {
            Some(before) if before.report.is_as(report) => (before.since, before.rounds + 1),
            // First into the past, then replaced: broken off in between, it is done again.
            Some(before) => {
                self.move_to_past(before).await?;
                (report.at, 1)
            }
            None => (report.at, 1),
        };
        let health = Health { report: report.clone(), since, rounds };
        let row = ActiveModel {
            account: Set(report.account.to_string()),
            level: Set(report.level.name().to_owned()),
            since_ms: Set(since.as_millisecond()),
            document: Set(write(&health)),
        };
        let mut same = OnConflict::column(Column::Account);
        let columns = [Column::Level, Column::SinceMs, Column::Document];
        let same = same.update_columns(columns).to_owned();
        Entity::insert(row).on_conflict(same).exec_without_returning(&self.db).await?;
        Ok(health)
    }

    async fn health(&self, id: &AccountId) -> Result<Option<Health>, Error> {
        let row = Entity::find_by_id(id.as_str()).one(&self.db).await?;
        row.map(|row| read(&row.document, &row.account)).transpose()
    }

    async fn healths_of(&self, ids: &[AccountId]) -> Result<BTreeMap<AccountId, Health>, Error> {
        let names = ids.iter().map(AccountId::as_str);
        let rows = Entity::find().filter(Column::Account.is_in(names)).all(&self.db).await?;
        let of = |row: Model| {
            let health: Health = read(&row.document, &row.account)?;
            Ok((health.report.account.clone(), health))
        };
        rows.into_iter().map(of).collect()
    }

    async fn healths(&self) -> Result<Vec<Health>, Error> {
        let rows = Entity::find().order_by_asc(Column::Account).all(&self.db).await?;
        rows.iter().map(|row| read(&row.document, &row.account)).collect()
    }

    async fn health_history(&self, id: &AccountId, most: u64) -> Result<Vec<Health>, Error> {
        let mut all: Vec<Health> = self.health(id).await?.into_iter().collect();
        let rows = past::Entity::find().filter(past::Column::Account.eq(id.as_str()));
        let rows = rows.order_by_desc(past::Column::SinceMs).limit(most);
        for row in rows.all(&self.db).await? {
            all.push(read(&row.document, &row.account)?);
        }
        all.truncate(usize::try_from(most).unwrap_or(usize::MAX));
        Ok(all)
    }

    async fn forget_health(&self, before: Timestamp) -> Result<u64, Error> {
        let old = past::Entity::delete_many();
        let old = old.filter(past::Column::SinceMs.lt(before.as_millisecond()));
        Ok(old.exec(&self.db).await?.rows_affected)
    }
}
