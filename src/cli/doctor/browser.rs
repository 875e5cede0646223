//! The browser of this host, and the WebDriver server where one is used.

use super::super::drivers::browser_options;
use super::{Finding, Ill, of};
use crate::config::Config;
use crate::driver::webdriver::WebDriver;

/// Whether there is a browser to start.
pub(super) fn browser(config: &Config) -> Finding {
    let options = browser_options(config).map_err(of)?;
    if let Err(error) = options.validate() {
        return Err(Ill::wrong(error.to_string(), "correct `[browser]` in walkon.toml"));
    }
    let path = options.browser().map_err(|error| of(error.into()))?;
    Ok(path.display().to_string())
}

/// Whether there is a server to start, and whether it is the browser's own.
pub(super) async fn webdriver(config: &Config) -> Finding {
    if config.browser.driver != "webdriver" {
        return Ok("not used: `browser.driver` is `cdp`".to_owned());
    }
    let options = browser_options(config).map_err(of)?;
    let driver = WebDriver::new(options).map_err(|error| of(error.into()))?;
    let (browser, server) = driver.versions().await.map_err(|error| of(error.into()))?;
    let major = |version: &str| version.split('.').next().unwrap_or_default().to_owned();
    if major(&browser) == major(&server) {
        return Ok(format!("chromedriver {server}"));
    }
    Err(Ill::wrong(
        format!("chromedriver is {server}, and the browser {browser}"),
        "install both of one version (`apt install chromium-headless-shell chromium-driver`), or \
         name others by `browser.path` and `browser.chromedriver`",
    ))
}
