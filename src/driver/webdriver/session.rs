//! A session: one live browser behind its server, and the worker's handle to its page.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tokio::task::JoinSet;
use walkon_core::dial::Dial;
use walkon_core::gate::Gate;
use walkon_core::gesture::{Gesture, Point, Rect};
use walkon_core::outline::Part;
use walkon_core::step::Locator;
use walkon_core::storage_state::StorageState;

use super::elements::Elements;
use super::input::Hand;
use super::storage::Kept;
use super::talk::{Command, Talk};
use super::watch::Place;
use super::{input, locate, navigate, storage, vendor};
use crate::driver::chromium::handing;
use crate::driver::{Arrival, CALL_MAX, Error, Fidelity, Node, Read, Session, SessionSpec, Upload};

/// The quality of a picture: text stays readable, a page takes some 60 KiB.
const JPEG_QUALITY: u32 = 60;

/// One live browser.
pub(super) struct WebSession {
    pub(super) talk: Talk,
    pub(super) gate: Arc<dyn Gate>,
    pub(super) recorder: Arc<dyn walkon_core::recorder::Recorder>,
    /// What `localStorage` holds, as far as it was seen.
    pub(super) kept: Mutex<Kept>,
    /// Where the page was sent last.
    pub(super) place: Arc<Place>,
    /// The window of the page; others are closed.
    pub(super) window: String,
    /// The longest a navigation may take.
    pub(super) navigation_max: Duration,
    /// One gesture at a time.
    pub(super) hand: tokio::sync::Mutex<Hand>,
    elements: Mutex<Elements>,
    scratch: PathBuf,
    dial: Arc<dyn Dial>,
    _watch: JoinSet<()>,
}

impl WebSession {
    /// A session that was begun in `window`.
    pub(super) fn new(
        talk: Talk,
        spec: &SessionSpec,
        window: String,
        navigation_max: Duration,
    ) -> Self {
        let place = Arc::new(Place::default());
        let mut watch = JoinSet::new();
        let (gate, dial, recorder) = (spec.gate.clone(), spec.dial.clone(), spec.recorder.clone());
        watch.spawn(super::watch::watch(
            place.clone(),
            gate.clone(),
            dial.clone(),
            recorder.clone(),
        ));
        Self {
            talk,
            gate,
            recorder,
            kept: Mutex::default(),
            place,
            window,
            navigation_max,
            hand: tokio::sync::Mutex::default(),
            elements: Mutex::default(),
            scratch: spec.folder.join("tmp"),
            dial,
            _watch: watch,
        }
    }

    /// The elements that are known by number.
    pub(super) fn elements(&self) -> MutexGuard<'_, Elements> {
        self.elements.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn give(&self, node: &Node, file: &Upload) -> Result<(), Error> {
        let id = self.elements().id(node)?;
        let folder = self.scratch.join(format!("upload-{}", node.0));
        let path = handing::write(folder, file).await?;
        // To a file's field a path is given as if it were typed.
        let body = serde_json::json!({ "text": path.display().to_string() });
        let command = Command::post(&format!("element/{id}/value"), body);
        self.talk.ask("upload", CALL_MAX, &command).await.map(drop)
    }

    async fn picture(&self) -> Result<Vec<u8>, Error> {
        let picture = vendor::picture(&self.talk, JPEG_QUALITY).await?;
        STANDARD
            .decode(picture)
            .map_err(|error| Error::Protocol { call: "capture".to_owned(), why: error.to_string() })
    }
}

/// What takes several commands is bounded as a whole.
async fn bounded<T>(call: &str, work: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
    let slow = |_| Error::Slow { call: call.to_owned(), ms: CALL_MAX.as_millis() as u64 };
    tokio::time::timeout(CALL_MAX, work).await.map_err(slow)?
}

#[async_trait]
impl Session for WebSession {
    async fn navigate(&self, url: &str) -> Result<Arrival, Error> {
        navigate::navigate(self, url).await
    }

    async fn locate(&self, locator: &Locator) -> Result<Vec<Node>, Error> {
        bounded("locate", locate::locate(self, None, locator)).await
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

    async fn enabled(&self, node: &Node) -> Result<bool, Error> {
        bounded("enabled", locate::enabled(self, node)).await
    }

    async fn upload(&self, node: &Node, file: &Upload) -> Result<(), Error> {
        bounded("upload", self.give(node, file)).await
    }

    async fn dispatch(&self, gesture: &Gesture) -> Result<Fidelity, Error> {
        input::dispatch(self, gesture).await
    }

    async fn read(&self, what: &Read) -> Result<Option<String>, Error> {
        bounded("read", locate::read(self, what)).await
    }

    async fn outline(&self) -> Result<Vec<Part>, Error> {
        bounded("outline", locate::outline(self)).await
    }

    async fn capture(&self) -> Result<Vec<u8>, Error> {
        bounded("capture", self.picture()).await
    }

    async fn park(&self) -> Result<(), Error> {
        navigate::park(self).await
    }

    async fn memory(&self) -> Option<u64> {
        let process = self.talk.process().clone();
        process.memory().await
    }

    async fn state(&self) -> Result<StorageState, Error> {
        bounded("state", storage::state(self)).await
    }

    async fn close(self: Box<Self>) {
        self.dial.shut();
        let _ = tokio::time::timeout(CALL_MAX, self.talk.end()).await;
        // The server outlives its session.
        self.talk.kill();
        let _ = tokio::time::timeout(CALL_MAX, self.talk.process().gone()).await;
    }

    fn kill(&self) {
        self.talk.kill();
    }

    fn is_dead(&self) -> bool {
        self.talk.is_dead()
    }
}

impl Drop for WebSession {
    fn drop(&mut self) {
        // After a close there is nothing left and this does nothing.
        self.talk.kill();
    }
}
