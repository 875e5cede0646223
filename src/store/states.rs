//! Storage state, the latest an account.

use async_trait::async_trait;
use sea_orm::ActiveValue::Set;
use sea_orm::entity::prelude::*;
use walkon_core::id::AccountId;
use walkon_core::lease::Token;
use walkon_core::storage_state::StorageState;

use super::Error;
use super::sql::{SqlStore, read, write};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "storage_state")]
pub(super) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    account: String,
    token: String,
    #[sea_orm(column_type = "Text")]
    document: String,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(super) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// What makes accounts signed in.
#[async_trait]
pub trait States: Send + Sync {
    /// Keeps storage state unless a later lease has kept some; `false`: it had.
    async fn keep_state(
        &self,
        id: &AccountId,
        token: &Token,
        state: &StorageState,
    ) -> Result<bool, Error>;
    /// The storage state last kept.
    async fn state(&self, id: &AccountId) -> Result<Option<StorageState>, Error>;
}

#[async_trait]
impl States for SqlStore {
    async fn keep_state(
        &self,
        id: &AccountId,
        token: &Token,
        state: &StorageState,
    ) -> Result<bool, Error> {
        let document = write(state);
        let change = Entity::update_many()
            .col_expr(Column::Token, Expr::value(token.0.clone()))
            .col_expr(Column::Document, Expr::value(document.clone()))
            .filter(Column::Account.eq(id.as_str()))
            .filter(Column::Token.lte(token.0.clone()));
        let row = ActiveModel {
            account: Set(id.to_string()),
            token: Set(token.0.clone()),
            document: Set(document),
        };
        self.put_unless_later(change, row).await
    }

    async fn state(&self, id: &AccountId) -> Result<Option<StorageState>, Error> {
        let row = Entity::find_by_id(id.as_str()).one(&self.db).await?;
        row.map(|row| read(&row.document, id.as_str())).transpose()
    }
}
