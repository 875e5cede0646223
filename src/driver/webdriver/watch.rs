//! The watch: whether the page may still be where it is.
//!
//! The gate is asked about each address that a worker opens, and not about what a page asks for
//! then. What it would judge of those alike (paths, methods, hours) is refused at the start; what
//! is left is that a grant ends. So it is asked again from time to time, and a refusal shuts the
//! relay.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use walkon_core::dial::Dial;
use walkon_core::gate::{Departure, Gate, Verdict};
use walkon_core::recorder::{Note, Recorder};

/// How often the gate is asked.
const ASK_EVERY: Duration = Duration::from_secs(1);

/// The address that the worker opened last; none: the page is empty.
#[derive(Debug, Default)]
pub(super) struct Place(Mutex<Option<String>>);

impl Place {
    /// The page goes there.
    pub(super) fn set(&self, url: Option<&str>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = url.map(str::to_owned);
    }

    fn url(&self) -> Option<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Why an address may not be opened now, if it may not.
pub(super) fn refusal(gate: &dyn Gate, url: &str) -> Option<String> {
    match gate.judge(&Departure { method: "GET", url, is_navigation: true }) {
        // A signature that nobody asks for is left out: there is no way to add it.
        Verdict::Pass | Verdict::PassWith(_) => None,
        Verdict::Refuse { why, .. } => Some(why),
    }
}

/// Asks until the gate refuses; then nothing leaves any more.
pub(super) async fn watch(
    place: Arc<Place>,
    gate: Arc<dyn Gate>,
    dial: Arc<dyn Dial>,
    recorder: Arc<dyn Recorder>,
) {
    let mut tick = tokio::time::interval(ASK_EVERY);
    loop {
        tick.tick().await;
        let Some(why) = place.url().and_then(|url| refusal(&*gate, &url)) else { continue };
        dial.shut();
        return recorder.note(Note::Log { text: format!("shut the way out: {why}") });
    }
}
