//! `/` and its stream of changes.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use axum::response::sse::{Event, KeepAlive, Sse};
use futures_util::Stream;
use tokio::sync::Mutex;
use tokio::time::Instant;
use walkon_core::account::Standing;

use crate::coordinator::{Coordinator, Error};
use crate::store::search::Wanted;

use super::super::access::Caller;
use super::super::chrome::{Chrome, Failed, Place, page};
use super::super::view::accounts::rank;
use super::super::view::overview::{self, Facts, HELD, NEED_A_PERSON, Overview, REST};
use super::super::view::sessions::status;
use super::Pages;
use super::archive::{quiet_ms, reading};

/// How often the overview is made anew at most, however many watch it.
const EVERY: Duration = Duration::from_secs(1);
/// How many endings the throughput is counted from.
const RECEIPTS: u64 = 1000;
/// How many who act, and who come next, are shown.
const SHOWN: usize = 24;
/// How many sessions are searched for live ones.
const SESSIONS: usize = 60;

type Made = Option<(Instant, Arc<Overview>)>;

/// The overview last made, shared by everybody who watches.
#[derive(Clone, Default)]
pub(super) struct Board(Arc<Mutex<Made>>);

impl Board {
    async fn see(&self, coordinator: &Coordinator) -> Result<Arc<Overview>, Error> {
        let mut made = self.0.lock().await;
        if let Some((_, overview)) = made.as_ref().filter(|(at, _)| at.elapsed() < EVERY) {
            return Ok(overview.clone());
        }
        let overview = Arc::new(make(coordinator).await?);
        *made = Some((Instant::now(), overview.clone()));
        Ok(overview)
    }
}

/// The first of those who need a person and of those who rest, how many accounts there are by the
/// word for how they stand, and in all. A fleet of thousands is not read for it.
async fn held(c: &Coordinator) -> Result<(Vec<Standing>, BTreeMap<&'static str, u64>, u64), Error> {
    let found = c.store.find(&Wanted::default(), |word, _| rank(word)).await?;
    let first = |words: &'static [&'static str]| {
        let some = found.all.iter().filter(move |one| words.contains(&one.word));
        some.take(HELD).map(|one| one.id.clone())
    };
    let ids: Vec<_> = first(NEED_A_PERSON).chain(first(REST)).collect();
    Ok((c.store.these(&ids).await?, found.words, found.total))
}

async fn make(c: &Coordinator) -> Result<Overview, Error> {
    let now = c.now();
    let live = reading(&c.archive, move |archive| {
        let heads = archive.newest(SESSIONS).unwrap_or_default().into_iter().rev();
        let live =
            heads.filter(|head| status(head, quiet_ms(archive, &head.session, now)) == "live");
        live.map(|head| (head.account, head.session.to_string())).collect()
    });
    let (held, words, accounts) = held(c).await?;
    let facts = Facts {
        stats: c.queue.stats().await?,
        acting: c.queue.acting(SHOWN).await?,
        coming: c.queue.coming(SHOWN / 3).await?,
        held,
        words,
        accounts,
        receipts: c.store.receipts(None, RECEIPTS).await?,
        live: live.await,
    };
    Ok(overview::overview(&facts, now))
}

#[derive(Template)]
#[template(path = "overview.html")]
struct Page<'a> {
    chrome: Chrome,
    o: &'a Overview,
}

#[derive(Template)]
#[template(path = "overview_live.html")]
struct Region<'a> {
    o: &'a Overview,
}

/// `/`
pub(super) async fn overview(
    State(pages): State<Pages>,
    caller: Caller,
) -> Result<Response, Failed> {
    let o = pages.board.see(&pages.coordinator).await?;
    Ok(page(&Page { chrome: Chrome::new("Fleet", Place::Fleet).of(&caller), o: &o }))
}

/// The next change of the region, after `shown`.
async fn next(pages: &Pages, shown: &str) -> String {
    loop {
        tokio::time::sleep(EVERY).await;
        match pages.board.see(&pages.coordinator).await {
            Ok(o) => {
                let html = Region { o: &o }.render().unwrap_or_default();
                if html != shown {
                    return html;
                }
            }
            Err(error) => tracing::debug!(%error, "the overview waits"),
        }
    }
}

/// `/live`: the overview's region each time it has changed.
pub(super) async fn live(
    State(pages): State<Pages>,
) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let changes =
        futures_util::stream::unfold((pages, String::new()), |(pages, shown)| async move {
            let html = tokio::select! {
                html = next(&pages, &shown) => html,
                () = pages.shutdown.soft().cancelled() => return None,
            };
            Some((Ok(Event::default().data(&html)), (pages, html)))
        });
    Sse::new(changes).keep_alive(KeepAlive::default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::Timestamp;
    use walkon_core::receipt::Receipt;

    fn ended(why: &str) -> Receipt {
        Receipt {
            action: "a-1".into(),
            account: "ada".into(),
            kind: "like".into(),
            target: Some("post:7".into()),
            text_hash: None,
            class: Some("browser".into()),
            state: "failed".into(),
            effect: None,
            code: Some("not_found".into()),
            why: Some(why.into()),
            attempts: 1,
            at: Timestamp::UNIX_EPOCH,
            event: "1-0".into(),
        }
    }

    #[test]
    fn what_a_site_said_is_shown_as_text() {
        let receipts = vec![ended("<script>alert(1)</script>")];
        let facts = Facts { receipts, accounts: 1, ..Facts::default() };
        let o = overview::overview(&facts, Timestamp::UNIX_EPOCH);
        let html = Region { o: &o }.render().unwrap();
        assert!(html.contains("&lt;script&gt;alert(1)"), "{html}");
        assert!(!html.contains("<script>"));
    }

    #[test]
    fn a_page_holds_nothing_inline_and_loads_nothing_from_elsewhere() {
        let o = overview::overview(&Facts::default(), Timestamp::UNIX_EPOCH);
        let chrome = Chrome::new("Fleet", Place::Fleet);
        let html = Page { chrome, o: &o }.render().unwrap();
        for never in ["style=", "<style", "onclick=", "http://", "https://"] {
            assert!(!html.contains(never), "{never}");
        }
        assert_eq!(
            html.matches("<script").count(),
            html.matches("<script type=\"module\" src").count()
        );
        assert!(html.contains(r#"<a href="/" aria-current="page">Fleet</a>"#));
    }
}
