//! Going to an address, bounded: a navigation that hangs is stopped, and the page stays usable.

use std::time::Duration;

use chromiumoxide_cdp::cdp::browser_protocol::page;
use tokio::time::Instant;

use super::place::Place;
use super::session::CdpSession;
use crate::driver::{Arrival, Error};

/// The status of the relay's answer where policy refuses; any other is about the network.
const FORBIDDEN: u16 = 403;

/// How long the browser may take to tell of a move within a document.
const WITHIN_MAX: Duration = Duration::from_secs(1);

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

/// Stops what loads, so that the page answers again.
async fn stop(session: &CdpSession) {
    // If this fails the next call will say so.
    let _ = session.ask(&page::StopLoadingParams::default()).await;
}
