//! Chromium, spoken to in its own protocol over a pipe.
//!
//! [`CdpDriver`] starts one browser an account, in a jail of its own ([`crate::jail`]), and hands
//! out a `Session` (`session`); where accounts may share one, each gets a context of its own in it
//! (`shared`, chosen by `packs`, its events brought apart by `sorter`). From the pipe up: `wire`
//! moves messages, `hub` handles events and keeps what calls wait for, and `navigate`, `locate`,
//! `input` and `storage` are what a session can do. A browser that dies fails every call at once;
//! nothing here waits without a bound.

use std::sync::Arc;

use async_trait::async_trait;
use tokio::task::JoinSet;
use walkon_core::device::Device;

use super::chromium::{self, Host};
use super::{Driver, Error, NAVIGATION_MAX, Pack, Session, SessionSpec};

mod agrees;
mod departures;
mod hub;
mod identity;
mod input;
mod judged;
mod keys;
mod launch;
mod locate;
mod mirror;
mod navigate;
mod notes;
mod observe;
mod packs;
mod place;
mod session;
mod shared;
mod sorter;
mod start;
mod storage;
mod tree;
mod upload;
mod wire;
mod world;

pub use super::chromium::options::{Invalid, Options, Packed};
pub use agrees::Told;
pub use observe::Observed;

use hub::Hub;
use identity::Identity;
use session::{CdpSession, Home};
use wire::Wire;

/// What a browser takes of which nothing is known: on the reference page it is some 70 MiB.
const TAKES: u64 = 96 << 20;

/// Starts Chromium, one process an account or one for several. Its sessions end with it.
pub struct CdpDriver {
    host: Host,
    packs: packs::Packs,
}

impl CdpDriver {
    /// A driver; nothing is started yet.
    pub fn new(options: Options) -> Result<Self, Error> {
        Ok(Self { host: Host::new(options)?, packs: packs::Packs::default() })
    }

    /// What a page is told of a device by the browser on this host.
    pub async fn told(&self, device: &Device, contact: Option<&str>) -> Result<Told, Error> {
        let browser = self.host.options.browser()?;
        let version = self.host.version(&browser).await?;
        Ok(agrees::told(device, version, contact))
    }

    /// The version of the browser on this host.
    pub async fn browser_version(&self) -> Result<String, Error> {
        let browser = self.host.options.browser()?;
        self.host.version(&browser).await.map(str::to_owned)
    }

    /// Opens a browser, or a part of a shared one.
    async fn open_session(&self, spec: SessionSpec) -> Result<CdpSession, Error> {
        match &spec.pack {
            None => self.open_own(&spec).await,
            Some(pack) => self.open_shared(&spec, pack).await,
        }
    }

    /// A session with what this driver's sessions have in common.
    fn session(&self, hub: Arc<Hub>, spec: &SessionSpec, home: Home) -> CdpSession {
        let mut session = CdpSession::new(hub, spec, home);
        session.navigation_max = self.host.options.navigation_max.unwrap_or(NAVIGATION_MAX);
        session.undressed = self.host.options.undressed;
        session
    }

    /// Opens a browser of the account's own.
    async fn open_own(&self, spec: &SessionSpec) -> Result<CdpSession, Error> {
        let mut launched = self.launch(spec).await?;
        chromium::tell(spec, launched.unjailed.as_deref());
        launched.doors.drain(..).for_each(|door| spec.dial.serve(door));
        let (agent, version) = (&launched.agent, &launched.version);
        let identity = Identity::new(&spec.device, &spec.time_zone, agent, version);
        let (wire, outbox) = Wire::new();
        let hub = CdpSession::hub(wire.clone(), identity, spec);
        let mut loops = JoinSet::new();
        loops.spawn(wire::write_loop(outbox, launched.input));
        loops.spawn(wire::read_loop(wire, launched.output, hub.clone()));
        let home = Home::Own { process: launched.process, _loops: loops };
        let mut session = self.session(hub, spec, home);
        session.scratch.clone_from(&launched.folder.scratch);
        let ready = start::start(&session, spec).await;
        ready.map_err(|error| chromium::with_last_words(error, &launched.folder))?;
        Ok(session)
    }

    /// Opens a context of the account's own in a browser that it shares.
    async fn open_shared(&self, spec: &SessionSpec, pack: &Pack) -> Result<CdpSession, Error> {
        let tenancy = self.place(spec, pack).await?;
        let shared = tenancy.shared.clone();
        chromium::tell(spec, shared.unjailed.as_deref());
        let failed = |error| chromium::with_last_words(error, &shared.folder);
        let (context, door) = tenancy.move_in().await.map_err(failed)?;
        let (agent, version) = (&shared.agent, &shared.version);
        let identity = Identity::new(&spec.device, &spec.time_zone, agent, version);
        let hub = CdpSession::hub(shared.wire.lane(), identity, spec);
        tenancy.sort(hub.clone());
        spec.dial.serve(door);
        let scratch = tenancy.scratch();
        let mut session = self.session(hub, spec, Home::Shared(tenancy));
        (session.context, session.scratch) = (Some(context), scratch);
        start::join(&session, spec).await.map_err(failed)?;
        Ok(session)
    }
}

#[async_trait]
impl Driver for CdpDriver {
    fn takes(&self) -> Option<u64> {
        Some(TAKES)
    }

    async fn open(&self, spec: SessionSpec) -> Result<Box<dyn Session>, Error> {
        Ok(Box::new(self.open_session(spec).await?))
    }
}
