//! Recordings as the coordinator keeps them: a folder a session, named so that they sort by time.

use std::fs::{self, OpenOptions};
use std::io::{self, Read as _, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use walkon_core::id::SessionId;

use super::Head;
use crate::desk::Chunk;

/// The most bytes one piece may have.
pub const CHUNK_BYTES_MAX: usize = 24 << 20;

/// Where recordings are kept.
#[derive(Debug, Clone)]
pub struct Archive {
    root: PathBuf,
}

/// Why a piece was not kept.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It names no file of a recording.
    #[error("`{0}` is no file of a recording")]
    NotOurs(String),
    /// The disk said no.
    #[error("could not keep a recording")]
    Disk(#[from] io::Error),
}

fn is_ours(file: &str) -> bool {
    let blob = |name: &str| {
        let hex = name.strip_suffix(".jpg").unwrap_or_default();
        hex.len() == 32 && hex.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
    };
    matches!(file, "manifest.json" | "events.jsonl" | "network.jsonl")
        || file.strip_prefix("blobs/").is_some_and(blob)
}

/// The bytes of all files below a folder.
fn size(folder: &Path) -> io::Result<u64> {
    fs::read_dir(folder)?.try_fold(0, |sum, entry| {
        let entry = entry?;
        let own = if entry.file_type()?.is_dir() {
            size(&entry.path())?
        } else {
            entry.metadata()?.len()
        };
        Ok(sum + own)
    })
}

impl Archive {
    /// An archive in a folder, which is made if it is not there.
    pub fn open(root: PathBuf) -> io::Result<Self> {
        fs::create_dir_all(&root)?;
        Ok(Self { root })
    }

    /// The folder of a session.
    pub fn folder(&self, session: &SessionId) -> PathBuf {
        self.root.join(session.as_str())
    }

    /// Writes a piece where it belongs; a manifest is replaced whole.
    pub fn keep(&self, chunk: &Chunk) -> Result<(), Error> {
        if !is_ours(&chunk.file) || chunk.bytes.len() > CHUNK_BYTES_MAX {
            return Err(Error::NotOurs(chunk.file.clone()));
        }
        let folder = self.folder(&chunk.session);
        fs::create_dir_all(folder.join("blobs"))?;
        let path = folder.join(&chunk.file);
        if chunk.file == "manifest.json" || chunk.file.starts_with("blobs/") {
            let part = path.with_extension("part");
            fs::write(&part, &chunk.bytes)?;
            fs::rename(part, path)?;
            return Ok(());
        }
        let mut file = OpenOptions::new().create(true).truncate(false).write(true).open(path)?;
        file.seek(SeekFrom::Start(chunk.offset))?;
        file.write_all(&chunk.bytes)?;
        Ok(())
    }

    /// The newest `count` recordings, newest first.
    pub fn newest(&self, count: usize) -> io::Result<Vec<Head>> {
        let mut names: Vec<_> = fs::read_dir(&self.root)?
            .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
            .collect();
        // An id begins with its instant, so names sort by time.
        names.sort_unstable_by(|a, b| b.cmp(a));
        let heads = names.into_iter().filter_map(|name| self.head(&name.parse().ok()?));
        Ok(heads.take(count).collect())
    }

    /// Removes every recording of an account; returns how many, and how many bytes.
    pub fn erase(&self, account: &str) -> io::Result<(u64, u64)> {
        let (mut count, mut bytes) = (0, 0);
        for entry in fs::read_dir(&self.root)?.flatten() {
            let Some(session) = entry.file_name().to_str().and_then(|name| name.parse().ok())
            else {
                continue;
            };
            if self.head(&session).is_some_and(|head| head.account == account) {
                bytes += size(&entry.path())?;
                fs::remove_dir_all(entry.path())?;
                count += 1;
            }
        }
        Ok((count, bytes))
    }

    /// A recording's head.
    pub fn head(&self, session: &SessionId) -> Option<Head> {
        let bytes = fs::read(self.folder(session).join("manifest.json")).ok()?;
        serde_json::from_slice(&bytes).ok()
    }

    /// The whole lines of one of its logs; a torn last line is left out.
    pub fn lines(&self, session: &SessionId, file: &str) -> Vec<serde_json::Value> {
        let path = self.folder(session).join(file);
        let mut text = String::new();
        let read = fs::File::open(path).and_then(|mut file| file.read_to_string(&mut text));
        if read.is_err() {
            return Vec::new();
        }
        text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
    }

    /// A picture.
    pub fn blob(&self, session: &SessionId, name: &str) -> Option<Vec<u8>> {
        let file = format!("blobs/{name}.jpg");
        is_ours(&file).then(|| fs::read(self.folder(session).join(file)).ok()).flatten()
    }

    /// Where it keeps them.
    pub fn root(&self) -> &Path {
        &self.root
    }
}
