//! Going to an address, bounded; and keeping to the one window there is.

use serde_json::{Value, json};
use walkon_core::gate::Departure;
use walkon_core::recorder::Note;

use super::session::WebSession;
use super::talk::Command;
use super::{locate, storage, vendor, watch};
use crate::driver::chromium::functions::Function;
use crate::driver::{Arrival, CALL_MAX, Error};

/// What the page says of how it came: WebDriver itself tells no status.
const ARRIVED: Function = Function(
    "function() {
        const [way] = performance.getEntriesByType('navigation');
        const plain = document.contentType === 'text/plain';
        return {
            url: location.href,
            status: way && way.responseStatus || null,
            plain: plain ? document.body.textContent.slice(0, 500) : null,
        };
    }",
);

/// The status of the relay's own answers: policy refuses, the network fails.
const FORBIDDEN: u64 = 403;
const BAD_GATEWAY: u64 = 502;

/// Goes to an address and waits until its document has loaded.
pub(super) async fn navigate(session: &WebSession, url: &str) -> Result<Arrival, Error> {
    let unreachable = |why: &str| Error::Unreachable { url: url.to_owned(), why: why.to_owned() };
    // The browser's own pages are not judged by the gate, so they are not opened.
    if !url.starts_with("http://") && !url.starts_with("https://") {
        return Err(unreachable("only http and https addresses can be opened"));
    }
    admit(session, url).await?;
    leave(session).await?;
    session.place.set(Some(url));
    match go(session, url).await {
        Err(Error::Protocol { why, .. }) => return Err(unreachable(error_name(&why))),
        other => other?,
    }
    let arrived = locate::call(session, None, ARRIVED, &[]).await?;
    if let Some((status, why)) = relays_own(url, &arrived) {
        session.place.set(None);
        return Err(match status {
            FORBIDDEN => Error::Refused { url: url.to_owned(), why },
            _ => unreachable(&why),
        });
    }
    storage::seeded(session, &arrived["url"]).await?;
    let (to, status) = (arrived["url"].as_str().unwrap_or(url), arrived["status"].as_u64());
    let status = status.and_then(|status| u16::try_from(status).ok());
    session.recorder.note(Note::Navigated { url: without_query(to), status });
    // `Retry-After` is a header, and no page can read those it came with.
    Ok(Arrival { url: to.to_owned(), status, retry_after: None })
}

/// Asks the gate about an address that is about to be opened.
async fn admit(session: &WebSession, url: &str) -> Result<(), Error> {
    let refused = |why: String| Error::Refused { url: url.to_owned(), why };
    if let Some(why) = watch::refusal(&*session.gate, url) {
        session.talk.log(format!("refused GET {}: {why}", without_query(url)));
        return Err(refused(why));
    }
    let departure = Departure { method: "GET", url, is_navigation: true };
    match session.gate.admit(&departure) {
        Some(admission) => admission.await.map_err(|turned| refused(turned.why)),
        None => Ok(()),
    }
}

/// Takes with it what is known only on the present page.
async fn leave(session: &WebSession) -> Result<(), Error> {
    close_others(session).await?;
    storage::look(session).await?;
    session.elements().forget();
    Ok(())
}

async fn go(session: &WebSession, url: &str) -> Result<(), Error> {
    // The server has the same bound of its own, and answers in good time.
    let within = session.navigation_max + CALL_MAX;
    let command = Command::post("url", json!({ "url": url }));
    match session.talk.ask("navigate", within, &command).await {
        Err(Error::Slow { call, .. }) => {
            Err(Error::Slow { call, ms: session.navigation_max.as_millis() as u64 })
        }
        other => other.map(drop),
    }
}

/// What the relay said in place of the site, if it did: `walkon: …`, as plain text. Only what goes
/// unencrypted can be answered by it; a site that writes the same has but refused itself.
fn relays_own(url: &str, arrived: &Value) -> Option<(u64, String)> {
    let status = arrived["status"].as_u64()?;
    let why = arrived["plain"].as_str()?.strip_prefix("walkon: ")?.trim_end();
    let own = url.starts_with("http://") && matches!(status, FORBIDDEN | BAD_GATEWAY);
    own.then(|| (status, why.to_owned()))
}

/// `unknown error: net::ERR_X` by its name alone.
fn error_name(why: &str) -> &str {
    why.find("net::").map_or(why, |at| &why[at..])
}

/// An address as it may stand in a recording: its query may hold secrets.
fn without_query(url: &str) -> String {
    url.split(['?', '#']).next().unwrap_or_default().to_owned()
}

/// Leaves the site for an empty page.
pub(super) async fn park(session: &WebSession) -> Result<(), Error> {
    leave(session).await?;
    session.place.set(None);
    go(session, "about:blank").await?;
    vendor::stop_service_workers(&session.talk).await
}

/// Closes windows that nobody asked for.
pub(super) async fn close_others(session: &WebSession) -> Result<(), Error> {
    let ask = async |command: Command| session.talk.ask("windows", CALL_MAX, &command).await;
    let all = ask(Command::get("window/handles")).await?;
    let all = all.as_array().into_iter().flatten().filter_map(Value::as_str);
    let others: Vec<&str> = all.filter(|window| *window != session.window).collect();
    if others.is_empty() {
        return Ok(());
    }
    for other in others {
        let closed = async {
            ask(Command::post("window", json!({ "handle": other }))).await?;
            let url = ask(Command::get("url")).await?;
            ask(Command::delete("window")).await?;
            Ok::<_, Error>(without_query(url.as_str().unwrap_or_default()))
        };
        // It may close by itself.
        if let Ok(url) = closed.await {
            session.talk.log(format!("closed a new tab: {url}"));
        }
    }
    ask(Command::post("window", json!({ "handle": session.window }))).await.map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_http_can_be_answered_by_the_relay() {
        let said = json!({ "status": 403, "plain": "walkon: no such origin\n" });
        let (status, why) = relays_own("http://x.test/", &said).unwrap();
        assert_eq!((status, why.as_str()), (403, "no such origin"));
        assert_eq!(relays_own("https://x.test/", &said), None);
        let page = json!({ "status": 403, "plain": null });
        assert_eq!(relays_own("http://x.test/", &page), None);
        let other = json!({ "status": 200, "plain": "walkon: hello" });
        assert_eq!(relays_own("http://x.test/", &other), None);
    }

    #[test]
    fn a_failure_is_named_as_the_browser_names_it() {
        assert_eq!(error_name("unknown error: net::ERR_FAILED"), "net::ERR_FAILED");
        assert_eq!(error_name("something else"), "something else");
    }
}
