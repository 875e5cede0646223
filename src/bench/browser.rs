//! What browsers cost: memory an account, the time of one action, how true gestures are to their
//! plan.
//!
//! All of it is measured on Plaza, which runs in another process, with jail, relay, gate and
//! recording as a fleet has them; what is switched off for a figure its name says. The worker is
//! the one that fleets run. Only its desk is a stand-in ([`desk`]), so that a figure tells of the
//! browser and not of the queue. Its times are told, never judged: that is for who reads.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;
use walkon_core::bundle::{Bundle, Secret};
use walkon_core::grant::Access;
use walkon_core::rng::Seed;

use super::percentile;
use crate::catalog::Catalog;
use crate::driver::cdp::CdpDriver;

mod actions;
mod density;
mod desk;
mod fidelity;
mod stage;

pub use actions::{Likes, likes, memory};

/// The page that browsers are measured on.
const PAGE: &str = "/assets/reference.html";
/// How much faster than a person: so much that nothing waits.
const NO_PACING: f64 = 1e6;
/// The device in all parts.
const DEVICE: &str = "desktop-laptop";
/// The persona in all parts.
const PERSONA: &str = "casual";

/// How much is measured.
#[derive(Debug, Clone, Copy)]
pub struct Size {
    /// Browsers side by side for the memory of one.
    pub accounts: usize,
    /// Accounts in shared browsers, side by side for the memory of one.
    pub packed: usize,
    /// Actions timed, each.
    pub likes: usize,
    /// Sessions side by side for the worker's memory and for gestures.
    pub sessions: usize,
}

/// What is measured, and where.
pub struct Ground {
    /// Starts the browsers.
    pub driver: Arc<CdpDriver>,
    /// Plaza's address: `http://127.0.0.1:7400`.
    pub plaza: String,
    /// A folder of the bench's own.
    pub folder: PathBuf,
    /// Sites, devices and personas.
    pub catalog: Catalog,
}

/// Why a bench came to nothing.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The browser did not do as asked.
    #[error("the browser failed")]
    Driver(#[from] crate::driver::Error),
    /// An action did not end as it should.
    #[error("{0}")]
    Action(String),
    /// The catalog lacks what is measured with.
    #[error("there is no {0} in the catalog")]
    Missing(&'static str),
}

/// What was measured.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    /// Memory of an account's browser (PSS of the whole process tree), each its own, on the
    /// reference page.
    pub dedicated_pss_mib: Option<f64>,
    /// The same parked on an empty page.
    pub parked_pss_mib: Option<f64>,
    /// The same in shared browsers, on the reference page.
    pub packed_pss_mib: Option<f64>,
    /// The same parked on an empty page.
    pub packed_parked_pss_mib: Option<f64>,
    /// From a parked account's claim to the end of its like: the middle one.
    pub first_action_ms_dedicated: f64,
    /// The same in a shared browser that is full.
    pub first_action_ms_packed: f64,
    /// From the claim to the end of a like whose browser had to be started: the middle one.
    pub cold_action_ms: f64,
    /// From the claim to the end of a like in an open browser, no pacing, no recording, the gate
    /// on: the middle one.
    pub like_ms: f64,
    /// The same with recording.
    pub like_recorded_ms: f64,
    /// The most memory (RSS) that the worker itself took while its sessions acted.
    pub worker_rss_mib: f64,
    /// Inputs written to the browser after their moment: 99 of 100 are nearer.
    pub input_error_p99_ms: f64,
    /// Presses and keys as the page saw them, against the plan: 99 of 100 are nearer.
    pub input_page_error_p99_ms: f64,
    /// Inputs that were measured so.
    pub inputs: usize,
    /// As asked.
    pub accounts: usize,
    /// As asked.
    pub packed: usize,
    /// As asked.
    pub likes: usize,
    /// As asked.
    pub sessions: usize,
    /// Processors of this host.
    pub cores: usize,
    /// What the host had to do over the last minute, at the start and at the end.
    pub load: [f64; 2],
    /// As it names itself.
    pub browser_version: String,
    /// Whether this binary was built without optimisation: its figures then say little.
    pub debug_build: bool,
}

impl Ground {
    /// What a worker is handed to act as a member of Plaza.
    fn bundle(&self, member: &str, pace: f64) -> Result<Bundle, Error> {
        let entry = self.catalog.sites.values().find(|entry| entry.site.id.as_str() == "plaza");
        let entry = entry.ok_or(Error::Missing("site `plaza`"))?;
        let mut site = entry.site.clone();
        site.origin.clone_from(&self.plaza);
        let device =
            self.catalog.devices.get(DEVICE).ok_or(Error::Missing("device `desktop-laptop`"))?;
        let persona = self.catalog.personas.get(PERSONA);
        let persona = persona.ok_or(Error::Missing("persona `casual`"))?.clone();
        let account = serde_json::json!({"id": member, "site": "plaza", "username": member});
        let account = serde_json::from_value(account);
        let account = account.map_err(|error| Error::Action(error.to_string()))?;
        Ok(Bundle {
            account,
            site,
            device: device.clone(),
            persona,
            seed: Seed(1).child(member),
            behaviors: entry.behaviors.clone(),
            password: Some(Secret::new(format!("{member}-secret"))),
            token: None,
            proxy: None,
            login: None,
            state: None,
            access: Access::Exempt(None),
            signing: None,
            contact: None,
            pace,
        })
    }
}

/// The processor time that is waited for, averaged over the last minute.
fn load() -> f64 {
    let text = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split(' ').next().and_then(|number| number.parse().ok()).unwrap_or_default()
}

fn mib(bytes: f64) -> f64 {
    bytes / f64::from(1 << 20)
}

/// The middle one, in milliseconds.
fn median_ms(times: &[Duration]) -> f64 {
    let mut sorted = times.to_vec();
    sorted.sort();
    super::millis(percentile(&sorted, 50))
}

/// The value that 99 of 100 do not exceed.
fn p99(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    let rank = (values.len() * 99).div_ceil(100);
    values.get(rank.max(1) - 1).copied().unwrap_or_default()
}

/// Everything `walkon bench browser` tells. `worker_rss` comes from a process of its own.
pub async fn browser(ground: &Ground, size: Size, worker_rss: u64) -> Result<Report, Error> {
    let before = load();
    let bare = likes(ground, "ada", size.likes, Likes::Open { record: false }).await?;
    let recorded = likes(ground, "ben", size.likes, Likes::Open { record: true }).await?;
    let parked = likes(ground, "cleo", size.likes, Likes::Parked { packed: false }).await?;
    let cold = likes(ground, "dan", size.likes.min(10), Likes::Cold).await?;
    let full = density::neighbours(ground).await?;
    let packed_parked = likes(ground, "eve", size.likes, Likes::Parked { packed: true }).await?;
    density::leave(full).await;
    let density = density::measure(ground, size.accounts, false).await?;
    let shared = density::measure(ground, size.packed, true).await?;
    let fidelity = fidelity::measure(ground, size.sessions).await?;
    Ok(Report {
        dedicated_pss_mib: density.on_page.map(mib),
        parked_pss_mib: density.parked.map(mib),
        packed_pss_mib: shared.on_page.map(mib),
        packed_parked_pss_mib: shared.parked.map(mib),
        first_action_ms_dedicated: median_ms(&parked),
        first_action_ms_packed: median_ms(&packed_parked),
        cold_action_ms: median_ms(&cold),
        like_ms: median_ms(&bare),
        like_recorded_ms: median_ms(&recorded),
        worker_rss_mib: mib(worker_rss as f64),
        input_error_p99_ms: fidelity.at_socket,
        input_page_error_p99_ms: fidelity.in_page,
        inputs: fidelity.inputs,
        accounts: size.accounts,
        packed: size.packed,
        likes: size.likes,
        sessions: size.sessions,
        cores: std::thread::available_parallelism().map_or(1, usize::from),
        load: [before, load()],
        browser_version: ground.driver.browser_version().await?,
        debug_build: cfg!(debug_assertions),
    })
}
