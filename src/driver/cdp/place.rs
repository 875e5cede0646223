//! Where the session's one page is: what its navigations wait for.

use std::collections::VecDeque;

use chromiumoxide_cdp::cdp::browser_protocol::network::EventResponseReceived;
use chromiumoxide_cdp::cdp::browser_protocol::page::{
    EventLifecycleEvent, EventNavigatedWithinDocument, Frame,
};

use crate::driver::Arrival;

/// How many documents back are remembered; a navigation waits for the latest.
const DOCUMENTS: usize = 8;

/// How many unwanted tabs back are remembered.
const UNWANTED: usize = 64;

/// Where the page is.
#[derive(Debug, Default)]
pub(super) struct Place {
    /// The CDP session of the page; `None`: it is not there yet.
    pub(super) session: Option<String>,
    /// Its target, which is also its main frame.
    pub(super) target: Option<String>,
    /// Its address.
    pub(super) url: String,
    /// Its renderer crashed and nothing was loaded since.
    pub(super) crashed: bool,
    /// The browser is gone.
    pub(super) ended: bool,
    /// How many dialogs the present document has opened.
    pub(super) dialogs: u32,
    /// The last navigation that the gate refused, with its reason.
    pub(super) refused: Option<(String, String)>,
    /// An address that is answered with an empty page, from here.
    pub(super) blank: Option<String>,
    /// Tabs that nobody asked for: nothing leaves them while they are being closed.
    unwanted: VecDeque<String>,
    /// The documents it showed, the latest last.
    documents: VecDeque<Document>,
    /// The answer to a request whose document has not been committed yet.
    answers: VecDeque<Answer>,
}

#[derive(Debug)]
struct Document {
    loader: String,
    loaded: bool,
}

#[derive(Debug)]
struct Answer {
    loader: String,
    status: u16,
    retry_after: Option<u64>,
    relay: Option<String>,
}

impl Place {
    /// Whether a frame is the page's main one.
    pub(super) fn is_main(&self, frame: &str) -> bool {
        self.target.as_deref() == Some(frame)
    }

    /// Whether an address is answered from here and concerns nobody else.
    pub(super) fn is_ours(&self, url: &str) -> bool {
        self.blank.as_deref() == Some(url)
    }

    /// A tab came to be that nobody asked for.
    pub(super) fn unwanted(&mut self, target: &str) {
        if self.unwanted.len() == UNWANTED {
            self.unwanted.pop_front();
        }
        self.unwanted.push_back(target.to_owned());
    }

    /// Whether a frame is the main one of a tab that nobody asked for.
    pub(super) fn is_unwanted(&self, frame: &str) -> bool {
        self.unwanted.iter().any(|target| target == frame)
    }

    /// The answer to the page's own request arrived.
    pub(super) fn answered(&mut self, event: &EventResponseReceived) {
        let main = event.frame_id.as_ref().is_some_and(|frame| self.is_main(frame.as_ref()));
        if !main {
            return;
        }
        let headers = event.response.headers.inner();
        let header = |name: &str| {
            let headers = headers.as_object()?;
            let found = headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name))?;
            found.1.as_str()
        };
        if self.answers.len() == DOCUMENTS {
            self.answers.pop_front();
        }
        self.answers.push_back(Answer {
            loader: event.loader_id.as_ref().to_owned(),
            status: event.response.status as u16,
            retry_after: header("retry-after").and_then(|text| text.trim().parse().ok()),
            relay: header("walkon-relay").map(str::to_owned),
        });
    }

    /// A document was committed. Says whether it is the page's.
    pub(super) fn navigated(&mut self, frame: &Frame) -> bool {
        if !self.is_main(frame.id.as_ref()) {
            return false;
        }
        self.crashed = false;
        self.dialogs = 0;
        self.url = frame.url.clone() + frame.url_fragment.as_deref().unwrap_or_default();
        if self.documents.len() == DOCUMENTS {
            self.documents.pop_front();
        }
        let loader = frame.loader_id.as_ref().to_owned();
        self.documents.push_back(Document { loader, loaded: false });
        true
    }

    /// The page's address changed without a new document.
    pub(super) fn moved_within(&mut self, event: &EventNavigatedWithinDocument) -> bool {
        let main = self.is_main(event.frame_id.as_ref());
        if main {
            self.url.clone_from(&event.url);
        }
        main
    }

    /// Something happened in a document's life. Says whether it matters: it has loaded. Before that
    /// the accessibility tree answers late: up to seconds, measured.
    pub(super) fn lived(&mut self, event: &EventLifecycleEvent) -> bool {
        if event.name != "load" || !self.is_main(event.frame_id.as_ref()) {
            return false;
        }
        let loader: &str = event.loader_id.as_ref();
        let document = self.documents.iter_mut().find(|document| document.loader == loader);
        document.map(|document| document.loaded = true).is_some()
    }

    /// Whether the document of a navigation, or one that replaced it, has loaded.
    pub(super) fn has_loaded(&self, loader: &str) -> bool {
        let seen = self.documents.iter().any(|document| document.loader == loader);
        seen && self.documents.back().is_some_and(|document| document.loaded)
    }

    fn answer(&self) -> Option<&Answer> {
        let loader = &self.documents.back()?.loader;
        self.answers.iter().rev().find(|answer| answer.loader == *loader)
    }

    /// The HTTP status of the present document.
    pub(super) fn status(&self) -> Option<u16> {
        self.answer().map(|answer| answer.status)
    }

    /// What the relay said in place of the site, if it did.
    pub(super) fn relay(&self) -> Option<&str> {
        self.answer()?.relay.as_deref()
    }

    /// Where the page is, as an arrival.
    pub(super) fn arrival(&self) -> Arrival {
        let retry_after = self.answer().and_then(|answer| answer.retry_after);
        Arrival { url: self.url.clone(), status: self.status(), retry_after }
    }
}
