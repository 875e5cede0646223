//! Proxies that accounts may name, and the way out of an account, with its secret.

use std::net::IpAddr;

use serde::Serialize;
use walkon_core::account::{Account, SharedProxy};
use walkon_core::action::Refuse;
use walkon_core::bundle::{self, Secret};
use walkon_core::fault::in_one_line;
use walkon_core::grant::Access;
use walkon_core::id::SettingName;

use super::super::{Coordinator, Error};
use super::{Condition, Done, change};
use crate::catalog::Catalog;
use crate::egress::{self, Origin, Proxy};
use crate::queue::Person;
use crate::store::credentials::Field;
use crate::store::settings::Sort;

/// What becomes of a proxy's password.
#[derive(Debug, Clone)]
pub enum Password {
    /// It stays as it is.
    AsItWas,
    /// There is to be none.
    None,
    /// This one.
    New(Secret),
}

/// What a proxy was found to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Tried {
    /// Where it was to go.
    pub to: String,
    /// Whether it lets through, and leaves from where it should as far as that is known.
    pub good: bool,
    /// How long that took, in milliseconds.
    pub ms: Option<u64>,
    /// From which address it leaves, as the echo says.
    pub exit: Option<String>,
    /// What is wrong, or why the exit is not known.
    pub why: Option<String>,
}

fn bad(why: String) -> Refuse {
    Refuse::new("bad_proxy", why, "see docs/operations.md#proxies")
}

impl Coordinator {
    /// Keeps a proxy; sessions that are opened from now on go through it as it is now.
    pub async fn keep_proxy(
        &self,
        name: &SettingName,
        proxy: &SharedProxy,
        password: &Password,
        condition: Condition,
        person: &Person,
    ) -> Result<Done, Error> {
        let name = name.as_str();
        let is_sealed = match password {
            Password::AsItWas => self.store.proxy_password(name).await?.is_some(),
            Password::None => false,
            Password::New(_) => true,
        };
        Proxy::new(&proxy.url, proxy.username.clone(), is_sealed.then(String::new))
            .map_err(|error| bad(error.to_string()))?;
        // What is refused leaves the password as it was.
        self.seen(Sort::Proxy, name, condition).await?;
        match password {
            Password::AsItWas => {}
            Password::None => self.store.put_proxy_password(name, None).await?,
            Password::New(secret) => self.store.put_proxy_password(name, Some(secret)).await?,
        }
        self.keep(Sort::Proxy, name, proxy, condition, person).await
    }

    /// What could never work about an account's way out: what, and what to write.
    pub(in crate::coordinator) fn check_proxy(
        &self,
        account: &Account,
    ) -> Result<(), (String, String)> {
        let Some(proxy) = &account.proxy else { return Ok(()) };
        let Some(name) = &proxy.name else {
            let password = proxy.password_file.as_ref().map(|_| String::new());
            let made = Proxy::new(&proxy.url, proxy.username.clone(), password);
            let remedy = || "see docs/operations.md#accounts".to_owned();
            return made.map(drop).map_err(|wrong| (wrong.to_string(), remedy()));
        };
        let is_alone = proxy.url.is_empty() && proxy.username.is_none();
        if !is_alone || proxy.password_file.is_some() || proxy.exit.is_some() {
            let what = format!("its proxy has the name `{name}` and more beside it");
            return Err((what, "write the name alone, or the address without a name".to_owned()));
        }
        let known = &self.in_force().proxies;
        if known.contains_key(name.as_str()) {
            return Ok(());
        }
        let remedy = match known.len() {
            0 => "add one with `walkon proxy add`".to_owned(),
            _ => Catalog::known(name.as_str(), known.keys().map(String::as_str)),
        };
        Err((format!("there is no proxy `{name}`"), remedy))
    }

    /// The account's way out with its secret; `Err` inside: it cannot be used, and why.
    pub(in crate::coordinator) async fn way_out(
        &self,
        account: &Account,
    ) -> Result<Result<Option<bundle::Proxy>, String>, Error> {
        let Some(written) = &account.proxy else { return Ok(Ok(None)) };
        let (url, username, password) = if let Some(name) = &written.name {
            let Some(shared) = self.in_force().proxies.get(name.as_str()).cloned() else {
                return Ok(Err(format!("there is no proxy `{name}` any more")));
            };
            (shared.url, shared.username, self.store.proxy_password(name.as_str()).await)
        } else {
            let password = self.store.credential(&account.id, Field::ProxyPassword).await;
            (written.url.clone(), written.username.clone(), password)
        };
        match password {
            Ok(password) => Ok(Ok(Some(bundle::Proxy { url, username, password }))),
            Err(error @ crate::store::Error::Broken(_)) => Ok(Err(in_one_line(&error))),
            Err(error) => Err(error.into()),
        }
    }

    /// From which address the account's connections must leave.
    pub(in crate::coordinator) fn exit_wanted(&self, account: &Account) -> Option<IpAddr> {
        let written = account.proxy.as_ref()?;
        let Some(name) = &written.name else { return written.exit };
        self.in_force().proxies.get(name.as_str()).and_then(|shared| shared.exit)
    }

    /// Connects through a proxy to a site that may be reached, and lets go.
    pub async fn try_proxy(&self, name: &str, site: Option<&str>) -> Result<Tried, Error> {
        let shared = self.in_force().proxies.get(name).cloned();
        let shared = shared.ok_or_else(|| change::unknown(Sort::Proxy, name))?;
        let origin = self.reachable(site)?;
        let password = self.store.proxy_password(name).await?;
        let password = password.map(|password| password.expose().to_owned());
        let proxy = Proxy::new(&shared.url, shared.username.clone(), password)
            .map_err(|error| bad(error.to_string()))?;
        let to = origin.to_string();
        let mut tried = Tried { to, good: false, ms: None, exit: None, why: None };
        match egress::reach(Some(&proxy), &origin).await {
            Err(error) => tried.why = Some(error.to_string()),
            Ok(took) => {
                (tried.ms, tried.good) = (Some(took.as_millis() as u64), true);
                match self.exit_of(&proxy).await {
                    Ok(exit) => tried.exit = Some(exit),
                    Err(why) => tried.why = Some(why),
                }
            }
        }
        let wanted = shared.exit.map(|exit| exit.to_string());
        if let (Some(exit), Some(wanted)) = (&tried.exit, wanted)
            && *exit != wanted
        {
            tried.good = false;
            tried.why = Some(format!("it leaves from {exit}, not from {wanted}"));
        }
        Ok(tried)
    }

    /// The origin of a site to which a connection may be made: on this machine, or granted.
    fn reachable(&self, site: Option<&str>) -> Result<Origin, Refuse> {
        let may = |access: Access| matches!(access, Access::Granted(_) | Access::Exempt(_));
        let sites = self.catalog.sites.values().map(|entry| &entry.site);
        let mut sites = sites.filter(|one| {
            site.is_none_or(|wanted| one.id.as_str() == wanted) && may(self.access(one))
        });
        let found = sites.find_map(|site| site.origin.parse().ok());
        found.ok_or_else(|| {
            let why = match site {
                Some(site) => format!("there is no site `{site}` that may be reached"),
                None => "no site is granted, so that nothing may be reached".to_owned(),
            };
            Refuse::new("no_grant", why, "name a site on this machine, or one that has granted it")
        })
    }
}
