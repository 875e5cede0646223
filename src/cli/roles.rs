//! The roles a process may have: coordinator, worker, and the parent of both.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use nix::unistd::User;
use tokio::net::TcpListener;
use walkon_core::account::Lifecycle;
use walkon_core::bundle::Secret;
use walkon_core::clock::SystemClock;
use walkon_core::fault::causes;
use walkon_core::rng::Seed;
use walkon_core::signature::directory;

use super::care;
use super::drivers::{self, DriverName};
use super::out::say;
use super::report::{Code, Failure};
use super::sites;
use crate::catalog::Catalog;
use crate::config::{self, Config};
use crate::coordinator::care::Care;
use crate::coordinator::grants::Grants;
use crate::coordinator::{self, Coordinator};
use crate::data::DataFolder;
use crate::desk::http::HttpDesk;
use crate::driver::cdp;
use crate::queue::{self, Queue};
use crate::recording::archive::Archive;
use crate::shutdown::Shutdown;
use crate::signing::{self, FleetKeys};
use crate::store::address::Address;
use crate::store::sql::SqlStore;
use crate::store::vault::Vault;
use crate::store::vault::master::{self, Source};
use crate::supervisor::{Role, Supervisor};
use crate::web;
use crate::worker::{self, Worker};

/// How long a fleet may take until it is ready.
const READY_MAX: Duration = Duration::from_mins(1);
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
/// How often it is asked.
const READY_LOOK: Duration = Duration::from_millis(50);

/// `walkon up`
#[derive(Debug, Clone, Args)]
pub(super) struct Up {
    /// How many worker processes.
    #[arg(long, default_value_t = 1)]
    pub(super) workers: usize,
    /// What drives browsers.
    #[arg(long, value_enum, hide = true)]
    driver: Option<DriverName>,
}

/// `walkon coordinator`
#[derive(Debug, Clone, Args)]
pub(super) struct CoordinatorArgs {}

/// `walkon worker`
#[derive(Debug, Clone, Args)]
pub(super) struct WorkerArgs {
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

/// The data folder, which is made if it is not there.
pub(super) fn data_folder(config: &Config) -> Result<DataFolder, Failure> {
    Ok(DataFolder::open(&data_path(config)?)?)
}

/// Where the data folder is: as the settings say, or by custom.
pub(super) fn data_path(config: &Config) -> Result<PathBuf, Failure> {
    let named = &config.data.folder;
    if !named.is_empty() {
        return Ok(PathBuf::from(named));
    }
    if nix::unistd::geteuid().is_root() {
        return Ok(PathBuf::from("/var/lib/walkon"));
    }
    let home = User::from_uid(nix::unistd::geteuid()).ok().flatten();
    let home =
        home.ok_or_else(|| Failure::new(Code::Host, "this user has no home", "set `data.folder`"))?;
    Ok(home.dir.join(".local/share/walkon"))
}

/// Where the database is, as the settings say; `embedded`: the file in the data folder.
pub(super) fn database(config: &Config, embedded: &Path) -> Result<Address, Failure> {
    let file = &config.store.password_file;
    let password = if file.as_os_str().is_empty() {
        None
    } else {
        let text = std::fs::read_to_string(file).map_err(|error| Failure {
            what: format!("could not read `store.password_file` {}", file.display()),
            causes: vec![error.to_string()],
            remedy: Some("check the path and its owner".to_owned()),
            code: Code::Host,
        })?;
        Some(Secret::new(text.trim_end_matches(['\n', '\r']).to_owned()))
    };
    Ok(Address::read(config.store.url.expose(), password, embedded)?)
}

/// The master keys, as the settings say; `embedded`: the file in the data folder.
pub(super) fn master_keys(config: &Config, embedded: PathBuf) -> Source {
    let config::Vault { master_key_file: file, master_key: given } = &config.vault;
    if !given.expose().is_empty() {
        Source::Given(given.clone())
    } else if file.as_os_str().is_empty() {
        Source::Embedded(embedded)
    } else {
        Source::File(file.clone())
    }
}

/// The store, opened.
pub(super) async fn store(config: &Config, data: &DataFolder) -> Result<SqlStore, Failure> {
    let vault = Vault::of(master_keys(config, data.master_key()));
    Ok(SqlStore::open(&database(config, &data.database())?, vault).await?)
}

/// `walkon up`: everything on this host.
pub(super) async fn up(config: &Config, file: Option<&Path>, up: &Up) -> Result<(), Failure> {
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
pub(super) async fn check_port(config: &Config) -> Result<(), Failure> {
    match TcpListener::bind(config.web.listen).await {
        Ok(_) => Ok(()),
        Err(error) => Err(port_failure(config, &error)),
    }
}

fn port_failure(config: &Config, error: &std::io::Error) -> Failure {
    Failure {
        what: format!("could not listen on {}", config.web.listen),
        causes: vec![error.to_string()],
        remedy: Some("stop what listens there, or set another `web.listen`".to_owned()),
        code: Code::Host,
    }
}

/// Starts Redis, the coordinator and the workers as children of ours.
pub(super) async fn start_fleet(
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
fn launch(config: &Config) -> queue::Launch {
    queue::Launch { durability: durability(config), ..queue::Launch::default() }
}

/// As the settings say, which have been checked.
pub(super) fn durability(config: &Config) -> queue::Durability {
    queue::Durability::named(&config.queue.durability).unwrap_or_default()
}

/// Waits until the coordinator says that it is ready.
pub(super) async fn wait_until_ready(url: &str) -> Result<(), Failure> {
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

/// `walkon coordinator`
pub(super) async fn coordinator(config: &Config, _: &CoordinatorArgs) -> Result<(), Failure> {
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

pub(super) async fn assemble(
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

/// Where the fleet's signing keys are, as the settings say.
pub(super) fn signing_keys(config: &Config, data: &DataFolder) -> PathBuf {
    let file = &config.signing.key_file;
    if file.as_os_str().is_empty() { data.signing_key() } else { file.clone() }
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

/// `walkon worker`
pub(super) async fn worker(config: &Config, args: &WorkerArgs) -> Result<(), Failure> {
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

/// The browser door's options as the settings have them.
pub(super) fn browser_options(config: &Config) -> Result<cdp::Options, Failure> {
    let user = browser_user(&config.browser.user)?;
    let path = |text: &str| Some(PathBuf::from(text)).filter(|path| path.as_os_str() != "");
    Ok(cdp::Options {
        path: path(&config.browser.path),
        chromedriver: path(&config.browser.chromedriver),
        allow_no_sandbox: config.browser.allow_no_sandbox,
        allow_no_jail: config.browser.allow_no_jail,
        uid: user.as_ref().map(|user| user.uid.as_raw()),
        gid: user.as_ref().map(|user| user.gid.as_raw()),
        packed: cdp::Packed {
            accounts: config.browser.packed_accounts,
            uses: config.browser.packed_uses,
        },
        ..cdp::Options::default()
    })
}

/// The user a browser runs as where we are root. A name that nobody has is an error: it must not
/// quietly become another user.
fn browser_user(name: &str) -> Result<Option<User>, Failure> {
    let found = User::from_name(name).ok().flatten();
    let is_asked = nix::unistd::geteuid().is_root() || name != "nobody";
    if found.is_some() || !is_asked {
        return Ok(found);
    }
    let known = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
    let names = known.lines().filter_map(|line| line.split(':').next());
    let near = walkon_core::kind::nearest(name, names);
    let hint = near.map_or(String::new(), |near| format!("did you mean `{near}`? "));
    let what = format!("`browser.user` is `{name}`, and this host has no such user");
    let remedy = format!("{hint}Name an unprivileged user, such as `nobody`, or add one");
    Err(Failure::new(Code::Refused, what, remedy))
}
