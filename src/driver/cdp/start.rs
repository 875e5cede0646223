//! The first words with a new browser: nothing leaves it before its requests are judged.

use std::time::Duration;

use chromiumoxide_cdp::cdp::browser_protocol::{
    browser, dom_storage, fetch, inspector, network, page,
};
use chromiumoxide_cdp::cdp::js_protocol::runtime;
use chromiumoxide_types::Command;

use super::hub::auto_attach;
use super::session::CdpSession;
use super::storage;
use crate::driver::{Error, SessionSpec};

/// How long a browser may take to start; 100 ms is usual, a busy machine takes seconds.
const START_MAX: Duration = Duration::from_secs(20);

/// Makes a browser that just started ready: judged, dressed, signed in, on an empty page.
pub(super) async fn start(session: &CdpSession, spec: &SessionSpec) -> Result<(), Error> {
    let wire = &session.hub.wire;
    let mut downloads =
        browser::SetDownloadBehaviorParams::new(browser::SetDownloadBehaviorBehavior::Deny);
    downloads.events_enabled = Some(true);
    let everything =
        fetch::RequestPattern { url_pattern: Some("*".to_owned()), ..Default::default() };
    let judged = fetch::EnableParams { patterns: Some(vec![everything]), ..Default::default() };
    let judged = wire.begin(None, &judged);
    let denied = wire.begin(None, &downloads);
    let attached = wire.begin(None, &auto_attach());
    judged.answer(START_MAX).await?;
    // From here on every request is judged, so the relay may answer.
    spec.dial.open();
    denied.answer(START_MAX).await?;
    attached.answer(START_MAX).await?;
    session.page_there(START_MAX).await?;
    dress(session).await?;
    storage::restore(session, spec.state.as_ref()).await
}

/// Lets the page see its device, and asks for its events. One trip: all is sent, then awaited.
async fn dress(session: &CdpSession) -> Result<(), Error> {
    let identity = &session.hub.identity;
    tokio::try_join!(
        ask(session, identity.agent.clone()),
        ask(session, identity.time_zone.clone()),
        ask(session, identity.locale.clone()),
        ask(session, identity.media.clone()),
        ask(session, identity.metrics.clone()),
        ask(session, identity.touch.clone()),
        ask(session, inspector::EnableParams::default()),
        ask(session, page::EnableParams::default()),
        ask(session, page::SetLifecycleEventsEnabledParams::new(true)),
        ask(session, network::EnableParams::default()),
        ask(session, runtime::EnableParams::default()),
        ask(session, dom_storage::EnableParams::default()),
        ask(session, auto_attach()),
    )?;
    Ok(())
}

async fn ask<T: Command>(session: &CdpSession, command: T) -> Result<(), Error> {
    session.ask(&command).await.map(|_| ())
}
