//! Handing a file to a page: it is written where the browser may read it, under its own name.

use std::io;
use std::path::{Path, PathBuf};

use crate::driver::{Error, Upload};

/// Writes a file into a folder of its own below the session's scratch, which is the browser user's
/// and ends with the session: a page reads a chosen file when it is sent, and may do so late.
pub(in crate::driver) async fn write(folder: PathBuf, file: &Upload) -> Result<PathBuf, Error> {
    let file = file.clone();
    let written = tokio::task::spawn_blocking(move || put(&folder, &file.name, &file.bytes)).await;
    written.map_err(io::Error::other).and_then(|done| done).map_err(Error::Folder)
}

fn put(folder: &Path, name: &str, bytes: &[u8]) -> io::Result<PathBuf> {
    use std::os::unix::fs::PermissionsExt as _;
    let is_plain = !name.is_empty() && name != ".." && !name.contains('/');
    if !is_plain {
        return Err(io::Error::other(format!("{name:?} is no file's name")));
    }
    std::fs::create_dir_all(folder)?;
    // Its folder above is closed to all but the browser's user.
    std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o755))?;
    let path = folder.join(name);
    std::fs::write(&path, bytes)?;
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644))?;
    Ok(path)
}
