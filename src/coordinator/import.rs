//! Accounts from a text: what it would change, and that done, all of it or nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::Ordering;

use serde::Serialize;
use serde_json::Value;
use walkon_core::account::{Account, Kept, Lifecycle, Standing};
use walkon_core::action::{Refuse, listed};
use walkon_core::audit::Note;
use walkon_core::fault::Fault;
use walkon_core::id::AccountId;

use super::listing::{Entry, Listing, Wrong};
use super::roster::{DEVICE, PERSONA};
use super::secrets::{self, Changes, ONE_BY_ONE, read_secrets};
use super::{Coordinator, Error};
use crate::catalog::Catalog;
use crate::store::accounts::Newcomers;

/// How an import is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wish {
    /// Only say what would change.
    pub is_dry: bool,
    /// Whether files of secrets may be read from this host for it.
    pub may_read_files: bool,
    /// Where new ones begin; `None`: where the settings say.
    pub begin: Option<Lifecycle>,
}

impl Default for Wish {
    fn default() -> Self {
        Self { is_dry: false, may_read_files: true, begin: None }
    }
}

/// One field of an account that differs. Of a secret only that it does is told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// Whose.
    pub account: AccountId,
    /// Which: `plan`, `proxy.url`, `labels.team`, `token`.
    pub field: String,
    /// What it was; `None`: nothing.
    pub from: Option<String>,
    /// What it becomes; `None`: nothing.
    pub to: Option<String>,
}

/// What an import changed, or would change.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Imported {
    /// New ones.
    pub added: Vec<AccountId>,
    /// Those that are known and differ.
    pub updated: Vec<AccountId>,
    /// Where the new ones begin; one that is `connecting` is being onboarded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub begin: Option<Lifecycle>,
    /// How many are as they were.
    pub unchanged: usize,
    /// What differs, field by field.
    pub changes: Vec<Difference>,
}

/// An account that is to be written.
#[derive(Debug)]
pub(super) struct Change {
    account: Account,
    was: Option<Account>,
    secrets: Changes,
}

impl Change {
    pub(super) fn id(&self) -> &AccountId {
        &self.account.id
    }
}

/// A text against what is there.
#[derive(Debug, Default)]
pub(super) struct Compared {
    pub(super) changes: Vec<Change>,
    /// Those that are as they were.
    pub(super) same: Vec<Account>,
}

impl Compared {
    /// What is to be told of it.
    pub(super) fn told(&self) -> Imported {
        let mut told = Imported { unchanged: self.same.len(), ..Imported::default() };
        for change in &self.changes {
            let is_known = change.was.is_some();
            let list = if is_known { &mut told.updated } else { &mut told.added };
            list.push(change.account.id.clone());
            told.changes.extend(differences(change));
        }
        told
    }
}

/// The fields of an account as texts, by their paths.
fn flat(account: &Account) -> BTreeMap<String, String> {
    let mut flat = BTreeMap::new();
    let value = serde_json::to_value(account).unwrap_or_default();
    for (name, value) in value.as_object().into_iter().flatten() {
        match value {
            Value::Object(inner) => flat.extend(inner.iter().map(|(key, value)| {
                (format!("{name}.{key}"), value.as_str().unwrap_or_default().to_owned())
            })),
            value => drop(flat.insert(name.clone(), value.as_str().unwrap_or_default().to_owned())),
        }
    }
    flat
}

fn differences(change: &Change) -> Vec<Difference> {
    let account = &change.account.id;
    let (was, is) = (change.was.as_ref().map(flat).unwrap_or_default(), flat(&change.account));
    let names: BTreeSet<_> = was.keys().chain(is.keys()).filter(|name| *name != "id").collect();
    let differ = names.into_iter().filter(|name| was.get(*name) != is.get(*name));
    let mut all: Vec<_> = differ
        .map(|name| Difference {
            account: account.clone(),
            field: name.clone(),
            from: was.get(name).cloned(),
            to: is.get(name).cloned(),
        })
        .collect();
    all.extend(change.secrets.iter().map(|(field, secret)| Difference {
        account: account.clone(),
        field: field.name().to_owned(),
        from: None,
        to: Some(if secret.is_some() { "sealed anew" } else { "taken away" }.to_owned()),
    }));
    all
}

impl Coordinator {
    /// Reads accounts from a text; one bad entry, and nothing is changed. `by` takes them in.
    pub async fn import(
        &self,
        text: &str,
        file: &str,
        wish: Wish,
        by: &str,
    ) -> Result<Imported, Error> {
        let _turn = self.roster.turn.lock().await;
        let mut listing = Listing::read(text, file);
        let known = self.known().await?;
        let new_file = |account: &Account| {
            let was = known.get(&account.id).map(|standing| &standing.account);
            !secrets::files(account).iter().all(|file| match (file, was) {
                ((_, None), _) => true,
                (file, Some(was)) => secrets::files(was).contains(file),
                (_, None) => false,
            })
        };
        if !wish.may_read_files && listing.entries.iter().any(|one| new_file(&one.account)) {
            let why = "it names a file of a secret, for which the scope `secrets:write` is missing";
            let fix = "leave the file out, or use a token with that scope";
            return Err(Refuse::new("scope_missing", why, fix).into());
        }
        let compared = self.compare(&mut listing, &known).await?;
        if !listing.faults.is_empty() {
            return Err(refused(&listing.faults).into());
        }
        let begin = wish.begin.unwrap_or(self.options.new_accounts);
        let mut told = compared.told();
        told.begin = (!told.added.is_empty()).then_some(begin);
        if !wish.is_dry {
            self.apply(compared, Kept::Hand, Newcomers { begin, by, at: self.now() }).await?;
        }
        Ok(told)
    }

    pub(super) async fn known(&self) -> Result<BTreeMap<AccountId, Standing>, Error> {
        let all = self.store.accounts().await?.into_iter();
        Ok(all.map(|standing| (standing.account.id.clone(), standing)).collect())
    }

    /// What a listing would change; what is wrong with an entry becomes a fault of the listing.
    pub(super) async fn compare(
        &self,
        listing: &mut Listing<'_>,
        known: &BTreeMap<AccountId, Standing>,
    ) -> Result<Compared, Error> {
        let entries = std::mem::take(&mut listing.entries);
        let ids: Vec<_> = entries.iter().map(|entry| &entry.account.id).collect();
        let opened = self.opened(&ids).await?;
        let mut people = Identities::of(&entries, known);
        let mut compared = Compared::default();
        for Entry { at, account } in entries {
            let checked = self.check_account(&account);
            let checked = checked.and_then(|()| people.check(&account));
            // Files of secrets are small; what is read here is read once a change.
            match checked.and_then(|()| read_secrets(&account, &opened)) {
                Err((what, remedy)) => {
                    let what = format!("account `{}`: {what}", account.id);
                    listing.spoil(at, Some(account.id.clone()), (what, remedy));
                }
                Ok(secrets) => {
                    let standing = known.get(&account.id);
                    let is_leaving = standing.is_some_and(|standing| standing.leaving.is_some());
                    let was = standing.map(|standing| standing.account.clone());
                    if was.as_ref() == Some(&account) && secrets.is_empty() && !is_leaving {
                        compared.same.push(account);
                    } else {
                        compared.changes.push(Change { account, was, secrets });
                    }
                }
            }
        }
        Ok(compared)
    }

    /// Writes what differs, first into the store, then into the queue.
    pub(super) async fn apply(
        &self,
        compared: Compared,
        kept: Kept,
        new: Newcomers<'_>,
    ) -> Result<(), Error> {
        let added = compared.told().added;
        let was_stale = self.roster.stale.swap(true, Ordering::SeqCst);
        let mut accounts = Vec::new();
        let mut sealed = Vec::new();
        for Change { account, secrets, .. } in compared.changes {
            let own =
                secrets.into_iter().map(|(field, secret)| (account.id.clone(), field, secret));
            sealed.extend(own);
            accounts.push(account);
        }
        if !sealed.is_empty() {
            self.store.put_credentials(&sealed).await?;
        }
        let ids: BTreeSet<_> = accounts.iter().map(|account| account.id.clone()).collect();
        if kept == Kept::File {
            accounts.extend(compared.same);
        }
        self.store.put_accounts(&accounts, kept, new).await?;
        if new.begin == Lifecycle::Connecting && !added.is_empty() {
            self.note_newcomers(&added, new).await?;
        }
        if was_stale {
            self.enroll_all().await?;
        } else if ids.len() <= ONE_BY_ONE {
            for id in &ids {
                self.enroll(id).await?;
            }
        } else {
            let mut standings = self.store.accounts().await?;
            standings.retain(|standing| ids.contains(&standing.account.id));
            self.enroll_these(standings).await?;
        }
        self.roster.stale.store(false, Ordering::SeqCst);
        Ok(())
    }

    /// Writes down that new accounts are being connected, and has it begun.
    async fn note_newcomers(&self, added: &[AccountId], new: Newcomers<'_>) -> Result<(), Error> {
        let note = Note {
            ts: new.at,
            actor: new.by.to_owned(),
            action: "onboard".to_owned(),
            outcome: Some(format!("{} new", added.len())),
            why: Some(format!("new accounts are connected first: {}", some(added))),
            ..Note::default()
        };
        self.write_down(&note, None).await?;
        self.care.asked().notify_one();
        Ok(())
    }

    /// What could never work about an account.
    pub(super) fn check_account(&self, account: &Account) -> Result<(), Wrong> {
        let catalog = &self.catalog;
        let known = |what: &str, name: &str, names: Vec<&str>| {
            if names.contains(&name) {
                return Ok(());
            }
            let remedy = Catalog::known(name, names.into_iter());
            Err((format!("there is no {what} `{name}`"), remedy))
        };
        let sites = catalog.sites.keys().map(walkon_core::id::SiteId::as_str).collect();
        known("site", account.site.as_str(), sites)?;
        let devices = catalog.devices.keys().map(String::as_str).collect();
        known("device", account.device.as_deref().unwrap_or(DEVICE), devices)?;
        let personas = catalog.personas.keys().map(String::as_str).collect();
        known("persona", account.persona.as_deref().unwrap_or(PERSONA), personas)?;
        let force = self.in_force();
        known("plan", &account.plan, force.plans.keys().map(String::as_str).collect())?;
        if jiff::tz::TimeZone::get(&account.time_zone).is_err() {
            let remedy = "write an IANA name, for example `Europe/Berlin`".to_owned();
            return Err((format!("there is no time zone `{}`", account.time_zone), remedy));
        }
        if account.username.trim() != account.username || account.username.is_empty() {
            let what =
                format!("the username `{}` is empty or has blanks round it", account.username);
            return Err((what, "write it as the site does".to_owned()));
        }
        self.check_proxy(account)
    }
}

/// What is wrong with a text, as a refusal.
pub(super) fn refused(faults: &[Fault]) -> Refuse {
    let why = faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
    Refuse::new("bad_accounts", why, "mend the file; nothing was changed")
}

/// Who is who on which site: two accounts must not act as one.
struct Identities(BTreeMap<(String, String), AccountId>);

impl Identities {
    fn of(entries: &[Entry], known: &BTreeMap<AccountId, Standing>) -> Self {
        let named: BTreeSet<_> = entries.iter().map(|entry| &entry.account.id).collect();
        let others = known.values().map(|standing| &standing.account);
        let others = others.filter(|account| !named.contains(&account.id));
        Self(others.map(|account| (Self::key(account), account.id.clone())).collect())
    }

    fn key(account: &Account) -> (String, String) {
        (account.site.to_string(), account.username.to_lowercase())
    }

    fn check(&mut self, account: &Account) -> Result<(), Wrong> {
        match self.0.insert(Self::key(account), account.id.clone()) {
            Some(other) if other != account.id => {
                let Account { username, site, .. } = account;
                let what = format!("`{username}` on {site} is the account `{other}` already");
                Err((what, "an identity is one account: remove one of the two".to_owned()))
            }
            _ => Ok(()),
        }
    }
}

/// The names of some accounts for a sentence: not all of thousands.
pub(super) fn some(ids: &[AccountId]) -> String {
    let shown = listed(ids.iter().take(10).map(AccountId::as_str));
    if ids.len() > 10 { format!("{shown} and {} more", ids.len() - 10) } else { shown }
}
