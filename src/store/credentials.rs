//! Credentials: what accounts prove themselves with, sealed.

use std::collections::BTreeMap;

use async_trait::async_trait;
use sea_orm::ActiveValue::Set;
use sea_orm::TransactionTrait as _;
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::OnConflict;
use walkon_core::bundle::Secret;
use walkon_core::id::AccountId;

use super::Error;
use super::sql::SqlStore;
use super::vault::{Name, Sealed};

/// Rows of one statement.
const ROWS: usize = 500;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "credential")]
pub(super) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub(super) account: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub(super) field: String,
    pub(super) master: String,
    #[sea_orm(column_type = "Text")]
    pub(super) wrapped: String,
    #[sea_orm(column_type = "Text")]
    body: String,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(super) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Model {
    pub(super) fn sealed(&self) -> Sealed {
        let Self { master, wrapped, body, .. } = self.clone();
        Sealed { master, wrapped, body }
    }
}

/// What changes where a secret is sealed anew.
pub(super) const SEALED: [Column; 3] = [Column::Master, Column::Wrapped, Column::Body];

/// A secret's row.
pub(super) fn row(name: Name<'_>, sealed: Sealed) -> ActiveModel {
    ActiveModel {
        account: Set(name.account.to_owned()),
        field: Set(name.field.to_owned()),
        master: Set(sealed.master),
        wrapped: Set(sealed.wrapped),
        body: Set(sealed.body),
    }
}

/// Which credential of an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Field {
    /// With which it signs in.
    Password,
    /// With which it calls the API.
    Token,
    /// With which its proxy lets it through.
    ProxyPassword,
    /// What its one-time codes grow from.
    Totp,
}

impl Field {
    /// Every field.
    pub const ALL: [Self; 4] = [Self::Password, Self::Token, Self::ProxyPassword, Self::Totp];

    /// Its name in SQL and in what is said of it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Password => "password",
            Self::Token => "token",
            Self::ProxyPassword => "proxy_password",
            Self::Totp => "totp",
        }
    }
}

/// What accounts prove themselves with.
#[async_trait]
pub trait Credentials: Send + Sync {
    /// Seals a credential in place of what was there; `None`: there is to be none.
    async fn put_credential(
        &self,
        id: &AccountId,
        field: Field,
        secret: Option<&Secret>,
    ) -> Result<(), Error>;
    /// The same with many, in few statements and all or none of them.
    async fn put_credentials(&self, changes: &[Change]) -> Result<(), Error>;
    /// Opens a credential; `None`: there is none.
    async fn credential(&self, id: &AccountId, field: Field) -> Result<Option<Secret>, Error>;
    /// Opens every account's credentials, for a comparison; `Err`: one that cannot be opened.
    async fn all_credentials(&self) -> Result<Opened, Error>;
}

/// Whose credential becomes what; `None`: there is to be none.
pub type Change = (AccountId, Field, Option<Secret>);

/// Credentials by account and field's name.
pub type Opened = BTreeMap<(String, String), Result<Secret, Error>>;

#[async_trait]
impl Credentials for SqlStore {
    async fn put_credential(
        &self,
        id: &AccountId,
        field: Field,
        secret: Option<&Secret>,
    ) -> Result<(), Error> {
        let key = (id.to_string(), field.name().to_owned());
        let Some(secret) = secret else {
            Entity::delete_by_id(key).exec(&self.db).await?;
            return Ok(());
        };
        let name = Name { account: id.as_str(), field: field.name() };
        let sealed = self.seal(name, secret.expose().as_bytes()).await?;
        let mut same = OnConflict::columns([Column::Account, Column::Field]);
        let same = same.update_columns(SEALED).to_owned();
        Entity::insert(row(name, sealed))
            .on_conflict(same)
            .exec_without_returning(&self.db)
            .await?;
        Ok(())
    }

    async fn put_credentials(&self, changes: &[Change]) -> Result<(), Error> {
        let mut same = OnConflict::columns([Column::Account, Column::Field]);
        let same = same.update_columns(SEALED).to_owned();
        let master = self.current().await?;
        let on = self.db.begin().await?;
        for some in changes.chunks(ROWS) {
            let mut rows = Vec::new();
            for (id, field, secret) in some {
                let name = Name { account: id.as_str(), field: field.name() };
                if let Some(secret) = secret {
                    rows.push(row(
                        name,
                        self.vault.seal(&master, name, secret.expose().as_bytes())?,
                    ));
                    continue;
                }
                let key = (id.to_string(), field.name().to_owned());
                Entity::delete_by_id(key).exec(&on).await?;
            }
            if !rows.is_empty() {
                let insert = Entity::insert_many(rows).on_conflict(same.clone());
                insert.exec_without_returning(&on).await?;
            }
        }
        Ok(on.commit().await?)
    }

    async fn credential(&self, id: &AccountId, field: Field) -> Result<Option<Secret>, Error> {
        let key = (id.to_string(), field.name().to_owned());
        let row = Entity::find_by_id(key).one(&self.db).await?;
        let name = Name { account: id.as_str(), field: field.name() };
        row.map(|row| self.open_text(name, &row.sealed())).transpose()
    }

    async fn all_credentials(&self) -> Result<Opened, Error> {
        // What begins with `-` is no account: the audit log's sealed end and shared proxies.
        let rows = Entity::find().filter(Column::Account.not_like("-%")).all(&self.db).await?;
        let open = |row: Model| {
            let name = Name { account: &row.account, field: &row.field };
            let opened = self.open_text(name, &row.sealed());
            ((row.account, row.field), opened)
        };
        Ok(rows.into_iter().map(open).collect())
    }
}
