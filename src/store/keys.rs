//! Which master key seals, and how another takes its place while the fleet runs.

use async_trait::async_trait;
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::OnConflict;
use sea_orm::{ActiveValue::Set, Condition, QueryOrder, QuerySelect};
use serde::Serialize;
use walkon_core::bundle::Secret;
use zeroize::Zeroizing;

use super::sql::SqlStore;
use super::vault::{Name, Sealed};
use super::{Error, credentials, states};

/// How many rows are looked at in one go.
const PAGE: u64 = 200;
/// The one row there is.
const CURRENT: &str = "current";
/// The field of what makes an account signed in.
pub(super) const STATE: &str = "storage_state";

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "vault_key")]
pub(super) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    slot: String,
    master: String,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(super) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// How many secrets are sealed by one master key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Use {
    /// The key's id.
    pub master: String,
    /// Whether it is the one that seals.
    pub current: bool,
    /// How many secrets it has sealed.
    pub secrets: u64,
}

/// What a rotation did.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Rotated {
    /// The master key that seals now.
    pub master: String,
    /// How many secrets were put under it.
    pub rewrapped: u64,
    /// Those that could not be, with the reason.
    pub failed: Vec<String>,
}

/// The master keys of what is sealed.
#[async_trait]
pub trait Keys: Send + Sync {
    /// Every master key that has sealed something, the current one first.
    async fn masters(&self) -> Result<Vec<Use>, Error>;
    /// Lets the first key of the source seal from now on, and puts every secret under it. Broken
    /// off, it goes on where it was; what cannot be moved is named, and the rest is moved.
    async fn rotate(&self) -> Result<Rotated, Error>;
}

impl SqlStore {
    /// The id of the master key that seals.
    pub(super) async fn current(&self) -> Result<String, Error> {
        let row = Entity::find_by_id(CURRENT).one(&self.db).await?;
        row.map(|row| row.master).ok_or_else(|| Error::Unreadable("vault_key has no row".into()))
    }

    /// Sees that the vault opens what the database holds; a database that holds nothing takes the
    /// vault's first key, and a data folder of our own gets one.
    pub(super) async fn check_master(&self) -> Result<(), Error> {
        let Some(row) = Entity::find_by_id(CURRENT).one(&self.db).await? else {
            let source = self.vault.source();
            if matches!(source, super::vault::master::Source::Embedded(_)) && source.is_missing() {
                source.put_first()?;
            }
            let first = self.vault.reload()?.swap_remove(0);
            let row = ActiveModel { slot: Set(CURRENT.to_owned()), master: Set(first) };
            // Another coordinator may have been quicker: then its choice stands.
            return match Entity::insert(row).exec_without_returning(&self.db).await {
                Err(error) if super::sql::is_there(&error) => {
                    self.vault.has(&self.current().await?)
                }
                done => done.map(|_| ()).map_err(Error::from),
            };
        };
        self.vault.has(&row.master)?;
        for Use { master, secrets, .. } in self.masters().await? {
            if let Err(error) = self.vault.has(&master) {
                // Its accounts cannot act, and say so; the others are not to suffer for it.
                tracing::warn!(%error, secrets, "some secrets cannot be opened");
            }
        }
        Ok(())
    }

    /// Seals a secret by the key that seals now.
    pub(super) async fn seal(&self, name: Name<'_>, secret: &[u8]) -> Result<Sealed, Error> {
        self.vault.seal(&self.current().await?, name, secret)
    }

    /// Opens a secret that is a text.
    pub(super) fn open_text(&self, name: Name<'_>, sealed: &Sealed) -> Result<Secret, Error> {
        let bytes = self.vault.open(name, sealed)?;
        let text = std::str::from_utf8(&bytes).map_err(|_| Error::Broken(name.to_string()))?;
        Ok(Secret::new(text.to_owned()))
    }

    async fn choose(&self, master: &str) -> Result<(), Error> {
        let row = ActiveModel { slot: Set(CURRENT.to_owned()), master: Set(master.to_owned()) };
        let same = OnConflict::column(Column::Slot).update_column(Column::Master).to_owned();
        Entity::insert(row).on_conflict(same).exec_without_returning(&self.db).await?;
        Ok(())
    }

    /// Puts the credentials of one page under a key; where the next page begins.
    async fn credentials_page(
        &self,
        after: (String, String),
        done: &mut Rotated,
    ) -> Result<Option<(String, String)>, Error> {
        use credentials::Column as C;
        let beyond = Condition::any()
            .add(C::Account.gt(after.0.clone()))
            .add(Condition::all().add(C::Account.eq(after.0)).add(C::Field.gt(after.1)));
        let rows = credentials::Entity::find().filter(C::Master.ne(done.master.clone()));
        let rows = rows.filter(beyond).order_by_asc(C::Account).order_by_asc(C::Field);
        let rows = rows.limit(PAGE).all(&self.db).await?;
        for row in &rows {
            let name = Name { account: &row.account, field: &row.field };
            let Some(moved) = self.moved(name, &row.sealed(), done) else { continue };
            let update = credentials::Entity::update_many()
                .col_expr(C::Master, Expr::value(moved.master))
                .col_expr(C::Wrapped, Expr::value(moved.wrapped))
                .filter(C::Account.eq(row.account.clone()))
                .filter(C::Field.eq(row.field.clone()))
                .filter(C::Wrapped.eq(row.wrapped.clone()));
            // None: it was written anew meanwhile, and is looked at again.
            done.rewrapped += update.exec(&self.db).await?.rows_affected;
        }
        Ok(rows.into_iter().next_back().map(|row| (row.account, row.field)))
    }

    /// The same for storage state.
    async fn states_page(
        &self,
        after: String,
        done: &mut Rotated,
    ) -> Result<Option<String>, Error> {
        use states::Column as C;
        let rows = states::Entity::find().filter(C::Master.ne(done.master.clone()));
        let rows = rows.filter(C::Account.gt(after)).order_by_asc(C::Account);
        let rows = rows.limit(PAGE).all(&self.db).await?;
        for row in &rows {
            let name = Name { account: &row.account, field: STATE };
            let Some(moved) = self.moved(name, &row.sealed(), done) else { continue };
            let update = states::Entity::update_many()
                .col_expr(C::Master, Expr::value(moved.master))
                .col_expr(C::Wrapped, Expr::value(moved.wrapped))
                .filter(C::Account.eq(row.account.clone()))
                .filter(C::Wrapped.eq(row.wrapped.clone()));
            done.rewrapped += update.exec(&self.db).await?.rows_affected;
        }
        Ok(rows.into_iter().next_back().map(|row| row.account))
    }

    fn moved(&self, name: Name<'_>, sealed: &Sealed, done: &mut Rotated) -> Option<Sealed> {
        match self.vault.rewrap(&done.master, name, sealed) {
            Ok(moved) => Some(moved),
            Err(error) => {
                let failed = format!("{name}: {error}");
                if !done.failed.contains(&failed) {
                    done.failed.push(failed);
                }
                None
            }
        }
    }

    /// Goes once through everything; whether something was moved.
    async fn sweep(&self, done: &mut Rotated) -> Result<bool, Error> {
        let before = done.rewrapped;
        let mut after = Some((String::new(), String::new()));
        while let Some(from) = after {
            after = self.credentials_page(from, done).await?;
        }
        let mut after = Some(String::new());
        while let Some(from) = after {
            after = self.states_page(from, done).await?;
        }
        Ok(done.rewrapped > before)
    }
}

#[async_trait]
impl Keys for SqlStore {
    async fn masters(&self) -> Result<Vec<Use>, Error> {
        let current = self.current().await?;
        let mut counts = std::collections::BTreeMap::from([(current.clone(), 0)]);
        let credentials = credentials::Entity::find().select_only();
        let credentials = credentials.column(credentials::Column::Master);
        let credentials = credentials.column_as(credentials::Column::Account.count(), "secrets");
        let credentials = credentials.group_by(credentials::Column::Master);
        let states = states::Entity::find().select_only().column(states::Column::Master);
        let states = states.column_as(states::Column::Account.count(), "secrets");
        let states = states.group_by(states::Column::Master);
        let mut rows: Vec<(String, i64)> = credentials.into_tuple().all(&self.db).await?;
        rows.extend(states.into_tuple::<(String, i64)>().all(&self.db).await?);
        for (master, count) in rows {
            *counts.entry(master).or_default() += count.unsigned_abs();
        }
        let mut all: Vec<_> = counts
            .into_iter()
            .map(|(master, secrets)| Use { current: master == current, master, secrets })
            .collect();
        all.sort_by_key(|one| !one.current);
        Ok(all)
    }

    async fn rotate(&self) -> Result<Rotated, Error> {
        let first = self.vault.reload()?.swap_remove(0);
        self.choose(&first).await?;
        let mut done = Rotated { master: first, ..Rotated::default() };
        // Who sealed by the old key just before the choice is found in the next round.
        while self.sweep(&mut done).await? {}
        Ok(done)
    }
}

/// A secret's text, wiped when it is let go.
pub(super) fn wiped(text: String) -> Zeroizing<String> {
    Zeroizing::new(text)
}
