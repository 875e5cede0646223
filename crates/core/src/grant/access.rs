//! How a fleet may reach a site by browser, as routing, bundles and gates are told.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Code, Denied, Pass};

/// How a site may be reached by browser.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Access {
    /// Nobody has asked the site yet: as good as no grant.
    #[default]
    Unasked,
    /// It is loopback, which needs no grant. One that it publishes all the same is kept to.
    Exempt(Option<Pass>),
    /// As its grant says.
    Granted(Pass),
    /// Not at all.
    Denied(Denied),
}

impl Access {
    /// The grant that is to be kept to, if there is one.
    pub fn pass(&self) -> Option<&Pass> {
        match self {
            Self::Granted(pass) | Self::Exempt(Some(pass)) => Some(pass),
            Self::Unasked | Self::Exempt(None) | Self::Denied(_) => None,
        }
    }

    /// Whether a kind is granted at all, whatever the hour; `site` is for the sentence.
    pub fn allows_kind(&self, kind: &str, site: &str, now: Timestamp) -> Result<(), Denied> {
        self.open(site)?.map_or(Ok(()), |pass| pass.grants_kind(kind, now))
    }

    /// Whether an action of a kind may begin now.
    pub fn allows_now(&self, kind: &str, site: &str, now: Timestamp) -> Result<(), Denied> {
        self.open(site)?.map_or(Ok(()), |pass| pass.judge_kind(kind, now))
    }

    fn open(&self, site: &str) -> Result<Option<&Pass>, Denied> {
        match self {
            Self::Denied(denied) => Err(denied.clone()),
            Self::Unasked => {
                let why = format!("{site} has not granted this fleet to act there by browser");
                Err(Denied::new(Code::AuthorisationMissing, why))
            }
            Self::Exempt(_) | Self::Granted(_) => Ok(self.pass()),
        }
    }
}
