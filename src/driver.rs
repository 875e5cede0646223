//! The browser vocabulary: what a worker may ask of a browser, in our words.
//!
//! A [`Driver`] starts browsers; a [`Session`] is one live browser of one account. A driver is
//! always spawned, never connected to. Every call is bounded: it answers or fails within
//! [`CALL_MAX`] (navigation: [`NAVIGATION_MAX`]), also when the browser or its renderer is dead.
//!
//! What a worker asks is a closed list: there is no way to run script in a page from here.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures_util::future::try_join_all;
use walkon_core::device::Device;
use walkon_core::dial::Dial;
use walkon_core::gate::Gate;
use walkon_core::gesture::{Gesture, Point, Rect};
use walkon_core::id::{AccountId, SiteId};
use walkon_core::outline::Part;
use walkon_core::recorder::Recorder;
use walkon_core::step::Locator;
use walkon_core::storage_state::StorageState;

pub mod cdp;
mod chromium;
#[cfg(feature = "demo")]
pub mod fake;
pub mod webdriver;

/// The longest a call may take.
pub const CALL_MAX: Duration = Duration::from_secs(10);
/// The longest a navigation may take.
pub const NAVIGATION_MAX: Duration = Duration::from_secs(20);

/// What a session is opened with.
#[derive(Clone)]
pub struct SessionSpec {
    /// As whom.
    pub account: AccountId,
    /// The account's IANA time zone, which pages see.
    pub time_zone: String,
    /// From which device.
    pub device: Device,
    /// How to reach whoever runs this fleet; it goes into the user agent.
    pub contact: Option<String>,
    /// The session's own folder: profile, scratch and the browser's log live under it.
    pub folder: PathBuf,
    /// What makes it signed in.
    pub state: Option<StorageState>,
    /// Certificates in PEM that are trusted besides the browser's own: those of the site's own
    /// authority.
    pub roots: Option<String>,
    /// Carries its connections out.
    pub dial: Arc<dyn Dial>,
    /// Judges its requests.
    pub gate: Arc<dyn Gate>,
    /// Takes down what happens.
    pub recorder: Arc<dyn Recorder>,
    /// With whom it may share a browser; `None`: with nobody.
    pub pack: Option<Pack>,
}

/// Which accounts may share a browser: those of one site, as long as device, time zone, contact and
/// roots are the same too, which a browser has from its start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pack {
    /// The site.
    pub site: SiteId,
    /// Where shared browsers have their folders.
    pub folder: PathBuf,
}

/// Where a navigation ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Arrival {
    /// The address after redirects.
    pub url: String,
    /// The HTTP status of the page; `None` where the browser showed it from itself.
    pub status: Option<u16>,
    /// `Retry-After` in seconds, where the site sent one.
    pub retry_after: Option<u64>,
}

/// An element of the present document; good until the page navigates.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Node(pub i64);

/// What may be read of a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Read {
    /// The page's address.
    Url,
    /// The page's title.
    Title,
    /// The visible text of an element.
    Text(Node),
    /// An attribute of an element; nothing if it has none.
    Attribute(Node, String),
    /// What a field holds; of a `<select>`, the text of what is chosen.
    Value(Node),
    /// `x y width height document_height` of the viewport in CSS pixels, the first two scrolled.
    Viewport,
}

/// A file that is put into a file field.
#[derive(Clone, PartialEq, Eq)]
pub struct Upload {
    /// Its name, which the page sees: no path.
    pub name: String,
    /// What is in it.
    pub bytes: Vec<u8>,
}

/// How well a gesture was carried out.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Fidelity {
    /// How long after its moment each event was written to the browser, in milliseconds.
    pub late_ms: Vec<f64>,
}

impl Fidelity {
    /// The greatest lateness, in milliseconds.
    pub fn late_ms_max(&self) -> f64 {
        self.late_ms.iter().copied().fold(0.0, f64::max)
    }
}

/// Why a browser did not do as asked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no browser to start.
    #[error("no browser was found: looked for {0}")]
    Missing(String),
    /// There is no WebDriver server to start.
    #[error("no chromedriver was found: looked for {0}")]
    NoServer(String),
    /// It did not start.
    #[error("the browser did not start: {0}")]
    Start(String),
    /// Its jail could not be made.
    #[error("the browser's jail could not be made: {0}")]
    Jail(String),
    /// The browser is gone.
    #[error("the browser ended: {0}")]
    Dead(String),
    /// The page's renderer crashed; the browser lives.
    #[error("the page crashed")]
    Crashed,
    /// It did not answer in time.
    #[error("no answer to `{call}` within {ms} ms")]
    Slow {
        /// What was asked.
        call: String,
        /// How long was waited.
        ms: u64,
    },
    /// The page could not be reached.
    #[error("could not open {url}: {why}")]
    Unreachable {
        /// The address.
        url: String,
        /// As the browser says it.
        why: String,
    },
    /// The gate let a request through to nowhere.
    #[error("refused to leave for {url}: {why}")]
    Refused {
        /// The address.
        url: String,
        /// Why.
        why: String,
    },
    /// The page does not see the account's device.
    #[error("the browser shows another device than the account's: {0}")]
    Differs(String),
    /// This driver cannot do what the account or its site needs, and does not do half of it.
    #[error("the driver `webdriver` cannot do what is needed here: {0}")]
    Unable(String),
    /// The element is no longer there.
    #[error("the element is gone from the page")]
    Gone,
    /// The browser refused a call.
    #[error("the browser refused `{call}`: {why}")]
    Protocol {
        /// What was asked.
        call: String,
        /// Its answer.
        why: String,
    },
    /// The browser's user cannot get to the session's folder.
    #[error("the browser's user ({uid}) may not pass through {}", path.display())]
    Closed {
        /// The folder that is closed to it.
        path: PathBuf,
        /// The user.
        uid: u32,
    },
    /// A file or folder of the session could not be used.
    #[error("could not use the session's folder")]
    Folder(#[source] std::io::Error),
}

impl Error {
    /// What to do about it, where a person can do something.
    pub fn remedy(&self) -> Option<&'static str> {
        match self {
            Self::Missing(_) => Some("install `chromium-headless-shell`, or set `browser.path`"),
            Self::NoServer(_) => Some(
                "install `chromium-driver` of the browser's own version, set \
                 `browser.chromedriver`, or set `browser.driver = \"cdp\"`",
            ),
            Self::Unable(_) => Some(
                "set `browser.driver = \"cdp\"`: it judges and signs each request, and emulates \
                 devices",
            ),
            Self::Jail(_) => Some(
                "allow user namespaces (`sysctl kernel.unprivileged_userns_clone=1`); \
                 for loopback development only, set `browser.allow_no_jail`",
            ),
            Self::Closed { .. } => Some(
                "put the data folder where every user may pass, such as /var/lib/walkon, \
                 or start walkon as an ordinary user",
            ),
            Self::Differs(_) => Some(
                "check the device (`walkon profile check`) and the browser's version; nothing was \
                 done as the account",
            ),
            Self::Folder(_) => Some("make room on the disk and check the data folder's owner"),
            _ => None,
        }
    }
}

/// Starts browsers.
#[async_trait]
pub trait Driver: Send + Sync {
    /// Opens a browser for one account, or its part of a shared one, signed in as its state says,
    /// on an empty page.
    async fn open(&self, spec: SessionSpec) -> Result<Box<dyn Session>, Error>;
    /// Bytes of memory that a browser takes of which nothing is known yet; `None`: so little that
    /// nobody counts it.
    fn takes(&self) -> Option<u64> {
        None
    }
}

/// One live browser of one account, or its part of a shared one.
#[async_trait]
pub trait Session: Send + Sync {
    /// Goes to an address and waits until the page has loaded.
    async fn navigate(&self, url: &str) -> Result<Arrival, Error>;
    /// Every element that the locator matches, in document order.
    async fn locate(&self, locator: &Locator) -> Result<Vec<Node>, Error>;
    /// The same for several locators at about the same moment; drivers look for together what they
    /// can.
    async fn locate_each(&self, locators: &[&Locator]) -> Result<Vec<Vec<Node>>, Error> {
        try_join_all(locators.iter().map(|locator| self.locate(locator))).await
    }
    /// Every element that matches inside another one.
    async fn locate_in(&self, node: &Node, locator: &Locator) -> Result<Vec<Node>, Error>;
    /// The element's box in the viewport; `None`: it is not rendered.
    async fn quad(&self, node: &Node) -> Result<Option<Rect>, Error>;
    /// Whether a click at the middle of the element's visible part would reach it.
    async fn hittable(&self, node: &Node) -> Result<bool, Error>;
    /// Whether a click at that point of the viewport would: a round button has no corners.
    async fn hits(&self, node: &Node, at: Point) -> Result<bool, Error>;
    /// Whether the element can be used: neither disabled nor said to be.
    async fn enabled(&self, node: &Node) -> Result<bool, Error>;
    /// Waits until the page may show something else than before, so long at most. A driver that
    /// cannot tell waits it out.
    async fn changed(&self, within: Duration) {
        tokio::time::sleep(within).await;
    }
    /// Puts a file into a file field, as the browser's own picker would.
    async fn upload(&self, node: &Node, file: &Upload) -> Result<(), Error>;
    /// Carries out a gesture by absolute deadlines; moves are not awaited.
    async fn dispatch(&self, gesture: &Gesture) -> Result<Fidelity, Error>;
    /// Reads something of the page; `None`: it is not there.
    async fn read(&self, what: &Read) -> Result<Option<String>, Error>;
    /// What a screen reader would announce of the page, in document order, a few hundred at most.
    async fn outline(&self) -> Result<Vec<Part>, Error>;
    /// A picture of the viewport, as JPEG.
    async fn capture(&self) -> Result<Vec<u8>, Error>;
    /// Gives back what memory the page does not need, since nobody will act on it for a while.
    async fn trim(&self) {}
    /// Goes to an empty page, so that nothing of the site runs; it stays signed in.
    async fn park(&self) -> Result<(), Error>;
    /// Bytes of memory that its processes take, a page shared by several counted by each one's
    /// share (PSS); of a shared browser, an equal part. `None`: the system does not say.
    async fn memory(&self) -> Option<u64> {
        None
    }
    /// The storage state as it is now.
    async fn state(&self) -> Result<StorageState, Error>;
    /// Closes the browser cleanly, within [`CALL_MAX`]; kills it otherwise.
    async fn close(self: Box<Self>);
    /// Kills it at once, with everything it started; of a shared browser, this account's part.
    fn kill(&self);
    /// Whether it has ended by itself.
    fn is_dead(&self) -> bool;
}
