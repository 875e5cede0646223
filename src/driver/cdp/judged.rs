//! The documents that were judged, so that a download that was not is found out.
//!
//! Of files that pages download at once (`<a download>`), Chromium 156 pauses one for whoever has
//! enabled `Fetch`, and lets the others go: it tells requests of its own apart by a number, which
//! all downloads share. Nothing asks about them before they leave; they reach only what the relay
//! lets them. But each download is told of when its answer has come (`Browser.downloadWillBegin`).

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

/// How many are remembered: a page that downloads loads few documents meanwhile.
const MOST: usize = 256;

/// Addresses that were let go and have not been told of as downloads, the latest last.
#[derive(Debug, Default)]
pub(super) struct Judged(Mutex<VecDeque<String>>);

impl Judged {
    /// A document at this address was let go.
    pub(super) fn let_go(&self, url: &str) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() == MOST {
            all.pop_front();
        }
        all.push_back(url.to_owned());
    }

    /// Whether this download is one that was let go: each of them once.
    pub(super) fn knows(&self, url: &str) -> bool {
        let url = url.split('#').next().unwrap_or_default();
        // What a page makes by itself (`blob:`, `data:`) asks nobody for anything.
        if !url.starts_with("http") {
            return true;
        }
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let at = all.iter().position(|known| known == url);
        at.and_then(|at| all.remove(at)).is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_download_is_known_once_for_each_time_it_was_let_go() {
        let judged = Judged::default();
        judged.let_go("http://x.test/a");
        judged.let_go("http://x.test/a");
        judged.let_go("http://x.test/b");
        assert!(judged.knows("http://x.test/a#part"));
        assert!(judged.knows("http://x.test/a"));
        assert!(!judged.knows("http://x.test/a"));
        assert!(!judged.knows("https://x.test/b"));
        assert!(judged.knows("http://x.test/b"));
        assert!(judged.knows("blob:http://x.test/1234"));
    }

    #[test]
    fn only_the_latest_are_remembered() {
        let judged = Judged::default();
        for number in 0..=MOST {
            judged.let_go(&format!("http://x.test/{number}"));
        }
        assert!(!judged.knows("http://x.test/0"));
        assert!(judged.knows("http://x.test/1"));
    }
}
