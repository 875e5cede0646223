//! `[sites.<name>]` of the settings: what differs from a site's own file, and its secrets.

use std::collections::BTreeMap;
use std::path::Path;

use walkon_core::bundle::{Login, Secret};
use walkon_core::id::SiteId;
use walkon_core::site::{Private, Site};

use super::report::{Code, Failure};
use crate::catalog::Catalog;
use crate::config::{Config, SiteOverride};
use crate::coordinator::OwnSite;
use crate::egress::Mailbox;

/// Puts the settings over the catalog, and reads the secrets that they name.
pub(super) fn apply(
    config: &Config,
    catalog: &mut Catalog,
) -> Result<BTreeMap<SiteId, OwnSite>, Failure> {
    let mut own = BTreeMap::new();
    for (name, over) in &config.sites {
        let id = name.parse().ok().filter(|id| catalog.sites.contains_key(id));
        let Some(entry) = id.and_then(|id| catalog.sites.get_mut(&id)) else {
            let names = catalog.sites.keys().map(SiteId::as_str);
            let what = format!("the settings name a site `{name}` that is not there");
            return Err(Failure::new(Code::Refused, what, Catalog::known(name, names)));
        };
        put_over(&mut entry.site, over)?;
        own.insert(entry.site.id.clone(), secrets(over)?);
    }
    for entry in catalog.sites.values_mut() {
        trust(&mut entry.site)?;
    }
    Ok(own)
}

fn put_over(site: &mut Site, over: &SiteOverride) -> Result<(), Failure> {
    site.origin = over.origin.clone().unwrap_or_else(|| site.origin.clone());
    site.private = over.private.clone().or_else(|| site.private.clone());
    site.api = over.api.clone().or_else(|| site.api.clone());
    if let Some(limits) = &over.limits {
        if limits.window.is_some() {
            let what = format!("`sites.{}.limits` has a `window`", site.id);
            let remedy = "an operator's hours stand in plans: `hours` of `[plans.<name>]`";
            return Err(Failure::new(Code::Refused, what, remedy));
        }
        site.limits = limits.clone();
    }
    Ok(())
}

fn secrets(over: &SiteOverride) -> Result<OwnSite, Failure> {
    let login = over.login.as_ref().map(|login| {
        let password = secret(&login.password_file)?;
        Ok::<_, Failure>(Login { username: login.username.clone(), password })
    });
    let mailbox = over.codes.as_ref().map(|codes| {
        let token = codes.token_file.as_deref().map(secret).transpose()?;
        Ok::<_, Failure>(Mailbox { url: codes.url.clone(), token })
    });
    Ok(OwnSite { login: login.transpose()?, mailbox: mailbox.transpose()? })
}

/// Reads the authority's certificates, and checks what was vouched for.
fn trust(site: &mut Site) -> Result<(), Failure> {
    let Some(private) = &mut site.private else { return Ok(()) };
    if let Some(file) = &private.ca_file {
        private.ca = Some(read(file)?);
    }
    Private::check(private).map_err(|(what, remedy)| {
        Failure::new(Code::Refused, format!("site `{}`: {what}", site.id), remedy)
    })
}

fn secret(file: &Path) -> Result<Secret, Failure> {
    let text = read(file)?;
    Ok(Secret::new(text.trim_end_matches(['\r', '\n']).to_owned()))
}

fn read(file: &Path) -> Result<String, Failure> {
    std::fs::read_to_string(file).map_err(|error| Failure {
        what: format!("could not read {}", file.display()),
        causes: vec![error.to_string()],
        remedy: Some("check the path and its owner".to_owned()),
        code: Code::Refused,
    })
}
