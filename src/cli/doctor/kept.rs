//! What `walkon doctor` looks at of what is kept: secrets, keys, the audit log, backups, the disk.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use jiff::{SignedDuration, Timestamp};
use walkon_core::account::Standing;
use walkon_core::fault::in_one_line;

use super::{Finding, Ill, of, some};
use crate::backup::Manifest;
use crate::catalog::Catalog;
use crate::cli::data;
use crate::config::Config;
use crate::data::DataFolder;
use crate::signing::FleetKeys;
use crate::store::accounts::Accounts as _;
use crate::store::audit::Audit as _;
use crate::store::credentials::{Credentials as _, Field};
use crate::store::restores::Restores as _;
use crate::store::schema::Schema;
use crate::store::sql::SqlStore;
use crate::store::states::States as _;
use crate::store::vault::Vault;

/// For how long it is told that a backup was put in place.
const RESTORE_TOLD: SignedDuration = SignedDuration::from_hours(7 * 24);
/// Below this share of a disk, or so many bytes, it needs an eye; below this, it is wrong.
const FREE_SHARE: u64 = 20;
const FREE_LEAST: u64 = 1 << 30;
const FREE_WRONG: u64 = 128 << 20;

/// The store as it is, without bringing it up to date.
pub(super) struct Kept {
    store: Result<SqlStore, Shut>,
}

/// Why the store is not looked into.
struct Shut {
    why: String,
    /// What to do, where its keys are why.
    fix: Option<String>,
}

impl Shut {
    fn new(why: &str) -> Self {
        Self { why: why.to_owned(), fix: None }
    }
}

impl Kept {
    /// Opens it where there is one.
    pub(super) async fn open(config: &Config) -> Self {
        Self { store: look(config).await }
    }

    fn store(&self) -> Result<&SqlStore, Finding> {
        self.store.as_ref().map_err(|shut| Ok(format!("not looked at: {}", shut.why)))
    }

    /// Whether each account has what it proves itself with, and that can be opened.
    pub(super) async fn secrets(&self, catalog: Option<&Catalog>) -> Finding {
        let store = match &self.store {
            Ok(store) => store,
            Err(Shut { why, fix: Some(fix) }) => return Err(Ill::wrong(why, fix)),
            Err(shut) => return Ok(format!("not looked at: {}", shut.why)),
        };
        let opened = store.all_credentials().await.map_err(|error| of(error.into()))?;
        let (mut lacking, mut broken) = (Vec::new(), Vec::new());
        let accounts = store.accounts().await.map_err(|error| of(error.into()))?;
        for Standing { account, .. } in &accounts {
            let key = |field: Field| (account.id.to_string(), field.name().to_owned());
            for field in Field::ALL {
                if let Some(Err(error)) = opened.get(&key(field)) {
                    broken.push(format!("{}: {}", account.id, in_one_line(error)));
                }
            }
            let site = catalog.and_then(|catalog| catalog.sites.get(&account.site));
            let signs_in = site.is_some_and(|site| site.behaviors.contains_key("sign_in"));
            let has = |field: Field| opened.contains_key(&key(field));
            let has_none = !has(Field::Password) && !has(Field::Token);
            if signs_in && has_none && !matches!(store.state(&account.id).await, Ok(Some(_))) {
                lacking.push(account.id.to_string());
            }
        }
        if !broken.is_empty() {
            let fix = "bring the master key back that sealed them, or give them anew by `walkon \
                       account import`";
            return Err(Ill::wrong(some(broken), fix));
        }
        if !lacking.is_empty() {
            let why = format!("neither password nor token: {}", some(lacking));
            let fix = "name a `password_file` or a `token_file` of each, and reload or import it";
            return Err(Ill::wrong(why, fix));
        }
        Ok(format!("{} of {} accounts, each can be opened", opened.len(), accounts.len()))
    }

    /// Whether the audit log is as it was written.
    pub(super) async fn audit(&self) -> Finding {
        let store = match self.store() {
            Ok(store) => store,
            Err(not) => return not,
        };
        let verdict = store.verify(None).await.map_err(|error| of(error.into()))?;
        match verdict.breaches.first() {
            None => Ok(format!("{} entries, as they were written", verdict.entries)),
            Some(breach) => Err(Ill::wrong(
                format!("entry {}: {}", breach.seq, breach.what),
                "`walkon audit verify` names every entry; find out who has been at the database",
            )),
        }
    }

    /// How old the latest backup is, and whether one was put in place of late.
    pub(super) async fn backups(&self, config: &Config, now: Timestamp) -> Finding {
        if let Ok(store) = &self.store {
            let last = store.last_restored().await.map_err(|error| of(error.into()))?;
            if let Some(last) = last.filter(|one| now.duration_since(one.at) < RESTORE_TOLD) {
                let (of, at) = (last.of.strftime("%F %T"), last.at.strftime("%F %T"));
                let why = format!("a backup of {of} UTC was put in place at {at} UTC");
                let fix = "look through `walkon dead list --parked` and accounts that rest; this \
                           is told for 7 days";
                return Err(Ill::soon(why, fix));
            }
        }
        age(config, now)
    }
}

/// How old the latest backup is.
fn age(config: &Config, now: Timestamp) -> Finding {
    let folder = &config.backup.folder;
    if folder.as_os_str().is_empty() {
        return Ok("not looked at: no folder is set (`backup.folder`)".to_owned());
    }
    let (fix, shown) = ("run `walkon backup`, each day by a timer", folder.display());
    let latest = match Manifest::latest_in(folder) {
        Ok(latest) => latest,
        Err(error) => return Err(Ill::wrong(format!("{shown} cannot be read: {error}"), fix)),
    };
    let Some((path, latest)) = latest else {
        return Err(Ill::wrong(format!("there is none in {shown}"), fix));
    };
    let age = now.duration_since(latest.at);
    let told = format!("{}, {} h old", path.display(), age.as_hours());
    let most = SignedDuration::try_from(config.backup.every).unwrap_or(SignedDuration::MAX);
    if age > most {
        let why = format!("the latest is {told}; it may be {most:#}");
        return Err(Ill::wrong(why, fix));
    }
    Ok(told)
}

async fn look(config: &Config) -> Result<SqlStore, Shut> {
    // What is wrong with the database its own check says.
    let wrong = || Shut::new("the database cannot be used");
    let folder = data::data_path(config).map_err(|_| wrong())?;
    let address = data::database(config, &folder.join("walkon.db")).map_err(|_| wrong())?;
    let schema = Schema::of(&address).await.map_err(|_| wrong())?;
    if schema.applied.is_empty() {
        return Err(Shut::new("there is no database yet"));
    }
    if !schema.pending.is_empty() || !schema.unknown.is_empty() {
        return Err(Shut::new("the database is of another version"));
    }
    let vault = Vault::of(data::master_keys(config, folder.join("master.key")));
    // It is up to date, so this changes nothing.
    SqlStore::open(&address, vault)
        .await
        .map_err(|error| Shut { why: in_one_line(&error), fix: Some(error.remedy().into_owned()) })
}

/// The keys by which sites know this fleet.
pub(super) fn signing(config: &Config) -> Finding {
    let named = &config.signing.key_file;
    let own = data::data_path(config).map_err(of)?.join("signing.key");
    let path = if named.as_os_str().is_empty() { &own } else { named };
    if path == &own && !path.exists() {
        return Ok(format!("{} (not there yet; the first start makes it)", path.display()));
    }
    let keys =
        FleetKeys::read(path).map_err(|error| Ill::wrong(in_one_line(&error), error.remedy()))?;
    private(path)?;
    Ok(format!("{} in {}", keys.ids().join(", "), path.display()))
}

/// Whether nobody but its owner may read a file of keys.
pub(super) fn private(path: &Path) -> Result<(), Ill> {
    let Ok(found) = std::fs::metadata(path) else { return Ok(()) };
    // Neither its group nor others: the last six bits.
    if found.permissions().mode().trailing_zeros() >= 6 {
        return Ok(());
    }
    let why = format!("others on this host may read {}", path.display());
    Err(Ill::wrong(why, format!("chmod 600 {}", path.display())))
}

/// Whether the data folder's disk has room.
pub(super) fn disk(config: &Config) -> Finding {
    let path = data::data_path(config).map_err(of)?;
    if !matches!(DataFolder::look(&path), Ok(true)) {
        return Ok("not looked at: there is no data folder yet".to_owned());
    }
    let found = nix::sys::statvfs::statvfs(&path);
    let found = found.map_err(|error| Ill::wrong(error.to_string(), "check the disk"))?;
    room(found.blocks_available() * found.fragment_size(), found.blocks() * found.fragment_size())
}

fn room(free: u64, all: u64) -> Finding {
    let gib = |bytes: u64| bytes as f64 / f64::from(1 << 30);
    let told = format!("{:.1} of {:.1} GiB are free", gib(free), gib(all));
    let fix = "remove old recordings (`recordings/` of the data folder) or make the disk larger: \
               where it is full, redis takes nothing in and the fleet stands still";
    if free < FREE_WRONG {
        return Err(Ill::wrong(told, fix));
    }
    if free < FREE_LEAST.min(all / FREE_SHARE) {
        return Err(Ill::soon(told, fix));
    }
    Ok(told)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_disk_that_fills_up_is_told_before_it_is_full() {
        const GIB: u64 = 1 << 30;
        assert_eq!(room(50 * GIB, 100 * GIB).unwrap(), "50.0 of 100.0 GiB are free");
        // On a small disk a small rest is enough.
        assert!(room(GIB / 2, 4 * GIB).is_ok());
        assert!(!room(GIB / 2, 100 * GIB).unwrap_err().is_bad);
        assert!(room(GIB / 16, 4 * GIB).unwrap_err().is_bad);
    }

    #[test]
    fn a_key_that_others_may_read_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        std::fs::write(&path, "").unwrap();
        for (mode, is_well) in [(0o600, true), (0o400, true), (0o640, false), (0o604, false)] {
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
            assert_eq!(private(&path).is_ok(), is_well, "{mode:o}");
        }
    }
}
