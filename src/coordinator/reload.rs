//! The accounts' file, read again while the fleet runs: who is new comes, who has changed changes,
//! who is not in it any more leaves.
//!
//! Each entry stands for itself: one that cannot be used is told with its place, and its account
//! stays as it is. Only accounts that came by this file leave with it; those that were added by
//! hand stay until somebody removes them.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use walkon_core::account::{Kept, Lifecycle, Standing};
use walkon_core::audit::Note;
use walkon_core::fault::Fault;
use walkon_core::id::AccountId;

use super::import::{Compared, refused, some};
use super::listing::Listing;
use super::{Coordinator, Error};
use crate::queue::Person;
use crate::store::accounts::Newcomers;

/// What a reload did.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Reloaded {
    /// How many entries could be used.
    pub loaded: usize,
    /// New accounts.
    pub added: Vec<AccountId>,
    /// Where the new ones begin; one that is `connecting` is being onboarded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub begin: Option<Lifecycle>,
    /// Accounts that differ from what they were.
    pub updated: Vec<AccountId>,
    /// Accounts that are not in the file any more: they finish what has begun, then they are gone.
    pub removed: Vec<AccountId>,
    /// What could not be used, with its place; it changed nothing.
    pub errors: Vec<Fault>,
}

impl Reloaded {
    fn failed(error: Fault) -> Self {
        Self { errors: vec![error], ..Self::default() }
    }

    fn is_nothing(&self) -> bool {
        self.added.is_empty() && self.updated.is_empty() && self.removed.is_empty()
    }
}

impl Coordinator {
    /// Reads the accounts' file again.
    pub async fn reload(&self, person: &Person) -> Result<Reloaded, Error> {
        let _turn = self.roster.turn.lock().await;
        let text = match self.accounts_file().await {
            Ok(text) => text,
            Err(fault) => return Ok(Reloaded::failed(fault)),
        };
        let done = self.reload_text(&text, person, false).await?;
        if !done.is_nothing() {
            let Reloaded { added, updated, removed, .. } = &done;
            let lists = [("added", added), ("updated", updated), ("removed", removed)];
            let part = |(word, ids): &(&str, &Vec<AccountId>)| format!("{word}: {}", some(ids));
            let told = lists.iter().filter(|(_, ids)| !ids.is_empty()).map(part);
            let note = Note {
                ts: self.now(),
                actor: person.name.clone(),
                action: "reload".to_owned(),
                outcome: Some(format!("{} loaded", done.loaded)),
                why: Some(told.collect::<Vec<_>>().join("; ")),
                ..Note::default()
            };
            self.write_down(&note, None).await?;
        }
        Ok(done)
    }

    /// Reads it at the start. A file that is not there is none; one with a fault keeps a new fleet
    /// from starting, and an old one from nothing: its other accounts go on.
    pub async fn first_load(&self) -> Result<Reloaded, Error> {
        let _turn = self.roster.turn.lock().await;
        if !self.options.accounts.exists() {
            return Ok(Reloaded::default());
        }
        let is_new = self.store.accounts().await?.is_empty();
        let person = Person::new("walkon", "it is not in the accounts' file any more");
        let done = match self.accounts_file().await {
            Ok(text) => self.reload_text(&text, &person, is_new).await?,
            Err(fault) => Reloaded::failed(fault),
        };
        if is_new && !done.errors.is_empty() {
            return Err(refused(&done.errors).into());
        }
        for fault in &done.errors {
            tracing::error!(%fault, "an account of the file was left as it was");
        }
        Ok(done)
    }

    async fn accounts_file(&self) -> Result<String, Fault> {
        let path = &self.options.accounts;
        tokio::fs::read_to_string(path).await.map_err(|error| {
            let what = format!("could not read it: {error}");
            let remedy = "check `fleet.accounts` and the file's owner; nothing was changed";
            Fault::at(&path.display().to_string(), "", 0, what, remedy.to_owned())
        })
    }

    /// `all_or_nothing`: a fault keeps everything from being done.
    async fn reload_text(
        &self,
        text: &str,
        person: &Person,
        all_or_nothing: bool,
    ) -> Result<Reloaded, Error> {
        let file = self.options.accounts.display().to_string();
        let mut listing = Listing::read(text, &file);
        if listing.is_broken {
            return Ok(Reloaded { errors: listing.faults, ..Reloaded::default() });
        }
        let known = self.known().await?;
        let compared = self.compare(&mut listing, &known).await?;
        if all_or_nothing && !listing.faults.is_empty() {
            return Ok(Reloaded { errors: listing.faults, ..Reloaded::default() });
        }
        let told = compared.told();
        let mut done = Reloaded {
            loaded: compared.changes.len() + compared.same.len(),
            begin: (!told.added.is_empty()).then_some(self.options.new_accounts),
            added: told.added,
            updated: told.updated,
            ..Reloaded::default()
        };
        let named: BTreeSet<_> = listing.spoiled.iter().chain(compared.ids()).cloned().collect();
        let own = known
            .values()
            .filter(|standing| standing.kept == Kept::File && standing.leaving.is_none());
        let absent = own.map(|standing| &standing.account.id).filter(|id| !named.contains(id));
        let absent: Vec<_> = absent.cloned().collect();
        let keep = if absent.is_empty() { None } else { keep_all(&listing, named.is_empty()) };
        match keep {
            Some(wrong) => done.errors.push(listing.fault(0, wrong)),
            None => done.removed = absent,
        }
        let begin = self.options.new_accounts;
        let new = Newcomers { begin, by: &person.name, at: self.now() };
        self.apply(compared.only_new(&known), Kept::File, new).await?;
        for id in &done.removed {
            self.send_off(id, person).await?;
        }
        listing.faults.append(&mut done.errors);
        listing.faults.sort_by_key(|fault| fault.line);
        done.errors = listing.faults;
        Ok(done)
    }
}

/// Why nobody is to leave, although some are not in the file.
fn keep_all(listing: &Listing<'_>, is_empty: bool) -> Option<(String, String)> {
    let (what, remedy) = if listing.is_nameless {
        ("nobody was removed: an entry does not say whose it is", "mend that entry")
    } else if is_empty {
        // A file that is being written is empty for a moment.
        (
            "it has no account at all, and nobody was removed",
            "remove them by `walkon account remove`",
        )
    } else {
        return None;
    };
    Some((what.to_owned(), remedy.to_owned()))
}

impl Compared {
    fn ids(&self) -> impl Iterator<Item = &AccountId> {
        let changed = self.changes.iter().map(super::import::Change::id);
        changed.chain(self.same.iter().map(|account| &account.id))
    }

    /// Of those that are as they were, only who becomes the file's now is written.
    fn only_new(mut self, known: &BTreeMap<AccountId, Standing>) -> Self {
        self.same.retain(|account| {
            let standing = known.get(&account.id);
            standing.is_none_or(|standing| standing.kept != Kept::File)
        });
        self
    }
}
