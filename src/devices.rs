//! Reads the device profiles of a folder (`profiles/devices/<name>.toml`), once, at start.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use walkon_core::device::{BadDevice, Device};

/// The most devices of a folder.
const DEVICES_MAX: usize = 500;

/// The devices that accounts may name.
#[derive(Debug, Clone, Default)]
pub struct Devices(BTreeMap<String, Device>);

/// Why there is no such device.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The folder or a file in it cannot be read.
    #[error("could not read {}", path.display())]
    Unreadable {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        cause: io::Error,
    },
    /// A file holds no coherent device.
    #[error("{}: {bad}", path.display())]
    Bad {
        /// Which.
        path: PathBuf,
        /// What is wrong.
        bad: BadDevice,
    },
    /// No device has that name.
    #[error("there is no device `{name}`; there are: {known}")]
    Unknown {
        /// The name.
        name: String,
        /// The names that are known.
        known: String,
        /// The nearest of them.
        nearest: Option<String>,
    },
}

impl Error {
    /// What to do about it.
    pub fn remedy(&self) -> String {
        match self {
            Self::Unreadable { .. } => "check that it is there and may be read".to_owned(),
            Self::Bad { bad, .. } => bad.remedy().to_owned(),
            Self::Unknown { nearest: Some(nearest), .. } => format!("did you mean `{nearest}`?"),
            Self::Unknown { .. } => "name one of these, or add its file".to_owned(),
        }
    }
}

impl Devices {
    /// Reads every `*.toml` of a folder.
    pub fn read(folder: &Path) -> Result<Self, Error> {
        let unreadable = |path: &Path| {
            let path = path.to_owned();
            move |cause| Error::Unreadable { path, cause }
        };
        let mut devices = BTreeMap::new();
        for entry in fs::read_dir(folder).map_err(unreadable(folder))?.take(DEVICES_MAX) {
            let path = entry.map_err(unreadable(folder))?.path();
            if path.extension().is_none_or(|extension| extension != "toml") {
                continue;
            }
            let file = path.file_stem().unwrap_or_default().to_string_lossy();
            let text = fs::read_to_string(&path).map_err(unreadable(&path))?;
            let device = Device::parse(&file, &text);
            let device = device.map_err(|bad| Error::Bad { path: path.clone(), bad })?;
            devices.insert(device.name.clone(), device);
        }
        Ok(Self(devices))
    }

    /// The device of that name.
    pub fn get(&self, name: &str) -> Result<&Device, Error> {
        self.0.get(name).ok_or_else(|| {
            let near = |known: &&String| strsim::jaro_winkler(known, name) > 0.7;
            let score = |known: &&String| (strsim::jaro_winkler(known, name) * 1_000.0) as u32;
            let nearest = self.0.keys().filter(near).max_by_key(score).cloned();
            let known = self.0.keys().cloned().collect::<Vec<_>>().join(", ");
            Error::Unknown { name: name.to_owned(), known, nearest }
        })
    }

    /// All of them, by name.
    pub fn iter(&self) -> impl Iterator<Item = &Device> {
        self.0.values()
    }
}

#[cfg(test)]
mod tests {
    use walkon_core::device::Form;

    use super::*;

    fn shipped() -> Devices {
        Devices::read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("profiles/devices")).unwrap()
    }

    #[test]
    fn every_shipped_device_is_coherent_and_no_two_are_alike() {
        let devices = shipped();
        let of = |form| devices.iter().filter(|device| device.form == form).count();
        assert!(of(Form::Desktop) >= 3 && of(Form::Phone) >= 1 && of(Form::Tablet) >= 1);
        for one in devices.iter() {
            let same =
                |other: &&Device| Device { name: one.name.clone(), ..(*other).clone() } == *one;
            assert_eq!(devices.iter().filter(same).count(), 1, "{} has a twin", one.name);
        }
    }

    #[test]
    fn a_name_that_is_nearly_right_is_answered_with_the_right_one() {
        let devices = shipped();
        assert_eq!(devices.get("pixel-8").unwrap().name, "pixel-8");
        let error = devices.get("pixle-8").unwrap_err();
        assert_eq!(error.remedy(), "did you mean `pixel-8`?");
    }

    #[test]
    fn a_bad_file_is_named_with_the_place_in_it() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("x.toml"), "form = \"phone\"\nwidht = 1\n").unwrap();
        let error = Devices::read(folder.path()).unwrap_err().to_string();
        assert!(error.contains("x.toml") && error.contains("line 2"), "{error}");
    }
}
