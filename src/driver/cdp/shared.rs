//! A browser that several accounts share, each in a context of its own (*packed* sessions).
//!
//! A context has its own cookies, storage, cache, service workers and way out: its proxy is a
//! listener of the jail that no other context ever had, so its connections go out by its account's
//! own relay. What is shared is the process, its command line and its end: where the browser dies,
//! all its sessions do. It takes so many accounts at once, so many in its life, and is closed with
//! the last one.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use chromiumoxide_cdp::cdp::browser_protocol::browser::BrowserContextId;
use chromiumoxide_cdp::cdp::browser_protocol::target::{
    CreateBrowserContextParams, DisposeBrowserContextParams,
};
use tokio::task::JoinSet;

use super::hub::Hub;
use super::launch::Launched;
use super::session::shut;
use super::sorter::Sorter;
use super::wire::{self, Wire};
use crate::driver::chromium::folder::Folder;
use crate::driver::chromium::process::Process;
use crate::driver::{CALL_MAX, Error};

/// The browser.
pub(super) struct Shared {
    /// The whole browser's.
    pub(super) wire: Wire,
    pub(super) folder: Folder,
    /// Its user agent and its version.
    pub(super) agent: String,
    pub(super) version: String,
    pub(super) unjailed: Option<String>,
    sorter: Arc<Sorter>,
    process: Process,
    rooms: Mutex<Rooms>,
    _loops: JoinSet<()>,
}

/// What is left for further accounts.
struct Rooms {
    /// A way out for each session of its life that is still to come.
    doors: Vec<TcpListener>,
    /// How many accounts are in, and may be.
    taken: usize,
    most: usize,
    /// Its last account has left.
    is_closing: bool,
}

impl Shared {
    /// A browser that was just started, in which nobody is yet.
    pub(super) fn new(launched: Launched, most: usize) -> Self {
        let Launched { process, input, output, doors, folder, agent, version, unjailed } = launched;
        let (wire, outbox) = Wire::new();
        let sorter = Arc::new(Sorter::new(wire.clone()));
        let mut loops = JoinSet::new();
        loops.spawn(wire::write_loop(outbox, input));
        loops.spawn(wire::read_loop(wire.clone(), output, sorter.clone()));
        let rooms = Mutex::new(Rooms { doors, taken: 0, most, is_closing: false });
        Self { wire, folder, agent, version, unjailed, sorter, process, rooms, _loops: loops }
    }

    fn rooms(&self) -> MutexGuard<'_, Rooms> {
        // Every change is whole before anything can panic.
        self.rooms.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A place for one more account; `None`: it is full, used up, or has ended.
    pub(super) fn take(self: &Arc<Self>) -> Option<Tenancy> {
        let mut rooms = self.rooms();
        if self.wire.is_dead() || rooms.is_closing || rooms.taken == rooms.most {
            return None;
        }
        let door = rooms.doors.pop()?;
        rooms.taken += 1;
        let door = Mutex::new(Some(door));
        let (context, has_left) = (OnceLock::new(), AtomicBool::new(false));
        Some(Tenancy { shared: self.clone(), door, context, has_left })
    }

    /// Whether an account that is about to leave is the last one: then nobody comes in any more.
    fn is_last(&self) -> bool {
        let mut rooms = self.rooms();
        rooms.is_closing |= rooms.taken <= 1;
        rooms.is_closing
    }

    /// An account has left; whether it was the last one.
    fn let_go(&self) -> bool {
        let mut rooms = self.rooms();
        rooms.taken -= 1;
        rooms.is_closing |= rooms.taken == 0;
        rooms.taken == 0
    }

    fn kill(&self) {
        self.wire.end("it was killed");
        self.process.kill();
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        // After a close there is nothing left and this does nothing.
        self.kill();
    }
}

/// One account's part of a shared browser; given up when dropped.
pub(super) struct Tenancy {
    pub(super) shared: Arc<Shared>,
    /// Its way out, until somebody answers it.
    door: Mutex<Option<TcpListener>>,
    context: OnceLock<BrowserContextId>,
    has_left: AtomicBool,
}

impl Tenancy {
    /// Makes the account's context, whose connections come out at the door that is given.
    pub(super) async fn move_in(&self) -> Result<(BrowserContextId, TcpListener), Error> {
        let door = self.door.lock().unwrap_or_else(PoisonError::into_inner).take();
        let door = door.ok_or_else(|| Error::Start("its place is taken already".to_owned()))?;
        let port = door.local_addr().map_err(Error::Folder)?.port();
        let context = CreateBrowserContextParams {
            dispose_on_detach: Some(true),
            proxy_server: Some(format!("http://127.0.0.1:{port}")),
            // Loopback, too, is reached by the relay alone.
            proxy_bypass_list: Some("<-loopback>".to_owned()),
            ..Default::default()
        };
        let context = self.shared.wire.call(None, &context, CALL_MAX).await?.browser_context_id;
        let context = self.context.get_or_init(|| context).clone();
        self.make_scratch().map_err(Error::Folder)?;
        Ok((context, door))
    }

    /// What happens in the context is brought to this hub.
    pub(super) fn sort(&self, hub: Arc<Hub>) {
        if let Some(context) = self.context.get() {
            self.shared.sorter.add(context.clone(), hub);
        }
    }

    /// Where its files wait that a page is to be given; nobody's but its own.
    pub(super) fn scratch(&self) -> PathBuf {
        let name = self.context.get().map_or("none", |context| context.as_ref());
        self.shared.folder.scratch.join(name)
    }

    fn make_scratch(&self) -> std::io::Result<()> {
        let scratch = self.scratch();
        fs::create_dir(&scratch)?;
        // The browser's own folder above is closed to all but its user.
        fs::set_permissions(&scratch, fs::Permissions::from_mode(0o755))
    }

    /// Its equal part of what the browser takes, in bytes.
    pub(super) async fn memory(&self) -> Option<u64> {
        let among = self.shared.rooms().taken.max(1) as u64;
        self.shared.process.memory().await.map(|bytes| bytes / among)
    }

    /// Closes the context, and the browser with the last one.
    pub(super) async fn leave(&self) {
        let shared = &self.shared;
        if self.has_left.swap(true, Ordering::SeqCst) {
            if shared.rooms().is_closing {
                let _ = tokio::time::timeout(CALL_MAX, shared.process.gone()).await;
            }
            return;
        }
        if !shared.is_last() {
            self.dispose().await;
        }
        self.forget();
        if shared.let_go() {
            shut(&shared.wire, &shared.process).await;
        }
    }

    /// A browser that cannot close a context is of no use to the others either.
    async fn dispose(&self) {
        let Some(context) = self.context.get() else { return };
        let dispose = DisposeBrowserContextParams::new(context.clone());
        if let Err(Error::Slow { .. }) = self.shared.wire.call(None, &dispose, CALL_MAX).await {
            self.shared.kill();
        }
    }

    fn forget(&self) {
        if let Some(context) = self.context.get() {
            self.shared.sorter.remove(context);
            // What is left goes with the browser's folder.
            let _ = fs::remove_dir_all(self.scratch());
        }
    }

    /// Ends the context at once, and the browser with the last one.
    pub(super) fn end(&self) {
        if self.has_left.swap(true, Ordering::SeqCst) {
            return;
        }
        self.forget();
        if let Some(context) = self.context.get() {
            self.shared.wire.post(None, &DisposeBrowserContextParams::new(context.clone()));
        }
        if self.shared.let_go() {
            self.shared.kill();
        }
    }
}

impl Drop for Tenancy {
    fn drop(&mut self) {
        self.end();
    }
}
