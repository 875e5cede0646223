//! The gate of one account's browser: which requests may leave, and how they are signed.
//!
//! The site's own origin is judged by its grant: path, method, kind of action, hour. What the grant
//! lists besides may be read from, and nothing more. A signature goes to the granted origin alone.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::time::Instant;
use walkon_core::bundle::{Bundle, DayKey, Login};
use walkon_core::clock::Clock;
use walkon_core::gate::{Admission, Departure, Gate, Need, Verdict};
use walkon_core::grant::{Access, Ceilings, Code, Pass, Request};
use walkon_core::lease::Lease;
use walkon_core::origin::WebOrigin;
use walkon_core::signature::{KeyPair, Signing, sign};

use super::meter::Meter;
use crate::desk::Desk;

/// The gate of one account's browser.
pub struct SiteGate {
    own: Option<WebOrigin>,
    /// Others that pages may load from, as `site.toml` has them.
    others: Vec<WebOrigin>,
    pass: Option<Pass>,
    /// Whether anything may leave at all.
    open: bool,
    signs: Option<(KeyPair, DayKey)>,
    /// What the site's own origin is told, where it asks for a name and a password.
    login: Option<Login>,
    clock: Arc<dyn Clock>,
    /// The kind that is being carried out.
    kind: Mutex<Option<String>>,
    /// Its part of what the site lets the fleet do in a minute.
    meter: Option<Arc<Meter>>,
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
            login: bundle.login.clone(),
            clock,
            kind: Mutex::default(),
            meter: None,
        }
    }

    /// The same under the ceilings of its grant, which that desk counts.
    #[must_use]
    pub fn metered(mut self, desk: Arc<dyn Desk>) -> Self {
        let ceilings = self.pass.as_ref().map(|pass| pass.ceilings.clone());
        let ceilings = ceilings.filter(Ceilings::is_metered);
        self.meter = ceilings.map(|ceilings| Arc::new(Meter::new(desk, ceilings)));
        self
    }

    /// The commit has begun, and was charged, later than this.
    pub fn begun(&self, asked: Instant) {
        if let Some(meter) = &self.meter {
            meter.begun(asked);
        }
    }

    /// What is carried out from now on, under which lease; `None`: nothing in particular.
    pub fn acting(&self, kind: Option<&str>, lease: &Lease) {
        if let Some(meter) = &self.meter {
            meter.under(lease);
        }
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

    fn admit(&self, departure: &Departure<'_>) -> Option<Admission> {
        let meter = self.meter.clone()?;
        let own = WebOrigin::of(departure.url).filter(|origin| self.own.as_ref() == Some(origin));
        let needs = own.map(|_| meter.needs(departure)).filter(|needs| !needs.is_empty())?;
        Some(Box::pin(async move { meter.admit(needs).await }))
    }

    fn needs(&self) -> Vec<Need> {
        if !self.open {
            return vec![Need::Requests];
        }
        let grants = self.pass.iter().flat_map(|pass| &pass.grants);
        let (mut paths, mut methods, mut hours, mut signed) = (false, false, false, false);
        for grant in grants {
            paths |= !grant.has_every_path();
            methods |= !grant.has_every_method();
            hours |= grant.limits.window.is_some();
            signed |= grant.require_signature;
        }
        let ceilings = self.pass.as_ref().is_some_and(|pass| pass.ceilings.is_metered());
        let named = [
            (Need::Paths, paths),
            (Need::Methods, methods),
            (Need::Hours, hours),
            (Need::Ceilings, ceilings),
            (Need::Signature, signed),
            (Need::Login, self.login.is_some()),
            (Need::Subresources, !self.others.is_empty()),
        ];
        named.into_iter().filter_map(|(need, is)| is.then_some(need)).collect()
    }

    fn login(&self, origin: &str) -> Option<Login> {
        let asks = WebOrigin::of(origin).filter(|_| self.open)?;
        self.login.clone().filter(|_| self.own.as_ref() == Some(&asks))
    }
}
