//! Receipts by time: the pages ask for the latest, however many there are.

use sea_orm_migration::prelude::*;

use super::add_index;

pub(super) struct Change;

impl MigrationName for Change {
    fn name(&self) -> &'static str {
        "m0061_receipts_by_time"
    }
}

#[expect(elided_lifetimes_in_paths, reason = "the trait is declared without the lifetime")]
#[async_trait::async_trait]
impl MigrationTrait for Change {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        add_index(manager, "receipt_by_time", "receipt", &["at_ms", "action"], false).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let mut index = Index::drop();
        index.name("receipt_by_time").table(Alias::new("receipt"));
        manager.drop_index(index).await
    }
}
