//! The port by which a browser asks whether a request may leave.

/// A request that a page wants to make.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Departure<'a> {
    /// `GET`, `POST`, …
    pub method: &'a str,
    /// The whole address.
    pub url: &'a str,
    /// Whether it replaces the page itself.
    pub is_navigation: bool,
}

/// The answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It may leave.
    Pass,
    /// It may leave with these headers besides its own.
    PassWith(Vec<(&'static str, String)>),
    /// It may not.
    Refuse {
        /// A stable word: `origin_not_granted`.
        code: &'static str,
        /// In a sentence.
        why: String,
    },
}

/// Judges each request of a session before it leaves.
pub trait Gate: Send + Sync {
    /// Whether it may leave.
    fn judge(&self, departure: &Departure<'_>) -> Verdict;
}
