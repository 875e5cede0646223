//! Backups: database, queue and recordings together, in one folder that is whole or not there.
//!
//! The queue is copied before the database, so that the books know all that the copied queue does
//! and more: whoever starts on the two is mended by `coordinator::restore` as after any Redis that
//! forgets. Master keys are not in it: a backup alone tells nobody a secret.
//!
//! [`take`] makes one while the fleet runs, [`put_back`] puts one in place while it does not.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::store::audit::End;
use crate::store::dump;

mod files;
mod put_back;
mod take;

pub use put_back::{PutBack, Target, put_back};
pub use take::{Source, take};

/// The form of a backup's folder.
pub const VERSION: u32 = 1;
/// What a backup says of itself.
const MANIFEST: &str = "manifest.json";
/// The SHA-256 of each of its files, as `sha256sum --check` reads them.
const SUMS: &str = "SHA256SUMS";
/// Where in it the queue's log and the recordings are.
const QUEUE: &str = "appendonlydir";
const RECORDINGS: &str = "recordings";

/// What a backup says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// The form of its folder.
    pub version: u32,
    /// Which Walkon made it.
    pub walkon: String,
    /// When it was begun: what happened later may be missing.
    pub at: Timestamp,
    /// The database's file in it.
    pub database: String,
    /// Whether the queue is in it: one on a server of its own is not.
    pub queue: bool,
    /// How many recordings are in it; `None`: they were left out.
    pub recordings: Option<u64>,
    /// The bytes of all its files.
    pub bytes: u64,
    /// The ids of the master keys without which its secrets cannot be opened.
    pub master_keys: Vec<String>,
    /// Where the audit log ended when it was begun.
    pub audit_end: End,
}

/// Why a backup was not made, or not put in place.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is something there already.
    #[error("{} is there already, and not empty", .0.display())]
    NotEmpty(PathBuf),
    /// It is no backup, or only part of one.
    #[error("{} is no backup: {what}", folder.display())]
    NoBackup {
        /// The folder.
        folder: PathBuf,
        /// What is wrong with it.
        what: String,
    },
    /// A later Walkon made it.
    #[error("the backup is of version {0}, this Walkon knows {VERSION}")]
    Newer(u32),
    /// It is of another database.
    #[error("the backup holds {found}, and `store.url` names another sort of database ({wanted})")]
    OtherDatabase {
        /// What is in it.
        found: String,
        /// What would be.
        wanted: &'static str,
    },
    /// Master keys are missing.
    #[error(
        "the master key {wanted} is not in {place}, and secrets in the backup are sealed by it"
    )]
    NoKey {
        /// The id of one.
        wanted: String,
        /// Where keys were looked for.
        place: String,
    },
    /// What is there would be replaced.
    #[error("{0} would be replaced")]
    InUse(String),
    /// Its audit log is not the one that was backed up.
    #[error("the audit log in the backup is not as it was written: {0}")]
    Tampered(String),
    /// The queue's log was written anew each time it was copied.
    #[error("the queue's log changes too fast to be copied")]
    Restless,
    /// The disk said no.
    #[error("could not read or write {}", .0.display())]
    Disk(PathBuf, #[source] io::Error),
    /// The database could not be copied.
    #[error(transparent)]
    Dump(#[from] dump::Error),
    /// The store failed.
    #[error("the store failed")]
    Store(#[from] crate::store::Error),
    /// The queue's folder is in use.
    #[error("the queue's folder cannot be used")]
    Queue(#[from] crate::queue::Error),
}

impl Error {
    /// What to do about it.
    pub fn remedy(&self) -> String {
        let words = match self {
            Self::Dump(error) => return error.remedy(),
            Self::Store(error) => return error.remedy().into_owned(),
            Self::Queue(error) => {
                return error.remedy().map_or_else(String::new, std::borrow::Cow::into_owned);
            }
            Self::NotEmpty(_) => "name a folder that is not there yet",
            Self::NoBackup { .. } => {
                "name a folder that `walkon backup` made; `sha256sum --check SHA256SUMS` in it \
                 says which of its files were changed"
            }
            Self::Newer(_) => "use the Walkon that made it",
            Self::OtherDatabase { .. } => "set `store.url` as it was, and restore it there",
            Self::NoKey { .. } => {
                "put the file of the master keys back first: it is kept apart from backups"
            }
            Self::InUse(_) => "add --yes: what is there is moved aside, or replaced on a server",
            Self::Tampered(_) => "use an earlier backup, and find out who has been at this one",
            Self::Restless => "try again",
            Self::Disk(..) => "check the folder's owner and the disk",
        };
        words.to_owned()
    }

    /// Whether what was given is wrong, rather than this host.
    pub fn is_refusal(&self) -> bool {
        !matches!(
            self,
            Self::Disk(..) | Self::Dump(_) | Self::Store(_) | Self::Queue(_) | Self::Restless
        )
    }
}

fn disk(path: &Path) -> impl FnOnce(io::Error) -> Error {
    let path = path.to_owned();
    move |error| Error::Disk(path, error)
}

impl Manifest {
    /// What a backup's folder says of itself.
    pub fn of(folder: &Path) -> Result<Self, Error> {
        let none = |what: String| Error::NoBackup { folder: folder.to_owned(), what };
        let text = fs::read_to_string(folder.join(MANIFEST))
            .map_err(|error| none(format!("its `{MANIFEST}` cannot be read ({error})")))?;
        let found: Self = serde_json::from_str(&text)
            .map_err(|error| none(format!("its `{MANIFEST}` is not one ({error})")))?;
        if found.version != VERSION {
            return Err(Error::Newer(found.version));
        }
        Ok(found)
    }

    /// The latest of the backups in a folder, or the folder itself where it is one.
    pub fn latest_in(folder: &Path) -> io::Result<Option<(PathBuf, Self)>> {
        let below = fs::read_dir(folder)?.flatten().map(|entry| entry.path());
        let all = std::iter::once(folder.to_owned()).chain(below);
        let found = all.filter_map(|path| Self::of(&path).ok().map(|one| (path, one)));
        Ok(found.max_by_key(|(_, one)| one.at))
    }
}
