//! What an account's turn in a browser stands in: its folder, way out, gate, recording, browser.

use std::collections::hash_map::DefaultHasher;
use std::fs::{File, TryLockError};
use std::hash::{Hash, Hasher};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use walkon_core::bundle::Bundle;
use walkon_core::gesture::Point;
use walkon_core::grant::Access;
use walkon_core::id::SessionId;
use walkon_core::lease::Lease;
use walkon_core::persona::Persona;
use walkon_core::storage_state::StorageState;

use super::Slot;
use super::attempt::{Attempt, Trouble};
use super::gate::{SiteGate, others};
use crate::desk::Desk;
use crate::driver::{self, Session, SessionSpec};
use crate::egress::{Origin, Proxy, Relay, RelaySpec};
use crate::recording::{Head, Recording};

/// One account's turn: a live browser and all it stands in.
pub(super) struct Scene {
    pub(super) bundle: Bundle,
    pub(super) persona: Persona,
    pub(super) recording: Arc<Recording>,
    pub(super) session: Box<dyn Session>,
    pub(super) pointer: Point,
    pub(super) gate: Arc<SiteGate>,
    relay: Arc<Relay>,
    desk: Arc<dyn Desk>,
    kept: u64,
    /// Held as long as the browser may write into the folder.
    _lock: File,
}

impl Slot {
    /// Opens the account's browser.
    pub(super) async fn enter(&self, attempt: &Attempt) -> Result<Scene, Trouble> {
        let desk = self.worker.desk.clone();
        let lease = &attempt.claimed.lease;
        let bundle = attempt.bound(async { Ok(desk.bundle(lease).await?) }).await?;
        permitted(&bundle, attempt, self.worker.clock.now())?;
        let folder = self.worker.options.folder.join(lease.account.as_str());
        let lock = lock(&folder)?;
        let id = SessionId::new(self.worker.clock.now(), &mut attempt.seed.child("session").rng());
        let head = Head::of(&bundle, &id, &self.worker.id, self.worker.clock.now());
        let recording = Arc::new(Recording::start(head));
        let mut allow: Vec<Origin> = bundle.site.origin.parse().into_iter().collect();
        allow.extend(others(&bundle).iter().filter_map(|origin| origin.as_str().parse().ok()));
        let is_granted = matches!(bundle.access, Access::Granted(_));
        let relay = Arc::new(Relay::new(RelaySpec {
            granted: if is_granted { allow.clone() } else { Vec::new() },
            allow,
            loopback_allowed: true,
            private: bundle.site.private.clone(),
            proxy: own_proxy(&bundle)?,
            recorder: recording.clone(),
        }));
        let gate = Arc::new(SiteGate::new(&bundle, self.worker.clock.clone()));
        let spec = SessionSpec {
            account: lease.account.clone(),
            time_zone: bundle.account.time_zone.clone(),
            device: bundle.device.clone(),
            contact: bundle.contact.clone(),
            folder,
            state: bundle.state.clone(),
            dial: relay.clone(),
            gate: gate.clone(),
            recorder: recording.clone(),
        };
        let open = async { Ok(self.worker.driver.open(spec).await?) };
        let session = match attempt.bound(open).await {
            Ok(session) => session,
            Err(trouble) => {
                recording.seal("failed", self.worker.clock.now());
                recording.ship(desk.as_ref(), lease).await;
                return Err(trouble);
            }
        };
        let persona = bundle.persona.individual(bundle.seed).on(&bundle.device);
        let kept = bundle.state.as_ref().map_or(0, fingerprint);
        let pointer = Point::default();
        Ok(Scene {
            bundle,
            persona,
            recording,
            session,
            pointer,
            gate,
            relay,
            desk,
            kept,
            _lock: lock,
        })
    }
}

impl Scene {
    /// What is wrong with the way out, if that is why the browser failed.
    pub(super) fn way_out(&self, trouble: Trouble) -> Trouble {
        match self.relay.trouble() {
            Some(fault) if matches!(trouble, Trouble::Driver(_) | Trouble::Site { .. }) => {
                Trouble::NoWay { code: fault.code(), why: fault.to_string() }
            }
            _ => trouble,
        }
    }

    /// Gives the coordinator the storage state, if it changed since it was last given.
    pub(super) async fn checkpoint(&mut self, lease: &Lease) {
        let state = match self.session.state().await {
            Ok(state) => state,
            Err(error) => return tracing::debug!(%error, "no storage state to keep"),
        };
        let print = fingerprint(&state);
        if print == self.kept {
            return;
        }
        match self.desk.checkpoint(lease, &state).await {
            Ok(()) => self.kept = print,
            Err(error) => tracing::warn!(%error, account = %lease.account, "state was not kept"),
        }
    }

    /// Sends what the recording holds so far.
    pub(super) async fn ship(&self, lease: &Lease) {
        self.recording.ship(self.desk.as_ref(), lease).await;
    }

    /// Closes the browser cleanly and ends the recording, all under the lease.
    pub(super) async fn leave(mut self, lease: &Lease, now: jiff::Timestamp) {
        if !self.session.is_dead() {
            self.checkpoint(lease).await;
        }
        self.session.close().await;
        self.recording.bytes(walkon_core::dial::Dial::bytes(self.relay.as_ref()));
        self.recording.seal("sealed", now);
        self.recording.ship(self.desk.as_ref(), lease).await;
    }

    /// Ends the browser at once: the lease is gone.
    pub(super) async fn abandon(self) {
        self.session.kill();
        self.session.close().await;
    }
}

/// Whether the site lets this action begin now: asked before a browser is opened, for nothing was
/// done yet.
pub(super) fn permitted(
    bundle: &Bundle,
    attempt: &Attempt,
    now: jiff::Timestamp,
) -> Result<(), Trouble> {
    let kind = attempt.claimed.action.kind.as_str();
    let judged = bundle.access.allows_now(kind, bundle.site.id.as_str(), now);
    judged.map_err(|denied| Trouble::NoWay { code: denied.code.name(), why: denied.to_string() })
}

fn own_proxy(bundle: &Bundle) -> Result<Option<Proxy>, Trouble> {
    let Some(proxy) = &bundle.proxy else { return Ok(None) };
    let password = proxy.password.as_ref().map(|password| password.expose().to_owned());
    let made = Proxy::new(&proxy.url, proxy.username.clone(), password);
    let bad =
        |why: crate::egress::ProxyError| Trouble::Never { code: "bad_proxy", why: why.to_string() };
    made.map(Some).map_err(bad)
}

/// Takes the account's folder for us alone: two browsers in one profile would ruin it.
fn lock(folder: &Path) -> Result<File, Trouble> {
    let broken = |error| Trouble::Driver(driver::Error::Folder(error));
    std::fs::create_dir_all(folder).map_err(broken)?;
    let path: PathBuf = folder.with_extension("lock");
    let file = File::create(path).map_err(broken)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => {
            let why = format!("another process has {} open", folder.display());
            Err(Trouble::NoWay { code: "profile_locked", why })
        }
        Err(TryLockError::Error(error)) => Err(broken(error)),
    }
}

fn fingerprint(state: &StorageState) -> u64 {
    let mut hasher = DefaultHasher::new();
    serde_json::to_string(state).unwrap_or_default().hash(&mut hasher);
    hasher.finish()
}
