//! Holds: why accounts may not act, one a kind an account.

use async_trait::async_trait;
use sea_orm::ActiveValue::Set;
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::OnConflict;
use walkon_core::hold::{Hold, HoldKind};
use walkon_core::id::AccountId;

use super::Error;
use super::sql::{SqlStore, read, write};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "hold")]
pub(super) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub(super) account: String,
    #[sea_orm(primary_key, auto_increment = false)]
    kind: String,
    #[sea_orm(column_type = "Text")]
    document: String,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(super) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// Why accounts may not act.
#[async_trait]
pub trait Holds: Send + Sync {
    /// Places a hold; a hold of the same kind is replaced.
    async fn place_hold(&self, id: &AccountId, hold: &Hold) -> Result<(), Error>;
    /// Lifts a hold; `false`: there was none of that kind.
    async fn lift_hold(&self, id: &AccountId, kind: HoldKind) -> Result<bool, Error>;
}

/// The holds of an account, of rows that are sorted by account.
pub(super) fn of(account: &str, rows: &[Model]) -> Result<Vec<Hold>, Error> {
    let first = rows.partition_point(|row| row.account.as_str() < account);
    let mine = rows[first..].iter().take_while(|row| row.account == account);
    mine.map(|row| read(&row.document, account)).collect()
}

#[async_trait]
impl Holds for SqlStore {
    async fn place_hold(&self, id: &AccountId, placed: &Hold) -> Result<(), Error> {
        let row = ActiveModel {
            account: Set(id.to_string()),
            kind: Set(placed.kind.name().to_owned()),
            document: Set(write(placed)),
        };
        let same = OnConflict::columns([Column::Account, Column::Kind])
            .update_column(Column::Document)
            .to_owned();
        Entity::insert(row).on_conflict(same).exec_without_returning(&self.db).await?;
        Ok(())
    }

    async fn lift_hold(&self, id: &AccountId, kind: HoldKind) -> Result<bool, Error> {
        let key = (id.to_string(), kind.name().to_owned());
        Ok(Entity::delete_by_id(key).exec(&self.db).await?.rows_affected > 0)
    }
}
