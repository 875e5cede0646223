//! Accounts as their owners wrote them, and where they are in their lives.

use std::collections::BTreeSet;

use async_trait::async_trait;
use jiff::Timestamp;
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::OnConflict;
use sea_orm::{ActiveValue::Set, ConnectionTrait, QueryOrder, QuerySelect, TransactionTrait as _};
use serde::{Deserialize, Serialize};
use walkon_core::account::{Account, Kept, Lifecycle, Standing};
use walkon_core::clock::from_ms;
use walkon_core::id::AccountId;

use super::erasures::forget_found_out;
use super::sql::{SqlStore, read, write};
use super::{Error, credentials, holds, onboardings, states};

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

/// How accounts begin that were not known before.
#[derive(Debug, Clone, Copy)]
pub struct Newcomers<'a> {
    /// Where in their lives. One that is `connecting` has its onboarding asked for in the same
    /// step, so that nobody waits for one that never comes.
    pub begin: Lifecycle,
    /// Who took them in.
    pub by: &'a str,
    /// When.
    pub at: Timestamp,
}

impl Newcomers<'_> {
    /// In use at once, connected by other means.
    pub const ACTIVE: Self =
        Self { begin: Lifecycle::Active, by: "walkon", at: Timestamp::UNIX_EPOCH };
}

/// Who the accounts are.
#[async_trait]
pub trait Accounts: Send + Sync {
    /// Every account with where it stands, by id.
    async fn accounts(&self) -> Result<Vec<Standing>, Error>;
    /// Every account's id, in their order.
    async fn account_ids(&self) -> Result<Vec<AccountId>, Error>;
    /// One account.
    async fn account(&self, id: &AccountId) -> Result<Option<Standing>, Error>;
    /// Adds an account, in use at once, or replaces what its owner wrote; its standing stays, and
    /// where it is kept.
    async fn put_account(&self, account: &Account) -> Result<(), Error> {
        let one = std::slice::from_ref(account);
        self.put_accounts(one, Kept::Hand, Newcomers::ACTIVE).await
    }
    /// The same with many; those of the file are the file's from now on. One that was leaving
    /// stays. Who is new begins as is said.
    async fn put_accounts(
        &self,
        accounts: &[Account],
        kept: Kept,
        new: Newcomers<'_>,
    ) -> Result<(), Error>;
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

fn row(account: &Account, kept: Kept, begin: Lifecycle) -> ActiveModel {
    ActiveModel {
        id: Set(account.id.to_string()),
        site: Set(account.site.to_string()),
        lifecycle: Set(begin.name().to_owned()),
        kept: Set(kept.name().to_owned()),
        username: Set(account.username.clone()),
        plan: Set(account.plan.clone()),
        leaving_ms: Set(0),
        document: Set(write(account)),
    }
}

/// Which of these accounts are not there yet.
async fn unknown_of<'a>(
    on: &impl ConnectionTrait,
    accounts: &'a [Account],
) -> Result<Vec<&'a AccountId>, Error> {
    let ids = accounts.iter().map(|account| account.id.as_str());
    let there = Entity::find().select_only().column(Column::Id).filter(Column::Id.is_in(ids));
    let there: BTreeSet<String> = there.into_tuple().all(on).await?.into_iter().collect();
    let ids = accounts.iter().map(|account| &account.id);
    Ok(ids.filter(|id| !there.contains(id.as_str())).collect())
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

    async fn put_accounts(
        &self,
        accounts: &[Account],
        kept: Kept,
        new: Newcomers<'_>,
    ) -> Result<(), Error> {
        let mut columns =
            vec![Column::Site, Column::Document, Column::Username, Column::Plan, Column::LeavingMs];
        // What is written by hand stays where it is kept.
        columns.extend((kept == Kept::File).then_some(Column::Kept));
        let same = OnConflict::column(Column::Id).update_columns(columns).to_owned();
        let on = self.db.begin().await?;
        for some in accounts.chunks(ROWS) {
            if new.begin == Lifecycle::Connecting {
                let fresh = unknown_of(&on, some).await?;
                onboardings::ask_all(&on, &fresh, new.by, new.at).await?;
            }
            let rows = some.iter().map(|account| row(account, kept, new.begin));
            let rows = Entity::insert_many(rows).on_conflict(same.clone());
            rows.exec_without_returning(&on).await?;
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
