//! Chromium, spoken to in W3C WebDriver through a `chromedriver` of our own.
//!
//! [`WebDriver`] starts one `chromedriver` an account in a jail ([`crate::jail`]), which starts the
//! browser beside it; the relay is their only way out, and the jail's own ways in (`door`) the only
//! way to them. It is for whoever must act through the standard protocol. It cannot judge a single
//! request, nor emulate a device: where an account needs that, `unable` refuses to open it, and
//! names the driver that can.
//!
//! From the socket up: `door` connects, `talk` bounds each command and says what its errors mean,
//! `vendor` is the closed list of commands that are chromedriver's and not the standard's, and
//! `navigate`, `locate`, `input` and `storage` are what a session can do.

use async_trait::async_trait;

use super::chromium::options::Options;
use super::chromium::{self, Host, agent, flags, process};
use super::{Driver, Error, NAVIGATION_MAX, Session, SessionSpec};
use crate::jail::Inmate;

mod capabilities;
mod door;
mod elements;
mod input;
mod keys;
mod locate;
mod navigate;
mod session;
mod start;
mod storage;
mod talk;
mod unable;
mod vendor;
mod watch;

use door::Door;

/// What a browser and its server take of which nothing is known.
const TAKES: u64 = 112 << 20;
/// How many ways in there are: one connection is used, and another may be made while that ends.
const WAYS_IN: usize = 4;
/// Where the server listens; nobody else does in its namespace.
const PORT: u16 = 9515;

/// Starts Chromium behind a server of its own, one of each an account. Sessions end with it.
pub struct WebDriver {
    host: Host,
}

impl WebDriver {
    /// A driver; nothing is started yet.
    pub fn new(options: Options) -> Result<Self, Error> {
        Ok(Self { host: Host::new(options)? })
    }

    /// The versions of the browser and of the server on this host.
    pub async fn versions(&self) -> Result<(String, String), Error> {
        let (browser, server) = (self.host.options.browser()?, self.host.options.chromedriver()?);
        let version = self.host.version(&browser).await?.to_owned();
        Ok((version, chromium::version_of(&server).await?))
    }

    /// Opens a browser.
    async fn open_session(&self, spec: SessionSpec) -> Result<session::WebSession, Error> {
        unable::check(&spec)?;
        let options = &self.host.options;
        let (browser, server) = (options.browser()?, options.chromedriver()?);
        let version = self.host.version(&browser).await?;
        let contact = spec.contact.as_deref();
        let agent = agent::user_agent(&spec.device, agent::PRODUCT, version, contact);
        let folder = self.host.folder(&spec).await?;
        let word = start::word()?;
        let mut cell = self.host.cell(server, &spec, &folder);
        cell.args = start::command_line(&word, &folder);
        start::temporary(&folder, &mut cell.env);
        cell.ways_in = WAYS_IN;
        let (inmate, _) = self.host.spawn(cell).await?;
        let Inmate { child, listeners, ways_in, .. } = inmate;
        let (process, keeper) = process::keep(child, folder.clone());
        self.host.keep(keeper);
        let listener = listeners.into_iter().next();
        let listener = listener.ok_or_else(|| Error::Jail("it has no way out".to_owned()))?;
        let port = listener.local_addr().map_err(Error::Folder)?.port().to_string();
        spec.dial.serve(listener);
        let switches = flags::switches(&spec.device, &agent, &folder, options, &port, false);
        let within = options.navigation_max.unwrap_or(NAVIGATION_MAX);
        let asked = capabilities::capabilities(&browser, &switches, within)?;
        let door = Door::new(ways_in, PORT);
        let started = start::start(&spec, &door, &word, asked, process, &agent, within).await;
        started.map_err(|error| chromium::with_last_words(error, &folder))
    }
}

#[async_trait]
impl Driver for WebDriver {
    fn takes(&self) -> Option<u64> {
        Some(TAKES)
    }

    async fn open(&self, spec: SessionSpec) -> Result<Box<dyn Session>, Error> {
        Ok(Box::new(self.open_session(spec).await?))
    }
}
