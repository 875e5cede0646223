//! What is kept of an origin's grant, how long it is believed, and when to look again.
//!
//! What the owner says replaces what was said before: a file that is gone, or does not name this
//! fleet any more, ends the grant at that look. What cannot be asked says nothing: then the last
//! good answer stands for an hour for what runs already, and nothing new is begun.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Code, Denied, Document, Pass};
use crate::origin::WebOrigin;

/// The longest time between two looks: a revocation is noticed within it.
pub const RECHECK_SECS: i64 = 600;
/// How soon to look again after a look that found no grant.
const AGAIN_SECS: i64 = 300;
/// The shortest time between two looks, whatever the site's `max-age` says.
const LEAST_SECS: i64 = 60;
/// How long the last good answer stands while nothing can be asked.
pub const UNREACHED_MAX_SECS: i64 = 3_600;

/// How a grant came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum How {
    /// Published at the origin.
    WellKnown,
    /// Signed by the owner with a key that an operator has pinned.
    Signed,
}

/// An operator's own end of a grant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Revoked {
    /// Who.
    pub by: String,
    /// Why.
    pub why: String,
    /// When.
    pub at: Timestamp,
}

/// What is kept of one origin's grant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Held {
    /// Whose.
    pub origin: WebOrigin,
    /// How it came.
    pub how: How,
    /// The file's text; `None`: there was never one, or the owner took it away.
    pub text: Option<String>,
    /// How long the site lets it be kept, in seconds.
    pub max_age: Option<i64>,
    /// When it was last looked at.
    pub looked_at: Timestamp,
    /// When it was last found.
    pub found_at: Option<Timestamp>,
    /// What the last look found instead.
    pub trouble: Option<Denied>,
    /// An operator has ended it.
    pub revoked: Option<Revoked>,
}

/// Where a fleet stands with an origin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// It may act.
    Open(Pass),
    /// What runs may go on; nothing new begins.
    Fading(Pass, Denied),
    /// It may not act.
    Shut(Denied),
}

impl Standing {
    /// The pass for something that begins now.
    pub fn for_new(self) -> Result<Pass, Denied> {
        match self {
            Self::Open(pass) => Ok(pass),
            Self::Fading(_, denied) | Self::Shut(denied) => Err(denied),
        }
    }

    /// The pass for something that runs.
    pub fn for_running(self) -> Result<Pass, Denied> {
        match self {
            Self::Open(pass) | Self::Fading(pass, _) => Ok(pass),
            Self::Shut(denied) => Err(denied),
        }
    }
}

impl Held {
    /// What is kept after a look at the origin; `before`: what was kept until then.
    #[must_use]
    pub fn after_look(
        before: Option<Self>,
        origin: &WebOrigin,
        found: Result<(String, Option<i64>), Denied>,
        now: Timestamp,
    ) -> Self {
        let nothing = Self {
            origin: origin.clone(),
            how: How::WellKnown,
            text: None,
            max_age: None,
            looked_at: now,
            found_at: None,
            trouble: None,
            revoked: None,
        };
        let before = before.unwrap_or(nothing);
        match found {
            Ok((text, max_age)) => Self {
                how: How::WellKnown,
                text: Some(text),
                max_age,
                looked_at: now,
                found_at: Some(now),
                trouble: None,
                ..before
            },
            Err(denied) if denied.is_evidence() => Self {
                text: None,
                max_age: None,
                looked_at: now,
                found_at: None,
                trouble: Some(denied),
                ..before
            },
            Err(denied) => Self { looked_at: now, trouble: Some(denied), ..before },
        }
    }

    /// A grant that an owner signed.
    pub fn signed(origin: WebOrigin, text: String, now: Timestamp) -> Self {
        Self {
            origin,
            how: How::Signed,
            text: Some(text),
            max_age: None,
            looked_at: now,
            found_at: Some(now),
            trouble: None,
            revoked: None,
        }
    }

    /// When to look again; `None`: there is nothing to look at.
    pub fn look_at(&self) -> Option<Timestamp> {
        if self.how == How::Signed {
            return None;
        }
        let wait = match &self.trouble {
            Some(_) => AGAIN_SECS,
            None => self.max_age.unwrap_or(RECHECK_SECS).clamp(LEAST_SECS, RECHECK_SECS),
        };
        Some(self.looked_at + jiff::SignedDuration::from_secs(wait))
    }

    /// Where a fleet, known by any of these ids, stands with the origin.
    pub fn standing(&self, ids: &[String], now: Timestamp) -> Standing {
        if let Some(Revoked { by, why, .. }) = &self.revoked {
            let why = format!("{by} has revoked what {} granted: {why}", self.origin);
            return Standing::Shut(Denied::new(Code::AuthorisationRevoked, why));
        }
        let Some(text) = &self.text else {
            let never = || {
                let why = format!("{} has granted nothing to this fleet", self.origin);
                Denied::new(Code::AuthorisationMissing, why)
            };
            return Standing::Shut(self.trouble.clone().unwrap_or_else(never));
        };
        let pass = Document::read(text.as_bytes(), &self.origin, now)
            .and_then(|document| document.pass(ids, now));
        let pass = match pass {
            Ok(pass) => pass,
            Err(denied) => return Standing::Shut(denied),
        };
        if self.how == How::Signed {
            return Standing::Open(pass);
        }
        let age = self.found_at.map_or(i64::MAX, |at| now.as_second() - at.as_second());
        let stale = || {
            let why = format!("{} was last asked {} minutes ago", self.origin, age / 60);
            Denied::new(Code::AuthorisationUnreachable, why)
        };
        match (&self.trouble, age <= UNREACHED_MAX_SECS) {
            (None, true) => Standing::Open(pass),
            (Some(denied), true) => Standing::Fading(pass, denied.clone()),
            (trouble, false) => Standing::Shut(trouble.clone().unwrap_or_else(stale)),
        }
    }
}
