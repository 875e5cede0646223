//! The command line: one binary, a subcommand a role, and the lists a person asks for.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};

use crate::config::Config;

mod accounts;
mod actions;
mod audit;
mod backup;
mod behaviors;
mod bench;
mod browse;
mod care;
mod client;
mod data;
#[cfg(feature = "demo")]
mod demo;
mod doctor;
mod drivers;
mod enqueue;
mod forecast;
mod grants;
mod hands;
mod health;
mod keys;
mod lists;
mod migrate;
mod onboard;
mod out;
mod personas;
mod profiles;
mod report;
mod roles;
mod settings;
mod sites;
mod token;
mod usage;

pub use report::Failure;

/// Many accounts, each at a human pace, inside limits that cannot be exceeded.
#[derive(Debug, Parser)]
#[command(name = "walkon", version, about, max_term_width = 100)]
pub struct Cli {
    #[command(flatten)]
    shared: Shared,
    #[command(subcommand)]
    command: Command,
}

/// What every command takes.
#[derive(Debug, Clone, Args)]
struct Shared {
    /// The settings' file [default: walkon.toml, if it is there].
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Where the coordinator answers [default: `web.listen`].
    #[arg(long, global = true, value_name = "URL")]
    url: Option<String>,
    /// Prints JSON instead of text.
    #[arg(long, global = true)]
    json: bool,
    /// Ends when the process that started it ends.
    #[arg(long, global = true, hide = true)]
    die_with_parent: bool,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Runs the whole fleet on this host: Redis, coordinator, workers, pages.
    Up(roles::Up),
    /// Runs the coordinator alone.
    Coordinator(roles::CoordinatorArgs),
    /// Runs a worker alone; it knows only the coordinator's address.
    Worker(roles::WorkerArgs),
    /// Runs Plaza, the practice site.
    #[cfg(feature = "demo")]
    Plaza(demo::PlazaArgs),
    /// Shows the main job on Plaza: six accounts, both routes, and what goes wrong on the way.
    #[cfg(feature = "demo")]
    Demo(demo::DemoArgs),
    /// Asks for an action, as JSON; or for many, from a file.
    Enqueue(enqueue::Enqueue),
    /// Pauses the whole fleet or one site until it is resumed.
    Pause(hands::What),
    /// Lets the fleet or a site go on.
    Resume(hands::What),
    /// Accounts: add, import, reload, list, show, onboard, health, pause, resume, release, move,
    /// remove, erase.
    #[command(subcommand)]
    Account(accounts::Account),
    /// Kinds of action.
    #[command(subcommand)]
    Kind(lists::Kinds),
    /// Actions: list, show, why, cancel, retry, settle.
    #[command(subcommand)]
    Action(actions::Actions),
    /// Dead letters: list, retry.
    #[command(subcommand)]
    Dead(hands::DeadLetters),
    /// Plans, which limit accounts: list, show, set, remove.
    #[command(subcommand)]
    Plan(settings::Kept),
    /// The accounts as a pool: status; and pools: list, show, set, remove.
    #[command(subcommand)]
    Pool(hands::Pool),
    /// Proxies that accounts may name: list, show, add, test, remove.
    #[command(subcommand)]
    Proxy(settings::Proxies),
    /// The queue: forecast.
    #[command(subcommand)]
    Queue(forecast::QueueCommand),
    /// What happened, in order.
    Events(lists::Events),
    /// Recorded sessions: list, show, open.
    #[command(subcommand)]
    Session(lists::Sessions),
    /// Behaviors: check, new, import, record, run, test.
    #[command(subcommand)]
    Behavior(behaviors::Behaviors),
    /// Personas: new, show, plot.
    #[command(subcommand)]
    Persona(personas::Personas),
    /// Devices and personas: list, check, show.
    #[command(subcommand)]
    Profile(profiles::Profiles),
    /// Prints every setting with its default and what it means.
    Config,
    /// How attempts ended: by account, by hour, by kind, by result.
    Usage(usage::Usage),
    /// What somebody should be told: list, test.
    #[command(subcommand)]
    Alerts(health::Alerts),
    /// What was done by hand and decided by the fleet: list, verify.
    #[command(subcommand)]
    Audit(audit::Audit),
    /// What sites let this fleet do by browser: new, verify, list, revoke.
    #[command(subcommand)]
    Grant(grants::Grant),
    /// API tokens: new, list, revoke.
    #[command(subcommand)]
    Token(token::Tokens),
    /// Keys: new, rotate, list.
    #[command(subcommand)]
    Keys(keys::Keys),
    /// The database's tables: up, down, status.
    #[command(subcommand)]
    Migrate(migrate::Migrate),
    /// Copies database, queue and recordings into one folder, while the fleet runs.
    Backup(backup::Backup),
    /// Puts a backup in place, while the fleet does not run.
    Restore(backup::Restore),
    /// Checks this host and says what to do about each finding.
    Doctor,
    /// How fast this build is on this host: queue, accounts, browser.
    #[command(subcommand)]
    Bench(bench::Bench),
}

/// Runs the command line.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    if cli.shared.die_with_parent && !die_with_parent() {
        return ExitCode::FAILURE;
    }
    telemetry();
    // One provider for all of TLS, before anything asks for it; a second one is no error.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let json = cli.shared.json;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let done = match runtime {
        Ok(runtime) => runtime.block_on(run(cli)),
        Err(error) => Err(Failure::system("could not start", &error)),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(json),
    }
}

async fn run(cli: Cli) -> Result<(), Failure> {
    let shared = &cli.shared;
    let config = load(shared.config.as_deref())?;
    let client = || client::Client::new(shared.url.as_deref(), &config, shared.json);
    match cli.command {
        Command::Up(args) => roles::up(&config, shared.config.as_deref(), &args).await,
        Command::Coordinator(args) => roles::coordinator(&config, &args).await,
        Command::Worker(args) => roles::worker(&config, &args).await,
        #[cfg(feature = "demo")]
        Command::Plaza(args) => demo::plaza(&args).await,
        #[cfg(feature = "demo")]
        Command::Demo(args) => demo::demo(&args, shared.json).await,
        Command::Enqueue(args) => enqueue::enqueue(&client()?, &args).await,
        Command::Account(args) => accounts::account(&client()?, &args).await,
        Command::Kind(lists::Kinds::List) => {
            lists::kinds(shared.json);
            Ok(())
        }
        Command::Action(args) => actions::action(&client()?, &args).await,
        Command::Pause(what) => hands::halt(&client()?, "pause", &what).await,
        Command::Resume(what) => hands::halt(&client()?, "resume", &what).await,
        Command::Dead(args) => hands::dead(&client()?, &args).await,
        Command::Plan(args) => settings::kept(&client()?, settings::PLAN, &args).await,
        Command::Proxy(args) => settings::proxy(&client()?, &args).await,
        Command::Pool(args) => hands::pool(&client()?, &args).await,
        Command::Queue(args) => forecast::queue(&config, &args, shared.json).await,
        Command::Events(args) => lists::events(&client()?, &args).await,
        Command::Session(args) => lists::session(&client()?, &args, display()).await,
        Command::Behavior(args) => {
            let seen = (display(), window());
            behaviors::behavior(&config, client, &args, seen, shared.json).await
        }
        Command::Persona(args) => personas::persona(&config, args, shared.json),
        Command::Profile(args) => profiles::profile(&config, args, shared.json).await,
        Command::Config => {
            out::say(crate::config::DEFAULT.trim_end());
            Ok(())
        }
        Command::Usage(args) => usage::usage(&client()?, &args).await,
        Command::Alerts(args) => health::alerts(&client()?, &args).await,
        Command::Audit(args) => audit::audit(&config, &args, shared.json).await,
        Command::Grant(args) => grants::grant(&client()?, &args).await,
        Command::Token(args) => token::token(&config, &args, shared.json).await,
        Command::Keys(args) => keys::keys(&config, &args, shared.json).await,
        Command::Migrate(args) => migrate::migrate(&config, &args, shared.json).await,
        Command::Backup(args) => backup::backup(&config, &args, shared.json).await,
        Command::Restore(args) => backup::restore(&config, &args, shared.json).await,
        Command::Doctor => doctor::doctor(&config, shared.json).await,
        Command::Bench(bench::Bench::Accounts(args)) => {
            bench::accounts::accounts(&config, &args, shared.json).await
        }
        #[cfg(feature = "demo")]
        Command::Bench(bench::Bench::Browser(args)) => {
            bench::browser::browser(&config, &args, shared.json).await
        }
        Command::Bench(bench::Bench::Queue(args)) => {
            bench::queue(&config, shared.url.as_deref(), &args, shared.json).await
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "settings are read here and passed down")]
fn load(file: Option<&std::path::Path>) -> Result<Config, Failure> {
    Ok(Config::load(file, std::env::vars())?)
}

#[expect(clippy::disallowed_methods, reason = "whether there is a display is no setting")]
fn display() -> browse::Display {
    browse::Display::of(std::env::vars())
}

#[expect(clippy::disallowed_methods, reason = "where a window is shown is no setting")]
fn window() -> browse::Window {
    browse::Window::of(std::env::vars())
}

/// Log lines on standard error; `WALKON_LOG=debug` shows more.
#[expect(clippy::disallowed_methods, reason = "the log must be there before settings are read")]
fn telemetry() {
    use tracing_subscriber::EnvFilter;
    let wanted = std::env::var("WALKON_LOG").unwrap_or_else(|_| "info".to_owned());
    let filter = EnvFilter::try_new(wanted).unwrap_or_else(|_| EnvFilter::new("info"));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_target(false)
        .init();
}

/// Asks the system to end us with our parent; `false`: it has ended already.
fn die_with_parent() -> bool {
    let parent = nix::unistd::getppid();
    let asked = nix::sys::prctl::set_pdeathsig(nix::sys::signal::Signal::SIGKILL);
    asked.is_ok() && nix::unistd::getppid() == parent && parent.as_raw() != 1
}
