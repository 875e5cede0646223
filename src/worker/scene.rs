//! What an account's turn in a browser stands in: its folder, way out, gate, recording, browser.

use std::collections::hash_map::DefaultHasher;
use std::fs::{File, TryLockError};
use std::hash::{Hash, Hasher};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;
use walkon_core::bundle::Bundle;
use walkon_core::gesture::Point;
use walkon_core::grant::Access;
use walkon_core::id::SessionId;
use walkon_core::lease::Lease;
use walkon_core::persona::Persona;
use walkon_core::recorder::{Note, Recorder};
use walkon_core::storage_state::StorageState;

use super::Slot;
use super::admission::Room;
use super::attempt::{Attempt, Trouble};
use super::exit;
use super::gate::{SiteGate, others};
use crate::desk::Desk;
use crate::driver::{self, Pack, Session, SessionSpec};
use crate::egress::{Origin, Proxy, Relay, RelaySpec};
use crate::recording::{Head, Recording};

/// How often it is looked at what a browser takes: that costs some milliseconds.
const WEIGH_EVERY: Duration = Duration::from_secs(5);

/// One account's turn: a live browser and all it stands in.
pub(super) struct Scene {
    pub(super) bundle: Bundle,
    pub(super) persona: Persona,
    pub(super) recording: Arc<Recording>,
    pub(super) session: Box<dyn Session>,
    /// Others live in the same browser.
    pub(super) is_packed: bool,
    pub(super) pointer: Point,
    pub(super) gate: Arc<SiteGate>,
    relay: Arc<Relay>,
    desk: Arc<dyn Desk>,
    kept: u64,
    /// How many times its state was kept.
    generation: u64,
    /// Set aside until it has shown what it takes.
    room: Option<Room>,
    /// The most that its browser took, in bytes, and when that was last looked at.
    took: Option<u64>,
    weighed: Option<Instant>,
    /// Held as long as the browser may write into the folder.
    _lock: File,
}

/// Where the account's connections may go, and by which way.
fn way_of(bundle: &Bundle, proxy: Option<Proxy>, recorder: Arc<Recording>) -> RelaySpec {
    let mut allow: Vec<Origin> = bundle.site.origin.parse().into_iter().collect();
    allow.extend(others(bundle).iter().filter_map(|origin| origin.as_str().parse().ok()));
    let is_granted = matches!(bundle.access, Access::Granted(_));
    RelaySpec {
        granted: if is_granted { allow.clone() } else { Vec::new() },
        allow,
        loopback_allowed: true,
        private: bundle.site.private.clone(),
        proxy,
        recorder,
    }
}

/// Whether an account shares a browser where sessions are packed. The recording says where it may
/// not.
///
/// Not where a grant judges its requests: of files that pages download at once the browser asks
/// about one alone, and the others could be another account's. Where nothing is granted, on
/// loopback, the relay holds all there is to hold.
fn shares(access: &Access, recorder: &dyn Recorder) -> bool {
    let may = matches!(access, Access::Exempt(None));
    if !may {
        let text = "a browser of its own, though sessions are packed: a grant judges its requests";
        recorder.note(Note::Log { text: text.to_owned() });
    }
    may
}

impl Slot {
    /// With whom the account shares a browser.
    fn pack(&self, bundle: &Bundle, recorder: &dyn Recorder) -> Option<Pack> {
        let is_packed = self.worker.options.packed && shares(&bundle.access, recorder);
        let folder = self.worker.options.folder.clone();
        is_packed.then(|| Pack { site: bundle.site.id.clone(), folder })
    }

    /// Opens the account's browser.
    pub(super) async fn enter(&self, attempt: &Attempt) -> Result<Scene, Trouble> {
        let desk = self.worker.desk.clone();
        let lease = &attempt.claimed.lease;
        let bundle = attempt.bound(async { Ok(desk.bundle(lease).await?) }).await?;
        permitted(&bundle, attempt, self.worker.clock.now())?;
        let proxy = own_proxy(&bundle)?;
        let echo = self.worker.options.echo.as_deref();
        attempt.bound(exit::check(echo, &bundle, proxy.as_ref())).await?;
        let folder = self.worker.options.folder.join(lease.account.as_str());
        let lock = lock(&folder)?;
        let broken = |error| Trouble::Driver(driver::Error::Folder(error));
        if self.worker.strikes.set_aside(&lease.account, &folder).map_err(broken)? {
            tracing::warn!(folder = %folder.display(), "set aside: its browsers died in a row");
        }
        let id = SessionId::new(self.worker.clock.now(), &mut attempt.seed.child("session").rng());
        let head = Head::of(&bundle, &id, &self.worker.id, self.worker.clock.now());
        let begun = if self.worker.options.record { Recording::start } else { Recording::off };
        let recording = Arc::new(begun(head));
        let relay = Arc::new(Relay::new(way_of(&bundle, proxy, recording.clone())));
        let gate = SiteGate::new(&bundle, self.worker.clock.clone()).metered(desk.clone());
        let gate = Arc::new(gate);
        let spec = SessionSpec {
            account: lease.account.clone(),
            time_zone: bundle.account.time_zone.clone(),
            device: bundle.device.clone(),
            contact: bundle.contact.clone(),
            folder,
            state: bundle.state.clone(),
            roots: bundle.site.roots().map(str::to_owned),
            dial: relay.clone(),
            gate: gate.clone(),
            recorder: recording.clone(),
            pack: self.pack(&bundle, recording.as_ref()),
        };
        let is_packed = spec.pack.is_some();
        let open = async { Ok(self.worker.driver.open(spec).await?) };
        let session = match attempt.bound(open).await {
            Ok(session) => session,
            Err(trouble) => {
                if let Trouble::Driver(driver::Error::Start(_) | driver::Error::Dead(_)) = trouble {
                    self.worker.struck(&lease.account, is_packed);
                }
                recording.seal("failed", self.worker.clock.now());
                recording.ship(desk.as_ref(), lease).await;
                return Err(trouble);
            }
        };
        let persona = bundle.persona.individual(bundle.seed).on(&bundle.device);
        let kept = bundle.state.as_ref().map_or(0, fingerprint);
        let generation = bundle.state.as_ref().map_or(0, |state| state.generation);
        let pointer = Point::default();
        Ok(Scene {
            bundle,
            persona,
            recording,
            session,
            is_packed,
            pointer,
            gate,
            relay,
            desk,
            kept,
            generation,
            room: None,
            took: None,
            weighed: None,
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
        let mut state = match self.session.state().await {
            Ok(state) => state,
            Err(error) => return tracing::debug!(%error, "no storage state to keep"),
        };
        let print = fingerprint(&state);
        if print == self.kept {
            return;
        }
        state.generation = self.generation + 1;
        match self.desk.checkpoint(lease, &state).await {
            Ok(()) => (self.kept, self.generation) = (print, state.generation),
            Err(error) => tracing::warn!(%error, account = %lease.account, "state was not kept"),
        }
    }

    /// The same scene with the memory that was set aside for it.
    pub(super) fn with_room(self, room: Room) -> Self {
        Self { room: Some(room), ..self }
    }

    /// Looks at what its browser takes, unless that was done lately.
    pub(super) async fn weigh(&mut self) {
        if self.weighed.is_some_and(|at| at.elapsed() < WEIGH_EVERY) || self.session.is_dead() {
            return;
        }
        self.weighed = Some(Instant::now());
        self.took = self.took.max(self.session.memory().await);
        if self.took.is_some() {
            self.room = None;
        }
    }

    /// The most that its browser took, in bytes.
    pub(super) fn took(&self) -> Option<u64> {
        self.took
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
    serde_json::to_string(&state.content()).unwrap_or_default().hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use walkon_core::grant::Document;
    use walkon_core::origin::WebOrigin;

    use super::*;

    /// Keeps the notes.
    #[derive(Default)]
    struct Said(std::sync::Mutex<Vec<Note>>);

    impl Recorder for Said {
        fn note(&self, note: Note) {
            self.0.lock().unwrap().push(note);
        }
        fn picture(&self, _: &str, _: &[u8]) {}
    }

    #[test]
    fn nobody_whose_requests_a_grant_judges_shares_a_browser() {
        let now: jiff::Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
        let own: WebOrigin = "https://site.test".parse().unwrap();
        let file = r#"{"version": 1, "origin": "self", "expires": "2026-01-09T00:00:00Z",
            "agents": [{"id": "us"}],
            "grants": [{"agents": ["us"], "kinds": ["like"], "paths": ["/"]}]}"#;
        let document = Document::read(file.as_bytes(), &own, now).unwrap();
        let pass = || document.pass(&["us".to_owned()], now).unwrap();
        let said = Said::default();
        assert!(shares(&Access::Exempt(None), &said));
        assert_eq!(said.0.lock().unwrap().len(), 0);
        assert!(!shares(&Access::Exempt(Some(pass())), &said));
        assert!(!shares(&Access::Granted(pass()), &said));
        assert_eq!(said.0.lock().unwrap().len(), 2, "each recording tells of it");
    }
}
