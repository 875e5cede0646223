//! A session: one live browser, or an account's part of a shared one, and the worker's handle to
//! its page.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicI64;
use std::time::Duration;

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chromiumoxide_cdp::cdp::browser_protocol::browser::{BrowserContextId, CloseParams};
use chromiumoxide_cdp::cdp::browser_protocol::page;
use chromiumoxide_types::Command;
use tokio::task::JoinSet;
use walkon_core::dial::Dial;
use walkon_core::gesture::{Gesture, Point, Rect};
use walkon_core::outline::Part;
use walkon_core::step::Locator;
use walkon_core::storage_state::StorageState;

use super::hub::Hub;
use super::identity::Identity;
use super::notes::Notes;
use super::place::Place;
use super::shared::Tenancy;
use super::wire::Wire;
use super::world::World;
use super::{input, locate, navigate, storage, tree, upload};
use crate::driver::chromium::process::Process;
use crate::driver::{
    Arrival, CALL_MAX, Error, Fidelity, NAVIGATION_MAX, Node, Read, Session, SessionSpec, Upload,
};

/// The quality of a picture: text stays readable, a page takes some 60 KiB.
const JPEG_QUALITY: i64 = 60;

/// What a session lives in.
pub(super) enum Home {
    /// A browser of its own, and the loops that speak to it.
    Own { process: Process, _loops: JoinSet<()> },
    /// A part of a shared one.
    Shared(Tenancy),
}

/// One live browser.
pub(super) struct CdpSession {
    pub(super) hub: Arc<Hub>,
    /// The browser context that is its own; `None`: the browser's only one.
    pub(super) context: Option<BrowserContextId>,
    pub(super) world: World,
    /// One question to the accessibility tree at a time: of two at once pages crashed, or gave no
    /// answer.
    pub(super) asking_tree: tokio::sync::Mutex<()>,
    /// The modifier keys that are down, as the protocol counts them.
    pub(super) modifiers: AtomicI64,
    /// One navigation at a time.
    pub(super) navigating: tokio::sync::Mutex<()>,
    /// The longest a navigation may take.
    pub(super) navigation_max: Duration,
    /// Where files wait that a page is to be given.
    pub(super) scratch: PathBuf,
    /// Its page is not told of the device. For the test that it is found out.
    pub(super) undressed: bool,
    dial: Arc<dyn Dial>,
    home: Home,
}

impl CdpSession {
    /// What takes a session's events.
    pub(super) fn hub(wire: Wire, identity: Identity, spec: &SessionSpec) -> Arc<Hub> {
        let notes = Notes::new(spec.recorder.clone());
        Arc::new(Hub::new(wire, identity, notes, spec.gate.clone(), spec.dial.clone()))
    }

    /// A session that is not spoken to yet.
    pub(super) fn new(hub: Arc<Hub>, spec: &SessionSpec, home: Home) -> Self {
        Self {
            hub,
            context: None,
            world: World::default(),
            asking_tree: tokio::sync::Mutex::default(),
            modifiers: AtomicI64::new(0),
            navigating: tokio::sync::Mutex::default(),
            navigation_max: NAVIGATION_MAX,
            scratch: spec.folder.join("tmp"),
            undressed: false,
            dial: spec.dial.clone(),
            home,
        }
    }

    /// Sends the page a command and waits for the answer.
    pub(super) async fn ask<T: Command>(&self, command: &T) -> Result<T::Response, Error> {
        let page = self.page()?;
        self.hub.wire.call(Some(&page), command, CALL_MAX).await
    }

    /// The page's CDP session.
    pub(super) fn page(&self) -> Result<String, Error> {
        let place = self.hub.place.borrow();
        if place.crashed {
            return Err(Error::Crashed);
        }
        place.session.clone().ok_or_else(|| Error::Dead("it has no page".to_owned()))
    }

    /// Waits until the browser has a page.
    pub(super) async fn page_there(&self, within: Duration) -> Result<(), Error> {
        let there = |place: &Place| place.session.is_some() || place.ended;
        let mut place = self.hub.place.subscribe();
        let waited = tokio::time::timeout(within, place.wait_for(there)).await;
        let slow = |_| Error::Slow { call: "open".to_owned(), ms: within.as_millis() as u64 };
        drop(waited.map_err(slow)?);
        self.page().map(|_| ())
    }
}

/// Closes a browser cleanly; kills it where that takes too long.
pub(super) async fn shut(wire: &Wire, process: &Process) {
    let closing = async {
        if wire.call(None, &CloseParams::default(), CALL_MAX).await.is_err() {
            // It is not spoken to any more, or gone already.
            process.kill();
        }
        process.gone().await;
    };
    if tokio::time::timeout(CALL_MAX, closing).await.is_err() {
        wire.end("it was killed");
        process.kill();
        let _ = tokio::time::timeout(CALL_MAX, process.gone()).await;
    }
}

/// What takes several commands is bounded as a whole.
async fn bounded<T>(call: &str, work: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
    let slow = |_| Error::Slow { call: call.to_owned(), ms: CALL_MAX.as_millis() as u64 };
    tokio::time::timeout(CALL_MAX, work).await.map_err(slow)?
}

#[async_trait]
impl Session for CdpSession {
    async fn navigate(&self, url: &str) -> Result<Arrival, Error> {
        navigate::navigate(self, url).await
    }

    async fn locate(&self, locator: &Locator) -> Result<Vec<Node>, Error> {
        bounded("locate", locate::locate(self, None, locator)).await
    }

    async fn locate_each(&self, locators: &[&Locator]) -> Result<Vec<Vec<Node>>, Error> {
        bounded("locate", locate::locate_each(self, locators)).await
    }

    async fn locate_in(&self, node: &Node, locator: &Locator) -> Result<Vec<Node>, Error> {
        bounded("locate", locate::locate(self, Some(node), locator)).await
    }

    async fn quad(&self, node: &Node) -> Result<Option<Rect>, Error> {
        bounded("quad", locate::quad(self, node)).await
    }

    async fn hittable(&self, node: &Node) -> Result<bool, Error> {
        bounded("hittable", locate::hittable(self, node, None)).await
    }

    async fn hits(&self, node: &Node, at: Point) -> Result<bool, Error> {
        bounded("hits", locate::hittable(self, node, Some(at))).await
    }

    async fn changed(&self, within: Duration) {
        tokio::select! {
            // A page that goes elsewhere is given the time to.
            Ok(()) = self.world.change(self, within) => {}
            () = tokio::time::sleep(within) => {}
        }
    }

    async fn enabled(&self, node: &Node) -> Result<bool, Error> {
        bounded("enabled", locate::enabled(self, node)).await
    }

    async fn upload(&self, node: &Node, file: &Upload) -> Result<(), Error> {
        bounded("upload", upload::upload(self, node, file)).await
    }

    async fn dispatch(&self, gesture: &Gesture) -> Result<Fidelity, Error> {
        input::dispatch(self, gesture).await
    }

    async fn read(&self, what: &Read) -> Result<Option<String>, Error> {
        bounded("read", locate::read(self, what)).await
    }

    async fn outline(&self) -> Result<Vec<Part>, Error> {
        bounded("outline", tree::outline(self)).await
    }

    async fn capture(&self) -> Result<Vec<u8>, Error> {
        let picture = page::CaptureScreenshotParams {
            format: Some(page::CaptureScreenshotFormat::Jpeg),
            quality: Some(JPEG_QUALITY),
            optimize_for_speed: Some(true),
            ..Default::default()
        };
        let picture = self.ask(&picture).await?.data;
        STANDARD.decode(AsRef::<str>::as_ref(&picture)).map_err(|error| Error::Protocol {
            call: "Page.captureScreenshot".to_owned(),
            why: error.to_string(),
        })
    }

    async fn trim(&self) {
        navigate::trim(self).await;
    }

    async fn park(&self) -> Result<(), Error> {
        navigate::park(self).await
    }

    async fn memory(&self) -> Option<u64> {
        match &self.home {
            Home::Own { process, .. } => process.memory().await,
            Home::Shared(tenancy) => tenancy.memory().await,
        }
    }

    async fn state(&self) -> Result<StorageState, Error> {
        bounded("state", storage::state(self)).await
    }

    async fn close(self: Box<Self>) {
        self.dial.shut();
        match &self.home {
            Home::Own { process, .. } => shut(&self.hub.wire, process).await,
            Home::Shared(tenancy) => tenancy.leave().await,
        }
        if self.hub.unknown() > 0 {
            self.hub.notes.log(format!("{} events could not be read", self.hub.unknown()));
        }
    }

    fn kill(&self) {
        self.dial.shut();
        self.hub.wire.end("it was killed");
        match &self.home {
            Home::Own { process, .. } => process.kill(),
            Home::Shared(tenancy) => tenancy.end(),
        }
    }

    fn is_dead(&self) -> bool {
        self.hub.wire.is_dead()
    }
}

impl Drop for CdpSession {
    fn drop(&mut self) {
        // After a close there is nothing left and this does nothing.
        self.kill();
    }
}
