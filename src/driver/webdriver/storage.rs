//! Storage state: taken out of the browser, and put in before its first page.
//!
//! Cookies go in and out whole. What an origin keeps in `localStorage` can be read only on one of
//! its pages, so it is looked at before each is left; and it is put in by a script of ours that
//! runs before the page's own, once for each origin: nothing is asked of the site for it.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};
use walkon_core::storage_state::{Cookie, Lost, OriginStorage, StorageState};

use super::session::WebSession;
use super::{locate, vendor};
use crate::driver::Error;
use crate::driver::chromium::functions::Function;

/// The most origins followed.
const ORIGINS_MAX: usize = 64;
/// The most entries of one origin.
const ENTRIES_MAX: usize = 10_000;
/// The most databases of one origin that are told of.
const DATABASES_MAX: usize = 20;

/// What the present page's origin keeps; what is no site has an origin of its own.
const LOOK: Function = Function(
    "function(most) {
        if (!location.protocol.startsWith('http')) return null;
        const kept = [];
        try {
            for (let at = 0; at < localStorage.length && at < most; at++) {
                const name = localStorage.key(at);
                kept.push([name, localStorage.getItem(name)]);
            }
        } catch { return null }
        const told = (all) => [location.origin, kept, all.map((one) => one.name)];
        if (!self.indexedDB) return told([]);
        return indexedDB.databases().then(told, () => told([]));
    }",
);

/// Puts in what its origin has to find: `kept` is a list of origins and their names and values.
const SEED: &str = "((kept) => {
    if (self !== top) return;
    const own = kept.find(([origin]) => origin === location.origin);
    if (own) for (const [name, value] of own[1]) localStorage.setItem(name, value);
})";

/// What origins keep, as far as it was seen.
#[derive(Debug, Default)]
pub(super) struct Kept {
    local: BTreeMap<String, Vec<(String, String)>>,
    databases: BTreeMap<String, BTreeSet<String>>,
    /// Origins that the script has yet to fill, and the script's id.
    waiting: BTreeSet<String>,
    script: Option<Value>,
}

/// The storage state as it is now, sorted.
pub(super) async fn state(session: &WebSession) -> Result<StorageState, Error> {
    let cookies = vendor::cookies(&session.talk).await?;
    let cookies = cookies.as_array().into_iter().flatten();
    let mut cookies: Vec<Cookie> = cookies.map(cookie_out).collect();
    cookies.sort_by(|a, b| (&a.domain, &a.path, &a.name).cmp(&(&b.domain, &b.path, &b.name)));
    look(session).await?;
    let kept = lock(session);
    let full = kept.local.iter().filter(|(_, entries)| !entries.is_empty());
    let origins = full.map(|(origin, entries)| OriginStorage {
        origin: origin.clone(),
        local_storage: entries.clone(),
    });
    let lost = kept.databases.iter().flat_map(|(origin, names)| {
        names.iter().map(|name| Lost { origin: origin.clone(), name: name.clone() })
    });
    let (origins, lost) = (origins.collect(), lost.collect());
    Ok(StorageState { cookies, origins, lost, ..StorageState::default() })
}

fn lock(session: &WebSession) -> std::sync::MutexGuard<'_, Kept> {
    session.kept.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// Looks at what the present page's origin keeps.
pub(super) async fn look(session: &WebSession) -> Result<(), Error> {
    let seen = match locate::call(session, None, LOOK, &[json!(ENTRIES_MAX)]).await {
        // A page that is being left tells nothing; what was seen before stands.
        Err(Error::Protocol { .. } | Error::Gone) => return Ok(()),
        seen => seen?,
    };
    let Some(origin) = seen[0].as_str().map(str::to_owned) else { return Ok(()) };
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let pairs = seen[1].as_array().into_iter().flatten();
    let mut entries: Vec<(String, String)> =
        pairs.map(|pair| (text(&pair[0]), text(&pair[1]))).collect();
    entries.sort();
    let names = seen[2].as_array().into_iter().flatten().take(DATABASES_MAX).map(text).collect();
    let mut kept = lock(session);
    if kept.local.len() < ORIGINS_MAX || kept.local.contains_key(&origin) {
        kept.local.insert(origin.clone(), entries);
        kept.databases.insert(origin, names);
    }
    Ok(())
}

/// Puts a storage state into a fresh browser.
pub(super) async fn restore(
    session: &WebSession,
    state: Option<&StorageState>,
) -> Result<(), Error> {
    let Some(state) = state else { return Ok(()) };
    if !state.cookies.is_empty() {
        let cookies: Vec<Value> = state.cookies.iter().map(cookie_in).collect();
        vendor::set_cookies(&session.talk, json!(cookies)).await?;
    }
    let origins = state.origins.iter().take(ORIGINS_MAX);
    {
        let mut kept = lock(session);
        for OriginStorage { origin, local_storage } in origins.clone() {
            kept.local.insert(origin.clone(), local_storage.clone());
        }
        kept.waiting = kept.local.keys().cloned().collect();
    }
    seed(session).await
}

/// Has documents begin with what waits for their origins.
async fn seed(session: &WebSession) -> Result<(), Error> {
    let (old, source) = {
        let mut kept = lock(session);
        let waiting = kept.waiting.iter().filter_map(|origin| kept.local.get_key_value(origin));
        let waiting: Vec<_> = waiting.collect();
        let source = (!waiting.is_empty()).then(|| format!("{SEED}({})", json!(waiting)));
        (kept.script.take(), source)
    };
    if let Some(old) = old {
        vendor::begin_documents_without(&session.talk, old).await?;
    }
    if let Some(source) = source {
        let script = vendor::begin_documents_with(&session.talk, &source).await?;
        lock(session).script = Some(script);
    }
    Ok(())
}

/// The page has come to an address: what waited for its origin is in, and must not be again.
pub(super) async fn seeded(session: &WebSession, url: &Value) -> Result<(), Error> {
    let url = url.as_str().and_then(|url| url::Url::parse(url).ok());
    let Some(origin) = url.map(|url| url.origin().ascii_serialization()) else { return Ok(()) };
    let waited = lock(session).waiting.remove(&origin);
    if waited { seed(session).await } else { Ok(()) }
}

fn cookie_out(cookie: &Value) -> Cookie {
    let text = |key: &str| cookie[key].as_str().unwrap_or_default().to_owned();
    let is = |key: &str| cookie[key].as_bool().unwrap_or_default();
    Cookie {
        name: text("name"),
        value: text("value"),
        domain: text("domain"),
        path: text("path"),
        expires: if is("session") { -1.0 } else { cookie["expires"].as_f64().unwrap_or(-1.0) },
        http_only: is("httpOnly"),
        secure: is("secure"),
        same_site: cookie["sameSite"].as_str().map(str::to_owned),
    }
}

fn cookie_in(cookie: &Cookie) -> Value {
    let mut put = json!({
        "name": cookie.name, "value": cookie.value, "domain": cookie.domain,
        "path": cookie.path, "secure": cookie.secure, "httpOnly": cookie.http_only,
    });
    if let Some(word) = &cookie.same_site {
        put["sameSite"] = json!(word);
    }
    if cookie.expires >= 0.0 {
        put["expires"] = json!(cookie.expires);
    }
    put
}
