//! What is kept, where, and by which keys: `[store]`, `[vault]`, `[backup]`, `[signing]`.

use std::path::PathBuf;
use std::time::Duration;

use serde::Deserialize;
use walkon_core::bundle::Secret;

/// `[store]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Store {
    /// A database server, or nothing. It may hold a password.
    pub url: Secret,
    /// The file that holds the password, or nothing.
    pub password_file: PathBuf,
    /// For how many days the usage log is kept; 0: for good.
    pub usage_days: u32,
    /// The same of the audit log.
    pub audit_days: u32,
}

/// `[vault]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Vault {
    /// The file of the master keys, or nothing.
    pub master_key_file: PathBuf,
    /// The keys themselves, or nothing: for the environment alone.
    pub master_key: Secret,
}

/// `[backup]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Backup {
    /// The folder below which backups are made, or nothing.
    pub folder: PathBuf,
    /// How old the latest may be.
    #[serde(with = "jiff::fmt::serde::unsigned_duration::friendly::compact::required")]
    pub every: Duration,
}

/// `[signing]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Signing {
    /// The file of the keys, or nothing.
    pub key_file: PathBuf,
    /// Where sites find their list, or nothing.
    pub directory: String,
}
