//! Which accounts share which browser: those that a browser could not tell apart by what it has
//! from its start.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use walkon_core::device::Device;

use super::CdpDriver;
use super::shared::{Shared, Tenancy};
use super::start;
use crate::driver::chromium::with_last_words;
use crate::driver::{Error, Pack, SessionSpec};

/// What accounts in one browser have in common.
#[derive(Debug, Clone, PartialEq)]
struct Key {
    pack: Pack,
    device: Device,
    /// In workers a browser has the time zone of its environment; nothing sets another there.
    time_zone: String,
    contact: Option<String>,
    roots: Option<String>,
}

impl Key {
    fn of(spec: &SessionSpec, pack: &Pack) -> Self {
        Self {
            pack: pack.clone(),
            device: spec.device.clone(),
            time_zone: spec.time_zone.clone(),
            contact: spec.contact.clone(),
            roots: spec.roots.clone(),
        }
    }
}

/// The shared browsers of a driver. Each lives as long as one of its sessions.
#[derive(Default)]
pub(super) struct Packs {
    browsers: Mutex<Vec<(Key, Weak<Shared>)>>,
    /// One is started at a time: whoever waits may find a place in it.
    starting: tokio::sync::Mutex<()>,
}

impl Packs {
    fn browsers(&self) -> MutexGuard<'_, Vec<(Key, Weak<Shared>)>> {
        // Every change is whole before anything can panic.
        self.browsers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A place in a browser that runs.
    fn find(&self, key: &Key) -> Option<Tenancy> {
        let mut browsers = self.browsers();
        browsers.retain(|(_, shared)| shared.strong_count() > 0);
        let mut own = browsers.iter().filter(|(known, _)| known == key);
        own.find_map(|(_, shared)| shared.upgrade()?.take())
    }
}

impl CdpDriver {
    /// A place for a session in a browser that it may share, which is started where there is none.
    pub(super) async fn place(&self, spec: &SessionSpec, pack: &Pack) -> Result<Tenancy, Error> {
        let key = Key::of(spec, pack);
        if let Some(found) = self.packs.find(&key) {
            return Ok(found);
        }
        let _turn = self.packs.starting.lock().await;
        if let Some(found) = self.packs.find(&key) {
            return Ok(found);
        }
        let launched = self.launch(spec).await?;
        let shared = Arc::new(Shared::new(launched, self.host.options.packed.accounts));
        let ready = start::judge(&shared.wire).await;
        ready.map_err(|error| with_last_words(error, &shared.folder))?;
        let ended = || Error::Start("it ended as soon as it had started".to_owned());
        let place = shared.take().ok_or_else(ended)?;
        self.packs.browsers().push((key, Arc::downgrade(&shared)));
        Ok(place)
    }
}
