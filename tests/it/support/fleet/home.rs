//! Where a fleet lives: its folder, settings, accounts and secrets, and the Plaza it acts on.

use std::fmt::Write as _;
use std::fs;
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use serde_json::Value;
use tempfile::TempDir;

use super::TestFleet;
use crate::support::PATIENCE;
use crate::support::ports::free_address;
use crate::support::processes::naming;

/// Short waits and no limits, and leases that a busy host does not lose; a test's own settings go
/// over them.
const SETTINGS: &str = "\
[queue]\nlease = \"20s\"\ngrace = \"500ms\"\nretry = \"200ms\"\n\n\
[health]\nevery = \"24h\"\n\n\
[plans.free]\n\n\
[plans.slow.kinds.like]\ncooldown = \"10h\"\n\n";

/// What a command said.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Said {
    /// Its standard output as JSON.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }
}

/// Where a fleet lives: a folder with settings, accounts and secrets, and a Plaza.
pub(crate) struct Home {
    pub(crate) folder: TempDir,
    pub(crate) listen: SocketAddr,
    pub(crate) plaza: plaza::Running,
    pub(crate) http: reqwest::Client,
    settings: String,
    accounts: String,
    pub(super) driver: &'static str,
    env: Vec<(String, String)>,
    is_on_plaza: bool,
    /// Where new accounts begin.
    begin: &'static str,
}

/// A folder under `/tmp` that the browser's user may pass.
pub(crate) fn own_folder() -> TempDir {
    let folder = tempfile::Builder::new().prefix("walkon-it-").tempdir_in("/tmp").unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o711)).unwrap();
    folder
}

/// Writes a file whole: a fleet that reads it meanwhile has the old or the new text.
pub(crate) fn replace(path: &Path, text: &str) {
    let new = path.with_added_extension("new");
    fs::write(&new, text).unwrap();
    fs::rename(&new, path).unwrap();
}

impl Home {
    /// A home without accounts.
    pub(crate) async fn new() -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        // A connection each: one that the server closed after a refusal is not used again.
        let http = reqwest::Client::builder().no_proxy().pool_max_idle_per_host(0);
        let http = http.timeout(PATIENCE).build().unwrap();
        Self {
            folder: own_folder(),
            listen: free_address(),
            plaza: plaza::start(plaza::Options::default()).await.unwrap(),
            http,
            settings: SETTINGS.to_owned(),
            accounts: String::new(),
            driver: "fake",
            env: Vec::new(),
            is_on_plaza: true,
            begin: "active",
        }
    }

    /// Chromium instead of the fake browser.
    pub(crate) fn chromium(mut self) -> Self {
        self.driver = "cdp";
        self
    }

    /// Chromium through WebDriver.
    pub(crate) fn webdriver(mut self) -> Self {
        self.driver = "webdriver";
        self
    }

    /// New accounts are connected first, as they are unless a fleet says otherwise.
    pub(crate) fn connecting(mut self) -> Self {
        self.begin = "connecting";
        self
    }

    /// More settings.
    pub(crate) fn settings(mut self, toml: &str) -> Self {
        self.settings += toml;
        self.settings += "\n";
        self
    }

    /// A variable of the environment.
    pub(crate) fn env(mut self, name: &str, value: &str) -> Self {
        self.env.push((name.to_owned(), value.to_owned()));
        self
    }

    /// An account of that name on Plaza, on the plan without limits unless `more` says otherwise.
    pub(crate) fn account(mut self, id: &str, more: &str) -> Self {
        let entry = self.entry(id, more);
        self.accounts += &entry;
        self
    }

    /// The same as text, with its secrets written.
    pub(crate) fn entry(&self, id: &str, more: &str) -> String {
        let password = self.secret(&format!("{id}.password"), &format!("{id}-secret"));
        let plan = if more.contains("plan =") { "" } else { "plan = \"free\"\n" };
        format!(
            "[[account]]\nid = \"{id}\"\nsite = \"plaza\"\nusername = \"{id}\"\n{plan}\
             password_file = \"{}\"\n{more}\n\n",
            password.display()
        )
    }

    /// Writes a secret and says where.
    pub(crate) fn secret(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path(name);
        replace(&path, text);
        path
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Its accounts act on that site of its own folder, and Plaza is not among its sites.
    pub(crate) fn on_site(mut self, id: &str) -> Self {
        self.accounts = self.accounts.replace("site = \"plaza\"", &format!("site = \"{id}\""));
        self.is_on_plaza = false;
        self
    }

    /// Behaviors of its own: those of the project with one replaced.
    pub(crate) fn behavior(self, kind: &str, text: &str) -> Self {
        let to = self.path("behaviors/plaza");
        fs::create_dir_all(&to).unwrap();
        for entry in fs::read_dir(project("behaviors/plaza")).unwrap().flatten() {
            fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
        }
        fs::write(to.join(format!("{kind}.toml")), text).unwrap();
        self
    }

    /// Writes the settings' file and says where it is.
    pub(crate) fn write(&self) -> PathBuf {
        let own = self.path("behaviors");
        let behaviors = if own.exists() { own } else { project("behaviors") };
        let (profiles, accounts) = (self.path("profiles"), self.path("accounts.toml"));
        let profiles = if profiles.exists() { profiles } else { project("profiles") };
        let mut text = self.settings.clone();
        for (section, lines) in [
            ("data", format!("folder = \"{}\"", self.data().display())),
            ("web", format!("listen = \"{}\"", self.listen)),
            (
                "fleet",
                format!(
                    "pace = 100.0\nbehaviors = \"{}\"\nprofiles = \"{}\"\naccounts = \"{}\"\n\
                     new_accounts = \"{}\"",
                    behaviors.display(),
                    profiles.display(),
                    accounts.display(),
                    self.begin
                ),
            ),
            (
                "sites.plaza",
                format!(
                    "origin = \"http://{0}\"\napi = \"http://{0}/graph/v23.0\"",
                    self.plaza.site
                ),
            ),
        ] {
            if section == "sites.plaza" && !self.is_on_plaza {
                continue;
            }
            write!(text, "[{section}]\n{lines}\n\n").unwrap();
        }
        fs::write(accounts, &self.accounts).unwrap();
        let file = self.path("walkon.toml");
        fs::write(&file, text).unwrap();
        file
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.path("data")
    }

    pub(crate) fn command(&self, args: &[&str]) -> std::process::Command {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_walkon"));
        command.args(args).arg("--config").arg(self.path("walkon.toml"));
        // From elsewhere, so that nothing of the project is found by chance.
        command.current_dir(self.folder.path()).stdin(Stdio::null());
        command.envs(self.env.iter().cloned());
        command
    }

    /// Runs a command to its end.
    pub(crate) async fn run(&self, args: &[&str]) -> Said {
        let mut command = tokio::process::Command::from(self.command(args));
        let output = tokio::time::timeout(PATIENCE * 3, command.kill_on_drop(true).output()).await;
        let output = output.unwrap_or_else(|_| panic!("walkon {args:?} does not end")).unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let code = output.status.code().unwrap_or(-1);
        Said { code, out: text(&output.stdout), err: text(&output.stderr) }
    }

    /// Runs a command that reads this from standard input.
    pub(crate) async fn run_with(&self, args: &[&str], input: &str) -> Said {
        use tokio::io::AsyncWriteExt as _;
        let mut command = tokio::process::Command::from(self.command(args));
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.kill_on_drop(true).spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        stdin.write_all(input.as_bytes()).await.unwrap();
        drop(stdin);
        let output = tokio::time::timeout(PATIENCE * 3, child.wait_with_output()).await;
        let output = output.unwrap_or_else(|_| panic!("walkon {args:?} does not end")).unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let code = output.status.code().unwrap_or(-1);
        Said { code, out: text(&output.stdout), err: text(&output.stderr) }
    }

    /// Starts `walkon up` where it is expected to end by itself, and says how it did.
    pub(crate) async fn fails_to_start(&self) -> Said {
        self.write();
        let said = self.run(&["up", "--driver", self.driver, "--die-with-parent"]).await;
        assert_eq!(naming(self.folder.path()), [0; 0], "something is left running: {said:?}");
        said
    }

    /// Starts the fleet and waits until it is up.
    pub(crate) async fn start(self) -> TestFleet {
        self.write();
        let mut fleet = TestFleet { child: None, home: self };
        fleet.restart().await;
        fleet
    }
}

/// A path of the project.
pub(crate) fn project(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}
