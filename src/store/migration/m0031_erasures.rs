//! Erasures: which were asked for, and what each took out.

use sea_orm_migration::prelude::*;

use super::{Columns, drop_tables};

pub(super) struct Change;

impl MigrationName for Change {
    fn name(&self) -> &'static str {
        "m0031_erasures"
    }
}

#[expect(elided_lifetimes_in_paths, reason = "the trait is declared without the lifetime")]
#[async_trait::async_trait]
impl MigrationTrait for Change {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let make = Columns::of(manager);
        let columns = vec![make.word("account"), Columns::number("done_ms"), make.text("document")];
        manager.create_table(make.table("erasure", &["account"], columns)).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_tables(manager, &["erasure"]).await
    }
}
