//! A site: a place accounts live and act (`behaviors/<site>/site.toml`).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use std::net::IpAddr;
use std::path::PathBuf;

use crate::explain;
use crate::fault::Fault;
use crate::grant::Limits;
use crate::id::SiteId;
use crate::net::Net;

/// How one sort of object is addressed on each route.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ObjectAddress {
    /// The page's path, `{id}` standing for the target's id: `/p/{id}`.
    pub path: String,
    /// The API's id for it, if the API knows it: `{id}`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub api: Option<String>,
}

/// How a page says that the account may not go on.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Signs {
    /// The page's path begins with this when the account is signed out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signed_out_path: Option<String>,
    /// A heading with this text asks to prove something.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub challenge_heading: Option<String>,
    /// A heading with this text says that the account is blocked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub blocked_heading: Option<String>,
    /// A heading with this text says that the account does too much, where the status does not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limited_heading: Option<String>,
    /// An element with this whole text says the same: a notice over the page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limited_text: Option<String>,
}

/// A site of the operator's own network: what somebody has vouched for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Private {
    /// Where its address may lie, besides the public network.
    pub nets: Vec<Net>,
    /// Its address; none: by name, as usual.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<IpAddr>,
    /// Other hosts by their exact names, of its subresources, that may lie there, too.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hosts: Vec<String>,
    /// Who said so.
    pub by: String,
    /// Whether its origin may be plain http.
    #[serde(default)]
    pub plain_http: bool,
    /// Certificates in PEM of the authority that signs for the site, trusted for it alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ca: Option<String>,
    /// The file that holds them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ca_file: Option<PathBuf>,
}

impl Private {
    /// What is wrong with it, and what to write instead.
    pub fn check(&self) -> Result<(), (String, String)> {
        let wrong = |what: &str, remedy: &str| Err((what.to_owned(), remedy.to_owned()));
        if self.by.trim().is_empty() {
            return wrong("`private` names nobody who said so", "write `by = \"…\"`");
        }
        if let Some(odd) = self.hosts.iter().find(|host| host.contains(['*', '/', ':', ' '])) {
            let what = format!("`{odd}` is no exact host name");
            return wrong(&what, "name each host by itself, without scheme, port and `*`");
        }
        match &self.ca {
            Some(ca) if ca.contains("PRIVATE KEY") => {
                wrong("its `ca` holds a private key", "give the authority's certificate alone")
            }
            Some(ca) if !ca.contains("-----BEGIN CERTIFICATE-----") => {
                wrong("its `ca` holds no certificate", "give a certificate in PEM")
            }
            _ => Ok(()),
        }
    }

    /// Whether an address was vouched for.
    pub fn holds(&self, address: IpAddr) -> bool {
        self.nets.iter().any(|net| net.holds(address))
    }
}

impl Site {
    /// Certificates in PEM that are trusted for it besides the system's.
    pub fn roots(&self) -> Option<&str> {
        self.private.as_ref().and_then(|private| private.ca.as_deref())
    }
}

/// What connecting an account takes, where the site has an official API.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Connect {
    /// Permissions that a token needs.
    #[serde(default)]
    pub permissions: Vec<String>,
    /// What accounts are to tell us of: `comments`, `messages`.
    #[serde(default)]
    pub webhook: Vec<String>,
    /// Where the API tells what a token may do and when it ends: `debug_token`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token_info: Option<String>,
}

/// A site as its folder describes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Site {
    /// Our name for it; the folder's.
    pub id: SiteId,
    /// Scheme, host and port: `https://staging.example.com`.
    pub origin: String,
    /// Where its official API answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub api: Option<String>,
    /// Other origins its pages may load from.
    #[serde(default)]
    pub subresources: Vec<String>,
    /// That it lies in a private network, if it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub private: Option<Private>,
    /// How much the fleet may do there, where the operator wants less than the site grants.
    #[serde(default)]
    pub limits: Limits,
    /// How objects are addressed.
    #[serde(default)]
    pub objects: BTreeMap<String, ObjectAddress>,
    /// How its pages say no.
    #[serde(default)]
    pub signs: Signs,
    /// What connecting an account takes.
    #[serde(default)]
    pub connect: Connect,
}

impl Site {
    /// Reads `site.toml`; `file` is used in faults only.
    ///
    /// # Errors
    ///
    /// The first thing that is wrong with it, with its place.
    pub fn parse(text: &str, file: &str) -> Result<Self, Fault> {
        let site: Self = explain::read(text, file, "docs/behaviors.md#the-site")?;
        match site.mistake() {
            None => Ok(site),
            Some((word, what, remedy)) => {
                let at = text.find(&word).unwrap_or(0);
                Err(Fault::at(file, text, at, what, remedy))
            }
        }
    }

    /// What could never work: the word it stands at, what is wrong, and what to do.
    fn mistake(&self) -> Option<(String, String, String)> {
        for (name, object) in &self.objects {
            if !object.path.starts_with('/') || !object.path.contains("{id}") {
                let what = format!("`{}` is no page of a `{name}`", object.path);
                let remedy =
                    format!("write a path of the site with `{{id}}` in it: `/{name}/{{id}}`");
                return Some((object.path.clone(), what, remedy));
            }
        }
        let Signs {
            signed_out_path,
            challenge_heading,
            blocked_heading,
            limited_heading,
            limited_text,
        } = &self.signs;
        let signs = [
            ("signed_out_path", signed_out_path),
            ("challenge_heading", challenge_heading),
            ("blocked_heading", blocked_heading),
            ("limited_heading", limited_heading),
            ("limited_text", limited_text),
        ];
        for (name, sign) in signs {
            if sign.as_ref().is_some_and(|sign| sign.trim().is_empty()) {
                let what = format!("`{name}` is empty: every page would have it");
                return Some((name.to_owned(), what, "write its text, or remove it".to_owned()));
            }
        }
        let path = signed_out_path.as_ref().filter(|path| !path.starts_with('/'))?;
        let what = format!("`{path}` is no path of the site");
        Some((path.clone(), what, "begin it with `/`".to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "id = \"shop\"\norigin = \"https://shop.test\"\n";

    fn told(more: &str) -> String {
        Site::parse(&format!("{HEAD}{more}"), "site.toml").expect_err(more).to_string()
    }

    #[test]
    fn what_is_wrong_with_a_site_is_told_with_its_place_and_the_remedy() {
        assert!(Site::parse(HEAD, "site.toml").is_ok());
        let slip = told("[signs]\nlimited_headign = \"Slow down\"");
        assert!(slip.starts_with("site.toml:4:1: there is no `limited_headign` here"), "{slip}");
        assert!(slip.contains("did you mean `limited_heading`?"), "{slip}");
        let path = told("[objects]\npost = { path = \"p/{id}\" }");
        assert!(path.starts_with("site.toml:4:18: `p/{id}` is no page of a `post`"), "{path}");
        let empty = told("[signs]\nblocked_heading = \"\"");
        assert!(empty.contains("every page would have it"), "{empty}");
    }
}
