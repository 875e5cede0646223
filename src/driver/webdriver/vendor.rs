//! Commands that are chromedriver's own and not the standard's (`goog/cdp/execute`): a closed list,
//! each for what the standard cannot: all cookies, a JPEG, a text without keys, a viewport's size.

use serde_json::{Value, json};
use walkon_core::device::Device;

use super::talk::{Command, Talk};
use crate::driver::{CALL_MAX, Error};

async fn execute(talk: &Talk, call: &'static str, params: Value) -> Result<Value, Error> {
    let body = json!({ "cmd": call, "params": params });
    talk.ask(call, CALL_MAX, &Command::post("goog/cdp/execute", body)).await
}

/// Denies downloads, and whatever pages would prompt for.
pub(super) async fn deny(talk: &Talk, prompted: &[&str]) -> Result<(), Error> {
    execute(talk, "Browser.setDownloadBehavior", json!({ "behavior": "deny" })).await?;
    for name in prompted {
        let params = json!({ "permission": { "name": name }, "setting": "denied" });
        match execute(talk, "Browser.setPermission", params).await {
            // An older browser may not know one of them.
            Err(Error::Protocol { .. }) => {}
            other => other.map(drop)?,
        }
    }
    Ok(())
}

/// Gives the page the device's viewport, whatever its window's frame takes, and its first language
/// for dates and numbers. What else a desktop is comes by the command line and the environment.
pub(super) async fn dress(talk: &Talk, device: &Device) -> Result<(), Error> {
    let (width, height) = (device.width, device.height);
    let metrics = json!({
        "width": width, "height": height, "screenWidth": width, "screenHeight": height,
        "deviceScaleFactor": device.scale, "mobile": false,
    });
    execute(talk, "Emulation.setDeviceMetricsOverride", metrics).await?;
    let locale = json!({ "locale": device.languages.first() });
    execute(talk, "Emulation.setLocaleOverride", locale).await.map(drop)
}

/// Every cookie of the browser, also those of other paths than the page's.
pub(super) async fn cookies(talk: &Talk) -> Result<Value, Error> {
    let answer = execute(talk, "Storage.getCookies", json!({})).await?;
    Ok(answer["cookies"].clone())
}

/// Puts cookies into a browser that has not been anywhere.
pub(super) async fn set_cookies(talk: &Talk, cookies: Value) -> Result<(), Error> {
    execute(talk, "Storage.setCookies", json!({ "cookies": cookies })).await.map(drop)
}

/// Runs a script of ours in a world of its own at the start of every document; its id.
pub(super) async fn begin_documents_with(talk: &Talk, source: &str) -> Result<Value, Error> {
    let params = json!({ "source": source, "worldName": "walkon" });
    let call = "Page.addScriptToEvaluateOnNewDocument";
    Ok(execute(talk, call, params).await?["identifier"].clone())
}

/// Ends that.
pub(super) async fn begin_documents_without(talk: &Talk, id: Value) -> Result<(), Error> {
    let params = json!({ "identifier": id });
    execute(talk, "Page.removeScriptToEvaluateOnNewDocument", params).await.map(drop)
}

/// Types a text that has no keys, where the focus is.
pub(super) async fn insert(talk: &Talk, text: &str) -> Result<(), Error> {
    execute(talk, "Input.insertText", json!({ "text": text })).await.map(drop)
}

/// The viewport as JPEG, in base64.
pub(super) async fn picture(talk: &Talk, quality: u32) -> Result<String, Error> {
    let params = json!({ "format": "jpeg", "quality": quality, "optimizeForSpeed": true });
    let answer = execute(talk, "Page.captureScreenshot", params).await?;
    Ok(answer["data"].as_str().unwrap_or_default().to_owned())
}

/// Stops service workers, which may outlive their pages by half a minute.
pub(super) async fn stop_service_workers(talk: &Talk) -> Result<(), Error> {
    for call in ["ServiceWorker.enable", "ServiceWorker.stopAllWorkers", "ServiceWorker.disable"] {
        execute(talk, call, json!({})).await?;
    }
    Ok(())
}
