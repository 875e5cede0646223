//! The demo's stage: a folder, Plaza, three proxies, six accounts, and the fleet's processes.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};

use walkon_core::plan::Plan;

use super::DemoArgs;
use crate::cli::report::{Code, Failure};
use crate::cli::roles::{start_fleet, wait_until_ready};
use crate::config::Config;
use crate::data::DataFolder;
use crate::egress::{PracticeProxy, Speaks};
use crate::queue::{self, Queue};
use crate::shutdown::Shutdown;
use crate::supervisor::Supervisor;

/// One of the accounts.
struct Role {
    id: &'static str,
    zone: &'static str,
    device: &'static str,
    persona: &'static str,
    /// Which of the proxies it goes by.
    proxy: Option<usize>,
    has_token: bool,
    plan: &'static str,
}

const fn role(id: &'static str, zone: &'static str, device: &'static str) -> Role {
    Role { id, zone, device, persona: "casual", proxy: None, has_token: false, plan: "demo" }
}

/// The accounts: different zones, devices, personas and ways out; two have an API token.
const CAST: [Role; 6] = [
    Role { proxy: Some(0), ..role("ada", "Europe/Berlin", "desktop-laptop") },
    Role {
        persona: "brisk",
        has_token: true,
        ..role("ben", "America/New_York", "desktop-full-hd")
    },
    Role { persona: "careful", proxy: Some(1), ..role("cleo", "Asia/Tokyo", "pixel-8") },
    Role { persona: "night-reader", ..role("dan", "Europe/Lisbon", "desktop-dense-dark") },
    Role { proxy: Some(2), has_token: true, ..role("eve", "America/Sao_Paulo", "pixel-tablet") },
    Role {
        persona: "brisk",
        plan: "one-like",
        ..role("fay", "Australia/Sydney", "desktop-laptop")
    },
];

/// What a short run changes: it is for killing processes, so a loss must show soon.
const SHORT_SETTINGS: &str = r#"
[queue]
lease = "3s"
grace = "500ms"
retry = "300ms"

[plans.demo.kinds.comment]
cooldown = "500ms"
[plans.one-like.kinds.like]
daily = 1
"#;

/// The demo's settings, over the defaults. Its own short plans: a compressed pace never touches a
/// cap, so the caps are small.
const SETTINGS: &str = r#"
[queue]
lease = "8s"
grace = "1s"
retry = "2s"

[plans.demo]
hourly = 40

[plans.demo.kinds.like]
cooldown = "1s"

[plans.demo.kinds.comment]
cooldown = "3s"

[plans.one-like]
[plans.one-like.kinds.like]
daily = 1
"#;

/// Everything the demo runs on.
pub(super) struct Stage {
    folder: PathBuf,
    listen: SocketAddr,
    pub(super) plaza: plaza::Running,
    _proxies: Vec<PracticeProxy>,
    pub(super) fleet: Supervisor,
    pub(super) queue: Queue,
    pub(super) http: reqwest::Client,
    plans: BTreeMap<String, Plan>,
}

fn broken(what: &'static str) -> impl Fn(std::io::Error) -> Failure {
    move |error| Failure::system(what, &error)
}

impl Stage {
    /// Sets everything up and waits until the fleet is ready.
    pub(super) async fn set(args: &DemoArgs, shutdown: &Shutdown) -> Result<Self, Failure> {
        let folder = std::env::temp_dir().join(format!("walkon-demo-{}", std::process::id()));
        let set = Self::set_in(&folder, args, shutdown).await;
        if set.is_err() {
            remove(&folder);
        }
        set
    }

    async fn set_in(folder: &Path, args: &DemoArgs, shutdown: &Shutdown) -> Result<Self, Failure> {
        let data = DataFolder::open(folder)?;
        let options = plaza::Options::default();
        let plaza = plaza::start(options).await.map_err(|error| super::plaza_failure(&error))?;
        let proxies = proxies().await?;
        let listen = match args.listen.port() {
            0 => free_port().map_err(broken("no free port"))?,
            _ => args.listen,
        };
        let file = write(folder, args, listen, &plaza, &proxies)?;
        let config = Config::load(Some(&file), std::iter::empty())?;
        let driver = args.driver.args();
        let mut fleet = start_fleet(&config, Some(&file), args.workers, &data, driver).await?;
        let url = format!("http://{listen}");
        let ready = tokio::select! {
            ready = wait_until_ready(&url) => ready,
            watched = fleet.watch(shutdown) => watched.map_err(Failure::from),
        };
        if let Err(failure) = ready {
            fleet.stop(shutdown).await;
            return Err(failure);
        }
        let options = queue::Options {
            url: Some(format!("unix://{}", data.redis().join("redis.sock").display())),
            lease: config.queue.lease,
            grace: config.queue.grace,
            retry_base: config.queue.retry,
            ..queue::Options::default()
        };
        let queue = Queue::connect(&options).await?;
        let http = reqwest::Client::builder().no_proxy().build();
        let http = http.map_err(|error| Failure::system("could not make a client", &error))?;
        Ok(Self {
            folder: folder.to_path_buf(),
            listen,
            plaza,
            _proxies: proxies,
            fleet,
            queue,
            http,
            plans: config.plans,
        })
    }

    /// Where the pages are.
    pub(super) fn url(&self) -> String {
        format!("http://{}", self.listen)
    }

    /// Each account with its plan and its time zone.
    pub(super) fn plans(&self) -> impl Iterator<Item = (&'static str, &Plan, &'static str)> {
        CAST.iter().filter_map(|role| Some((role.id, self.plans.get(role.plan)?, role.zone)))
    }

    /// Something of the coordinator's API.
    pub(super) async fn api(&self, path: &str) -> Result<serde_json::Value, Failure> {
        self.get(format!("{}{path}", self.url())).await
    }

    /// Something of Plaza's control port.
    pub(super) async fn judge(&self, path: &str) -> Result<serde_json::Value, Failure> {
        self.get(format!("http://{}{path}", self.plaza.control)).await
    }

    async fn get(&self, url: String) -> Result<serde_json::Value, Failure> {
        let away = |error: reqwest::Error| Failure::system("the demo lost its way", &error);
        self.http.get(url).send().await.map_err(away)?.json().await.map_err(away)
    }

    /// Lets something go wrong on Plaza.
    pub(super) async fn fault(&self, fault: serde_json::Value) -> Result<(), Failure> {
        let url = format!("http://{}/faults", self.plaza.control);
        let sent = self.http.post(url).json(&fault).send().await;
        let sent = sent.and_then(reqwest::Response::error_for_status);
        sent.map(drop).map_err(|error| Failure::system("plaza took no fault", &error))
    }

    /// The process of a browser that is open at this moment: the oldest of one's tree.
    pub(super) fn a_browser(&self) -> Option<u32> {
        processes_of(&self.folder.join("browsers")).into_iter().min()
    }

    /// Ends everything, removes the folder, and counts the browsers that are still there.
    pub(super) async fn strike(self, shutdown: &Shutdown) -> usize {
        self.fleet.stop(shutdown).await;
        self.plaza.stop().await;
        let orphans = processes_of(&self.folder.join("browsers")).len();
        remove(&self.folder);
        orphans
    }
}

fn remove(folder: &Path) {
    if let Err(error) = std::fs::remove_dir_all(folder) {
        tracing::warn!(%error, folder = %folder.display(), "the demo's folder is left");
    }
}

/// Processes that have the folder among their arguments.
fn processes_of(folder: &Path) -> Vec<u32> {
    let needle = folder.display().to_string();
    let processes = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    let ours = processes.filter(|process| {
        let line = std::fs::read(process.path().join("cmdline")).unwrap_or_default();
        String::from_utf8_lossy(&line).contains(&needle)
    });
    ours.filter_map(|process| process.file_name().to_str()?.parse().ok()).collect()
}

/// A port that is free, for a coordinator that listens a moment later, and anew when it is killed.
///
/// Below what the system hands out by itself, so that no connection is given it meanwhile; demos
/// side by side begin to look at different ones.
fn free_port() -> std::io::Result<SocketAddr> {
    const FIRST: u16 = 22_700;
    const COUNT: u16 = 10_000;
    let begin = (std::process::id() % u32::from(COUNT)) as u16;
    let mut last = None;
    for nth in 0..COUNT {
        let address = (Ipv4Addr::LOCALHOST, FIRST + (begin + nth) % COUNT).into();
        match std::net::TcpListener::bind::<SocketAddr>(address) {
            Ok(_) => return Ok(address),
            Err(error) => last = Some(error),
        }
    }
    Err(last.unwrap_or_else(|| std::io::ErrorKind::AddrInUse.into()))
}

/// Three proxies on addresses of their own, so that Plaza sees accounts come from elsewhere.
async fn proxies() -> Result<Vec<PracticeProxy>, Failure> {
    let mut proxies = Vec::new();
    for (last, speaks) in [(11, Speaks::Http), (12, Speaks::Socks5), (13, Speaks::Http)] {
        let address = SocketAddr::from((IpAddr::from([127, 0, 0, last]), 0));
        let started = PracticeProxy::start(speaks, address, "walkon", "proxy-secret").await;
        proxies.push(started.map_err(|error| Failure {
            what: format!("a practice proxy could not listen on {address}"),
            causes: vec![error.to_string()],
            remedy: Some("the demo needs 127.0.0.11 to 127.0.0.13, as Linux has them".to_owned()),
            code: Code::Host,
        })?);
    }
    Ok(proxies)
}

/// Writes settings, accounts and secrets; answers the settings' file.
fn write(
    folder: &Path,
    args: &DemoArgs,
    listen: SocketAddr,
    plaza: &plaza::Running,
    proxies: &[PracticeProxy],
) -> Result<PathBuf, Failure> {
    let put = |name: &str, text: String| {
        let path = folder.join("run").join(name);
        std::fs::write(&path, text)
            .map(|()| path)
            .map_err(broken("could not write the demo's files"))
    };
    let quoted = |path: PathBuf| format!("{:?}", path.display().to_string());
    let proxy_password = quoted(put("proxy.password", "proxy-secret".to_owned())?);
    let mut accounts = String::new();
    for Role { id, zone, device, persona, proxy, has_token, plan } in CAST {
        let password = quoted(put(&format!("{id}.password"), format!("{id}-secret"))?);
        let mut add = |text: String| accounts.push_str(&text);
        add(format!(
            "[[account]]\nid = \"{id}\"\nsite = \"plaza\"\nusername = \"{id}\"\n\
             time_zone = \"{zone}\"\ndevice = \"{device}\"\npersona = \"{persona}\"\n\
             plan = \"{plan}\"\npassword_file = {password}\n"
        ));
        if has_token {
            let file = quoted(put(&format!("{id}.token"), format!("tok-{id}"))?);
            add(format!("token_file = {file}\n"));
        }
        if let Some(proxy) = proxy.and_then(|number| proxies.get(number)) {
            let scheme = if proxy.address().ip() == IpAddr::from([127, 0, 0, 12]) {
                "socks5"
            } else {
                "http"
            };
            add(format!(
                "proxy = {{ url = \"{scheme}://{}\", username = \"walkon\", \
                 password_file = {proxy_password} }}\n",
                proxy.address()
            ));
        }
        accounts.push('\n');
    }
    let accounts = quoted(put("accounts.toml", accounts)?);
    // A short run is about who dies when, not about how people move.
    let pace = if args.short { 10.0 * args.pace } else { args.pace };
    let (site, seed) = (plaza.site, args.seed);
    let data = quoted(folder.to_path_buf());
    let settings = if args.short { SHORT_SETTINGS } else { SETTINGS };
    put(
        "walkon.toml",
        format!(
            "{settings}\n[data]\nfolder = {data}\n\n[web]\nlisten = \"{listen}\"\n\n[fleet]\n\
             pace = {pace:?}\nseed = {seed}\naccounts = {accounts}\n\
             new_accounts = \"active\"\n\n[sites.plaza]\n\
             origin = \"http://{site}\"\napi = \"http://{site}/graph/v23.0\"\n"
        ),
    )
}
