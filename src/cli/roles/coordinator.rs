//! `walkon coordinator`: queue, books, pages and everything that looks after accounts.

use std::sync::Arc;

use clap::Args;
use tokio::net::TcpListener;
use walkon_core::account::Lifecycle;
use walkon_core::clock::SystemClock;
use walkon_core::fault::causes;
use walkon_core::rng::Seed;
use walkon_core::signature::directory;

use super::up::{durability, launch, port_failure};
use crate::catalog::Catalog;
use crate::cli::data::{data_folder, signing_keys, store};
use crate::cli::report::{Code, Failure};
use crate::cli::{care, sites};
use crate::config::Config;
use crate::coordinator::care::Care;
use crate::coordinator::grants::Grants;
use crate::coordinator::{self, Coordinator};
use crate::data::DataFolder;
use crate::queue::{self, Queue};
use crate::recording::archive::Archive;
use crate::shutdown::Shutdown;
use crate::signing::{self, FleetKeys};
use crate::store::vault::master;
use crate::web;

/// `walkon coordinator`
#[derive(Debug, Clone, Args)]
pub(in crate::cli) struct CoordinatorArgs {}

/// `walkon coordinator`
pub(in crate::cli) async fn coordinator(
    config: &Config,
    _: &CoordinatorArgs,
) -> Result<(), Failure> {
    let data = data_folder(config)?;
    let listener = TcpListener::bind(config.web.listen).await;
    let listener = listener.map_err(|error| port_failure(config, &error))?;
    let redis = match config.queue.url.as_str() {
        "" => Some(queue::Embedded::launch(&data.redis(), &launch(config)).await?),
        _ => None,
    };
    let url = redis.as_ref().map_or_else(|| config.queue.url.clone(), queue::Embedded::url);
    let shutdown = Shutdown::new();
    shutdown.listen_to_signals().map_err(|error| Failure::system("no signals", &error))?;
    let coordinator = assemble(config, &data, url).await?;
    coordinator.load_grants().await?;
    coordinator.audit_vouched().await?;
    coordinator.enroll_all().await?;
    let read = coordinator.first_load().await?;
    tracing::info!(loaded = read.loaded, added = read.added.len(), "accounts read");
    shutdown.spawn(coordinator.clone().see_off(shutdown.clone()));
    shutdown.spawn(reload_on_signal(coordinator.clone(), shutdown.clone()));
    shutdown.spawn(coordinator.clone().take_in(shutdown.clone()));
    shutdown.spawn(coordinator.clone().reap(shutdown.clone()));
    shutdown.spawn(coordinator.clone().keep_books(shutdown.clone()));
    shutdown.spawn(coordinator.clone().keep_tidy(shutdown.clone()));
    shutdown.spawn(coordinator.clone().follow_settings(shutdown.clone()));
    shutdown.spawn(coordinator.clone().watch_grants(shutdown.clone()));
    shutdown.spawn(coordinator.clone().keep_healthy(shutdown.clone()));
    shutdown.spawn(coordinator.clone().keep_telling(shutdown.clone()));
    shutdown.spawn(coordinator.clone().keep_connecting(shutdown.clone()));
    tracing::info!(address = %config.web.listen, "coordinator is ready");
    let token = data.worker_token()?;
    let options =
        web::access::Options { sign_in: config.web.needs_sign_in(), host: config.web.host() };
    let served = web::serve(listener, coordinator.clone(), token, options, &shutdown).await;
    shutdown.stop_soon();
    shutdown.ended().await;
    if let Some(redis) = redis {
        coordinator.queue.close().await?;
        redis.stop().await?;
    }
    served.map_err(|error| Failure::system("the pages could not be served", &error))
}

/// Reads the accounts' file again at each SIGHUP, as daemons do.
async fn reload_on_signal(coordinator: Coordinator, shutdown: Shutdown) {
    use tokio::signal::unix::{SignalKind, signal};
    let mut hangup = match signal(SignalKind::hangup()) {
        Ok(hangup) => hangup,
        Err(error) => return tracing::warn!(%error, "SIGHUP is not heard"),
    };
    let person = queue::Person::new("signal", "it is not in the accounts' file any more");
    loop {
        tokio::select! {
            _ = hangup.recv() => {}
            () = shutdown.soft().cancelled() => return,
        }
        match coordinator.reload(&person).await {
            Ok(done) => {
                for fault in &done.errors {
                    tracing::error!(%fault, "an account of the file was left as it was");
                }
                let [added, updated, removed] =
                    [&done.added, &done.updated, &done.removed].map(Vec::len);
                tracing::info!(
                    loaded = done.loaded,
                    added,
                    updated,
                    removed,
                    "accounts read again"
                );
            }
            Err(error) => {
                tracing::error!(error = &error as &dyn std::error::Error, "accounts not read");
            }
        }
    }
}

pub(in crate::cli) async fn assemble(
    config: &Config,
    data: &DataFolder,
    url: String,
) -> Result<Coordinator, Failure> {
    let mut catalog = Catalog::load(&config.fleet.behaviors, &config.fleet.profiles)?;
    let sites = sites::apply(config, &mut catalog)?;
    let options = queue::Options {
        url: Some(url),
        accept_weak_durability: config.queue.accept_weak_durability,
        durability: durability(config),
        shards: config.queue.shards,
        lease: config.queue.lease,
        grace: config.queue.grace,
        retry_base: config.queue.retry,
        books: true,
        ..queue::Options::default()
    };
    let care = care::options(config)?;
    let archive = Archive::open(data.recordings());
    let archive = archive.map_err(|error| Failure::system("no place for recordings", &error))?;
    let contact = Some(config.fleet.contact.clone()).filter(|contact| !contact.is_empty());
    Ok(Coordinator {
        queue: Queue::connect(&options).await?,
        store: Arc::new(store(config, data).await?),
        archive,
        catalog: Arc::new(catalog),
        clock: Arc::new(SystemClock),
        options: Arc::new(coordinator::Options {
            plans: config.plans.clone(),
            pools: config.pools(),
            accounts: config.fleet.accounts.clone(),
            pace: config.fleet.pace,
            contact,
            seed: Seed(config.fleet.seed),
            usage_days: config.store.usage_days,
            audit_days: config.store.audit_days,
            sites,
            new_accounts: config.fleet.begin().unwrap_or(Lifecycle::Connecting),
        }),
        grants: grants(config, data)?,
        admitted: coordinator::pools::Admitted::default(),
        steps: coordinator::steps::Steps::default(),
        care: Care::new(care),
        crew: Arc::default(),
        roster: Arc::default(),
        settings: Arc::default(),
    })
}

/// What the fleet is known by at sites; its first key is made at the first start.
fn grants(config: &Config, data: &DataFolder) -> Result<Grants, Failure> {
    let path = signing_keys(config, data);
    let bad = |error: signing::Error| Failure {
        what: error.to_string(),
        causes: causes(&error),
        remedy: Some(error.remedy().to_owned()),
        code: Code::Host,
    };
    if config.signing.key_file.as_os_str().is_empty() && !path.exists() {
        FleetKeys::rotate(&path, |path, text| master::write(path, text, true)).map_err(bad)?;
    }
    let keys = FleetKeys::read(&path).map_err(bad)?;
    let contact = &config.fleet.contact;
    let contact = if contact.is_empty() { String::new() } else { format!(" (+{contact})") };
    let mut grants = Grants::default();
    grants.keys = Some(Arc::new(keys));
    grants.counts_nothing = config.queue.shards > 1;
    grants.directory = Some(config.signing.directory.clone()).filter(|url| !url.is_empty());
    grants.local_directory = format!("http://{}{}", config.web.listen, directory::WELL_KNOWN);
    grants.asks.agent = format!("walkon/{}{contact}", env!("CARGO_PKG_VERSION"));
    Ok(grants)
}
