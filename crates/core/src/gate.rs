//! The port by which a browser asks whether a request may leave.

use std::pin::Pin;

use crate::bundle::Login;

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

/// Why a request that was judged good may not leave after all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Turned {
    /// A stable word: `rate_ceiling`.
    pub code: &'static str,
    /// In a sentence.
    pub why: String,
}

/// What of a gate can be kept to only where each request is judged before it leaves. A relay sees
/// hosts and ports, and nothing of what is asked for there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// It has not said what it is about.
    Requests,
    /// Some paths are not granted.
    Paths,
    /// Some methods are not granted.
    Methods,
    /// It is granted at some hours.
    Hours,
    /// Requests are counted.
    Ceilings,
    /// Requests are signed.
    Signature,
    /// The site asks for a name and a password before it shows anything.
    Login,
    /// Some origins may be loaded from, but not gone to, nor written to.
    Subresources,
}

impl Need {
    /// Why each request must be judged, in a clause.
    pub fn words(self) -> &'static str {
        match self {
            Self::Requests => "its gate judges each request",
            Self::Paths => "its grant leaves out paths",
            Self::Methods => "its grant leaves out methods",
            Self::Hours => "its grant names hours",
            Self::Ceilings => "its grant counts requests",
            Self::Signature => "its requests are to be signed",
            Self::Login => "its site asks for a name and a password",
            Self::Subresources => "its pages load from other origins, which may only be read",
        }
    }
}

/// Waits until a request may leave.
pub type Admission = Pin<Box<dyn Future<Output = Result<(), Turned>> + Send>>;

/// Judges each request of a session before it leaves.
pub trait Gate: Send + Sync {
    /// Whether it may leave.
    fn judge(&self, departure: &Departure<'_>) -> Verdict;

    /// What one that was judged good must wait for before it leaves; `None`: nothing.
    fn admit(&self, _: &Departure<'_>) -> Option<Admission> {
        None
    }

    /// What of it only a browser can keep to that asks about each request. One that cannot ask must
    /// not be opened where this names anything; a gate that does not say is such a one.
    fn needs(&self) -> Vec<Need> {
        vec![Need::Requests]
    }

    /// What is told an origin that asks for a name and a password (HTTP basic authentication);
    /// `None`: nothing.
    fn login(&self, _origin: &str) -> Option<Login> {
        None
    }
}
