//! What a session tells its recorder of pages: requests, console lines, oddities, within a budget.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use chromiumoxide_cdp::cdp::browser_protocol::network::{
    EventLoadingFailed, EventLoadingFinished, EventRequestWillBeSent, EventResponseReceived,
};
use walkon_core::recorder::{Exchange, Note, Recorder};

/// The most notes a page may cause in one session; a busy hour makes some 5,000.
const NOTES_MAX: u64 = 20_000;
/// The most requests followed at once.
const OPEN_MAX: usize = 1_000;
/// The most characters of a console line or an address.
const TEXT_MAX: usize = 2_000;
/// Query keys whose values are secrets, by a part of their name.
const SECRET_KEYS: [&str; 6] = ["token", "pass", "secret", "code", "key", "sig"];

/// Takes down what pages do.
pub(super) struct Notes {
    recorder: Arc<dyn Recorder>,
    taken: AtomicU64,
    open: Mutex<HashMap<String, Open>>,
    /// The browser's clock when the first request was seen, in seconds, and ours, in milliseconds.
    zero: Mutex<Option<f64>>,
    born: tokio::time::Instant,
}

struct Open {
    exchange: Exchange,
    started: f64,
}

impl Notes {
    /// Notes for a session that begins now.
    pub(super) fn new(recorder: Arc<dyn Recorder>) -> Self {
        Self {
            recorder,
            taken: AtomicU64::new(0),
            open: Mutex::default(),
            zero: Mutex::default(),
            born: tokio::time::Instant::now(),
        }
    }

    /// Takes down a note, or that the budget is spent.
    pub(super) fn take(&self, note: Note) {
        match self.taken.fetch_add(1, Ordering::Relaxed) {
            before if before < NOTES_MAX => self.recorder.note(note),
            NOTES_MAX => {
                let why = format!("the pages of this session caused more than {NOTES_MAX} notes");
                self.recorder.note(Note::Gap { why });
            }
            _ => {}
        }
    }

    /// Takes down a sentence.
    pub(super) fn log(&self, text: impl Into<String>) {
        self.take(Note::Log { text: shorten(&text.into()) });
    }

    /// Takes down a console line.
    pub(super) fn console(&self, level: &str, text: &str) {
        self.take(Note::Console { level: level.to_owned(), text: shorten(text) });
    }

    /// The session's milliseconds of a moment on the browser's clock.
    fn moment(&self, seconds: f64) -> f64 {
        let mut zero = self.zero.lock().unwrap_or_else(PoisonError::into_inner);
        let zero = zero.get_or_insert_with(|| seconds - self.born.elapsed().as_secs_f64());
        (seconds - *zero) * 1_000.0
    }

    /// A request begins; a redirect ends the one it follows.
    pub(super) fn began(&self, event: &EventRequestWillBeSent) {
        let seconds = *event.timestamp.inner();
        let id: &str = event.request_id.as_ref();
        if let Some(response) = &event.redirect_response {
            self.finish(id, seconds, |exchange| {
                exchange.status = Some(response.status as u16);
                exchange.mime = Some(response.mime_type.clone());
            });
        }
        let exchange = Exchange {
            method: event.request.method.clone(),
            url: without_secrets(&event.request.url),
            resource: event.r#type.as_ref().map_or("other", AsRef::as_ref).to_lowercase(),
            start_ms: self.moment(seconds),
            ..Exchange::default()
        };
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if open.len() < OPEN_MAX {
            open.insert(id.to_owned(), Open { exchange, started: seconds });
        }
    }

    /// An answer's head arrived.
    pub(super) fn answered(&self, event: &EventResponseReceived) {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(open) = open.get_mut(AsRef::<str>::as_ref(&event.request_id)) {
            open.exchange.status = Some(event.response.status as u16);
            open.exchange.mime = Some(event.response.mime_type.clone());
        }
    }

    /// A request ended well.
    pub(super) fn finished(&self, event: &EventLoadingFinished) {
        let bytes = event.encoded_data_length.max(0.0) as u64;
        let id: &str = event.request_id.as_ref();
        self.finish(id, *event.timestamp.inner(), |exchange| exchange.bytes = bytes);
    }

    /// A request failed.
    pub(super) fn failed(&self, event: &EventLoadingFailed) {
        let why = event.error_text.clone();
        let id: &str = event.request_id.as_ref();
        self.finish(id, *event.timestamp.inner(), |exchange| exchange.error = Some(why));
    }

    fn finish(&self, id: &str, seconds: f64, fill: impl FnOnce(&mut Exchange)) {
        let open = self.open.lock().unwrap_or_else(PoisonError::into_inner).remove(id);
        if let Some(Open { mut exchange, started }) = open {
            exchange.duration_ms = (seconds - started) * 1_000.0;
            fill(&mut exchange);
            self.take(Note::Request(Box::new(exchange)));
        }
    }
}

fn shorten(text: &str) -> String {
    text.chars().take(TEXT_MAX).collect()
}

/// An address without the values of query keys that sound like secrets, and without its fragment.
pub(super) fn without_secrets(url: &str) -> String {
    let url = url.split('#').next().unwrap_or_default();
    let Some((path, query)) = url.split_once('?') else { return shorten(url) };
    let clean = |pair: &str| match pair.split_once('=') {
        Some((key, _)) if is_secret(key) => format!("{key}=…"),
        _ => pair.to_owned(),
    };
    let query: Vec<String> = query.split('&').map(clean).collect();
    shorten(&format!("{path}?{}", query.join("&")))
}

fn is_secret(key: &str) -> bool {
    let key = key.to_lowercase();
    SECRET_KEYS.iter().any(|part| key.contains(part))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_in_a_query_are_left_out_and_the_rest_stays() {
        let url = "https://x.test/a?q=cats&access_token=abc&Password=p&page=2#frag";
        assert_eq!(
            without_secrets(url),
            "https://x.test/a?q=cats&access_token=…&Password=…&page=2"
        );
        assert_eq!(without_secrets("https://x.test/a"), "https://x.test/a");
    }
}
