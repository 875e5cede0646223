//! Looking for elements: what the first of a locator's ways finds that finds anything.

use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::{BoxFuture, try_join_all};
use walkon_core::outline;
use walkon_core::step::Locator;

use super::attempt::Trouble;
use super::perform::Performance;
use crate::driver::{self, Node, Session};

/// How soon a page is looked at again that does not tell of a change: soon, then ever less often.
const FIRST_LOOK: Duration = Duration::from_millis(10);
const LAST_LOOK: Duration = Duration::from_millis(80);
/// A page that changes all the time is looked at so many times as often.
const OFTENER: u32 = 5;

/// The waits between looks at something that is about to change.
pub(super) struct Looks<'a> {
    session: &'a dyn Session,
    wait: Duration,
}

impl<'a> Looks<'a> {
    pub(super) fn new(session: &'a dyn Session) -> Self {
        Self { session, wait: FIRST_LOOK }
    }

    /// Until when the next look waits: until the page changes, or a while. It counts from this call
    /// on, not from when it is awaited: what changes while a look is under way is not missed.
    pub(super) fn next(&mut self) -> BoxFuture<'a, ()> {
        let (session, wait) = (self.session, self.wait);
        self.wait = (wait * 2).min(LAST_LOOK);
        let mut next = async move {
            tokio::join!(session.changed(wait), tokio::time::sleep(wait / OFTENER));
        }
        .boxed();
        match (&mut next).now_or_never() {
            Some(()) => std::future::ready(()).boxed(),
            None => next,
        }
    }
}

/// What the first of a locator's ways finds that finds anything.
pub(super) async fn found(
    session: &dyn Session,
    locator: &Locator,
    scope: Option<&Node>,
) -> Result<Vec<Node>, Trouble> {
    for way in locator.ways() {
        let found = located(session, way, scope).await?;
        if !found.is_empty() {
            return Ok(found);
        }
    }
    Ok(Vec::new())
}

/// What each of several locators finds, all looked for at once.
pub(super) async fn found_each(
    session: &dyn Session,
    locators: &[&Locator],
) -> Result<Vec<Vec<Node>>, Trouble> {
    if locators.iter().any(|locator| !locator.or.is_empty()) {
        return try_join_all(locators.iter().map(|by| found(session, by, None))).await;
    }
    match session.locate_each(locators).await {
        // The page was changing under our eyes: nothing is there yet.
        Err(driver::Error::Gone) => Ok(vec![Vec::new(); locators.len()]),
        found => Ok(found?),
    }
}

async fn located(
    session: &dyn Session,
    locator: &Locator,
    scope: Option<&Node>,
) -> Result<Vec<Node>, Trouble> {
    let found = match scope {
        Some(node) if *locator == Locator::default() => Ok(vec![node.clone()]),
        Some(node) => session.locate_in(node, locator).await,
        None => session.locate(locator).await,
    };
    match found {
        // The page was changing under our eyes: nothing is there yet.
        Err(driver::Error::Gone) => Ok(Vec::new()),
        found => Ok(found?),
    }
}

impl Performance<'_> {
    /// Every element that matches now.
    pub(super) async fn matching(
        &mut self,
        locator: &Locator,
        scope: Option<&Node>,
    ) -> Result<Vec<Node>, Trouble> {
        let locator = self.expand_locator(locator);
        self.attempt.bound(found(self.session, &locator, scope)).await
    }

    /// What of the page is like an element that is not there, behind a semicolon.
    pub(super) async fn like(&self, locator: &Locator) -> String {
        let locator = self.expand_locator(locator);
        // A hint is worth no failure of its own.
        let page = self.session.outline().await.unwrap_or_default();
        outline::hint(&page, &locator).map(|hint| format!("; {hint}")).unwrap_or_default()
    }
}
