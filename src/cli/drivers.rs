//! What drives browsers, as commands and settings name it.

use std::path::PathBuf;
use std::sync::Arc;

use clap::ValueEnum;
use nix::unistd::User;

use super::report::{Code, Failure};
use crate::config::Config;
use crate::driver::Driver;
use crate::driver::cdp::{self, CdpDriver};
#[cfg(feature = "demo")]
use crate::driver::fake::FakeDriver;
use crate::driver::webdriver::WebDriver;

/// What drives browsers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum DriverName {
    /// Chrome, over a pipe.
    Cdp,
    /// Chrome, through W3C WebDriver and a chromedriver of our own.
    Webdriver,
    /// No browser: pages are fetched and their forms sent, for tests.
    #[cfg(feature = "demo")]
    Fake,
}

impl DriverName {
    /// The one that the settings name.
    fn of(config: &Config) -> Self {
        // Of two names that there are, the settings have checked it.
        if config.browser.driver == "webdriver" { Self::Webdriver } else { Self::Cdp }
    }

    /// What a worker is told so that it takes this one.
    pub(super) fn args(self) -> Vec<String> {
        let name = self.to_possible_value().map(|value| value.get_name().to_owned());
        name.into_iter().flat_map(|name| ["--driver".to_owned(), name]).collect()
    }
}

/// The driver of that name; without one, as the settings say.
pub(super) fn driver(
    name: Option<DriverName>,
    config: &Config,
) -> Result<Arc<dyn Driver>, Failure> {
    Ok(match name.unwrap_or_else(|| DriverName::of(config)) {
        DriverName::Cdp => Arc::new(CdpDriver::new(browser_options(config)?)?),
        DriverName::Webdriver => Arc::new(WebDriver::new(browser_options(config)?)?),
        #[cfg(feature = "demo")]
        DriverName::Fake => Arc::new(FakeDriver::new()),
    })
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
