//! A backup is put in place while no fleet runs.
//!
//! What happened since it was made is known to nobody, unless somebody says that nothing did. So
//! each account rests until all that it may have done counts no more against its limits, and the
//! books get an epoch by which coordinators see that what is open may have been done.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use walkon_core::audit::Note;
use walkon_core::hold::{Hold, HoldKind};
use walkon_core::plan::Plan;

use super::files::{Sums, copy, make};
use super::{Error, Manifest, QUEUE, RECORDINGS, disk};
use crate::data::DataFolder;
use crate::queue::Embedded;
use crate::store::accounts::Accounts as _;
use crate::store::address::Address;
use crate::store::audit::Audit as _;
use crate::store::erasures::Erasures as _;
use crate::store::holds::Holds as _;
use crate::store::restores::{Restored, Restores as _};
use crate::store::schema::Schema;
use crate::store::settings::{Setting, Settings as _, Sort};
use crate::store::sql::SqlStore;
use crate::store::vault::Vault;
use crate::store::{Books as _, dump};

/// How far the clocks of site, queue and this host may be apart.
const SLACK: SignedDuration = SignedDuration::from_secs(5);

/// Where a backup is put.
#[derive(Debug)]
pub struct Target<'a> {
    /// The data folder.
    pub data: &'a DataFolder,
    /// The database.
    pub address: &'a Address,
    /// What opens its secrets.
    pub vault: Vault,
    /// How many shards the queue has.
    pub shards: u32,
    /// What limits accounts.
    pub plans: &'a BTreeMap<String, Plan>,
    /// Whether what is there may be replaced.
    pub may_replace: bool,
    /// Whether nobody has acted since the backup was made.
    pub nothing_since: bool,
    /// Who asked.
    pub by: &'a str,
}

/// What was put in place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PutBack {
    /// What the backup says of itself.
    pub backup: Manifest,
    /// How many accounts rest until what they may have done counts no more.
    pub resting: usize,
    /// Where what was there before is now.
    pub moved_to: Option<PathBuf>,
}

/// Puts a backup in place; everything that can be checked is checked before anything is changed.
pub async fn put_back(from: &Path, to: Target<'_>, now: Timestamp) -> Result<PutBack, Error> {
    let backup = Manifest::of(from)?;
    let wanted = to.address.dump_name();
    if backup.database != wanted {
        return Err(Error::OtherDatabase { found: backup.database, wanted });
    }
    let names = Sums::checked(from)?;
    check_keys(&backup, &to.vault)?;
    let _only_us = Embedded::hold(&to.data.redis()).await?;
    check_free(&to, &backup).await?;
    let stage = to.data.root().join("restoring");
    if stage.exists() {
        fs::remove_dir_all(&stage).map_err(disk(&stage))?;
    }
    copy_out(from, &stage, &names)?;
    let resting = match to.address {
        Address::File(_) => {
            let staged = Address::File(stage.join(wanted));
            mark(&staged, &to, &backup, now).await?
        }
        server => {
            dump::read(server, &stage.join(wanted)).await?;
            mark(server, &to, &backup, now).await?
        }
    };
    let moved_to = swap(&stage, &to, &backup, now)?;
    fs::remove_dir_all(&stage).map_err(disk(&stage))?;
    Ok(PutBack { backup, resting, moved_to })
}

fn check_keys(backup: &Manifest, vault: &Vault) -> Result<(), Error> {
    let found = vault.reload()?;
    let missing = backup.master_keys.iter().find(|id| !found.contains(id));
    missing.map_or(Ok(()), |wanted| {
        let (wanted, place) = (wanted.clone(), vault.source().to_string());
        Err(Error::NoKey { wanted, place })
    })
}

/// Whether something is there that would be replaced.
async fn check_free(to: &Target<'_>, backup: &Manifest) -> Result<(), Error> {
    if to.may_replace {
        return Ok(());
    }
    let schema = Schema::of(to.address).await?;
    if !schema.applied.is_empty() || !schema.unknown.is_empty() {
        return Err(Error::InUse(format!("the database {}", schema.database)));
    }
    let queue = to.data.redis().join(QUEUE);
    if backup.queue && queue.exists() {
        return Err(Error::InUse(format!("the queue in {}", queue.display())));
    }
    Ok(())
}

fn copy_out(from: &Path, stage: &Path, names: &[String]) -> Result<(), Error> {
    make(stage)?;
    for name in names {
        let to = stage.join(name);
        make(to.parent().unwrap_or(stage))?;
        copy(&from.join(name), &to).map_err(disk(&to))?;
    }
    Ok(())
}

/// Writes into the database that it was restored, and what follows from that; how many accounts
/// rest.
async fn mark(
    address: &Address,
    to: &Target<'_>,
    backup: &Manifest,
    now: Timestamp,
) -> Result<usize, Error> {
    let store = SqlStore::open(address, to.vault.clone()).await?;
    let verdict = store.verify(Some(&backup.audit_end)).await?;
    if let Some(breach) = verdict.breaches.first() {
        return Err(Error::Tampered(breach.what.clone()));
    }
    let of = backup.at.saturating_sub(SLACK).unwrap_or(backup.at);
    let (mut resting, mut epoch) = (0, None);
    if !to.nothing_since {
        resting = rest(&store, to.plans, backup.at, now).await?;
        // Later than any that was given before this moment: they are made of milliseconds, too.
        epoch = Some(now.as_millisecond().unsigned_abs());
        for shard in 0..to.shards {
            store.keep_epoch(shard, epoch.unwrap_or_default()).await?;
        }
    }
    store.put_restored(&Restored { of, at: now, epoch }).await?;
    let why =
        if to.nothing_since { "nobody has acted since" } else { "what was done since is unknown" };
    let note = Note {
        ts: now,
        actor: to.by.to_owned(),
        action: "restore".to_owned(),
        outcome: Some(format!("the backup of {}", backup.at)),
        why: Some(why.to_owned()),
        ..Note::default()
    };
    store.note(&note, None).await?;
    store.settle_pages().await?;
    store.close().await?;
    Ok(resting)
}

/// Lets each account rest until whatever it did up to now counts no more against its limits.
async fn rest(
    store: &SqlStore,
    plans: &BTreeMap<String, Plan>,
    of: Timestamp,
    now: Timestamp,
) -> Result<usize, Error> {
    let (mut count, mut plans) = (0, plans.clone());
    for Setting { sort, name, document, .. } in store.settings().await? {
        // The file's hold where it has one of that name.
        let plan = document.filter(|_| sort == Sort::Plan && !plans.contains_key(&name));
        if let Some(Ok(plan)) = plan.map(|text| serde_json::from_str(&text)) {
            plans.insert(name, plan);
        }
    }
    for standing in store.accounts().await? {
        let account = &standing.account;
        let Some(plan) = plans.get(&account.plan) else { continue };
        let zone = TimeZone::get(&account.time_zone).unwrap_or(TimeZone::UTC);
        let until = plan.clear_after(now, &zone);
        if until <= now {
            continue;
        }
        let hold = Hold {
            kind: HoldKind::Quota,
            reason: format!(
                "a backup of {} was put in place: what it did since is not known, so its limits \
                 count as used up",
                of.strftime("%F %T UTC")
            ),
            actor: "restore".to_owned(),
            since: now,
            until: Some(until),
            passes: false,
        };
        count += usize::from(store.prolong_hold(&account.id, &hold).await?);
    }
    Ok(count)
}

/// Moves what is there aside and what was staged in; where the old is now, if there was any.
fn swap(
    stage: &Path,
    to: &Target<'_>,
    backup: &Manifest,
    now: Timestamp,
) -> Result<Option<PathBuf>, Error> {
    let aside = to.data.root().join(format!("replaced-{}", now.as_millisecond()));
    let mut moves = Vec::new();
    if backup.queue {
        moves.push((stage.join(QUEUE), to.data.redis().join(QUEUE)));
    }
    if backup.recordings.is_some() {
        moves.push((stage.join(RECORDINGS), to.data.recordings()));
    }
    // The database last: a queue that is older than it is mended; the other way round is not.
    if let Address::File(file) = to.address {
        for log in ["-wal", "-shm"] {
            let mut name = file.as_os_str().to_owned();
            name.push(log);
            moves.push((PathBuf::new(), PathBuf::from(name)));
        }
        moves.push((stage.join(to.address.dump_name()), file.clone()));
    }
    let mut is_moved = false;
    for (new, place) in moves {
        if place.exists() {
            make(&aside)?;
            let name = place.file_name().unwrap_or_default();
            fs::rename(&place, aside.join(name)).map_err(disk(&place))?;
            is_moved = true;
        }
        if new.exists() {
            fs::rename(&new, &place).map_err(disk(&place))?;
        }
    }
    Ok(is_moved.then_some(aside))
}
