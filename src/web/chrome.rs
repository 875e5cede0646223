//! What all pages share: the frame around them, how they are rendered, and what is said when there
//! is no page to show.

use askama::Template;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use walkon_core::fault::in_one_line;

use super::access::Caller;
use super::assets;
use crate::coordinator::Error;

/// Where in the navigation a page stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// `/`
    Fleet,
    /// `/accounts`
    Accounts,
    /// `/queue`
    Queue,
    /// `/sessions`
    Sessions,
    /// `/usage`
    Usage,
    /// `/alerts`
    Alerts,
    /// None of them.
    Elsewhere,
}

/// The navigation.
const NAV: [(Place, &str, &str); 6] = [
    (Place::Fleet, "/", "Fleet"),
    (Place::Accounts, "/accounts", "Accounts"),
    (Place::Queue, "/queue", "Queue"),
    (Place::Sessions, "/sessions", "Sessions"),
    (Place::Usage, "/usage", "Usage"),
    (Place::Alerts, "/alerts", "Alerts"),
];

/// One entry of the navigation.
#[derive(Debug, Clone, Copy)]
pub struct NavItem {
    /// Where it leads.
    pub href: &'static str,
    /// What it says.
    pub label: &'static str,
    /// Whether the page belongs to it.
    pub here: bool,
}

/// The frame around a page.
#[derive(Debug, Clone)]
pub struct Chrome {
    /// The page's title.
    pub title: String,
    /// Where it stands.
    pub place: Place,
    /// Who is signed in, and the word that their forms must say.
    pub signed_in: Option<(String, String)>,
}

impl Chrome {
    /// A frame.
    pub fn new(title: impl Into<String>, place: Place) -> Self {
        Self { title: title.into(), place, signed_in: None }
    }

    /// The frame for who looks at it.
    #[must_use]
    pub fn of(mut self, caller: &Caller) -> Self {
        let word = caller.word.clone();
        self.signed_in = word.map(|word| (caller.name.clone(), word));
        self
    }

    /// The word that a form must say; empty where nobody has to sign in.
    pub fn word(&self) -> &str {
        self.signed_in.as_ref().map_or("", |(_, word)| word)
    }

    /// The navigation with the page's place marked.
    pub fn nav(&self) -> Vec<NavItem> {
        let item = |&(place, href, label)| NavItem { href, label, here: place == self.place };
        NAV.iter().map(item).collect()
    }

    /// A file's address.
    pub fn asset(&self, name: &str) -> &'static str {
        assets::url(name)
    }
}

/// Renders a page.
pub fn page(template: &impl Template) -> Response {
    match template.render() {
        Ok(html) => ([(header::CONTENT_TYPE, "text/html; charset=utf-8")], html).into_response(),
        Err(error) => {
            tracing::error!(error = &error as &dyn std::error::Error, "a page cannot be rendered");
            (StatusCode::INTERNAL_SERVER_ERROR, "this page cannot be rendered\n").into_response()
        }
    }
}

/// There is no page to show: what happened, and what to do.
#[derive(Debug, Clone, Template)]
#[template(path = "lost.html")]
pub struct Lost {
    chrome: Chrome,
    code: u16,
    what: String,
    remedy: String,
}

impl Lost {
    fn new(title: &str, what: impl Into<String>, remedy: impl Into<String>) -> Self {
        let chrome = Chrome::new(title, Place::Elsewhere);
        Self { chrome, code: 0, what: what.into(), remedy: remedy.into() }
    }

    /// There is no such thing.
    pub fn missing(what: &str, id: &str) -> Self {
        let remedy = "It may have been removed since, or the address is mistyped.";
        Self::new("Not found", format!("There is no {what} “{id}”."), remedy)
    }

    /// There is no such page.
    pub fn no_page() -> Self {
        let remedy = "The address may be mistyped. Everything there is can be reached from above.";
        Self::new("Not found", "There is nothing at this address.", remedy)
    }

    /// A request that is not answered.
    pub fn refused(why: &str) -> Self {
        let remedy = "Open the pages at http://127.0.0.1 with their port, and act from there.";
        Self::new("Not allowed", format!("Refused: {why}."), remedy)
    }

    /// Somebody who is not let in.
    pub fn turned_away(why: &str, fix: &str) -> Self {
        Self::new("Not allowed", format!("Refused: {why}."), format!("To do: {fix}."))
    }

    /// The page, with a status.
    pub fn into_page(mut self, status: StatusCode) -> Response {
        self.code = status.as_u16();
        (status, page(&self)).into_response()
    }
}

/// Why a handler has no page.
#[derive(Debug)]
pub enum Failed {
    /// What was asked for is not there.
    Missing(Lost),
    /// Something behind the pages failed.
    Behind(Error),
}

impl From<Lost> for Failed {
    fn from(lost: Lost) -> Self {
        Self::Missing(lost)
    }
}

impl<E: Into<Error>> From<E> for Failed {
    fn from(error: E) -> Self {
        Self::Behind(error.into())
    }
}

impl IntoResponse for Failed {
    fn into_response(self) -> Response {
        let error = match self {
            Self::Missing(lost) => return lost.into_page(StatusCode::NOT_FOUND),
            Self::Behind(error) => error,
        };
        tracing::error!(why = in_one_line(&error), "a page failed");
        let (status, remedy) = match &error {
            Error::Refused(refuse) => {
                (StatusCode::UNPROCESSABLE_ENTITY, Some(refuse.remedy.clone()))
            }
            Error::Queue(queue) => {
                (StatusCode::SERVICE_UNAVAILABLE, queue.remedy().map(std::borrow::Cow::into_owned))
            }
            Error::Store(store) => (StatusCode::SERVICE_UNAVAILABLE, Some(store.remedy().into())),
        };
        let remedy = remedy.unwrap_or_else(|| "run `walkon doctor`".to_owned());
        let remedy = format!("To do: {remedy}. The coordinator's log has the causes.");
        let what = format!("Could not show this page: {error}.");
        Lost::new("Something failed", what, remedy).into_page(status)
    }
}
