//! Plans, pools and proxies that are kept in the database.

use sea_orm_migration::prelude::*;

use super::{Columns, add_index, drop_tables};

pub(super) struct Change;

impl MigrationName for Change {
    fn name(&self) -> &'static str {
        "m0060_settings"
    }
}

#[expect(elided_lifetimes_in_paths, reason = "the trait is declared without the lifetime")]
#[async_trait::async_trait]
impl MigrationTrait for Change {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let make = Columns::of(manager);
        let columns = vec![
            make.word("sort"),
            make.word("name"),
            Columns::number("revision"),
            make.text("document"),
        ];
        manager.create_table(make.table("setting", &["sort", "name"], columns)).await?;
        add_index(manager, "setting_revision", "setting", &["revision"], true).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_tables(manager, &["setting"]).await
    }
}
