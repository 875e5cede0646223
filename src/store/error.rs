//! Why the store did not do as asked, and what to do about it.

use std::borrow::Cow;

use sea_orm::{DbErr, RuntimeErr, sqlx};

/// Why the store did not do as asked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// `store.url` cannot be one.
    #[error("`store.url` {what}")]
    Address {
        /// What is wrong with it.
        what: String,
        /// What to write.
        remedy: String,
    },
    /// Nobody answers there.
    #[error("no database answers at {0}")]
    Unreachable(String, #[source] DbErr),
    /// The server answers, and does not let us in.
    #[error("the database server at {0} does not let us in")]
    Denied(String, #[source] DbErr),
    /// A later Walkon has been here.
    #[error("the database {shown} is of a newer Walkon: it has {found}, this one ends at {known}")]
    Newer {
        /// Which database.
        shown: String,
        /// Its migrations that we do not know.
        found: String,
        /// Our last one.
        known: String,
    },
    /// The database cannot be used.
    #[error("the database {0} cannot be opened")]
    Open(String, #[source] DbErr),
    /// It answered before, and does not now.
    #[error("the database does not answer")]
    Away(#[source] DbErr),
    /// A statement failed.
    #[error("the database refused")]
    Refused(#[source] DbErr),
    /// A secret is sealed by a master key that is not at hand.
    #[error("the master key {wanted} is not in {place}, which has {found}")]
    WrongMaster {
        /// The id of the key that is needed.
        wanted: String,
        /// Where keys were looked for.
        place: String,
        /// The ids of those that are there.
        found: String,
    },
    /// There are no master keys to be read.
    #[error("the master keys of {place} cannot be read or written")]
    NoMaster {
        /// Where they should be.
        place: String,
        /// As the system says it.
        #[source]
        source: std::io::Error,
    },
    /// What is there is no master key.
    #[error("the master keys of {place} cannot be used: {what}")]
    BadMaster {
        /// Where.
        place: String,
        /// What is wrong.
        what: String,
    },
    /// A sealed secret is not as it was sealed.
    #[error("the sealed secret {0} has been changed or moved")]
    Broken(String),
    /// A row does not hold what this version writes.
    #[error("the database holds a row that cannot be read: {0}")]
    Unreadable(String),
}

impl From<DbErr> for Error {
    fn from(error: DbErr) -> Self {
        if is_away(&error) { Self::Away(error) } else { Self::Refused(error) }
    }
}

impl Error {
    /// What to do about it.
    pub fn remedy(&self) -> Cow<'static, str> {
        Cow::Borrowed(match self {
            Self::Address { remedy, .. } => return Cow::Owned(remedy.clone()),
            Self::Unreachable(..) => {
                "start the server, or correct `store.url`; `walkon doctor` tries it again"
            }
            Self::Denied(..) => {
                "correct user, password and database of `store.url`; the database must be there, \
                 and its owner be that user"
            }
            Self::Newer { .. } => "use the Walkon that made it, or restore a backup of before",
            Self::Open(..) => "check that the data folder can be written to and is not full",
            Self::Away(_) => "start it again; nothing is lost, and work goes on by itself",
            Self::Refused(_) => "check the disk; `walkon doctor` says more",
            Self::WrongMaster { .. } => {
                "bring the file with that key back from its backup, beside the keys there are; \
                 without it these secrets must be given anew"
            }
            Self::NoMaster { .. } => {
                "bring the file back from its backup; where nothing is sealed yet, make one by \
                 `walkon keys new master --out FILE`"
            }
            Self::BadMaster { .. } => {
                "a key is 64 hexadecimal digits, as `walkon keys new master` prints it, one a line"
            }
            Self::Broken(_) => {
                "give it anew: `walkon account import`; somebody has been at the database"
            }
            Self::Unreadable(_) => "restore a backup, or remove the row the message names",
        })
    }

    /// Whether what was given is wrong, rather than this host or a server.
    pub fn is_refusal(&self) -> bool {
        matches!(self, Self::Address { .. } | Self::WrongMaster { .. } | Self::BadMaster { .. })
    }
}

/// What the driver says, if it is the driver that says it.
fn driver(error: &DbErr) -> Option<&sqlx::Error> {
    match error {
        DbErr::Conn(RuntimeErr::SqlxError(error))
        | DbErr::Exec(RuntimeErr::SqlxError(error))
        | DbErr::Query(RuntimeErr::SqlxError(error)) => Some(error.as_ref()),
        _ => None,
    }
}

/// Whether two who wrote at once got into each other's way: it is tried again.
pub(super) fn is_collision(error: &DbErr) -> bool {
    let Some(sqlx::Error::Database(said)) = driver(error) else { return false };
    // PostgreSQL: serialisation, deadlock. MySQL: the same as a state. SQLite: busy.
    said.code().is_some_and(|code| ["40001", "40P01", "5", "517"].contains(&code.as_ref()))
}

/// Whether an error says that the server is gone, or is going or coming.
pub(super) fn is_away(error: &DbErr) -> bool {
    if matches!(error, DbErr::ConnectionAcquire(_)) {
        return true;
    }
    match driver(error) {
        Some(sqlx::Error::Database(said)) => {
            // PostgreSQL: shut down by its operator, crashed, not up yet. MySQL: shutting down.
            said.code().is_some_and(|code| {
                ["57P01", "57P02", "57P03", "08S01", "1053", "1927"].contains(&code.as_ref())
            })
        }
        Some(error) => matches!(
            error,
            sqlx::Error::Io(_)
                | sqlx::Error::Tls(_)
                | sqlx::Error::Protocol(_)
                | sqlx::Error::PoolTimedOut
                | sqlx::Error::PoolClosed
                | sqlx::Error::WorkerCrashed
        ),
        None => false,
    }
}
