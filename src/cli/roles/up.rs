//! `walkon up`: a fleet on one host, its Redis, coordinator and workers children of ours.

use std::path::Path;
use std::time::Duration;

use clap::Args;
use tokio::net::TcpListener;

use crate::cli::data::data_folder;
use crate::cli::drivers::DriverName;
use crate::cli::out::say;
use crate::cli::report::{Code, Failure};
use crate::config::Config;
use crate::data::DataFolder;
use crate::queue;
use crate::shutdown::Shutdown;
use crate::supervisor::{Role, Supervisor};

/// How long a fleet may take until it is ready.
const READY_MAX: Duration = Duration::from_mins(1);

/// How often it is asked.
const READY_LOOK: Duration = Duration::from_millis(50);

/// What no worker is told.
const COORDINATORS_ALONE: [&str; 11] = [
    "WALKON__SIGNING__KEY_FILE",
    "WALKON__ALERTS__SLACK",
    "WALKON__ALERTS__SLACK_FILE",
    "WALKON__ALERTS__WEBHOOK_SECRET",
    "WALKON__ALERTS__WEBHOOK_SECRET_FILE",
    "WALKON__ALERTS__EMAIL__PASSWORD",
    "WALKON__ALERTS__EMAIL__PASSWORD_FILE",
    "WALKON__VAULT__MASTER_KEY",
    "WALKON__VAULT__MASTER_KEY_FILE",
    "WALKON__STORE__URL",
    "WALKON__STORE__PASSWORD_FILE",
];

/// `walkon up`
#[derive(Debug, Clone, Args)]
pub(in crate::cli) struct Up {
    /// How many worker processes.
    #[arg(long, default_value_t = 1)]
    pub(in crate::cli) workers: usize,
    /// What drives browsers.
    #[arg(long, value_enum, hide = true)]
    driver: Option<DriverName>,
}

/// `walkon up`: everything on this host.
pub(in crate::cli) async fn up(
    config: &Config,
    file: Option<&Path>,
    up: &Up,
) -> Result<(), Failure> {
    let data = data_folder(config)?;
    check_port(config).await?;
    let shutdown = Shutdown::new();
    shutdown.listen_to_signals().map_err(|error| Failure::system("no signals", &error))?;
    let driver = up.driver.map_or_else(Vec::new, DriverName::args);
    let mut fleet = start_fleet(config, file, up.workers, &data, driver).await?;
    let url = format!("http://{}", config.web.listen);
    let ready = tokio::select! {
        ready = wait_until_ready(&url) => ready,
        watched = fleet.watch(&shutdown) => watched.map_err(Failure::from),
    };
    if let Err(failure) = ready {
        fleet.stop(&shutdown).await;
        return Err(failure);
    }
    say(&format!("walkon is up: {url}"));
    say(&format!("data: {}", data.root().display()));
    say("stop with Ctrl-C");
    let watched = fleet.watch(&shutdown).await;
    fleet.stop(&shutdown).await;
    Ok(watched?)
}

/// A port that somebody has is said before anything is started.
pub(in crate::cli) async fn check_port(config: &Config) -> Result<(), Failure> {
    match TcpListener::bind(config.web.listen).await {
        Ok(_) => Ok(()),
        Err(error) => Err(port_failure(config, &error)),
    }
}

pub(super) fn port_failure(config: &Config, error: &std::io::Error) -> Failure {
    Failure {
        what: format!("could not listen on {}", config.web.listen),
        causes: vec![error.to_string()],
        remedy: Some("stop what listens there, or set another `web.listen`".to_owned()),
        code: Code::Host,
    }
}

/// Starts Redis, the coordinator and the workers as children of ours.
pub(in crate::cli) async fn start_fleet(
    config: &Config,
    file: Option<&Path>,
    workers: usize,
    data: &DataFolder,
    worker_args: Vec<String>,
) -> Result<Supervisor, Failure> {
    let walkon = std::env::current_exe()
        .map_err(|error| Failure::system("could not find our own executable", &error))?;
    let mut fleet = Supervisor::new(walkon, data);
    let mut env = vec![
        ("WALKON__DATA__FOLDER".to_owned(), data.root().display().to_string()),
        ("WALKON__WEB__LISTEN".to_owned(), config.web.listen.to_string()),
    ];
    if config.queue.url.is_empty() {
        env.push(("WALKON__QUEUE__URL".to_owned(), fleet.start_redis(launch(config)).await?));
    }
    let role = |name: String, words: &[&str], more: &[String]| {
        let mut args: Vec<_> = words.iter().map(|word| (*word).to_owned()).collect();
        args.extend_from_slice(more);
        if let Some(file) = file {
            args.extend(["--config".to_owned(), file.display().to_string()]);
        }
        // What opens secrets is for coordinators alone.
        let without = if words == ["worker"] { COORDINATORS_ALONE.to_vec() } else { Vec::new() };
        Role { name, args, env: env.clone(), without }
    };
    data.worker_token()?;
    fleet.start(role("coordinator".to_owned(), &["coordinator"], &[]))?;
    for number in 1..=workers {
        fleet.start(role(format!("worker {number}"), &["worker"], &worker_args))?;
    }
    Ok(fleet)
}

/// Which Redis of our own is started.
pub(super) fn launch(config: &Config) -> queue::Launch {
    queue::Launch { durability: durability(config), ..queue::Launch::default() }
}

/// As the settings say, which have been checked.
pub(in crate::cli) fn durability(config: &Config) -> queue::Durability {
    queue::Durability::named(&config.queue.durability).unwrap_or_default()
}

/// Waits until the coordinator says that it is ready.
pub(in crate::cli) async fn wait_until_ready(url: &str) -> Result<(), Failure> {
    let http = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(5)).build();
    let http = http.map_err(|error| Failure::system("could not make a client", &error))?;
    let ready = async {
        loop {
            let answer = http.get(format!("{url}/readyz")).send().await;
            if answer.is_ok_and(|answer| answer.status().is_success()) {
                return;
            }
            tokio::time::sleep(READY_LOOK).await;
        }
    };
    tokio::time::timeout(READY_MAX, ready).await.map_err(|_| {
        let what = format!("the coordinator at {url} was not ready within {READY_MAX:?}");
        Failure::new(Code::Failed, what, "its lines above say why")
    })
}
