//! The store: what must last and be searched, in SQL. Only coordinators have it.
//!
//! Each noun has a file with its trait, which speaks our words, and its table. [`sql::SqlStore`] is
//! all of them, on `SQLite`, `PostgreSQL` and `MySQL` or `MariaDB` by the same statements: none is
//! used that one of them lacks. Counters and leases are not here: they are the queue's.
//!
//! [`schema`] brings the tables up to date. A database that is away is [`Error::Away`]: whoever
//! asked tries again, and nothing that was not kept is acknowledged.

pub mod accounts;
pub mod address;
mod connect;
mod error;
pub mod holds;
mod migration;
pub mod receipts;
pub mod schema;
pub mod sql;
pub mod states;

pub use error::Error;

/// What must last.
pub trait Store: accounts::Accounts + holds::Holds + receipts::Receipts + states::States {}

impl<T: accounts::Accounts + holds::Holds + receipts::Receipts + states::States> Store for T {}
