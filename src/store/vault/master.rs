//! Master keys: what they are made of, and where they come from.

use std::fmt;
use std::fs;
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use hkdf::Hkdf;
use sha2::Sha256;
use walkon_core::bundle::Secret;
use zeroize::Zeroizing;

use super::envelope::drawn;
use crate::store::Error;

/// What is derived from a key: what wraps, and what names it.
const WRAP: &[u8] = b"walkon/v1/wrap";
const NAME: &[u8] = b"walkon/v1/id";

/// A master key, ready to wrap.
pub(in crate::store) struct Master {
    /// What it is called: it tells nothing of the key.
    pub(in crate::store) id: String,
    pub(in crate::store) key: Zeroizing<[u8; 32]>,
}

impl fmt::Debug for Master {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Master({})", self.id)
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |text, byte| format!("{text}{byte:02x}"))
}

impl Master {
    pub(in crate::store) fn new(bytes: &[u8; 32]) -> Self {
        let derive = Hkdf::<Sha256>::new(None, bytes);
        let (mut key, mut id) = (Zeroizing::new([0; 32]), [0; 6]);
        derive.expand(WRAP, key.as_mut()).expect("32 bytes are few");
        derive.expand(NAME, &mut id).expect("6 bytes are fewer");
        Self { id: hex(&id), key }
    }
}

/// Where master keys come from.
#[derive(Debug, Clone)]
pub enum Source {
    /// The file in the data folder, made where nothing has been sealed yet.
    Embedded(PathBuf),
    /// A file that somebody else looks after.
    File(PathBuf),
    /// The settings, by environment.
    Given(Secret),
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Embedded(path) | Self::File(path) => write!(f, "{}", path.display()),
            Self::Given(_) => f.write_str("`vault.master_key`"),
        }
    }
}

impl Source {
    /// The file, if it is one.
    pub fn path(&self) -> Option<&Path> {
        match self {
            Self::Embedded(path) | Self::File(path) => Some(path),
            Self::Given(_) => None,
        }
    }

    /// Whether its file is not there.
    pub fn is_missing(&self) -> bool {
        self.path().is_some_and(|path| !path.exists())
    }

    fn text(&self) -> Result<Zeroizing<String>, Error> {
        match self {
            Self::Given(text) => Ok(Zeroizing::new(text.expose().to_owned())),
            Self::Embedded(path) | Self::File(path) => fs::read_to_string(path)
                .map(Zeroizing::new)
                .map_err(|source| Error::NoMaster { place: self.to_string(), source }),
        }
    }

    /// Every key, in the order in which they stand there.
    pub(super) fn read(&self) -> Result<Vec<Master>, Error> {
        let text = self.text()?;
        let bad = |what: String| Error::BadMaster { place: self.to_string(), what };
        let mut masters = Vec::new();
        for (number, line) in text.lines().enumerate() {
            // By environment several stand in one line.
            for word in line.split('#').next().unwrap_or_default().split_whitespace() {
                let bytes = read_key(word).ok_or_else(|| {
                    let count = word.chars().count();
                    bad(format!("line {} has {count} characters that are no key", number + 1))
                })?;
                masters.push(Master::new(&bytes));
            }
        }
        if masters.is_empty() {
            return Err(bad("it holds no key".to_owned()));
        }
        Ok(masters)
    }

    /// Puts a fresh key before those that are there; the id of it.
    ///
    /// # Errors
    ///
    /// [`Error::BadMaster`] where the keys are in no file of ours to write.
    pub fn put_first(&self) -> Result<String, Error> {
        let Some(path) = self.path() else {
            let what = "only who sets it can put a new key before the old one".to_owned();
            return Err(Error::BadMaster { place: self.to_string(), what });
        };
        let old = if path.exists() { self.text()? } else { Zeroizing::default() };
        let (id, key) = fresh();
        let text = Zeroizing::new(format!("{}\n{}", key.expose(), old.as_str()));
        write(path, &text, false)
            .map_err(|source| Error::NoMaster { place: self.to_string(), source })?;
        Ok(id)
    }
}

fn read_key(word: &str) -> Option<Zeroizing<[u8; 32]>> {
    if word.len() != 64 || !word.is_ascii() {
        return None;
    }
    let mut bytes = Zeroizing::new([0; 32]);
    for (at, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&word[2 * at..2 * at + 2], 16).ok()?;
    }
    Some(bytes)
}

/// A fresh key: its id, and the key as it is written, 64 hexadecimal digits.
pub fn fresh() -> (String, Secret) {
    let bytes = drawn::<32>();
    (Master::new(&bytes).id, Secret::new(hex(bytes.as_slice())))
}

/// Writes keys for this user's eyes only, whole or not at all; `is_new`: nothing may be there.
pub fn write(path: &Path, text: &str, is_new: bool) -> io::Result<()> {
    let part = path.with_extension(format!("{}.part", std::process::id()));
    let file =
        fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&part);
    let written = file.and_then(|mut file| {
        file.write_all(text.as_bytes())?;
        file.sync_all()
    });
    let place = if is_new { fs::hard_link::<&Path, &Path> } else { fs::rename::<&Path, &Path> };
    let done = written.and_then(|()| place(&part, path));
    // Whatever came of it, the draft goes.
    let _ = fs::remove_file(&part);
    done
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    /// RFC 5869, A.1.
    #[test]
    fn keys_are_derived_as_the_rfc_says() {
        let info: Vec<u8> = (0xf0..=0xf9).collect();
        let salt: Vec<u8> = (0x00..=0x0c).collect();
        let mut out = [0; 42];
        Hkdf::<Sha256>::new(Some(&salt), &[0x0b; 22]).expand(&info, &mut out).unwrap();
        let expected = "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf\
                        34007208d5b887185865";
        assert_eq!(hex(&out), expected);
    }

    #[test]
    fn a_key_is_named_by_something_that_tells_nothing_of_it() {
        let master = Master::new(&[7; 32]);
        assert_eq!(master.id.len(), 12);
        assert!(
            !hex(&[7; 32]).contains(&master.id) && !hex(master.key.as_slice()).contains(&master.id)
        );
        assert_eq!(Master::new(&[7; 32]).id, master.id);
        assert_eq!(format!("{master:?}"), format!("Master({})", master.id));
    }

    #[test]
    fn a_file_may_hold_several_keys_and_says_where_it_is_wrong() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keys");
        let source = Source::File(path.clone());
        assert!(matches!(source.read(), Err(Error::NoMaster { .. })));
        let first = source.put_first().unwrap();
        let second = source.put_first().unwrap();
        let ids: Vec<_> = source.read().unwrap().into_iter().map(|one| one.id).collect();
        assert_eq!(ids, [second, first]);
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        for (text, what) in [
            ("# none\n\n", "holds no key"),
            (&format!("{}\nabc\n", "a1".repeat(32)), "line 2 has 3 characters"),
            (&"zz".repeat(32), "line 1 has 64 characters"),
        ] {
            fs::write(&path, text).unwrap();
            let error = source.read().unwrap_err().to_string();
            assert!(error.contains(what), "{error}");
            assert!(!error.contains("zzz") && !error.contains("abc"), "it may be a mistyped key");
        }
    }
}
