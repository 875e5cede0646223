//! The gate of one account's browser: which requests may leave, and how they are signed.
//!
//! The site's own origin is judged by its grant: path, method, kind of action, hour. What the grant
//! lists besides may be read from, and nothing more. A signature goes to the granted origin alone.

use std::sync::{Arc, Mutex, PoisonError};

use walkon_core::bundle::{Bundle, DayKey};
use walkon_core::clock::Clock;
use walkon_core::gate::{Departure, Gate, Verdict};
use walkon_core::grant::{Access, Code, Pass, Request};
use walkon_core::origin::WebOrigin;
use walkon_core::signature::{KeyPair, Signing, sign};

/// The gate of one account's browser.
pub struct SiteGate {
    own: Option<WebOrigin>,
    /// Others that pages may load from, as `site.toml` has them.
    others: Vec<WebOrigin>,
    pass: Option<Pass>,
    /// Whether anything may leave at all.
    open: bool,
    signs: Option<(KeyPair, DayKey)>,
    clock: Arc<dyn Clock>,
    /// The kind that is being carried out.
    kind: Mutex<Option<String>>,
}

impl SiteGate {
    /// The gate that a bundle describes.
    pub fn new(bundle: &Bundle, clock: Arc<dyn Clock>) -> Self {
        let pass = bundle.access.pass().cloned();
        let key = bundle.signing.clone().and_then(|day| {
            let pair = KeyPair::read(day.seed.expose()).ok()?;
            Some((pair, day))
        });
        Self {
            own: bundle.site.origin.parse().ok(),
            others: others(bundle),
            signs: key.filter(|_| pass.is_some()),
            open: matches!(bundle.access, Access::Exempt(_) | Access::Granted(_)),
            pass,
            clock,
            kind: Mutex::default(),
        }
    }

    /// What is carried out from now on; `None`: nothing in particular.
    pub fn acting(&self, kind: Option<&str>) {
        *self.kind.lock().unwrap_or_else(PoisonError::into_inner) = kind.map(str::to_owned);
    }

    /// A request to the site's own origin.
    fn to_site(&self, departure: &Departure<'_>, origin: &WebOrigin) -> Verdict {
        let now = self.clock.now();
        let rest = departure.url.split('#').next().unwrap_or_default();
        let path = rest.find("://").and_then(|at| rest[at + 3..].find('/').map(|to| at + 3 + to));
        let path = path.map_or("/", |at| &rest[at..]);
        if let Some(pass) = &self.pass {
            let kind = self.kind.lock().unwrap_or_else(PoisonError::into_inner).clone();
            let request = Request { kind: kind.as_deref(), method: departure.method, path, now };
            if let Err(denied) = pass.judge(&request) {
                return refuse(denied.code, denied.why);
            }
        }
        let Some((key, day)) = self.signs.as_ref().filter(|(_, day)| now < day.until) else {
            let needed = self.pass.as_ref().is_some_and(Pass::requires_signature);
            if needed {
                return refuse(Code::SignatureRequired, format!("no key to sign for {origin}"));
            }
            return Verdict::Pass;
        };
        let mut nonce = [0; 16];
        if getrandom::fill(&mut nonce).is_err() {
            return refuse(Code::SignatureRequired, "no chance for a nonce".to_owned());
        }
        let signed = sign(
            key,
            &Signing {
                method: departure.method,
                authority: origin.authority(),
                path: path.split('?').next().unwrap_or("/"),
                directory: &day.directory,
                created: now,
                nonce,
            },
        );
        Verdict::PassWith(signed.headers().into())
    }
}

/// Origins beside the site's own that may be read from: with a grant, those it lists as well.
pub(super) fn others(bundle: &Bundle) -> Vec<WebOrigin> {
    let listed = bundle.site.subresources.iter().filter_map(|text| WebOrigin::of(text));
    match &bundle.access {
        Access::Granted(pass) => {
            listed.filter(|origin| pass.subresources.contains(origin)).collect()
        }
        _ => listed.collect(),
    }
}

fn refuse(code: Code, why: String) -> Verdict {
    Verdict::Refuse { code: code.name(), why }
}

impl Gate for SiteGate {
    fn judge(&self, departure: &Departure<'_>) -> Verdict {
        if departure.url.starts_with("data:") && !departure.is_navigation {
            return Verdict::Pass;
        }
        let Some(origin) = WebOrigin::of(departure.url).filter(|_| self.open) else {
            let scheme = departure.url.split(':').next().unwrap_or_default();
            return refuse(Code::SchemeDenied, format!("`{scheme}:` leads to no granted origin"));
        };
        if self.own.as_ref() == Some(&origin) {
            return self.to_site(departure, &origin);
        }
        let why = format!("{origin} is none of the site's origins");
        if departure.is_navigation {
            return refuse(Code::OriginLeft, why);
        }
        if !self.others.contains(&origin) {
            return Verdict::Refuse { code: "origin_not_granted", why };
        }
        let reads = matches!(departure.method, "GET" | "HEAD" | "OPTIONS");
        if reads || self.pass.is_none() {
            return Verdict::Pass;
        }
        refuse(Code::MethodDenied, format!("{origin} may be read from only"))
    }
}
