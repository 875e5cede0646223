//! The sorter: the events of a browser that several accounts share, each brought to its own.
//!
//! An event comes with a CDP session, a request with the frame or worker that makes it; both are
//! known by the browser context they were told to be of, and that is known by its account's
//! [`Hub`]. A request of nobody's does not leave; a tab or worker of nobody's goes on waiting.
//!
//! One thing is not told: of files that pages download at once, one alone is paused, whosever they
//! are (`judged.rs`). So a worker does not pack what a grant judges.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chromiumoxide_cdp::cdp::browser_protocol::browser::{BrowserContextId, EventDownloadWillBegin};
use chromiumoxide_cdp::cdp::browser_protocol::{fetch, network, page, target};
use serde_json::Value;

use super::hub::Hub;
use super::wire::{Sink, Wire};

/// How many frames and workers of one account are remembered; a page makes a few dozen.
const FRAMES_MAX: usize = 4_096;

/// Brings each event to the account it is of.
pub(super) struct Sorter {
    /// The whole browser's.
    wire: Wire,
    tenants: Mutex<HashMap<BrowserContextId, Tenant>>,
}

/// What is of one account.
struct Tenant {
    hub: Arc<Hub>,
    /// CDP sessions of its page, its frames and its workers.
    sessions: Vec<String>,
    /// Its frames and workers, the latest last. One that is gone may have a request under way.
    frames: VecDeque<String>,
}

impl Tenant {
    fn knows(&mut self, frame: &str) {
        if self.frames.iter().any(|known| known == frame) {
            return;
        }
        if self.frames.len() == FRAMES_MAX {
            self.frames.pop_front();
        }
        self.frames.push_back(frame.to_owned());
    }
}

fn text<'a>(params: &'a Value, name: &str) -> &'a str {
    params[name].as_str().unwrap_or_default()
}

impl Sorter {
    /// A sorter for a browser in which nobody is yet.
    pub(super) fn new(wire: Wire) -> Self {
        Self { wire, tenants: Mutex::default() }
    }

    fn tenants(&self) -> MutexGuard<'_, HashMap<BrowserContextId, Tenant>> {
        // Every change is whole before anything can panic.
        self.tenants.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// From now on what happens in a context is brought to a hub.
    pub(super) fn add(&self, context: BrowserContextId, hub: Arc<Hub>) {
        let tenant = Tenant { hub, sessions: Vec::new(), frames: VecDeque::new() };
        self.tenants().insert(context, tenant);
    }

    /// What still happens in a context concerns nobody.
    pub(super) fn remove(&self, context: &BrowserContextId) {
        self.tenants().remove(context);
    }

    /// Whose a CDP session is.
    fn by_session(&self, session: Option<&str>) -> Option<Arc<Hub>> {
        let session = session?;
        let is_of = |tenant: &&Tenant| tenant.sessions.iter().any(|known| known == session);
        self.tenants().values().find(is_of).map(|tenant| tenant.hub.clone())
    }

    /// Whose a frame or a worker is.
    fn by_frame(&self, frame: &str) -> Option<Arc<Hub>> {
        let is_of = |tenant: &&Tenant| tenant.frames.iter().any(|known| known == frame);
        self.tenants().values().find(is_of).map(|tenant| tenant.hub.clone())
    }

    /// A tab, frame or worker came to be: from now on it is known whose it is.
    fn attached(&self, params: &Value) -> Option<Arc<Hub>> {
        let info = &params["targetInfo"];
        let session = text(params, "sessionId");
        let hub = {
            let mut tenants = self.tenants();
            let context = BrowserContextId::new(text(info, "browserContextId"));
            let tenant = tenants.get_mut(&context)?;
            tenant.sessions.push(session.to_owned());
            tenant.knows(text(info, "targetId"));
            tenant.hub.clone()
        };
        if info["type"] == "iframe" {
            // Tells of the frames inside it, before it runs.
            self.wire.post(Some(session), &page::EnableParams::default());
        }
        Some(hub)
    }

    fn detached(&self, params: &Value) {
        let session = text(params, "sessionId");
        for tenant in self.tenants().values_mut() {
            tenant.sessions.retain(|known| known != session);
        }
    }

    /// A page has a new frame. No account's page can claim one of another's.
    fn framed(&self, session: Option<&str>, params: &Value) {
        let (Some(session), frame) = (session, text(params, "frameId")) else { return };
        let mut tenants = self.tenants();
        if tenants.values().any(|tenant| tenant.frames.iter().any(|known| known == frame)) {
            return;
        }
        let is_of = |tenant: &&mut Tenant| tenant.sessions.iter().any(|known| known == session);
        if let Some(tenant) = tenants.values_mut().find(is_of) {
            tenant.knows(frame);
        }
    }

    /// A request of which nobody knows whose it is: it does not leave, and each account that it may
    /// be of is told so.
    fn nobodys(&self, method: &str, params: &Value) {
        let Some(id) = params["requestId"].as_str() else { return };
        if method == fetch::EventAuthRequired::IDENTIFIER {
            let cancel = fetch::AuthChallengeResponseResponse::CancelAuth;
            let answer = fetch::AuthChallengeResponse::new(cancel);
            return self
                .wire
                .post(None, &fetch::ContinueWithAuthParams::new(id.to_owned(), answer));
        }
        let reason = network::ErrorReason::BlockedByClient;
        self.wire.post(None, &fetch::FailRequestParams::new(id.to_owned(), reason));
        let kind = text(params, "resourceType");
        for tenant in self.tenants().values() {
            tenant.hub.notes.log(format!("refused a request ({kind}): no account is known by it"));
        }
    }
}

impl Sink for Sorter {
    fn event(&self, session: Option<&str>, method: &str, params: Value) {
        let hub = match method {
            fetch::EventRequestPaused::IDENTIFIER | fetch::EventAuthRequired::IDENTIFIER => {
                match self.by_frame(text(&params, "frameId")) {
                    Some(hub) => Some(hub),
                    None => return self.nobodys(method, &params),
                }
            }
            EventDownloadWillBegin::IDENTIFIER => self.by_frame(text(&params, "frameId")),
            target::EventAttachedToTarget::IDENTIFIER => self.attached(&params),
            target::EventDetachedFromTarget::IDENTIFIER => return self.detached(&params),
            _ => self.by_session(session),
        };
        if method == page::EventFrameAttached::IDENTIFIER {
            self.framed(session, &params);
        }
        if let Some(hub) = hub {
            hub.event(session, method, params);
        }
    }

    fn ended(&self) {
        let hubs: Vec<_> = self.tenants().values().map(|tenant| tenant.hub.clone()).collect();
        for hub in hubs {
            hub.ended();
        }
    }
}
