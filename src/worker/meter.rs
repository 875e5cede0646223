//! How much a site lets the whole fleet do in a minute, as one browser takes part in it.
//!
//! The desk counts, in slices that are charged before they are used; a request waits here until
//! there is one for it. A slice is good for a few seconds from the moment it was asked for, which
//! is before it was charged: so nothing is used later than what counts it expects.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;
use walkon_core::gate::{Departure, Turned};
use walkon_core::grant::{Ceilings, Code, Metered, Slice};
use walkon_core::lease::Lease;

use crate::desk::{Desk, Error};

/// How long a request waits for its part. A page that waits longer looks broken, and its step's own
/// time would be over.
const PATIENCE: Duration = Duration::from_secs(12);
/// How many are asked for at once, at most; the desk grants fewer where ceilings are low.
const MANY: u32 = 24;
/// How long to wait after the desk could not be reached.
const DESK_AWAY: Duration = Duration::from_millis(300);

/// What is left of a slice.
#[derive(Debug, Default)]
struct Left {
    many: u32,
    until: Option<Instant>,
}

impl Left {
    fn take(&mut self) -> bool {
        let good = self.many > 0 && self.until.is_some_and(|until| Instant::now() < until);
        if good {
            self.many -= 1;
        }
        good
    }
}

/// One browser's part of its site's ceilings.
pub struct Meter {
    desk: Arc<dyn Desk>,
    ceilings: Ceilings,
    lease: Mutex<Option<Lease>>,
    /// Until when the commit's own request may use what its `begin` has charged.
    commit: Mutex<Option<Instant>>,
    left: [tokio::sync::Mutex<Left>; 3],
}

impl Meter {
    /// A meter for a site with ceilings.
    pub fn new(desk: Arc<dyn Desk>, ceilings: Ceilings) -> Self {
        Self {
            desk,
            ceilings,
            lease: Mutex::default(),
            commit: Mutex::default(),
            left: Default::default(),
        }
    }

    /// Under which lease it asks from now on.
    pub fn under(&self, lease: &Lease) {
        *self.lease.lock().unwrap_or_else(PoisonError::into_inner) = Some(lease.clone());
    }

    /// The commit's `begin` has charged one: the request that it makes uses that.
    ///
    /// `asked` is when `begin` was asked for.
    pub fn begun(&self, asked: Instant) {
        *self.commit.lock().unwrap_or_else(PoisonError::into_inner) = Some(asked + Slice::LASTS);
    }

    fn is_commit(&self, what: Metered) -> bool {
        let mut commit = self.commit.lock().unwrap_or_else(PoisonError::into_inner);
        what == Metered::Submits && commit.take().is_some_and(|until| Instant::now() < until)
    }

    /// Waits until a request may be made.
    pub async fn admit(&self, needs: Vec<Metered>) -> Result<(), Turned> {
        let until = Instant::now() + PATIENCE;
        for what in needs {
            self.take(what, until).await?;
        }
        Ok(())
    }

    /// What a request takes of what is counted.
    pub fn needs(&self, departure: &Departure<'_>) -> Vec<Metered> {
        let reads = matches!(departure.method, "GET" | "HEAD" | "OPTIONS");
        let takes = |what: &Metered| match what {
            Metered::Requests => true,
            Metered::Navigations => departure.is_navigation,
            Metered::Submits => !reads,
        };
        let all = Metered::ALL.into_iter().rev();
        all.filter(takes).filter(|what| self.ceilings.metered(*what).is_some()).collect()
    }

    /// One of what is counted, waited for: whoever came first has it first.
    async fn take(&self, what: Metered, until: Instant) -> Result<(), Turned> {
        if self.is_commit(what) {
            return Ok(());
        }
        let mut left = self.left[what as usize].lock().await;
        loop {
            if left.take() {
                return Ok(());
            }
            let lease = self.lease.lock().unwrap_or_else(PoisonError::into_inner).clone();
            let Some(lease) = lease else { return Err(turned(what, "nobody acts")) };
            let many = if what == Metered::Requests { MANY } else { 1 };
            let asked = Instant::now();
            let wait = match self.desk.slice(&lease, what, many).await {
                Ok(Slice { granted: 0, wait_ms }) => Duration::from_millis(wait_ms.max(50)),
                Ok(Slice { granted, .. }) => {
                    *left = Left { many: granted, until: Some(asked + Slice::LASTS) };
                    continue;
                }
                Err(Error::Fenced) => return Err(turned(what, "the lease is lost")),
                Err(_) => DESK_AWAY,
            };
            if Instant::now() + wait > until {
                return Err(turned(what, "the site's ceiling is reached"));
            }
            tokio::time::sleep(wait).await;
        }
    }
}

fn turned(what: Metered, why: &str) -> Turned {
    Turned { code: Code::RateCeiling.name(), why: format!("{}: {why}", what.words()) }
}
