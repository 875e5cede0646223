//! The audit log: who did what, when and why, each entry chained to the one before it.
//!
//! A chain alone does not show that its end was cut off, nor that all of it was written anew. So
//! the last entry's place and hash are sealed by the vault, in the same step in which it is added:
//! without a master key nobody can make another end.

use async_trait::async_trait;
use jiff::Timestamp;
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::OnConflict;
use sea_orm::{ActiveValue::Set, DatabaseTransaction, QueryOrder, QuerySelect, TransactionTrait};
use serde::{Deserialize, Serialize};
use walkon_core::audit::{Entry, Hash, Note};

use super::sql::{SqlStore, is_there};
use super::vault::{Name, Sealed};
use super::{Error, credentials};

/// How often an entry is tried again where another was quicker.
const TRIES: usize = 50;
/// How many entries are looked at in one go.
const PAGE: u64 = 500;
/// Where the sealed end is kept: `-` is no account's name.
const END: Name<'static> = Name { account: "-", field: "audit_end" };
/// Where the last entry that was let go of by age is kept, so that the rest still has its place.
const START: Name<'static> = Name { account: "-", field: "audit_start" };

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "audit")]
pub(super) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    seq: i64,
    pub(super) account: String,
    origin: String,
    hash: String,
    #[sea_orm(column_type = "Text")]
    document: String,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(super) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// The end of the log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct End {
    /// The place of the last entry; 0: there is none.
    pub seq: u64,
    /// Its hash.
    pub hash: String,
}

/// What is wrong with the log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Breach {
    /// At which entry.
    pub seq: u64,
    /// What is wrong there.
    pub what: String,
}

/// What a look through the whole log found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Verdict {
    /// How many entries there are.
    pub entries: u64,
    /// Where the log ends.
    pub end: End,
    /// What is wrong; nothing: it is whole.
    pub breaches: Vec<Breach>,
}

/// Who did what.
#[async_trait]
pub trait Audit: Send + Sync {
    /// Adds what happened. `origin` is what told of it: told again by the same, nothing is added.
    async fn note(&self, note: &Note, origin: Option<&str>) -> Result<(), Error>;
    /// What happened, the latest first.
    async fn noted(&self, account: Option<&str>, most: u64) -> Result<Vec<Entry>, Error>;
    /// Lets go of the entries before then, but for the last one of all; returns how many. What is
    /// left is whole as before: where it begins is sealed.
    async fn forget_audit(&self, before: Timestamp) -> Result<u64, Error>;
    /// Looks through the whole log; `expected`: what somebody wrote down of it earlier.
    async fn verify(&self, expected: Option<&End>) -> Result<Verdict, Error>;
}

fn end_of(last: Option<&Model>) -> End {
    let none = || End { seq: 0, hash: Hash::GENESIS.hex() };
    last.map_or_else(none, |row| End { seq: row.seq.unsigned_abs(), hash: row.hash.clone() })
}

fn hash(end: &End) -> Result<Hash, Error> {
    let broken = || Error::Unreadable(format!("audit {}: `{}` is no hash", end.seq, end.hash));
    Hash::read(&end.hash).ok_or_else(broken)
}

impl SqlStore {
    async fn last(&self) -> Result<End, Error> {
        let last = Entity::find().order_by_desc(Column::Seq).limit(1).one(&self.db).await?;
        Ok(end_of(last.as_ref()))
    }

    async fn has(&self, seq: u64) -> Result<bool, Error> {
        Ok(Entity::find_by_id(seq as i64).one(&self.db).await?.is_some())
    }

    async fn add(&self, row: ActiveModel, sealed: Sealed) -> Result<(), DbErr> {
        let step = self.db.begin().await?;
        Entity::insert(row).exec_without_returning(&step).await?;
        Self::put_place(&step, END, sealed).await?;
        step.commit().await
    }

    /// Seals a place of the log beside the credentials.
    async fn put_place(on: &DatabaseTransaction, name: Name<'_>, at: Sealed) -> Result<(), DbErr> {
        let mut same =
            OnConflict::columns([credentials::Column::Account, credentials::Column::Field]);
        let same = same.update_columns(credentials::SEALED).to_owned();
        let put = credentials::Entity::insert(credentials::row(name, at)).on_conflict(same);
        put.exec_without_returning(on).await?;
        Ok(())
    }

    /// A place that is sealed; `None`: there is none.
    async fn sealed_place(&self, name: Name<'static>) -> Result<Option<End>, Error> {
        let key = (name.account.to_owned(), name.field.to_owned());
        let Some(row) = credentials::Entity::find_by_id(key).one(&self.db).await? else {
            return Ok(None);
        };
        let text = self.open_text(name, &row.sealed())?;
        let read = text
            .expose()
            .split_once(':')
            .and_then(|(seq, hash)| Some(End { seq: seq.parse().ok()?, hash: hash.to_owned() }));
        read.map(Some).ok_or_else(|| Error::Broken(name.to_string()))
    }
}

#[async_trait]
impl Audit for SqlStore {
    async fn note(&self, note: &Note, origin: Option<&str>) -> Result<(), Error> {
        for _ in 0..TRIES {
            if let Some(origin) = origin
                && Entity::find().filter(Column::Origin.eq(origin)).one(&self.db).await?.is_some()
            {
                return Ok(());
            }
            let end = self.last().await?;
            let entry = Entry { seq: end.seq + 1, note: note.clone() };
            let (seq, document) = (entry.seq as i64, entry.text());
            let hash = hash(&end)?.then(&document).hex();
            let sealed = self.seal(END, format!("{seq}:{hash}").as_bytes()).await?;
            let row = ActiveModel {
                seq: Set(seq),
                account: Set(note.account.clone().unwrap_or_default()),
                origin: Set(origin.map_or_else(|| format!("#{seq}"), str::to_owned)),
                hash: Set(hash),
                document: Set(document),
            };
            match self.add(row, sealed).await {
                Ok(()) => return Ok(()),
                // Another coordinator took the place: this one takes the next.
                Err(error) if is_there(&error) || super::error::is_collision(&error) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(Error::Unreadable(format!("audit: no place after {TRIES} tries")))
    }

    async fn noted(&self, account: Option<&str>, most: u64) -> Result<Vec<Entry>, Error> {
        let mut query = Entity::find().order_by_desc(Column::Seq).limit(most);
        if let Some(account) = account {
            query = query.filter(Column::Account.eq(account));
        }
        let rows = query.all(&self.db).await?;
        let entry = |row: &Model| {
            let unreadable = || Error::Unreadable(format!("audit {}", row.seq));
            Entry::read(&row.document).ok_or_else(unreadable)
        };
        rows.iter().map(entry).collect()
    }

    async fn forget_audit(&self, before: Timestamp) -> Result<u64, Error> {
        let (end, mut from, mut start) = (self.last().await?, 0, None);
        'old: loop {
            let page = Entity::find().filter(Column::Seq.gt(from)).order_by_asc(Column::Seq);
            let page = page.limit(PAGE).all(&self.db).await?;
            for row in &page {
                let entry = Entry::read(&row.document);
                // One that cannot be read is for a person to look at: nothing beyond it goes.
                let is_old = entry.is_some_and(|entry| entry.note.ts < before);
                if !is_old || row.seq.unsigned_abs() >= end.seq {
                    break 'old;
                }
                from = row.seq;
                start = Some(end_of(Some(row)));
            }
            if page.is_empty() {
                break;
            }
        }
        let Some(start) = start else { return Ok(0) };
        let sealed = self.seal(START, format!("{}:{}", start.seq, start.hash).as_bytes()).await?;
        let step = self.db.begin().await?;
        let old = Column::Seq.lte(start.seq as i64);
        let gone = Entity::delete_many().filter(old).exec(&step).await?.rows_affected;
        Self::put_place(&step, START, sealed).await?;
        step.commit().await?;
        Ok(gone)
    }

    async fn verify(&self, expected: Option<&End>) -> Result<Verdict, Error> {
        let mut look = Look::default();
        match self.sealed_place(START).await {
            Ok(Some(start)) => look.begin_after(start),
            Ok(None) => {}
            Err(Error::Broken(_)) => look.breach(0, "the sealed beginning was changed"),
            Err(error) => return Err(error),
        }
        loop {
            let page = Entity::find().filter(Column::Seq.gt(look.end.seq as i64));
            let page = page.order_by_asc(Column::Seq).limit(PAGE).all(&self.db).await?;
            for row in &page {
                look.at(row, expected);
            }
            if !page.is_empty() {
                continue;
            }
            match self.sealed_place(END).await {
                // It was added while we looked.
                Ok(Some(sealed)) if sealed.seq > look.end.seq && self.has(sealed.seq).await? => {}
                Ok(sealed) => break look.compare(sealed),
                Err(Error::Broken(_)) => {
                    break look.breach(look.end.seq, "the sealed end was changed");
                }
                Err(error) => return Err(error),
            }
        }
        if let Some(expected) = expected.filter(|expected| expected.seq > look.end.seq) {
            look.breach(expected.seq, "it was there, and is missing now");
        }
        Ok(Verdict { entries: look.entries, end: look.end, breaches: look.breaches })
    }
}

/// A look through the log, entry by entry.
struct Look {
    entries: u64,
    before: Hash,
    end: End,
    breaches: Vec<Breach>,
}

impl Default for Look {
    fn default() -> Self {
        Self { entries: 0, before: Hash::GENESIS, end: end_of(None), breaches: Vec::new() }
    }
}

impl Look {
    /// What is before was let go of by age.
    fn begin_after(&mut self, start: End) {
        self.before = Hash::read(&start.hash).unwrap_or(Hash::GENESIS);
        self.end = start;
    }

    fn breach(&mut self, seq: u64, what: &str) {
        self.breaches.push(Breach { seq, what: what.to_owned() });
    }

    fn at(&mut self, row: &Model, expected: Option<&End>) {
        let (seq, next) = (row.seq.unsigned_abs(), self.end.seq + 1);
        if seq > next {
            let what = match seq - next {
                1 => "it is missing".to_owned(),
                more => format!("it is missing, and {} after it", more - 1),
            };
            self.breach(next, &what);
        }
        let entry = Entry::read(&row.document);
        let fits = entry.as_ref().is_some_and(|entry| {
            entry.seq == seq
                && entry.text() == row.document
                && entry.note.account.clone().unwrap_or_default() == row.account
        });
        let follows = self.before.then(&row.document).hex() == row.hash;
        // After a gap nothing can follow: the gap was told.
        if !fits || (!follows && seq == next) {
            self.breach(seq, "it was changed");
        }
        if expected.is_some_and(|expected| expected.seq == seq && expected.hash != row.hash) {
            self.breach(seq, "it is not the one that was written down");
        }
        self.entries += 1;
        self.before = Hash::read(&row.hash).unwrap_or(Hash::GENESIS);
        self.end = end_of(Some(row));
    }

    fn compare(&mut self, sealed: Option<End>) {
        let Some(sealed) = sealed else {
            if self.end.seq > 0 {
                self.breach(self.end.seq, "the sealed end is gone");
            }
            return;
        };
        if sealed.seq > self.end.seq {
            let what = format!("it and all up to {} are missing at the end", sealed.seq);
            self.breach(self.end.seq + 1, &what);
        } else if sealed.seq < self.end.seq {
            self.breach(sealed.seq + 1, "it was added behind the sealed end");
        } else if sealed.hash != self.end.hash {
            self.breach(sealed.seq, "it is not the entry that was sealed as the end");
        }
    }
}
