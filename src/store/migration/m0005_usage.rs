//! The usage log.

use sea_orm_migration::prelude::*;

use super::{Columns, add_index, drop_tables};

pub(super) struct Change;

impl MigrationName for Change {
    fn name(&self) -> &'static str {
        "m0005_usage"
    }
}

#[expect(elided_lifetimes_in_paths, reason = "the trait is declared without the lifetime")]
#[async_trait::async_trait]
impl MigrationTrait for Change {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let make = Columns::of(manager);
        let words = ["event", "account", "kind", "class", "result", "code"];
        let mut columns: Vec<_> = words.into_iter().map(|name| make.word(name)).collect();
        columns.extend([Columns::number("at_ms"), Columns::number("hour_ms")]);
        manager.create_table(make.table("usage_log", &["event"], columns)).await?;
        add_index(manager, "usage_by_time", "usage_log", &["at_ms"], false).await?;
        add_index(manager, "usage_by_account", "usage_log", &["account", "at_ms"], false).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_tables(manager, &["usage_log"]).await
    }
}
