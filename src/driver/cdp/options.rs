//! What the driver can be told, with its defaults, and where it looks for a browser.

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Deserialize;

use crate::driver::Error;

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

/// Settings of the browser door (`[browser]`).
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Options {
    /// The browser's binary; `None`: look where distributions put it.
    pub path: Option<PathBuf>,
    /// Starts it without its own sandbox. Only where the machine cannot do better.
    pub allow_no_sandbox: bool,
    /// Starts it without a jail where none can be made. Loopback development only.
    pub allow_no_jail: bool,
    /// The unprivileged user id to run as where the worker is root; 65534 (nobody) by default.
    pub uid: Option<u32>,
    /// Its group id; the same number as `uid` by default.
    pub gid: Option<u32>,
    /// The executable that has the jail's helper; this very one by default.
    pub walkon: Option<PathBuf>,
    /// Flags left out, by their beginning. For tests of the jail: it must hold without them.
    #[serde(skip)]
    pub without_flags: Vec<String>,
    /// Flags added. For the same tests.
    #[serde(skip)]
    pub with_flags: Vec<String>,
    /// The longest a navigation may take, where it is to be less than usual.
    #[serde(skip)]
    pub navigation_max: Option<Duration>,
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
}

impl Options {
    /// Checks what can be checked before anything starts.
    pub fn validate(&self) -> Result<(), Invalid> {
        if self.uid == Some(0) {
            return Err(Invalid::Root);
        }
        match &self.path {
            Some(path) if !path.is_file() => Err(Invalid::Path(path.clone())),
            Some(path) if is_script(path) => Err(Invalid::Wrapper(path.clone())),
            _ => Ok(()),
        }
    }

    /// The browser to start.
    pub fn browser(&self) -> Result<PathBuf, Error> {
        if let Some(path) = &self.path {
            let found = path.is_file() && !is_script(path);
            return found.then(|| path.clone()).ok_or(Error::Missing(path.display().to_string()));
        }
        let found = CANDIDATES.iter().map(Path::new).find(|path| path.is_file());
        found.map(Path::to_path_buf).ok_or_else(|| Error::Missing(CANDIDATES.join(", ")))
    }
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
    fn a_browser_never_runs_as_root() {
        let options = Options { uid: Some(0), ..Options::default() };
        assert_eq!(options.validate(), Err(Invalid::Root));
    }
}
