//! A session against a site, with everything it needs, as a worker would wire it.

use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tempfile::TempDir;
use walkon::driver::cdp::{CdpDriver, Options};
use walkon::driver::webdriver::WebDriver;
use walkon::driver::{Driver, Error, Node, Read, Session, SessionSpec};
use walkon::egress::{Proxy, Relay, RelaySpec};
use walkon_core::device::{ColorScheme, Device, Form};
use walkon_core::gate::{Departure, Gate, Verdict};
use walkon_core::gesture::{Gesture, Input, Point, Timed};
use walkon_core::recorder::{Note, Recorder};
use walkon_core::step::Locator;

use super::skip;

/// Keeps every note.
#[derive(Debug, Default)]
pub(crate) struct Notes(Mutex<Vec<Note>>);

impl Notes {
    pub(crate) fn all(&self) -> Vec<Note> {
        self.0.lock().unwrap().clone()
    }

    /// The sentences among them.
    pub(crate) fn sentences(&self) -> Vec<String> {
        let text = |note| if let Note::Log { text } = note { Some(text) } else { None };
        self.all().into_iter().filter_map(text).collect()
    }
}

impl Recorder for Notes {
    fn note(&self, note: Note) {
        self.0.lock().unwrap().push(note);
    }
    fn picture(&self, _: &str, _: &[u8]) {}
}

/// Refuses paths that begin with `/forbidden`.
pub(crate) struct TestGate;

impl Gate for TestGate {
    fn judge(&self, departure: &Departure<'_>) -> Verdict {
        if departure.url.contains("/forbidden") {
            let why = "the path is not granted".to_owned();
            return Verdict::Refuse { code: "path_not_granted", why };
        }
        Verdict::Pass
    }
}

/// A desktop.
pub(crate) fn desktop() -> Device {
    Device {
        name: "desktop".to_owned(),
        form: Form::Desktop,
        model: None,
        android: None,
        width: 1280,
        height: 720,
        scale: 1.0,
        touch: false,
        languages: vec!["en-US".to_owned(), "en".to_owned()],
        color_scheme: ColorScheme::Light,
    }
}

/// A driver, or nothing where the machine has no browser.
pub(crate) fn driver() -> Option<CdpDriver> {
    driver_with(|_| {})
}

fn options_with(set: impl FnOnce(&mut Options)) -> Options {
    let walkon = Some(env!("CARGO_BIN_EXE_walkon").into());
    let mut options = Options { walkon, ..Options::default() };
    set(&mut options);
    options
}

/// A driver with settings of the test's own.
pub(crate) fn driver_with(set: impl FnOnce(&mut Options)) -> Option<CdpDriver> {
    let options = options_with(set);
    if let Err(error) = options.browser() {
        skip(&error.to_string());
        return None;
    }
    Some(CdpDriver::new(options).unwrap())
}

/// Where shared browsers have their folders.
pub(crate) fn ground() -> TempDir {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::Builder::new().prefix("walkon-it-").tempdir().unwrap();
    std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o711)).unwrap();
    folder
}

/// A driver that speaks WebDriver, or nothing where the machine has none.
pub(crate) fn webdriver_with(set: impl FnOnce(&mut Options)) -> Option<WebDriver> {
    let options = options_with(set);
    if let Err(error) = options.browser().and_then(|_| options.chromedriver()) {
        skip(&error.to_string());
        return None;
    }
    Some(WebDriver::new(options).unwrap())
}

/// A session that is about to be opened.
pub(crate) struct Stand {
    pub(crate) folder: TempDir,
    pub(crate) notes: Arc<Notes>,
    pub(crate) relay: Arc<Relay>,
    pub(crate) spec: SessionSpec,
    rules: RelaySpec,
}

impl Stand {
    pub(crate) fn new(origins: &[&str]) -> Self {
        Self::with_proxy(origins, None)
    }

    pub(crate) fn with_proxy(origins: &[&str], proxy: Option<Proxy>) -> Self {
        let folder = tempfile::Builder::new().prefix("walkon-it-").tempdir().unwrap();
        let notes = Arc::new(Notes::default());
        let rules = RelaySpec {
            allow: origins.iter().map(|origin| origin.parse().unwrap()).collect(),
            granted: Vec::new(),
            loopback_allowed: true,
            private: None,
            proxy,
            recorder: notes.clone(),
        };
        let relay = Arc::new(Relay::new(rules.clone()));
        let spec = SessionSpec {
            account: "ada".parse().unwrap(),
            time_zone: "Europe/Berlin".to_owned(),
            device: desktop(),
            contact: Some("https://fleet.test/bot".to_owned()),
            folder: folder.path().to_owned(),
            state: None,
            roots: None,
            dial: relay.clone(),
            gate: Arc::new(TestGate),
            recorder: notes.clone(),
            pack: None,
        };
        Self { folder, notes, relay, spec, rules }
    }

    /// A relay for the account's next session: one that was shut stays shut.
    pub(crate) fn next_session(&mut self) {
        self.relay = Arc::new(Relay::new(self.rules.clone()));
        self.spec.dial = self.relay.clone();
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) async fn open(&self, driver: &dyn Driver) -> Box<dyn Session> {
        driver.open(self.spec.clone()).await.unwrap()
    }
}

/// The one element that a locator names.
pub(crate) async fn one(session: &dyn Session, locator: &Locator) -> Node {
    let found = session.locate(locator).await.unwrap();
    assert_eq!(found.len(), 1, "{locator} matches {} elements", found.len());
    found[0].clone()
}

/// A click at a point, within some 30 ms.
pub(crate) fn click_at(at: Point) -> Gesture {
    let timed = |at_ms, input| Timed { at_ms, input };
    Gesture(vec![
        timed(0.0, Input::Move(at)),
        timed(10.0, Input::Down(at)),
        timed(30.0, Input::Up(at)),
    ])
}

/// Clicks the one element that a locator names.
pub(crate) async fn click(session: &dyn Session, locator: &Locator) -> Result<(), Error> {
    let node = one(session, locator).await;
    let middle = session.quad(&node).await?.expect("it is rendered").center();
    session.dispatch(&click_at(middle)).await.map(|_| ())
}

/// Waits until a reading is as it should be.
pub(crate) async fn until(session: &dyn Session, what: &Read, is: impl Fn(&str) -> bool) -> String {
    let mut tick = tokio::time::interval(Duration::from_millis(10));
    let mut last = None;
    for _ in 0..1_000 {
        last = session.read(what).await.unwrap();
        if let Some(text) = last.as_deref().filter(|text| is(text)) {
            return text.to_owned();
        }
        tick.tick().await;
    }
    panic!("{what:?} stayed {last:?}");
}
