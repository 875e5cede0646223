//! The reaper: takes back leases that ended without a word, and ends work whose time has passed.

use std::time::Duration;

use super::Coordinator;
use crate::shutdown::Shutdown;

/// How many of each are taken back at once.
const AT_ONCE: u32 = 100;
/// The longest it sleeps: work that arrives meanwhile may end sooner.
const SLEEP_MAX: Duration = Duration::from_millis(500);

impl Coordinator {
    /// Takes back until a stop.
    pub async fn reap(self, shutdown: Shutdown) {
        let mut was_away = false;
        loop {
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
