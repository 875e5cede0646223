//! What a new session asks of the server: which browser, how, and how patient.

use std::ffi::OsString;
use std::path::Path;
use std::time::Duration;

use serde_json::{Map, Value, json};

use crate::driver::{CALL_MAX, Error};

/// Switches that the server would add of itself, and that would let pages do more.
const EXCLUDED: [&str; 1] = ["disable-popup-blocking"];

/// The capabilities of a session with that browser, started with these switches.
pub(super) fn capabilities(
    browser: &Path,
    switches: &[OsString],
    navigation_max: Duration,
) -> Result<Map<String, Value>, Error> {
    let text = |text: &std::ffi::OsStr| {
        let text = text.to_str().map(str::to_owned);
        text.ok_or_else(|| Error::Start("the data folder's path is not UTF-8".to_owned()))
    };
    let args: Vec<String> = switches.iter().map(|switch| text(switch)).collect::<Result<_, _>>()?;
    // Told a profile, the server opens no page, and a headless shell has none without being told:
    // so the server makes one, in the folder for profiles (`start::temporary`).
    let args: Vec<String> =
        args.into_iter().filter(|switch| !switch.starts_with("--user-data-dir=")).collect();
    let ms = |time: Duration| time.as_millis() as u64;
    let all = json!({
        "acceptInsecureCerts": false,
        // A dialog must not hold anything up; which one it was is told with the next command.
        "unhandledPromptBehavior": "dismiss and notify",
        "timeouts": { "implicit": 0, "pageLoad": ms(navigation_max), "script": ms(CALL_MAX) / 2 },
        "goog:chromeOptions": {
            "binary": text(browser.as_os_str())?,
            "args": args,
            "excludeSwitches": EXCLUDED,
            "prefs": { "download_restrictions": 3 },
        },
    });
    match all {
        Value::Object(all) => Ok(all),
        _ => Ok(Map::new()),
    }
}
