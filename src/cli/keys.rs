//! `walkon keys …`: the master keys by which credentials and storage state are sealed, and the
//! signing keys by which sites know this fleet.

use std::path::{Path, PathBuf};

use clap::{Subcommand, ValueEnum};
use serde_json::json;

use super::data::{data_folder, signing_keys, store};
use super::out::{say, table};
use super::report::{Code, Failure};
use crate::config::Config;
use crate::signing::{self, FleetKeys};
use crate::store::keys::{Keys as _, Rotated, Use};
use crate::store::vault::master;

/// `walkon keys …`
#[derive(Debug, Subcommand)]
pub(super) enum Keys {
    /// Makes a key and prints it, or writes it to a file for your eyes only.
    New {
        /// Which sort.
        sort: Sort,
        /// A file that is not there yet.
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
    },
    /// Puts a new key before the old ones and everything under it, while the fleet runs. Broken
    /// off, it goes on where it was.
    Rotate {
        /// Which sort.
        sort: Sort,
    },
    /// Which keys have sealed how many secrets.
    List,
}

/// Sorts of keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Sort {
    /// What seals credentials and storage state.
    Master,
    /// By what sites know this fleet.
    Signing,
}

/// `walkon keys …`
pub(super) async fn keys(config: &Config, what: &Keys, json: bool) -> Result<(), Failure> {
    match what {
        Keys::New { sort, out } => fresh(*sort, out.as_deref(), json),
        Keys::Rotate { sort: Sort::Signing } => rotate_signing(config, json),
        Keys::Rotate { sort: Sort::Master } => rotate(config, json).await,
        Keys::List => {
            let store = store(config, &data_folder(config)?).await?;
            list(&store.masters().await?, json);
            Ok(())
        }
    }
}

fn rotate_signing(config: &Config, as_json: bool) -> Result<(), Failure> {
    let path = signing_keys(config, &data_folder(config)?);
    let id = FleetKeys::rotate(&path, |path, text| master::write(path, text, false));
    let id = id.map_err(|error| Failure::system("could not put a new key first", &error))?;
    let file = path.display();
    say(&if as_json {
        json!({"id": id, "file": file.to_string()}).to_string()
    } else {
        format!(
            "{id} is first in {file}; coordinators sign by it from their next start. The old key \
             stays listed: ask each site to add the new id, then remove the old line"
        )
    });
    Ok(())
}

fn fresh(sort: Sort, out: Option<&Path>, as_json: bool) -> Result<(), Failure> {
    let (id, key) = match sort {
        Sort::Master => master::fresh(),
        Sort::Signing => {
            signing::fresh().map_err(|error| Failure::system("could not draw a key", &error))?
        }
    };
    let Some(out) = out else {
        let plain = || key.expose().to_owned();
        say(&if as_json { json!({"id": id, "key": plain()}).to_string() } else { plain() });
        return Ok(());
    };
    let text = zeroize::Zeroizing::new(format!("{}\n", key.expose()));
    master::write(out, &text, true).map_err(|error| Failure {
        what: format!("could not write the key {}", out.display()),
        causes: vec![error.to_string()],
        remedy: Some("name a file that is not there yet, in a folder of yours".to_owned()),
        code: Code::Host,
    })?;
    let file = out.display().to_string();
    say(&if as_json {
        json!({"id": id, "file": file}).to_string()
    } else {
        format!("{file} has the key {id}; keep a copy of it apart from the database's backups")
    });
    Ok(())
}

async fn rotate(config: &Config, as_json: bool) -> Result<(), Failure> {
    let store = store(config, &data_folder(config)?).await?;
    let uses = store.masters().await?;
    let is_whole = uses.len() == 1;
    let first = store.vault().reload()?.swap_remove(0);
    // Somebody may have put it there already, or an earlier rotation was broken off.
    if is_whole && uses[0].master == first {
        store.vault().source().put_first()?;
    }
    let done = store.rotate().await?;
    told(&done, as_json);
    if done.failed.is_empty() {
        return Ok(());
    }
    let what = format!("{} secrets stay under their old key", done.failed.len());
    let remedy = "give those secrets anew by `walkon account import`, or bring their key back into \
                  the file; then run this again";
    Err(Failure { causes: done.failed, ..Failure::new(Code::Failed, what, remedy) })
}

fn told(done: &Rotated, as_json: bool) {
    if as_json {
        say(&json!(done).to_string());
        return;
    }
    say(&format!("{} seals now; {} secrets were put under it", done.master, done.rewrapped));
    say("old keys stay in the file: a backup of the database from before needs them");
}

fn list(uses: &[Use], as_json: bool) {
    if as_json {
        say(&json!(uses).to_string());
        return;
    }
    let head = ["master key", "seals now", "secrets"].map(str::to_owned).to_vec();
    let row = |one: &Use| {
        let word = if one.current { "yes" } else { "no" };
        vec![one.master.clone(), word.to_owned(), one.secrets.to_string()]
    };
    table(&std::iter::once(head).chain(uses.iter().map(row)).collect::<Vec<_>>());
}
