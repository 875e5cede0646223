//! Chromium, spoken to in its own protocol over a pipe.
//!
//! [`CdpDriver`] starts one browser an account, in a jail of its own ([`crate::jail`]), and hands
//! out a `Session` (`session`). From the pipe up: `wire` moves messages, `hub` handles events and
//! keeps what calls wait for, and `navigate`, `locate`, `input` and `storage` are what a session
//! can do. A browser that dies fails every call at once; nothing here waits without a bound.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::OnceCell;
use tokio::task::JoinSet;
use walkon_core::device::Device;

use super::{Driver, Error, NAVIGATION_MAX, Session, SessionSpec};
use crate::jail::{self, Cell, Inmate, NOBODY, Spawner, User};

mod agrees;
mod flags;
mod folder;
mod hub;
mod identity;
mod input;
mod keys;
mod locate;
mod mirror;
mod navigate;
mod notes;
mod options;
mod place;
mod process;
mod session;
mod start;
mod storage;
mod wire;
mod world;

pub use agrees::Told;
pub use options::{Invalid, Options};

use folder::Folder;

/// How long `--version` may take.
const VERSION_MAX: Duration = Duration::from_secs(10);

/// Starts Chromium, one process an account. Its sessions end with it.
pub struct CdpDriver {
    options: Options,
    walkon: PathBuf,
    spawner: Spawner,
    version: OnceCell<String>,
    keepers: Mutex<JoinSet<()>>,
}

impl CdpDriver {
    /// A driver; nothing is started yet.
    pub fn new(options: Options) -> Result<Self, Error> {
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
        let (version, keepers) = (OnceCell::new(), Mutex::default());
        Ok(Self { options, walkon, spawner, version, keepers })
    }

    /// What a page is told of a device by the browser on this host.
    pub async fn told(&self, device: &Device, contact: Option<&str>) -> Result<Told, Error> {
        let browser = self.options.browser()?;
        let version = self.version(&browser).await?;
        Ok(agrees::told(device, version, contact))
    }

    /// Whom browsers run as: never root.
    fn user(&self) -> Option<User> {
        let root = nix::unistd::geteuid().is_root();
        let uid = self.options.uid.unwrap_or(NOBODY.uid);
        root.then(|| User { uid, gid: self.options.gid.unwrap_or(uid) })
    }

    /// The browser's version, asked once.
    async fn version(&self, browser: &Path) -> Result<&str, Error> {
        let ask = || async {
            let mut command = tokio::process::Command::new(browser);
            command.arg("--version").kill_on_drop(true);
            let output = tokio::time::timeout(VERSION_MAX, command.output()).await;
            let output = output.map_err(|_| Error::Start("`--version` hangs".to_owned()))?;
            let output = output.map_err(|error| Error::Start(error.to_string()))?;
            let text = String::from_utf8_lossy(&output.stdout).into_owned();
            let number =
                |word: &&str| word.contains('.') && word.starts_with(|c: char| c.is_ascii_digit());
            let version = text.split_whitespace().find(number).map(str::to_owned);
            version.ok_or_else(|| Error::Start(format!("`--version` says {text:?}")))
        };
        self.version.get_or_try_init(ask).await.map(String::as_str)
    }

    /// Runs a keeper, and lets go of those that are done.
    fn keep(&self, keeper: process::Keeper) {
        let mut keepers = self.keepers.lock().unwrap_or_else(PoisonError::into_inner);
        while keepers.try_join_next().is_some() {}
        keepers.spawn(keeper.run());
    }

    /// Starts the browser in a jail; without one only where that is allowed and none can be made.
    async fn spawn(&self, mut cell: Cell, spec: &SessionSpec) -> Result<Inmate, Error> {
        match self.spawner.spawn(&cell).await {
            Err(jail::Error::Helper(why)) if self.options.allow_no_jail => {
                cell.isolate = false;
                let text = format!("the browser runs without a jail: {why}");
                spec.recorder.note(walkon_core::recorder::Note::Log { text });
                self.spawner.spawn(&cell).await
            }
            result => result,
        }
        .map_err(|error| match error {
            jail::Error::Spawn(error) => {
                Error::Start(format!("{}: {error}", cell.walkon.display()))
            }
            other => Error::Jail(other.to_string()),
        })
    }
}

#[async_trait]
impl Driver for CdpDriver {
    async fn open(&self, spec: SessionSpec) -> Result<Box<dyn Session>, Error> {
        let browser = self.options.browser()?;
        let version = self.version(&browser).await?;
        let contact = spec.contact.as_deref();
        let agent = identity::user_agent(&spec.device, identity::PRODUCT, version, contact);
        let (root, user) = (spec.folder.clone(), self.user());
        let folder = tokio::task::spawn_blocking(move || Folder::make(&root, user)).await;
        let folder = folder.map_err(|error| Error::Start(error.to_string()))??;
        let cell = Cell {
            walkon: self.walkon.clone(),
            program: browser.clone(),
            args: flags::command_line(&spec.device, &agent, &folder, &self.options),
            env: flags::environment(&spec, &folder),
            log: folder.log.clone(),
            user,
            isolate: true,
        };
        let Inmate { child, input, output, listener } = self.spawn(cell, &spec).await?;
        let (process, keeper) = process::keep(child, folder.clone());
        self.keep(keeper);
        spec.dial.serve(listener);
        let identity = identity::Identity::new(&spec.device, &spec.time_zone, &agent, version);
        let mut session = session::CdpSession::new(identity, &spec, process, input, output);
        session.navigation_max = self.options.navigation_max.unwrap_or(NAVIGATION_MAX);
        match start::start(&session, &spec).await {
            Ok(()) => Ok(Box::new(session)),
            Err(Error::Dead(why)) => {
                let words = folder.last_words();
                Err(Error::Start(if words.is_empty() { why } else { format!("{why}: {words}") }))
            }
            Err(error) => Err(error),
        }
    }
}
