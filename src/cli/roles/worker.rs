//! `walkon worker`: claims at a coordinator's desk, and acts.

use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;
use walkon_core::bundle::Secret;
use walkon_core::clock::SystemClock;
use walkon_core::rng::Seed;

use crate::cli::data::data_folder;
use crate::cli::drivers::{self, DriverName};
use crate::cli::report::{Code, Failure};
use crate::config::Config;
use crate::desk::http::HttpDesk;
use crate::shutdown::Shutdown;
use crate::worker::{self, Worker};

/// `walkon worker`
#[derive(Debug, Clone, Args)]
pub(in crate::cli) struct WorkerArgs {
    /// The coordinator's address [default: `web.listen`].
    #[arg(long, value_name = "URL")]
    coordinator: Option<String>,
    /// The file that holds the worker token [default: the data folder's].
    #[arg(long, value_name = "FILE")]
    token_file: Option<PathBuf>,
    /// What drives browsers [default: `browser.driver`].
    #[arg(long, value_enum)]
    driver: Option<DriverName>,
}

/// `walkon worker`
pub(in crate::cli) async fn worker(config: &Config, args: &WorkerArgs) -> Result<(), Failure> {
    let data = data_folder(config)?;
    let address = args.coordinator.clone();
    let address = address.unwrap_or_else(|| format!("http://{}", config.web.listen));
    let file = args.token_file.clone().unwrap_or_else(|| data.worker_token_file());
    let token = std::fs::read_to_string(&file).map_err(|error| Failure {
        what: format!("could not read the worker token {}", file.display()),
        causes: vec![error.to_string()],
        remedy: Some("start the coordinator first, or name the file by --token-file".to_owned()),
        code: Code::Host,
    })?;
    let desk = HttpDesk::new(&address, Secret::new(token.trim().to_owned()))?;
    let driver = drivers::driver(args.driver, config)?;
    let shutdown = Shutdown::new();
    shutdown.listen_to_signals().map_err(|error| Failure::system("no signals", &error))?;
    let options = worker::Options {
        slots: config.worker.slots,
        attempt_max: config.worker.attempt_max,
        spare: config.worker.spare_mib << 20,
        echo: Some(config.health.echo.clone()).filter(|echo| !echo.is_empty()),
        park: worker::Park { within: config.worker.park, most: config.worker.parked },
        packed: config.browser.is_packed(),
        ..worker::Options::new(data.browsers())
    };
    // A worker's own chance must differ from start to start, or two would have one name.
    let mut bytes = [0; 8];
    getrandom::fill(&mut bytes)
        .map_err(|error| Failure::new(Code::Host, error.to_string(), "start it again"))?;
    let seed = Seed(u64::from_le_bytes(bytes));
    let clock = Arc::new(SystemClock);
    Worker::new(Arc::new(desk), driver, clock, options, seed, shutdown).run().await;
    Ok(())
}
