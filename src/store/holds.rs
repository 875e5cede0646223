//! Holds: why accounts may not act, one a kind an account.

use async_trait::async_trait;
use jiff::Timestamp;
use sea_orm::ActiveValue::Set;
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::OnConflict;
use walkon_core::hold::{Hold, HoldKind};
use walkon_core::id::AccountId;

use super::Error;
use super::sql::{SqlStore, is_there, read, write};

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
    /// Places a hold unless there is one of its kind; `false`: there is, and it stays as it is.
    async fn add_hold(&self, id: &AccountId, hold: &Hold) -> Result<bool, Error>;
    /// Places a hold, unless one of its kind lasts as long or longer; `false`: it does, and stays.
    async fn prolong_hold(&self, id: &AccountId, hold: &Hold) -> Result<bool, Error>;
    /// Lifts a hold; `false`: there was none of that kind.
    async fn lift_hold(&self, id: &AccountId, kind: HoldKind) -> Result<bool, Error>;
    /// Lifts this very hold; `false`: it is gone, or another of its kind stands in its place.
    async fn lift_this_hold(&self, id: &AccountId, hold: &Hold) -> Result<bool, Error>;
}

/// How often somebody quicker may replace the hold that we were about to replace.
const TRIES: usize = 16;

/// Whether a hold of which this is the end lasts as long as one that ends then.
fn lasts(until: Option<Timestamp>, as_long_as: Option<Timestamp>) -> bool {
    match (until, as_long_as) {
        (None, _) => true,
        (Some(_), None) => false,
        (Some(until), Some(other)) => until >= other,
    }
}

fn row(id: &AccountId, hold: &Hold) -> ActiveModel {
    ActiveModel {
        account: Set(id.to_string()),
        kind: Set(hold.kind.name().to_owned()),
        document: Set(write(hold)),
    }
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
        let row = row(id, placed);
        let same = OnConflict::columns([Column::Account, Column::Kind])
            .update_column(Column::Document)
            .to_owned();
        Entity::insert(row).on_conflict(same).exec_without_returning(&self.db).await?;
        Ok(())
    }

    async fn add_hold(&self, id: &AccountId, placed: &Hold) -> Result<bool, Error> {
        match Entity::insert(row(id, placed)).exec_without_returning(&self.db).await {
            Ok(_) => Ok(true),
            Err(error) if is_there(&error) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    async fn prolong_hold(&self, id: &AccountId, placed: &Hold) -> Result<bool, Error> {
        let key = (id.to_string(), placed.kind.name().to_owned());
        for _ in 0..TRIES {
            if self.add_hold(id, placed).await? {
                return Ok(true);
            }
            let Some(found) = Entity::find_by_id(key.clone()).one(&self.db).await? else {
                continue;
            };
            let there: Hold = read(&found.document, id.as_str())?;
            if lasts(there.until, placed.until) {
                return Ok(false);
            }
            let longer = Entity::update_many()
                .col_expr(Column::Document, Expr::value(write(placed)))
                .filter(Column::Account.eq(key.0.as_str()))
                .filter(Column::Kind.eq(key.1.as_str()))
                .filter(Column::Document.eq(found.document));
            if longer.exec(&self.db).await?.rows_affected > 0 {
                return Ok(true);
            }
        }
        Ok(false)
    }

    async fn lift_this_hold(&self, id: &AccountId, hold: &Hold) -> Result<bool, Error> {
        let this = Entity::delete_many()
            .filter(Column::Account.eq(id.as_str()))
            .filter(Column::Kind.eq(hold.kind.name()))
            .filter(Column::Document.eq(write(hold)));
        Ok(this.exec(&self.db).await?.rows_affected > 0)
    }

    async fn lift_hold(&self, id: &AccountId, kind: HoldKind) -> Result<bool, Error> {
        let key = (id.to_string(), kind.name().to_owned());
        Ok(Entity::delete_by_id(key).exec(&self.db).await?.rows_affected > 0)
    }
}
