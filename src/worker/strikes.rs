//! Strikes: a folder whose browser dies again and again is set aside, and a new one begun.
//!
//! What a folder keeps from session to session is the HTTP cache alone, and a broken one can end
//! every browser that opens it. Set aside it is kept for whoever wants to look, one an account. A
//! shared browser keeps nothing, and its death is no account's.

use std::collections::HashMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use walkon_core::id::AccountId;

/// After so many browsers in a row that died.
const OUT: u32 = 3;
/// The most accounts that are remembered; more are rare enough to begin anew.
const ACCOUNTS_MAX: usize = 1_000;

/// How many browsers of each account died in a row.
#[derive(Debug, Default)]
pub(super) struct Strikes(Mutex<HashMap<AccountId, u32>>);

/// Where a folder is set aside.
fn aside(folder: &Path) -> PathBuf {
    folder.with_extension("aside")
}

impl Strikes {
    fn lock(&self) -> MutexGuard<'_, HashMap<AccountId, u32>> {
        // Every change is one insert or removal: a panic leaves nothing half done.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A browser of the account died.
    pub(super) fn died(&self, account: &AccountId) {
        let mut all = self.lock();
        if all.len() == ACCOUNTS_MAX && !all.contains_key(account) {
            all.clear();
        }
        *all.entry(account.clone()).or_default() += 1;
    }

    /// One did well.
    pub(super) fn well(&self, account: &AccountId) {
        self.lock().remove(account);
    }

    /// Sets the account's folder aside if its browsers have died too often; whether it did.
    pub(super) fn set_aside(&self, account: &AccountId, folder: &Path) -> io::Result<bool> {
        if self.lock().get(account).is_none_or(|died| *died < OUT) {
            return Ok(false);
        }
        match fs::remove_dir_all(aside(folder)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        fs::rename(folder, aside(folder))?;
        fs::create_dir_all(folder)?;
        self.well(account);
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_set_aside_after_three_deaths_in_a_row_and_not_before() {
        let root = tempfile::tempdir().unwrap();
        let (strikes, ada) = (Strikes::default(), "ada".parse().unwrap());
        let folder = root.path().join("ada");
        let begin = |text: &str| {
            fs::create_dir_all(folder.join("cache")).unwrap();
            fs::write(folder.join("cache/index"), text).unwrap();
        };
        begin("broken");
        strikes.died(&ada);
        strikes.died(&ada);
        assert!(!strikes.set_aside(&ada, &folder).unwrap());
        strikes.well(&ada);
        (0..OUT).for_each(|_| strikes.died(&ada));
        assert!(strikes.set_aside(&ada, &folder).unwrap());
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 0, "the new one is empty");
        let kept = root.path().join("ada.aside/cache/index");
        assert_eq!(fs::read_to_string(&kept).unwrap(), "broken");
        assert!(!strikes.set_aside(&ada, &folder).unwrap(), "it begins anew");
        begin("broken again");
        (0..OUT).for_each(|_| strikes.died(&ada));
        assert!(strikes.set_aside(&ada, &folder).unwrap());
        assert_eq!(fs::read_to_string(&kept).unwrap(), "broken again", "one is kept");
    }
}
