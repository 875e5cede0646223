//! The reaper: takes back leases that ended without a word, ends work whose time has passed, and
//! lifts holds whose end has come.

use std::time::Duration;

use tokio::time::Instant;

use super::Coordinator;
use crate::shutdown::Shutdown;

/// How many of each are taken back at once.
const AT_ONCE: u32 = 100;
/// How often it is looked whether a hold's end has come.
const HOLDS_EVERY: Duration = Duration::from_secs(2);
/// The longest it sleeps: work that arrives meanwhile may end sooner.
const SLEEP_MAX: Duration = Duration::from_millis(500);

impl Coordinator {
    /// Takes back until a stop.
    pub async fn reap(self, shutdown: Shutdown) {
        let mut was_away = false;
        let mut looked = Instant::now();
        loop {
            if looked.elapsed() >= HOLDS_EVERY {
                looked = Instant::now();
                if let Err(error) = self.queue.mend_resumed().await {
                    tracing::warn!(%error, "accounts of a resumed site wait");
                }
                if let Err(error) = self.lift_ended().await {
                    tracing::warn!(%error, "holds were not looked at");
                }
            }
            let round = async {
                if was_away {
                    // Redis may have been started anew: it must note that before anything else.
                    self.queue.boot().await?;
                }
                self.queue.reap(AT_ONCE).await
            };
            let reaped = round.await;
            was_away = reaped.is_err();
            let sleep = match reaped {
                Ok(reaped) => {
                    if reaped.leases > 0 {
                        tracing::info!(leases = reaped.leases, "took back what was lost");
                    }
                    reaped.next.unwrap_or(SLEEP_MAX).clamp(Duration::from_millis(5), SLEEP_MAX)
                }
                Err(error) => {
                    tracing::warn!(%error, "the reaper waits for Redis");
                    SLEEP_MAX
                }
            };
            tokio::select! {
                () = tokio::time::sleep(sleep) => {}
                () = shutdown.soft().cancelled() => return,
            }
        }
    }
}
