//! The vault: seals what must not be read in a database, a backup or a log.
//!
//! Each secret has a data key of its own, drawn for it, which seals it by `XChaCha20-Poly1305` with
//! its account and field as associated data: moved to another row it does not open. The data key
//! is sealed the same way by a master key, so that another master key is put in its place without
//! touching the secret ([`Vault::rewrap`]).
//!
//! Master keys come from a file or the environment, several at a time: one seals, the others still
//! open. Which one seals is written in the database, so that all coordinators agree.

use std::sync::{Arc, RwLock};

use zeroize::Zeroizing;

use super::Error;
use master::{Master, Source};

mod envelope;
pub mod master;

pub use envelope::Sealed;

/// The master keys at hand; cloning is cheap.
#[derive(Debug, Clone)]
pub struct Vault {
    source: Source,
    masters: Arc<RwLock<Vec<Arc<Master>>>>,
}

/// Whose secret it is, and which: what binds it to its row.
#[derive(Debug, Clone, Copy)]
pub struct Name<'a> {
    /// The account.
    pub account: &'a str,
    /// Which of its secrets.
    pub field: &'a str,
}

impl std::fmt::Display for Name<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.account, self.field)
    }
}

impl Vault {
    /// A vault whose keys are read at the first need.
    pub fn of(source: Source) -> Self {
        Self { source, masters: Arc::default() }
    }

    /// Where its keys come from.
    pub fn source(&self) -> &Source {
        &self.source
    }

    /// Reads the keys again; the ids of all of them, the first being the one that is wanted.
    pub fn reload(&self) -> Result<Vec<String>, Error> {
        let masters: Vec<_> = self.source.read()?.into_iter().map(Arc::new).collect();
        let ids = masters.iter().map(|master| master.id.clone()).collect();
        *self.masters.write().expect("nothing panics while it is held") = masters;
        Ok(ids)
    }

    /// The master key of that id; the keys are read again where it is not known.
    fn master(&self, id: &str) -> Result<Arc<Master>, Error> {
        let known = || {
            let masters = self.masters.read().expect("nothing panics while it is held");
            masters.iter().find(|master| master.id == id).cloned()
        };
        if let Some(master) = known() {
            return Ok(master);
        }
        let found = self.reload()?;
        known().ok_or_else(|| Error::WrongMaster {
            wanted: id.to_owned(),
            place: self.source.to_string(),
            found: found.join(", "),
        })
    }

    /// Whether the master key of that id is at hand.
    pub fn has(&self, id: &str) -> Result<(), Error> {
        self.master(id).map(drop)
    }

    /// Seals a secret by the master key of that id.
    pub fn seal(&self, master: &str, name: Name<'_>, secret: &[u8]) -> Result<Sealed, Error> {
        Ok(envelope::seal(self.master(master)?.as_ref(), name, secret))
    }

    /// Opens a secret.
    pub fn open(&self, name: Name<'_>, sealed: &Sealed) -> Result<Zeroizing<Vec<u8>>, Error> {
        let master = self.master(&sealed.master)?;
        envelope::open(master.as_ref(), name, sealed).ok_or_else(|| Error::Broken(name.to_string()))
    }

    /// The same secret under another master key, without opening the secret itself.
    pub fn rewrap(&self, to: &str, name: Name<'_>, sealed: &Sealed) -> Result<Sealed, Error> {
        let (from, to) = (self.master(&sealed.master)?, self.master(to)?);
        let moved = envelope::rewrap(from.as_ref(), to.as_ref(), name, sealed);
        moved.ok_or_else(|| Error::Broken(name.to_string()))
    }
}
