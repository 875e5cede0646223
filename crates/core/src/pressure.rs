//! Pressure: whether a worker can take more browsers, and if not, why.

use serde::{Deserialize, Serialize};

/// Why a worker takes no more browsers; or that it does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// It takes more.
    Fit,
    /// All its slots act.
    Full,
    /// Another browser might not fit into memory.
    Memory,
    /// The processors are asked for more than they have. It still takes work.
    Cpu,
    /// The disk is almost full.
    Disk,
    /// No browser opens here.
    Browser,
}

impl Reason {
    /// Every reason.
    pub const ALL: [Self; 6] =
        [Self::Fit, Self::Full, Self::Memory, Self::Cpu, Self::Disk, Self::Browser];

    /// Its name in lists.
    pub fn name(self) -> &'static str {
        match self {
            Self::Fit => "fit",
            Self::Full => "full",
            Self::Memory => "memory",
            Self::Cpu => "cpu",
            Self::Disk => "disk",
            Self::Browser => "browser",
        }
    }

    /// Whether it asks for no browser work on this ground, however long nothing else is done.
    pub fn withdraws(self) -> bool {
        matches!(self, Self::Memory | Self::Disk | Self::Browser)
    }
}

/// How a worker stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pressure {
    /// Whether it takes more, and why not.
    pub reason: Reason,
    /// In a sentence, with what to do where something can be done; empty where it is fit.
    pub why: String,
    /// How many things it does at once at most.
    pub slots: usize,
    /// How many of them it does now.
    pub busy: usize,
    /// How many browsers wait for their accounts' next action.
    pub parked: usize,
    /// Bytes of memory that are left to it, where the system says.
    pub headroom: Option<u64>,
    /// Browsers that it found without their worker since it started, and ended.
    pub orphans: u64,
}
