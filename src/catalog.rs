//! The catalog: sites with their behaviors, devices and personas, read from their folders.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use walkon_core::action::listed;
use walkon_core::device::Device;
use walkon_core::fault::Fault;
use walkon_core::id::SiteId;
use walkon_core::kind::nearest;
use walkon_core::persona::Persona;

pub mod site;

pub use site::SiteEntry;

/// Everything that is read from files at start.
#[derive(Debug, Clone, Default)]
pub struct Catalog {
    /// Sites by name.
    pub sites: BTreeMap<SiteId, SiteEntry>,
    /// Devices by name.
    pub devices: BTreeMap<String, Device>,
    /// Personas by name.
    pub personas: BTreeMap<String, Persona>,
}

/// Why the catalog cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A folder cannot be read.
    #[error("could not read {}", .0.display())]
    Folder(PathBuf, #[source] std::io::Error),
    /// Files in it are wrong.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
    Wrong(Vec<Fault>),
}

impl Error {
    /// What to do about it.
    pub fn remedy(&self) -> &'static str {
        match self {
            Self::Folder(..) => {
                "start in the project's folder, or set `fleet.behaviors` and `fleet.profiles`"
            }
            Self::Wrong(_) => "mend the files; `walkon behavior check` reads them again",
        }
    }
}

impl Catalog {
    /// Reads both folders, and says everything that is wrong with them at once.
    pub fn load(behaviors: &Path, profiles: &Path) -> Result<Self, Error> {
        let mut catalog = Self::default();
        let mut faults = Vec::new();
        for folder in entries(behaviors)? {
            if folder.is_dir() {
                catalog.load_site(&folder, &mut faults)?;
            }
        }
        for file in toml_files(&profiles.join("devices"))? {
            match device(&read(&file)?, &file) {
                Ok(device) => drop(catalog.devices.insert(device.name.clone(), device)),
                Err(fault) => faults.push(fault),
            }
        }
        for file in toml_files(&profiles.join("personas"))? {
            match Persona::parse(&read(&file)?, &shown(&file)) {
                Ok(persona) => drop(catalog.personas.insert(persona.name.clone(), persona)),
                Err(fault) => faults.push(fault),
            }
        }
        if faults.is_empty() { Ok(catalog) } else { Err(Error::Wrong(faults)) }
    }

    fn load_site(&mut self, folder: &Path, faults: &mut Vec<Fault>) -> Result<(), Error> {
        if let Some(entry) = site::read(folder, faults)? {
            self.sites.insert(entry.site.id.clone(), entry);
        }
        Ok(())
    }

    /// The names of one sort as a remedy for an unknown one.
    pub fn known<'a>(name: &str, names: impl Iterator<Item = &'a str> + Clone) -> String {
        let near = nearest(name, names.clone());
        let hint = near.map_or(String::new(), |near| format!("did you mean `{near}`? "));
        format!("{hint}Known: {}", listed(names))
    }
}

fn entries(folder: &Path) -> Result<Vec<PathBuf>, Error> {
    let wrong = |error| Error::Folder(folder.to_path_buf(), error);
    let mut paths = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(wrong)? {
        paths.push(entry.map_err(wrong)?.path());
    }
    paths.sort();
    Ok(paths)
}

fn toml_files(folder: &Path) -> Result<Vec<PathBuf>, Error> {
    let mut files = entries(folder)?;
    files.retain(|file| file.extension().is_some_and(|extension| extension == "toml"));
    Ok(files)
}

fn read(file: &Path) -> Result<String, Error> {
    std::fs::read_to_string(file).map_err(|error| Error::Folder(file.to_path_buf(), error))
}

fn shown(file: &Path) -> String {
    file.display().to_string()
}

/// A device is named by its file; what is wrong with it stands in the error's own words.
fn device(text: &str, file: &Path) -> Result<Device, Fault> {
    let name = file.file_stem().and_then(|name| name.to_str()).unwrap_or_default();
    Device::parse(name, text)
        .map_err(|bad| Fault::at(&shown(file), text, 0, bad.to_string(), bad.remedy().to_owned()))
}
