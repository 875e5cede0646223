//! What looking after thousands of accounts takes: a part of a round of health checks, as it goes
//! on while nobody asks for anything.

use std::time::Duration;

use tokio::net::TcpListener;

use super::super::report::{Code, Failure};
use crate::coordinator::Coordinator;
use crate::shutdown::Shutdown;

/// For how long the checks are watched: some looks for those that are due.
const WATCHED: Duration = Duration::from_secs(30);
/// Clock ticks a second in `/proc`, on every Linux.
const TICKS: f64 = 100.0;

/// What was measured.
pub(super) struct Health {
    /// Of one core.
    pub(super) core_percent: f64,
    /// How many were checked.
    pub(super) checked: u64,
    /// For how long.
    pub(super) seconds: u64,
}

/// Seconds of processor time that this process has had.
fn processor_time() -> Result<f64, Failure> {
    let text = std::fs::read_to_string("/proc/self/stat");
    let text = text.map_err(|error| Failure::system("could not read /proc/self/stat", &error))?;
    let strange = || Failure::new(Code::Failed, "/proc/self/stat is not as expected", "");
    // Its name stands in brackets and may hold anything.
    let (_, rest) = text.rsplit_once(')').ok_or_else(strange)?;
    let ticks: f64 = rest.split_whitespace().skip(11).take(2).flat_map(str::parse::<f64>).sum();
    Ok(ticks / TICKS)
}

/// A site that lets everybody connect and says nothing: where it listens.
pub(super) async fn silent_site() -> Result<String, Failure> {
    let listener = TcpListener::bind("127.0.0.1:0").await;
    let listener = listener.map_err(|error| Failure::system("no port", &error))?;
    let address = listener.local_addr().map_err(|error| Failure::system("no port", &error))?;
    #[expect(clippy::disallowed_methods, reason = "it ends with the bench's own process")]
    tokio::spawn(async move { while listener.accept().await.is_ok() {} });
    Ok(format!("http://{address}"))
}

/// Lets the checks go on for a while.
pub(super) async fn measure(c: &Coordinator) -> Result<Health, Failure> {
    let shutdown = Shutdown::new();
    let before = processor_time()?;
    shutdown.spawn(Box::pin(c.clone().keep_healthy(shutdown.clone())));
    tokio::time::sleep(WATCHED).await;
    let after = processor_time()?;
    shutdown.stop_soon();
    shutdown.ended().await;
    let checked = c.store.healths().await?.len() as u64;
    let core_percent = (after - before) / WATCHED.as_secs_f64() * 100.0;
    Ok(Health { core_percent, checked, seconds: WATCHED.as_secs() })
}
