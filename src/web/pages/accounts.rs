//! `/accounts`: the list, what is done to many at once, and the file read again.

use std::collections::BTreeMap;

use askama::Template;
use axum::Form;
use axum::extract::{Query, State};
use axum::response::{Redirect, Response};
use serde::Deserialize;
use tokio::time::Instant;
use walkon_core::account::{Lifecycle, Standing};
use walkon_core::api_token::ApiScope;
use walkon_core::health::Level;
use walkon_core::id::AccountId;
use walkon_core::receipt::Receipt;

use super::super::access::Caller;
use super::super::chrome::{Chrome, Failed, Lost, Place, page};
use super::super::view::accounts::{AccountRow, Known, Ways, rank, row};
use super::super::view::say;
use super::Pages;
use crate::coordinator::Coordinator;
use crate::coordinator::reload::Reloaded;
use crate::queue::Person;
use crate::store::search::{Found, Wanted};

mod one;

pub(super) use one::{one, pause, release, resume};

/// How many accounts one page has.
const ROWS: usize = 60;
/// How many of its last actions an account is listed with.
const LAST: usize = 3;

/// Accounts in words, with all that is known of them, in a fixed number of calls.
async fn rows(c: &Coordinator, standings: &[Standing]) -> Result<Vec<AccountRow>, Failed> {
    let (now, force) = (c.now(), c.in_force());
    let ids: Vec<_> = standings.iter().map(|standing| standing.account.id.clone()).collect();
    let (due, views) = (c.queue.due(&ids).await?, c.queue.account_views(&ids).await?);
    let mut healths = c.store.healths_of(&ids).await?;
    let mut last: BTreeMap<String, Vec<Receipt>> = BTreeMap::new();
    for receipt in c.store.receipts_of(&ids, (ids.len() * LAST * 4) as u64).await? {
        let own = last.entry(receipt.account.clone()).or_default();
        if own.len() < LAST {
            own.push(receipt);
        }
    }
    let (mut rows, mut ways) = (Vec::new(), BTreeMap::new());
    for ((standing, due), queue) in standings.iter().zip(due).zip(views) {
        let account = &standing.account;
        // Accounts of a site are alike in what they can do: that is found out once.
        let alike = (&account.site, account.token_file.is_some());
        let ways: &Ways = ways.entry(alike).or_insert_with(|| Ways::of(&c.facts(account)));
        let is_new = matches!(standing.lifecycle, Lifecycle::Connecting | Lifecycle::Error);
        let known = Known {
            queue,
            plan: force.plans.get(&account.plan),
            ways: ways.clone(),
            due,
            health: healths.remove(&account.id),
            onboarding: if is_new { c.store.onboarding(&account.id).await? } else { None },
            last: last.remove(account.id.as_str()).unwrap_or_default(),
        };
        rows.push(row(standing, known, now));
    }
    Ok(rows)
}

async fn standing(c: &Coordinator, id: &str) -> Result<Standing, Failed> {
    let missing = || Lost::missing("account", id);
    let known = id.parse::<AccountId>().map_err(|_| missing())?;
    Ok(c.store.account(&known).await?.ok_or_else(missing)?)
}

/// What is looked for.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct Look {
    q: String,
    state: String,
    health: String,
    site: String,
    plan: String,
    from: usize,
}

impl Look {
    fn wanted(&self) -> Wanted {
        let said = |text: &String| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
        Wanted {
            text: said(&self.q),
            word: said(&self.state),
            level: Level::named(&self.health),
            site: said(&self.site),
            plan: said(&self.plan),
        }
    }

    /// What a form says so that the same is looked for again.
    fn fields(&self) -> [(&'static str, &str); 5] {
        let Self { q, state, health, site, plan, .. } = self;
        [("q", q), ("state", state), ("health", health), ("site", site), ("plan", plan)]
    }

    /// The address of the list with another state, health and first row.
    fn href(&self, state: &str, health: &str, from: usize) -> String {
        let from = if from > 0 { from.to_string() } else { String::new() };
        let pairs = [
            ("q", self.q.trim()),
            ("state", state),
            ("health", health),
            ("site", &self.site),
            ("plan", &self.plan),
            ("from", &from),
        ];
        let said = pairs.iter().filter(|(_, value)| !value.is_empty());
        let said: Vec<_> = said.map(|(name, value)| format!("{name}={}", escaped(value))).collect();
        if said.is_empty() { "/accounts".into() } else { format!("/accounts?{}", said.join("&")) }
    }
}

/// A value as it stands in an address.
fn escaped(text: &str) -> String {
    text.bytes().fold(String::new(), |all, byte| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' => {
            all + &char::from(byte).to_string()
        }
        _ => format!("{all}%{byte:02X}"),
    })
}

/// A choice with how many there are.
struct Chip {
    name: &'static str,
    class: String,
    count: String,
    some: bool,
    href: String,
    here: bool,
}

impl Chip {
    fn new(name: &'static str, class: String, count: u64, (href, here): (String, bool)) -> Self {
        Self { name, class, count: say::count(count), some: count > 0, href, here }
    }
}

#[derive(Template)]
#[template(path = "accounts.html")]
struct List {
    chrome: Chrome,
    look: Look,
    summary: String,
    matching: usize,
    total: u64,
    levels: Vec<Chip>,
    words: Vec<Chip>,
    sites: Vec<String>,
    plans: Vec<String>,
    rows: Vec<AccountRow>,
    newer: Option<String>,
    older: Option<String>,
    may_control: bool,
    may_change: bool,
    file: String,
}

const WORDS: [&str; 8] =
    ["active", "ramping", "paused", "suspended", "error", "connecting", "inactive", "leaving"];

fn chips(look: &Look, found: &Found) -> (Vec<Chip>, Vec<Chip>) {
    let count = |counts: &BTreeMap<&'static str, u64>, name| counts.get(name).copied().unwrap_or(0);
    let levels = Level::ALL.iter().rev().map(|level| {
        let (name, here) = (level.name(), look.health == level.name());
        let href = look.href(&look.state, if here { "" } else { name }, 0);
        Chip::new(name, format!("h-{name}"), count(&found.levels, name), (href, here))
    });
    let words = WORDS.iter().map(|name| {
        let here = look.state == *name;
        let href = look.href(if here { "" } else { name }, &look.health, 0);
        Chip::new(name, format!("w-{name}"), count(&found.words, name), (href, here))
    });
    let shown = |chip: &Chip| chip.some || chip.here;
    (levels.filter(shown).collect(), words.filter(shown).collect())
}

/// Who needs a person first, then who is ill, then who rests.
fn first(word: &'static str, level: Level) -> u8 {
    let ill = match level {
        Level::Critical => 0,
        Level::Warning => 1,
        Level::Healthy | Level::Unknown => 2,
    };
    rank(word) * 3 + ill
}

/// `/accounts`
pub(super) async fn list(
    State(pages): State<Pages>,
    caller: Caller,
    Query(look): Query<Look>,
) -> Result<Response, Failed> {
    let begun = Instant::now();
    let c = &pages.coordinator;
    let found = c.store.find(&look.wanted(), first).await?;
    let from = look.from.min(found.all.len());
    let to = (from + ROWS).min(found.all.len());
    let ids: Vec<_> = found.all[from..to].iter().map(|one| one.id.clone()).collect();
    let standings = c.store.these(&ids).await?;
    let (levels, words) = chips(&look, &found);
    let matching = found.all.len();
    let summary = if matching as u64 == found.total {
        say::many(found.total, "account")
    } else {
        format!("{} of {}", say::count(matching as u64), say::many(found.total, "account"))
    };
    let at = |from| look.href(&look.state, &look.health, from);
    let mut response = page(&List {
        chrome: Chrome::new("Accounts", Place::Accounts).of(&caller),
        summary,
        matching,
        total: found.total,
        levels,
        words,
        sites: c.catalog.sites.keys().map(ToString::to_string).collect(),
        plans: c.in_force().plans.keys().cloned().collect(),
        rows: rows(c, &standings).await?,
        newer: (from > 0).then(|| at(from.saturating_sub(ROWS))),
        older: (to < matching).then(|| at(to)),
        may_control: caller.may(ApiScope::FleetControl),
        may_change: caller.may(ApiScope::AccountsWrite),
        file: c.options.accounts.display().to_string(),
        look: look.clone(),
    });
    let took = format!("page;dur={:.1}", begun.elapsed().as_secs_f64() * 1e3);
    if let Ok(value) = took.parse() {
        response.headers_mut().insert("server-timing", value);
    }
    Ok(response)
}

/// Many at once: those that are ticked, or all that match.
pub(super) async fn bulk(
    State(pages): State<Pages>,
    caller: Caller,
    Form(fields): Form<Vec<(String, String)>>,
) -> Result<Redirect, Failed> {
    let c = &pages.coordinator;
    let said = |wanted: &str| {
        let found = fields.iter().find(|(name, _)| name == wanted);
        found.map(|(_, value)| value.trim().to_owned()).unwrap_or_default()
    };
    let (q, state, health) = (said("q"), said("state"), said("health"));
    let look = Look { q, state, health, site: said("site"), plan: said("plan"), from: 0 };
    let one = ["pause", "resume"].map(|act| (act, said(act)));
    let (act, ids) = match one.iter().find(|(_, id)| !id.is_empty()) {
        Some((act, id)) => ((*act).to_owned(), vec![id.clone()]),
        None if !said("all").is_empty() => {
            let found = c.store.find(&look.wanted(), first).await?;
            (said("act"), found.all.into_iter().map(|one| one.id.to_string()).collect())
        }
        None => {
            let ticked = fields.iter().filter(|(name, _)| name == "id");
            (said("act"), ticked.map(|(_, id)| id.clone()).collect())
        }
    };
    let ids: Vec<AccountId> = ids.iter().filter_map(|id| id.parse().ok()).collect();
    let why = Some(said("reason")).filter(|why| !why.is_empty());
    let person = Person::new(&caller.name, why.as_deref().unwrap_or("by the page of all accounts"));
    c.halt_many(&ids, act == "pause", &person).await?;
    Ok(Redirect::to(&look.href(&look.state, &look.health, 0)))
}

#[derive(Template)]
#[template(path = "reloaded.html")]
struct Again {
    chrome: Chrome,
    done: Reloaded,
    file: String,
}

impl Again {
    fn lists(&self) -> [(&'static str, &[AccountId]); 3] {
        let Reloaded { added, updated, removed, .. } = &self.done;
        [("added", added), ("updated", updated), ("removed", removed)]
    }
}

/// Reads the accounts' file again, and says what that did.
pub(super) async fn reload(State(pages): State<Pages>, caller: Caller) -> Result<Response, Failed> {
    let c = &pages.coordinator;
    let person = Person::new(&caller.name, "it is not in the accounts' file any more");
    let done = c.reload(&person).await?;
    let chrome = Chrome::new("Accounts read again", Place::Accounts).of(&caller);
    Ok(page(&Again { chrome, done, file: c.options.accounts.display().to_string() }))
}
