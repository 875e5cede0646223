//! One site's folder: `site.toml`, a file a kind, `_shared.toml`, `tests.toml`, and `files/`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use walkon_core::behavior::selftest::{self, SelfTest, TESTS_FILE};
use walkon_core::behavior::{Behavior, Beside, SHARED_FILE, Shared};
use walkon_core::fault::Fault;
use walkon_core::site::Site;

use super::{Error, entries, read as text_of, shown, toml_files};

/// Where the files that behaviors upload stand.
const FILES: &str = "files";
/// The most bytes of a file that a behavior uploads.
pub const FILE_BYTES_MAX: u64 = 8 << 20;

/// A site with what may be done on it by browser.
#[derive(Debug, Clone)]
pub struct SiteEntry {
    /// The site.
    pub site: Site,
    /// Its behaviors, by kind.
    pub behaviors: BTreeMap<String, Behavior>,
    /// Its own tests.
    pub tests: Vec<SelfTest>,
    /// The files that its behaviors may upload, by name: nothing else is ever read for them.
    pub files: BTreeMap<String, PathBuf>,
}

/// Reads a site's folder; what is wrong in it goes to `faults`. `None`: there is no site in it.
///
/// # Errors
///
/// The folder or a file of it cannot be read.
pub fn read(folder: &Path, faults: &mut Vec<Fault>) -> Result<Option<SiteEntry>, Error> {
    let file = folder.join("site.toml");
    let site = match Site::parse(&text_of(&file)?, &shown(&file)) {
        Ok(site) => Some(site),
        Err(fault) => {
            faults.push(fault);
            None
        }
    };
    let files = files(folder, faults)?;
    let beside = beside(folder, files.keys().cloned().collect(), faults)?;
    let mut behaviors = BTreeMap::new();
    for file in toml_files(folder)?.into_iter().filter(|file| is_behavior(file)) {
        match Behavior::parse_beside(&text_of(&file)?, &shown(&file), &beside) {
            Ok(behavior) => drop(behaviors.insert(behavior.kind.clone(), behavior)),
            Err(wrong) => faults.extend(wrong),
        }
    }
    let tests = tests(folder, &behaviors, faults)?;
    Ok(site.map(|site| SiteEntry { site, behaviors, tests, files }))
}

/// Whether a TOML file of a site's folder is a behavior.
pub fn is_behavior(file: &Path) -> bool {
    !["site.toml", SHARED_FILE, TESTS_FILE].iter().any(|name| file.ends_with(name))
}

/// What behaviors of a folder may name beside themselves.
fn beside(
    folder: &Path,
    files: std::collections::BTreeSet<String>,
    faults: &mut Vec<Fault>,
) -> Result<Beside, Error> {
    let file = folder.join(SHARED_FILE);
    let mut shared = Shared::default();
    if file.is_file() {
        match Shared::parse(&text_of(&file)?, &shown(&file)) {
            Ok(read) => shared = read,
            Err(wrong) => faults.extend(wrong),
        }
    }
    Ok(Beside { shared, files: Some(files) })
}

/// What stands beside one behavior's file, for reading it alone.
///
/// # Errors
///
/// The folder or a file of it cannot be read.
pub fn beside_file(file: &Path, faults: &mut Vec<Fault>) -> Result<Beside, Error> {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    let names = files(folder, faults)?.into_keys().collect();
    beside(folder, names, faults)
}

fn tests(
    folder: &Path,
    behaviors: &BTreeMap<String, Behavior>,
    faults: &mut Vec<Fault>,
) -> Result<Vec<SelfTest>, Error> {
    let file = folder.join(TESTS_FILE);
    if !file.is_file() {
        return Ok(Vec::new());
    }
    let kinds: Vec<_> = behaviors.keys().map(String::as_str).collect();
    Ok(selftest::parse(&text_of(&file)?, &shown(&file), &kinds).unwrap_or_else(|wrong| {
        faults.extend(wrong);
        Vec::new()
    }))
}

/// The plain files of the folder `files`; a link there leads nowhere.
fn files(folder: &Path, faults: &mut Vec<Fault>) -> Result<BTreeMap<String, PathBuf>, Error> {
    let folder = folder.join(FILES);
    let mut files = BTreeMap::new();
    if !folder.is_dir() {
        return Ok(files);
    }
    for path in entries(&folder)? {
        let about = std::fs::symlink_metadata(&path);
        let about = about.map_err(|error| Error::Folder(path.clone(), error))?;
        let Some(name) = path.file_name().and_then(|name| name.to_str()) else { continue };
        if name.starts_with('.') {
            continue;
        }
        let wrong = match (about.is_file(), about.len()) {
            (false, _) => Some(("it is no plain file".to_owned(), "copy the file here")),
            (true, bytes) if bytes > FILE_BYTES_MAX => {
                let what = format!("it has {bytes} bytes; the most is {FILE_BYTES_MAX}");
                Some((what, "use a smaller one"))
            }
            _ => None,
        };
        match wrong {
            Some((what, fix)) => faults.push(Fault::at(&shown(&path), "", 0, what, fix.to_owned())),
            None => drop(files.insert(name.to_owned(), path)),
        }
    }
    Ok(files)
}
