//! A grant: a site's own word about which fleet may act there by browser, where and how much.
//!
//! The site publishes it at [`WELL_KNOWN`] of its origin, or gives it signed to the operator. It
//! names the fleet by the thumbprint of its key, so that a copy of the file grants nothing to
//! anybody else. [`Document::read`] is strict: a file that can be read in two ways is not read, and
//! a grant with a word that is not known is void as a whole, for nobody can tell what it meant to
//! hold back. [`Pass`] is what remains for one fleet, and judges; [`Held`] is what is kept of it
//! and says when to look again.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::origin::WebOrigin;

mod access;
mod ceilings;
mod held;
mod pass;
mod paths;
mod read;
mod strict;
mod window;

pub use access::Access;
pub use ceilings::{Ceilings, Metered, Slice};
pub use held::{Held, How, RECHECK_SECS, Revoked, Standing, UNREACHED_MAX_SECS};
pub use pass::{Pass, Request};
pub use window::Window;

/// Where an origin publishes its grant.
pub const WELL_KNOWN: &str = "/.well-known/walkon.json";
/// The most bytes of a file of grants.
pub const BYTES_MAX: usize = 64 << 10;
/// The furthest end of a grant, in days from now.
pub const DAYS_MAX: i64 = 366;

/// Why something is not allowed, by a stable word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Code {
    /// The origin publishes no grant, and none is pinned.
    AuthorisationMissing,
    /// The address of the grant leads elsewhere.
    AuthorisationRedirected,
    /// The origin does not answer.
    AuthorisationUnreachable,
    /// The file is none, or can be read in two ways.
    AuthorisationMalformed,
    /// The file has more than 64 KiB.
    AuthorisationTooLarge,
    /// The file ends more than a year from now.
    AuthorisationTooLong,
    /// The file is about another origin.
    AuthorisationOriginMismatch,
    /// The file, or the grant in it, has ended.
    AuthorisationExpired,
    /// The grant says something that is not known, so that it counts as not written.
    AuthorisationVoid,
    /// An operator has revoked it.
    AuthorisationRevoked,
    /// The signature of a signed grant is not of the pinned key.
    AuthorisationUnsigned,
    /// The file does not name this fleet.
    AgentNotListed,
    /// No grant covers the path.
    PathDenied,
    /// No grant covers the kind of action.
    ActionDenied,
    /// No grant covers the method.
    MethodDenied,
    /// The site's ceiling is reached.
    RateCeiling,
    /// The site has ceilings, and this queue has several shards, which cannot count them.
    CeilingUncounted,
    /// It is outside of the hours.
    OutsideWindow,
    /// The name leads to a private address.
    PrivateAddress,
    /// The site asks for signatures, and this fleet has no key or no directory.
    SignatureRequired,
    /// A page led to another origin.
    OriginLeft,
    /// The address is neither https nor an exempt one.
    SchemeDenied,
}

impl Code {
    /// The word, for outcomes, events and pages.
    pub fn name(self) -> &'static str {
        match self {
            Self::AuthorisationMissing => "authorisation_missing",
            Self::AuthorisationRedirected => "authorisation_redirected",
            Self::AuthorisationUnreachable => "authorisation_unreachable",
            Self::AuthorisationMalformed => "authorisation_malformed",
            Self::AuthorisationTooLarge => "authorisation_too_large",
            Self::AuthorisationTooLong => "authorisation_too_long",
            Self::AuthorisationOriginMismatch => "authorisation_origin_mismatch",
            Self::AuthorisationExpired => "authorisation_expired",
            Self::AuthorisationVoid => "authorisation_void",
            Self::AuthorisationRevoked => "authorisation_revoked",
            Self::AuthorisationUnsigned => "authorisation_unsigned",
            Self::AgentNotListed => "agent_not_listed",
            Self::PathDenied => "path_denied",
            Self::ActionDenied => "action_denied",
            Self::MethodDenied => "method_denied",
            Self::RateCeiling => "rate_ceiling",
            Self::CeilingUncounted => "ceiling_uncounted",
            Self::OutsideWindow => "outside_window",
            Self::PrivateAddress => "private_address",
            Self::SignatureRequired => "signature_required",
            Self::OriginLeft => "origin_left",
            Self::SchemeDenied => "scheme_denied",
        }
    }

    /// What to do about it, unless somebody knows better.
    pub fn fix(self) -> &'static str {
        match self {
            Self::AuthorisationMissing => {
                "ask the site's owner to publish what `walkon grant new` prints"
            }
            Self::AuthorisationRedirected => {
                "serve the file at that very address with status 200, without a redirect"
            }
            Self::AuthorisationUnreachable => "see that the site answers; it is asked again soon",
            Self::AuthorisationMalformed => "compare the file with what `walkon grant new` prints",
            Self::AuthorisationTooLarge => "shorten the file to 64 KiB",
            Self::AuthorisationTooLong => "let the file end within a year",
            Self::AuthorisationOriginMismatch => {
                "publish a file of its own at each origin, or write `\"origin\": \"self\"`"
            }
            Self::AuthorisationExpired => "ask the site's owner for a later `expires`",
            Self::AuthorisationVoid => "remove that word from the grant, or mend its spelling",
            Self::AuthorisationRevoked => "`walkon grant verify` takes it up again",
            Self::AuthorisationUnsigned => "pin the key that the owner signs with",
            Self::AgentNotListed => "ask the site's owner to add this fleet's id under \"agents\"",
            Self::PathDenied | Self::ActionDenied | Self::MethodDenied => {
                "leave it out, or ask the site's owner to widen the grant"
            }
            Self::RateCeiling => "wait, or ask the site's owner for a higher ceiling",
            Self::CeilingUncounted => {
                "make the queue anew with `queue.shards = 1`, or ask the site's owner to leave the \
                 ceilings out"
            }
            Self::OutsideWindow => "wait for the hours the site names",
            Self::PrivateAddress => "list the name under `grants.private`, with who said so",
            Self::SignatureRequired => {
                "make a key with `walkon keys new signing` and set `signing.directory`"
            }
            Self::OriginLeft => "that origin needs a grant of its own",
            Self::SchemeDenied => "use https",
        }
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Something that is not allowed, why, and what to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{code}: {why}; {fix}")]
pub struct Denied {
    /// A stable word.
    pub code: Code,
    /// In a sentence.
    pub why: String,
    /// What to do.
    pub fix: String,
}

impl Denied {
    /// With the code's usual remedy.
    pub fn new(code: Code, why: impl Into<String>) -> Self {
        Self { code, why: why.into(), fix: code.fix().to_owned() }
    }

    /// With a remedy of its own.
    pub fn with_fix(code: Code, why: impl Into<String>, fix: impl Into<String>) -> Self {
        Self { code, why: why.into(), fix: fix.into() }
    }

    /// Whether it says something about what the owner wants. What could not be asked does not:
    /// then the last good answer still stands for a while.
    pub fn is_evidence(&self) -> bool {
        !matches!(self.code, Code::AuthorisationUnreachable | Code::PrivateAddress)
    }
}

/// A fleet as a file of grants names it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Agent {
    /// Thumbprint of the fleet's key (RFC 7638).
    pub id: String,
    /// For people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Where the fleet's keys are listed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub directory: Option<String>,
}

/// How much of something, across the whole fleet. What is left out is not limited by the site.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// Requests, of whatever sort.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requests_per_minute: Option<u32>,
    /// Requests that replace a page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub navigations_per_minute: Option<u32>,
    /// Steps that commit, and other requests than GET, HEAD and OPTIONS.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub submits_per_minute: Option<u32>,
    /// Browsers at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub concurrent_sessions: Option<u32>,
    /// Different accounts in a day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accounts: Option<u32>,
    /// When, each day: `06:00-22:00 UTC`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub window: Option<Window>,
}

/// What is granted to some fleets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Grant {
    /// To whom: ids of `agents`.
    pub agents: Vec<String>,
    /// Kinds of action.
    pub kinds: Vec<String>,
    /// Paths, as in robots.txt: a beginning, `*` for anything, `$` for the end.
    pub paths: Vec<String>,
    /// Paths that are held back; the longer pattern wins, on a tie this one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub deny_paths: Vec<String>,
    /// Methods.
    #[serde(default = "reading_and_forms")]
    pub methods: Vec<String>,
    /// How much.
    #[serde(default)]
    pub limits: Limits,
    /// Whether each request must be signed.
    #[serde(default)]
    pub require_signature: bool,
    /// When it ends, if before the file does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires: Option<Timestamp>,
}

fn reading_and_forms() -> Vec<String> {
    ["GET", "HEAD", "POST"].map(str::to_owned).to_vec()
}

/// A grant that counts as not written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Void {
    /// Its place among the file's grants, from 0.
    pub index: usize,
    /// Whom it names, as far as that can be read.
    pub agents: Vec<String>,
    /// What is wrong with it.
    pub why: String,
}

/// A file of grants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    /// The origin that it is about.
    pub origin: WebOrigin,
    /// How to reach whoever published it.
    pub contact: Vec<String>,
    /// When it ends.
    pub expires: Timestamp,
    /// The fleets it knows.
    pub agents: Vec<Agent>,
    /// What they may do.
    pub grants: Vec<Grant>,
    /// Grants that are void.
    pub voids: Vec<Void>,
    /// Other origins that its pages may load from.
    pub subresources: Vec<WebOrigin>,
}

#[cfg(test)]
mod tests;
