//! Settings that are kept in the database: plans, pools and proxies made by hand while the fleet
//! runs. Those of the settings' file are not here.
//!
//! Each change has a *revision*, one number for all of them, greater than any before: who knows the
//! newest knows whether anything has changed. What is removed leaves an empty row, so that its
//! revision is not given again.

use async_trait::async_trait;
use sea_orm::ActiveValue::Set;
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::OnConflict;
use sea_orm::{QueryOrder, QuerySelect};
use walkon_core::bundle::Secret;

use super::sql::{SqlStore, is_there};
use super::vault::Name;
use super::{Error, credentials};

/// Whose the passwords of shared proxies are, among the credentials; no account is called so.
const PROXIES: &str = "-proxy";
/// How often a change is tried again that others were quicker with.
const TRIES: usize = 20;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "setting")]
pub(super) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    sort: String,
    #[sea_orm(primary_key, auto_increment = false)]
    name: String,
    revision: i64,
    /// Empty: it was removed.
    #[sea_orm(column_type = "Text")]
    document: String,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(super) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// What sort of setting.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Sort {
    /// A plan.
    Plan,
    /// A pool.
    Pool,
    /// A proxy.
    Proxy,
}

impl Sort {
    /// Its name in SQL, in what is said and in addresses.
    pub fn name(self) -> &'static str {
        match self {
            Self::Plan => "plan",
            Self::Pool => "pool",
            Self::Proxy => "proxy",
        }
    }

    fn named(name: &str) -> Option<Self> {
        [Self::Plan, Self::Pool, Self::Proxy].into_iter().find(|sort| sort.name() == name)
    }
}

/// One setting as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setting {
    /// What it is.
    pub sort: Sort,
    /// What it is called.
    pub name: String,
    /// Which change it is from.
    pub revision: u64,
    /// What it says, in JSON; `None`: it was removed.
    pub document: Option<String>,
}

/// Settings by hand.
#[async_trait]
pub trait Settings: Send + Sync {
    /// The revision of the latest change; 0: there was none.
    async fn newest_setting(&self) -> Result<u64, Error>;
    /// Every setting, those that were removed included.
    async fn settings(&self) -> Result<Vec<Setting>, Error>;
    /// Keeps a setting in place of the revision that was `seen` (0: there is none), or removes it;
    /// the new revision. `None`: another one is there.
    async fn keep_setting(
        &self,
        sort: Sort,
        name: &str,
        document: Option<&str>,
        seen: u64,
    ) -> Result<Option<u64>, Error>;
    /// Seals the password of a shared proxy; `None`: it has none.
    async fn put_proxy_password(&self, name: &str, secret: Option<&Secret>) -> Result<(), Error>;
    /// Opens it.
    async fn proxy_password(&self, name: &str) -> Result<Option<Secret>, Error>;
}

#[async_trait]
impl Settings for SqlStore {
    async fn newest_setting(&self) -> Result<u64, Error> {
        let newest = Entity::find().select_only().column(Column::Revision);
        let newest = newest.order_by_desc(Column::Revision).limit(1);
        let newest: Option<i64> = newest.into_tuple().one(&self.db).await?;
        Ok(newest.unwrap_or_default().unsigned_abs())
    }

    async fn settings(&self) -> Result<Vec<Setting>, Error> {
        let rows = Entity::find().order_by_asc(Column::Sort).order_by_asc(Column::Name);
        let read = |row: Model| {
            let unknown = || Error::Unreadable(format!("setting {}: `{}`", row.name, row.sort));
            Ok(Setting {
                sort: Sort::named(&row.sort).ok_or_else(unknown)?,
                revision: row.revision.unsigned_abs(),
                document: Some(row.document).filter(|text| !text.is_empty()),
                name: row.name,
            })
        };
        rows.all(&self.db).await?.into_iter().map(read).collect()
    }

    async fn keep_setting(
        &self,
        sort: Sort,
        name: &str,
        document: Option<&str>,
        seen: u64,
    ) -> Result<Option<u64>, Error> {
        for _ in 0..TRIES {
            let key = (sort.name().to_owned(), name.to_owned());
            let row = Entity::find_by_id(key).one(&self.db).await?;
            let live = row.as_ref().filter(|row| !row.document.is_empty());
            if live.map_or(0, |row| row.revision.unsigned_abs()) != seen {
                return Ok(None);
            }
            let revision = self.newest_setting().await?.cast_signed() + 1;
            let document = document.unwrap_or_default().to_owned();
            let done = match row {
                None => {
                    let (sort, name) = (Set(sort.name().to_owned()), Set(name.to_owned()));
                    let (revision, document) = (Set(revision), Set(document));
                    let row = ActiveModel { sort, name, revision, document };
                    Entity::insert(row).exec_without_returning(&self.db).await.map(|_| 1)
                }
                Some(row) => {
                    let update = Entity::update_many()
                        .col_expr(Column::Revision, Expr::value(revision))
                        .col_expr(Column::Document, Expr::value(document))
                        .filter(Column::Sort.eq(row.sort))
                        .filter(Column::Name.eq(row.name))
                        .filter(Column::Revision.eq(row.revision));
                    update.exec(&self.db).await.map(|done| done.rows_affected)
                }
            };
            match done {
                // Another change took that number, or this very row: it is looked at again.
                Ok(0) => {}
                Err(error) if is_there(&error) => {}
                Ok(_) => return Ok(Some(revision.unsigned_abs())),
                Err(error) => return Err(error.into()),
            }
        }
        Ok(None)
    }

    async fn put_proxy_password(&self, name: &str, secret: Option<&Secret>) -> Result<(), Error> {
        let Some(secret) = secret else {
            let key = (PROXIES.to_owned(), name.to_owned());
            credentials::Entity::delete_by_id(key).exec(&self.db).await?;
            return Ok(());
        };
        let of = Name { account: PROXIES, field: name };
        let sealed = self.seal(of, secret.expose().as_bytes()).await?;
        let mut same =
            OnConflict::columns([credentials::Column::Account, credentials::Column::Field]);
        let same = same.update_columns(credentials::SEALED).to_owned();
        credentials::Entity::insert(credentials::row(of, sealed))
            .on_conflict(same)
            .exec_without_returning(&self.db)
            .await?;
        Ok(())
    }

    async fn proxy_password(&self, name: &str) -> Result<Option<Secret>, Error> {
        let key = (PROXIES.to_owned(), name.to_owned());
        let row = credentials::Entity::find_by_id(key).one(&self.db).await?;
        let of = Name { account: PROXIES, field: name };
        row.map(|row| self.open_text(of, &row.sealed())).transpose()
    }
}
