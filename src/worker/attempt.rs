//! One try at one action: its lease, its end, and what went wrong.

use std::time::Duration;

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use walkon_core::capacity::Capacity;
use walkon_core::lease::{Claimed, HostFault};
use walkon_core::outcome::{Finding, Outcome, Settlement};
use walkon_core::rng::Seed;

use crate::desk;
use crate::driver;

/// One try at one action.
pub(crate) struct Attempt {
    pub(crate) claimed: Claimed,
    /// Chance for this try alone.
    pub(crate) seed: Seed,
    /// The longest it may take.
    pub(crate) most: Duration,
    /// When it must have ended.
    pub(crate) deadline: Instant,
    /// Cancelled when the lease is lost.
    pub(crate) lost: CancellationToken,
    /// Cancelled when the worker must end at once.
    pub(crate) hard: CancellationToken,
    /// Cancelled when a person has paused it: heeded until it begins, and not after.
    pub(crate) paused: CancellationToken,
    /// Whether `begin` was asked for: from then on it is finished, paused or not.
    pub(crate) begins: bool,
    /// Whether `begin` was written: from then on the effect may have been made.
    pub(crate) begun: bool,
    /// What the platform said of its limits.
    pub(crate) said: Option<Capacity>,
}

/// Why a try did not go as asked.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Trouble {
    /// The lease is gone: say nothing more to anybody.
    #[error("the lease was lost")]
    Lost,
    /// The worker ends, or a person has paused what it does.
    #[error("the worker was told to stop")]
    Stopped,
    /// The time for one try is up.
    #[error("the attempt took longer than {0:?}")]
    TooLong(Duration),
    /// The browser or what it stands on failed.
    #[error(transparent)]
    Driver(#[from] driver::Error),
    /// The way to the site does not work: the proxy, the network, the API.
    #[error("{why}")]
    NoWay { code: &'static str, why: String },
    /// The site answered with an error.
    #[error("{site} answered {status}")]
    Site { site: String, status: u16, after: Option<Duration> },
    /// The site says that the account may not go on.
    #[error("{why}")]
    Account { finding: Finding, why: String },
    /// The page says that the account does too much.
    #[error("{why}")]
    Limited { why: String },
    /// The page is not as the behavior expects.
    #[error("step {step} ({title}): {why}")]
    Page { code: &'static str, step: usize, title: String, why: String },
    /// It can never be done.
    #[error("{why}")]
    Never { code: &'static str, why: String },
    /// Only reading can tell whether it was done.
    #[error("{why}")]
    InDoubt { code: &'static str, why: String },
    /// The coordinator could not be reached or said no.
    #[error("could not reach the desk: {0}")]
    Desk(desk::Error),
}

impl From<desk::Error> for Trouble {
    fn from(error: desk::Error) -> Self {
        match error {
            desk::Error::Fenced => Self::Lost,
            full @ desk::Error::CapFull => Self::NoWay { code: "cap_full", why: full.to_string() },
            shut @ desk::Error::NotNow { .. } => {
                Self::NoWay { code: "not_now", why: shut.to_string() }
            }
            other => Self::Desk(other),
        }
    }
}

impl Trouble {
    /// A stable word for programs.
    pub(crate) fn code(&self) -> &'static str {
        match self {
            Self::Lost => "lease_lost",
            Self::Stopped => "stopped",
            Self::TooLong(_) => "attempt_too_long",
            Self::Driver(error) => driver_code(error),
            Self::Site { status: 429, .. } | Self::Limited { .. } => "rate_limited",
            Self::Site { .. } => "site_error",
            Self::Account { finding, .. } => finding.name(),
            Self::NoWay { code, .. }
            | Self::Page { code, .. }
            | Self::Never { code, .. }
            | Self::InDoubt { code, .. } => code,
            Self::Desk(_) => "desk_away",
        }
    }

    /// With what to do about it.
    fn sentence(&self) -> String {
        match self {
            Self::Driver(error) => match error.remedy() {
                Some(remedy) => format!("{error}; {remedy}"),
                None => error.to_string(),
            },
            other => other.to_string(),
        }
    }

    /// What is wrong with this host, if that is all that is wrong: others may do it well.
    pub(crate) fn host_fault(&self) -> Option<HostFault> {
        use driver::Error::{Closed, Differs, Folder, Jail, Missing, NoServer, Start};
        let Self::Driver(
            Missing(_) | NoServer(_) | Start(_) | Jail(_) | Folder(_) | Closed { .. } | Differs(_),
        ) = self
        else {
            return None;
        };
        Some(HostFault { code: self.code().to_owned(), why: self.sentence() })
    }

    /// What the attempt comes to: before `begin` nothing can have been made, after it anything.
    ///
    /// `effectful` is whether the kind leaves anything behind at all.
    pub(crate) fn settlement(&self, begun: bool, effectful: bool) -> Settlement {
        let (code, why) = (self.code().to_owned(), self.sentence());
        let outcome = match self {
            Self::Never { .. } => Outcome::Fatal { code, why },
            Self::InDoubt { .. } => Outcome::Unknown { code, why },
            _ if begun && effectful => Outcome::Unknown { code, why },
            Self::Site { after, .. } => Outcome::Retry { code, why, after: *after },
            Self::Page { .. } | Self::Limited { .. } | Self::TooLong(_) => {
                Outcome::Retry { code, why, after: None }
            }
            _ => Outcome::NotRun { code, why },
        };
        let findings = match self {
            Self::Account { finding, .. } => vec![*finding],
            Self::Site { status: 429, .. } | Self::Limited { .. } => vec![Finding::Limited],
            _ => Vec::new(),
        };
        Settlement { findings, ..outcome.into() }
    }
}

fn driver_code(error: &driver::Error) -> &'static str {
    match error {
        driver::Error::Missing(_) | driver::Error::NoServer(_) => "browser_missing",
        driver::Error::Start(_) => "browser_start",
        driver::Error::Jail(_) => "browser_jail",
        driver::Error::Dead(_) => "browser_died",
        driver::Error::Crashed => "page_crashed",
        driver::Error::Slow { .. } => "browser_slow",
        driver::Error::Unreachable { .. } => "site_unreachable",
        driver::Error::Refused { .. } => "gate_refused",
        driver::Error::Differs(_) => "identity_differs",
        driver::Error::Unable(_) => "driver_unable",
        driver::Error::Gone => "element_gone",
        driver::Error::Protocol { .. } => "browser_protocol",
        driver::Error::Folder(_) | driver::Error::Closed { .. } => "session_folder",
    }
}

impl Attempt {
    /// Does part of it, unless the lease is lost, the worker ends, a person has paused it or the
    /// time is up first.
    pub(crate) async fn bound<T>(
        &self,
        part: impl Future<Output = Result<T, Trouble>>,
    ) -> Result<T, Trouble> {
        tokio::select! {
            biased;
            () = self.lost.cancelled() => Err(Trouble::Lost),
            () = self.hard.cancelled() => Err(Trouble::Stopped),
            () = self.paused.cancelled(), if !self.begins => Err(Trouble::Stopped),
            () = tokio::time::sleep_until(self.deadline) => {
                Err(Trouble::TooLong(self.most))
            }
            done = part => done,
        }
    }
}
