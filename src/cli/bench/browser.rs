//! `walkon bench browser`: what an account's browser costs on this host.

use std::path::PathBuf;
use std::process::Stdio;
use std::sync::Arc;

use clap::Args;
use serde_json::Value;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};

use super::super::drivers::browser_options;
use super::super::out::{say, table};
use super::super::report::{Code, Failure};
use super::{Folder, rows, within};
use crate::bench::browser::{self as bench, Error, Ground, Size};
use crate::catalog::Catalog;
use crate::config::Config;
use crate::driver::cdp::CdpDriver;
use crate::shutdown::Shutdown;

/// Likes of each session while the worker's memory is watched.
const LIKES_EACH: usize = 5;

/// `walkon bench browser`
#[derive(Debug, Clone, Args)]
pub(in super::super) struct BrowserBench {
    /// Browsers side by side for the memory of one.
    #[arg(long, default_value_t = 20, value_parser = within(1..=200))]
    accounts: u64,
    /// Accounts in shared browsers, side by side for the memory of one.
    #[arg(long, default_value_t = 40, value_parser = within(1..=200))]
    packed: u64,
    /// Likes timed in each state of the browser.
    #[arg(long, default_value_t = 30, value_parser = within(1..=50))]
    likes: u64,
    /// Sessions side by side for the worker's memory and for gestures.
    #[arg(long, default_value_t = 10, value_parser = within(1..=10))]
    sessions: u64,
    /// Only the worker's memory, on the Plaza at this address: for a process of its own.
    #[arg(long, hide = true, value_name = "PLAZA")]
    memory: Option<String>,
}

fn failed(error: &Error) -> Failure {
    let failure = Failure::system("the bench came to nothing", error);
    let remedy = match error {
        Error::Driver(error) => error.remedy().map(str::to_owned),
        Error::Action(_) => Some("WALKON_LOG=debug tells more of it".to_owned()),
        Error::Missing(_) => Some("start it in the project's folder".to_owned()),
    };
    Failure { remedy, code: Code::Host, ..failure }
}

/// Another walkon that ends with us, and what it says first.
async fn child(words: &[&str]) -> Result<(Child, String), Failure> {
    let walkon = std::env::current_exe();
    let walkon = walkon.map_err(|error| Failure::system("our own executable", &error))?;
    let mut command = Command::new(walkon);
    command.args(words).arg("--die-with-parent").stdout(Stdio::piped()).kill_on_drop(true);
    let started = command.spawn();
    let mut child = started.map_err(|error| Failure::system("could not start walkon", &error))?;
    let out = child.stdout.take().expect("it is piped");
    let line = BufReader::new(out).lines().next_line().await.ok().flatten();
    let why = "its lines above say why";
    let line = line.ok_or_else(|| Failure::new(Code::Host, format!("{words:?} ended"), why))?;
    Ok((child, line))
}

fn ground(config: &Config, plaza: &str, folder: PathBuf) -> Result<Ground, Failure> {
    let catalog = Catalog::load(&config.fleet.behaviors, &config.fleet.profiles)?;
    let driver = Arc::new(CdpDriver::new(browser_options(config)?)?);
    Ok(Ground { driver, plaza: plaza.to_owned(), folder, catalog })
}

/// `walkon bench browser`
pub(in super::super) async fn browser(
    config: &Config,
    args: &BrowserBench,
    json: bool,
) -> Result<(), Failure> {
    let folder = Folder::new()?;
    let [accounts, packed, likes, sessions] =
        [args.accounts, args.packed, args.likes, args.sessions].map(|number| number as usize);
    if let Some(plaza) = &args.memory {
        let ground = ground(config, plaza, folder.0.clone())?;
        let bytes = bench::memory(&ground, sessions, LIKES_EACH).await;
        say(&bytes.map_err(|error| failed(&error))?.to_string());
        return Ok(());
    }
    let shutdown = Shutdown::new();
    shutdown.listen_to_signals().map_err(|error| Failure::system("no signals", &error))?;
    let size = Size { accounts, packed, likes, sessions };
    let measured = tokio::select! {
        measured = measure(config, folder.0.clone(), size) => measured,
        () = shutdown.soft().cancelled() => {
            Err(Failure::new(Code::Failed, "the bench was stopped", ""))
        }
    };
    let value = measured?;
    if json {
        say(&value.to_string());
    } else {
        table(&rows(SHOWN, &value));
    }
    Ok(())
}

async fn measure(config: &Config, folder: PathBuf, size: Size) -> Result<Value, Failure> {
    let any = "127.0.0.1:0";
    let (_memory, said) = child(&["plaza", "--listen", any, "--control", any]).await?;
    let plaza = said.rsplit(' ').next().unwrap_or_default().to_owned();
    let sessions = size.sessions.to_string();
    let words = ["bench", "browser", "--memory", &plaza, "--sessions", &sessions];
    let (mut memory, said) = child(&words).await?;
    let waited = memory.wait().await;
    waited.map_err(|error| Failure::system("a part of the bench was lost", &error))?;
    let bytes = said.parse().map_err(|_| Failure::new(Code::Failed, said, ""))?;
    let ground = ground(config, &plaza, folder)?;
    let report = bench::browser(&ground, size, bytes).await.map_err(|error| failed(&error))?;
    Ok(serde_json::to_value(&report).expect("a report is plain data"))
}

/// What a person reads, in this order; the JSON has the same names.
const SHOWN: &[(&str, &str)] = &[
    ("dedicated_pss_mib", "memory of an account's own browser on the reference page (PSS)"),
    ("parked_pss_mib", "the same parked on an empty page"),
    ("packed_pss_mib", "memory of an account that shares its browser, on the reference page"),
    ("packed_parked_pss_mib", "the same parked on an empty page"),
    ("first_action_ms_dedicated", "a like of an account whose browser is parked"),
    ("first_action_ms_packed", "the same in a shared browser that is full"),
    ("cold_action_ms", "a like of an account whose browser must be started"),
    ("like_ms", "a like in an open browser, no pacing, no recording, gate on"),
    ("like_recorded_ms", "the same with recording"),
    ("worker_rss_mib", "the most memory of the worker itself while its sessions act"),
    ("input_error_p99_ms", "inputs at the socket: 99 of 100 are nearer to their moment"),
    ("input_page_error_p99_ms", "presses and keys as the page saw them: the same"),
    ("inputs", "measured so"),
    ("accounts", "browsers side by side for memory"),
    ("packed", "accounts in shared browsers side by side for memory"),
    ("likes", "timed each"),
    ("sessions", "side by side for the worker's memory and for inputs"),
    ("cores", "of this host"),
    ("load", "of this host before and after: above its cores it was busy with others"),
    ("browser_version", ""),
    ("debug_build", "true: build with --release for figures that count"),
];
