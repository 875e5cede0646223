//! Stopping: soft first, then hard, and nothing is left running.
//!
//! A soft stop claims nothing new and lets what runs finish. A hard stop ends what runs and hands
//! its leases back. Every task is spawned through here, so that a stop can wait for it.

use std::future::Future;

use tokio::signal::unix::{SignalKind, signal};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// The two wishes to stop, and the tasks that must have ended.
#[derive(Debug, Clone, Default)]
pub struct Shutdown {
    soft: CancellationToken,
    hard: CancellationToken,
    tasks: TaskTracker,
}

impl Shutdown {
    /// Nothing is asked to stop yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Asks to finish what runs and start nothing.
    pub fn stop_soon(&self) {
        self.soft.cancel();
    }

    /// Asks to end at once.
    pub fn stop_now(&self) {
        self.soft.cancel();
        self.hard.cancel();
    }

    /// Cancelled by a soft stop, and by a hard one.
    pub fn soft(&self) -> &CancellationToken {
        &self.soft
    }

    /// Cancelled by a hard stop.
    pub fn hard(&self) -> &CancellationToken {
        &self.hard
    }

    /// Runs a task that a stop waits for.
    #[expect(clippy::disallowed_methods, reason = "this is the place the ban points to")]
    pub fn spawn<F>(&self, task: F) -> JoinHandle<F::Output>
    where
        F: Future<Output: Send + 'static> + Send + 'static,
    {
        tokio::spawn(self.tasks.track_future(task))
    }

    /// Waits until every task has ended.
    pub async fn ended(&self) {
        self.tasks.close();
        self.tasks.wait().await;
    }

    /// Turns the first SIGTERM or SIGINT into a soft stop and the second into a hard one.
    ///
    /// # Errors
    ///
    /// When the system refuses to tell us of signals.
    pub fn listen_to_signals(&self) -> std::io::Result<()> {
        let mut term = signal(SignalKind::terminate())?;
        let mut int = signal(SignalKind::interrupt())?;
        let shutdown = self.clone();
        // Not tracked: it waits for a second signal until the process ends.
        let listen = async move {
            for stop in [Self::stop_soon, Self::stop_now] {
                tokio::select! {
                    _ = term.recv() => {}
                    _ = int.recv() => {}
                }
                stop(&shutdown);
            }
        };
        #[expect(clippy::disallowed_methods, reason = "it must not hold up the stop it announces")]
        tokio::spawn(listen);
        Ok(())
    }
}
