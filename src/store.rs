//! The store: what must last and be searched, in SQL. Only coordinators have it.
//!
//! Each noun has a file with its trait, which speaks our words, and its table. [`sql::SqlStore`] is
//! all of them, on `SQLite`, `PostgreSQL` and `MySQL` or `MariaDB` by the same statements: none is
//! used that one of them lacks. Counters and leases are not here: they are the queue's.
//!
//! Secrets are sealed by the [`vault`] before they reach a statement, and opened here alone.
//!
//! [`schema`] brings the tables up to date. A database that is away is [`Error::Away`]: whoever
//! asked tries again, and nothing that was not kept is acknowledged.

pub mod accounts;
pub mod address;
pub mod alerts;
pub mod audit;
pub mod capacities;
mod charges;
mod connect;
pub mod credentials;
pub mod dump;
pub mod erasures;
mod error;
pub mod grants;
pub mod health;
pub mod holds;
pub mod keys;
mod migration;
pub mod onboardings;
pub mod receipts;
pub mod restores;
pub mod schema;
pub mod search;
pub mod settings;
pub mod sql;
pub mod states;
pub mod tokens;
pub mod usage;
pub mod vault;

pub use charges::{Books, LOST, OpenAction, Reach};
pub use error::Error;

/// What must last.
pub trait Store:
    accounts::Accounts
    + alerts::Alerts
    + audit::Audit
    + Books
    + capacities::Capacities
    + credentials::Credentials
    + grants::Grants
    + erasures::Erasures
    + health::HealthLog
    + holds::Holds
    + keys::Keys
    + onboardings::Onboardings
    + receipts::Receipts
    + restores::Restores
    + search::Search
    + settings::Settings
    + states::States
    + tokens::Tokens
    + usage::UsageLog
{
}

impl Store for sql::SqlStore {}
