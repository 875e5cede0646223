//! What the driver can be told, with its defaults, and where it looks for a browser.

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Deserialize;

use crate::driver::Error;
use crate::jail::LISTENERS_MAX;

/// Where a browser may be, the leanest first. `chromium-headless-shell` in `/usr/bin` is a shell
/// script that does not `exec`: killing it would leave the browser, so only the binary is named.
const CANDIDATES: [&str; 8] = [
    "/usr/lib/chromium/chromium-headless-shell",
    "/usr/lib/chromium-browser/chromium-headless-shell",
    "/opt/chrome-headless-shell/chrome-headless-shell",
    "/usr/lib/chromium/chromium",
    "/usr/lib64/chromium-browser/chromium-browser",
    "/usr/lib/chromium-browser/chromium-browser",
    "/opt/google/chrome/chrome",
    "/opt/chromium/chrome",
];

/// Where a WebDriver server may be.
const SERVERS: [&str; 4] = [
    "/usr/bin/chromedriver",
    "/usr/lib/chromium/chromedriver",
    "/usr/lib/chromium-browser/chromedriver",
    "/usr/local/bin/chromedriver",
];

/// Settings of the browser door (`[browser]`).
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Options {
    /// The browser's binary; `None`: look where distributions put it.
    pub path: Option<PathBuf>,
    /// The WebDriver server's binary; `None`: look where distributions put it. Only one driver uses
    /// it.
    pub chromedriver: Option<PathBuf>,
    /// Starts it without its own sandbox. Only where the machine cannot do better.
    pub allow_no_sandbox: bool,
    /// Starts it without a jail where none can be made. Loopback development only.
    pub allow_no_jail: bool,
    /// The unprivileged user id to run as where the worker is root; 65534 (nobody) by default.
    pub uid: Option<u32>,
    /// Its group id; the same number as `uid` by default.
    pub gid: Option<u32>,
    /// How full a shared browser gets.
    pub packed: Packed,
    /// The executable that has the jail's helper; this very one by default.
    pub walkon: Option<PathBuf>,
    /// Flags left out, by their beginning. For tests of the jail: it must hold without them.
    #[serde(skip)]
    pub without_flags: Vec<String>,
    /// Flags added. For the same tests.
    #[serde(skip)]
    pub with_flags: Vec<String>,
    /// Where its window is shown, by the environment's names; none: it has none.
    #[serde(skip)]
    pub window: Vec<(String, String)>,
    /// Pages are not told of the device. For the test that this is found out.
    #[serde(skip)]
    pub undressed: bool,
    /// The longest a navigation may take, where it is to be less than usual.
    #[serde(skip)]
    pub navigation_max: Option<Duration>,
}

/// How full a browser gets that several accounts share. Its end is the end of all their sessions,
/// so both are small.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Packed {
    /// The most accounts at once.
    pub accounts: usize,
    /// The most sessions in its life; after so many it takes no more, and ends with its last one.
    pub uses: usize,
}

/// The most accounts at once that may be asked for.
const ACCOUNTS_MAX: usize = 20;

impl Default for Packed {
    fn default() -> Self {
        Self { accounts: 10, uses: 50 }
    }
}

/// A setting that makes no sense.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Invalid {
    /// The browser's path is not a file.
    #[error("`browser.path` is {0}, and no file is there")]
    Path(PathBuf),
    /// The browser's path is a script.
    #[error("`browser.path` is {0}, a wrapper script; name the binary itself")]
    Wrapper(PathBuf),
    /// The browser would run as root.
    #[error("`browser.uid` is 0: a browser never runs as root")]
    Root,
    /// A shared browser would hold nobody, or too many.
    #[error("`browser.packed_accounts` is {0}: write 1 to {ACCOUNTS_MAX}")]
    Accounts(usize),
    /// A shared browser would be used never, or too often.
    #[error(
        "`browser.packed_uses` is {0}: write at least `packed_accounts`, {LISTENERS_MAX} at most"
    )]
    Uses(usize),
}

impl Options {
    /// Checks what can be checked before anything starts.
    pub fn validate(&self) -> Result<(), Invalid> {
        if self.uid == Some(0) {
            return Err(Invalid::Root);
        }
        let Packed { accounts, uses } = self.packed;
        if !(1..=ACCOUNTS_MAX).contains(&accounts) {
            return Err(Invalid::Accounts(accounts));
        }
        if !(accounts..=LISTENERS_MAX).contains(&uses) {
            return Err(Invalid::Uses(uses));
        }
        match &self.path {
            Some(path) if !path.is_file() => Err(Invalid::Path(path.clone())),
            Some(path) if is_script(path) => Err(Invalid::Wrapper(path.clone())),
            _ => Ok(()),
        }
    }

    /// The same with a window: for a person to look at, never for acting.
    #[must_use]
    pub fn headed(mut self, window: Vec<(String, String)>) -> Self {
        self.without_flags.push("--headless".to_owned());
        self.window = window;
        self
    }

    /// The browser to start.
    pub fn browser(&self) -> Result<PathBuf, Error> {
        found(self.path.as_deref(), &CANDIDATES).map_err(Error::Missing)
    }

    /// Whether browsers of this host can trust a site's own certificate authority.
    pub fn can_trust_authorities(&self) -> bool {
        super::trust::is_possible()
    }

    /// The WebDriver server to start.
    pub fn chromedriver(&self) -> Result<PathBuf, Error> {
        found(self.chromedriver.as_deref(), &SERVERS).map_err(Error::NoServer)
    }
}

/// The binary that is named, or the first of these that is there; else where it was looked for.
fn found(named: Option<&Path>, candidates: &[&str]) -> Result<PathBuf, String> {
    if let Some(path) = named {
        let is_binary = path.is_file() && !is_script(path);
        return is_binary.then(|| path.to_owned()).ok_or_else(|| path.display().to_string());
    }
    let found = candidates.iter().map(Path::new).find(|path| path.is_file() && !is_script(path));
    found.map(Path::to_path_buf).ok_or_else(|| candidates.join(", "))
}

fn is_script(path: &Path) -> bool {
    let mut start = [0; 2];
    let read = std::fs::File::open(path)
        .and_then(|mut file| std::io::Read::read_exact(&mut file, &mut start));
    read.is_ok() && start == *b"#!"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrapper_script_or_a_missing_file_is_no_browser() {
        let folder = tempfile::tempdir().unwrap();
        let script = folder.path().join("chromium");
        std::fs::write(&script, "#!/bin/sh\n").unwrap();
        let with = |path: &Path| Options { path: Some(path.to_owned()), ..Options::default() };
        assert_eq!(with(&script).validate(), Err(Invalid::Wrapper(script.clone())));
        assert!(with(&script).browser().is_err());
        let none = folder.path().join("none");
        assert_eq!(with(&none).validate(), Err(Invalid::Path(none.clone())));
    }

    #[test]
    fn a_shared_browser_holds_a_few_and_ends_in_time() {
        let with = |accounts, uses| {
            Options { packed: Packed { accounts, uses }, ..Options::default() }.validate()
        };
        assert_eq!((with(10, 50), with(1, 1), with(20, 200)), (Ok(()), Ok(()), Ok(())));
        assert_eq!(
            (with(0, 50), with(21, 50)),
            (Err(Invalid::Accounts(0)), Err(Invalid::Accounts(21)))
        );
        assert_eq!((with(10, 9), with(10, 201)), (Err(Invalid::Uses(9)), Err(Invalid::Uses(201))));
    }

    #[test]
    fn a_browser_never_runs_as_root() {
        let options = Options { uid: Some(0), ..Options::default() };
        assert_eq!(options.validate(), Err(Invalid::Root));
    }
}
