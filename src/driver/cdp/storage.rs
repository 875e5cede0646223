//! Storage state: taken out of the browser, and put in before its first page.

use std::sync::PoisonError;

use chromiumoxide_cdp::cdp::browser_protocol::dom_storage::{
    GetDomStorageItemsParams, SetDomStorageItemParams, StorageId,
};
use chromiumoxide_cdp::cdp::browser_protocol::indexed_db::RequestDatabaseNamesParams;
use chromiumoxide_cdp::cdp::browser_protocol::network::{
    self, CookieParam, CookieSameSite, TimeSinceEpoch,
};
use chromiumoxide_cdp::cdp::browser_protocol::page::NavigateParams;
use chromiumoxide_cdp::cdp::browser_protocol::storage::{GetCookiesParams, SetCookiesParams};
use futures_util::future::try_join_all;
use walkon_core::storage_state::{Cookie, OriginStorage, StorageState};

use super::navigate;
use super::session::CdpSession;
use crate::driver::{CALL_MAX, Error};

/// The storage state as it is now, sorted.
pub(super) async fn state(session: &CdpSession) -> Result<StorageState, Error> {
    let all = GetCookiesParams { browser_context_id: session.context.clone() };
    let cookies = session.hub.wire.call(None, &all, CALL_MAX).await?;
    let mut cookies: Vec<Cookie> = cookies.cookies.into_iter().map(cookie_out).collect();
    cookies.sort_by(|a, b| (&a.domain, &a.path, &a.name).cmp(&(&b.domain, &b.path, &b.name)));
    // Two questions at once; the second is about what is not kept.
    let (refreshed, ()) = tokio::join!(refresh(session), look_for_lost(session));
    refreshed?;
    let mirror = session.hub.mirror.lock().unwrap_or_else(PoisonError::into_inner);
    let (origins, lost) = (mirror.origins(), mirror.lost());
    Ok(StorageState { cookies, origins, lost, ..StorageState::default() })
}

/// Notes what the present page's origin keeps in `IndexedDB`: its values are objects of the page's
/// own, which cannot be put into another browser without running its code.
async fn look_for_lost(session: &CdpSession) {
    let url = session.hub.place.borrow().url.clone();
    let Some(origin) = origin_of(&url) else { return };
    let names = RequestDatabaseNamesParams {
        security_origin: Some(origin.to_owned()),
        ..Default::default()
    };
    // A page that moved on, or that has no databases, has nothing to tell.
    let Ok(names) = session.ask(&names).await.map(|names| names.database_names) else { return };
    let is_news = {
        let mut mirror = session.hub.mirror.lock().unwrap_or_else(PoisonError::into_inner);
        mirror.loses(origin, &names)
    };
    if is_news && !names.is_empty() {
        let names = names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
        session.hub.notes.log(format!("{origin} keeps {names} in IndexedDB, which is not kept"));
    }
}

/// Reads the present page's own storage, so that the mirror is right about it at least.
async fn refresh(session: &CdpSession) -> Result<(), Error> {
    let url = session.hub.place.borrow().url.clone();
    let Some(origin) = origin_of(&url) else { return Ok(()) };
    let entries = match session.ask(&GetDomStorageItemsParams::new(local(origin))).await {
        // The page moved on meanwhile, or shows an error of the browser's: the mirror stands.
        Err(Error::Protocol { .. } | Error::Crashed) => return Ok(()),
        answer => answer?.entries,
    };
    let pairs = entries.into_iter().filter_map(|item| {
        let mut item = item.inner().iter().cloned();
        Some((item.next()?, item.next()?))
    });
    session.hub.mirror.lock().unwrap_or_else(PoisonError::into_inner).set(origin, pairs);
    Ok(())
}

fn local(origin: &str) -> StorageId {
    StorageId { security_origin: Some(origin.to_owned()), ..StorageId::new(true) }
}

/// Scheme, host and port of an http address.
fn origin_of(url: &str) -> Option<&str> {
    let after = url.find("://")? + 3;
    let end = url[after..].find(['/', '?', '#']).map_or(url.len(), |at| after + at);
    url.starts_with("http").then_some(&url[..end])
}

/// Puts a storage state into a fresh browser, which stays on an empty page.
pub(super) async fn restore(
    session: &CdpSession,
    state: Option<&StorageState>,
) -> Result<(), Error> {
    let Some(state) = state else { return Ok(()) };
    if !state.cookies.is_empty() {
        let cookies: Vec<CookieParam> = state.cookies.iter().map(cookie_in).collect();
        let mut cookies = SetCookiesParams::new(cookies);
        cookies.browser_context_id.clone_from(&session.context);
        session.hub.wire.call(None, &cookies, CALL_MAX).await?;
    }
    let kept = state.origins.iter().filter(|kept| !kept.local_storage.is_empty());
    let mut visited = false;
    for kept in kept {
        restore_origin(session, kept).await?;
        visited = true;
    }
    if visited {
        // Left first: as long as it is there, nothing that it asks for leaves the browser.
        session.ask(&NavigateParams::new("about:blank")).await?;
        session.hub.place.send_modify(|place| place.blank = None);
    }
    Ok(())
}

/// Fills one origin's storage from an empty page of that origin, which never leaves the browser.
async fn restore_origin(session: &CdpSession, kept: &OriginStorage) -> Result<(), Error> {
    let url = format!("{}/.well-known/walkon-empty", kept.origin);
    session.hub.place.send_modify(|place| place.blank = Some(url.clone()));
    if let Some(why) = navigate::go(session, &url).await? {
        return Err(Error::Unreachable { url, why });
    }
    let items = kept.local_storage.iter().map(|(key, value)| async move {
        session.ask(&SetDomStorageItemParams::new(local(&kept.origin), key, value)).await
    });
    try_join_all(items).await?;
    let mut mirror = session.hub.mirror.lock().unwrap_or_else(PoisonError::into_inner);
    mirror.set(&kept.origin, kept.local_storage.iter().cloned());
    Ok(())
}

fn cookie_out(cookie: network::Cookie) -> Cookie {
    Cookie {
        name: cookie.name,
        value: cookie.value,
        domain: cookie.domain,
        path: cookie.path,
        expires: if cookie.session { -1.0 } else { cookie.expires },
        http_only: cookie.http_only,
        secure: cookie.secure,
        same_site: cookie.same_site.map(|word| word.as_ref().to_owned()),
    }
}

fn cookie_in(cookie: &Cookie) -> CookieParam {
    let mut param = CookieParam::new(&cookie.name, &cookie.value);
    param.domain = Some(cookie.domain.clone());
    param.path = Some(cookie.path.clone());
    param.secure = Some(cookie.secure);
    param.http_only = Some(cookie.http_only);
    param.same_site = cookie.same_site.as_deref().and_then(same_site);
    param.expires = (cookie.expires >= 0.0).then(|| TimeSinceEpoch::new(cookie.expires));
    param
}

fn same_site(word: &str) -> Option<CookieSameSite> {
    match word {
        "Strict" => Some(CookieSameSite::Strict),
        "Lax" => Some(CookieSameSite::Lax),
        "None" => Some(CookieSameSite::None),
        _ => None,
    }
}
