//! The hub: one browser's events, each handled as it is read.
//!
//! It keeps what the session's calls wait for (where the page is, whether it has loaded), judges
//! every paused request, dresses every new tab, frame and worker before it runs, and closes what
//! nobody asked for. It answers the browser by [`Wire::post`] and never waits.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use chromiumoxide_cdp::cdp::browser_protocol::{browser, dom_storage, fetch, inspector, network};
use chromiumoxide_cdp::cdp::browser_protocol::{page, target};
use chromiumoxide_cdp::cdp::js_protocol::runtime;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::sync::watch;
use walkon_core::dial::Dial;
use walkon_core::gate::{Departure, Gate, Verdict};
use walkon_core::recorder::Note;

use super::identity::Identity;
use super::mirror::Mirror;
use super::notes::{Notes, without_secrets};
use super::place::Place;
use super::wire::{Sink, Wire};

/// One browser's events and what they amount to.
pub(super) struct Hub {
    pub(super) wire: Wire,
    pub(super) identity: Identity,
    pub(super) notes: Notes,
    pub(super) place: watch::Sender<Place>,
    pub(super) mirror: Mutex<Mirror>,
    gate: Arc<dyn Gate>,
    dial: Arc<dyn Dial>,
    /// Events that could not be read: a newer browser's. They cost nothing but are counted.
    unknown: AtomicU64,
}

impl Hub {
    /// A hub for a browser that is about to be spoken to.
    pub(super) fn new(
        wire: Wire,
        identity: Identity,
        notes: Notes,
        gate: Arc<dyn Gate>,
        dial: Arc<dyn Dial>,
    ) -> Self {
        Self {
            wire,
            identity,
            notes,
            place: watch::Sender::default(),
            mirror: Mutex::default(),
            gate,
            dial,
            unknown: AtomicU64::new(0),
        }
    }

    /// How many events could not be read.
    pub(super) fn unknown(&self) -> u64 {
        self.unknown.load(Ordering::Relaxed)
    }

    /// The event, if it is one that this protocol version knows.
    fn read<T: DeserializeOwned>(&self, params: Value) -> Option<T> {
        let event = serde_json::from_value(params).ok();
        if event.is_none() {
            self.unknown.fetch_add(1, Ordering::Relaxed);
        }
        event
    }

    fn is_page(&self, session: Option<&str>) -> bool {
        session.is_some() && self.place.borrow().session.as_deref() == session
    }

    /// Judges a request that waits to leave. One that cannot be read does not leave.
    fn paused(&self, params: &Value) {
        let Some(id) = params["requestId"].as_str() else { return };
        let (url, method) = (&params["request"]["url"], &params["request"]["method"]);
        let (Some(url), Some(method)) = (url.as_str(), method.as_str()) else {
            return self.refuse(id);
        };
        let frame = params["frameId"].as_str().unwrap_or_default();
        if self.place.borrow().is_unwanted(frame) {
            return self.refuse(id);
        }
        let is_navigation =
            params["resourceType"] == "Document" && self.place.borrow().is_main(frame);
        if self.place.borrow().is_ours(url) {
            let mut answer = fetch::FulfillRequestParams::new(id.to_owned(), 200);
            let html = fetch::HeaderEntry::new("content-type", "text/html");
            answer.response_headers = Some(vec![html]);
            return self.wire.post(None, &answer);
        }
        match self.gate.judge(&Departure { method, url, is_navigation }) {
            Verdict::Pass => {
                self.wire.post(None, &fetch::ContinueRequestParams::new(id.to_owned()));
            }
            Verdict::PassWith(more) => {
                // What is given replaces what is there, so all of it is given.
                let own = params["request"]["headers"].as_object().into_iter().flatten();
                let own = own.filter_map(|(name, value)| Some((name.as_str(), value.as_str()?)));
                let mut headers: Vec<_> = own
                    .filter(|(name, _)| !more.iter().any(|(n, _)| n.eq_ignore_ascii_case(name)))
                    .map(|(name, value)| fetch::HeaderEntry::new(name, value))
                    .collect();
                headers.extend(more.into_iter().map(|(n, v)| fetch::HeaderEntry::new(n, v)));
                let mut go = fetch::ContinueRequestParams::new(id.to_owned());
                go.headers = Some(headers);
                self.wire.post(None, &go);
            }
            Verdict::Refuse { code, why } => {
                self.refuse(id);
                self.notes.log(format!("refused {method} {}: {code}: {why}", without_secrets(url)));
                if is_navigation {
                    self.place.send_modify(|place| place.refused = Some((url.to_owned(), why)));
                }
            }
        }
    }

    fn refuse(&self, id: &str) {
        let reason = network::ErrorReason::BlockedByClient;
        self.wire.post(None, &fetch::FailRequestParams::new(id.to_owned(), reason));
    }

    /// A tab, frame or worker came to be, and waits to be dressed.
    fn attached(&self, event: &target::EventAttachedToTarget) {
        let session: &str = event.session_id.as_ref();
        let info = &event.target_info;
        let known = self.place.borrow().session.is_some();
        match info.r#type.as_str() {
            "page" if !known => self.place.send_modify(|place| {
                place.session = Some(session.to_owned());
                place.target = Some(info.target_id.as_ref().to_owned());
            }),
            "page" => {
                // It may share the renderer with the page that opened it, which waits as long as
                // it does: so it runs on, into a closed door, until it is closed.
                self.place.send_modify(|place| place.unwanted(info.target_id.as_ref()));
                self.notes.log(format!("closed a new tab: {}", without_secrets(&info.url)));
            }
            "iframe" => {
                self.dress(session, true);
                self.watch(session);
            }
            _ => {
                self.dress(session, false);
                self.wire.post(Some(session), &network::EnableParams::default());
            }
        }
        if event.waiting_for_debugger {
            let run = runtime::RunIfWaitingForDebuggerParams::default();
            self.wire.post(Some(session), &run);
        }
        if info.r#type == "page" && known {
            self.wire.post(None, &target::CloseTargetParams::new(info.target_id.clone()));
        }
    }

    /// Lets a frame or worker see the device. What a worker's protocol lacks is in the command
    /// line.
    fn dress(&self, session: &str, frame: bool) {
        let session = Some(session);
        self.wire.post(session, &self.identity.agent);
        if frame {
            self.wire.post(session, &self.identity.time_zone);
            self.wire.post(session, &self.identity.locale);
            self.wire.post(session, &self.identity.media);
            self.wire.post(session, &self.identity.touch);
        }
    }

    /// Asks for the events of a frame.
    fn watch(&self, session: &str) {
        let session = Some(session);
        self.wire.post(session, &network::EnableParams::default());
        self.wire.post(session, &runtime::EnableParams::default());
        self.wire.post(session, &dom_storage::EnableParams::default());
        self.wire.post(session, &auto_attach());
    }

    fn dialog(&self, session: Option<&str>, event: &page::EventJavascriptDialogOpening) {
        // "Leave the page?" is the one that must not hold a navigation up.
        let accept = event.r#type == page::DialogType::Beforeunload;
        self.wire.post(session, &page::HandleJavaScriptDialogParams::new(accept));
        self.notes.log(format!("closed a dialog: {}", event.message));
    }

    fn crashed(&self, session: Option<&str>) {
        let Some(session) = session else { return };
        if self.is_page(Some(session)) {
            self.place.send_modify(|place| place.crashed = true);
        }
        // Last: whoever hears of it may navigate at once, and that forgets the crash.
        self.wire.crash(session);
        self.notes.log("a page's renderer crashed");
    }

    fn console(&self, event: &runtime::EventConsoleApiCalled) {
        let words = event.args.iter().map(|arg| match (&arg.value, &arg.description) {
            (Some(Value::String(text)), _) | (None, Some(text)) => text.clone(),
            (Some(value), _) => value.to_string(),
            (None, None) => arg.r#type.as_ref().to_owned(),
        });
        let text: Vec<String> = words.collect();
        self.notes.console(event.r#type.as_ref(), &text.join(" "));
    }

    fn network(&self, session: Option<&str>, method: &str, params: Value) {
        match method {
            "Network.requestWillBeSent" => {
                let Some(event) = self.read::<network::EventRequestWillBeSent>(params) else {
                    return;
                };
                if !self.place.borrow().is_ours(&event.request.url) {
                    self.notes.began(&event);
                }
            }
            "Network.responseReceived" => {
                let Some(event) = self.read::<network::EventResponseReceived>(params) else {
                    return;
                };
                self.notes.answered(&event);
                if self.is_page(session) && event.r#type == network::ResourceType::Document {
                    self.place.send_modify(|place| place.answered(&event));
                }
            }
            "Network.loadingFinished" => {
                if let Some(event) = self.read(params) {
                    self.notes.finished(&event);
                }
            }
            "Network.loadingFailed" => {
                if let Some(event) = self.read(params) {
                    self.notes.failed(&event);
                }
            }
            _ => {}
        }
    }

    fn page(&self, session: Option<&str>, method: &str, params: Value) {
        match method {
            "Page.javascriptDialogOpening" => {
                if let Some(event) = self.read(params) {
                    self.dialog(session, &event);
                }
            }
            "Page.lifecycleEvent" if self.is_page(session) => {
                if let Some(event) = self.read::<page::EventLifecycleEvent>(params) {
                    self.place.send_if_modified(|place| place.lived(&event));
                }
            }
            "Page.frameNavigated" if self.is_page(session) => {
                let Some(event) = self.read::<page::EventFrameNavigated>(params) else { return };
                let moved = self.place.send_if_modified(|place| place.navigated(&event.frame));
                let place = self.place.borrow();
                if moved && !place.is_ours(&place.url) {
                    let (url, status) = (without_secrets(&place.url), place.status());
                    self.notes.take(Note::Navigated { url, status });
                }
            }
            "Page.navigatedWithinDocument" if self.is_page(session) => {
                let event = self.read::<page::EventNavigatedWithinDocument>(params);
                if let Some(event) = event {
                    self.place.send_if_modified(|place| place.moved_within(&event));
                }
            }
            _ => {}
        }
    }
}

/// Everything that comes to be under a session is attached, and waits.
pub(super) fn auto_attach() -> target::SetAutoAttachParams {
    target::SetAutoAttachParams {
        flatten: Some(true),
        ..target::SetAutoAttachParams::new(true, true)
    }
}

impl Sink for Hub {
    fn event(&self, session: Option<&str>, method: &str, params: Value) {
        let domain = method.split('.').next().unwrap_or_default();
        match (domain, method) {
            (_, fetch::EventRequestPaused::IDENTIFIER) => self.paused(&params),
            (_, target::EventAttachedToTarget::IDENTIFIER) => {
                if let Some(event) = self.read(params) {
                    self.attached(&event);
                }
            }
            (_, inspector::EventTargetCrashed::IDENTIFIER) => self.crashed(session),
            (_, browser::EventDownloadWillBegin::IDENTIFIER) => {
                if let Some(event) = self.read::<browser::EventDownloadWillBegin>(params) {
                    self.notes.log(format!("denied a download: {}", without_secrets(&event.url)));
                }
            }
            (_, runtime::EventConsoleApiCalled::IDENTIFIER) => {
                if let Some(event) = self.read(params) {
                    self.console(&event);
                }
            }
            (_, runtime::EventExceptionThrown::IDENTIFIER) => {
                if let Some(event) = self.read::<runtime::EventExceptionThrown>(params) {
                    let details = event.exception_details;
                    let thrown = details.exception.and_then(|thrown| thrown.description);
                    self.notes.console("exception", &thrown.unwrap_or(details.text));
                }
            }
            ("DOMStorage", _) => {
                let mut mirror = self.mirror.lock().unwrap_or_else(PoisonError::into_inner);
                mirror.event(method, &params);
            }
            ("Network", _) => self.network(session, method, params),
            ("Page", _) => self.page(session, method, params),
            _ => {}
        }
    }

    fn ended(&self) {
        self.dial.shut();
        self.place.send_modify(|place| place.ended = true);
    }
}
