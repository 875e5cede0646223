//! `walkon demo`: the main job on Plaza, with what goes wrong on the way, and the books at the end.
//!
//! [`stage`] sets it up in a folder of its own, [`asked`] is what is asked for, [`story`] what
//! happens; [`books`] compares Plaza's ledger with our receipts, and with the plans by [`caps`].
//! Plaza is the judge: it runs in this very process and nothing is done to it.

use std::io::IsTerminal as _;
use std::net::SocketAddr;
use std::time::Duration;

use clap::Args;
use serde_json::json;

use super::drivers::DriverName;
use super::out::say;
use super::report::{Code, Failure};
use crate::shutdown::Shutdown;

mod asked;
mod books;
mod caps;
mod stage;
mod story;

/// `walkon plaza`
#[derive(Debug, Clone, Args)]
pub(super) struct PlazaArgs {
    /// Where the site listens.
    #[arg(long, default_value = "127.0.0.1:7400")]
    listen: SocketAddr,
    /// Where its control port listens: ledger, faults, reset.
    #[arg(long, default_value = "127.0.0.1:7401")]
    control: SocketAddr,
    /// Decides its members, posts and pictures.
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

/// `walkon demo`
#[derive(Debug, Clone, Args)]
pub(super) struct DemoArgs {
    /// Ends by itself, with exit code 0 only if ledger and receipts agree exactly.
    #[arg(long)]
    exit: bool,
    /// How many worker processes.
    #[arg(long, default_value_t = 2)]
    workers: usize,
    /// How many times as fast as a person accounts move and read.
    #[arg(long, default_value_t = 20.0)]
    pace: f64,
    /// Decides what is asked for, and every draw of chance.
    #[arg(long, default_value_t = 7)]
    seed: u64,
    /// Where the pages listen; port 0 takes a free one.
    #[arg(long, default_value = "127.0.0.1:0")]
    listen: SocketAddr,
    /// What drives browsers.
    #[arg(long, value_enum, default_value_t = DriverName::Cdp)]
    driver: DriverName,
    /// Asks for fifteen actions only, and lets nothing go wrong but what --kill says.
    #[arg(long)]
    short: bool,
    /// Kills one process at a moment: this seed decides which and when.
    #[arg(long, value_name = "SEED")]
    kill: Option<u64>,
    /// The longest the run may take, in seconds.
    #[arg(long, default_value_t = 150)]
    most: u64,
}

fn plaza_failure(error: &plaza::Error) -> Failure {
    Failure::new(Code::Host, error.to_string(), error.remedy().into_owned())
}

/// `walkon plaza`
pub(super) async fn plaza(args: &PlazaArgs) -> Result<(), Failure> {
    let options = plaza::Options {
        listen: args.listen,
        control: args.control,
        seed: args.seed,
        ..plaza::Options::default()
    };
    let mut running = plaza::start(options).await.map_err(|error| plaza_failure(&error))?;
    say(&format!("plaza is open: http://{}", running.site));
    say(&format!("ledger and faults: http://{}", running.control));
    say("a member's password is <username>-secret; stop with Ctrl-C");
    let shutdown = Shutdown::new();
    shutdown.listen_to_signals().map_err(|error| Failure::system("no signals", &error))?;
    tokio::select! {
        () = shutdown.soft().cancelled() => running.stop().await,
        () = running.ended() => {}
    }
    Ok(())
}

/// `walkon demo`
pub(super) async fn demo(args: &DemoArgs, json: bool) -> Result<(), Failure> {
    let shutdown = Shutdown::new();
    shutdown.listen_to_signals().map_err(|error| Failure::system("no signals", &error))?;
    let began = tokio::time::Instant::now();
    let mut stage = stage::Stage::set(args, &shutdown).await?;
    let done = run(args, json, &mut stage, &shutdown).await;
    let verdict = match done {
        Ok(told) => books::close(&stage, &told, began.elapsed(), json).await,
        Err(failure) => Err(failure),
    };
    if verdict.is_ok() && !args.exit && !shutdown.soft().is_cancelled() {
        say("");
        say(&format!("the pages: {}", stage.url()));
        say(&format!("plaza:     http://{}", stage.plaza.site));
        say("stop with Ctrl-C");
        stage.fleet.watch(&shutdown).await?;
    }
    let orphans = stage.strike(&shutdown).await;
    let verdict = verdict?;
    if orphans > 0 {
        let what = format!("{orphans} browser processes were left behind");
        return Err(Failure::new(Code::Failed, what, "this is a bug"));
    }
    verdict.agree()
}

/// Asks, watches and lets things go wrong, until all is done that can be done.
async fn run(
    args: &DemoArgs,
    json: bool,
    stage: &mut stage::Stage,
    shutdown: &Shutdown,
) -> Result<story::Told, Failure> {
    let mut told = story::Told::new(args);
    told.ask(stage).await?;
    if !json {
        say(&format!("the pages: {}", stage.url()));
        say(&format!("plaza:     http://{}", stage.plaza.site));
        say("");
    }
    let bar = progress(told.asked() as u64, json);
    let until = tokio::time::Instant::now() + Duration::from_secs(args.most);
    loop {
        stage.fleet.look().await?;
        let lines = told.follow(stage).await?;
        for line in &lines {
            match (json, bar.is_hidden()) {
                (true, _) => {}
                (false, true) => say(line),
                (false, false) => bar.println(line),
            }
        }
        bar.set_position(told.ended() as u64);
        bar.set_message(told.message());
        if told.is_over(stage).await? {
            bar.finish_and_clear();
            return Ok(told);
        }
        if tokio::time::Instant::now() >= until || shutdown.soft().is_cancelled() {
            bar.finish_and_clear();
            let what = format!("not done within {} s: {}", args.most, told.message());
            return Err(Failure::new(Code::Failed, what, "give it more by --most, or less to do"));
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

fn progress(count: u64, json: bool) -> indicatif::ProgressBar {
    let bar = indicatif::ProgressBar::new(count);
    if json || !std::io::stderr().is_terminal() {
        bar.set_draw_target(indicatif::ProgressDrawTarget::hidden());
    }
    let style = "{spinner} {wide_bar} {pos}/{len}  {msg}";
    if let Ok(style) = indicatif::ProgressStyle::with_template(style) {
        bar.set_style(style);
    }
    bar
}

/// What `--json` prints: the states, and how the books compare.
fn totals(told: &story::Told) -> serde_json::Value {
    json!(told.states())
}
