//! A session as a worker opens one, without the worker.

use std::sync::Arc;

use walkon_core::clock::{Clock as _, SystemClock};
use walkon_core::id::{SessionId, WorkerId};
use walkon_core::recorder::Recorder as _;
use walkon_core::rng::Seed;

use super::{Error, Ground, PAGE};
use crate::driver::{Driver as _, Pack, Read, Session, SessionSpec};
use crate::egress::{Relay, RelaySpec};
use crate::recording::{Head, Recording};
use crate::worker::gate::SiteGate;

/// What its script calls the reference page.
const TITLE: &str = "Reference feed";

/// A browser on the reference page, in its jail, behind relay and gate, its picture taken.
pub(super) struct OnPage {
    pub(super) session: Box<dyn Session>,
    _recording: Arc<Recording>,
    _relay: Arc<Relay>,
}

/// Opens one for the account of that number, its own or, packed, its part of a shared one.
pub(super) async fn open(ground: &Ground, number: usize, packed: bool) -> Result<OnPage, Error> {
    let bundle = ground.bundle(&format!("bench-{number}"), 1.0)?;
    let now = SystemClock.now();
    let rng = &mut Seed(number as u64).rng();
    let (id, worker) = (SessionId::new(now, rng), WorkerId::new(rng));
    let recording = Arc::new(Recording::start(Head::of(&bundle, &id, &worker, now)));
    let relay = Arc::new(Relay::new(RelaySpec {
        allow: ground.plaza.parse().into_iter().collect(),
        granted: Vec::new(),
        loopback_allowed: true,
        private: None,
        proxy: None,
        recorder: recording.clone(),
    }));
    let spec = SessionSpec {
        account: bundle.account.id.clone(),
        time_zone: bundle.account.time_zone.clone(),
        device: bundle.device.clone(),
        contact: None,
        folder: ground.folder.join(bundle.account.id.as_str()),
        state: None,
        roots: bundle.site.roots().map(str::to_owned),
        dial: relay.clone(),
        gate: Arc::new(SiteGate::new(&bundle, Arc::new(SystemClock))),
        recorder: recording.clone(),
        pack: packed.then(|| Pack { site: bundle.site.id.clone(), folder: ground.folder.clone() }),
    };
    let session = ground.driver.open(spec).await?;
    session.navigate(&format!("{}{PAGE}", ground.plaza)).await?;
    // A page whose script does not run would be measured as a light one.
    let title = session.read(&Read::Title).await?.unwrap_or_default();
    if title != TITLE {
        return Err(Error::Action(format!("the reference page does not run: it is {title:?}")));
    }
    recording.picture("before", &session.capture().await?);
    // As the worker does where it reads for a while.
    session.trim().await;
    Ok(OnPage { session, _recording: recording, _relay: relay })
}
