//! The data folder: everything that lasts on this host, under one roof.

use std::fs;
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use nix::unistd::{AccessFlags, access};
use walkon_core::bundle::Secret;

/// The version of the folder's layout.
pub const VERSION: u32 = 1;

/// Everything that lasts on this host.
#[derive(Debug, Clone)]
pub struct DataFolder {
    root: PathBuf,
}

/// Why the folder cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A later Walkon made it.
    #[error("the data folder {folder} is of version {found}, this Walkon knows {VERSION}")]
    Newer {
        /// The folder.
        folder: PathBuf,
        /// Its version.
        found: String,
    },
    /// The system said no.
    #[error("could not use the data folder {}", folder.display())]
    System {
        /// The folder.
        folder: PathBuf,
        /// As the system says it.
        #[source]
        source: io::Error,
    },
}

impl Error {
    /// What to do about it.
    pub fn remedy(&self) -> &'static str {
        match self {
            Self::Newer { .. } => "use the Walkon that made it, or another `data.folder`",
            Self::System { .. } => "check its owner and its disk, or set another `data.folder`",
        }
    }
}

impl DataFolder {
    /// Opens a folder, which is made if it is not there.
    ///
    /// Others may pass through it (the browser's user must reach its own), not look into it.
    pub fn open(root: &Path) -> Result<Self, Error> {
        let system = |source| Error::System { folder: root.to_path_buf(), source };
        fs::DirBuilder::new().recursive(true).mode(0o711).create(root).map_err(system)?;
        let root = root.canonicalize().map_err(system)?;
        let folder = Self { root };
        let version = folder.root.join("VERSION");
        match fs::read_to_string(&version) {
            Ok(found) if found.trim() == VERSION.to_string() => {}
            Ok(found) => {
                let found = found.trim().to_owned();
                return Err(Error::Newer { folder: folder.root, found });
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                put(&version, &format!("{VERSION}\n"), fs::rename).map_err(system)?;
            }
            Err(error) => return Err(system(error)),
        }
        for (name, mode) in
            [("redis", 0o700), ("recordings", 0o700), ("browsers", 0o711), ("run", 0o700)]
        {
            let path = folder.root.join(name);
            fs::DirBuilder::new().recursive(true).mode(mode).create(path).map_err(system)?;
        }
        Ok(folder)
    }

    /// Whether [`DataFolder::open`] could open a folder, without making anything; `true`: it is
    /// there already.
    pub fn look(root: &Path) -> Result<bool, Error> {
        let system = |source: io::Error| Error::System { folder: root.to_path_buf(), source };
        let write = AccessFlags::W_OK | AccessFlags::X_OK;
        if !root.exists() {
            // What will be made is made below the nearest folder that is there.
            let above = root.ancestors().skip(1).find(|above| above.exists());
            let above = above.filter(|above| !above.as_os_str().is_empty());
            let above = above.unwrap_or(Path::new("."));
            access(above, write).map_err(|error| system(error.into()))?;
            return Ok(false);
        }
        access(root, write).map_err(|error| system(error.into()))?;
        match fs::read_to_string(root.join("VERSION")) {
            Ok(found) if found.trim() != VERSION.to_string() => {
                Err(Error::Newer { folder: root.to_path_buf(), found: found.trim().to_owned() })
            }
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(system(error)),
            _ => Ok(true),
        }
    }

    /// Where it is.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Redis' log and socket.
    pub fn redis(&self) -> PathBuf {
        self.root.join("redis")
    }

    /// The database.
    pub fn database(&self) -> PathBuf {
        self.root.join("walkon.db")
    }

    /// The master keys of a database that has no others.
    pub fn master_key(&self) -> PathBuf {
        self.root.join("master.key")
    }

    /// The keys by which sites know the fleet, where no others are named.
    pub fn signing_key(&self) -> PathBuf {
        self.root.join("signing.key")
    }

    /// Recordings.
    pub fn recordings(&self) -> PathBuf {
        self.root.join("recordings")
    }

    /// The browsers' folders, one an account.
    pub fn browsers(&self) -> PathBuf {
        self.root.join("browsers")
    }

    /// The token that workers show at the desk; made at the first call, for this user's eyes only.
    pub fn worker_token(&self) -> Result<Secret, Error> {
        let path = self.root.join("run/worker.token");
        let system = |source| Error::System { folder: self.root.clone(), source };
        let read = || fs::read_to_string(&path).map(|text| Secret::new(text.trim().to_owned()));
        if path.exists() {
            return read().map_err(system);
        }
        let mut bytes = [0; 32];
        getrandom::fill(&mut bytes).map_err(|error| system(io::Error::other(error.to_string())))?;
        let token = bytes.iter().fold(String::new(), |token, byte| format!("{token}{byte:02x}"));
        match put(&path, &token, fs::hard_link) {
            Ok(()) => Ok(Secret::new(token)),
            // Another process was quicker: its token is the token.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => read().map_err(system),
            Err(error) => Err(system(error)),
        }
    }

    /// The file of the worker token.
    pub fn worker_token_file(&self) -> PathBuf {
        self.root.join("run/worker.token")
    }
}

/// How a draft gets its name.
type Place = fn(PathBuf, PathBuf) -> io::Result<()>;

/// Writes a file for this user's eyes only: whole under its name or not there at all, also on a
/// full disk. `hard_link` leaves one that is there already as it is.
fn put(path: &Path, text: &str, place: Place) -> io::Result<()> {
    let part = path.with_extension(format!("{}.part", std::process::id()));
    let new =
        fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&part);
    let written = new.and_then(|mut file| file.write_all(text.as_bytes()));
    let done = written.and_then(|()| place(part.clone(), path.to_path_buf()));
    // Whatever came of it, the draft goes.
    let _ = fs::remove_file(&part);
    done
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_of_a_later_version_is_refused_and_left_alone() {
        let temp = tempfile::tempdir().unwrap();
        fs::write(temp.path().join("VERSION"), "2\n").unwrap();
        let error = DataFolder::open(temp.path()).unwrap_err();
        assert!(error.to_string().contains("is of version 2"), "{error}");
        assert_eq!(fs::read_dir(temp.path()).unwrap().count(), 1);
    }

    #[test]
    fn looking_makes_nothing_and_finds_what_opening_would() {
        let temp = tempfile::tempdir().unwrap();
        let root = temp.path().join("a/b");
        assert!(!DataFolder::look(&root).unwrap(), "it would be made");
        assert_eq!(fs::read_dir(temp.path()).unwrap().count(), 0);
        DataFolder::open(&root).unwrap();
        assert!(DataFolder::look(&root).unwrap());
        fs::write(root.join("VERSION"), "2\n").unwrap();
        assert!(DataFolder::look(&root).unwrap_err().to_string().contains("is of version 2"));
        let file = temp.path().join("file");
        fs::write(&file, "").unwrap();
        assert!(DataFolder::look(&file.join("below")).is_err(), "a file is no folder");
    }

    #[test]
    fn the_worker_token_stays_the_same() {
        let temp = tempfile::tempdir().unwrap();
        let folder = DataFolder::open(temp.path()).unwrap();
        let token = folder.worker_token().unwrap();
        assert_eq!(token.expose().len(), 64);
        assert_eq!(folder.worker_token().unwrap(), token);
    }
}
