//! How accounts are, and how they were.

use sea_orm_migration::prelude::*;

use super::{Columns, add_index, drop_tables};

pub(super) struct Change;

impl MigrationName for Change {
    fn name(&self) -> &'static str {
        "m0020_health"
    }
}

#[expect(elided_lifetimes_in_paths, reason = "the trait is declared without the lifetime")]
#[async_trait::async_trait]
impl MigrationTrait for Change {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let make = Columns::of(manager);
        let columns = vec![
            make.word("account"),
            make.word("level"),
            Columns::number("since_ms"),
            make.text("document"),
        ];
        manager.create_table(make.table("health", &["account"], columns)).await?;
        let columns =
            vec![make.word("account"), Columns::number("since_ms"), make.text("document")];
        manager.create_table(make.table("health_past", &["account", "since_ms"], columns)).await?;
        add_index(manager, "health_past_by_time", "health_past", &["since_ms"], false).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_tables(manager, &["health", "health_past"]).await
    }
}
