//! A session's folder: what is in it, whose it is, and what is left of it afterwards.
//!
//! The profile is made anew for every session and removed after it: the storage state is the truth
//! about an account, and a profile that outlived a crash would contradict it. The HTTP cache stays,
//! as a member's would; it may be lost at any time.

use std::fs::{self, File, TryLockError};
use std::io;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::driver::Error;
use crate::jail::User;

/// The paths under a session's folder.
#[derive(Debug, Clone)]
pub(in crate::driver) struct Folder {
    /// The browser's user data.
    pub(in crate::driver) profile: PathBuf,
    /// Its HTTP cache, the only part that is kept.
    pub(in crate::driver) cache: PathBuf,
    /// Its home: configuration nobody asked for ends here.
    pub(in crate::driver) home: PathBuf,
    /// Its scratch.
    pub(in crate::driver) scratch: PathBuf,
    /// Its standard error.
    pub(in crate::driver) log: PathBuf,
    /// Held as long as the browser may write into it, where that is not for the worker to see to.
    _lock: Option<Arc<File>>,
}

/// What a browser writes before it has shown anything.
const ROOM: usize = 256 << 10;

/// More shared browsers than any host has memory for.
const SHARED_MAX: usize = 1_000;

impl Folder {
    /// Makes the folder anew for `user`, who must be able to get there.
    pub(in crate::driver) fn make(root: &Path, user: Option<User>) -> Result<Self, Error> {
        let root = &std::path::absolute(root).map_err(Error::Folder)?;
        let folder = Self {
            profile: root.join("profile"),
            cache: root.join("cache"),
            home: root.join("home"),
            scratch: root.join("tmp"),
            log: root.join("browser.log"),
            _lock: None,
        };
        fs::create_dir_all(root).map_err(Error::Folder)?;
        folder.remove().and_then(|()| folder.create(root, user)).map_err(Error::Folder)?;
        user.map_or(Ok(()), |user| reachable(root, user))?;
        Ok(folder)
    }

    /// A folder of nobody's own below another, locked for us alone: for a shared browser.
    pub(in crate::driver) fn make_shared(above: &Path, user: Option<User>) -> Result<Self, Error> {
        fs::create_dir_all(above).map_err(Error::Folder)?;
        // No account has such a name. A lock file is never removed: two could hold it then.
        for number in 0..SHARED_MAX {
            let root = above.join(format!("_packed-{number}"));
            let lock = File::create(root.with_extension("lock")).map_err(Error::Folder)?;
            match lock.try_lock() {
                Ok(()) => {
                    let folder = Self::make(&root, user)?;
                    return Ok(Self { _lock: Some(Arc::new(lock)), ..folder });
                }
                Err(TryLockError::WouldBlock) => {}
                Err(TryLockError::Error(error)) => return Err(Error::Folder(error)),
            }
        }
        let why = format!("{SHARED_MAX} shared browsers run in {} already", above.display());
        Err(Error::Start(why))
    }

    fn create(&self, root: &Path, user: Option<User>) -> io::Result<()> {
        let _ = fs::remove_file(&self.log);
        for path in [&self.profile, &self.cache, &self.home, &self.scratch] {
            fs::create_dir_all(path)?;
        }
        for path in [root, &self.profile, &self.home, &self.scratch] {
            fs::set_permissions(path, fs::Permissions::from_mode(0o700))?;
        }
        self.has_room()?;
        let Some(user) = user else { return Ok(()) };
        own(root, user)
    }

    /// A browser on a full disk starts all the same, and loses what it should keep without a word.
    fn has_room(&self) -> io::Result<()> {
        let probe = self.scratch.join("room");
        let written = fs::write(&probe, vec![0; ROOM]);
        let removed = fs::remove_file(&probe);
        written.and(removed)
    }

    /// Gives the browser's user what was put into its home.
    pub(in crate::driver) fn own_home(&self, user: Option<User>) -> Result<(), Error> {
        user.map_or(Ok(()), |user| own(&self.home, user)).map_err(Error::Folder)
    }

    /// Removes everything that is not kept.
    pub(in crate::driver) fn remove(&self) -> io::Result<()> {
        for path in [&self.profile, &self.home, &self.scratch] {
            match fs::remove_dir_all(path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        Ok(())
    }

    /// The last lines the browser wrote.
    pub(in crate::driver) fn last_words(&self) -> String {
        let text = fs::read(&self.log).unwrap_or_default();
        let text = String::from_utf8_lossy(&text);
        let lines: Vec<&str> = text.lines().rev().filter(|line| !line.is_empty()).take(3).collect();
        lines.into_iter().rev().collect::<Vec<_>>().join("; ")
    }
}

/// Gives a folder and what is in it to a user. Links are not followed.
fn own(path: &Path, user: User) -> io::Result<()> {
    std::os::unix::fs::lchown(path, Some(user.uid), Some(user.gid))?;
    if fs::symlink_metadata(path)?.is_dir() {
        for entry in fs::read_dir(path)? {
            own(&entry?.path(), user)?;
        }
    }
    Ok(())
}

/// Whether the user can get to the folder through all that lies above it.
fn reachable(root: &Path, user: User) -> Result<(), Error> {
    for above in root.ancestors().skip(1) {
        let about = fs::metadata(above).map_err(Error::Folder)?;
        let bit = match (about.uid() == user.uid, about.gid() == user.gid) {
            (true, _) => 0o100,
            (_, true) => 0o010,
            _ => 0o001,
        };
        if about.mode() & bit == 0 {
            return Err(Error::Closed { path: above.to_owned(), uid: user.uid });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::jail::NOBODY;

    #[test]
    fn a_folder_below_a_closed_home_is_refused_by_the_name_of_that_home() {
        let home = tempfile::tempdir().unwrap();
        fs::set_permissions(home.path(), fs::Permissions::from_mode(0o700)).unwrap();
        let stranger = User { uid: NOBODY.uid - 1, gid: NOBODY.gid - 1 };
        fs::create_dir(home.path().join("s")).unwrap();
        match reachable(&home.path().join("s"), stranger) {
            Err(Error::Closed { path, .. }) => assert_eq!(path, home.path()),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_new_session_finds_the_cache_of_the_last_one_but_nothing_of_its_profile() {
        let root = tempfile::tempdir().unwrap();
        let folder = Folder::make(root.path(), None).unwrap();
        fs::write(folder.profile.join("Cookies"), "x").unwrap();
        fs::write(folder.cache.join("index"), "x").unwrap();
        let folder = Folder::make(root.path(), None).unwrap();
        assert!(!folder.profile.join("Cookies").exists());
        assert!(folder.cache.join("index").exists());
    }
}
