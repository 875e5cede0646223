//! Restores: which backup was put in place of what had been, and when.

use async_trait::async_trait;
use jiff::Timestamp;
use sea_orm::entity::prelude::*;
use sea_orm::{ActiveValue::Set, QueryOrder};
use serde::{Deserialize, Serialize};

use super::Error;
use super::sql::{SqlStore, read, write};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "restored")]
pub(super) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    at_ms: i64,
    #[sea_orm(column_type = "Text")]
    document: String,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(super) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// One backup that was put in place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Restored {
    /// When it was made: what happened later is not in it.
    pub of: Timestamp,
    /// When it was put in place.
    pub at: Timestamp,
    /// The epoch that the books were given then, where somebody may have acted since it was made.
    /// A shard that is opened in a later one has been mended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub epoch: Option<u64>,
}

/// Which backups were put in place.
#[async_trait]
pub trait Restores: Send + Sync {
    /// Writes one down.
    async fn put_restored(&self, restored: &Restored) -> Result<(), Error>;
    /// The latest.
    async fn last_restored(&self) -> Result<Option<Restored>, Error>;
}

#[async_trait]
impl Restores for SqlStore {
    async fn put_restored(&self, restored: &Restored) -> Result<(), Error> {
        let at_ms = Set(restored.at.as_millisecond());
        let row = ActiveModel { at_ms, document: Set(write(restored)) };
        Entity::insert(row).exec_without_returning(&self.db).await?;
        Ok(())
    }

    async fn last_restored(&self) -> Result<Option<Restored>, Error> {
        let last = Entity::find().order_by_desc(Column::AtMs).one(&self.db).await?;
        last.map(|row| read(&row.document, "the last restore")).transpose()
    }
}
