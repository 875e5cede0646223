//! Telling: each channel hears in one message what it is to hear now, and what came of it is
//! written down.
//!
//! Several coordinators do it at once. Before a channel is told, it is written down that somebody
//! is at it; who loses that race leaves it. A death in between costs a moment, not a message.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use tokio::time::Instant;
use walkon_core::alert::{Alert, Raised, Severity, Told};
use walkon_core::alerting::{Pace, Tell, due, failed, is_settled, told};
use walkon_core::fault::in_one_line;

use crate::coordinator::{Coordinator, Error};
use crate::notify::{Channel, Notice};
use crate::shutdown::Shutdown;
use crate::store::alerts::Turned;

/// How often it is looked whether something is due, though nothing was raised.
const LOOK: std::time::Duration = std::time::Duration::from_secs(5);
/// How long somebody may be at it before another tells it.
const AT_IT: SignedDuration = SignedDuration::from_secs(60);
/// How often a change that somebody was quicker with is tried again.
const TRIES: usize = 8;

/// How a channel took a test.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Tested {
    /// The channel.
    pub channel: &'static str,
    /// What went wrong, with what to do about it; `None`: it was told.
    pub wrong: Option<(String, &'static str)>,
}

impl Coordinator {
    /// Tells until a stop.
    pub async fn keep_telling(self, shutdown: Shutdown) {
        let gather = self.care.options().alerts.gather;
        loop {
            tokio::select! {
                () = self.care.raised().notified() => {}
                () = tokio::time::sleep(LOOK) => {}
                () = shutdown.soft().cancelled() => return,
            }
            let began = Instant::now();
            if let Err(error) = self.tell_due().await {
                let error = &error as &dyn std::error::Error;
                tracing::warn!(error, "alerts wait");
            }
            // What comes meanwhile is told in one message.
            tokio::select! {
                () = tokio::time::sleep_until(began + gather) => {}
                () = shutdown.soft().cancelled() => return,
            }
        }
    }

    /// One round.
    pub async fn tell_due(&self) -> Result<(), Error> {
        let now = self.now();
        let mut all = self.store.unsettled().await?;
        let known = if all.is_empty() { Vec::new() } else { self.store.account_ids().await? };
        let is_gone = |id: &String| known.binary_search_by(|one| one.as_str().cmp(id)).is_err();
        for turned in &mut all {
            let Raised { alert, over, .. } = &turned.raised;
            let ended = alert.until.is_some_and(|until| until <= now);
            if over.is_none() && (ended || alert.account.as_ref().is_some_and(is_gone)) {
                self.store.resolve(&alert.key, now).await?;
                if let Some(fresh) = self.store.alert(&alert.key).await? {
                    *turned = fresh;
                }
            }
        }
        for channel in &self.care.options().alerts.channels {
            self.tell_channel(channel, &mut all, now).await?;
        }
        let names: Vec<_> =
            self.care.options().alerts.channels.iter().map(|channel| channel.name()).collect();
        for turned in &all {
            if is_settled(&turned.raised, names.iter().copied()) {
                // Raised again meanwhile: it is not settled after all.
                self.store.keep_told(turned, true).await?;
            }
        }
        Ok(())
    }

    async fn tell_channel(
        &self,
        channel: &Arc<dyn Channel>,
        all: &mut [Turned],
        now: Timestamp,
    ) -> Result<(), Error> {
        let name = channel.name();
        let pace = self.care.options().alerts.pace;
        let pace = Pace { repeat: channel.repeat().unwrap_or(pace.repeat), ..pace };
        let mut taken = Vec::new();
        for turned in all.iter_mut() {
            let heard = turned.raised.told.get(name).cloned();
            let tell = due(&turned.raised, heard.as_ref(), &pace, now);
            if tell == Tell::Nothing {
                continue;
            }
            let at_it = Some(now.saturating_add(AT_IT).unwrap_or(Timestamp::MAX));
            let mark = Told { next: at_it, ..heard.clone().unwrap_or_default() };
            turned.raised.told.insert(name.to_owned(), mark);
            if self.store.keep_told(turned, false).await? {
                turned.turn += 1;
                taken.push((turned, heard, tell));
            }
        }
        if taken.is_empty() {
            return Ok(());
        }
        let notices: Vec<_> = taken
            .iter()
            .map(|(turned, _, tell)| Notice {
                raised: turned.raised.clone(),
                over: *tell == Tell::Over,
            })
            .collect();
        let went = channel.tell(&notices, now).await;
        if let Err(error) = &went {
            let error = error as &dyn std::error::Error;
            tracing::warn!(channel = name, error, "it could not be told");
        }
        for (turned, heard, tell) in taken {
            let severity = turned.raised.alert.severity;
            let mark = match &went {
                Ok(()) => told(heard.as_ref(), tell, severity, now),
                Err(error) => failed(heard.as_ref(), in_one_line(error), error.after(), now),
            };
            self.mark_told(turned, name, mark).await?;
        }
        Ok(())
    }

    /// Writes what a channel has heard, also where the alert was changed meanwhile.
    async fn mark_told(&self, turned: &mut Turned, name: &str, mark: Told) -> Result<(), Error> {
        for _ in 0..TRIES {
            turned.raised.told.insert(name.to_owned(), mark.clone());
            if self.store.keep_told(turned, false).await? {
                turned.turn += 1;
                return Ok(());
            }
            match self.store.alert(&turned.raised.alert.key).await? {
                Some(fresh) => *turned = fresh,
                None => return Ok(()),
            }
        }
        Ok(())
    }

    /// Tells every channel, or the one of that name, that this is a test.
    pub async fn test_channels(&self, only: Option<&str>, by: &str) -> Vec<Tested> {
        let now = self.now();
        let alert = Alert {
            key: format!("test:{}", now.as_millisecond()),
            code: "test".to_owned(),
            severity: Severity::Info,
            account: None,
            title: "this is a test".to_owned(),
            why: format!("{by} asked for it"),
            fix: "nothing: that it arrived is all it is for".to_owned(),
            until: None,
        };
        let notice = Notice { raised: Raised::anew(&alert, None, now), over: false };
        let mut tested = Vec::new();
        for channel in &self.care.options().alerts.channels {
            if only.is_some_and(|only| only != channel.name()) {
                continue;
            }
            let went = channel.tell(std::slice::from_ref(&notice), now).await;
            let wrong = went.err().map(|error| (in_one_line(&error), error.remedy()));
            tested.push(Tested { channel: channel.name(), wrong });
        }
        tested
    }
}
