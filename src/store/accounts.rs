//! Accounts as their owners wrote them, and where they are in their lives.

use async_trait::async_trait;
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::OnConflict;
use sea_orm::{ActiveValue::Set, QueryOrder, QuerySelect};
use walkon_core::account::{Account, Lifecycle, Standing};
use walkon_core::id::AccountId;

use super::sql::{SqlStore, read, write};
use super::{Error, holds};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "account")]
pub(super) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    id: String,
    site: String,
    lifecycle: String,
    #[sea_orm(column_type = "Text")]
    document: String,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(super) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// Who the accounts are.
#[async_trait]
pub trait Accounts: Send + Sync {
    /// Every account with where it stands, by id.
    async fn accounts(&self) -> Result<Vec<Standing>, Error>;
    /// Every account's id, in their order.
    async fn account_ids(&self) -> Result<Vec<AccountId>, Error>;
    /// One account.
    async fn account(&self, id: &AccountId) -> Result<Option<Standing>, Error>;
    /// Adds an account or replaces what its owner wrote; its standing stays.
    async fn put_account(&self, account: &Account) -> Result<(), Error>;
    /// Moves an account in its life, if it is where it is thought to be; `false`: it is not.
    async fn move_account(
        &self,
        id: &AccountId,
        from: Lifecycle,
        to: Lifecycle,
    ) -> Result<bool, Error>;
}

fn standing(row: &Model, holds: &[holds::Model]) -> Result<Standing, Error> {
    Ok(Standing {
        account: read(&row.document, &row.id)?,
        lifecycle: Lifecycle::named(&row.lifecycle)
            .ok_or_else(|| Error::Unreadable(format!("{}: `{}`", row.id, row.lifecycle)))?,
        holds: holds::of(&row.id, holds)?,
    })
}

#[async_trait]
impl Accounts for SqlStore {
    async fn accounts(&self) -> Result<Vec<Standing>, Error> {
        let rows = Entity::find().order_by_asc(Column::Id).all(&self.db).await?;
        let holds = holds::Entity::find().order_by_asc(holds::Column::Account);
        let holds = holds.order_by_asc(holds::Column::Kind).all(&self.db).await?;
        rows.iter().map(|row| standing(row, &holds)).collect()
    }

    async fn account_ids(&self) -> Result<Vec<AccountId>, Error> {
        let ids = Entity::find().select_only().column(Column::Id).order_by_asc(Column::Id);
        let ids: Vec<String> = ids.into_tuple().all(&self.db).await?;
        let bad = |id: &str| Error::Unreadable(format!("`{id}` is no account's id"));
        ids.iter().map(|id| id.parse().map_err(|_| bad(id))).collect()
    }

    async fn account(&self, id: &AccountId) -> Result<Option<Standing>, Error> {
        let row = Entity::find_by_id(id.as_str()).one(&self.db).await?;
        let Some(row) = row else { return Ok(None) };
        let holds = holds::Entity::find().filter(holds::Column::Account.eq(id.as_str()));
        let holds = holds.order_by_asc(holds::Column::Kind).all(&self.db).await?;
        standing(&row, &holds).map(Some)
    }

    async fn put_account(&self, account: &Account) -> Result<(), Error> {
        let row = ActiveModel {
            id: Set(account.id.to_string()),
            site: Set(account.site.to_string()),
            lifecycle: Set(Lifecycle::Active.name().to_owned()),
            document: Set(write(account)),
        };
        let columns = [Column::Site, Column::Document];
        let same = OnConflict::column(Column::Id).update_columns(columns).to_owned();
        Entity::insert(row).on_conflict(same).exec_without_returning(&self.db).await?;
        Ok(())
    }

    async fn move_account(
        &self,
        id: &AccountId,
        from: Lifecycle,
        to: Lifecycle,
    ) -> Result<bool, Error> {
        let moved = Entity::update_many()
            .col_expr(Column::Lifecycle, Expr::value(to.name()))
            .filter(Column::Id.eq(id.as_str()))
            .filter(Column::Lifecycle.eq(from.name()));
        Ok(moved.exec(&self.db).await?.rows_affected > 0)
    }
}
