//! Grants: what sites let this fleet do, one row an origin.

use async_trait::async_trait;
use jiff::Timestamp;
use sea_orm::entity::prelude::*;
use sea_orm::{ActiveValue::Set, QueryOrder};
use walkon_core::grant::Held;
use walkon_core::origin::WebOrigin;

use super::Error;
use super::sql::{SqlStore, read, write};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "site_grant")]
pub(super) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    origin: String,
    looked_ms: i64,
    #[sea_orm(column_type = "Text")]
    document: String,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(super) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// What sites let this fleet do.
#[async_trait]
pub trait Grants: Send + Sync {
    /// All that is kept, by origin.
    async fn grants(&self) -> Result<Vec<Held>, Error>;
    /// What is kept of one origin.
    async fn grant(&self, origin: &WebOrigin) -> Result<Option<Held>, Error>;
    /// Keeps what a look found, unless a later one is kept; `false`: it is. Coordinators look at
    /// the same time, and the slower of two must not bring back what the other saw end.
    async fn keep_grant(&self, held: &Held) -> Result<bool, Error>;
}

fn ms(at: Timestamp) -> i64 {
    at.as_millisecond()
}

#[async_trait]
impl Grants for SqlStore {
    async fn grants(&self) -> Result<Vec<Held>, Error> {
        let rows = Entity::find().order_by_asc(Column::Origin).all(&self.db).await?;
        rows.iter().map(|row| read(&row.document, &row.origin)).collect()
    }

    async fn grant(&self, origin: &WebOrigin) -> Result<Option<Held>, Error> {
        let row = Entity::find_by_id(origin.to_string()).one(&self.db).await?;
        row.map(|row| read(&row.document, &row.origin)).transpose()
    }

    async fn keep_grant(&self, held: &Held) -> Result<bool, Error> {
        let (looked, document) = (ms(held.looked_at), write(held));
        let change = Entity::update_many()
            .col_expr(Column::LookedMs, Expr::value(looked))
            .col_expr(Column::Document, Expr::value(document.clone()))
            .filter(Column::Origin.eq(held.origin.as_str()))
            .filter(Column::LookedMs.lte(looked));
        let row = ActiveModel {
            origin: Set(held.origin.to_string()),
            looked_ms: Set(looked),
            document: Set(document),
        };
        self.put_unless_later(change, row).await
    }
}
