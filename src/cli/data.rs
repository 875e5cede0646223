//! Where data, database and keys are, as the settings say.

use std::path::{Path, PathBuf};

use nix::unistd::User;
use walkon_core::bundle::Secret;

use super::report::{Code, Failure};
use crate::config::{self, Config};
use crate::data::DataFolder;
use crate::store::address::Address;
use crate::store::sql::SqlStore;
use crate::store::vault::Vault;
use crate::store::vault::master::Source;

/// The data folder, which is made if it is not there.
pub(super) fn data_folder(config: &Config) -> Result<DataFolder, Failure> {
    Ok(DataFolder::open(&data_path(config)?)?)
}

/// Where the data folder is: as the settings say, or by custom.
pub(super) fn data_path(config: &Config) -> Result<PathBuf, Failure> {
    let named = &config.data.folder;
    if !named.is_empty() {
        return Ok(PathBuf::from(named));
    }
    if nix::unistd::geteuid().is_root() {
        return Ok(PathBuf::from("/var/lib/walkon"));
    }
    let home = User::from_uid(nix::unistd::geteuid()).ok().flatten();
    let home =
        home.ok_or_else(|| Failure::new(Code::Host, "this user has no home", "set `data.folder`"))?;
    Ok(home.dir.join(".local/share/walkon"))
}

/// Where the database is, as the settings say; `embedded`: the file in the data folder.
pub(super) fn database(config: &Config, embedded: &Path) -> Result<Address, Failure> {
    let file = &config.store.password_file;
    let password = if file.as_os_str().is_empty() {
        None
    } else {
        let text = std::fs::read_to_string(file).map_err(|error| Failure {
            what: format!("could not read `store.password_file` {}", file.display()),
            causes: vec![error.to_string()],
            remedy: Some("check the path and its owner".to_owned()),
            code: Code::Host,
        })?;
        Some(Secret::new(text.trim_end_matches(['\n', '\r']).to_owned()))
    };
    Ok(Address::read(config.store.url.expose(), password, embedded)?)
}

/// The master keys, as the settings say; `embedded`: the file in the data folder.
pub(super) fn master_keys(config: &Config, embedded: PathBuf) -> Source {
    let config::Vault { master_key_file: file, master_key: given } = &config.vault;
    if !given.expose().is_empty() {
        Source::Given(given.clone())
    } else if file.as_os_str().is_empty() {
        Source::Embedded(embedded)
    } else {
        Source::File(file.clone())
    }
}

/// Where the fleet's signing keys are, as the settings say.
pub(super) fn signing_keys(config: &Config, data: &DataFolder) -> PathBuf {
    let file = &config.signing.key_file;
    if file.as_os_str().is_empty() { data.signing_key() } else { file.clone() }
}

/// The store, opened.
pub(super) async fn store(config: &Config, data: &DataFolder) -> Result<SqlStore, Failure> {
    let vault = Vault::of(master_keys(config, data.master_key()));
    Ok(SqlStore::open(&database(config, &data.database())?, vault).await?)
}
