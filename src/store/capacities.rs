//! How much of the platform's own limits accounts have used, as it last said.

use async_trait::async_trait;
use sea_orm::ActiveValue::Set;
use sea_orm::QueryOrder;
use sea_orm::entity::prelude::*;
use walkon_core::capacity::Measured;
use walkon_core::id::AccountId;

use super::Error;
use super::sql::{SqlStore, read, write};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "capacity")]
pub(super) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    account: String,
    at_ms: i64,
    #[sea_orm(column_type = "Text")]
    document: String,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(super) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// How much of the platform's own limits is used.
#[async_trait]
pub trait Capacities: Send + Sync {
    /// Keeps what was said, unless something later was.
    async fn keep_capacity(&self, id: &AccountId, measured: &Measured) -> Result<(), Error>;
    /// What was last said of an account.
    async fn capacity(&self, id: &AccountId) -> Result<Option<Measured>, Error>;
    /// What was last said of each account, by id.
    async fn capacities(&self) -> Result<Vec<(String, Measured)>, Error>;
}

#[async_trait]
impl Capacities for SqlStore {
    async fn keep_capacity(&self, id: &AccountId, measured: &Measured) -> Result<(), Error> {
        let (at_ms, document) = (measured.at.as_millisecond(), write(measured));
        let change = Entity::update_many()
            .col_expr(Column::AtMs, Expr::value(at_ms))
            .col_expr(Column::Document, Expr::value(document.clone()))
            .filter(Column::Account.eq(id.as_str()))
            .filter(Column::AtMs.lte(at_ms));
        let (account, at_ms, document) = (Set(id.to_string()), Set(at_ms), Set(document));
        let row = ActiveModel { account, at_ms, document };
        self.put_unless_later(change, row).await.map(drop)
    }

    async fn capacity(&self, id: &AccountId) -> Result<Option<Measured>, Error> {
        let row = Entity::find_by_id(id.as_str()).one(&self.db).await?;
        row.map(|row| read(&row.document, &row.account)).transpose()
    }

    async fn capacities(&self) -> Result<Vec<(String, Measured)>, Error> {
        let rows = Entity::find().order_by_asc(Column::Account).all(&self.db).await?;
        rows.into_iter()
            .map(|row| Ok((row.account.clone(), read(&row.document, &row.account)?)))
            .collect()
    }
}
