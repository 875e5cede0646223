//! `[browser]`: which browser, by whom, and whether accounts share one.

use serde::Deserialize;
use walkon_core::kind::nearest;

use super::Error;

/// What can drive a browser.
pub const DRIVERS: [&str; 2] = ["cdp", "webdriver"];

/// `[browser]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Browser {
    /// What drives it: one of [`DRIVERS`].
    pub driver: String,
    /// The browser, or nothing.
    pub path: String,
    /// The WebDriver server, or nothing.
    pub chromedriver: String,
    /// Who runs it under root.
    pub user: String,
    /// Without Chrome's sandbox.
    pub allow_no_sandbox: bool,
    /// Without the jail.
    pub allow_no_jail: bool,
    /// `dedicated` or `packed`.
    pub sessions: String,
    /// The most accounts in one shared browser.
    pub packed_accounts: usize,
    /// The most sessions in its life.
    pub packed_uses: usize,
}

impl Browser {
    /// Whether accounts may share browsers.
    pub fn is_packed(&self) -> bool {
        self.sessions == "packed"
    }

    pub(super) fn validate(&self) -> Result<(), Error> {
        let wrong = |key: &str, value: String, remedy: &str| {
            Err(Error::Value { key: key.to_owned(), value, remedy: remedy.to_owned() })
        };
        let driver = &self.driver;
        if !DRIVERS.contains(&driver.as_str()) {
            let near = nearest(driver, DRIVERS);
            let hint = near.map_or(String::new(), |near| format!("did you mean `{near}`? "));
            let remedy = format!("{hint}write `cdp`, or `webdriver` for W3C WebDriver");
            return wrong("browser.driver", format!("`{driver}`"), &remedy);
        }
        if self.is_packed() && driver != "cdp" {
            let remedy = "write `dedicated`, or `cdp` for `browser.driver`: W3C WebDriver has no \
                          browser contexts";
            return wrong("browser.sessions", "`packed`".to_owned(), remedy);
        }
        if !["dedicated", "packed"].contains(&self.sessions.as_str()) {
            let value = format!("`{}`", self.sessions);
            return wrong("browser.sessions", value, "write `dedicated` or `packed`");
        }
        let (accounts, uses) = (self.packed_accounts, self.packed_uses);
        if !(1..=20).contains(&accounts) {
            let remedy = "write 1 to 20: they all end with their browser";
            return wrong("browser.packed_accounts", accounts.to_string(), remedy);
        }
        if !(accounts..=200).contains(&uses) {
            let remedy = "write 200 at most, and no less than `browser.packed_accounts`";
            return wrong("browser.packed_uses", uses.to_string(), remedy);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use crate::config::{Config, Error};

    fn with(variables: &[(&str, &str)]) -> Result<Config, Error> {
        let own = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        Config::load(None, variables.iter().map(own))
    }

    #[test]
    fn a_browser_is_shared_by_choice_and_by_a_few() {
        let browser = with(&[]).unwrap().browser;
        assert_eq!((browser.is_packed(), browser.packed_accounts), (false, 10));
        let packed = with(&[("WALKON__BROWSER__SESSIONS", "packed")]).unwrap().browser;
        assert!(packed.is_packed());
        for (name, value, key) in [
            ("WALKON__BROWSER__SESSIONS", "shared", "browser.sessions"),
            ("WALKON__BROWSER__PACKED_ACCOUNTS", "0", "browser.packed_accounts"),
            ("WALKON__BROWSER__PACKED_ACCOUNTS", "21", "browser.packed_accounts"),
            ("WALKON__BROWSER__PACKED_USES", "9", "browser.packed_uses"),
            ("WALKON__BROWSER__PACKED_USES", "201", "browser.packed_uses"),
        ] {
            let error = with(&[(name, value)]).unwrap_err();
            assert!(error.to_string().contains(key), "{error}");
            assert!(error.remedy().starts_with("write "), "{error}");
        }
    }
}
