//! Erasures: the order to erase an account, how far it was carried out, and in the end its receipt.

use async_trait::async_trait;
use jiff::Timestamp;
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{Alias, OnConflict, Query};
use sea_orm::{ActiveValue::Set, ConnectionTrait, DbBackend, ExprTrait as _, QueryOrder};
use serde::{Deserialize, Serialize};
use walkon_core::id::AccountId;

use super::charges::tables::{charge, open_action};
use super::sql::{SqlStore, read, write};
use super::{Error, audit, credentials, holds, receipts, states, usage};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "erasure")]
pub(super) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    account: String,
    /// 0: it is not done.
    done_ms: i64,
    #[sea_orm(column_type = "Text")]
    document: String,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(super) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// Tables of what was found out about accounts: it goes with them.
const FOUND_OUT: [&str; 5] = ["health", "health_past", "onboarding", "capacity", "alert"];

/// Takes out what was found out about an account; how many rows.
pub(super) async fn forget_found_out(on: &impl ConnectionTrait, id: &str) -> Result<u64, Error> {
    let mut count = 0;
    for table in FOUND_OUT {
        let own = Expr::col(Alias::new("account")).eq(id);
        let mut delete = Query::delete();
        delete.from_table(Alias::new(table)).and_where(own);
        count += on.execute(&delete).await?.rows_affected();
    }
    Ok(count)
}

/// What was taken out, counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Erased {
    /// Actions of the queue.
    pub actions: u64,
    /// Events of the public stream.
    pub events: u64,
    /// Receipts.
    pub receipts: u64,
    /// Entries of the usage log.
    pub usage: u64,
    /// Holds.
    pub holds: u64,
    /// Sealed credentials.
    pub credentials: u64,
    /// Sealed storage states.
    pub states: u64,
    /// What was found out about it: rounds of checks, onboarding, capacity, alerts.
    pub findings: u64,
    /// Charges that count no more.
    pub charges: u64,
    /// Recordings of sessions.
    pub recordings: u64,
    /// Their bytes.
    pub recording_bytes: u64,
}

/// What is kept, by the account's id alone.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StillThere {
    /// Entries of the audit log.
    pub audit: u64,
    /// Charges that still count: erased and added again, an account has no second quota.
    pub charges: u64,
}

/// One erasure; once it is done, its receipt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Erasure {
    /// Whose; all that is kept of it.
    pub account: AccountId,
    /// When it was asked for.
    pub asked_at: Timestamp,
    /// By whom.
    pub by: String,
    /// Why.
    pub why: String,
    /// When it was done; `None`: it is not yet.
    pub done_at: Option<Timestamp>,
    /// What was taken out so far.
    pub erased: Erased,
    /// What is kept.
    pub kept: StillThere,
    /// Whether Redis has written its log anew, so that nothing is left in it.
    pub log_rewritten: bool,
    /// Up to which event everybody must have heard before events are taken out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub heard: Option<String>,
}

/// Orders to erase, and their receipts.
#[async_trait]
pub trait Erasures: Send + Sync {
    /// Writes an erasure in place of an earlier one of the same account.
    async fn put_erasure(&self, erasure: &Erasure) -> Result<(), Error>;
    /// Every erasure by account; `is_open`: only those that are not done.
    async fn erasures(&self, is_open: bool) -> Result<Vec<Erasure>, Error>;
    /// Takes out every row of an account that has left, but for the audit log's and the charges
    /// that still count; adds what it took out.
    async fn erase_rows(&self, erasure: &mut Erasure, now: Timestamp) -> Result<(), Error>;
    /// Empties the database's own log of what was taken out, where it has one that we may empty.
    async fn settle_pages(&self) -> Result<(), Error>;
}

#[async_trait]
impl Erasures for SqlStore {
    async fn put_erasure(&self, erasure: &Erasure) -> Result<(), Error> {
        let row = ActiveModel {
            account: Set(erasure.account.to_string()),
            done_ms: Set(erasure.done_at.map_or(0, Timestamp::as_millisecond)),
            document: Set(write(erasure)),
        };
        let columns = [Column::DoneMs, Column::Document];
        let same = OnConflict::column(Column::Account).update_columns(columns).to_owned();
        Entity::insert(row).on_conflict(same).exec_without_returning(&self.db).await?;
        Ok(())
    }

    async fn erasures(&self, is_open: bool) -> Result<Vec<Erasure>, Error> {
        let mut query = Entity::find().order_by_asc(Column::Account);
        if is_open {
            query = query.filter(Column::DoneMs.eq(0));
        }
        let rows = query.all(&self.db).await?;
        rows.iter().map(|row| read(&row.document, &row.account)).collect()
    }

    async fn erase_rows(&self, erasure: &mut Erasure, now: Timestamp) -> Result<(), Error> {
        macro_rules! delete {
            ($table:ident, $filter:expr) => {
                $table::Entity::delete_many().filter($filter).exec(&self.db).await?.rows_affected
            };
        }
        let id = erasure.account.as_str();
        let (ms, done) = (now.as_millisecond(), &mut erasure.erased);
        done.receipts += delete!(receipts, receipts::Column::Account.eq(id));
        done.usage += delete!(usage, usage::Column::Account.eq(id));
        done.holds += delete!(holds, holds::Column::Account.eq(id));
        done.credentials += delete!(credentials, credentials::Column::Account.eq(id));
        done.states += delete!(states, states::Column::Account.eq(id));
        done.findings += forget_found_out(&self.db, id).await?;
        delete!(open_action, open_action::Column::Account.eq(id));
        let own = charge::Column::Account.eq(id);
        let over = charge::Column::DayMs.lt(ms).and(charge::Column::FleetDayMs.lt(ms));
        done.charges += delete!(charge, own.clone().and(over));
        let audit = audit::Entity::find().filter(audit::Column::Account.eq(id));
        let charges = charge::Entity::find().filter(own).count(&self.db).await?;
        erasure.kept = StillThere { audit: audit.count(&self.db).await?, charges };
        Ok(())
    }

    async fn settle_pages(&self) -> Result<(), Error> {
        // What is deleted is overwritten in the file (`secure_delete`), but its log has it still.
        if self.db.get_database_backend() == DbBackend::Sqlite {
            self.db.execute_unprepared("PRAGMA wal_checkpoint(TRUNCATE)").await?;
        }
        Ok(())
    }
}
