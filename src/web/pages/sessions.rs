//! `/sessions`, a session's review, and its pictures.

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use walkon_core::id::SessionId;

use super::super::access::Caller;
use super::super::chrome::{Chrome, Failed, Lost, Place, page};
use super::super::view::review::{Recorded, Review, Tab, review};
use super::super::view::sessions::{SessionRow, SessionsPage, row};
use super::Pages;
use super::archive::{look, reading};

/// How many sessions one page has.
const ROWS: usize = 24;
/// Among how many they are looked for.
const LOOKED_THROUGH: usize = 2000;

/// Which sessions.
#[derive(Debug, Default, Clone, Deserialize)]
pub(super) struct Which {
    failed: Option<u8>,
    account: Option<String>,
    from: Option<usize>,
}

#[derive(Template)]
#[template(path = "sessions.html")]
struct List {
    chrome: Chrome,
    p: SessionsPage,
}

/// `/sessions`
pub(super) async fn list(
    State(pages): State<Pages>,
    caller: Caller,
    Query(which): Query<Which>,
) -> Response {
    let c = &pages.coordinator;
    let now = c.now();
    let only_failed = which.failed.is_some_and(|failed| failed > 0);
    let from = which.from.unwrap_or(0);
    let account = which.account.clone().filter(|account| !account.is_empty());
    let wanted = account.clone();
    let seen: Vec<SessionRow> = reading(&c.archive, move |archive| {
        let some = if only_failed || wanted.is_some() { LOOKED_THROUGH } else { from + ROWS + 1 };
        let heads = archive.newest(some).unwrap_or_default().into_iter();
        let own = heads.filter(|head| {
            let failed = head.status == "failed" || head.counts.failed > 0;
            (!only_failed || failed) && wanted.as_ref().is_none_or(|id| *id == head.account)
        });
        let seen = own.skip(from).take(ROWS + 1).map(|head| look(archive, head, now));
        seen.map(|seen| row(&seen.head, &seen.glance, seen.quiet_ms, now)).collect()
    })
    .await;
    let failed = if only_failed { "&failed=1" } else { "" };
    let of = account.as_ref().and_then(|id| id.parse::<walkon_core::id::AccountId>().ok());
    let of = of.map_or_else(String::new, |id| format!("&account={id}"));
    let older = (seen.len() > ROWS).then(|| format!("/sessions?from={}{failed}{of}", from + ROWS));
    let rows = seen.into_iter().take(ROWS).collect();
    let p = SessionsPage { rows, only_failed, account, older };
    page(&List { chrome: Chrome::new("Sessions", Place::Sessions).of(&caller), p })
}

#[derive(Template)]
#[template(path = "session.html")]
struct One {
    chrome: Chrome,
    p: Review,
}

/// Which moment, and which table.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Moment {
    at: Option<String>,
    tab: Option<String>,
}

/// `/sessions/{id}`
pub(super) async fn one(
    State(pages): State<Pages>,
    caller: Caller,
    Path(id): Path<String>,
    Query(moment): Query<Moment>,
) -> Result<Response, Failed> {
    let c = &pages.coordinator;
    let now = c.now();
    let missing = || Lost::missing("session", &id);
    let session = id.parse::<SessionId>().map_err(|_| missing())?;
    let tab = Tab::named(moment.tab.as_deref().unwrap_or_default());
    let at = moment.at.and_then(|at| at.parse().ok());
    let made = reading(&c.archive, move |archive| {
        let head = archive.head(&session)?;
        let seen = look(archive, head, now);
        let network = archive.lines(&session, "network.jsonl").into_iter();
        let recorded = Recorded {
            head: &seen.head,
            events: archive.lines(&session, "events.jsonl"),
            network: network.filter_map(|line| serde_json::from_value(line).ok()).collect(),
            glance: &seen.glance,
            quiet_ms: seen.quiet_ms,
        };
        Some(review(recorded, at, tab, now))
    });
    let p = made.await.ok_or_else(missing)?;
    let title = format!("{} · {}", p.row.account, p.began);
    Ok(page(&One { chrome: Chrome::new(title, Place::Sessions).of(&caller), p }))
}

/// `/sessions/{id}/blobs/{name}.jpg`: a picture of somebody's page, kept from being anything else.
pub(super) async fn blob(
    State(pages): State<Pages>,
    Path((id, file)): Path<(String, String)>,
) -> Response {
    let names = id.parse::<SessionId>().ok().zip(file.strip_suffix(".jpg").map(str::to_owned));
    let Some((session, name)) = names else { return StatusCode::NOT_FOUND.into_response() };
    let bytes = reading(&pages.coordinator.archive, move |archive| archive.blob(&session, &name));
    let Some(bytes) = bytes.await else { return StatusCode::NOT_FOUND.into_response() };
    let headers = [
        (header::CONTENT_TYPE, "image/jpeg"),
        (header::CONTENT_SECURITY_POLICY, "sandbox; default-src 'none'"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::CACHE_CONTROL, "private, max-age=86400, immutable"),
    ];
    (headers, bytes).into_response()
}

#[cfg(test)]
mod tests {
    use super::super::super::view::sessions::glance;
    use super::*;
    use jiff::Timestamp;
    use serde_json::json;

    fn shown(tab: Tab) -> String {
        let head = serde_json::from_value(json!({
            "format": "walkon-session", "version": 1, "session": "s-1", "status": "sealed",
            "account": "ada", "site": "plaza", "device": "desktop", "persona": "casual",
            "worker": "w-1", "viewport": [1280, 800], "proxy": null, "ended_at": null,
            "started_at": Timestamp::UNIX_EPOCH, "bytes": [1, 2],
            "counts": {"actions": 1, "failed": 0, "pictures": 1, "requests": 1},
        }));
        let events = vec![
            json!({"seq": 1, "t": 0.0, "type": "action_begin", "action": "a-1", "kind": "like",
                   "target": "post:7", "attempt": 1}),
            json!({"seq": 2, "t": 1.0, "type": "picture", "label": "before", "blob": "b1"}),
            json!({"seq": 3, "t": 2.0, "type": "console", "level": "log", "text": "<img src=x>"}),
        ];
        let url = "http://127.0.0.1/?q=<img src=x>".to_owned();
        let network = vec![walkon_core::recorder::Exchange { url, ..Default::default() }];
        let text = events.iter().fold(String::new(), |text, event| format!("{text}{event}\n"));
        let (head, glance) = (head.unwrap(), glance(&text));
        let recorded = Recorded { head: &head, events, network, glance: &glance, quiet_ms: 0 };
        let p = review(recorded, None, tab, Timestamp::UNIX_EPOCH);
        One { chrome: Chrome::new("ada", Place::Sessions), p }.render().unwrap()
    }

    #[test]
    fn a_page_that_was_visited_cannot_speak_through_ours() {
        for tab in [Tab::Network, Tab::Console, Tab::Raw] {
            let html = shown(tab);
            assert!(html.contains("&#60;img src=x&#62;"), "{}", tab.name());
            assert!(!html.contains("<img src=x") && !html.contains("style="));
        }
    }

    #[test]
    fn every_moment_is_a_plain_link() {
        let html = shown(Tab::Raw);
        assert!(html.contains(r#"href="?at=2&amp;tab=raw""#), "{html}");
        assert!(html.contains(r#"src="/sessions/s-1/blobs/b1.jpg""#));
    }
}
