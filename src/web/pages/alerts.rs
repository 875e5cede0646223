//! `/alerts`: what somebody should be told, and whether they were.

use askama::Template;
use axum::extract::State;
use axum::response::Response;

use super::super::access::Caller;
use super::super::chrome::{Chrome, Failed, Place, page};
use super::super::view::alerts::{AlertsPage, alerts};
use super::Pages;

/// The most that one page has, those that are over included.
const MOST: u64 = 200;

#[derive(Template)]
#[template(path = "alerts.html")]
struct List {
    chrome: Chrome,
    p: AlertsPage,
}

/// `/alerts`
pub(super) async fn list(State(pages): State<Pages>, caller: Caller) -> Result<Response, Failed> {
    let c = &pages.coordinator;
    let all = c.store.alerts(None, MOST).await?;
    let channels = &c.care.options().alerts.channels;
    let channels = channels.iter().map(|channel| channel.name()).collect();
    let chrome = Chrome::new("Alerts", Place::Alerts).of(&caller);
    Ok(page(&List { chrome, p: alerts(&all, channels, c.now()) }))
}
