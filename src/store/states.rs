//! Storage state, the latest an account, sealed.

use async_trait::async_trait;
use sea_orm::ActiveValue::Set;
use sea_orm::entity::prelude::*;
use walkon_core::id::AccountId;
use walkon_core::lease::Token;
use walkon_core::storage_state::StorageState;

use super::Error;
use super::keys::{STATE, wiped};
use super::sql::{SqlStore, read, write};
use super::vault::{Name, Sealed};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "storage_state")]
pub(super) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub(super) account: String,
    token: String,
    pub(super) master: String,
    #[sea_orm(column_type = "Text")]
    pub(super) wrapped: String,
    #[sea_orm(column_type = "Text")]
    body: String,
}

impl Model {
    pub(super) fn sealed(&self) -> Sealed {
        let Self { master, wrapped, body, .. } = self.clone();
        Sealed { master, wrapped, body }
    }
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
        let name = Name { account: id.as_str(), field: STATE };
        let sealed = self.seal(name, wiped(write(state)).as_bytes()).await?;
        let change = Entity::update_many()
            .col_expr(Column::Token, Expr::value(token.0.clone()))
            .col_expr(Column::Master, Expr::value(sealed.master.clone()))
            .col_expr(Column::Wrapped, Expr::value(sealed.wrapped.clone()))
            .col_expr(Column::Body, Expr::value(sealed.body.clone()))
            .filter(Column::Account.eq(id.as_str()))
            .filter(Column::Token.lte(token.0.clone()));
        let row = ActiveModel {
            account: Set(id.to_string()),
            token: Set(token.0.clone()),
            master: Set(sealed.master),
            wrapped: Set(sealed.wrapped),
            body: Set(sealed.body),
        };
        self.put_unless_later(change, row).await
    }

    async fn state(&self, id: &AccountId) -> Result<Option<StorageState>, Error> {
        let row = Entity::find_by_id(id.as_str()).one(&self.db).await?;
        let Some(row) = row else { return Ok(None) };
        let name = Name { account: id.as_str(), field: STATE };
        read(self.open_text(name, &row.sealed())?.expose(), id.as_str()).map(Some)
    }
}
