//! Intake: actions that arrive on the stream `walkon:intake`, from any Redis client.
//!
//! Each entry has a field `action` with the action's JSON. An accepted action is in its lane before
//! its entry is acknowledged, and the entry's id is its handle: read again after a crash, it is the
//! same action. A refused one becomes an event in the same step that removes its entry.

use std::time::Duration;

use walkon_core::action::Refuse;
use walkon_core::event::{EVENT_VERSION, Event};

use super::{Coordinator, Error};
use crate::queue::{Entry, Intake};
use crate::shutdown::Shutdown;

/// How many entries are read at once.
const AT_ONCE: usize = 100;
/// How long a read waits.
const WAIT: Duration = Duration::from_secs(5);
/// How long to wait after Redis failed.
const AWAY: Duration = Duration::from_millis(500);

fn no_action() -> Refuse {
    let remedy = "write `XADD walkon:intake * action '{…}'`";
    Refuse::new("unreadable", "the entry has no field `action`", remedy)
}

impl Coordinator {
    /// Takes entries in until a stop.
    pub async fn take_in(self, shutdown: Shutdown) {
        let mut intake = self.queue.intake();
        while !shutdown.soft().is_cancelled() {
            let read = tokio::select! {
                read = intake.read(AT_ONCE, WAIT) => read,
                () = shutdown.soft().cancelled() => return,
            };
            let entries = match read {
                Ok(entries) => entries,
                Err(error) => {
                    tracing::warn!(%error, "intake waits for Redis");
                    tokio::time::sleep(AWAY).await;
                    continue;
                }
            };
            for entry in entries {
                // Neither accepted nor refused: it stays on the stream and is read again.
                if let Err(error) = self.take(&intake, &entry).await {
                    tracing::error!(%error, intake = entry.id, "an entry waits");
                }
            }
        }
    }

    async fn take(&self, intake: &Intake, entry: &Entry) -> Result<(), Error> {
        let submitted = if entry.json.is_empty() {
            Err(no_action().into())
        } else {
            self.submit(&entry.json, Some(&entry.id)).await
        };
        let refuse = match submitted {
            Ok(_) => return Ok(intake.ack(&entry.id).await?),
            Err(Error::Refused(refuse)) => refuse,
            Err(error) => return Err(error),
        };
        // As much of it as can be read, so that whoever sent it finds it again.
        let sent: serde_json::Value = serde_json::from_slice(&entry.json).unwrap_or_default();
        let word =
            |name: &str| sent[name].as_str().filter(|word| word.len() <= 64).map(str::to_owned);
        let event = Event {
            v: EVENT_VERSION,
            kind_of_change: "refused".to_owned(),
            at: self.now(),
            account: word("account"),
            kind: word("kind"),
            pool: word("pool"),
            mission: word("mission"),
            code: Some(refuse.code.clone()),
            why: Some(format!("{}; {}", refuse.why, refuse.remedy)),
            intake: Some(entry.id.clone()),
            ..Event::default()
        };
        self.queue.refuse(&entry.id, &event).await?;
        Ok(())
    }
}
