//! `/usage`: how attempts ended.

use askama::Template;
use axum::extract::{Query, State};
use axum::response::Response;
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;

use crate::store::usage::{By, Count};

use super::super::access::Caller;
use super::super::chrome::{Chrome, Failed, Place, page};
use super::super::view::usage::{UsagePage, WIDTH, head, usage};
use super::Pages;

/// By what it can be counted.
const BY: [By; 4] = [By::Account, By::Hour, By::Kind, By::Result];
/// How far back it can be looked, in hours, and how that is called.
const BACK: [(u32, &str); 4] = [(1, "hour"), (24, "day"), (168, "week"), (720, "30 days")];
/// How far back where nothing is said.
const DAY: u32 = 24;

/// What is asked for. What cannot be read is as good as not said: an address is typed by people.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Asked {
    by: String,
    hours: String,
    account: String,
}

/// A choice, and the address of the page with it.
struct Choice {
    name: &'static str,
    href: String,
    here: bool,
}

#[derive(Template)]
#[template(path = "usage.html")]
struct Page {
    chrome: Chrome,
    p: UsagePage,
    width: f64,
    by: Vec<Choice>,
    back: Vec<Choice>,
    account: String,
    /// The same of all accounts.
    of_all: String,
}

fn href(by: By, hours: u32, account: &str) -> String {
    let account = if account.is_empty() { String::new() } else { format!("&account={account}") };
    format!("/usage?by={}&hours={hours}{account}", head(by))
}

/// `/usage`
pub(super) async fn counted(
    State(pages): State<Pages>,
    caller: Caller,
    Query(asked): Query<Asked>,
) -> Result<Response, Failed> {
    let c = &pages.coordinator;
    let by = BY.into_iter().find(|by| head(*by) == asked.by).unwrap_or(By::Account);
    let known = BACK.iter().map(|(hours, _)| *hours);
    let back = known.clone().find(|hours| hours.to_string() == asked.hours).unwrap_or(DAY);
    let account = asked.account.parse::<walkon_core::id::AccountId>().ok();
    let name = account.as_ref().map(ToString::to_string);
    let now = c.now();
    let since = now.saturating_sub(SignedDuration::from_hours(back.into()));
    let since = since.unwrap_or(Timestamp::MIN);
    let count = |by| Count { by, since, until: None, account: name.clone() };
    let hours = c.store.usage(&count(By::Hour)).await?;
    let lines = if by == By::Hour { hours.clone() } else { c.store.usage(&count(by)).await? };
    let account = name.unwrap_or_default();
    let choice =
        |one: By| Choice { name: head(one), href: href(one, back, &account), here: one == by };
    let far = |(hours, name): &(u32, &'static str)| Choice {
        name,
        href: href(by, *hours, &account),
        here: *hours == back,
    };
    Ok(page(&Page {
        chrome: Chrome::new("Usage", Place::Usage).of(&caller),
        p: usage(by, (lines, &hours), (since, now, back)),
        width: WIDTH,
        by: BY.into_iter().map(choice).collect(),
        back: BACK.iter().map(far).collect(),
        of_all: href(by, back, ""),
        account,
    }))
}
