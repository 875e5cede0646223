//! A backup is made while the fleet runs: first the queue, then the database, then recordings.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use super::files::{Sums, make};
use super::{Error, MANIFEST, Manifest, QUEUE, RECORDINGS, VERSION, disk};
use crate::data::DataFolder;
use crate::store::address::Address;
use crate::store::audit::Audit as _;
use crate::store::dump;
use crate::store::keys::Keys as _;
use crate::store::sql::SqlStore;

/// How often the queue's log may be written anew while it is copied.
const TRIES: usize = 20;

/// Of what a backup is made.
#[derive(Debug, Clone, Copy)]
pub struct Source<'a> {
    /// The data folder.
    pub data: &'a DataFolder,
    /// The database.
    pub address: &'a Address,
    /// Whether the queue is the one in the data folder.
    pub has_queue: bool,
    /// Whether recordings are wanted.
    pub has_recordings: bool,
}

/// Makes a backup in a folder that is not there yet.
///
/// # Errors
///
/// [`Error::NotEmpty`]; whatever goes wrong, nothing is left in that place.
pub async fn take(
    from: Source<'_>,
    store: &SqlStore,
    to: &Path,
    now: Timestamp,
) -> Result<Manifest, Error> {
    let is_free = match fs::read_dir(to) {
        Ok(mut entries) => entries.next().is_none(),
        Err(error) => error.kind() == io::ErrorKind::NotFound,
    };
    if !is_free {
        return Err(Error::NotEmpty(to.to_owned()));
    }
    let mut name = to.as_os_str().to_owned();
    name.push(".part");
    let part = PathBuf::from(name);
    if part.exists() {
        // Left by one that was broken off.
        fs::remove_dir_all(&part).map_err(disk(&part))?;
    }
    make(&part)?;
    let filled = fill(from, store, &part, now).await;
    let placed = filled.and_then(|manifest| {
        fs::rename(&part, to).map_err(disk(to))?;
        Ok(manifest)
    });
    if placed.is_err() {
        // What went wrong is told; what is left of it helps nobody.
        drop(fs::remove_dir_all(&part));
    }
    placed
}

async fn fill(
    from: Source<'_>,
    store: &SqlStore,
    to: &Path,
    at: Timestamp,
) -> Result<Manifest, Error> {
    let mut sums = Sums::default();
    let keys = store.masters().await?.into_iter().filter(|one| one.secrets > 0 || one.current);
    let audit_end = store.verify(None).await?.end;
    let queue = from.has_queue && copy_queue(&from.data.redis().join(QUEUE), to, &mut sums)?;
    let database = from.address.dump_name();
    dump::write(from.address, &to.join(database)).await?;
    sums.add(to, database)?;
    let mut recordings = None;
    if from.has_recordings {
        let folder = from.data.recordings();
        sums.copy_all(&folder, to, RECORDINGS)?;
        let copied = to.join(RECORDINGS);
        recordings = Some(fs::read_dir(&copied).map_err(disk(&copied))?.count() as u64);
    }
    let manifest = Manifest {
        version: VERSION,
        walkon: env!("CARGO_PKG_VERSION").to_owned(),
        at,
        database: database.to_owned(),
        queue,
        recordings,
        bytes: sums.bytes,
        master_keys: keys.map(|one| one.master).collect(),
        audit_end,
    };
    let path = to.join(MANIFEST);
    let text = serde_json::to_string_pretty(&manifest).expect("a manifest is plain data");
    fs::write(&path, text + "\n").map_err(disk(&path))?;
    sums.add(to, MANIFEST)?;
    sums.write(to)?;
    Ok(manifest)
}

/// Copies the queue's log while it is written: its list of files says whether it was written anew
/// meanwhile, and an end that is cut off is left out when it is read. `false`: there is none.
fn copy_queue(from: &Path, root: &Path, sums: &mut Sums) -> Result<bool, Error> {
    if !from.is_dir() {
        return Ok(false);
    }
    let to = root.join(QUEUE);
    for _ in 0..TRIES {
        make(&to)?;
        let mut own = Sums::default();
        let before = list(from)?;
        let copied = before
            .iter()
            .try_for_each(|(name, _)| own.copy(&from.join(name), root, &format!("{QUEUE}/{name}")));
        match copied {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(Error::Disk(from.to_owned(), error));
            }
            Ok(()) if list(from)? == before => {
                sums.take(own);
                return Ok(true);
            }
            _ => fs::remove_dir_all(&to).map_err(disk(&to))?,
        }
    }
    Err(Error::Restless)
}

/// The files of the queue's log, the list of them with what it says.
fn list(folder: &Path) -> Result<Vec<(String, String)>, Error> {
    let mut all = Vec::new();
    for entry in fs::read_dir(folder).map_err(disk(folder))?.flatten() {
        let Ok(name) = entry.file_name().into_string() else { continue };
        // One that is being written has another name until it is whole.
        if name.starts_with("temp") {
            continue;
        }
        let is_list = name.ends_with(".manifest");
        let text = if is_list { fs::read_to_string(entry.path()) } else { Ok(String::new()) };
        all.push((name, text.map_err(disk(folder))?));
    }
    // The list first: what it names later than we read it is not copied, and then it differs.
    all.sort_by_key(|(name, _)| (!name.ends_with(".manifest"), name.clone()));
    Ok(all)
}
