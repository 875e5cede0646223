//! Going to an address, bounded: a navigation that hangs is stopped, and the page stays usable.

use std::time::Duration;

use chromiumoxide_cdp::cdp::browser_protocol::{page, service_worker};
use chromiumoxide_cdp::cdp::js_protocol::heap_profiler::CollectGarbageParams;
use tokio::time::Instant;

use super::place::Place;
use super::session::CdpSession;
use crate::driver::{Arrival, Error};

/// The status of the relay's answer where policy refuses; any other is about the network.
const FORBIDDEN: u16 = 403;

/// How long the browser may take to tell of a move within a document.
const WITHIN_MAX: Duration = Duration::from_secs(1);

/// How a navigation ends whose page is gone, and what the browser calls one that became a download.
const ABORTED: &str = "net::ERR_ABORTED";

/// How long the browser may take to tell of a crash that has ended a navigation.
const CRASH_MAX: Duration = Duration::from_millis(250);

/// Whether the page's renderer has crashed, or is told to have within a moment.
async fn has_crashed(session: &CdpSession) -> bool {
    let mut place = session.hub.place.subscribe();
    let told = place.wait_for(|place| place.crashed);
    matches!(tokio::time::timeout(CRASH_MAX, told).await, Ok(Ok(_)))
}

/// Goes to an address and waits until its document, or the one that replaced it, has loaded.
pub(super) async fn navigate(session: &CdpSession, url: &str) -> Result<Arrival, Error> {
    let unreachable = |why: &str| Error::Unreachable { url: url.to_owned(), why: why.to_owned() };
    // The browser's own pages are not judged by the gate, so they are not opened.
    if !url.starts_with("http://") && !url.starts_with("https://") {
        return Err(unreachable("only http and https addresses can be opened"));
    }
    let _turn = session.navigating.lock().await;
    session.hub.place.send_modify(|place| {
        place.crashed = false;
        place.refused = None;
    });
    match go(session, url).await {
        Ok(None) => {}
        Ok(Some(why)) if why == ABORTED && has_crashed(session).await => {
            return Err(Error::Crashed);
        }
        Ok(Some(why)) => {
            let refused = session.hub.place.borrow().refused.clone();
            return Err(match refused {
                Some((url, why)) => Error::Refused { url, why },
                None => unreachable(&why),
            });
        }
        Err(error) => {
            if matches!(error, Error::Slow { .. }) {
                stop(session).await;
            }
            return Err(error);
        }
    }
    let place = session.hub.place.borrow();
    match (place.relay(), place.status()) {
        (Some(why), Some(FORBIDDEN)) => {
            Err(Error::Refused { url: url.to_owned(), why: why.to_owned() })
        }
        (Some(why), _) => Err(unreachable(why)),
        (None, _) => Ok(place.arrival()),
    }
}

/// Navigates and waits for the load; answers why the browser could not, if it could not.
pub(super) async fn go(session: &CdpSession, url: &str) -> Result<Option<String>, Error> {
    let within = session.navigation_max;
    let slow = || Error::Slow { call: "navigate".to_owned(), ms: within.as_millis() as u64 };
    let until = Instant::now() + within;
    let page = session.page()?;
    let mut place = session.hub.place.subscribe();
    let call = session.hub.wire.begin(Some(&page), &page::NavigateParams::new(url));
    let begun = match call.answer(within).await {
        Err(Error::Slow { .. }) => return Err(slow()),
        other => other?,
    };
    if let Some(why) = begun.error_text.filter(|why| !why.is_empty()) {
        return Ok(Some(why));
    }
    // Without a loader it stayed in its document: only the fragment changed.
    let Some(loader) = begun.loader_id else {
        let there = |place: &Place| place.ended || place.url == url;
        // Told right after the answer; the same address once more is not told at all.
        let _ = tokio::time::timeout(WITHIN_MAX, place.wait_for(there)).await;
        return Ok(None);
    };
    session.world.forget();
    let loader: &str = loader.as_ref();
    let over = |place: &Place| place.ended || place.crashed || place.has_loaded(loader);
    let waited = tokio::time::timeout_at(until, place.wait_for(over)).await;
    let Ok(Ok(place)) = waited else { return Err(slow()) };
    match (place.ended, place.crashed) {
        (true, _) => Err(Error::Dead("it ended while a page loaded".to_owned())),
        (_, true) => Err(Error::Crashed),
        _ => Ok(None),
    }
}

/// Collects the page's garbage now: the browser would some seconds later, or not at all.
pub(super) async fn trim(session: &CdpSession) {
    // A page that is too busy for it keeps what it has.
    let _ = session.ask(&CollectGarbageParams::default()).await;
}

/// Leaves the site for an empty page.
pub(super) async fn park(session: &CdpSession) -> Result<(), Error> {
    let _turn = session.navigating.lock().await;
    let gone = go(session, "about:blank").await?;
    // They may outlive their pages by half a minute.
    session.ask(&service_worker::EnableParams::default()).await?;
    session.ask(&service_worker::StopAllWorkersParams::default()).await?;
    session.ask(&service_worker::DisableParams::default()).await?;
    trim(session).await;
    match gone {
        None => Ok(()),
        Some(why) => Err(Error::Unreachable { url: "about:blank".to_owned(), why }),
    }
}

/// Stops what loads, so that the page answers again.
async fn stop(session: &CdpSession) {
    // If this fails the next call will say so.
    let _ = session.ask(&page::StopLoadingParams::default()).await;
}
