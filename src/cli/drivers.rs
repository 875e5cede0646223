//! What drives browsers, as commands and settings name it.

use std::sync::Arc;

use clap::ValueEnum;

use super::report::Failure;
use super::roles::browser_options;
use crate::config::Config;
use crate::driver::Driver;
use crate::driver::cdp::CdpDriver;
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
