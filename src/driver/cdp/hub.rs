//! The hub: one browser's events, each handled as it is read.
//!
//! It keeps what the session's calls wait for (where the page is, whether it has loaded), judges
//! every paused request, dresses every new tab, frame and worker before it runs, and closes what
//! nobody asked for. It answers the browser by [`Wire::post`] and never waits.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use chromiumoxide_cdp::cdp::browser_protocol::{browser, dom_storage, fetch, inspector, network};
use chromiumoxide_cdp::cdp::browser_protocol::{page, target};
use chromiumoxide_cdp::cdp::js_protocol::runtime;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::sync::{mpsc, watch};
use walkon_core::dial::Dial;
use walkon_core::gate::{Departure, Gate, Turned, Verdict};
use walkon_core::recorder::Note;

use super::departures::{Departures, Paused};
use super::identity::Identity;
use super::judged::Judged;
use super::mirror::Mirror;
use super::notes::{Notes, without_secrets};
use super::place::Place;
use super::wire::{Sink, Wire};

/// The most dialogs of one document; a script that opens more is stopped.
const DIALOGS_MAX: u32 = 20;

/// A paused request's headers and more: what is given replaces what is there, so all is given.
fn with_more(params: &Value, more: Vec<(&'static str, String)>) -> Vec<fetch::HeaderEntry> {
    let own = params["request"]["headers"].as_object().into_iter().flatten();
    let own = own.filter_map(|(name, value)| Some((name.as_str(), value.as_str()?)));
    let mut headers: Vec<_> = own
        .filter(|(name, _)| !more.iter().any(|(n, _)| n.eq_ignore_ascii_case(name)))
        .map(|(name, value)| fetch::HeaderEntry::new(name, value))
        .collect();
    headers.extend(more.into_iter().map(|(n, v)| fetch::HeaderEntry::new(n, v)));
    headers
}

/// One browser's events and what they amount to.
pub(super) struct Hub {
    pub(super) wire: Wire,
    pub(super) identity: Identity,
    pub(super) notes: Arc<Notes>,
    pub(super) place: watch::Sender<Place>,
    out: Departures,
    judged: Judged,
    pub(super) mirror: Mutex<Mirror>,
    gate: Arc<dyn Gate>,
    dial: Arc<dyn Dial>,
    /// Whoever looks at what a person does in the page.
    observer: OnceLock<mpsc::UnboundedSender<runtime::EventBindingCalled>>,
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
        let (notes, place) = (Arc::new(notes), watch::Sender::default());
        Self {
            out: Departures::new(wire.clone(), notes.clone(), place.clone()),
            wire,
            identity,
            notes,
            place,
            judged: Judged::default(),
            mirror: Mutex::default(),
            gate,
            dial,
            observer: OnceLock::new(),
            unknown: AtomicU64::new(0),
        }
    }

    /// Tells what the page's own observer says, from now on.
    pub(super) fn observe(&self, observer: mpsc::UnboundedSender<runtime::EventBindingCalled>) {
        // A session is looked at by one.
        let _ = self.observer.set(observer);
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
            return self.out.refuse(id);
        };
        let frame = params["frameId"].as_str().unwrap_or_default();
        if self.place.borrow().is_unwanted(frame) {
            return self.out.refuse(id);
        }
        let is_navigation =
            params["resourceType"] == "Document" && self.place.borrow().is_main(frame);
        if self.place.borrow().is_ours(url) {
            let mut answer = fetch::FulfillRequestParams::new(id.to_owned(), 200);
            let html = fetch::HeaderEntry::new("content-type", "text/html");
            answer.response_headers = Some(vec![html]);
            return self.wire.post(None, &answer);
        }
        // The empty page's icon, which full Chromium asks for: the site is not to hear of it.
        if self.place.borrow().blank.is_some() {
            return self.out.refuse(id);
        }
        let departure = Departure { method, url, is_navigation };
        let (method, url) = (method.to_owned(), url.to_owned());
        let paused = Paused { id: id.to_owned(), method, url, is_navigation };
        let mut go = fetch::ContinueRequestParams::new(id.to_owned());
        match self.gate.judge(&departure) {
            Verdict::Pass => {}
            Verdict::PassWith(more) => go.headers = Some(with_more(params, more)),
            Verdict::Refuse { code, why } => {
                return self.out.turn_away(&paused, Turned { code, why });
            }
        }
        if params["resourceType"] == "Document" {
            self.judged.let_go(departure.url);
        }
        self.out.admit(paused, go, self.gate.admit(&departure));
    }

    /// A file was about to be saved, which is denied. One that nobody was asked about has left past
    /// the gate: where the gate is about more than where requests go, nothing else may.
    fn downloads(&self, url: &str) {
        let shown = without_secrets(url);
        self.notes.log(format!("denied a download: {shown}"));
        if self.judged.knows(url) || self.gate.needs().is_empty() {
            return;
        }
        let why = format!("a download left it without having been judged: {shown}");
        self.notes.log(format!("ended the browser: {why}"));
        self.dial.shut();
        self.wire.end(&why);
    }

    /// A server wants a name and a password. A proxy never does: ours is told none.
    fn asked_to_log_in(&self, params: &Value) {
        let Some(id) = params["requestId"].as_str() else { return };
        let challenge = &params["authChallenge"];
        let text = |name: &str| challenge[name].as_str().unwrap_or_default();
        let is_basic = text("source") == "Server" && text("scheme").eq_ignore_ascii_case("basic");
        let login = if is_basic { self.gate.login(text("origin")) } else { None };
        self.out.log_in(id, login);
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
            _ => self.dress_worker(session),
        }
        if event.waiting_for_debugger {
            self.let_run(session);
        }
        if info.r#type == "page" && known {
            self.wire.post(None, &target::CloseTargetParams::new(info.target_id.clone()));
        }
    }

    fn let_run(&self, session: &str) {
        let run = runtime::RunIfWaitingForDebuggerParams::default();
        self.wire.post(Some(session), &run);
    }

    /// A service worker that was stopped starts again, in the same session: it waits as it did at
    /// first, and whatever it answers for with it.
    fn started_again(&self, session: Option<&str>) {
        let Some(session) = session.filter(|session| !self.is_page(Some(session))) else { return };
        self.dress_worker(session);
        self.let_run(session);
    }

    fn dress_worker(&self, session: &str) {
        self.dress(session, false);
        self.wire.post(Some(session), &network::EnableParams::default());
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
        let mut dialogs = 0;
        self.place.send_if_modified(|place| {
            place.dialogs += 1;
            dialogs = place.dialogs;
            false
        });
        if dialogs > DIALOGS_MAX {
            // Before the dialog is closed: it takes hold when the script would go on.
            self.wire.post(session, &runtime::TerminateExecutionParams::default());
        }
        self.wire.post(session, &page::HandleJavaScriptDialogParams::new(accept));
        if dialogs <= DIALOGS_MAX {
            self.notes.log(format!("closed a dialog: {}", event.message));
        } else if dialogs == DIALOGS_MAX + 1 {
            self.notes.log("stopped a script that opens dialogs without end");
        }
    }

    fn crashed(&self, session: Option<&str>) {
        let Some(session) = session else { return };
        let is_page = self.is_page(Some(session));
        if is_page {
            self.place.send_modify(|place| place.crashed = true);
        }
        // Last: whoever hears of it may navigate at once, and that forgets the crash.
        self.wire.crash(session);
        // Of a service worker that is stopped the protocol says the same.
        self.notes.log(if is_page {
            "a page's renderer crashed"
        } else {
            "a worker or frame ended"
        });
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
            (_, fetch::EventAuthRequired::IDENTIFIER) => self.asked_to_log_in(&params),
            (_, target::EventAttachedToTarget::IDENTIFIER) => {
                if let Some(event) = self.read(params) {
                    self.attached(&event);
                }
            }
            (_, inspector::EventTargetCrashed::IDENTIFIER) => self.crashed(session),
            (_, inspector::EventTargetReloadedAfterCrash::IDENTIFIER) => {
                self.started_again(session);
            }
            (_, browser::EventDownloadWillBegin::IDENTIFIER) => {
                if let Some(event) = self.read::<browser::EventDownloadWillBegin>(params) {
                    self.downloads(&event.url);
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
            (_, runtime::EventBindingCalled::IDENTIFIER) => {
                if let (Some(observer), Some(event)) = (self.observer.get(), self.read(params)) {
                    let _ = observer.send(event);
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
