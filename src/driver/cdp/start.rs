//! The first words with a new browser, or in a new context of a shared one: nothing leaves it
//! before its requests are judged.

use std::time::Duration;

use chromiumoxide_cdp::cdp::browser_protocol::browser::BrowserContextId;
use chromiumoxide_cdp::cdp::browser_protocol::{
    browser, dom_storage, fetch, inspector, network, page, target,
};
use chromiumoxide_cdp::cdp::js_protocol::runtime;
use chromiumoxide_types::Command;

use super::agrees;
use super::hub::auto_attach;
use super::session::CdpSession;
use super::storage;
use super::wire::{Call, Wire};
use crate::driver::chromium::PROMPTED;
use crate::driver::{Error, SessionSpec};

/// How long a browser may take to start; 100 ms is usual, a busy machine takes seconds.
const START_MAX: Duration = Duration::from_secs(20);

/// Pauses every request of the browser, so that it can be judged.
fn pause(wire: &Wire) -> Call<fetch::EnableParams> {
    let everything =
        fetch::RequestPattern { url_pattern: Some("*".to_owned()), ..Default::default() };
    let paused = fetch::EnableParams {
        patterns: Some(vec![everything]),
        // A site may ask for a name and a password before it shows anything.
        handle_auth_requests: Some(true),
    };
    wire.begin(None, &paused)
}

/// Denies downloads and whatever pages would prompt for, in a context or (`None`) the only one.
fn deny(
    wire: &Wire,
    context: Option<&BrowserContextId>,
) -> Call<browser::SetDownloadBehaviorParams> {
    for name in PROMPTED {
        let name = browser::PermissionDescriptor::new(name);
        let mut deny = browser::SetPermissionParams::new(name, browser::PermissionSetting::Denied);
        deny.browser_context_id = context.cloned();
        // An older browser may not know one of them.
        wire.post(None, &deny);
    }
    let mut downloads =
        browser::SetDownloadBehaviorParams::new(browser::SetDownloadBehaviorBehavior::Deny);
    downloads.browser_context_id = context.cloned();
    downloads.events_enabled = Some(true);
    wire.begin(None, &downloads)
}

/// Makes a shared browser that just started ready for its first account: all requests wait.
pub(super) async fn judge(wire: &Wire) -> Result<(), Error> {
    let (paused, attached) = (pause(wire), wire.begin(None, &auto_attach()));
    paused.answer(START_MAX).await?;
    attached.answer(START_MAX).await?;
    Ok(())
}

/// Makes a browser that just started ready: judged, dressed, signed in, on an empty page.
pub(super) async fn start(session: &CdpSession, spec: &SessionSpec) -> Result<(), Error> {
    let wire = &session.hub.wire;
    let paused = pause(wire);
    let denied = deny(wire, None);
    let attached = wire.begin(None, &auto_attach());
    paused.answer(START_MAX).await?;
    // From here on every request is judged, so the relay may answer.
    spec.dial.open();
    denied.answer(START_MAX).await?;
    attached.answer(START_MAX).await?;
    settle(session, spec).await
}

/// Makes a new context of a shared browser, in which all requests wait, ready in the same way.
pub(super) async fn join(session: &CdpSession, spec: &SessionSpec) -> Result<(), Error> {
    let wire = &session.hub.wire;
    spec.dial.open();
    let denied = deny(wire, session.context.as_ref());
    let mut page = target::CreateTargetParams::new("about:blank");
    page.browser_context_id.clone_from(&session.context);
    let page = wire.begin(None, &page);
    denied.answer(START_MAX).await?;
    page.answer(START_MAX).await?;
    settle(session, spec).await
}

/// Dresses the page once it is there, holds it to the device, and signs it in.
async fn settle(session: &CdpSession, spec: &SessionSpec) -> Result<(), Error> {
    session.page_there(START_MAX).await?;
    dress(session).await?;
    agrees::check(session, spec).await?;
    storage::restore(session, spec.state.as_ref()).await
}

/// Lets the page see its device, and asks for its events. One trip: all is sent, then awaited.
async fn dress(session: &CdpSession) -> Result<(), Error> {
    let identity = &session.hub.identity;
    if session.undressed {
        return Ok(());
    }
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
