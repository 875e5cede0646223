//! An account is erased: it leaves, and then what it has done leaves, too. What stays is its id, in
//! the audit log, in the charges that still count, and on the receipt of the erasure.
//!
//! The order is written first, and carried out step by step, each of which may be done again: so it
//! goes on wherever a coordinator died.

use walkon_core::account::Kept;
use walkon_core::action::Refuse;
use walkon_core::audit::Note;
use walkon_core::event::{EVENT_VERSION, Event};
use walkon_core::id::AccountId;

use super::{Coordinator, Error};
use crate::queue::Person;
use crate::store::erasures::{Erased, Erasure, StillThere};

impl Coordinator {
    /// Orders an account to be erased, one that has left before as well; [`Coordinator::see_off`]
    /// does it. `false`: nothing is known by that name.
    ///
    /// # Errors
    ///
    /// [`Error::Refused`] with `kept_in_file` while the accounts' file has it.
    pub async fn erase_account(&self, id: &AccountId, person: &Person) -> Result<bool, Error> {
        let _turn = self.roster.turn.lock().await;
        let standing = self.store.account(id).await?;
        if self.is_in_file(id).await
            && standing.as_ref().is_none_or(|standing| standing.kept == Kept::File)
        {
            return Err(self.kept_in_file(id).into());
        }
        if standing.is_none() && self.store.noted(Some(id.as_str()), 1).await?.is_empty() {
            let has_done = !self.store.receipts(Some(id.as_str()), 1).await?.is_empty();
            if !has_done {
                return Ok(false);
            }
        }
        let erasure = Erasure {
            account: id.clone(),
            asked_at: self.now(),
            by: person.name.clone(),
            why: person.why.clone(),
            done_at: None,
            erased: Erased::default(),
            kept: StillThere::default(),
            log_rewritten: false,
            heard: None,
        };
        self.store.put_erasure(&erasure).await?;
        self.tell_act(id, "erase", None, person).await?;
        if standing.is_some() {
            self.send_off(id, person).await?;
        }
        self.roster.leaving.notify_one();
        Ok(true)
    }

    /// Goes on with what was ordered; how many are not done yet.
    pub(super) async fn erase_ordered(&self) -> Result<usize, Error> {
        let mut left = 0;
        for mut erasure in self.store.erasures(true).await? {
            if self.store.account(&erasure.account).await?.is_some() {
                left += 1;
            } else if !self.erase(&mut erasure).await? {
                self.store.put_erasure(&erasure).await?;
                left += 1;
            }
        }
        Ok(left)
    }

    /// One round; `false`: another is needed.
    async fn erase(&self, erasure: &mut Erasure) -> Result<bool, Error> {
        let id = erasure.account.clone();
        erasure.erased.actions += self.queue.erase_actions(&id).await?;
        let heard = match &erasure.heard {
            Some(heard) => heard.clone(),
            None => self.queue.last_event().await?,
        };
        // The clerk writes receipts by events: those must have been read before they are erased.
        let is_heard = self.queue.is_heard(&heard).await?;
        erasure.heard = Some(heard);
        if !is_heard {
            return Ok(false);
        }
        self.store.catch_up().await?;
        erasure.erased.events += self.queue.erase_events(&id).await?;
        self.store.erase_rows(erasure, self.now()).await?;
        let (archive, account) = (self.archive.clone(), id.to_string());
        let erased = tokio::task::spawn_blocking(move || archive.erase(&account)).await;
        match erased.map_err(|panic| panic.to_string()) {
            Ok(Ok((count, bytes))) => {
                erasure.erased.recordings += count;
                erasure.erased.recording_bytes += bytes;
            }
            Ok(Err(error)) => return Err(disk(&error.to_string())),
            Err(panic) => return Err(disk(&panic)),
        }
        self.store.put_erasure(erasure).await?;
        erasure.log_rewritten = self.queue.rewrite_log().await?;
        self.store.settle_pages().await?;
        self.seal_erasure(erasure).await?;
        Ok(true)
    }

    async fn seal_erasure(&self, erasure: &mut Erasure) -> Result<(), Error> {
        let (id, at) = (erasure.account.to_string(), self.now());
        let Erased { actions, events, receipts, recordings, .. } = erasure.erased;
        let what = format!(
            "{actions} actions, {events} events, {receipts} receipts, {recordings} recordings"
        );
        let note = Note {
            ts: at,
            actor: erasure.by.clone(),
            action: "erased".to_owned(),
            account: Some(id.clone()),
            outcome: Some(what),
            ..Note::default()
        };
        let told_by = format!("erased:{id}:{}", erasure.asked_at.as_millisecond());
        self.write_down(&note, Some(&told_by)).await?;
        erasure.kept.audit += 1;
        erasure.done_at = Some(at);
        erasure.heard = None;
        self.store.put_erasure(erasure).await?;
        let event = Event {
            v: EVENT_VERSION,
            kind_of_change: "erased".to_owned(),
            at,
            account: Some(id),
            ..Event::default()
        };
        Ok(self.queue.note_act(&event).await?)
    }
}

fn disk(why: &str) -> Error {
    let why = format!("recordings could not be erased: {why}");
    Refuse::new("disk", why, "check the data folder; it is tried again").into()
}
