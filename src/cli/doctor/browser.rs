//! The browser of this host, the WebDriver server where one is used, and whom browsers can trust.

use super::super::drivers::browser_options;
use super::super::sites;
use super::{Finding, Ill, of};
use crate::catalog::Catalog;
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

/// Whether browsers can trust the authorities that sites of one's own have.
pub(super) fn authorities(config: &Config) -> Finding {
    let mut catalog = Catalog::load(&config.fleet.behaviors, &config.fleet.profiles)
        .map_err(|error| of(error.into()))?;
    sites::apply(config, &mut catalog).map_err(of)?;
    let own = catalog
        .sites
        .values()
        .filter(|entry| entry.site.private.as_ref().is_some_and(|private| private.ca.is_some()));
    let own: Vec<_> = own.map(|entry| entry.site.id.to_string()).collect();
    if own.is_empty() {
        return Ok("none: no site has a `ca` of its own".to_owned());
    }
    if browser_options(config).map_err(of)?.can_trust_authorities() {
        return Ok(format!("of {}, by certutil", own.join(", ")));
    }
    Err(Ill::wrong(
        format!("no browser opens for {}: `certutil` is not installed", own.join(", ")),
        "install `libnss3-tools`",
    ))
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
