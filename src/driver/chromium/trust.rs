//! A site's own certificate authority, in the browser of that site's account alone.
//!
//! Chromium trusts, beside its own roots, those of the NSS database in its user's home, and goes on
//! checking names, dates and chains as always. So the session's home, which is made anew each time,
//! gets such a database; the relay lets the browser reach its site's origins and nothing else. (The
//! flag `--ignore-certificate-errors-spki-list` is no pin: any server that merely shows the listed
//! certificate beside its own passes.) `certutil`, of Debian's `libnss3-tools`, makes the database.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use tokio::process::Command;
use tokio::sync::Mutex;

use super::folder::Folder;
use crate::driver::Error;

/// Where Chromium looks; in `.local/share/pki` only where this is not there.
const PLACE: &str = ".pki/nssdb";
/// What makes the database.
const CERTUTIL: &str = "certutil";
const BEGIN: &str = "-----BEGIN CERTIFICATE-----";
const END: &str = "-----END CERTIFICATE-----";

/// A database's files: names and contents.
type Files = Vec<(std::ffi::OsString, Vec<u8>)>;

/// Databases by the certificates that they trust; each is made once.
#[derive(Default)]
pub(in crate::driver) struct Trust(Mutex<HashMap<String, Arc<Files>>>);

fn failed(why: &str) -> Error {
    Error::Start(format!("the site's own certificate authority could not be trusted: {why}"))
}

impl Trust {
    /// Puts what is to be trusted into a session's home.
    pub(in crate::driver) async fn give(
        &self,
        roots: Option<&str>,
        folder: &Folder,
    ) -> Result<(), Error> {
        let Some(roots) = roots else { return Ok(()) };
        let mut known = self.0.lock().await;
        let files = if let Some(files) = known.get(roots) {
            files.clone()
        } else {
            let made = Arc::new(make(roots, &folder.scratch.join("trust")).await?);
            known.insert(roots.to_owned(), made.clone());
            made
        };
        drop(known);
        let place = folder.home.join(PLACE);
        std::fs::create_dir_all(&place).map_err(Error::Folder)?;
        for (name, bytes) in files.iter() {
            std::fs::write(place.join(name), bytes).map_err(Error::Folder)?;
        }
        Ok(())
    }
}

async fn make(roots: &str, folder: &Path) -> Result<Files, Error> {
    std::fs::create_dir_all(folder).map_err(Error::Folder)?;
    certutil(folder, &["-N", "--empty-password"]).await?;
    for (number, block) in roots.split(BEGIN).skip(1).enumerate() {
        let block = block.split(END).next().unwrap_or_default();
        let file = folder.join("root.pem");
        std::fs::write(&file, format!("{BEGIN}{block}{END}\n")).map_err(Error::Folder)?;
        let (name, file) = (format!("site {number}"), file.to_string_lossy().into_owned());
        // `C`: it signs for servers; nothing for mail, nothing for programs.
        certutil(folder, &["-A", "-t", "C,,", "-n", &name, "-i", &file]).await?;
        std::fs::remove_file(file).map_err(Error::Folder)?;
    }
    let entries = std::fs::read_dir(folder).map_err(Error::Folder)?;
    let read = |entry: std::io::Result<std::fs::DirEntry>| {
        let entry = entry?;
        Ok((entry.file_name(), std::fs::read(entry.path())?))
    };
    let files = entries.map(read).collect::<std::io::Result<_>>().map_err(Error::Folder)?;
    std::fs::remove_dir_all(folder).map_err(Error::Folder)?;
    Ok(files)
}

/// Whether this host has what makes the database.
pub(super) fn is_possible() -> bool {
    // It says how it is used, and that this was no use of it.
    std::process::Command::new(CERTUTIL).arg("-H").output().is_ok()
}

async fn certutil(folder: &Path, args: &[&str]) -> Result<(), Error> {
    let database = format!("sql:{}", folder.display());
    let run = Command::new(CERTUTIL).arg("-d").arg(database).args(args).output().await;
    let output = run.map_err(|error| failed(&format!("{CERTUTIL} (libnss3-tools): {error}")))?;
    if output.status.success() {
        return Ok(());
    }
    let words = String::from_utf8_lossy(&output.stderr);
    Err(failed(&format!("{CERTUTIL} says: {}", words.lines().next().unwrap_or_default())))
}
