//! Files on their way into a backup and out of it, each with its sum.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::Path;

use sha2::{Digest as _, Sha256};

use super::{Error, SUMS, disk};

/// What is read at once.
const PIECE: usize = 256 << 10;

/// The sums of files by their paths below a folder, and their bytes.
#[derive(Debug, Default)]
pub(super) struct Sums {
    of: BTreeMap<String, String>,
    pub(super) bytes: u64,
}

/// Makes a folder for this user alone.
pub(super) fn make(folder: &Path) -> Result<(), Error> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(disk(folder))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Reads a file to its end, and writes it elsewhere where that is asked for; its sum and bytes.
fn read(from: &Path, mut to: Option<File>) -> io::Result<(String, u64)> {
    let (mut file, mut sum, mut bytes) = (File::open(from)?, Sha256::new(), 0);
    let mut piece = vec![0; PIECE];
    loop {
        let some = file.read(&mut piece)?;
        if some == 0 {
            break;
        }
        sum.update(&piece[..some]);
        bytes += some as u64;
        if let Some(to) = &mut to {
            to.write_all(&piece[..some])?;
        }
    }
    if let Some(to) = to {
        to.sync_all()?;
    }
    Ok((hex(&sum.finalize()), bytes))
}

/// Copies a file for this user alone.
pub(super) fn copy(from: &Path, to: &Path) -> io::Result<(String, u64)> {
    let new = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(to)?;
    read(from, Some(new))
}

impl Sums {
    /// Takes in a file that is there.
    pub(super) fn add(&mut self, root: &Path, name: &str) -> Result<(), Error> {
        let path = root.join(name);
        let (sum, bytes) = read(&path, None).map_err(disk(&path))?;
        self.note(name, sum, bytes);
        Ok(())
    }

    /// Copies a file to its place below `root`.
    pub(super) fn copy(&mut self, from: &Path, root: &Path, name: &str) -> io::Result<()> {
        let (sum, bytes) = copy(from, &root.join(name))?;
        self.note(name, sum, bytes);
        Ok(())
    }

    fn note(&mut self, name: &str, sum: String, bytes: u64) {
        self.of.insert(name.to_owned(), sum);
        self.bytes += bytes;
    }

    /// Takes in those of another part.
    pub(super) fn take(&mut self, other: Self) {
        self.of.extend(other.of);
        self.bytes += other.bytes;
    }

    /// Copies a whole folder. What goes away meanwhile is left out: it was being removed.
    pub(super) fn copy_all(&mut self, from: &Path, root: &Path, name: &str) -> Result<(), Error> {
        make(&root.join(name))?;
        for entry in fs::read_dir(from).map_err(disk(from))?.flatten() {
            let path = entry.path();
            let Some(own) = entry.file_name().to_str().map(|own| format!("{name}/{own}")) else {
                continue;
            };
            let done = if path.is_dir() {
                self.copy_all(&path, root, &own)
            } else {
                self.copy(&path, root, &own).map_err(disk(&path))
            };
            match done {
                Err(Error::Disk(_, error)) if error.kind() == io::ErrorKind::NotFound => {}
                other => other?,
            }
        }
        Ok(())
    }

    /// Writes them down.
    pub(super) fn write(&self, root: &Path) -> Result<(), Error> {
        let line = |(name, sum): (&String, &String)| format!("{sum}  {name}\n");
        let path = root.join(SUMS);
        let text: String = self.of.iter().map(line).collect();
        let new = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path);
        let done = new.and_then(|mut file| {
            file.write_all(text.as_bytes())?;
            file.sync_all()
        });
        done.map_err(disk(&path))
    }

    /// The sums of a backup, once each file is as it was; the names of its files.
    pub(super) fn checked(root: &Path) -> Result<Vec<String>, Error> {
        let bad = |what: String| Error::NoBackup { folder: root.to_owned(), what };
        let text = fs::read_to_string(root.join(SUMS))
            .map_err(|error| bad(format!("its `{SUMS}` cannot be read ({error})")))?;
        let mut names = Vec::new();
        for line in text.lines() {
            let (sum, name) = line
                .split_once("  ")
                .filter(|(_, name)| is_below(name))
                .ok_or_else(|| bad(format!("its `{SUMS}` has a line `{line}`")))?;
            match read(&root.join(name), None) {
                Ok((found, _)) if found == sum => names.push(name.to_owned()),
                Ok(_) => return Err(bad(format!("`{name}` is not as it was written"))),
                Err(error) => return Err(bad(format!("`{name}` cannot be read ({error})"))),
            }
        }
        Ok(names)
    }
}

/// Whether a name stays below the folder it is joined to.
fn is_below(name: &str) -> bool {
    let parts = Path::new(name).components();
    !name.is_empty()
        && parts.into_iter().all(|part| matches!(part, std::path::Component::Normal(_)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_are_as_sha256sum_writes_them_and_a_changed_file_is_named() {
        let (from, to) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        fs::create_dir(from.path().join("b")).unwrap();
        fs::write(from.path().join("a"), "abc").unwrap();
        fs::write(from.path().join("b/c"), "").unwrap();
        let mut sums = Sums::default();
        sums.copy_all(from.path(), to.path(), "all").unwrap();
        sums.write(to.path()).unwrap();
        let text = fs::read_to_string(to.path().join(SUMS)).unwrap();
        let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert!(text.starts_with(&format!("{abc}  all/a\n")), "{text}");
        assert_eq!(sums.bytes, 3);
        assert_eq!(Sums::checked(to.path()).unwrap(), ["all/a", "all/b/c"]);
        fs::write(to.path().join("all/a"), "abd").unwrap();
        let error = Sums::checked(to.path()).unwrap_err().to_string();
        assert!(error.ends_with("`all/a` is not as it was written"), "{error}");
    }

    #[test]
    fn a_name_that_leads_out_of_the_folder_is_none() {
        assert!(is_below("a/b"));
        for name in ["", "../a", "/etc/passwd", "a/../../b"] {
            assert!(!is_below(name), "{name}");
        }
    }
}
