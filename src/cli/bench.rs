//! `walkon bench`: how fast this build is on this host.

use clap::{Args, Subcommand};
use serde_json::Value;

use super::out::{say, table};
use super::report::{Code, Failure};
use crate::bench::{self, Report, Size};
use crate::config::Config;
use crate::queue::{Embedded, Gauge};
use crate::shutdown::Shutdown;

pub(super) mod accounts;
#[cfg(feature = "demo")]
pub(super) mod browser;
mod health;

/// `walkon bench`
#[derive(Debug, Clone, Subcommand)]
pub(super) enum Bench {
    /// The queue: claims and finishes with every limit on, memory, and how soon work begins.
    ///
    /// Without --url it starts a Redis of its own in a temporary folder. With --url it uses that
    /// one, which must be empty, and removes what it wrote.
    Queue(QueueBench),
    /// The operator's side: reading the accounts' file, the page of all accounts, and what health
    /// checks take.
    ///
    /// It has a Redis and a `SQLite` of its own in a temporary folder.
    Accounts(accounts::AccountsBench),
    /// Browsers: memory an account, the time of an action, how true gestures are to their plan.
    ///
    /// It starts a Plaza of its own, and its sessions live in a temporary folder.
    #[cfg(feature = "demo")]
    Browser(browser::BrowserBench),
}

fn within(range: std::ops::RangeInclusive<u64>) -> clap::builder::RangedU64ValueParser {
    clap::value_parser!(u64).range(range)
}

/// `walkon bench queue`
#[derive(Debug, Clone, Args)]
pub(super) struct QueueBench {
    /// Accounts, each on a plan with every limit.
    #[arg(long, default_value_t = 1000, value_parser = within(1..=5_000_000))]
    accounts: u64,
    /// Actions of 100 bytes; more than there are accounts.
    #[arg(long, default_value_t = 20_000, value_parser = within(2..=50_000_000))]
    actions: u64,
    /// Slots that claim and finish at the same time.
    #[arg(long, default_value_t = 64, value_parser = within(1..=1000))]
    workers: u64,
}

impl QueueBench {
    fn size(&self) -> Result<Size, Failure> {
        let Self { accounts, actions, workers } = *self;
        if actions > accounts {
            return Ok(Size { accounts, actions, workers });
        }
        let what = format!("{actions} actions are too few for {accounts} accounts");
        let remedy = "ask for more --actions than --accounts: each account has one, and the others \
                      tell what one more costs";
        Err(Failure::new(Code::Refused, what, remedy))
    }
}

/// A folder that goes with us.
struct Folder(std::path::PathBuf);

impl Folder {
    fn new() -> Result<Self, Failure> {
        let path = std::env::temp_dir().join(format!("walkon-bench-{}", std::process::id()));
        let made = std::fs::create_dir(&path);
        made.map_err(|error| Failure::system("could not make a folder for Redis", &error))?;
        Ok(Self(path))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // What is left of it is in the system's own folder for such things.
        drop(std::fs::remove_dir_all(&self.0));
    }
}

/// Refuses a Redis that holds anything, whosever it is.
async fn check_empty(url: &str) -> Result<(), Failure> {
    let keys = Gauge::connect(url).await?.keys().await?;
    if keys == 0 {
        return Ok(());
    }
    let what = format!("this Redis holds {keys} keys already, and a bench is not run beside them");
    let remedy = "name an empty Redis, or leave --url out: then one is started for the bench alone";
    Err(Failure::new(Code::Refused, what, remedy))
}

async fn measure(config: &Config, url: &str, size: Size) -> Result<Report, Failure> {
    let shutdown = Shutdown::new();
    shutdown.listen_to_signals().map_err(|error| Failure::system("no signals", &error))?;
    let measured = tokio::select! {
        measured = bench::queue(url, config.queue.accept_weak_durability, size) => {
            measured.map_err(Failure::from)
        }
        () = shutdown.soft().cancelled() => {
            Err(Failure::new(Code::Failed, "the bench was stopped", ""))
        }
    };
    bench::clean(url).await?;
    measured
}

/// `walkon bench queue`
pub(super) async fn queue(
    config: &Config,
    url: Option<&str>,
    args: &QueueBench,
    json: bool,
) -> Result<(), Failure> {
    let size = args.size()?;
    let report = if let Some(url) = url {
        check_empty(url).await?;
        measure(config, url, size).await?
    } else {
        let folder = Folder::new()?;
        let redis = Embedded::start(&folder.0).await?;
        Gauge::connect(&redis.url()).await?.let_log_grow().await?;
        let report = measure(config, &redis.url(), size).await;
        redis.stop().await?;
        report?
    };
    let value = serde_json::to_value(&report).expect("a report is plain data");
    if json {
        say(&value.to_string());
    } else {
        table(&rows(SHOWN, &value));
    }
    Ok(())
}

/// What a person reads, in this order; the JSON has the same names.
const SHOWN: &[(&str, &str)] = &[
    ("cycles_per_s", "claims with their finish, a second"),
    ("enqueue_per_s", "actions taken in, a second"),
    ("server_us_per_cycle", "processor time of the server for one cycle"),
    ("script_us_per_cycle", "of it inside scripts, by the server's clock"),
    ("scripts_per_cycle", "scripts run for one cycle"),
    ("server_us_per_enqueue", "processor time of the server for one enqueue"),
    ("idle_claim_us", "inside the script of a claim that finds nothing"),
    ("idle_claim_server_us", "processor time of the server for one"),
    ("idle_claim_together_us", "inside the script, where 64 ask at once"),
    ("write_p50_ms", "one plain write, on disk"),
    ("write_p99_ms", "99 of 100 are sooner"),
    ("bytes_per_account", "with one action of 100 bytes"),
    ("bytes_per_further_action", "each"),
    ("enqueue_to_begin_p50_ms", "on an idle fleet"),
    ("enqueue_to_begin_p99_ms", "99 of 100 begin sooner"),
    ("delayed_p50_ms", "after not_before"),
    ("delayed_p99_ms", "99 of 100 begin sooner"),
    ("takeover_ms", "a dead worker's work, claimed by another"),
    ("takeover_lease_ms", "of it the lease"),
    ("takeover_grace_ms", "and the grace"),
    ("accounts", ""),
    ("actions", ""),
    ("workers", "slots at once"),
    ("redis_version", ""),
    ("cores", "of this host"),
    ("debug_build", "true: build with --release for figures that count"),
];

/// The rows of a table: name, figure, what it means.
fn rows(shown: &[(&str, &str)], report: &Value) -> Vec<Vec<String>> {
    let cell = |value: &Value| match value {
        Value::Number(number) if number.is_f64() => {
            format!("{:.1}", number.as_f64().unwrap_or_default())
        }
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let row = |(name, what): &(&str, &str)| {
        vec![(*name).to_owned(), cell(&report[*name]), (*what).to_owned()]
    };
    shown.iter().map(row).collect()
}
