//! The recordings as pages read them, off the runtime's threads: files are slow.

use std::fs;
use std::time::SystemTime;

use jiff::Timestamp;
use walkon_core::id::SessionId;

use crate::recording::Head;
use crate::recording::archive::Archive;

use super::super::view::sessions::{Glance, glance};

/// A session with what a look through it found.
pub(super) struct Seen {
    pub(super) head: Head,
    pub(super) glance: Glance,
    pub(super) quiet_ms: i64,
}

/// Runs a piece of reading where it may take its time.
pub(super) async fn reading<T: Default + Send + 'static>(
    archive: &Archive,
    read: impl FnOnce(&Archive) -> T + Send + 'static,
) -> T {
    let archive = archive.clone();
    let read = tokio::task::spawn_blocking(move || read(&archive)).await;
    read.unwrap_or_else(|panic| {
        tracing::error!(%panic, "a recording could not be read");
        T::default()
    })
}

fn ms_of(time: SystemTime) -> i64 {
    let since = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

/// How long ago the recording's last piece came.
pub(super) fn quiet_ms(archive: &Archive, session: &SessionId, now: Timestamp) -> i64 {
    let folder = archive.folder(session);
    let files = ["events.jsonl", "network.jsonl", "manifest.json"];
    let written = files.iter().filter_map(|file| fs::metadata(folder.join(file)).ok());
    let last = written.filter_map(|meta| meta.modified().ok()).map(ms_of).max();
    last.map_or(i64::MAX / 2, |last| (now.as_millisecond() - last).max(0))
}

/// A look through one session.
pub(super) fn look(archive: &Archive, head: Head, now: Timestamp) -> Seen {
    let events = fs::read_to_string(archive.folder(&head.session).join("events.jsonl"));
    let quiet_ms = quiet_ms(archive, &head.session, now);
    Seen { glance: glance(&events.unwrap_or_default()), quiet_ms, head }
}
