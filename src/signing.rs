//! The fleet's own keys: by them sites know it, and from them each day's key grows.
//!
//! They stand in a file, the one that is used now first, and never leave coordinators. An older key
//! stays listed as long as it stands there, so that a site may still name it.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use walkon_core::bundle::{DayKey, Secret};
use walkon_core::signature::day::{self, Day};
use walkon_core::signature::directory::{Directory, Jwk, Proof, prove};
use walkon_core::signature::{KeyPair, NotAKey, TEST_KEY};
use zeroize::Zeroizing;

/// Why there is no key to sign with.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file cannot be read or written.
    #[error("could not use the signing keys {}", .0.display())]
    File(PathBuf, #[source] io::Error),
    /// The file holds something else.
    #[error("{}: line {line} is no signing key: {NotAKey}", .path.display())]
    Bad {
        /// The file.
        path: PathBuf,
        /// From 1.
        line: usize,
    },
    /// It is the key of the published examples.
    #[error("{} holds the published test key, which everybody has", .0.display())]
    TestKey(PathBuf),
    /// The file holds no key.
    #[error("{} holds no key", .0.display())]
    Empty(PathBuf),
}

impl Error {
    /// What to do about it.
    pub fn remedy(&self) -> &'static str {
        match self {
            Self::File(..) => "check the path and its owner",
            _ => "`walkon keys rotate signing` puts a fresh key first",
        }
    }
}

/// The fleet's keys, the one that is used now first.
#[derive(Clone)]
pub struct FleetKeys {
    seeds: Vec<Zeroizing<[u8; 32]>>,
    ids: Vec<String>,
}

impl std::fmt::Debug for FleetKeys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "FleetKeys({})", self.ids.join(" "))
    }
}

fn drawn() -> Result<Zeroizing<[u8; 32]>, io::Error> {
    let mut seed = Zeroizing::new([0; 32]);
    getrandom::fill(seed.as_mut_slice()).map_err(|error| io::Error::other(error.to_string()))?;
    Ok(seed)
}

/// A fresh key: its id, and the key as it is written.
pub fn fresh() -> Result<(String, Secret), io::Error> {
    let seed = drawn()?;
    let pair = KeyPair::from_seed(&seed).map_err(|error| io::Error::other(error.to_string()))?;
    Ok((pair.public().thumbprint(), Secret::new(URL_SAFE_NO_PAD.encode(seed.as_slice()))))
}

impl FleetKeys {
    /// The keys of a file.
    pub fn read(path: &Path) -> Result<Self, Error> {
        let text = fs::read_to_string(path).map(Zeroizing::new);
        let text = text.map_err(|error| Error::File(path.to_path_buf(), error))?;
        let (mut seeds, mut ids) = (Vec::new(), Vec::new());
        for (number, line) in text.lines().enumerate() {
            let word = line.split('#').next().unwrap_or_default().trim();
            if word.is_empty() {
                continue;
            }
            let bad = || Error::Bad { path: path.to_path_buf(), line: number + 1 };
            let bytes = Zeroizing::new(URL_SAFE_NO_PAD.decode(word).map_err(|_| bad())?);
            let seed: [u8; 32] = bytes.as_slice().try_into().map_err(|_| bad())?;
            let id = KeyPair::from_seed(&seed).map_err(|_| bad())?.public().thumbprint();
            if id == TEST_KEY {
                return Err(Error::TestKey(path.to_path_buf()));
            }
            seeds.push(Zeroizing::new(seed));
            ids.push(id);
        }
        if seeds.is_empty() {
            return Err(Error::Empty(path.to_path_buf()));
        }
        Ok(Self { seeds, ids })
    }

    /// Puts a fresh key before those that are there; its id. The file may be new. `write` makes
    /// it, for this user's eyes only, whole or not at all.
    pub fn rotate(
        path: &Path,
        write: impl FnOnce(&Path, &str) -> io::Result<()>,
    ) -> Result<String, Error> {
        let failed = |error| Error::File(path.to_path_buf(), error);
        let old = match fs::read_to_string(path) {
            Ok(text) => Zeroizing::new(text),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Zeroizing::default(),
            Err(error) => return Err(failed(error)),
        };
        let (id, key) = fresh().map_err(failed)?;
        let text = Zeroizing::new(format!("{}\n{}", key.expose(), old.as_str()));
        write(path, &text).map_err(failed)?;
        Ok(id)
    }

    /// By what sites may know this fleet, the present one first.
    pub fn ids(&self) -> &[String] {
        &self.ids
    }

    /// What a worker signs with today.
    pub fn of_day(&self, directory: &str, now: Timestamp) -> Result<DayKey, NotAKey> {
        let today = Day::of(now);
        let seed = day::seed(&self.seeds[0], today)?;
        let seed = Secret::new(URL_SAFE_NO_PAD.encode(seed.as_slice()));
        Ok(DayKey { seed, directory: directory.to_owned(), until: today.span().1 })
    }

    /// The list of keys as it is published now.
    pub fn directory(&self, now: Timestamp) -> Result<String, NotAKey> {
        let mut keys = Vec::new();
        for seed in &self.seeds {
            keys.push(Jwk::new(KeyPair::from_seed(seed)?.public(), None));
            // What an older key made today is good for the rest of the day.
            keys.extend(day::listed(seed, now)?);
        }
        Ok(serde_json::to_string(&Directory { keys }).unwrap_or_default())
    }

    /// That whoever publishes the list has the fleet's key, for who asked at `authority`.
    pub fn prove(&self, body: &str, authority: &str, now: Timestamp) -> Result<Proof, NotAKey> {
        let key = KeyPair::from_seed(&self.seeds[0])?;
        Ok(prove(&key, body.as_bytes(), authority, now))
    }
}
