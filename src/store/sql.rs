//! The store in SQL.

use std::fs::OpenOptions;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;
use sea_orm::sea_query::{Expr, ExprTrait, OnConflict};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectOptions, ConnectionTrait, Database, DatabaseConnection,
    DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
};
use sea_orm_migration::MigratorTrait;
use serde::Serialize;
use serde::de::DeserializeOwned;
use walkon_core::account::{Account, Lifecycle, Standing};
use walkon_core::hold::{Hold, HoldKind};
use walkon_core::id::AccountId;
use walkon_core::lease::Token;
use walkon_core::receipt::Receipt;
use walkon_core::storage_state::StorageState;

use super::charges::Pending;
use super::entity::{account, hold, receipt, storage_state};
use super::migration::Migrator;
use super::{Error, Store};

/// A store in a SQL database.
#[derive(Debug, Clone)]
pub struct SqlStore {
    pub(super) db: DatabaseConnection,
    /// Charges that wait to be written.
    pub(super) pending: Arc<Pending>,
}

impl SqlStore {
    /// Opens a `SQLite` file, made and brought up to date if need be.
    pub async fn sqlite(path: &Path) -> Result<Self, Error> {
        let mut options = ConnectOptions::new(format!("sqlite://{}?mode=rwc", path.display()));
        // One writer: SQLite has no more, and a queue in front of it beats `database is locked`.
        options.max_connections(1).sqlx_logging(false);
        let shown = || path.display().to_string();
        // It holds what makes accounts signed in. SQLite gives its log files the same rights.
        let own = OpenOptions::new().create(true).append(true).mode(0o600).open(path);
        own.map_err(|error| Error::Open(shown(), DbErr::Custom(error.to_string())))?;
        let db = Database::connect(options).await.map_err(|error| Error::Open(shown(), error))?;
        // One write of the disk a transaction, where a rollback journal takes three.
        let wal = db.execute_unprepared("PRAGMA journal_mode = WAL").await;
        wal.map_err(|error| Error::Open(shown(), error))?;
        Migrator::up(&db, None).await.map_err(|error| Error::Open(shown(), error))?;
        Ok(Self { db, pending: Arc::default() })
    }

    fn standing(row: &account::Model, holds: &[hold::Model]) -> Result<Standing, Error> {
        let mine = holds.iter().filter(|hold| hold.account == row.id);
        Ok(Standing {
            account: read(&row.document, &row.id)?,
            lifecycle: read(&format!("\"{}\"", row.lifecycle), &row.id)?,
            holds: mine.map(|hold| read(&hold.document, &row.id)).collect::<Result<_, _>>()?,
        })
    }
}

fn read<T: DeserializeOwned>(document: &str, whose: &str) -> Result<T, Error> {
    serde_json::from_str(document).map_err(|error| Error::Unreadable(format!("{whose}: {error}")))
}

fn write<T: Serialize>(value: &T) -> String {
    serde_json::to_string(value).expect("our words have string keys and finite numbers")
}

fn lifecycle_word(lifecycle: Lifecycle) -> String {
    write(&lifecycle).trim_matches('"').to_owned()
}

#[async_trait]
impl Store for SqlStore {
    async fn accounts(&self) -> Result<Vec<Standing>, Error> {
        let rows = account::Entity::find().order_by_asc(account::Column::Id).all(&self.db).await?;
        let holds = hold::Entity::find().all(&self.db).await?;
        rows.iter().map(|row| Self::standing(row, &holds)).collect()
    }

    async fn account(&self, id: &AccountId) -> Result<Option<Standing>, Error> {
        let row = account::Entity::find_by_id(id.as_str()).one(&self.db).await?;
        let holds = hold::Column::Account.eq(id.as_str());
        let holds = hold::Entity::find().filter(holds).all(&self.db).await?;
        row.map(|row| Self::standing(&row, &holds)).transpose()
    }

    async fn put_account(&self, account: &Account) -> Result<(), Error> {
        let row = account::ActiveModel {
            id: Set(account.id.to_string()),
            site: Set(account.site.to_string()),
            lifecycle: Set(lifecycle_word(Lifecycle::Active)),
            document: Set(write(account)),
        };
        let columns = [account::Column::Site, account::Column::Document];
        let same = OnConflict::column(account::Column::Id).update_columns(columns).to_owned();
        account::Entity::insert(row).on_conflict(same).exec(&self.db).await?;
        Ok(())
    }

    async fn set_lifecycle(&self, id: &AccountId, lifecycle: Lifecycle) -> Result<(), Error> {
        account::Entity::update_many()
            .col_expr(account::Column::Lifecycle, Expr::value(lifecycle_word(lifecycle)))
            .filter(account::Column::Id.eq(id.as_str()))
            .exec(&self.db)
            .await?;
        Ok(())
    }

    async fn place_hold(&self, id: &AccountId, placed: &Hold) -> Result<(), Error> {
        let row = hold::ActiveModel {
            account: Set(id.to_string()),
            kind: Set(placed.kind.name().to_owned()),
            document: Set(write(placed)),
        };
        let same = OnConflict::columns([hold::Column::Account, hold::Column::Kind])
            .update_column(hold::Column::Document)
            .to_owned();
        hold::Entity::insert(row).on_conflict(same).exec(&self.db).await?;
        Ok(())
    }

    async fn lift_hold(&self, id: &AccountId, kind: HoldKind) -> Result<bool, Error> {
        let key = (id.to_string(), kind.name().to_owned());
        Ok(hold::Entity::delete_by_id(key).exec(&self.db).await?.rows_affected > 0)
    }

    async fn keep_state(
        &self,
        id: &AccountId,
        token: &Token,
        state: &StorageState,
    ) -> Result<bool, Error> {
        let row = storage_state::ActiveModel {
            account: Set(id.to_string()),
            token: Set(token.0.clone()),
            document: Set(write(state)),
        };
        let columns = [storage_state::Column::Token, storage_state::Column::Document];
        let older = Expr::col((storage_state::Entity, storage_state::Column::Token));
        let same = OnConflict::column(storage_state::Column::Account)
            .update_columns(columns)
            .action_and_where(older.lte(token.0.clone()))
            .to_owned();
        let done = storage_state::Entity::insert(row).on_conflict(same);
        Ok(done.exec_without_returning(&self.db).await? > 0)
    }

    async fn state(&self, id: &AccountId) -> Result<Option<StorageState>, Error> {
        let row = storage_state::Entity::find_by_id(id.as_str()).one(&self.db).await?;
        row.map(|row| read(&row.document, id.as_str())).transpose()
    }

    async fn put_receipt(&self, receipt: &Receipt) -> Result<(), Error> {
        let row = receipt::ActiveModel {
            action: Set(receipt.action.clone()),
            account: Set(receipt.account.clone()),
            kind: Set(receipt.kind.clone()),
            state: Set(receipt.state.clone()),
            at_ms: Set(receipt.at.as_millisecond()),
            document: Set(write(receipt)),
        };
        let columns = [receipt::Column::State, receipt::Column::AtMs, receipt::Column::Document];
        // Events may be read again, and an old one after a new one: the later ending stands.
        let known = Expr::col((receipt::Entity, receipt::Column::AtMs));
        let same = OnConflict::column(receipt::Column::Action)
            .update_columns(columns)
            .action_and_where(known.lte(receipt.at.as_millisecond()))
            .to_owned();
        receipt::Entity::insert(row).on_conflict(same).exec_without_returning(&self.db).await?;
        Ok(())
    }

    async fn receipts(&self, account: Option<&str>, limit: u64) -> Result<Vec<Receipt>, Error> {
        let mut query = receipt::Entity::find().order_by_desc(receipt::Column::AtMs).limit(limit);
        if let Some(account) = account {
            query = query.filter(receipt::Column::Account.eq(account));
        }
        let rows = query.all(&self.db).await?;
        rows.iter().map(|row| read(&row.document, &row.action)).collect()
    }
}
