//! `walkon bench accounts`: how long an operator waits where there are thousands of accounts.

use std::fmt::Write as _;
use std::time::Duration;

use clap::Args;
use serde::Serialize;
use tokio::net::TcpListener;
use tokio::time::Instant;
use walkon_core::bundle::Secret;

use super::super::out::{say, table};
use super::super::report::{Code, Failure};
use super::super::roles::assemble;
use super::{Folder, health};
use crate::catalog::Catalog;
use crate::config::{Config, SiteOverride};
use crate::coordinator::Coordinator;
use crate::data::DataFolder;
use crate::queue::{Embedded, Person};
use crate::shutdown::Shutdown;
use crate::web;

/// How often the page is asked for.
const LOOKS: usize = 20;
/// How many entries differ at the reload.
const CHANGES: u64 = 10;

/// `walkon bench accounts`
#[derive(Debug, Clone, Args)]
pub(in super::super) struct AccountsBench {
    /// Accounts.
    #[arg(long, default_value_t = 10_000, value_parser = super::within(20..=1_000_000))]
    accounts: u64,
}

/// What was measured.
#[derive(Debug, Serialize)]
struct Report {
    /// The first read of the file: all accounts into store and queue.
    first_load_ms: f64,
    /// The same file again, with ten changes.
    reload_ms: f64,
    /// The first page of `/accounts`, server time: the middle one.
    accounts_page_ms: f64,
    /// The longest of them.
    accounts_page_max_ms: f64,
    /// The same while something is looked for.
    accounts_search_ms: f64,
    /// What a round of checks takes of one core, spread over its ten minutes.
    health_core_percent: f64,
    /// How many were checked while that was measured.
    health_checked: u64,
    /// For how long it was measured.
    health_seconds: u64,
    accounts: u64,
    cores: usize,
    debug_build: bool,
}

fn file(site: &str, password: &std::path::Path, count: u64, changed: u64) -> String {
    let password = password.display();
    (0..count).fold(String::new(), |mut text, number| {
        let zone = if number < changed { "Europe/Berlin" } else { "UTC" };
        let _ = write!(
            text,
            "[[account]]\nid = \"member-{number:06}\"\nsite = \"{site}\"\n\
             username = \"member.{number}\"\ntime_zone = \"{zone}\"\n\
             password_file = \"{password}\"\n\n"
        );
        text
    })
}

/// The server's own time for a page, as it says it, the middle and the longest of some.
async fn page_ms(url: &str) -> Result<(f64, f64), Failure> {
    let http = reqwest::Client::builder().no_proxy().timeout(Duration::from_mins(1)).build();
    let http = http.map_err(|error| Failure::system("could not make a client", &error))?;
    let mut times = Vec::new();
    for _ in 0..LOOKS {
        let answer = http.get(url).send().await;
        let answer = answer.map_err(|error| Failure::system("no page came", &error))?;
        let told = answer.headers().get("server-timing").and_then(|value| value.to_str().ok());
        let told = told.and_then(|text| text.strip_prefix("page;dur=")?.parse::<f64>().ok());
        let none = || Failure::new(Code::Failed, "the page does not tell its time", "");
        times.push(told.ok_or_else(none)?);
    }
    times.sort_by(f64::total_cmp);
    Ok((times[LOOKS / 2], times[LOOKS - 1]))
}

async fn measure(c: &Coordinator, count: u64, write: impl Fn(u64)) -> Result<Report, Failure> {
    let begun = Instant::now();
    let ms = |begun: Instant| begun.elapsed().as_secs_f64() * 1e3;
    c.enroll_all().await?;
    c.first_load().await?;
    let first_load_ms = ms(begun);
    write(CHANGES);
    let begun = Instant::now();
    let done = c.reload(&Person::new("bench", "a bench")).await?;
    let reload_ms = ms(begun);
    if done.updated.len() as u64 != CHANGES {
        let what = format!("{} accounts changed, not {CHANGES}", done.updated.len());
        return Err(Failure::new(Code::Failed, what, "this is a fault of the bench"));
    }
    let listener = TcpListener::bind("127.0.0.1:0").await;
    let listener = listener.map_err(|error| Failure::system("no port", &error))?;
    let address = listener.local_addr().map_err(|error| Failure::system("no port", &error))?;
    let shutdown = Shutdown::new();
    let (token, options) = (Secret::new(String::new()), web::access::Options::default());
    let serving = web::serve(listener, c.clone(), token, options, &shutdown);
    let looking = async {
        let (page, most) = page_ms(&format!("http://{address}/accounts")).await?;
        let (search, _) = page_ms(&format!("http://{address}/accounts?q=9&state=active")).await?;
        Ok::<_, Failure>((page, most, search))
    };
    let looked = tokio::select! {
        looked = looking => looked,
        _ = serving => Err(Failure::new(Code::Failed, "the pages ended", "")),
    };
    let (accounts_page_ms, accounts_page_max_ms, accounts_search_ms) = looked?;
    let health = health::measure(c).await?;
    Ok(Report {
        first_load_ms,
        reload_ms,
        accounts_page_ms,
        accounts_page_max_ms,
        accounts_search_ms,
        health_core_percent: health.core_percent,
        health_checked: health.checked,
        health_seconds: health.seconds,
        accounts: count,
        cores: std::thread::available_parallelism().map_or(1, usize::from),
        debug_build: cfg!(debug_assertions),
    })
}

/// `walkon bench accounts`
pub(in super::super) async fn accounts(
    config: &Config,
    args: &AccountsBench,
    json: bool,
) -> Result<(), Failure> {
    let folder = Folder::new()?;
    let data = DataFolder::open(&folder.0)?;
    let redis = Embedded::start(&data.redis()).await?;
    let mut config = config.clone();
    config.fleet.accounts = folder.0.join("accounts.toml");
    config.store.url = Secret::new(String::new());
    config.health.every = Duration::from_mins(10);
    let origin = Some(health::silent_site().await?);
    for site in Catalog::load(&config.fleet.behaviors, &config.fleet.profiles)?.sites.keys() {
        let there = SiteOverride { origin: origin.clone(), ..SiteOverride::default() };
        config.sites.insert(site.to_string(), there);
    }
    // Nobody is there to connect them.
    "active".clone_into(&mut config.fleet.new_accounts);
    let coordinator = assemble(&config, &data, redis.url()).await?;
    let Some(site) = coordinator.catalog.sites.keys().next().map(ToString::to_string) else {
        let remedy = "name a folder with one by `fleet.behaviors`";
        return Err(Failure::new(Code::Refused, "there is no site to have accounts on", remedy));
    };
    let password = folder.0.join("password");
    let write = |changed| {
        // A file that is not written shows as a fault of the read that follows.
        drop(std::fs::write(&password, "a-secret-of-the-bench"));
        let text = file(&site, &password, args.accounts, changed);
        drop(std::fs::write(&config.fleet.accounts, text));
    };
    write(0);
    let report = measure(&coordinator, args.accounts, write).await;
    coordinator.queue.close().await?;
    redis.stop().await?;
    let value = serde_json::to_value(report?).expect("a report is plain data");
    if json {
        say(&value.to_string());
    } else {
        let row = |(name, value): (&String, &serde_json::Value)| {
            vec![name.clone(), value.as_f64().map_or(value.to_string(), |ms| format!("{ms:.1}"))]
        };
        table(&value.as_object().into_iter().flatten().map(row).collect::<Vec<_>>());
    }
    Ok(())
}
