//! Accounts as their owners wrote them, and where they are in their lives.

use async_trait::async_trait;
use jiff::Timestamp;
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::OnConflict;
use sea_orm::{ActiveValue::Set, QueryOrder, TransactionTrait as _};
use serde::{Deserialize, Serialize};
use walkon_core::account::{Account, Kept, Lifecycle, Standing};
use walkon_core::clock::from_ms;
use walkon_core::id::AccountId;

use super::erasures::forget_found_out;
use super::sql::{SqlStore, read, write};
use super::{Error, credentials, holds, states};

/// Rows of one statement.
const ROWS: usize = 500;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "account")]
pub(super) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    id: String,
    site: String,
    lifecycle: String,
    kept: String,
    /// For those who look for it; the document has them, too.
    username: String,
    plan: String,
    /// 0: it is not being removed.
    leaving_ms: i64,
    #[sea_orm(column_type = "Text")]
    document: String,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(super) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// What went with an account.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dropped {
    /// Holds.
    pub holds: u64,
    /// Sealed credentials.
    pub credentials: u64,
    /// Sealed storage states.
    pub states: u64,
}

/// Who the accounts are.
#[async_trait]
pub trait Accounts: Send + Sync {
    /// Every account with where it stands, by id.
    async fn accounts(&self) -> Result<Vec<Standing>, Error>;
    /// One account.
    async fn account(&self, id: &AccountId) -> Result<Option<Standing>, Error>;
    /// Adds an account or replaces what its owner wrote; its standing stays, and where it is kept.
    async fn put_account(&self, account: &Account) -> Result<(), Error> {
        self.put_accounts(std::slice::from_ref(account), Kept::Hand).await
    }
    /// The same with many; those of the file are the file's from now on. One that was leaving
    /// stays.
    async fn put_accounts(&self, accounts: &[Account], kept: Kept) -> Result<(), Error>;
    /// Has an account leave; `false`: there is none, or it is leaving.
    async fn let_leave(&self, id: &AccountId, at: Timestamp) -> Result<bool, Error>;
    /// Which accounts are leaving, and since when.
    async fn leaving(&self) -> Result<Vec<(AccountId, Timestamp)>, Error>;
    /// Takes out an account that is leaving, with its holds, credentials and storage state;
    /// `None`: it is not leaving any more.
    async fn drop_account(&self, id: &AccountId) -> Result<Option<Dropped>, Error>;
    /// Moves an account in its life, if it is where it is thought to be; `false`: it is not.
    async fn move_account(
        &self,
        id: &AccountId,
        from: Lifecycle,
        to: Lifecycle,
    ) -> Result<bool, Error>;
}

pub(super) fn standing(row: &Model, holds: &[holds::Model]) -> Result<Standing, Error> {
    Ok(Standing {
        account: read(&row.document, &row.id)?,
        lifecycle: Lifecycle::named(&row.lifecycle)
            .ok_or_else(|| Error::Unreadable(format!("{}: `{}`", row.id, row.lifecycle)))?,
        holds: holds::of(&row.id, holds)?,
        kept: Kept::named(&row.kept).unwrap_or_default(),
        leaving: (row.leaving_ms > 0).then(|| from_ms(row.leaving_ms)),
    })
}

fn row(account: &Account, kept: Kept) -> ActiveModel {
    ActiveModel {
        id: Set(account.id.to_string()),
        site: Set(account.site.to_string()),
        lifecycle: Set(Lifecycle::Active.name().to_owned()),
        kept: Set(kept.name().to_owned()),
        username: Set(account.username.clone()),
        plan: Set(account.plan.clone()),
        leaving_ms: Set(0),
        document: Set(write(account)),
    }
}

#[async_trait]
impl Accounts for SqlStore {
    async fn accounts(&self) -> Result<Vec<Standing>, Error> {
        let rows = Entity::find().order_by_asc(Column::Id).all(&self.db).await?;
        let holds = holds::Entity::find().order_by_asc(holds::Column::Account);
        let holds = holds.order_by_asc(holds::Column::Kind).all(&self.db).await?;
        rows.iter().map(|row| standing(row, &holds)).collect()
    }

    async fn account(&self, id: &AccountId) -> Result<Option<Standing>, Error> {
        let row = Entity::find_by_id(id.as_str()).one(&self.db).await?;
        let Some(row) = row else { return Ok(None) };
        let holds = holds::Entity::find().filter(holds::Column::Account.eq(id.as_str()));
        let holds = holds.order_by_asc(holds::Column::Kind).all(&self.db).await?;
        standing(&row, &holds).map(Some)
    }

    async fn put_accounts(&self, accounts: &[Account], kept: Kept) -> Result<(), Error> {
        let mut columns =
            vec![Column::Site, Column::Document, Column::Username, Column::Plan, Column::LeavingMs];
        // What is written by hand stays where it is kept.
        columns.extend((kept == Kept::File).then_some(Column::Kept));
        let same = OnConflict::column(Column::Id).update_columns(columns).to_owned();
        let on = self.db.begin().await?;
        for some in accounts.chunks(ROWS) {
            let rows = Entity::insert_many(some.iter().map(|account| row(account, kept)));
            rows.on_conflict(same.clone()).exec_without_returning(&on).await?;
        }
        Ok(on.commit().await?)
    }

    async fn let_leave(&self, id: &AccountId, at: Timestamp) -> Result<bool, Error> {
        let left = Entity::update_many()
            .col_expr(Column::LeavingMs, Expr::value(at.as_millisecond().max(1)))
            .filter(Column::Id.eq(id.as_str()))
            .filter(Column::LeavingMs.eq(0));
        Ok(left.exec(&self.db).await?.rows_affected > 0)
    }

    async fn leaving(&self) -> Result<Vec<(AccountId, Timestamp)>, Error> {
        let rows = Entity::find().filter(Column::LeavingMs.gt(0)).order_by_asc(Column::Id);
        let read = |row: Model| {
            let id =
                row.id.parse().map_err(|_| Error::Unreadable(format!("account {}", row.id)))?;
            Ok((id, from_ms(row.leaving_ms)))
        };
        rows.all(&self.db).await?.into_iter().map(read).collect()
    }

    async fn drop_account(&self, id: &AccountId) -> Result<Option<Dropped>, Error> {
        let on = self.db.begin().await?;
        let gone = Entity::delete_many()
            .filter(Column::Id.eq(id.as_str()))
            .filter(Column::LeavingMs.gt(0))
            .exec(&on)
            .await?;
        if gone.rows_affected == 0 {
            return Ok(None);
        }
        let holds = holds::Entity::delete_many().filter(holds::Column::Account.eq(id.as_str()));
        let holds = holds.exec(&on).await?.rows_affected;
        let own = credentials::Column::Account.eq(id.as_str());
        let credentials = credentials::Entity::delete_many().filter(own).exec(&on).await?;
        let states = states::Entity::delete_by_id(id.as_str()).exec(&on).await?.rows_affected;
        forget_found_out(&on, id.as_str()).await?;
        on.commit().await?;
        Ok(Some(Dropped { holds, credentials: credentials.rows_affected, states }))
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
