//! The store: what must last and be searched, in SQL. Only coordinators have it.
//!
//! The trait speaks our words; [`sql`] keeps them in `SQLite` by `SeaORM`. Counters and leases are
//! not here: they are the queue's.

use async_trait::async_trait;
use walkon_core::account::{Account, Lifecycle, Standing};
use walkon_core::hold::{Hold, HoldKind};
use walkon_core::id::AccountId;
use walkon_core::lease::Token;
use walkon_core::receipt::Receipt;
use walkon_core::storage_state::StorageState;

mod charges;
mod entity;
mod migration;
pub mod sql;

pub use charges::{Books, LOST, OpenAction, Reach};

/// Why the store did not do as asked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The database cannot be used.
    #[error("the database {0} cannot be opened")]
    Open(String, #[source] sea_orm::DbErr),
    /// A statement failed.
    #[error("the database refused")]
    Refused(#[from] sea_orm::DbErr),
    /// A row does not hold what this version writes.
    #[error("the database holds a row that cannot be read: {0}")]
    Unreadable(String),
}

impl Error {
    /// What to do about it.
    pub fn remedy(&self) -> &'static str {
        match self {
            Self::Open(..) => "check that the data folder can be written to and is not full",
            Self::Refused(_) => "check the disk; `walkon doctor` says more",
            Self::Unreadable(_) => "restore a backup, or remove the row the message names",
        }
    }
}

/// What must last.
#[async_trait]
pub trait Store: Books + Send + Sync {
    /// Every account with where it stands, by id.
    async fn accounts(&self) -> Result<Vec<Standing>, Error>;
    /// One account.
    async fn account(&self, id: &AccountId) -> Result<Option<Standing>, Error>;
    /// Adds an account or replaces what its owner wrote; its standing stays.
    async fn put_account(&self, account: &Account) -> Result<(), Error>;
    /// Moves an account in its life.
    async fn set_lifecycle(&self, id: &AccountId, lifecycle: Lifecycle) -> Result<(), Error>;
    /// Places a hold; a hold of the same kind is replaced.
    async fn place_hold(&self, id: &AccountId, hold: &Hold) -> Result<(), Error>;
    /// Lifts a hold; `false`: there was none of that kind.
    async fn lift_hold(&self, id: &AccountId, kind: HoldKind) -> Result<bool, Error>;
    /// Keeps storage state unless a later lease has kept some; `false`: it had.
    async fn keep_state(
        &self,
        id: &AccountId,
        token: &Token,
        state: &StorageState,
    ) -> Result<bool, Error>;
    /// The storage state last kept.
    async fn state(&self, id: &AccountId) -> Result<Option<StorageState>, Error>;
    /// Writes a receipt; a later one of the same action replaces it, an earlier one changes
    /// nothing.
    async fn put_receipt(&self, receipt: &Receipt) -> Result<(), Error>;
    /// Receipts, the latest first.
    async fn receipts(&self, account: Option<&str>, limit: u64) -> Result<Vec<Receipt>, Error>;
}
