//! An account leaves: it begins nothing more, what has begun is finished, what waits is cancelled,
//! and then it is gone from queue and store. What it has done stays: receipts, usage, recordings.
//!
//! That it leaves is written first, so that it goes on wherever a coordinator died. Put back into
//! the file meanwhile, it stays.

use std::time::Duration;

use jiff::SignedDuration;
use walkon_core::account::Kept;
use walkon_core::action::Refuse;
use walkon_core::event::{EVENT_VERSION, Event};
use walkon_core::id::AccountId;

use super::listing::Listing;
use super::{Coordinator, Error};
use crate::queue::Person;
use crate::shutdown::Shutdown;

/// How long what runs may take until it is cut off: longer than the longest attempt by default.
const DRAIN_MAX: SignedDuration = SignedDuration::from_mins(5);
/// How often those who leave are looked at, and how often it is asked whether somebody does.
const LOOK: Duration = Duration::from_millis(100);
const IDLE: Duration = Duration::from_secs(10);

impl Coordinator {
    /// Has an account leave; `false`: there is none.
    ///
    /// # Errors
    ///
    /// [`Error::Refused`] with `kept_in_file` while the accounts' file has it: the next reload
    /// would bring it back.
    pub async fn remove_account(&self, id: &AccountId, person: &Person) -> Result<bool, Error> {
        let _turn = self.roster.turn.lock().await;
        let Some(standing) = self.store.account(id).await? else { return Ok(false) };
        if standing.kept == Kept::File && self.is_in_file(id).await {
            return Err(self.kept_in_file(id).into());
        }
        self.send_off(id, person).await?;
        Ok(true)
    }

    /// The refusal of a change to what the accounts' file says.
    pub fn kept_in_file(&self, id: &AccountId) -> Refuse {
        let file = self.options.accounts.display();
        let why = format!("the account `{id}` is kept in {file}");
        Refuse::new("kept_in_file", why, "change its entry there, then `walkon account reload`")
    }

    pub(super) async fn is_in_file(&self, id: &AccountId) -> bool {
        let path = &self.options.accounts;
        let text = tokio::fs::read_to_string(path).await.unwrap_or_default();
        let file = path.display().to_string();
        let listing = Listing::read(&text, &file);
        listing.spoiled.contains(id) || listing.entries.iter().any(|one| one.account.id == *id)
    }

    /// Writes down that it leaves; the rest is done by [`Coordinator::see_off`].
    pub(super) async fn send_off(&self, id: &AccountId, person: &Person) -> Result<(), Error> {
        if self.store.let_leave(id, self.now()).await? {
            self.tell_act(id, "remove", None, person).await?;
        }
        // Held from now on, so that nothing is begun.
        self.enroll(id).await?;
        self.roster.leaving.notify_one();
        Ok(())
    }

    /// Sees off whoever leaves, until a stop.
    pub async fn see_off(self, shutdown: Shutdown) {
        loop {
            let wait = match self.see_off_once().await {
                Ok(0) => IDLE,
                Ok(_) => LOOK,
                Err(error) => {
                    tracing::warn!(error = &error as &dyn std::error::Error, "nobody is seen off");
                    LOOK * 5
                }
            };
            tokio::select! {
                () = tokio::time::sleep(wait) => {}
                () = self.roster.leaving.notified() => {}
                () = shutdown.soft().cancelled() => return,
            }
        }
    }

    /// Looks at each who leaves; how many are not gone yet.
    pub async fn see_off_once(&self) -> Result<usize, Error> {
        let mut left = 0;
        for (id, since) in self.store.leaving().await? {
            let is_late = self.now().duration_since(since) >= DRAIN_MAX;
            let acts = async || {
                let view = self.queue.account(&id).await?;
                Ok::<_, Error>(view.is_some_and(|view| !view.leases.is_empty()))
            };
            if !is_late && acts().await? {
                left += 1;
                continue;
            }
            self.queue.remove_account(&id).await?;
            match self.store.drop_account(&id).await? {
                Some(_) => self.tell_gone(&id).await?,
                // Somebody has put it back: it is to be there.
                None => self.enroll(&id).await?,
            }
        }
        Ok(left + self.erase_ordered().await?)
    }

    async fn tell_gone(&self, id: &AccountId) -> Result<(), Error> {
        tracing::info!(account = %id, "an account is removed");
        let event = Event {
            v: EVENT_VERSION,
            kind_of_change: "removed".to_owned(),
            at: self.now(),
            account: Some(id.to_string()),
            ..Event::default()
        };
        Ok(self.queue.note_act(&event).await?)
    }
}
