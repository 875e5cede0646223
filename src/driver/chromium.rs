//! Chromium on this host, whoever speaks to it: its binary, its command line, its folder, its
//! process in a jail, and the few functions that run in its pages.
//!
//! [`Host`] is what the drivers of Chromium have in common; how a browser is spoken to is theirs.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::OnceCell;
use tokio::task::JoinSet;
use walkon_core::recorder::Note;

use super::{Error, SessionSpec};
use crate::jail::{self, Cell, Inmate, NOBODY, Spawner, User};

pub(in crate::driver) mod agent;
pub(in crate::driver) mod flags;
pub(in crate::driver) mod folder;
pub(in crate::driver) mod functions;
pub(in crate::driver) mod handing;
pub(in crate::driver) mod options;
pub(in crate::driver) mod process;
pub(in crate::driver) mod roles;
pub(in crate::driver) mod seen;
mod trust;

use folder::Folder;
use options::{Invalid, Options};

/// What pages would prompt for: nobody is there to answer, so the answer is no.
pub(in crate::driver) const PROMPTED: [&str; 9] = [
    "geolocation",
    "notifications",
    "camera",
    "microphone",
    "clipboard-read",
    "midi",
    "idle-detection",
    "local-fonts",
    "window-management",
];

/// How long `--version` may take.
const VERSION_MAX: Duration = Duration::from_secs(10);

/// Starts browsers on this host, one process an account. They end with it.
pub(in crate::driver) struct Host {
    pub(in crate::driver) options: Options,
    walkon: PathBuf,
    spawner: Spawner,
    version: OnceCell<String>,
    trust: trust::Trust,
    keepers: Mutex<JoinSet<()>>,
}

impl Host {
    /// A host; nothing is started yet.
    pub(in crate::driver) fn new(options: Options) -> Result<Self, Error> {
        match options.validate() {
            // It may be installed later; until then each session says what is missing.
            Ok(()) | Err(Invalid::Path(_) | Invalid::Wrapper(_)) => {}
            Err(invalid) => return Err(Error::Start(invalid.to_string())),
        }
        let walkon = match &options.walkon {
            Some(path) => path.clone(),
            None => std::env::current_exe().map_err(Error::Folder)?,
        };
        let spawner = Spawner::new().map_err(Error::Folder)?;
        let (version, trust, keepers) =
            (OnceCell::new(), trust::Trust::default(), Mutex::default());
        Ok(Self { options, walkon, spawner, version, trust, keepers })
    }

    /// Whom browsers run as: never root.
    fn user(&self) -> Option<User> {
        let root = nix::unistd::geteuid().is_root();
        let uid = self.options.uid.unwrap_or(NOBODY.uid);
        root.then(|| User { uid, gid: self.options.gid.unwrap_or(uid) })
    }

    /// The browser's version, asked once.
    pub(in crate::driver) async fn version(&self, browser: &Path) -> Result<&str, Error> {
        self.version.get_or_try_init(|| version_of(browser)).await.map(String::as_str)
    }

    /// A session's folder, or that of a browser which no account has alone: made anew, with the
    /// certificates in it that the site is trusted by.
    pub(in crate::driver) async fn folder(&self, spec: &SessionSpec) -> Result<Folder, Error> {
        let (root, pack, user) = (spec.folder.clone(), spec.pack.clone(), self.user());
        let make = move || match pack {
            Some(pack) => Folder::make_shared(&pack.folder, user),
            None => Folder::make(&root, user),
        };
        let folder = tokio::task::spawn_blocking(make).await;
        let folder = folder.map_err(|error| Error::Start(error.to_string()))??;
        self.trust.give(spec.roots.as_deref(), &folder).await?;
        folder.own_home(user)?;
        Ok(folder)
    }

    /// What starts a program in a jail of its own, with the session's folder as its home.
    pub(in crate::driver) fn cell(
        &self,
        program: PathBuf,
        spec: &SessionSpec,
        at: &Folder,
    ) -> Cell {
        Cell {
            walkon: self.walkon.clone(),
            program,
            args: Vec::new(),
            env: flags::environment(spec, at, &self.options),
            log: at.log.clone(),
            user: self.user(),
            listeners: 1,
            isolate: true,
            ways_in: 0,
        }
    }

    /// Starts a program in a jail; without one only where that is allowed and none can be made, and
    /// then with why.
    pub(in crate::driver) async fn spawn(
        &self,
        mut cell: Cell,
    ) -> Result<(Inmate, Option<String>), Error> {
        let mut unjailed = None;
        match self.spawner.spawn(&cell).await {
            // What has a way in must not stand where everybody on the host could use it.
            Err(jail::Error::Helper(why)) if self.options.allow_no_jail && cell.ways_in == 0 => {
                cell.isolate = false;
                unjailed = Some(why);
                self.spawner.spawn(&cell).await
            }
            result => result,
        }
        .map(|inmate| (inmate, unjailed))
        .map_err(|error| match error {
            jail::Error::Spawn(error) => {
                Error::Start(format!("{}: {error}", cell.walkon.display()))
            }
            other => Error::Jail(other.to_string()),
        })
    }

    /// Runs a keeper, and lets go of those that are done.
    pub(in crate::driver) fn keep(&self, keeper: process::Keeper) {
        let mut keepers = self.keepers.lock().unwrap_or_else(PoisonError::into_inner);
        while keepers.try_join_next().is_some() {}
        keepers.spawn(keeper.run());
    }
}

/// What a browser or its server says to `--version`, the number of it.
pub(in crate::driver) async fn version_of(program: &Path) -> Result<String, Error> {
    let mut command = tokio::process::Command::new(program);
    command.arg("--version").kill_on_drop(true);
    let output = tokio::time::timeout(VERSION_MAX, command.output()).await;
    let output = output.map_err(|_| Error::Start("`--version` hangs".to_owned()))?;
    let output = output.map_err(|error| Error::Start(error.to_string()))?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let number = |word: &&str| word.contains('.') && word.starts_with(|c: char| c.is_ascii_digit());
    let version = text.split_whitespace().find(number).map(str::to_owned);
    version.ok_or_else(|| Error::Start(format!("`--version` says {text:?}")))
}

/// Tells a session's recording that its browser has no jail.
pub(in crate::driver) fn tell(spec: &SessionSpec, unjailed: Option<&str>) {
    if let Some(why) = unjailed {
        let text = format!("the browser runs without a jail: {why}");
        spec.recorder.note(Note::Log { text });
    }
}

/// A start that ended with the browser, with the last that it said.
pub(in crate::driver) fn with_last_words(error: Error, folder: &Folder) -> Error {
    let Error::Dead(why) = error else { return error };
    let words = folder.last_words();
    Error::Start(if words.is_empty() { why } else { format!("{why}: {words}") })
}
