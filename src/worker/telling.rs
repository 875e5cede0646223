//! Telling the desk how this worker stands, and sweeping up behind it.

use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::time::Instant;
use walkon_core::pressure::{Pressure, Reason};

use super::Worker;
use super::sweep::sweep;

/// How often it is looked at; a change is told at once.
const LOOK_EVERY: Duration = Duration::from_secs(2);
/// How often it is told though nothing has changed.
const TELL_EVERY: Duration = Duration::from_secs(10);
/// How long that may take.
const TELL_MAX: Duration = Duration::from_secs(5);
/// How often leftovers are swept.
const SWEEP_EVERY: Duration = Duration::from_mins(5);

impl Worker {
    /// How this worker stands.
    pub(super) fn pressure(&self) -> Pressure {
        let busy = self.busy.load(Ordering::Relaxed);
        let (reason, why) = self.shortage(busy).unwrap_or((Reason::Fit, String::new()));
        Pressure {
            reason,
            why,
            slots: self.options.slots,
            busy,
            parked: self.berths.taken(),
            headroom: self.admission.headroom(),
            orphans: self.orphans.load(Ordering::Relaxed),
        }
    }

    fn shortage(&self, busy: usize) -> Option<(Reason, String)> {
        if let Some(fault) = self.fitness.fault(Instant::now()) {
            let reason = match fault.code.as_str() {
                "memory_short" => Reason::Memory,
                "disk_short" => Reason::Disk,
                _ => Reason::Browser,
            };
            return Some((reason, fault.why));
        }
        if let Err((reason, fault)) = self.admission.admit(None) {
            return Some((reason, fault.why));
        }
        if busy >= self.options.slots {
            return Some((Reason::Full, format!("all {busy} slots act")));
        }
        self.admission.processors().map(|why| (Reason::Cpu, why))
    }

    /// Tells the desk, until it is dropped.
    pub(super) async fn tell(&self) -> ! {
        let mut last: Option<(Pressure, Instant)> = None;
        loop {
            let pressure = self.pressure();
            let is_news = last.as_ref().is_none_or(|(told, at)| {
                let same = Pressure { headroom: pressure.headroom, ..told.clone() } == pressure;
                !same || at.elapsed() >= TELL_EVERY
            });
            if is_news {
                let telling = self.desk.tell(&self.id, &pressure);
                match tokio::time::timeout(TELL_MAX, telling).await {
                    Ok(Ok(())) => last = Some((pressure, Instant::now())),
                    Ok(Err(error)) => tracing::debug!(%error, "nobody hears how we stand"),
                    Err(_) => tracing::debug!("nobody hears in time how we stand"),
                }
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    /// Sweeps leftovers, now and every so often, until it is dropped.
    pub(super) async fn keep_swept(&self) -> ! {
        loop {
            let folder = self.options.folder.clone();
            let swept = tokio::task::spawn_blocking(move || sweep(&folder)).await;
            self.orphans.fetch_add(swept.unwrap_or_default(), Ordering::Relaxed);
            tokio::time::sleep(SWEEP_EVERY).await;
        }
    }
}
