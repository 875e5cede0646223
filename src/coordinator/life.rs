//! An account's life, and the log of all that was done by hand or decided by the fleet: moves,
//! holds, pauses, dead letters.
//!
//! What is told as an event is written down by the clerk who reads it, once however often it is
//! read. A move is written down as it is made, and a hold that the fleet itself places or lifts
//! before it is.

use jiff::Timestamp;
use walkon_core::account::Lifecycle;
use walkon_core::action::Refuse;
use walkon_core::audit::Note;
use walkon_core::event::{EVENT_VERSION, Event};
use walkon_core::hold::Hold;
use walkon_core::id::AccountId;
use walkon_core::lifecycle::{self, Mover};

use super::{Coordinator, Error};
use crate::queue::Person;

/// How often a move is tried again where the account was moved meanwhile.
const TRIES: usize = 5;

impl Coordinator {
    /// Moves an account in its life. Who acts as it at this moment is stopped, unless it may go on.
    ///
    /// # Errors
    ///
    /// [`Error::Refused`] with `no_such_move` where [`lifecycle::MOVES`] has none, and where it may
    /// go instead.
    pub async fn move_account(
        &self,
        id: &AccountId,
        to: Lifecycle,
        mover: Mover,
        who: &Person,
    ) -> Result<(), Error> {
        for _ in 0..TRIES {
            let standing = self.store.account(id).await?.ok_or_else(|| {
                let why = format!("there is no account `{id}`");
                Refuse::new("unknown_account", why, "`walkon account list` shows them")
            })?;
            let from = standing.lifecycle;
            if from == to {
                // Asked again after a call that was broken off: what may be missing is done now.
                return self.show_standing(id).await;
            }
            let found = lifecycle::find(from, to, mover)
                .map_err(|no| Refuse::new("no_such_move", no.to_string(), no.remedy()))?;
            if !self.store.move_account(id, from, to).await? {
                continue;
            }
            let at = self.now();
            self.write_down(&moved(id, found, who, at), None).await?;
            self.show_standing(id).await?;
            return self.tell_move(id, found, who, at).await;
        }
        let why = format!("the account `{id}` is being moved by others");
        Err(Refuse::new("busy", why, "look where it is, and try again").into())
    }

    /// Writes where an account stands into the queue; who may not act any more is stopped.
    async fn show_standing(&self, id: &AccountId) -> Result<(), Error> {
        match self.store.account(id).await? {
            Some(standing) if !standing.may_act() => self.fence(&standing).await,
            _ => self.enroll(id).await,
        }
    }

    async fn tell_move(
        &self,
        id: &AccountId,
        made: &lifecycle::Move,
        who: &Person,
        at: Timestamp,
    ) -> Result<(), Error> {
        let event = Event {
            v: EVENT_VERSION,
            kind_of_change: "moved".to_owned(),
            at,
            account: Some(id.to_string()),
            code: Some(made.reason.to_owned()),
            outcome: Some(made.to.name().to_owned()),
            by: Some(who.name.clone()),
            why: Some(who.why.clone()),
            ..Event::default()
        };
        Ok(self.queue.note_act(&event).await?)
    }

    /// Writes down what an event tells of an act.
    pub(super) async fn audit(&self, event: &Event, told_by: &str) -> Result<(), Error> {
        let note = Note {
            ts: event.at,
            actor: event.by.clone().unwrap_or_else(|| "walkon".to_owned()),
            action: event.code.clone().unwrap_or_default(),
            account: event.account.clone(),
            subject: event.action.clone().or_else(|| event.site.clone()),
            outcome: event.outcome.clone(),
            why: event.why.clone(),
        };
        self.write_down(&note, Some(told_by)).await
    }

    /// Writes down that the fleet places or lifts a hold.
    pub(super) async fn audit_hold(
        &self,
        id: &AccountId,
        action: &str,
        hold: &Hold,
        actor: &str,
        ts: Timestamp,
        told_by: &str,
    ) -> Result<(), Error> {
        let why = match action {
            "lift" => "its time was over".to_owned(),
            _ => hold.reason.clone(),
        };
        let note = Note {
            ts,
            actor: actor.to_owned(),
            action: action.to_owned(),
            account: Some(id.to_string()),
            subject: None,
            outcome: Some(hold.kind.name().to_owned()),
            why: Some(why),
        };
        self.write_down(&note, Some(told_by)).await
    }

    pub(super) async fn write_down(&self, note: &Note, told_by: Option<&str>) -> Result<(), Error> {
        let word = |word: &Option<String>| word.clone().unwrap_or_default();
        tracing::info!(
            act = note.action,
            by = note.actor,
            why = word(&note.why),
            account = word(&note.account),
            subject = word(&note.subject),
            outcome = word(&note.outcome),
            "written down"
        );
        Ok(self.store.note(note, told_by).await?)
    }
}

/// A move, as it is written down.
fn moved(id: &AccountId, made: &lifecycle::Move, who: &Person, ts: Timestamp) -> Note {
    Note {
        ts,
        actor: who.name.clone(),
        action: "move".to_owned(),
        account: Some(id.to_string()),
        subject: Some(made.reason.to_owned()),
        outcome: Some(made.to.name().to_owned()),
        why: Some(who.why.clone()),
    }
}
