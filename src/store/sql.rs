//! The store in SQL, whichever database it is.

use std::path::Path;
use std::sync::Arc;

use sea_orm::{ActiveModelTrait, DatabaseConnection, DbErr, EntityTrait, SqlErr, UpdateMany};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::address::Address;
use super::charges::Pending;
use super::schema::Schema;
use super::vault::Vault;
use super::vault::master::Source;
use super::{Error, connect};

/// A store in a SQL database.
#[derive(Debug, Clone)]
pub struct SqlStore {
    pub(super) db: DatabaseConnection,
    pub(super) vault: Vault,
    /// Charges that wait to be written.
    pub(super) pending: Arc<Pending>,
}

impl SqlStore {
    /// Opens a database and brings it up to date.
    ///
    /// # Errors
    ///
    /// [`Error::Unreachable`] and [`Error::Denied`] say which server; [`Error::Newer`] says which
    /// changes it has that we do not know, and changes nothing; [`Error::WrongMaster`] names the
    /// key that what it holds is sealed with.
    pub async fn open(address: &Address, vault: Vault) -> Result<Self, Error> {
        Schema::up(address).await?;
        let store = Self { db: connect::wide(address).await?, vault, pending: Arc::default() };
        store.check_master().await?;
        Ok(store)
    }

    /// Opens the `SQLite` file of a folder with the folder's own master keys.
    pub async fn in_folder(folder: &Path) -> Result<Self, Error> {
        let vault = Vault::of(Source::Embedded(folder.join("master.key")));
        Self::open(&Address::File(folder.join("walkon.db")), vault).await
    }

    /// Closes it, so that nothing of it is open any more.
    pub async fn close(self) -> Result<(), Error> {
        Ok(self.db.close().await?)
    }

    /// The master keys it seals and opens with.
    pub fn vault(&self) -> &Vault {
        &self.vault
    }
}

pub(super) fn read<T: DeserializeOwned>(document: &str, whose: &str) -> Result<T, Error> {
    serde_json::from_str(document).map_err(|error| Error::Unreadable(format!("{whose}: {error}")))
}

pub(super) fn write<T: Serialize>(value: &T) -> String {
    serde_json::to_string(value).expect("our words have string keys and finite numbers")
}

/// Whether a row was refused because there is one with its key.
pub(super) fn is_there(error: &DbErr) -> bool {
    matches!(error.sql_err(), Some(SqlErr::UniqueConstraintViolation(_)))
}

impl SqlStore {
    /// Writes a row unless a later one is there; `false`: it is. `change` is what happens to one
    /// that is there and older.
    ///
    /// `MySQL` has no condition on what happens to a row that is there: so first the row is changed
    /// where it is older, then, if none was, it is added, and if somebody else was quicker, it is
    /// changed after all.
    pub(super) async fn put_unless_later<E, A>(
        &self,
        change: UpdateMany<E>,
        row: A,
    ) -> Result<bool, Error>
    where
        E: EntityTrait,
        A: ActiveModelTrait<Entity = E>,
    {
        if change.clone().exec(&self.db).await?.rows_affected > 0 {
            return Ok(true);
        }
        match E::insert(row).exec_without_returning(&self.db).await {
            Ok(_) => Ok(true),
            Err(error) if is_there(&error) => Ok(change.exec(&self.db).await?.rows_affected > 0),
            Err(error) => Err(error.into()),
        }
    }
}
