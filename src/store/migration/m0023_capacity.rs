//! How much of the platform's limits accounts have used.

use sea_orm_migration::prelude::*;

use super::{Columns, drop_tables};

pub(super) struct Change;

impl MigrationName for Change {
    fn name(&self) -> &'static str {
        "m0023_capacity"
    }
}

#[expect(elided_lifetimes_in_paths, reason = "the trait is declared without the lifetime")]
#[async_trait::async_trait]
impl MigrationTrait for Change {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let make = Columns::of(manager);
        let columns = vec![make.word("account"), Columns::number("at_ms"), make.text("document")];
        manager.create_table(make.table("capacity", &["account"], columns)).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_tables(manager, &["capacity"]).await
    }
}
