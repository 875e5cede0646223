//! The audit log.

use sea_orm_migration::prelude::*;

use super::{Columns, add_index, drop_tables};

pub(super) struct Change;

impl MigrationName for Change {
    fn name(&self) -> &'static str {
        "m0004_audit"
    }
}

#[expect(elided_lifetimes_in_paths, reason = "the trait is declared without the lifetime")]
#[async_trait::async_trait]
impl MigrationTrait for Change {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let make = Columns::of(manager);
        let columns = vec![
            Columns::number("seq"),
            make.word("account"),
            make.word("origin"),
            make.word("hash"),
            make.text("document"),
        ];
        manager.create_table(make.table("audit", &["seq"], columns)).await?;
        add_index(manager, "audit_by_origin", "audit", &["origin"], true).await?;
        add_index(manager, "audit_by_account", "audit", &["account", "seq"], false).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_tables(manager, &["audit"]).await
    }
}
