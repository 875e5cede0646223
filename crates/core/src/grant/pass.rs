//! What one fleet may do at one origin, and its judgement.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::read::METHODS;
use super::{Ceilings, Code, Denied, Document, Grant, paths};
use crate::origin::WebOrigin;

/// What one fleet may do at one origin.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pass {
    /// Where.
    pub origin: WebOrigin,
    /// The id by which the site knows this fleet.
    pub agent: String,
    /// Any of these must cover a request as a whole.
    pub grants: Vec<Grant>,
    /// Other origins that its pages may load from, by GET and HEAD.
    pub subresources: Vec<WebOrigin>,
    /// When all of it ends.
    pub expires: Timestamp,
    /// How much the fleet may do there.
    #[serde(default)]
    pub ceilings: Ceilings,
}

/// A request that a page wants to make.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Request<'a> {
    /// For which kind of action; `None`: it is not known.
    pub kind: Option<&'a str>,
    /// `GET`, `POST`, …
    pub method: &'a str,
    /// Path and query: `/p/7?from=feed`.
    pub path: &'a str,
    /// When.
    pub now: Timestamp,
}

impl Document {
    /// What is granted to a fleet, known by any of these ids.
    pub fn pass(&self, ids: &[String], now: Timestamp) -> Result<Pass, Denied> {
        let origin = &self.origin;
        let listed = |id: &&String| self.agents.iter().any(|agent| agent.id == **id);
        let Some(agent) = ids.iter().find(listed) else {
            let (agents, own) = (self.agents.len(), ids.first());
            let own = own.map_or_else(|| "it has no key".to_owned(), Clone::clone);
            let contact = self.contact.first().map_or("its owner", String::as_str);
            return Err(Denied::with_fix(
                Code::AgentNotListed,
                format!("{origin} lists {agents} fleets, not this one ({own})"),
                format!("ask {contact} to add that id under \"agents\" and in a grant"),
            ));
        };
        let grants: Vec<Grant> =
            self.grants.iter().filter(|grant| grant.agents.contains(agent)).cloned().collect();
        let void = self.voids.iter().find(|void| void.agents.contains(agent));
        match (grants.is_empty(), void) {
            (false, _) => {}
            (true, Some(void)) => {
                let why = format!("grant {} of {origin} is void: {}", void.index + 1, void.why);
                return Err(Denied::new(Code::AuthorisationVoid, why));
            }
            (true, None) => {
                let why = format!("{origin} lists this fleet and grants it nothing");
                let fix = "ask its owner to name the id in a grant, too";
                return Err(Denied::with_fix(Code::AgentNotListed, why, fix));
            }
        }
        let pass = Pass {
            origin: origin.clone(),
            agent: agent.clone(),
            ceilings: Ceilings::of(&grants),
            grants,
            subresources: self.subresources.clone(),
            expires: self.expires,
        };
        pass.alive(now).map(drop)?;
        Ok(pass)
    }
}

impl Pass {
    /// Those grants that have not ended.
    fn alive(&self, now: Timestamp) -> Result<Vec<&Grant>, Denied> {
        let alive = |grant: &&Grant| grant.expires.is_none_or(|end| end > now);
        let alive: Vec<&Grant> = self.grants.iter().filter(alive).collect();
        if self.expires > now && !alive.is_empty() {
            return Ok(alive);
        }
        let why = format!("what {} granted has ended", self.origin);
        Err(Denied::new(Code::AuthorisationExpired, why))
    }

    /// Whether an action of a kind may be done now; wherever it leads is judged by request.
    pub fn judge_kind(&self, kind: &str, now: Timestamp) -> Result<(), Denied> {
        let grants = of_kind(self.alive(now)?, Some(kind), &self.origin)?;
        in_hours(grants, &self.origin, now).map(drop)
    }

    /// Whether a kind is granted at all, whatever the hour.
    pub fn grants_kind(&self, kind: &str, now: Timestamp) -> Result<(), Denied> {
        of_kind(self.alive(now)?, Some(kind), &self.origin).map(drop)
    }

    /// Whether a request to the origin may leave. It must be covered by one grant as a whole.
    pub fn judge(&self, request: &Request<'_>) -> Result<&Grant, Denied> {
        let (origin, now) = (&self.origin, request.now);
        let grants = of_kind(self.alive(now)?, request.kind, origin)?;
        let grants = left(
            grants,
            |grant| paths::allows(&grant.paths, &grant.deny_paths, request.path),
            || (Code::PathDenied, format!("{origin} does not grant {}", bare(request.path))),
        )?;
        let grants = left(
            grants,
            |grant| grant.methods.iter().any(|method| method == request.method),
            || (Code::MethodDenied, format!("{origin} does not grant {}", request.method)),
        )?;
        let grants = in_hours(grants, origin, now)?;
        // Never empty here; asking for the first is how that is said without a panic.
        let code = Code::PathDenied;
        grants.first().copied().ok_or_else(|| Denied::new(code, format!("{origin} grants nothing")))
    }

    /// Whether some grant asks for signed requests.
    pub fn requires_signature(&self) -> bool {
        self.grants.iter().any(|grant| grant.require_signature)
    }
}

impl Grant {
    /// Whether it holds back no path.
    pub fn has_every_path(&self) -> bool {
        self.deny_paths.is_empty() && self.paths.iter().any(|path| path == "/" || path == "/*")
    }

    /// Whether it holds back no method that a grant can name.
    pub fn has_every_method(&self) -> bool {
        METHODS.iter().all(|method| self.methods.iter().any(|named| named == method))
    }
}

/// A path without its query, which may hold what should not stand in a log.
fn bare(path: &str) -> &str {
    path.split('?').next().unwrap_or_default()
}

/// The grants that a rule leaves; none is a refusal by that rule.
fn left(
    grants: Vec<&Grant>,
    rule: impl Fn(&Grant) -> bool,
    denied: impl Fn() -> (Code, String),
) -> Result<Vec<&Grant>, Denied> {
    let grants: Vec<_> = grants.into_iter().filter(|grant| rule(grant)).collect();
    if grants.is_empty() {
        let (code, why) = denied();
        return Err(Denied::new(code, why));
    }
    Ok(grants)
}

fn of_kind<'a>(
    grants: Vec<&'a Grant>,
    kind: Option<&str>,
    origin: &WebOrigin,
) -> Result<Vec<&'a Grant>, Denied> {
    let Some(kind) = kind else { return Ok(grants) };
    left(
        grants,
        |grant| grant.kinds.iter().any(|granted| granted == kind),
        || (Code::ActionDenied, format!("{origin} does not grant `{kind}`")),
    )
}

fn in_hours<'a>(
    grants: Vec<&'a Grant>,
    origin: &WebOrigin,
    now: Timestamp,
) -> Result<Vec<&'a Grant>, Denied> {
    let windows: Vec<String> =
        grants.iter().filter_map(|grant| grant.limits.window).map(String::from).collect();
    left(
        grants,
        |grant| grant.limits.window.is_none_or(|window| window.holds(now)),
        || (Code::OutsideWindow, format!("{origin} grants {} only", windows.join(" and "))),
    )
}
