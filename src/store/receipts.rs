//! Receipts: what became of each action, one an action.

use async_trait::async_trait;
use sea_orm::entity::prelude::*;
use sea_orm::{ActiveValue::Set, QueryOrder, QuerySelect};
use walkon_core::receipt::Receipt;

use super::Error;
use super::sql::{SqlStore, read, write};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "receipt")]
pub(super) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub(super) action: String,
    pub(super) account: String,
    kind: String,
    pub(super) state: String,
    at_ms: i64,
    #[sea_orm(column_type = "Text")]
    pub(super) document: String,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(super) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// What became of each action.
#[async_trait]
pub trait Receipts: Send + Sync {
    /// Writes a receipt; a later one of the same action replaces it, an earlier one changes
    /// nothing.
    async fn put_receipt(&self, receipt: &Receipt) -> Result<(), Error>;
    /// Receipts, the latest first.
    async fn receipts(&self, account: Option<&str>, limit: u64) -> Result<Vec<Receipt>, Error>;
}

#[async_trait]
impl Receipts for SqlStore {
    async fn put_receipt(&self, receipt: &Receipt) -> Result<(), Error> {
        let (at_ms, document) = (receipt.at.as_millisecond(), write(receipt));
        // Events may be read again, and an old one after a new one: the later ending stands.
        let change = Entity::update_many()
            .col_expr(Column::State, Expr::value(receipt.state.clone()))
            .col_expr(Column::AtMs, Expr::value(at_ms))
            .col_expr(Column::Document, Expr::value(document.clone()))
            .filter(Column::Action.eq(receipt.action.clone()))
            .filter(Column::AtMs.lte(at_ms));
        let row = ActiveModel {
            action: Set(receipt.action.clone()),
            account: Set(receipt.account.clone()),
            kind: Set(receipt.kind.clone()),
            state: Set(receipt.state.clone()),
            at_ms: Set(at_ms),
            document: Set(document),
        };
        self.put_unless_later(change, row).await.map(drop)
    }

    async fn receipts(&self, account: Option<&str>, limit: u64) -> Result<Vec<Receipt>, Error> {
        let latest = Entity::find().order_by_desc(Column::AtMs).order_by_desc(Column::Action);
        let mut query = latest.limit(limit);
        if let Some(account) = account {
            query = query.filter(Column::Account.eq(account));
        }
        let rows = query.all(&self.db).await?;
        rows.iter().map(|row| read(&row.document, &row.action)).collect()
    }
}
